"""The archive itself: the root files, the members that are odd as files, and the zip, which is the
same to the byte wherever the same zlib packs it."""

import json
import zipfile
from pathlib import Path

from acme.book import Book, at
from acme.cast import FOUNDED, TEAM, Record, write_place, write_user
from acme.kinds import make_canvas, root_files

_ENTRIES = {
    "public": "channels.json",
    "private": "groups.json",
    "dm": "dms.json",
    "group_dm": "mpims.json",
    "file": "file_conversations.json",
}
_MADE = (2024, 9, 1, 6, 0, 0)


def pack_members(book: Book) -> dict[str, bytes]:
    """Every member of the archive by name; after the manifest what Slack did not write."""
    _plant_odd_days(book)
    users = [write_user(one) for one in book.people.values() if one.team == TEAM]
    content: dict[str, object] = {"users.json": users}
    for kind, name in _ENTRIES.items():
        places = [place for place in book.places.values() if place.kind == kind and place.listed]
        content[name] = [write_place(place, dict(book.people)) for place in places]
    content["integration_logs.json"] = _make_integration_logs()
    content |= root_files(book)
    for path in sorted(book.days):
        content[path] = _sort_day(book.days[path], path in book.unsorted)
    members = {name: _encode(value) for name, value in content.items()}
    members |= _make_odd_members(book)
    members[".slack-manifest.json"] = _encode(_make_manifest(members))
    return members | _make_foreign_members(book)


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    """Pack the members with fixed times, names in UTF-8 without saying so, as Slack does."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            info = _UnflaggedInfo(name, _MADE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, body, compresslevel=9)


class _UnflaggedInfo(zipfile.ZipInfo):
    """A member whose name is UTF-8 while flag 0x800, which says so, is not set."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


def _sort_day(records: list[object], unsorted: bool) -> list[object]:
    if unsorted:
        return records

    def order(record: object) -> str:
        return str(record.get("ts", "")) if isinstance(record, dict) else ""

    return sorted(records, key=order)


def _encode(value: object) -> bytes:
    """JSON as Slack writes it: indented by four, ASCII, slashes escaped."""
    return json.dumps(value, indent=4).replace("/", "\\/").encode()


def _plant_odd_days(book: Book) -> None:
    """What needs a folder or a day of its own: elements that are no records, a folder unlisted."""
    for words, who in (("The falcon is in the nest.", "mara"), ("Understood.", "tomas")):
        ts = book.say("project-falcon", who, at(4, 16, 9, len(words)), words)
        book.plant("folder-without-entry", "project-falcon", ts)
    day = "integration-tests/2024-02-14.json"
    odd: tuple[object, ...] = (None, "a string", 17, [])
    for junk in odd:
        book.days[day].append(junk)
        book.tally.fates["unkeyed"] += 1
        book.plant("element-no-record", "integration-tests", note=day)
    notes = {
        "entry-without-folder": ("brand-new", "Legacy-CRM", "-minus-one"),
        "name-not-ascii": ("チャネル",),
        "name-one-character": ("z",),
        "name-over-64-characters": (max(book.places, key=len),),
        "name-leading-underscore": ("_old-handbook",),
        "name-leading-dash": ("-minus-one",),
        "name-upper-case": ("Legacy-CRM",),
        "members-null": ("Legacy-CRM",),
        "creator-null": ("Legacy-CRM",),
        "created-string": ("releases",),
        "last-set-string": ("general",),
        "created-placeholder": ("D02DIR00003",),
        "dm-with-oneself": ("D02DIR00007",),
        "dm-one-member": ("D02DIR00008",),
        "dm-with-slackbot": ("D02DIR00009",),
        "dm-with-unknown": ("D02DIR00010",),
        "group-dm-same-members": (
            "mpdm-jonas--priya--tomas-2",
            "mpdm-jonas--priya--tomas-3",
        ),
        "file-conversation": ("FC:F02CANVAS01:Roster roadmap",),
    }
    for shape, places in notes.items():
        for place in places:
            book.plant(shape, place)


def _make_odd_members(book: Book) -> dict[str, bytes]:
    cut = _encode([{"type": "message", "text": "Cut off", "ts": "1711915200.000100"}])
    odd = {
        "day-empty": ("design/2024-03-30.json", b"[]"),
        "day-white-space": ("design/2024-03-31.json", b"    "),
        "day-null": ("design/2024-04-06.json", b"null"),
        "day-broken-json": ("random/2024-03-30.json", b'[{"type": "message", "ts": "17117'),
        "day-cut-off": ("random/2024-03-31.json", cut[: len(cut) // 2]),
        "day-byte-order-mark": ("design/2024-04-07.json", b"\xef\xbb\xbf[]"),
        "canvas-in-conversation": (
            "engineering/canvas_in_the_conversation.json",
            _encode([make_canvas("F02CANVAS01", "Roster roadmap", 8192)]),
        ),
        "root-file-null": ("content_flags.json", b"null"),
    }
    book.plant("zip-name-without-flag", "チャネル", note="UTF-8 names, flag 0x800 not set")
    return _note_members(book, odd)


def _make_foreign_members(book: Book) -> dict[str, bytes]:
    """What operating systems and other tools leave behind; the manifest knows nothing of it."""
    foreign = {
        "macosx-folder": ("__MACOSX/general/._2023-09-06.json", b"\x00\x05\x16\x07"),
        "ds-store": (".DS_Store", b"\x00\x00\x00\x01Bud1"),
        "foreign-root-file": ("ref-channels.json", b"[]"),
    }
    return _note_members(book, foreign)


def _note_members(book: Book, odd: dict[str, tuple[str, bytes]]) -> dict[str, bytes]:
    for shape, (name, _) in odd.items():
        folder, slash, _ = name.partition("/")
        book.plant(shape, folder if slash else "", note=name)
    return dict(odd.values())


def _make_integration_logs() -> list[Record]:
    base: Record = {"user_id": "U02JONAS001", "user_name": "jonas", "date": str(FOUNDED)}
    added = base | {"change_type": "added", "app_type": "GitHub", "app_id": "A02GITHUB01"}
    removed = base | {"change_type": "removed", "service_type": "Old CI", "service_id": "4711"}
    return [added | {"scope": "chat:write"}, removed | {"channel": "C02PUB00010", "reason": ""}]


def _make_manifest(members: dict[str, bytes]) -> Record:
    made = int(at(8, 31, 23).timestamp())
    metadata: Record = {
        "created_at": made,
        "created_at_iso": "2024-09-01T06:00:00Z",
        "export_type": "MANUAL_COMPLIANCE",
        "exporter": "slack",
        "file_count": len(members),
        "total_bytes": sum(map(len, members.values())),
    }
    checksum: Record = {"algorithm": "sha256-agg-v2", "value": "0" * 64}
    return {"version": 2, "metadata": metadata, "checksum": checksum}
