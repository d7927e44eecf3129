"""The generator of large exports: its truth against a plain reading of what it wrote."""

import json
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.generate import Truth, write_export

Record: TypeAlias = dict[str, Any]  # JSON straight from the zip
NOTICES = ("_join", "_leave", "_topic", "_purpose")


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("generate") / "export.zip"
    return path, write_export(path, messages=3000, conversations=20, files=0.02, outside=2, seed=4)


def read_days(path: Path) -> list[tuple[str, str, list[Record]]]:
    """Every day file as (folder, day, records)."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/" in name]
        return [(*name[:-5].split("/"), json.loads(archive.read(name))) for name in names]


def read_root(path: Path, name: str) -> list[Record]:
    with zipfile.ZipFile(path) as archive:
        found: list[Record] = json.loads(archive.read(name))
        return found


def is_notice(record: Record) -> bool:
    return str(record.get("subtype", "")).endswith(NOTICES)


def test_counts_agree_with_a_plain_reading(export: tuple[Path, Truth]) -> None:
    path, truth = export
    users = read_root(path, "users.json")
    people = {user["id"] for user in users}
    read: Counter[str] = Counter()
    threads, outside, pinned, file_ids = set(), set(), set(), set()
    seen: set[tuple[str, str]] = set()
    for folder, _, records in read_days(path):
        for record in records:
            assert (folder, record["ts"]) not in seen
            seen.add((folder, record["ts"]))
            if is_notice(record):
                read["notices"] += 1
                continue
            read["messages"] += 1
            if record.get("thread_ts", record["ts"]) != record["ts"]:
                read["replies"] += 1
                threads.add((folder, record["thread_ts"]))
            read["broadcasts"] += record.get("subtype") == "thread_broadcast"
            read["edited"] += "edited" in record
            for reaction in record.get("reactions", []):
                read["reactions"] += len(set(reaction["users"]))
            if record.get("user", next(iter(people))) not in people:
                outside.add(record["user"])
            if "pinned_to" in record:
                pinned.add((folder, record["ts"]))
            for file in record.get("files", []):
                file_ids.add(file["id"])
                read["file_bytes"] += file["size"]
    assert dict(read) | {"pins": len(pinned), "threads": len(threads)} == {
        key: msgspec.to_builtins(truth.counts)[key] for key in (*read, "pins", "threads")
    }
    assert truth.counts.messages == 3000
    assert truth.counts.files == {"hosted": len(file_ids)}
    assert truth.counts.outside == len(outside) == 2
    assert truth.counts.bots == sum(user["is_bot"] for user in users)
    assert truth.counts.users == sum(not user["is_bot"] for user in users)
    assert truth.counts.deactivated == sum(user["deleted"] for user in users)
    assert truth.counts.guests == sum(user.get("is_restricted", False) for user in users)


def test_facts_agree_with_a_plain_reading(export: tuple[Path, Truth]) -> None:
    path, truth = export
    bots = {
        user["profile"]["bot_id"]: user["id"]
        for user in read_root(path, "users.json")
        if user["is_bot"]
    }
    facts = {(fact.conversation, fact.ts): fact for fact in truth.facts}
    assert len(facts) == 3000
    ids = {place.folder: place.id for place in truth.conversations}
    for folder, _, records in read_days(path):
        for record in filter(lambda record: not is_notice(record), records):
            fact = facts.pop((ids[folder], record["ts"]))
            author = record.get("user") or bots.get(record["bot_id"], record["bot_id"])
            assert fact.author == author
            assert fact.text == record["text"]
            assert fact.text.endswith(fact.marker)
            root = record.get("thread_ts")
            assert fact.root == (None if root == record["ts"] else root)
            assert fact.broadcast == (record.get("subtype") == "thread_broadcast")
            reactions = record.get("reactions", [])
            assert list(fact.reactions) == [(r["name"], u) for r in reactions for u in r["users"]]
    assert not facts


def test_threads_hold_together(export: tuple[Path, Truth]) -> None:
    path, _ = export
    replies: dict[tuple[str, str], list[str]] = {}
    parents: dict[tuple[str, str], Record] = {}
    for folder, _, records in read_days(path):
        for record in records:
            if "reply_count" in record:
                parents[folder, record["ts"]] = record
            elif "thread_ts" in record:
                replies.setdefault((folder, record["thread_ts"]), []).append(record["ts"])
    assert replies.keys() == parents.keys()
    for key, parent in parents.items():
        assert parent["reply_count"] == len(replies[key])
        assert parent["latest_reply"] == max(replies[key])
        assert min(replies[key]) > parent["ts"]


def test_every_kind_and_its_members(export: tuple[Path, Truth]) -> None:
    path, truth = export
    files = {
        "public": "channels.json",
        "private": "groups.json",
        "dm": "dms.json",
        "group_dm": "mpims.json",
    }
    written = {
        record["id"]: (kind, tuple(record["members"]))
        for kind, name in files.items()
        for record in read_root(path, name)
    }
    assert written == {place.id: (place.kind, place.members) for place in truth.conversations}
    assert {place.kind for place in truth.conversations} == set(files)
    members = {place.id: place.members for place in truth.conversations}
    assert any(fact.author not in members[fact.conversation] for fact in truth.facts)


def test_day_files_follow_los_angeles(export: tuple[Path, Truth]) -> None:
    path, _ = export
    pacific = ZoneInfo("America/Los_Angeles")
    for _, day, records in read_days(path):
        stamps = [record["ts"] for record in records]
        assert stamps == sorted(stamps)
        days = {datetime.fromtimestamp(float(ts), pacific).date().isoformat() for ts in stamps}
        assert days == {day}


def test_range_is_of_messages_and_of_records(export: tuple[Path, Truth]) -> None:
    path, truth = export
    stamps = sorted(record["ts"] for _, _, records in read_days(path) for record in records)
    assert (truth.first, truth.last) == (stamps[0], stamps[-1])


def test_manifest_counts_the_other_members(export: tuple[Path, Truth]) -> None:
    path, _ = export
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read(".slack-manifest.json"))["metadata"]
        others = [info for info in archive.infolist() if info.filename != ".slack-manifest.json"]
    assert metadata["file_count"] == len(others)
    assert metadata["total_bytes"] == sum(info.file_size for info in others)


@pytest.mark.parametrize(
    ("messages", "conversations", "kinds"),
    [(0, 4, None), (1, 1, {"dm": 1.0}), (3, 9, None), (40, 3, {"public": 1.0}), (500, 300, None)],
)
def test_small_and_odd_sizes_are_exact(
    tmp_path: Path, messages: int, conversations: int, kinds: dict[str, float] | None
) -> None:
    path = tmp_path / "export.zip"
    size = {"messages": messages, "conversations": conversations}
    truth = write_export(path, **size, **({"kinds": kinds} if kinds else {}))  # type: ignore[arg-type]  # mixed keywords
    written = [record for _, _, records in read_days(path) for record in records]
    assert sum(not is_notice(record) for record in written) == messages
    assert truth.counts.messages == len(truth.facts) == messages
    assert len(truth.conversations) == conversations


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_export(tmp_path / name, messages=300, conversations=5, seed=seed)
    first, second, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second != other


def test_fat_records_say_the_same_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    truth = write_export(path, messages=1000, conversations=5, fat=True)
    markers = {(fact.conversation, fact.ts): fact.marker for fact in truth.facts}
    ids = {place.folder: place.id for place in truth.conversations}
    checked = 0
    for folder, _, records in read_days(path):
        for record in records:
            if "blocks" in record:
                last = record["blocks"][0]["elements"][-1]["elements"][-1]["text"]
                assert last.split()[-1] == markers[ids[folder], record["ts"]]
                assert record["user_profile"]["real_name"]
                checked += 1
    assert checked > 800
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist() if "/" in info.filename)
    assert 1600 < size / 1000 < 2200


def test_facts_can_be_left_out(tmp_path: Path) -> None:
    truth = write_export(tmp_path / "export.zip", messages=50, conversations=2, facts=False)
    assert truth.facts == ()
    assert truth.counts.messages == 50
