"""A `rich_text` block to the neutral tree: what Slack's own editor writes.

It is exact where the message's `text` is a shadow of it. Its strings are literal: nothing in
them is escaped or markup.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from mappings import emoji
from mappings.inline import date
from mappings.lists import Entry, nest
from mappings.names import SlackNames
from mappings.nodes import (
    Block,
    Broadcast,
    Channel,
    Code,
    Emoji,
    Group,
    Inline,
    Link,
    Paragraph,
    Person,
    Preformatted,
    Quote,
    Styled,
    StyleName,
    Text,
    inline_text,
)
from mappings.shape import integer, record, records, string

_STYLES: tuple[StyleName, ...] = ("bold", "italic", "strike", "underline", "highlight")
_LAST_NUMBER = 999_999_999
# Sections within sections do not occur; damage must not recurse for ever.
_DEEPEST = 8


class Rich(NamedTuple):
    """Blocks, and whether something in them was of an unknown kind."""

    blocks: tuple[Block, ...]
    unknown: bool


class _Run(NamedTuple):
    styles: frozenset[StyleName]
    node: Inline


class Reader:
    """Reads rich_text elements, and remembers in `unknown` whether it met one it does not know."""

    def __init__(self) -> None:
        self.unknown = False

    def blocks(self, elements: object, depth: int = 0) -> tuple[Block, ...]:
        """The block elements: sections, lists, quotes, fences."""
        blocks: list[Block] = []
        kinds = groupby(records(elements), key=lambda element: string(element, "type"))
        for kind, group in kinds:
            if kind == "rich_text_list":
                _append(blocks, self._lists(list(group), depth))
                continue
            for element in group:
                _append(blocks, self._block(kind, element, depth))
        return tuple(blocks)

    def inlines(self, elements: object) -> tuple[Inline, ...]:
        """The inline elements of one section, runs of equal style joined."""
        runs = [run for element in records(elements) for run in self._run(element)]
        return _join(runs, _STYLES)

    def _block(self, kind: str, element: Mapping[str, object], depth: int) -> list[Block]:
        children = element.get("elements")
        if kind == "rich_text_section":
            words = trim(self.inlines(children))
            return [Paragraph(words)] if words else []
        if kind == "rich_text_quote":
            words = trim(self.inlines(children))
            return [Quote((Paragraph(words),))] if words else []
        if kind == "rich_text_preformatted":
            code = inline_text(self.inlines(children), SlackNames()).removesuffix("\n")
            fence = Preformatted(code, string(element, "language"))
            return [] if not code else [Quote((fence,))] if _bordered(element) else [fence]
        if kind == "rich_text" and depth < _DEEPEST:
            return list(self.blocks(children, depth + 1))
        # An inline element where a block belongs, or a kind that is new.
        words = self.inlines([element])
        return [Paragraph(words)] if words else []

    def _lists(self, elements: list[Mapping[str, object]], depth: int) -> list[Block]:
        blocks: list[Block] = []
        for bordered, group in groupby(elements, key=_bordered):
            entries = [entry for element in group for entry in self._entries(element, depth)]
            lists = nest(entries)
            _append(blocks, [Quote(lists)] if bordered and lists else lists)
        return blocks

    def _entries(self, element: Mapping[str, object], depth: int) -> Iterable[Entry]:
        level = integer(element, "indent", 0, 99)
        ordered = string(element, "style") == "ordered"
        first = integer(element, "offset", 0, _LAST_NUMBER - 10_000) + 1
        for place, item in enumerate(records(element.get("elements"))):
            deeper = [item] if depth < _DEEPEST else []
            yield Entry(level, ordered, first + place, self.blocks(deeper, depth + 1))

    def _run(self, element: Mapping[str, object]) -> list[_Run]:
        flags = record(element.get("style"))
        styles = frozenset(style for style in _STYLES if flags.get(style) is True)
        node = self._node(element, flags.get("code") is True)
        return [] if node is None else [_Run(styles, node)]

    def _node(self, element: Mapping[str, object], code: bool) -> Inline | None:
        kind = string(element, "type")
        if kind == "text":
            text = string(element, "text")
            return (Code(text) if code else Text(text)) if text else None
        if kind == "link":
            return _link(element, code)
        if kind == "emoji":
            return _emoji(element)
        mention = _mention(kind, element)
        if mention is not None:
            return mention
        if kind == "color" and string(element, "value"):
            return Text(string(element, "value"))
        if kind == "date":
            return date(element.get("timestamp"), element.get("fallback"), element.get("url"))
        return self._fallback(element)

    def _fallback(self, element: Mapping[str, object]) -> Inline | None:
        """What is new: its link if it has one, else its words."""
        self.unknown = True
        words = string(element, "fallback", "text", "name", "value", "title")
        url = string(element, "permalink", "url")
        if url:
            return Link(url, (Text(words),) if words else ())
        return Text(words) if words else None


def read(block: Mapping[str, object]) -> Rich:
    """One block of type `rich_text`."""
    reader = Reader()
    blocks = reader.blocks(block.get("elements"))
    return Rich(blocks, reader.unknown)


def trim(children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Without the line breaks at both ends, which sections carry towards their neighbours."""
    nodes = list(children)
    while nodes and isinstance(first := nodes[0], Text):
        text = first.text.lstrip("\n")
        nodes[:1] = [Text(text)] if text else []
        if text:
            break
    while nodes and isinstance(last := nodes[-1], Text):
        text = last.text.rstrip("\n")
        nodes[-1:] = [Text(text)] if text else []
        if text:
            break
    return tuple(nodes)


def _bordered(element: Mapping[str, object]) -> bool:
    return integer(element, "border", 0, 1) == 1


def _append(blocks: list[Block], more: Iterable[Block]) -> None:
    """Quotes side by side are one bar to the reader of Slack: they become one quote."""
    for block in more:
        last = blocks[-1] if blocks else None
        if isinstance(block, Quote) and isinstance(last, Quote):
            blocks[-1] = Quote(last.blocks + block.blocks)
        else:
            blocks.append(block)


def _join(runs: list[_Run], order: tuple[StyleName, ...]) -> tuple[Inline, ...]:
    if not order:
        return tuple(run.node for run in runs)
    style, rest = order[0], order[1:]
    children: list[Inline] = []
    for styled, group in groupby(runs, key=lambda run: style in run.styles):
        within = _join(list(group), rest)
        children += (Styled(style, within),) if styled else within
    return tuple(children)


def _link(element: Mapping[str, object], code: bool) -> Inline | None:
    url, text = string(element, "url"), string(element, "text")
    if not url:
        return Text(text) if text else None
    if code:
        return Link(url, (Code(text or url),))
    if not text and url.startswith(("mailto:", "tel:")):
        return Link(url, (Text(url.partition(":")[2]),))
    return Link(url, (Text(text),) if text and text != url else ())


def _mention(kind: str, element: Mapping[str, object]) -> Inline | None:
    if kind == "user" and string(element, "user_id"):
        return Person(string(element, "user_id"))
    if kind == "channel" and string(element, "channel_id"):
        return Channel(string(element, "channel_id"))
    if kind == "usergroup" and string(element, "usergroup_id"):
        return Group(string(element, "usergroup_id"))
    if kind == "broadcast" and string(element, "range"):
        return Broadcast(string(element, "range"))
    if kind == "message_mention":
        return _message_mention(element)
    if kind == "team" and string(element, "team_id"):
        return Text(f"@{string(element, 'name', 'team_id')}")
    return None


def _message_mention(element: Mapping[str, object]) -> Inline | None:
    """Another message, by its conversation and ts: an address in the form that Slack's apps use."""
    conversation = string(element, "channel_id", "channel")
    ts = string(element, "message_ts", "ts")
    url = string(element, "permalink", "url")
    if not conversation or not (ts or url):
        return None
    words = (Text("a message in "), Channel(conversation))
    return Link(url or f"slack://channel?id={conversation}&message={ts}", words)


def _emoji(element: Mapping[str, object]) -> Inline | None:
    written = string(element, "name")
    if not written:
        return None
    name, skin = emoji.split_tone(written)
    skin = skin or integer(element, "skin_tone", 0, 6)
    char = emoji.to_unicode(name, skin)
    if char is None:
        # Newer than our names; the block itself says which character it is.
        char = emoji.from_unicode(string(element, "unicode"))
    return Emoji(name, char, skin if skin >= 2 else 0)
