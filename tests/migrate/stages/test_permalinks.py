"""The table of old links and new ones."""

import csv
import stat
from pathlib import Path

import pytest

from migrate.model import Ref
from migrate.spi import Linker, Opening
from migrate.stages.permalinks import write_permalinks
from tests.migrate.stages.trial import Trial, small_workspace


class Chat:
    """Gives every message an address."""

    def link(self, opening: Opening, ref: Ref) -> str:
        return f"https://chat.example.org/{opening.ref}/{ref}"


def table(trial: Trial) -> list[list[str]]:
    linker = Chat()
    assert isinstance(linker, Linker)
    with trial.store() as store:
        count = write_permalinks(store, linker, trial.folder / "reports")
    with open(trial.folder / "reports" / "permalinks.csv", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["slack", "target"]
    assert len(rows) == count
    return rows


@pytest.mark.parametrize("host", ["", "https://acme.slack.com"])
def test_every_message_that_is_there_has_a_line(tmp_path: Path, host: str) -> None:
    workspace, general, ann, bob = small_workspace()
    gone = workspace.person("gone")
    first = general.say(ann, "first")
    said = [first, general.say(bob, "reply", root=first, broadcast=True)]
    general.say(gone, "left out")
    general.notice(bob)
    said.append(general.say(bob, "word " * 100))
    if host:
        said.append(general.say(bob, f"<{host}/archives/{general.id}/p1469781868000005>"))
    trial = Trial(tmp_path, workspace)
    trial.map("users.csv", gone, action="skip")
    trial.run()
    posts = {post.text: post.ref for post in trial.holding().posts}
    rows = table(trial)
    assert [old for old, _ in rows] == [
        f"{host}/archives/{general.id}/p{each.ts.replace('.', '')}" for each in said
    ]
    assert rows[0][1] == f"https://chat.example.org/general/{posts['first']}"
    assert len({new for _, new in rows}) == len(rows)


def test_table_is_its_owners_alone_and_made_anew(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "first")
    trial = Trial(tmp_path, workspace)
    trial.run()
    assert len(table(trial)) == len(table(trial)) == 1
    path = trial.folder / "reports" / "permalinks.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.glob("permalinks*")) == [path]


def test_before_a_run_there_is_nothing_to_lead_to(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "first")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    assert table(trial) == []
