"""The digest that tells one plan from another, and nothing written before it was shown."""

import shutil
from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums
from migrate import runner
from migrate.errors import BlockedError, ChatMigrateError
from migrate.runner import World
from migrate.store import open_store
from tests.migrate.stages.trial import Trial, small_workspace

WORLD = World(environ={}, workers=1)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "one").react("tada", bob)
    general.say(bob, "two", root=root)
    return Trial(tmp_path, workspace)


def test_a_run_before_any_plan_writes_nothing(trial: Trial) -> None:
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert (raised.value.code, raised.value.exit) == ("plan-not-shown", 4)
    assert not (trial.folder / "memory.jsonl").exists()


def test_the_same_plan_has_the_same_digest(trial: Trial) -> None:
    first = trial.plan().digest
    trial.resume()
    assert trial.plan().digest == first, "never over states"


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"source__notices": "keep"}, "migration.toml"),
        ({"source__until": "2030-01-01"}, "migration.toml"),
        ({"files__missing": "link"}, "migration.toml"),
        ({"target__path": "other.jsonl"}, "migration.toml"),
        ({"target__piece_limit": 100}, "migration.toml, what the target takes"),
    ],
)
def test_a_changed_configuration_is_named(
    trial: Trial, overrides: dict[str, object], named: str
) -> None:
    trial.plan()
    with pytest.raises(BlockedError) as raised:
        runner.run(trial.project(**overrides), WORLD)
    assert raised.value.code == "plan-changed"
    assert f": {named} differ." in raised.value.message
    assert not trial.holding().posts


@pytest.mark.parametrize("sheet", ["users.csv", "channels.csv"])
def test_a_changed_mapping_file_is_named(trial: Trial, sheet: str) -> None:
    before = trial.plan().digest
    id = "U00000002" if sheet == "users.csv" else "C00000001"
    trial.map(sheet, id, action="skip")
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert ": the mapping files differ." in raised.value.message
    assert not trial.holding().posts
    assert trial.plan().digest != before
    assert_sums(trial.resume())


def test_what_fetch_alone_uses_is_no_part_of_a_plan(trial: Trial) -> None:
    trial.plan()
    summary = runner.run(trial.project(slack__token_env="OTHER"), WORLD)
    assert summary.sent["messages"] == 2


def test_a_run_may_be_held_to_a_digest(trial: Trial) -> None:
    digest = trial.plan().digest
    with pytest.raises(BlockedError) as raised:
        runner.run(trial.project(), WORLD, digest="0123456789abcdef")
    assert raised.value.code == "plan-other"
    assert not trial.holding().posts
    assert runner.run(trial.project(), WORLD, digest=digest).sent["messages"] == 2


def test_a_plan_that_failed_halfway_is_none(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    trial.plan()

    def fail(*some: object) -> None:
        raise ChatMigrateError("records-unaccounted", "1 and 2.", "Report it.")

    trial.map("channels.csv", "C00000001", target="lobby")
    with monkeypatch.context() as patch:
        patch.setattr("migrate.stages.facts.check_sums", fail)
        with pytest.raises(ChatMigrateError):
            trial.plan()
    with pytest.raises(BlockedError):
        trial.resume()
    trial.plan()
    assert_sums(trial.resume())


def test_a_plan_touches_no_target(trial: Trial) -> None:
    before = {path.name for path in trial.folder.iterdir()}
    trial.plan()
    assert {path.name for path in trial.folder.iterdir()} - before <= {
        "reports",
        "state.db-wal",
        "state.db-shm",
    }


def test_a_plan_shows_what_the_run_does(trial: Trial) -> None:
    plan = trial.plan()
    assert plan.counts["messages"] == {"send": 2, "change": 0, "already": 0, "skip": 0}
    assert (plan.counts["pieces"], plan.counts["reactions"]) == (2, 1)
    summary = trial.resume()
    assert (summary.sent["messages"], summary.sent["reactions"]) == (2, 1)
    again = trial.plan()
    assert again.counts["messages"] == {"send": 0, "change": 0, "already": 2, "skip": 0}
    assert again.estimate.seconds == 0


def test_a_copy_of_the_file_alone_is_whole_after_every_stage(trial: Trial, tmp_path: Path) -> None:
    def copied(query: str) -> int:
        copy = shutil.copy(trial.folder / "state.db", tmp_path / "copy.db")
        store = open_store(Path(copy))
        (count,) = store.db.execute(query).fetchone()
        store.close()
        for path in tmp_path.glob("copy.db*"):
            path.unlink()
        return int(count)

    # Somebody who reads keeps the log from being folded in when the writer closes the file.
    reader = open_store(trial.folder / "state.db", read_only=True)
    assert reader.meta("loaded")
    assert copied("SELECT count(*) FROM message") == 2
    trial.plan()
    assert reader.meta("planned")
    assert copied("SELECT count(*) FROM op WHERE kind = 5") == 2
    trial.resume()
    assert reader.meta("runs") == "1"
    assert copied("SELECT count(*) FROM op WHERE kind = 5 AND state = 2") == 2
    reader.close()
