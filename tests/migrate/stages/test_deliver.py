"""An archive on its way to a server: once, whatever stops it; then those let in of whom no archive
may speak; and the tables for people."""

import csv
from pathlib import Path

import pytest

from adapters.conformance.interruption import CrashAfter, CrashAt
from adapters.conformance.migration import Crash, assert_sums, assert_verified
from adapters.conformance.workspace import Workspace
from migrate.errors import Interrupted
from tests.migrate.stages.served import Json, Server
from tests.migrate.stages.trial import Trial, small_workspace


def state(trial: Trial) -> Json:
    return Server(trial.folder).state


def delta(folder: Path) -> tuple[Trial, Workspace, str, str]:
    """A project whose first archive is at the server, and a newer export: somebody entered."""
    workspace, general, ann, bob = small_workspace()
    general.say(bob, "one")
    secret = workspace.channel("secret", ann, private=True)
    secret.say(ann, "two")
    trial = Trial(folder, workspace, "served")
    trial.run()
    secret.record["members"] = [ann, bob]
    secret.say(bob, "three")
    trial.export_again(workspace)
    return trial, workspace, ann, bob


def test_an_archive_is_delivered_once(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "served")
    trial.run()
    assert (len(state(trial)["uploads"]), len(state(trial)["jobs"])) == (1, 1)
    (trial.folder / "memory.zip").rename(trial.folder / "moved.zip")
    trial.run()
    assert (len(state(trial)["uploads"]), len(state(trial)["jobs"])) == (1, 1)


@pytest.mark.parametrize("step", ["archive.joined", "delivery.noted", "archive.delivered"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_crash_on_the_way_makes_no_second_job(tmp_path: Path, step: str, nth: int) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "served")
    trial.plan()
    crashed = False
    try:
        trial.resume(CrashAt(step, nth))
    except Crash:
        crashed = True
    assert crashed or (nth == 2 and step != "delivery.noted")
    assert_sums(trial.resume())
    assert (len(state(trial)["uploads"]), len(state(trial)["jobs"])) == (1, 1)
    assert_verified(trial)


def test_a_delivery_under_way_can_be_left(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "served")
    trial.plan()
    begun: list[str] = []

    def watch(step: str, subject: str) -> None:
        if step == "delivery.noted":
            begun.append(subject)

    with pytest.raises(Interrupted):
        trial.resume(watch, stopped=lambda: bool(begun))
    assert_sums(trial.resume())
    assert (len(state(trial)["uploads"]), len(state(trial)["jobs"])) == (1, 1)
    assert_verified(trial)


def test_a_delta_that_crashes_again_and_again(tmp_path: Path) -> None:
    trial, _, _, _ = delta(tmp_path)
    trial.plan()
    for steps in range(1, 200):
        try:
            trial.resume(CrashAfter(steps))
        except Crash:
            continue
        break
    assert 3 < steps < 100
    assert len(state(trial)["jobs"]) == 2
    assert ["secret", "bob"] in state(trial)["entries"]
    assert_verified(trial)


def test_who_enters_later_is_let_in_by_the_server(tmp_path: Path) -> None:
    trial, _, _, _ = delta(tmp_path)
    plan = trial.plan()
    assert "member-late" not in {loss.code for loss in plan.losses}
    assert_sums(trial.resume())
    assert state(trial)["entries"] == [["secret", "bob"]]
    trial.run()
    assert state(trial)["entries"] == [["secret", "bob"]]


def test_who_is_refused_is_told_of_and_tried_again(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    out = workspace.person("shut-out")
    general.say(ann, "one")
    general.say(out, "two")
    trial = Trial(tmp_path, workspace, "served")
    trial.run()
    secret = workspace.channel("secret", ann, out)
    secret.say(ann, "three")
    trial.export_again(workspace)
    for _ in range(2):
        summary = trial.run()
        assert [(told.code, told.count) for told in summary.reasons] == [("memory-not-invited", 1)]
        assert_sums(summary)
    assert ["secret", "ann"] in state(trial)["entries"]


def test_old_links_lead_to_the_server_once_it_is_read(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    said = general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "served")
    trial.run()
    table = trial.folder / "reports" / "permalinks.csv"
    assert not table.exists()
    assert trial.verify().against == "server"
    with table.open() as file:
        _, row = csv.reader(file)
    old = f"/archives/{general.id}/p{said.ts.replace('.', '')}"
    assert row == [old, f"https://chat.example.org/general/{general.id}/{said.ts}/0"]


def test_everybody_has_a_line_that_says_how_to_sign_in(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann", email="ann@example.org"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    twin, gone = workspace.person("twin"), workspace.person("gone")
    for person in (ann, bob, twin):
        general.say(person, "hello")
    trial = Trial(tmp_path, workspace, "served")
    Server(trial.folder).add("accounts", {"name": "robert", "ref": "id-robert"})
    trial.map("users.csv", bob, action="map", target="robert")
    trial.map("users.csv", twin, action="merge", target=ann)
    trial.map("users.csv", gone, action="skip")
    trial.run()
    path = trial.folder / "reports" / "accounts.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open() as file:
        rows = {row["slack_id"]: row for row in csv.DictReader(file)}
    shown = {id: (row["action"], row["account"], row["sign_in"]) for id, row in rows.items()}
    assert shown.pop("USLACKBOT")[0] == "ghost"
    assert shown == {
        ann: ("create", "ann", "with a new password"),
        bob: ("map", "robert", "as before"),
        twin: ("merge", "ann", ""),
        gone: ("skip", "", ""),
    }
