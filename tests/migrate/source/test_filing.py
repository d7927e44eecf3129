"""Every subtype and every anomaly of a day file: what each record is filed under, and what is said
about it. Nothing is dropped without a code, nothing stops a run."""

import json
from pathlib import Path

import pytest

from migrate.source import BROADCAST, PINNED, THREAD, TOMBSTONE
from migrate.source.filing import show_path
from migrate.source.subtypes import SUBTYPES
from tests.migrate.source.build import (
    DAY,
    members,
    message,
    read,
    read_day,
    texts,
    ts,
    write_zip,
)

EARLIER = "an earlier text"


@pytest.mark.parametrize("subtype", sorted(SUBTYPES))
def test_every_subtype_is_filed_or_logged(tmp_path: Path, subtype: str) -> None:
    found = read_day(tmp_path, message(subtype=subtype, thread_ts=ts(-9)))
    treatment = SUBTYPES[subtype]
    if treatment in ("message", "emote", "notice"):
        assert [record.kind for record in found.records] == [treatment]
        assert [each.kind for each in found.messages()] == [treatment]
        assert found.codes == {}
    else:
        assert found.records == []
        assert found.hauls[0].log_entries == 1


@pytest.mark.parametrize(
    ("subtype", "kind"), [("weather_report", "message"), ("bot_sneeze", "notice"), ("", "message")]
)
def test_an_unknown_subtype_keeps_its_text(tmp_path: Path, subtype: str, kind: str) -> None:
    found = read_day(tmp_path, message(subtype=subtype, text="it rains"))
    assert [record.kind for record in found.records] == [kind]
    assert "it rains" in texts(found.messages())[0]
    assert found.codes == ({"subtype-unknown": 1} if subtype else {})


@pytest.mark.parametrize(
    ("fields", "flags", "root"),
    [
        ({}, 0, 0),
        ({"thread_ts": ts(0)}, THREAD, 0),
        ({"reply_count": 2}, THREAD, 0),
        ({"reply_count": "2"}, THREAD, 0),
        ({"thread_ts": ts(-5)}, 0, 1699999995000100),
        ({"thread_ts": ts(-5), "parent_user_id": None}, 0, 1699999995000100),
        ({"thread_ts": ts(-5), "subtype": "thread_broadcast"}, BROADCAST, 1699999995000100),
        ({"subtype": "thread_broadcast", "root": message(-5)}, BROADCAST, 1699999995000100),
        ({"thread_ts": "1700000000.0001"}, THREAD, 0),
        ({"pinned_to": ["C0GENERAL"]}, PINNED, 0),
        ({"pinned_to": []}, 0, 0),
        ({"subtype": "tombstone", "hidden": True, "thread_ts": ts(0)}, TOMBSTONE | THREAD, 0),
    ],
)
def test_threads_broadcasts_pins_and_tombstones(
    tmp_path: Path, fields: dict[str, object], flags: int, root: int
) -> None:
    found = read_day(tmp_path, message(**fields))
    (record,) = found.records
    assert (record.flags, record.root) == (flags, root)
    assert found.hauls[0].pins == ([record.ts] if flags & PINNED else [])
    assert found.messages()[0].root == (ts(-5) if root else "")


def test_a_thread_that_is_none_leaves_the_reply_by_itself(tmp_path: Path) -> None:
    found = read_day(tmp_path, message(thread_ts="soon"))
    assert found.records[0].root == 0
    assert found.messages()[0].root == ""
    assert found.codes == {"thread-ts-invalid": 1}


def test_a_reply_may_come_before_its_root_or_without_it(tmp_path: Path) -> None:
    content = members([message(5, thread_ts=ts(90_000)), message(6, thread_ts=ts(1))])
    content |= {"general/2023-11-15.json": [message(90_000, thread_ts=ts(90_000))]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [record.root for record in found.records] == [1700090000000100, 1700000001000100, 0]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (..., "ts-missing"),
        (None, "ts-missing"),
        ("", "ts-missing"),
        ("NaN", "ts-invalid"),
        ("inf", "ts-invalid"),
        ("1e400", "ts-invalid"),
        ("-5.000000", "ts-invalid"),
        ("0.000000", "ts-invalid"),
        ("later", "ts-invalid"),
        ("99999999999999.000000", "ts-invalid"),
        ("１７００００００００.000100", "ts-invalid"),
        ({}, "ts-missing"),
        (True, "ts-missing"),
    ],
)
def test_a_record_without_a_time_is_rejected_alone(
    tmp_path: Path, value: object, code: str
) -> None:
    found = read_day(tmp_path, message(ts=value), message(1))
    assert found.rejects == [code]
    assert found.hauls[0].rejects[0][1] == f"general/{DAY}[0]"
    assert len(found.records) == 1
    assert found.codes == {}


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_bare_numbers_that_are_none_spoil_their_record_alone(tmp_path: Path, literal: str) -> None:
    day = f'[{{"ts": {literal}, "text": "x"}}, {json.dumps(message(1))}]'.encode()
    found = read(write_zip(tmp_path / "export.zip", members(day)))
    assert found.rejects == ["ts-invalid" if literal == "1e999" else "ts-missing"]
    assert [record.ts for record in found.records] == [1700000001000100]


@pytest.mark.parametrize(
    ("written", "ts_text"),
    [
        ('"1700000000.000100"', ""),
        ('"1700000000"', "1700000000"),
        ('"1700000000.0001"', "1700000000.0001"),
        ("1700000000.000100", ""),
        ("1700000000", "1700000000"),
        ('"1.000000"', ""),
        ('"0000000001.000000"', "0000000001.000000"),
    ],
)
def test_a_ts_is_kept_as_it_was_written(tmp_path: Path, written: str, ts_text: str) -> None:
    day = f'[{{"type": "message", "user": "U0ANN", "text": "x", "ts": {written}}}]'.encode()
    found = read(write_zip(tmp_path / "export.zip", members(day)))
    assert [record.ts_text for record in found.records] == [ts_text]
    assert found.messages()[0].key.ts == written.strip('"')


@pytest.mark.parametrize("value", [None, 5, "text", [], [message()]])
def test_what_is_no_object_is_rejected_alone(tmp_path: Path, value: object) -> None:
    found = read_day(tmp_path, value, message(1))
    assert found.rejects == ["record-no-object"]
    assert len(found.records) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "day-empty"),
        (b"[]", "day-empty"),
        (b"null", "day-empty"),
        (b" \r\n ", "day-empty"),
        (b"[{", "day-broken"),
        (b'[{"ts": "1700000000.000100"}', "day-broken"),
        (b'{"messages": []}', "day-broken"),
        (b"<html>", "day-broken"),
        (b"[" * 100_000, "day-broken"),
        (b'[{"a":' * 5_000, "day-broken"),
        (bytes(64), "day-broken"),
    ],
)
def test_a_day_that_cannot_be_read_is_passed_over(
    tmp_path: Path, content: bytes, code: str
) -> None:
    days = members(content) | {"general/2023-11-15.json": [message(90_000)]}
    found = read(write_zip(tmp_path / "export.zip", days))
    assert len(found.records) == 1
    assert found.codes == {code: 1}
    assert found.hauls[0].findings[0].place == f"general/{DAY}"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_other_encodings_with_their_mark(tmp_path: Path, encoding: str) -> None:
    text = "\ufeff" if encoding == "utf-16-be" else ""
    text += json.dumps([message(text="Grüße")], ensure_ascii=False)
    found = read(write_zip(tmp_path / "export.zip", members(text.encode(encoding))))
    assert texts(found.messages()) == ["Grüße"]


@pytest.mark.parametrize(
    ("escaped", "shown"),
    [
        (r"lone \ud83d half", "lone \ufffd half"),
        (r"half \ude00 lone", "half \ufffd lone"),
        (r"whole \ud83d\ude00 pair", "whole \U0001f600 pair"),
        (r"nul \u0000 byte", "nul  byte"),
        (r"slash \/ here", "slash / here"),
    ],
)
def test_escapes_that_are_no_text(tmp_path: Path, escaped: str, shown: str) -> None:
    record = json.dumps(message(text="@@")).replace("@@", escaped)
    found = read(write_zip(tmp_path / "export.zip", members(f"[{record}]".encode())))
    assert texts(found.messages()) == [shown]


def test_bytes_that_are_no_utf8_spoil_one_letter(tmp_path: Path) -> None:
    record = json.dumps(message(text="caf@@")).encode().replace(b"@@", b"\xe9")
    found = read(write_zip(tmp_path / "export.zip", members(b"[" + record + b"]")))
    assert texts(found.messages()) == ["caf\ufffd"]


@pytest.mark.parametrize(
    "fields",
    [
        {name: value}
        for name in (
            "text",
            "blocks",
            "attachments",
            "files",
            "file",
            "reactions",
            "edited",
            "user_profile",
            "bot_profile",
            "bot_id",
            "username",
            "subtype",
            "thread_ts",
            "reply_count",
            "pinned_to",
            "replies",
            "root",
            "comment",
            "room",
            "metadata",
        )
        for value in (None, 5, -1.5, True, "word", [], [None, 3, "x"], {}, {"ts": 5, "files": 3})
    ],
    ids=str,
)
def test_a_field_of_any_type_keeps_its_message(tmp_path: Path, fields: dict[str, object]) -> None:
    found = read_day(tmp_path, message(**fields), message(1))
    assert len(found.records) == 2
    assert found.rejects == []
    assert len(found.messages()) == 2


def test_days_out_of_order_and_one_ts_twice_are_all_handed_over(tmp_path: Path) -> None:
    content = members([message(9), message(3), message(6)])
    content |= {"general/2023-11-15.json": [message(3, edited={"user": "U0ANN", "ts": ts(99)})]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [(r.ts // 10**6 % 100, r.edited) for r in found.records] == [
        (9, 0),
        (3, 0),
        (6, 0),
        (3, 1700000099000100),
    ]


def changed(**fields: object) -> dict[str, object]:
    return {"type": "message", "subtype": "message_changed", "ts": ts(50), "hidden": True, **fields}


def test_an_edit_brings_the_new_text_and_never_the_old(tmp_path: Path) -> None:
    entry = changed(
        message=message(text="new", edited={"user": "U0ANN", "ts": ts(40)}),
        previous_message=message(text=EARLIER),
        previous=message(text=EARLIER),
    )
    found = read_day(tmp_path, entry)
    (record,) = found.records
    assert (record.ts, record.edited) == (1700000000000100, 1700000040000099)
    assert texts(found.messages()) == ["new"]
    assert EARLIER.encode() not in record.raw
    assert found.hauls[0].log_entries == 1


def test_an_edit_without_its_time_is_as_old_as_its_entry(tmp_path: Path) -> None:
    found = read_day(tmp_path, changed(message=message(text="new")))
    assert [record.edited for record in found.records] == [1700000050000099]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"message": None},
        {"message": "new"},
        {"text": EARLIER, "original_ts": ts(0)},
        {"original": message(text=EARLIER)},
        {"message": changed(message=message(text=EARLIER))},
    ],
)
def test_an_edit_that_does_not_carry_the_new_text_is_only_noted(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    found = read_day(tmp_path, changed(**fields), message(1))
    assert [record.ts for record in found.records] == [1700000001000100]
    assert found.codes == {"edit-without-text": 1}
    assert found.hauls[0].log_entries == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"deleted_ts": ts(0)},
        {"original_ts": ts(0), "previous": {"text": EARLIER}},
        {"previous_message": message(text=EARLIER)},
        {"previous": message(text=EARLIER)},
        {"original": message(text=EARLIER)},
    ],
)
def test_a_deletion_names_its_message_and_nothing_of_it_is_kept(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    entry = {"type": "message", "subtype": "message_deleted", "ts": ts(50), "text": EARLIER}
    found = read_day(tmp_path, entry | fields)
    assert found.hauls[0].deleted == [1700000000000100]
    assert (found.records, found.hauls[0].log_entries) == ([], 1)


def test_a_deletion_of_nothing_is_reported(tmp_path: Path) -> None:
    found = read_day(tmp_path, {"type": "message", "subtype": "message_deleted", "ts": ts(50)})
    assert found.hauls[0].deleted == []
    assert found.codes == {"deletion-without-ts": 1}


@pytest.mark.parametrize("field", ["previous", "previous_message", "original", "root"])
def test_copies_of_other_texts_are_not_kept(tmp_path: Path, field: str) -> None:
    found = read_day(tmp_path, message(text="now", **{field: message(-9, text=EARLIER)}))
    assert EARLIER.encode() not in found.records[0].raw
    assert texts(found.messages()) == ["now"]


def test_a_record_is_kept_compact_and_whole(tmp_path: Path) -> None:
    record = message(text="a  b", extra={"x": [1, 2.5, None]})
    day = json.dumps([record], indent=4).encode()
    found = read(write_zip(tmp_path / "export.zip", members(day)))
    assert json.loads(found.records[0].raw) == record
    assert found.records[0].raw == json.dumps(record, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("reactions", "count", "codes"),
    [
        ([{"name": "+1", "users": ["U1", "U2"], "count": 2}], 2, {}),
        ([{"name": "+1", "users": ["U1", "U1"], "count": 2}], 1, {}),
        (
            [{"name": "+1", "users": ["U1"], "count": 5}],
            1,
            {"reaction-people-missing": 1},
        ),
        ([{"name": "+1", "users": ["U1"]}, {"name": "+1", "users": ["U1", "U2"]}], 2, {}),
        ([{"name": "+1", "users": ["U1"]}, {"name": "+1::skin-tone-3", "users": ["U1"]}], 2, {}),
        ([{"name": "+1", "users": None, "count": 1}], 0, {"reaction-people-missing": 1}),
        ([{"name": "+1", "users": ["U1", None, 7, ""]}, None], 2, {}),
    ],
)
def test_reactions_are_counted_by_emoji_and_person(
    tmp_path: Path, reactions: object, count: int, codes: dict[str, int]
) -> None:
    found = read_day(tmp_path, message(reactions=reactions))
    assert found.records[0].reactions == count
    assert sum(len(each.people) for each in found.messages()[0].reactions) == count
    assert found.codes == codes


def test_files_are_found_wherever_they_are(tmp_path: Path) -> None:
    found = read_day(
        tmp_path,
        message(files=[{"id": "F1", "mode": "snippet", "size": "12"}, None, {"name": "no id"}]),
        message(1, file={"id": "F2", "is_external": True, "size": None}, upload=False),
        message(2, attachments=[{"files": [{"id": "F3"}, {"id": "F1", "url_private": "u"}]}, None]),
        message(3, files=[{"id": "F4", "mode": "tombstone"}], file={"id": "F4"}),
        message(4, files=[{"id": "F5", "mode": "hidden_by_limit", "is_external": True}]),
        message(5, files=[{"id": "F6", "mode": "file_access", "file_access": "check_file_info"}]),
    )
    files = {file.id: (file.mode, file.size) for file in found.hauls[0].files}
    assert files == {
        "F1": ("hosted", 0),
        "F2": ("external", 0),
        "F3": ("hosted", 0),
        "F4": ("tombstone", 0),
        "F5": ("hidden_by_limit", 0),
        "F6": ("file_access", 0),
    }
    assert found.codes == {"file-without-id": 1, "file-check-info": 1}
    assert [[file.id for file in each.files] for each in found.messages()] == [
        ["F1"],
        ["F2"],
        ["F3", "F1"],
        ["F4"],
        ["F5"],
        ["F6"],
    ]

    assert [record.files for record in found.records] == [
        ("F1",),
        ("F2",),
        ("F3", "F1"),
        ("F4",),
        ("F5",),
        ("F6",),
    ]


def test_a_file_tells_all_that_a_target_may_want(tmp_path: Path) -> None:
    record = {
        "id": "F1",
        "filetype": "mp4",
        "alt_txt": "A cat",
        "original_w": 640,
        "original_h": "480",
        "duration_ms": 61_000,
        "created": 1_700_000_000,
        "file_access": "check_file_info",
        "channels": ["C0GENERAL"],
        "groups": None,
        "ims": ["D0ANN"],
        "shares": {"public": {"C0GENERAL": [{"ts": ts(0)}], "C0OTHER": [{"ts": ts(1)}]}},
    }
    found = read_day(tmp_path, message(files=[record]))
    (file,) = found.hauls[0].files
    assert (file.filetype, file.alt_text, file.width, file.height) == ("mp4", "A cat", 640, 480)
    assert (file.duration, file.created) == (61_000, 1_700_000_000)
    assert file.access == "check_file_info"
    assert file.conversations == ("C0GENERAL", "D0ANN", "C0OTHER")
    assert found.messages()[0].files == (file,)


@pytest.mark.parametrize("id", ["avatar/U0ANN", "emoji/party", "../../F1", "/", ""])
def test_an_id_that_could_be_a_pictures_is_none(tmp_path: Path, id: str) -> None:
    found = read_day(tmp_path, message(files=[{"id": id, "mode": "hosted", "size": 3}]))
    assert not found.hauls[0].files
    assert found.messages()[0].files == ()
    assert found.codes == {"file-without-id": 1}


@pytest.mark.parametrize("odd", [-1, 1 << 60, "wide", None, [], {}, 1.5, True])
def test_a_number_that_is_none_says_nothing(tmp_path: Path, odd: object) -> None:
    record = {"id": "F1", "original_w": odd, "duration_ms": odd, "created": odd, "size": odd}
    (file,) = read_day(tmp_path, message(files=[record])).hauls[0].files
    assert {file.width, file.duration, file.created, file.size} <= {0, 1}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("random/2024-01-01.json", "random/2024-01-01.json"),
        ("mpdm-amara--elif--zoe-1/2024-01-01.json", "mpdm-*/2024-01-01.json"),
        ("export/mpdm-amara--elif-1/2024-01-01.json", "export/mpdm-*/2024-01-01.json"),
        ("users.json", "users.json"),
    ],
)
def test_a_finding_names_nobody(name: str, shown: str) -> None:
    assert show_path(name) == shown
