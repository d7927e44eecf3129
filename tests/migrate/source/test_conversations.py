"""Conversations as root files list them, in every kind and with every oddity."""

from pathlib import Path

import pytest

from migrate.model import Conversation
from migrate.source import open_export
from tests.migrate.source.build import GENERAL, members, message, read, write_zip


@pytest.mark.parametrize(
    ("file", "fields", "kind"),
    [
        ("channels", {}, "public"),
        ("channels", {"is_private": True}, "private"),
        ("channels", {"is_group": True}, "private"),
        ("channels", {"is_im": True}, "dm"),
        ("groups", {}, "private"),
        ("groups", {"is_private": False, "is_channel": True}, "private"),
        ("groups", {"is_mpim": True}, "group_dm"),
        ("mpims", {}, "group_dm"),
        ("mpims", {"is_private": False}, "group_dm"),
        ("dms", {}, "dm"),
        ("file_conversations", {}, "file"),
    ],
)
def test_the_file_says_the_kind_and_flags_only_narrow_it(
    tmp_path: Path, file: str, fields: dict[str, object], kind: str
) -> None:
    content = members() | {f"{file}.json": [{"id": "C1", "name": "x", "members": [], **fields}]}
    export = open_export([write_zip(tmp_path / "export.zip", content)])
    assert {c.id: c.kind for c in export.conversations}["C1"] == kind


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    entry = {
        "id": "C1",
        "name": "général",
        "created": "1600000000",
        "creator": None,
        "is_archived": True,
        "is_general": True,
        "members": ["U1", "U0UNKNOWN", "U1", None, 5],
        "topic": {"value": "Talk", "last_set": "12"},
        "purpose": {"value": "All of us", "last_set": 12},
        "pins": [
            {"id": "1700000000.000100", "type": "C"},
            {"id": "1700000000.000100", "type": "C"},
            {"id": "F1", "type": "F"},
            {"type": "C"},
            None,
        ],
    }
    found = read(write_zip(tmp_path / "export.zip", members(channels=[entry])))
    assert found.export.conversations[0] == Conversation(
        id="C1",
        kind="public",
        name="général",
        members=("U1", "U0UNKNOWN"),
        created=1600000000,
        archived=True,
        general=True,
        topic="Talk",
        purpose="All of us",
        pins=("1700000000.000100",),
    )
    assert found.codes["pin-of-file"] == 1
    assert found.codes["pin-unreadable"] == 1


@pytest.mark.parametrize("created", [1, 0, None, "x", -5, 1_356_998_399, 1e300, True, "nan"])
def test_a_placeholder_for_the_time_is_no_time(tmp_path: Path, created: object) -> None:
    content = members(channels=[GENERAL | {"created": created}])
    export = open_export([write_zip(tmp_path / "export.zip", content)])
    assert export.conversations[0].created == 0


@pytest.mark.parametrize("given", [None, ..., "U1", {}])
def test_members_that_are_not_told_are_nobody_and_reported(tmp_path: Path, given: object) -> None:
    entry = {k: v for k, v in (GENERAL | {"members": given}).items() if v is not ...}
    found = read(write_zip(tmp_path / "export.zip", members([message()], channels=[entry])))
    assert found.export.conversations[0].members == ()
    assert found.codes == {"members-missing": 1}


@pytest.mark.parametrize(
    ("given", "kept"),
    [(["U1", "U1"], ("U1",)), (["U1"], ("U1",)), (["U1", "USLACKBOT"], ("U1", "USLACKBOT"))],
)
def test_direct_messages_with_oneself_and_with_slackbot(
    tmp_path: Path, given: list[str], kept: tuple[str, ...]
) -> None:
    content = members([message()], dms=[{"id": "D0000001", "created": 1, "members": given}])
    content |= {"D0000001/2023-11-14.json": [message()]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert found.export.conversations[1] == Conversation(id="D0000001", kind="dm", members=kept)
    assert [haul.conversation for haul in found.hauls] == ["C0GENERAL", "D0000001"]
    assert found.codes == {}


def test_groups_of_the_same_people_stay_two(tmp_path: Path) -> None:
    twins = [{"id": f"G{n}", "name": f"mpdm-ann--bob-{n}", "members": ["U1", "U2"]} for n in (1, 2)]
    content = members([message()], mpims=twins)
    content |= {f"mpdm-ann--bob-{n}/2023-11-14.json": [message(n)] for n in (1, 2)}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [haul.conversation for haul in found.hauls] == ["C0GENERAL", "G1", "G2"]


@pytest.mark.parametrize("row", [None, 5, [], {}, {"name": "x"}])
def test_an_entry_without_id_is_reported(tmp_path: Path, row: object) -> None:
    found = read(write_zip(tmp_path / "export.zip", members([message()], channels=[GENERAL, row])))
    assert [c.id for c in found.export.conversations] == ["C0GENERAL"]
    assert found.codes == {"conversation-without-id": 1}


@pytest.mark.parametrize("name", ["x", "_old", "-dash", "UPPER", "чат", "a" * 80, "a.b"])
def test_names_of_every_shape_find_their_folder(tmp_path: Path, name: str) -> None:
    content = members(channels=[GENERAL | {"name": name}])
    del content["general/2023-11-14.json"]
    content |= {f"{name}/2023-11-14.json": [message()]}
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [haul.conversation for haul in found.hauls] == ["C0GENERAL"]
    assert found.codes == {}


def test_files_that_no_message_mentions_belong_where_a_conversation_names_them(
    tmp_path: Path,
) -> None:
    tabs = [{"type": "canvas", "data": {"file_id": "F0TAB"}}, {"type": "files", "data": None}, 5]
    properties = {"canvas": {"file_id": "F0TOP"}, "tabs": tabs}
    beside = {"id": "C0FC", "name": "FC:F0TOP:Plan", "members": ["U0ANN"]}
    odd = {"id": "C0ODD", "name": "odd", "members": [], "properties": []}
    content = members(
        channels=[GENERAL | {"properties": properties}, odd], file_conversations=[beside]
    )
    export = open_export([write_zip(tmp_path / "export.zip", content)])
    assert export.pages == {"F0TOP": ("C0GENERAL", "C0FC"), "F0TAB": ("C0GENERAL",)}


def test_a_canvas_that_was_deleted_says_so(tmp_path: Path) -> None:
    canvas = {"id": "F0C", "mode": "quip", "url_private": "https://files.slack.com/x"}
    content = members(canvases=[canvas | {"is_tombstoned": True}, canvas | {"id": "F0D"}])
    export = open_export([write_zip(tmp_path / "export.zip", content)])
    assert {file.id: file.mode for file in export.files} == {"F0C": "tombstone", "F0D": "quip"}


def test_what_speaks_of_files_is_read_newest_archive_first(tmp_path: Path) -> None:
    def archive(name: str, made: int) -> Path:
        content = members([message(text=name)], canvases=[{"id": f"F{made}"}])
        content |= {
            "general/2023-11-15.json": [message(86_400, text="another day")],
            ".slack-manifest.json": {"metadata": {"created_at": made}},
        }
        return write_zip(tmp_path / f"{name}.zip", content)

    export = open_export([archive("new", 1_800_000_000), archive("old", 1_700_000_000)])
    days = {"C0GENERAL": {"2023-11-14"}, "C0NONE": {"2023-11-15"}}
    read = [[bytes(data) for data in members] for members in export.mentions(days)]
    assert [len(each) for each in read] == [2, 2]
    assert b"F1800000000" in read[0][0]
    assert b'"new"' in read[0][1]
    assert b'"old"' in read[1][1]
    assert [path.stem for path in export.paths] == ["new", "old"]
