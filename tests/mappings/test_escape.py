"""The short way for quiet words: it says of a text what the rules of every dialect would say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import escape
from mappings.escape import Rule

DIALECTS = {"mattermost": escape._MATTERMOST, "zulip": escape._ZULIP}
PIECES = (
    "a", "b ", "x", "D", "é", " ", "1", "-", "!", ": ", ":", ";", ")", "(", "'", '"', "/", "?", ".",
    ",", "\n", "_", "x-d", "!avatar(", "!gravatar(", ":-)", "word ", "10:30",
)  # fmt: skip


def _read(rules: tuple[Rule, ...], text: str) -> bool:
    """Whether a rule finds anything in a text."""
    return any(re.search(rule.pattern, text, re.MULTILINE) for rule in rules)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_no_rule_finds_anything_in_quiet_words(dialect: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    if escape.is_quiet(text):
        assert not _read(DIALECTS[dialect], text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "Shipping it now. Well-known, or not?",
        "Note: it is done",
        "Ünïcode, too (really)",
    ],
)
def test_what_most_people_write_is_quiet(text: str) -> None:
    assert escape.is_quiet(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "x-d",
        "see !avatar(a)",
        "at 10:30:",
        ":tada:",
        "a *b*",
        "a\nb",
        " a",
        "1. a",
        "a_b",
    ],
)
def test_what_a_rule_may_read_is_not(text: str) -> None:
    assert not escape.is_quiet(text)
