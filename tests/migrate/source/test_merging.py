"""Several archives of one workspace: which is newer, what is believed, whose a folder is."""

from pathlib import Path

import pytest

from migrate.errors import UsageError
from migrate.source import open_export
from tests.migrate.source.build import ANN, GENERAL, Members, members, message, read, write_zip

MANIFEST = ".slack-manifest.json"


def made(seconds: object) -> Members:
    return {MANIFEST: {"metadata": {"created_at": seconds}}}


def test_the_newer_archive_is_the_one_made_later_whatever_the_order(tmp_path: Path) -> None:
    old = write_zip(
        tmp_path / "old.zip",
        members([message()], users=[ANN | {"profile": {"email": "ann@example.com"}}])
        | made(1_700_100_000),
    )
    new = write_zip(
        tmp_path / "new.zip",
        members(
            [message(1)],
            users=[ANN | {"name": "anna", "deleted": True}],
            channels=[GENERAL | {"name": "renamed", "members": ["U0BOB"], "pins": []}],
        )
        | made(1_700_200_000)
        | {"renamed/2023-11-14.json": [message(2)]},
    )
    for paths in ((old, new), (new, old)):
        found = read(*paths)
        assert [haul.generation for haul in found.hauls][:2] == [1_700_100_000, 1_700_200_000]
        (ann,) = (person for person in found.export.people if person.id == "U0ANN")
        assert (ann.name, ann.email, ann.deactivated) == ("anna", "ann@example.com", True)
        general = found.export.conversations[0]
        assert (general.id, general.name, general.members) == ("C0GENERAL", "renamed", ("U0BOB",))


@pytest.mark.parametrize(
    ("said", "generation"),
    [
        (None, 1_700_000_007),
        (1_700_500_000, 1_700_500_000),
        ("1700500000", 1_700_500_000),
        (1_700_500_000_123, 1_700_500_000),
        ("soon", 1_700_000_007),
        (-3, 1_700_000_007),
    ],
)
def test_an_archive_is_as_old_as_its_manifest_or_its_last_message(
    tmp_path: Path, said: object, generation: int
) -> None:
    content = members([message(7), message(3), {"ts": "NaN"}]) | made(said)
    assert [haul.generation for haul in read(write_zip(tmp_path / "x.zip", content)).hauls] == [
        generation
    ]


def test_of_two_archives_made_at_once_the_later_named_is_newer(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "one.zip", members([message()], channels=[GENERAL]))
    two = write_zip(
        tmp_path / "two.zip", members([message()], channels=[GENERAL | {"is_archived": True}])
    )
    assert [haul.generation for haul in read(one, two).hauls] == [1_700_000_000, 1_700_000_001]
    assert read(one, two).export.conversations[0].archived
    assert not read(two, one).export.conversations[0].archived


def test_a_channel_made_private_is_private(tmp_path: Path) -> None:
    old = write_zip(tmp_path / "old.zip", members([message()]))
    new = write_zip(tmp_path / "new.zip", members([message(9)], channels=[], groups=[GENERAL]))
    assert [c.kind for c in open_export([new, old]).conversations] == ["private"]


def test_what_a_newer_archive_leaves_out_stays(tmp_path: Path) -> None:
    group = {"id": "C0GRP", "name": "grp", "members": ["U0ANN"]}
    old = write_zip(
        tmp_path / "old.zip",
        members([message()], groups=[group]) | {"grp/2023-11-14.json": [message()]},
    )
    new = write_zip(tmp_path / "new.zip", members([message(9)], users=[ANN]))
    found = read(old, new)
    assert {c.id: c.members for c in found.export.conversations}["C0GRP"] == ("U0ANN",)
    assert "U0BOB" in [person.id for person in found.export.people]
    assert [haul.conversation for haul in found.hauls] == ["C0GENERAL", "C0GENERAL", "C0GRP"]


def test_an_archive_without_any_list_relies_on_the_other(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "whole.zip", members([message()]))
    rest = write_zip(tmp_path / "rest.zip", {"general/2023-11-20.json": [message(500_000)]})
    found = read(rest, whole)
    assert [haul.conversation for haul in found.hauls] == ["C0GENERAL", "C0GENERAL"]
    assert found.codes == {}


def test_a_private_folder_is_not_taken_for_another_archives_channel(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "whole.zip", members([message()]))
    other = members([message(9)], channels=[{"id": "C0X", "name": "x", "members": []}])
    found = read(whole, write_zip(tmp_path / "other.zip", other))
    kinds = {c.id: c.kind for c in found.export.conversations}
    assert kinds["general"] == "private"
    assert sorted(haul.conversation for haul in found.hauls) == ["C0GENERAL", "general"]


@pytest.mark.parametrize(("file", "finds"), [("channels", False), ("groups", True)])
def test_a_former_name_leads_to_a_private_conversation_alone(
    tmp_path: Path, file: str, finds: bool
) -> None:
    entry = {"id": "C0NEW", "name": "new", "previous_names": ["old"], "members": ["U0ANN"]}
    content = members([message()]) | {f"{file}.json": [entry], "old/2023-11-14.json": [message()]}
    found = read(write_zip(tmp_path / "x.zip", content))
    assert ("C0NEW" in [haul.conversation for haul in found.hauls]) is finds


def test_archives_of_two_workspaces_are_reported(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "one.zip", members([message()]))
    two = write_zip(
        tmp_path / "two.zip", members([message()], users=[{"id": "U9", "team_id": "T9"}])
    )
    codes = [finding.code for finding in open_export([one, two]).findings]
    assert "workspace-mixed" in codes


def test_one_bad_archive_stops_the_opening(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "one.zip", members([message()]))
    (tmp_path / "two.zip").write_bytes(b"no")
    with pytest.raises(UsageError, match=r"two\.zip"):
        open_export([one, tmp_path / "two.zip"])
