"""Names made valid, unique and nobody's, and each message's own millisecond."""

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mattermost.placing import place
from migrate.spi import Wish


def name(kind: Literal["account", "conversation", "emoji"], wish: str, *taken: str) -> str:
    id = {"account": "U0001", "conversation": "C0001", "emoji": wish}[kind]
    return place(Wish(kind=kind, id=id, name=wish), lambda name: name not in taken).name


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("ann", "ann"),
        ("Ann.Lee", "ann.lee"),
        ("Zoë Müller", "zoe-muller"),
        ("ann_", "ann"),
        ("...", "u0001"),
        ("山田", "u0001"),
        ("all", "all-2"),
        ("here", "here-2"),
        ("matterbot", "matterbot-2"),
        ("x" * 70, "x" * 64),
    ],
)
def test_names_of_accounts(wish: str, expected: str) -> None:
    assert name("account", wish) == expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("general", "general"),
        ("town-square", "town-square-2"),
        ("z", "channel-z"),
        ("-plans-", "plans"),
        ("größe", "große".replace("ß", "ss")),
        ("a__b", "a_b"),
        ("日本", "c0001"),
        ("", "c0001"),
    ],
)
def test_names_of_channels(wish: str, expected: str) -> None:
    assert name("conversation", wish) == expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("party_parrot", "party_parrot"),
        ("tada", "tada_2"),  # the server has its own, and would pass over this one
        ("mattermost", "mattermost_2"),
        ("it's", "it_s_275b35fa"),
    ],
)
def test_names_of_emoji(wish: str, expected: str) -> None:
    assert name("emoji", wish) == expected


def test_names_that_are_taken() -> None:
    assert name("account", "ann", "ann", "ann-2") == "ann-3"
    assert name("conversation", "x" * 64, "x" * 64) == "x" * 62 + "-2"


@given(st.text(), st.sampled_from(["account", "conversation", "emoji"]))
def test_every_name_is_one(wish: str, kind: Literal["account", "conversation", "emoji"]) -> None:
    patterns = {
        "account": r"[a-z0-9.\-_]{1,64}",
        "conversation": r"(?=.{2,64}$)[a-z0-9]+([a-z\-_0-9]+|(__)?)[a-z0-9]+",
        "emoji": r"[a-zA-Z0-9+_-]{1,64}",
    }
    first = name(kind, wish)
    second = name(kind, wish, first)
    assert first != second
    for each in (first, second):
        assert re.fullmatch(patterns[kind], each)
        assert each not in {"all", "channel", "matterbot", "system", "town-square", "off-topic"}


@pytest.mark.parametrize(
    ("time", "taken", "expected"), [(5, (), 5), (5, (5, 6), 7), (0, (), 1), (0, (1,), 2)]
)
def test_milliseconds(time: int, taken: tuple[int, ...], expected: int) -> None:
    wish = Wish(kind="message", id="0.0", time=time)
    assert place(wish, lambda value: int(value) not in taken).time == expected
