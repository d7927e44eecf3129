"""A small export with every kind of record, and ways to harm it: what a bad disk, a half-finished
download, another tool or a well-meaning hand does to an archive. What a test makes of it stands in
the test."""

import io
import json
import random
import zipfile
from collections.abc import Iterator
from typing import Any

from tests.migrate.source.build import ANN, BOB, DAY, GENERAL, HAL, Members, message, ts

ROOT = ts(0)

WHOLE: Members = {
    ".slack-manifest.json": {"version": 2, "metadata": {"created_at": 1_700_100_000}},
    "users.json": [ANN, BOB, HAL],
    "channels.json": [
        GENERAL | {"pins": [{"id": ROOT, "type": "C"}], "members": ["U0ANN", "U0BOB"]},
        {"id": "C0EMPTY", "name": "empty", "members": []},
    ],
    "groups.json": [{"id": "C0GRP", "name": "grp", "created": "1600000000", "members": ["U0BOB"]}],
    "dms.json": [{"id": "D0000001", "created": 1, "members": ["U0ANN", "U0BOB"]}],
    "mpims.json": [{"id": "G0000001", "name": "mpdm-ann--bob--zed-1", "members": ["U0ANN"]}],
    "canvases.json": [
        {"id": "F9", "mode": "quip", "permalink": "https://acme.slack.com/docs/T/F9"}
    ],
    f"general/{DAY}": [
        message(0, reply_count=2, thread_ts=ROOT, pinned_to=["C0GENERAL"]),
        message(1, thread_ts=ROOT, subtype="thread_broadcast", root=message(0)),
        message(2, reactions=[{"name": "+1", "users": ["U0ANN", "U9"], "count": 3}]),
        message(
            3,
            files=[{"id": "F1", "mode": "hosted", "size": 5, "url_private": "https://a/b"}],
            reactions=[{"name": "tada", "users": ["U0BOB"]}, {"name": "+1", "users": ["U0BOB"]}],
        ),
        message(4, user=None, bot_id="B0HAL", subtype="bot_message", username="Hal"),
        message(5, subtype="channel_topic", topic="a <#C0GRP|grp>"),
        message(6, subtype="message_changed", message=message(2), previous={}),
        message(7, subtype="message_deleted", deleted_ts=ts(3)),
        message(8, thread_ts="1600000000.000100", text="an answer to what is gone"),
    ],
    "general/2023-11-15.json": [
        message(90_000, text=f"see <https://acme.slack.com/archives/C0GENERAL/p{ROOT}>"),
        message(90_001, text="long " * 100, edited={"user": "U0ANN", "ts": ts(90_500)}),
    ],
    "grp/2023-11-14.json": [
        message(9, subtype="huddle_thread", room={"created_by": "U0BOB", "date_start": 1}),
        message(10, attachments=[{"text": "a", "files": [{"id": "F2"}]}], blocks=[{"type": "x"}]),
    ],
    "D0000001/2023-11-14.json": [message(12), message(13, thread_ts=ts(12), user="U0BOB")],
    "mpdm-ann--bob--zed-1/2023-11-14.json": [message(14, user_profile={"real_name": "Zed"})],
}

JUNK: list[object] = [
    None, True, 0, -1, 10**30, 1.5, float("nan"), "", "x", "a/b", "\ud800", "a\x00b", ROOT, ts(2),
    [], [None], [[]], ["U0ANN"], {}, {"id": 5}, {"ts": {}}, {"": None},
]  # fmt: skip


def harm(seed: int) -> bytes:
    """The bytes of a zip that was `WHOLE` once; the same for the same seed."""
    rng = random.Random(seed)
    content = json.loads(json.dumps(WHOLE))
    for _ in range(rng.choice((0, 1, 3, 8))):
        _spoil_value(content, rng)
    packed = [(name, json.dumps(each).encode()) for name, each in content.items()]
    for _ in range(rng.choice((0, 0, 1, 3))):
        _spoil_member(packed, rng)
    data = bytearray(_pack(packed))
    if rng.random() < 0.2:
        for _ in range(rng.randint(1, 12)):
            # The table of contents is at the end, and more fragile than the rest.
            start = rng.choice([0, 0, len(data) * 2 // 3, len(data) - 22])
            data[rng.randrange(start, len(data))] = rng.randrange(256)
    if rng.random() < 0.05:
        del data[rng.randrange(len(data)) :]
    return bytes(data)


def whole() -> bytes:
    """The zip as Slack made it."""
    return _pack([(name, json.dumps(each).encode()) for name, each in WHOLE.items()])


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value with each of its keys or indices."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(inner)


def _spoil_value(content: dict[str, Any], rng: random.Random) -> None:
    """A field removed or nulled, a type changed, an entry that stands twice."""
    places = list(_places(content))
    if not places:
        return
    container, key = rng.choice(places)
    if isinstance(container, list) and rng.random() < 0.3:
        container.append(json.loads(json.dumps(container[key])))
    elif isinstance(container, dict) and rng.random() < 0.3:
        del container[key]
    else:
        container[key] = json.loads(json.dumps(rng.choice(JUNK)))


def _spoil_member(packed: list[tuple[str, bytes]], rng: random.Random) -> None:
    """A member removed, cut, overwritten in places, renamed, or there twice."""
    if not packed:
        return
    number = rng.randrange(len(packed))
    name, data = packed[number]
    match rng.choice(("remove", "cut", "flip", "rename", "copy", "empty")):
        case "remove":
            del packed[number]
        case "cut":
            packed[number] = name, data[: rng.randrange(len(data) + 1)]
        case "flip":
            flipped = bytearray(data)
            for _ in range(rng.randint(1, 6) if flipped else 0):
                flipped[rng.randrange(len(flipped))] = rng.randrange(256)
            packed[number] = name, bytes(flipped)
        case "rename":
            other = rng.choice(
                ("a\\b.json", "../x.json", "grp/2023-11-16.json", "/etc/x", name * 9)
            )
            packed[number] = other, data
        case "copy":
            folder = name.rpartition("/")[0] or "general"
            copied = rng.choice((name, f"{folder}/2023-11-17.json", "D0000001/2023-11-18.json"))
            packed.append((copied, data))
        case "empty":
            packed[number] = name, b""


def _pack(packed: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in packed:
            # A name that stands twice is what this is about, and no slip.
            archive.NameToInfo.pop(name, None)
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()
