"""Enterprise Grid: one workspace out of several, with its share of what they have in common."""

from pathlib import Path

import pytest

from migrate.errors import UsageError
from migrate.source import open_export
from tests.migrate.source.build import DAY, Members, message, read, write_zip


def person(id: str, team: str, **more: object) -> dict[str, object]:
    return {"id": id, "team_id": team, "name": id.lower(), "profile": {}, **more}


def grid(top: str = "") -> Members:
    content: Members = {
        "org_users.json": [
            person("W1", "T1"),
            person("W2", "T2"),
            person("W3", "T3", enterprise_user={"teams": ["T1", "T3"]}),
            person("W4", "T2"),
        ],
        "channels.json": [
            {"id": "C0SHARED1", "name": "shared-one", "members": ["W1", "W4"]},
            {"id": "C0SHARED2", "name": "shared-two", "members": ["W2"]},
            {"id": "C0SILENT", "name": "silent", "members": ["W2"]},
        ],
        f"shared-one/{DAY}": [message(), message(1, team="T1"), message(2, team="T2")],
        f"shared-two/{DAY}": [message(team="T2")],
        f"silent/{DAY}": [message()],
        "teams/sales/users.json": [person("W1", "T1"), person("W9", "T1", deleted=True)],
        "teams/sales/channels.json": [{"id": "C0SALES", "name": "general", "members": ["W1"]}],
        f"teams/sales/general/{DAY}": [message(team="T1")],
        "teams/Research/users.json": [person("W2", "T2")],
        "teams/Research/channels.json": [{"id": "C0RES", "name": "general", "members": ["W2"]}],
        f"teams/Research/general/{DAY}": [message(team="T2")],
    }
    return {f"{top}{name}": each for name, each in content.items()}


@pytest.mark.parametrize("top", ["", "org export/"])
@pytest.mark.parametrize("workspace", ["sales", "Sales", "T1", "t1"])
def test_a_workspace_is_read_with_its_share(tmp_path: Path, top: str, workspace: str) -> None:
    found = read(write_zip(tmp_path / "export.zip", grid(top)), workspace=workspace)
    assert found.export.workspace == "T1"
    assert sorted(haul.conversation for haul in found.hauls) == ["C0SALES", "C0SHARED1"]
    assert sorted(c.id for c in found.export.conversations) == ["C0SALES", "C0SHARED1"]
    # W3 belongs to it, W4 to a conversation of its own; W2 has nothing to do with it.
    assert sorted(person.id for person in found.export.people) == [
        "USLACKBOT",
        "W1",
        "W3",
        "W4",
        "W9",
    ]
    assert found.codes == {"shared-elsewhere": 1, "shared-unclaimed": 1}


@pytest.mark.parametrize("workspace", ["", "marketing", "T9"])
def test_without_a_known_workspace_they_are_listed(tmp_path: Path, workspace: str) -> None:
    path = write_zip(tmp_path / "export.zip", grid())
    with pytest.raises(UsageError) as caught:
        open_export([path], workspace)
    assert caught.value.code == ("workspace-unknown" if workspace else "workspace-missing")
    assert "Research, sales" in caught.value.message
    assert "source.workspace" in caught.value.advice


def test_a_grid_without_root_files_is_still_a_grid(tmp_path: Path) -> None:
    content = {name: each for name, each in grid().items() if name.startswith("teams/")}
    path = write_zip(tmp_path / "export.zip", content)
    assert open_export([path], "Research").workspace == "T2"
    with pytest.raises(UsageError, match="Research, sales"):
        open_export([path])


def test_without_ids_the_first_post_or_the_folder_names_the_workspace(tmp_path: Path) -> None:
    content = grid() | {"teams/sales/users.json": [{"id": "W1"}]}
    assert open_export([write_zip(tmp_path / "a.zip", content)], "sales").workspace == "T1"
    content |= {f"teams/sales/general/{DAY}": [message()]}
    assert open_export([write_zip(tmp_path / "b.zip", content)], "sales").workspace == "sales"


def test_an_export_of_one_workspace_of_an_organisation_needs_no_choice(tmp_path: Path) -> None:
    content: Members = {
        "org_users.json": [person("W1", "T1"), person("W2", "T1", is_bot=True)],
        "channels.json": [{"id": "C1", "name": "general", "members": ["W1"]}],
        f"general/{DAY}": [message()],
    }
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [person.id for person in found.export.people] == ["W1", "W2", "USLACKBOT"]
    assert (found.export.workspace, found.export.counts["users"]) == ("T1", 1)


def test_a_channel_called_teams_makes_no_grid(tmp_path: Path) -> None:
    content: Members = {
        "users.json": [person("U1", "T1")],
        "channels.json": [{"id": "C1", "name": "teams", "members": ["U1"]}],
        f"teams/{DAY}": [message()],
    }
    found = read(write_zip(tmp_path / "export.zip", content))
    assert [haul.conversation for haul in found.hauls] == ["C1"]
