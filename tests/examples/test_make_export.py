"""The example export and its ledger, against a plain reading of the archive."""

import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMITTED = EXAMPLES / "acme-export.zip"
EARLIER = "REDACTED-EARLIER-TEXT"
LOGS = ("message_changed", "message_deleted", "message_replied")

Record: TypeAlias = dict[str, Any]  # JSON straight from the zip


def make(*arguments: str) -> str:
    # -S: no site-packages, since the script promises to need nothing but Python.
    command = [sys.executable, "-SEB", str(EXAMPLES / "make_export.py"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_members(path: Path) -> dict[str, bytes]:
    """Members by their true names."""
    with zipfile.ZipFile(path) as archive:
        return {decode(info): archive.read(info) for info in archive.infolist()}


def decode(info: zipfile.ZipInfo) -> str:
    return info.filename.encode("cp437").decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("acme") / "export.zip"
    make("--out", str(path))
    return path


@pytest.fixture(scope="module")
def ledger() -> Record:
    told: Record = json.loads(make("--ledger"))
    return told


@pytest.fixture(scope="module")
def members(made: Path) -> dict[str, bytes]:
    return read_members(made)


@pytest.fixture(scope="module")
def days(members: dict[str, bytes]) -> list[tuple[str, str, list[Record]]]:
    """Readable day files as (folder, day, records), in the archive's order."""
    found = []
    for name, body in members.items():
        if match := re.fullmatch(r"([^/]+)/(\d{4}-\d\d-\d\d)\.json", name):
            try:
                records = json.loads(body.decode("utf-8-sig") or "[]")
            except ValueError:
                continue
            records = [record for record in records or [] if isinstance(record, dict)]
            found.append((match[1], match[2], records))
    return found


@pytest.fixture(scope="module")
def entries(members: dict[str, bytes]) -> dict[str, Record]:
    """Conversations by folder."""
    names = ("channels", "groups", "dms", "mpims", "file_conversations")
    records = [record for name in names for record in json.loads(members[f"{name}.json"])]
    return {record.get("name") or record["id"]: record for record in records}


def keyed(days: list[tuple[str, str, list[Record]]]) -> dict[tuple[str, str], Record]:
    """Records with a usable ts by folder and ts, the newest edit winning."""
    found: dict[tuple[str, str], Record] = {}
    for folder, _, records in days:
        for record in records:
            if re.fullmatch(r"\d+\.\d{6}", str(record.get("ts"))):
                held = found.get((folder, record["ts"]))
                if held is None or edit(record) > edit(held):
                    found[folder, record["ts"]] = record
    return found


def edit(record: Record) -> str:
    return str((record.get("edited") or {}).get("ts", ""))


def fate(record: Record, notices: set[str]) -> str:
    subtype = record.get("subtype")
    return "log" if subtype in LOGS else "notice" if subtype in notices else "message"


@pytest.fixture(scope="module")
def notices() -> set[str]:
    """The subtypes that tell of something rather than say it."""
    named = {
        f"{kind}_{act}"
        for kind in ("channel", "group")
        for act in ("join", "leave", "topic", "purpose", "name", "archive", "unarchive")
    }
    return named | set(
        """channel_posting_permissions channel_convert_to_private channel_convert_to_public
        channel_canvas_updated tabbed_canvas_updated pinned_item unpinned_item bot_add bot_remove
        bot_enable bot_disable reminder_add joiner_notification slackbot_response sh_room_created
        sh_room_shared app_conversation_join app_conversation_leave share_shortcut emoji_changed
        ekm_access_denied assistant_app_thread document_mention mpdm_move list_record_comment
        file_mention file_reply reply_broadcast""".split()
    )


def test_same_bytes_every_time(made: Path, tmp_path: Path) -> None:
    make("--out", str(tmp_path / "again.zip"))
    assert (tmp_path / "again.zip").read_bytes() == made.read_bytes()


def test_committed_archive_is_what_the_script_makes(made: Path) -> None:
    # The bodies, names, order and times; not the packed bytes, which differ between zlib builds.
    with zipfile.ZipFile(made) as fresh, zipfile.ZipFile(COMMITTED) as committed:
        for new, old in zip(fresh.infolist(), committed.infolist(), strict=True):
            assert (new.filename, new.date_time, new.CRC) == (old.filename, old.date_time, old.CRC)
            assert new.flag_bits == old.flag_bits
    assert COMMITTED.stat().st_size < 1_500_000


def test_message_counts(
    days: list[tuple[str, str, list[Record]]], ledger: Record, notices: set[str]
) -> None:
    counts = ledger["counts"]
    fates = Counter(fate(record, notices) for record in keyed(days).values())
    assert fates == {
        "message": counts["messages"],
        "notice": counts["notices"],
        "log": ledger["log_entries"],
    }
    assert 1500 <= counts["messages"] <= 2500
    written = sum(len(records) for _, _, records in days)
    junk = len(ledger["planted"]["element-no-record"])
    assert written + junk == sum(fates.values()) + ledger["copies"] + ledger["unkeyed"]


def test_thread_counts(days: list[tuple[str, str, list[Record]]], ledger: Record) -> None:
    replies = {
        (folder, ts): record
        for (folder, ts), record in keyed(days).items()
        if record.get("thread_ts", ts) != ts
    }
    threads = {(folder, record["thread_ts"]) for (folder, _), record in replies.items()}
    broadcasts = [r for r in replies.values() if r.get("subtype") == "thread_broadcast"]
    counts = ledger["counts"]
    assert (counts["replies"], counts["threads"]) == (len(replies), len(threads))
    assert counts["broadcasts"] == len(broadcasts) > 10


def test_reactions_edits_and_pins(
    days: list[tuple[str, str, list[Record]]],
    entries: dict[str, Record],
    ledger: Record,
) -> None:
    messages = keyed(days)
    reactions = {
        (key, reaction["name"], person)
        for key, record in messages.items()
        for reaction in record.get("reactions") or []
        for person in reaction["users"] or []
    }
    pinned = {key for key, record in messages.items() if record.get("pinned_to")}
    listed = {
        (folder, pin["id"])
        for folder, entry in entries.items()
        for pin in entry.get("pins") or []
        if pin["type"] == "C"
    }
    counts = ledger["counts"]
    assert counts["reactions"] == len(reactions)
    assert counts["edited"] == sum(bool(edit(record)) for record in messages.values())
    assert counts["pins"] == len(pinned | listed) > 5
    assert listed <= messages.keys()


def test_file_counts(
    days: list[tuple[str, str, list[Record]]], members: dict[str, bytes], ledger: Record
) -> None:
    found: dict[str, Record] = {}
    for record in keyed(days).values():
        inner = [file for one in record.get("attachments") or [] for file in one.get("files", [])]
        single = [record["file"]] if "mode" in record.get("file", {}) else []
        for file in [*(record.get("files") or []), *inner, *single]:
            found[file["id"]] = file
    for name in ("canvases", "lists", "huddle_transcripts"):
        found |= {file["id"]: file for file in json.loads(members[f"{name}.json"])}
    counts = ledger["counts"]
    assert counts["files"] == Counter(file["mode"] for file in found.values())
    assert counts["file_bytes"] == sum(file.get("size", 0) for file in found.values())


def test_people_counts(
    days: list[tuple[str, str, list[Record]]], members: dict[str, bytes], ledger: Record
) -> None:
    users = json.loads(members["users.json"])
    people = [user for user in users if not user["is_bot"]]
    known = {user["id"] for user in users} | {"USLACKBOT", "U00"}
    authors = {record["user"] for record in keyed(days).values() if "user" in record}
    counts = ledger["counts"]
    assert ledger["outside"] == sorted(authors - known)
    assert counts["outside"] == len(ledger["outside"])
    assert counts["users"] == len(people)
    assert counts["bots"] == len(users) - len(people)
    assert counts["guests"] == sum(user["is_restricted"] for user in people)
    assert counts["deactivated"] == sum(user["deleted"] for user in people)


def test_conversation_counts(
    members: dict[str, bytes], entries: dict[str, Record], ledger: Record
) -> None:
    sizes = {
        kind: len(json.loads(members[f"{name}.json"]))
        for kind, name in {
            "public": "channels",
            "private": "groups",
            "dm": "dms",
            "group_dm": "mpims",
            "file": "file_conversations",
        }.items()
    }
    sizes["private"] += len(ledger["planted"]["folder-without-entry"]) // 2
    assert ledger["counts"]["channels"] == sizes
    archived = sum(bool(entry.get("is_archived")) for entry in entries.values())
    assert ledger["counts"]["archived_channels"] == archived


def test_range(
    days: list[tuple[str, str, list[Record]]], ledger: Record, notices: set[str]
) -> None:
    stamps = sorted(ts for _, ts in keyed(days))
    spoken = sorted(ts for (_, ts), r in keyed(days).items() if fate(r, notices) == "message")
    assert ledger["range"] == {"first": stamps[0], "last": stamps[-1]}
    assert (stamps[0], stamps[-1]) == (spoken[0], spoken[-1])


def test_every_planted_place_is_there(
    days: list[tuple[str, str, list[Record]]],
    members: dict[str, bytes],
    entries: dict[str, Record],
    ledger: Record,
) -> None:
    stamps = {(entries[f]["id"] if f in entries else f, ts) for f, ts in keyed(days)}
    places = {entry["id"] for entry in entries.values()} | {folder for folder, _, _ in days}
    for shape, planted in ledger["planted"].items():
        for place in planted:
            if place["ts"]:
                assert (place["conversation"], place["ts"]) in stamps, shape
            elif place.get("note", "") in members or not place["conversation"]:
                assert place["note"], shape
            else:
                assert place["conversation"] in places, shape
    assert len(ledger["planted"]) > 180


@pytest.mark.parametrize("subtype", ["tombstone", "huddle_thread", "me_message", "file_comment"])
def test_subtypes_that_need_care(days: list[tuple[str, str, list[Record]]], subtype: str) -> None:
    assert any(record.get("subtype") == subtype for record in keyed(days).values())


def test_every_notice_subtype_is_there(
    days: list[tuple[str, str, list[Record]]], notices: set[str]
) -> None:
    assert notices <= {record.get("subtype") for record in keyed(days).values()}


def test_earlier_texts_stand_only_in_log_entries(
    days: list[tuple[str, str, list[Record]]], members: dict[str, bytes]
) -> None:
    holders = [r for _, _, records in days for r in records if EARLIER in json.dumps(r)]
    assert len(holders) == 6
    assert {record["subtype"] for record in holders} == {"message_changed", "message_deleted"}
    assert sum(body.count(EARLIER.encode()) for body in members.values()) == len(holders)


def test_tokens_are_no_tokens(members: dict[str, bytes]) -> None:
    tokens = {token for body in members.values() for token in re.findall(rb"xox[\w-]+", body)}
    assert tokens == {b"xoxe-1-ExampleNotAToken"}


def test_names_are_utf8_without_the_flag(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        assert all(info.flag_bits & 0x800 == 0 for info in archive.infolist())
        names = [decode(info) for info in archive.infolist()]
    assert sum(name.startswith("チャネル/") for name in names) == 4


def test_manifest_counts_what_slack_wrote(members: dict[str, bytes], ledger: Record) -> None:
    manifest = json.loads(members[".slack-manifest.json"])["metadata"]
    shapes = ("macosx-folder", "ds-store", "foreign-root-file")
    foreign = {ledger["planted"][shape][0]["note"] for shape in shapes}
    foreign.add(".slack-manifest.json")
    others = [body for name, body in members.items() if name not in foreign]
    assert manifest["file_count"] == len(others)
    assert manifest["total_bytes"] == sum(map(len, others))


def test_damage_is_as_told(
    members: dict[str, bytes], days: list[tuple[str, str, list[Record]]], ledger: Record
) -> None:
    planted = ledger["planted"]
    for shape in ("day-broken-json", "day-cut-off", "day-white-space"):
        with pytest.raises(ValueError):
            json.loads(members[planted[shape][0]["note"]])
    assert json.loads(members[planted["day-empty"][0]["note"]]) == []
    assert json.loads(members[planted["root-file-null"][0]["note"]]) is None
    stamps = [str(record.get("ts", "gone")) for _, _, records in days for record in records]
    assert Counter(ts for ts in stamps if not ts[0].isdigit()) == {
        "gone": 1, "NaN": 1, "Infinity": 1, "None": 1,
    }  # fmt: skip
    texts = [str(record.get("text")) for _, _, records in days for record in records]
    assert max(map(len, texts)) == 40_000
    assert any("\ud83d" in text for text in texts)
    assert any("\x00" in text for text in texts)


def test_blocks_stand_beside_most_human_messages(
    days: list[tuple[str, str, list[Record]]],
) -> None:
    human = [r for r in keyed(days).values() if "user" in r and "subtype" not in r]
    assert sum(bool(record.get("blocks")) for record in human) > 0.85 * len(human)
    assert all(record["blocks"][0]["elements"] for record in human if record.get("client_msg_id"))
