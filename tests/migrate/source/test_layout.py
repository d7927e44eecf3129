"""Where an export begins, which member is what, and whose a folder is."""

from pathlib import Path

import pytest

from migrate.errors import UsageError
from migrate.source import open_export
from migrate.source.layout import file_folder_id
from tests.migrate.source.build import (
    ANN,
    DAY,
    GENERAL,
    Members,
    members,
    message,
    read,
    write_folder,
    write_zip,
)


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        ({"readme.md": b"hello"}, "export-unusable", "neither users.json"),
        ({"slackdump.sqlite": b"x"}, "export-unusable", "slackdump"),
        ({"channels/general.txt": b"x", "dms/d.txt": b"x"}, "export-unusable", "TXT"),
        ({"a.zip": b"x", "b.zip": b"x"}, "export-unusable", "zip files"),
        ({"channels.json": [GENERAL]}, "export-no-people", "users.json"),
        ({f"general/{DAY}": [message()]}, "export-no-people", "users.json"),
        ({"users.json": b"[{", "channels.json": [GENERAL]}, "export-no-people", "users.json"),
        (
            {"a/users.json": [ANN], "b/users.json": [ANN]},
            "export-several",
            "a, b",
        ),
    ],
)
def test_what_is_no_export_is_said(tmp_path: Path, content: Members, code: str, word: str) -> None:
    for path in (
        write_zip(tmp_path / "export.zip", content),
        write_folder(tmp_path / "export", content),
    ):
        with pytest.raises(UsageError) as caught:
            open_export([path])
        assert caught.value.code == code
        assert word in caught.value.message
        assert caught.value.advice


def test_slackdump_bodies_are_counted_and_left_alone(tmp_path: Path) -> None:
    content = members([message()]) | {
        "__uploads/F1/2023-11-14.json": [message(7)],
        "__uploads/F2/a.json": b"{",
        "general/attachments/F3-notes.json": b"{",
        "general/attachments/F4-a.png": b"x",
    }
    found = read(write_zip(tmp_path / "export.zip", content))
    assert (len(found.records), found.codes) == (1, {})
    assert found.export.counts["uploads"] == 2
    assert found.export.counts["attachments"] == 2


def test_a_channel_may_be_called_attachments(tmp_path: Path) -> None:
    content = members(channels=[{"id": "C0ATT", "name": "attachments", "members": []}])
    content |= {f"attachments/{DAY}": [message()]}
    del content[f"general/{DAY}"]
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [(haul.conversation, len(haul.records)) for haul in found.hauls] == [("C0ATT", 1)]


def test_root_files_are_counted_known_ones_tolerated_others_noted(tmp_path: Path) -> None:
    content = members(
        [message()],
        canvases=[{"id": "F1", "mode": "quip", "size": 5, "title": "Plan"}, {"id": "F2"}],
        lists=[{"id": "F3", "mode": "list"}],
        huddle_transcripts=[],
        integration_logs=[{}, {}],
        content_flags=b"   \n",
        usergroups=[],
        emoji={},
        stars=[],
    )
    content |= {
        "general/canvas_in_the_conversation.json": {"id": "F9"},
        "general/notes.json": {},
        "content_flags/one.json": {},
    }
    found = read(write_zip(tmp_path / "export.zip", content))
    counts = found.export.counts
    assert (counts["canvases"], counts["lists"], counts["integration_logs"]) == (2, 1, 2)
    assert (counts["conversation_canvases"], counts["content_flags"]) == (1, 1)
    assert [(file.id, file.mode, file.size) for file in found.export.files] == [
        ("F1", "quip", 5),
        ("F2", "hosted", 0),
        ("F3", "list", 0),
    ]
    assert found.codes == {"root-file-empty": 2, "root-file-unknown": 1, "member-unknown": 1}


@pytest.mark.parametrize("content", [b"[]", b"null", b"  \n ", b"\xef\xbb\xbf[]"])
def test_an_empty_list_is_told_from_an_absent_one(tmp_path: Path, content: bytes) -> None:
    there = members([message()], groups=content, dms=[], mpims=[])
    found = open_export([write_zip(tmp_path / "there.zip", there)]).findings
    assert [(f.code, f.place, f.count) for f in found] == [("root-file-empty", "groups.json", 3)]
    absent = members([message()])
    found = open_export([write_zip(tmp_path / "absent.zip", absent)]).findings
    assert [(f.code, f.place, f.count) for f in found] == [("root-file-absent", "groups.json", 3)]


def test_a_broken_list_of_channels_makes_nothing_public(tmp_path: Path) -> None:
    found = read(write_zip(tmp_path / "export.zip", members([message()], channels=b'[{"id":')))
    assert [(c.id, c.kind) for c in found.export.conversations] == [("general", "private")]
    assert found.codes == {"root-file-broken": 1, "folder-without-entry": 1}
    assert len(found.records) == 1


@pytest.mark.parametrize(
    ("folder", "id", "kind"),
    [
        ("lost", "lost", "private"),
        ("D0123456789", "D0123456789", "dm"),
        ("mpdm-ann--bob-1", "mpdm-ann--bob-1", "group_dm"),
        ("FC:F0123:Plan", "FC:F0123", "file"),
        ("C0123456789", "C0123456789", "private"),
    ],
)
def test_a_folder_without_entry_is_never_public(
    tmp_path: Path, folder: str, id: str, kind: str
) -> None:
    content = members([message()]) | {f"{folder}/{DAY}": [message()]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert (id, kind) in [(c.id, c.kind) for c in found.export.conversations]
    assert found.codes == {"folder-without-entry": 1}
    assert id in [haul.conversation for haul in found.hauls]


def test_an_entry_without_folder_stays_a_conversation(tmp_path: Path) -> None:
    content = members(channels=[GENERAL, {"id": "C0EMPTY", "name": "empty", "members": ["U0ANN"]}])
    export = open_export([write_zip(tmp_path / "export.zip", content)])
    assert [c.id for c in export.conversations] == ["C0GENERAL", "C0EMPTY"]
    assert ("conversation-empty", 1) in [(f.code, f.count) for f in export.findings]


@pytest.mark.parametrize(
    "folder",
    ["FC:F0CANVAS1:Plan A", "FC_F0CANVAS1_Plan A", "FC F0CANVAS1 Plan A", "FCF0CANVAS1PLAN A"],
)
def test_the_folder_of_a_canvas_is_found_however_its_colons_are_written(
    tmp_path: Path, folder: str
) -> None:
    talk = {"id": "C0TALK", "name": "FC:F0CANVAS1:Plan A", "members": ["U0ANN"]}
    content = members([message()], file_conversations=[talk]) | {f"{folder}/{DAY}": [message()]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert sorted(haul.conversation for haul in found.hauls) == ["C0GENERAL", "C0TALK"]
    assert found.codes == {}


def test_a_title_with_a_slash_does_not_hide_the_folder(tmp_path: Path) -> None:
    talk = {"id": "C0TALK", "name": "FC:F0CANVAS1:Q1/Q2", "members": ["U0ANN"]}
    content = members([message()], file_conversations=[talk])
    content |= {f"FC:F0CANVAS1:Q1/Q2/{DAY}": [message()]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert "C0TALK" in [haul.conversation for haul in found.hauls]


def test_only_folders_of_canvases_have_a_file_id() -> None:
    assert file_folder_id("FC:F0CANVAS1:Plan") == "F0CANVAS1"
    assert file_folder_id("fc-bayern") == file_folder_id("FC Bayern") == ""


def test_a_name_that_two_conversations_share_goes_to_the_narrower(tmp_path: Path) -> None:
    twin = {"id": "C0SECRET", "name": "general", "members": ["U0ANN"]}
    found = read(write_zip(tmp_path / "export.zip", members([message()], groups=[twin])))
    assert [haul.conversation for haul in found.hauls] == ["C0SECRET"]
    assert found.codes == {"folder-shared": 1}


def test_days_outside_the_export_are_reported(tmp_path: Path) -> None:
    content = {f"top/{name}": each for name, each in members([message()]).items()}
    content |= {f"elsewhere/x/{DAY}": [message()], f"top/{DAY}": [message()]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert len(found.records) == 1
    assert found.codes == {"day-misplaced": 2}


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"file_count": 3, "total_bytes": 10}, {}),
        ({"file_count": 4000, "total_bytes": 10}, {"manifest-mismatch": 1}),
        ({"file_count": 3, "total_bytes": 10**9}, {"manifest-mismatch": 1}),
        ({"file_count": None, "total_bytes": "x"}, {}),
    ],
)
def test_an_archive_that_lacks_what_its_manifest_counts(
    tmp_path: Path, said: Members, codes: dict[str, int]
) -> None:
    content = members([message()]) | {".slack-manifest.json": {"version": 2, "metadata": said}}
    assert read(write_zip(tmp_path / "export.zip", content)).codes == codes
