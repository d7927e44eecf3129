"""Damaged exports, drawn by the hundred: members removed, fields nulled, types changed, bytes
flipped. Whatever comes, the reader ends with an export or with one sentence, and every record that
can be told from its neighbours is accounted for."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.errors import UsageError
from tests.migrate.source.build import (
    ANN,
    BOB,
    DAY,
    GENERAL,
    HAL,
    Members,
    Read,
    message,
    read,
    write_zip,
)

WHOLE: Members = {
    ".slack-manifest.json": {"version": 2, "metadata": {"created_at": 1_700_100_000}},
    "users.json": [ANN, BOB, HAL],
    "channels.json": [GENERAL | {"pins": [{"id": "1700000000.000100", "type": "C"}]}],
    "groups.json": [{"id": "C0GRP", "name": "grp", "created": "1600000000", "members": None}],
    "dms.json": [{"id": "D0000001", "created": 1, "members": ["U0ANN", "U0BOB"]}],
    "mpims.json": [],
    "file_conversations.json": [{"id": "C0F", "name": "FC:F0CANVAS1:Plan", "members": ["U0ANN"]}],
    "canvases.json": [
        {"id": "F9", "mode": "quip", "permalink": "https://acme.slack.com/docs/T/F9"}
    ],
    f"general/{DAY}": [
        message(0, reply_count=2, thread_ts="1700000000.000100", pinned_to=["C0GENERAL"]),
        message(1, thread_ts="1700000000.000100", subtype="thread_broadcast", root=message(0)),
        message(2, reactions=[{"name": "+1", "users": ["U0ANN", "U9"], "count": 3}]),
        message(3, files=[{"id": "F1", "mode": "hosted", "size": 5, "url_private": "https://a/b"}]),
        message(4, user=None, bot_id="B0HAL", subtype="bot_message", username="Hal"),
        message(5, subtype="channel_topic", topic="a <#C0GRP|grp>"),
        message(6, subtype="message_changed", message=message(2), previous={}),
        message(7, subtype="message_deleted", deleted_ts="1700000003.000100"),
    ],
    "grp/2023-11-15.json": [
        message(9, subtype="huddle_thread", room={"created_by": "U0BOB", "date_start": 1}),
        message(10, attachments=[{"text": "a", "files": [{"id": "F2"}]}], blocks=[{"type": "x"}]),
        message(11, subtype="file_comment", comment={"user": "U0BOB", "comment": "c"}, file={}),
    ],
    "D0000001/2023-11-14.json": [message(12, edited={"user": "U0ANN", "ts": "1700000013.000000"})],
    "FC:F0CANVAS1:Plan/2023-11-14.json": [message(14, user_profile={"real_name": "Zed"})],
}

JUNK: list[object] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\ud800",
    "a\x00b",
    "1700000000.000100",
    [],
    [None],
    [[]],
    ["U0ANN"],
    {},
    {"id": 5},
    {"ts": {}},
    {"": None},
]


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value with each of its keys or indices."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield value, index
            yield from _places(inner)


def _damage(content: Members, rng: random.Random) -> Members:
    content = json.loads(json.dumps(content))
    for _ in range(rng.randint(1, 8)):
        container, key = rng.choice(list(_places(content)))
        if isinstance(container, dict) and rng.random() < 0.3:
            del container[key]
            if not content:
                break
        else:
            container[key] = json.loads(json.dumps(rng.choice(JUNK)))
    return content


def _files(found: Read) -> list[tuple[str, ...]]:
    """The files of each message, as whoever reads it whole finds them."""
    return [tuple(file.id for file in each.files) for each in found.messages()]


def _count_rows(content: Members) -> int:
    days = [each for name, each in content.items() if "/" in name]
    return sum(len(day) for day in days if isinstance(day, list))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@given(seed=st.integers(0, 10**9))
@settings(max_examples=300)
def test_changed_values_never_break_the_reader_and_every_record_counts(
    folder: Path, seed: int
) -> None:
    content = _damage(WHOLE, random.Random(seed))
    path = write_zip(folder / "export.zip", content)
    try:
        found = read(path)
    except UsageError as error:
        assert error.message
        assert error.advice
        return
    assert _files(found) == [record.files for record in found.records]
    logged = sum(haul.log_entries for haul in found.hauls)
    accounted = len(found.records) + len(found.rejects) + logged
    rows = _count_rows(content)
    # An edit is an entry of the log and may bring a record, or a reject, besides.
    assert rows <= accounted <= rows + logged
    assert all(haul.conversation for haul in found.hauls)
    assert {haul.conversation for haul in found.hauls} <= {
        conversation.id for conversation in found.export.conversations
    }


@given(seed=st.integers(0, 10**9))
@settings(max_examples=300)
def test_flipped_and_cut_bytes_never_break_the_reader(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = write_zip(folder / "export.zip", WHOLE)
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 20)):
        # The table of contents is at the end, and more fragile than the rest.
        start = rng.choice([0, 0, len(data) * 2 // 3, len(data) - 22])
        data[rng.randrange(start, len(data))] = rng.randrange(256)
    if rng.random() < 0.2:
        del data[rng.randrange(len(data)) :]
    path.write_bytes(data)
    try:
        found = read(path)
    except UsageError as error:
        assert error.advice
    else:
        found.messages()


@given(seed=st.integers(0, 10**9))
@settings(max_examples=300)
def test_flipped_bytes_inside_json_never_break_the_reader(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    content: Members = {name: json.dumps(each).encode() for name, each in WHOLE.items()}
    for name in rng.sample(sorted(content), 4):
        data = bytearray(content[name])  # type: ignore[call-overload] # bytes, as written above
        for _ in range(rng.randint(1, 6)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.3:
            del data[rng.randrange(len(data) + 1) :]
        content[name] = bytes(data)
    try:
        found = read(write_zip(folder / "export.zip", content))
    except UsageError as error:
        assert error.advice
    else:
        found.messages()
