"""The functions behind the commands: what each refuses, what each answers, and what it leaves."""

import stat
from pathlib import Path

import msgspec
import pytest

from adapters.conformance.migration import Crash, assert_sums, tampered
from adapters.memory import adapter
from migrate import runner
from migrate.errors import BlockedError, ChatMigrateError, Interrupted, UsageError
from migrate.findings import Finding
from migrate.model import RECORD_KINDS
from migrate.runner import World
from migrate.store import ProjectLock
from tests.migrate.damage import whole
from tests.migrate.stages.trial import Trial, refusing, small_workspace

WORLD = World(environ={}, workers=1)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one").react("tada", bob)
    general.say(bob, "two")
    return Trial(tmp_path, workspace)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "acme.zip"
    path.write_bytes(whole())
    return path


def test_inspect_leaves_nothing(export: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    summary = runner.inspect([export], WORLD)
    assert set(tmp_path.iterdir()) == before
    assert summary.counts.messages == 12
    assert (summary.counts.threads, summary.counts.replies) == (3, 3)
    assert (summary.range.first, summary.range.last) == ("1700000000.000100", "1700090001.000100")


@pytest.mark.parametrize(
    ("kind", "settings", "code"),
    [
        ("memory", {"target.mode": "dead"}, "config-broken"),
        ("memory", {"target.colour": "red"}, "config-unknown-key"),
        ("memry", {}, "adapter-unknown"),
    ],
)
def test_an_init_that_is_refused_makes_no_project(
    export: Path, tmp_path: Path, kind: str, settings: dict[str, object], code: str
) -> None:
    with pytest.raises(UsageError) as raised:
        runner.init(tmp_path / "p", [export], kind, settings, WORLD)
    assert raised.value.code == code
    assert not (tmp_path / "p" / "migration.toml").exists()
    runner.init(tmp_path / "p", [export], "memory", {}, WORLD)


def test_an_init_over_a_project_touches_nothing(export: Path, tmp_path: Path) -> None:
    runner.init(tmp_path / "p", [export], "memory", {}, WORLD)
    before = {path: path.read_bytes() for path in (tmp_path / "p").rglob("*") if path.is_file()}
    with pytest.raises(UsageError) as raised:
        runner.init(tmp_path / "p", [export], "memory", {}, WORLD)
    assert (raised.value.code, raised.value.exit) == ("project-exists", 2)
    after = {path: path.read_bytes() for path in (tmp_path / "p").rglob("*") if path.is_file()}
    assert after == before


def test_an_init_into_a_file(export: Path) -> None:
    with pytest.raises(UsageError) as raised:
        runner.init(export, [export], "memory", {}, WORLD)
    assert raised.value.code == "not-a-folder"


def test_a_project_is_the_owners_alone(trial: Trial) -> None:
    trial.run()
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (trial.folder, *trial.folder.rglob("*"))
    }
    folders = {"project", "mappings", "parts", "reports", "files"}
    assert {name: oct(mode) for name, mode in modes.items()} == {
        name: oct(0o700 if name in folders else 0o600) for name in modes
    }


@pytest.mark.parametrize("command", [runner.plan, runner.run, runner.verify])
def test_a_locked_project_is_left_alone(trial: Trial, command: object) -> None:
    trial.run()
    assert callable(command)
    with ProjectLock(trial.folder), pytest.raises(UsageError) as raised:
        command(trial.project(), WORLD)
    assert raised.value.code == "project-locked"


def test_status_works_beside_a_run(trial: Trial) -> None:
    trial.plan()
    told: list[runner.StatusSummary] = []

    def look(step: str, subject: str) -> None:
        if step == "seal.called":
            told.append(runner.status(trial.project(), WORLD))

    runner.run(trial.project(), World(environ={}, workers=1, probe=look))
    assert told[0].running
    after = runner.status(trial.project(), WORLD)
    assert not after.running
    assert (after.loaded, after.planned) == (True, True)
    assert after.sent["messages"] == 2
    assert not any(after.open.values())


def test_status_adds_up_at_any_moment(trial: Trial) -> None:
    for _step in range(3):
        status = runner.status(trial.project(), WORLD)
        parts = (status.sent, status.skipped, status.failed, status.open)
        for kind in RECORD_KINDS:
            assert not status.planned or status.found[kind] == sum(each[kind] for each in parts)
        trial.run()


def test_status_of_a_damaged_store_is_no_bug(trial: Trial) -> None:
    (trial.folder / "state.db").write_bytes(b"not a database, not by a long way" * 400)
    with pytest.raises(UsageError) as raised:
        runner.status(trial.project(), WORLD)
    assert raised.value.code == "store-damaged"


def test_verify_before_any_run(trial: Trial) -> None:
    trial.plan()
    with pytest.raises(UsageError) as raised:
        trial.verify()
    assert raised.value.code == "nothing-sent"


def test_a_stop_is_an_interruption_that_can_be_continued(trial: Trial) -> None:
    trial.plan()
    calls = [0]

    def stopped() -> bool:
        calls[0] += 1
        return calls[0] > 8

    with pytest.raises(Interrupted) as raised:
        runner.run(trial.project(), World(environ={}, workers=1, stopped=stopped))
    assert raised.value.exit == 130
    summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert len(trial.holding().posts) == 2


def test_exit_codes_of_a_run(trial: Trial) -> None:
    with refusing("send", "memory-too-long", lambda act: act.index == 0):
        assert trial.run().exit == 1
    assert trial.run().exit == 0


def test_a_target_that_takes_less_than_planned(trial: Trial) -> None:
    trial.plan()

    def narrow(session: object) -> None:
        session.caps = msgspec.structs.replace(session.caps, piece_limit=5)  # type: ignore[attr-defined]  # a session

    with tampered(adapter, narrow), pytest.raises(BlockedError) as raised:
        trial.resume()
    assert raised.value.code == "target-narrower"
    assert not trial.holding().posts


def test_a_target_that_is_slower_than_planned(trial: Trial) -> None:
    """How many calls it takes in a minute decides how long a run is, not what can be sent."""
    trial.plan()

    def slow(session: object) -> None:
        session.caps = msgspec.structs.replace(session.caps, calls_a_minute=7)  # type: ignore[attr-defined]  # a session

    with tampered(adapter, slow):
        assert not any(trial.resume().failed.values())


def test_a_project_belongs_to_one_target(trial: Trial) -> None:
    trial.run()
    other = trial.project(target__path="elsewhere.jsonl")
    runner.plan(other, WORLD)
    with pytest.raises(BlockedError) as raised:
        runner.run(other, WORLD)
    assert raised.value.code == "target-other"
    assert not (trial.folder / "elsewhere.jsonl").exists()


def test_a_blocker_of_the_check_stops_the_run(trial: Trial) -> None:
    def block(session: object) -> None:
        async def check() -> list[Finding]:
            return [Finding(code="target-other")]

        session.check = check  # type: ignore[attr-defined]  # a session

    with tampered(adapter, block):
        plan = runner.plan(trial.project(), WORLD, check=True)
    assert plan.exit == 4
    with pytest.raises(BlockedError):
        trial.resume()
    assert runner.plan(trial.project(), WORLD, check=True).exit == 0
    assert_sums(trial.resume())


def test_a_crash_is_no_answer(trial: Trial) -> None:
    """Nothing below the command line swallows what it does not know."""
    trial.plan()

    def crash(step: str, subject: str) -> None:
        raise Crash

    with pytest.raises(Crash):
        trial.resume(crash)
    assert not ProjectLock.is_held(trial.folder)


def test_an_export_that_is_gone(trial: Trial) -> None:
    trial.plan()
    for path in trial._exports:
        path.rename(path.with_name("elsewhere"))
    with pytest.raises(ChatMigrateError) as raised:
        trial.resume()
    assert raised.value.exit == 2
    assert raised.value.advice
