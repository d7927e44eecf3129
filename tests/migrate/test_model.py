"""Slack's timestamps, ids that last, and names that are shown."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.model import (
    RECORD_KINDS,
    Conversation,
    Key,
    Person,
    micros_ts,
    piece_id,
    reaction_id,
    ts_micros,
)

LATEST = 253_402_300_799_999_999


@given(st.integers(0, LATEST))
def test_a_moment_is_written_and_read_without_loss(micros: int) -> None:
    assert ts_micros(micros_ts(micros)) == micros


@pytest.mark.parametrize(
    ("ts", "micros"),
    [
        ("1469781868.000005", 1_469_781_868_000_005),
        ("1469781868", 1_469_781_868_000_000),
        ("1469781868.5", 1_469_781_868_500_000),
        ("1469781868.0000059", 1_469_781_868_000_005),
        ("0001.000000", 1_000_000),
        ("0.000001", 1),
    ],
)
def test_ts_are_read(ts: str, micros: int) -> None:
    assert ts_micros(ts) == micros


@pytest.mark.parametrize(
    "ts",
    ["", "NaN", "inf", "-1.000000", "1e9", "1.2.3", " 1", "1 ", "١٢", "1.٣", "1.-1", "x", ".5",
     "9999999999999", "253402300800.000000", "1_000"],
)  # fmt: skip
def test_what_is_no_ts_is_refused(ts: str) -> None:
    with pytest.raises(ValueError, match="not a Slack timestamp"):
        ts_micros(ts)


def test_neighbours_that_a_float_would_join_stay_apart() -> None:
    near = ["1469781868.000005", "1469781868.000006"]
    assert float(near[0]) * 1000 // 1 == float(near[1]) * 1000 // 1
    assert ts_micros(near[0]) + 1 == ts_micros(near[1])


def test_ids_tell_everything_apart() -> None:
    key, other = Key("T", "C1", "1.000001"), Key("T", "C1", "1.000002")
    ids = [
        piece_id(key, 0), piece_id(key, 1), piece_id(other, 0),
        reaction_id(key, "U1", "+1"), reaction_id(key, "U2", "+1"), reaction_id(key, "U1", "tada"),
    ]  # fmt: skip
    assert len(set(ids)) == len(ids)
    assert ids[0] == "C1/1.000001/0", "kept at targets for ever: it may not change"
    assert ids[3] == "C1/1.000001/U1/+1"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"display_name": "d", "full_name": "f", "name": "n"}, "d"),
        ({"full_name": "f", "name": "n"}, "f"),
        ({"name": "n"}, "n"),
        ({}, "U1"),
    ],
)
def test_the_name_that_slack_shows(fields: dict[str, str], shown: str) -> None:
    person = msgspec.structs.replace(Person(id="U1", kind="member"), **fields)
    assert person.shown_name == shown


@pytest.mark.parametrize("kind", ["public", "private", "dm", "group_dm", "file"])
def test_everything_but_a_public_channel_is_private(kind: str) -> None:
    conversation = Conversation(id="C1", kind=kind)  # type: ignore[arg-type]  # as listed
    assert conversation.private is (kind != "public")


def test_record_kinds_keep_their_order() -> None:
    """state.db stores their places."""
    assert RECORD_KINDS == (
        "accounts", "conversations", "messages", "notices", "reactions", "pins", "files",
    )  # fmt: skip
