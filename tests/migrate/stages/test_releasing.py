"""Accounts of which a live target holds something back until everything was sent."""

from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import Crash, assert_sums, assert_whole, tampered
from adapters.memory import adapter
from migrate.errors import Fatal, Skip
from tests.migrate.stages.test_push import crash_at
from tests.migrate.stages.trial import Trial, refusing, small_workspace


def released(trial: Trial, **more: Any) -> list[str]:
    """A run; who was released in it, in the order of their names, after what was sent."""
    told: list[str] = []

    def watch(session: Any) -> None:
        release, send = session.release, session.send

        async def releasing(account: Any) -> None:
            await release(account)
            told.append(account.placement.name)

        async def sending(act: Any) -> str:
            ref: str = await send(act)
            assert not told, "nobody is released before the last message"
            return ref

        session.release, session.send = releasing, sending

    with tampered(adapter, watch):
        trial.plan()
        trial.resume(**more)
    return sorted(told)


EVERYBODY = ["ann", "bob", "slackbot"]


def begun(folder: Path) -> Trial:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    return Trial(folder, workspace, "forgetful")


def test_everybody_is_released_once_all_is_sent(tmp_path: Path) -> None:
    trial = begun(tmp_path)
    assert released(trial) == EVERYBODY
    assert not trial.holding().held_back


def test_a_run_that_sends_nothing_releases_nobody(tmp_path: Path) -> None:
    trial = begun(tmp_path)
    released(trial)
    assert released(trial) == []


def test_a_delta_releases_everybody_again(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace, "forgetful")
    released(trial)
    general.say(ann, "again")
    trial.export_again(workspace)
    assert released(trial) == EVERYBODY


@pytest.mark.parametrize("nth", [1, 2])
def test_a_crash_while_releasing(tmp_path: Path, nth: int) -> None:
    trial = begun(tmp_path)
    with pytest.raises(Crash):
        released(trial, probe=crash_at("account.released", nth))
    assert released(trial) == EVERYBODY
    assert not trial.holding().held_back
    assert released(trial) == []


def test_a_run_that_ends_early_releases_nobody(tmp_path: Path) -> None:
    trial = begun(tmp_path)

    def fail(session: Any) -> None:
        async def failing(act: Any) -> str:
            raise Fatal("down", "The target is down.")

        session.send = failing

    with tampered(adapter, fail), pytest.raises(Fatal):
        trial.run()
    assert len(trial.holding().held_back) == len(EVERYBODY)
    assert released(trial) == EVERYBODY


def test_an_account_that_cannot_be_released(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace, "forgetful")
    with refusing("release", "memory-no-key", lambda account: account.person.id == ann):
        summary = trial.run()
    assert_sums(summary)
    assert {told.code: told.count for told in summary.reasons} == {"memory-no-key": 1}
    assert trial.holding().held_back == {ann}
    again = trial.run()
    assert not again.reasons
    assert_whole(trial, workspace)


def test_other_targets_are_left_alone(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace, "live")
    trial.run()
    with trial.store() as store:
        assert store.meta("accounts_held") == ""


@pytest.mark.parametrize("crash", [False, True])
def test_the_target_as_a_whole_comes_last(tmp_path: Path, crash: bool) -> None:
    trial = begun(tmp_path)
    told: list[str] = []

    def watch(session: Any) -> None:
        release = session.release

        async def releasing(account: Any) -> None:
            await release(account)
            told.append("account")

        async def releasing_all() -> None:
            told.append("all")

        session.release, session.release_all = releasing, releasing_all

    trial.plan()
    with tampered(adapter, watch):
        if crash:
            with pytest.raises(Crash):
                trial.resume(crash_at("account.released", 2))
            assert "all" not in told
            told.clear()
        trial.resume()
        assert told == ["account"] * len(EVERYBODY) + ["all"]
        trial.resume()
    assert told.count("all") == 1


def test_a_target_that_cannot_be_given_back_as_a_whole(tmp_path: Path) -> None:
    """The accounts are; what is left is told, and tried again by a run with nothing to send."""
    trial = begun(tmp_path)
    told: list[str] = []
    refusals = [Skip("memory-no-key"), Skip("memory-no-key")]

    def watch(session: Any) -> None:
        release = session.release

        async def releasing(account: Any) -> None:
            await release(account)
            told.append("account")

        async def releasing_all() -> None:
            told.append("all")
            if refusals:
                raise refusals.pop()

        session.release, session.release_all = releasing, releasing_all

    trial.plan()
    with tampered(adapter, watch):
        summary = trial.resume()
        assert_sums(summary)
        assert [(each.code, each.count) for each in summary.reasons] == [("memory-no-key", 1)]
        assert len(trial.resume().reasons) == 1
        assert not trial.resume().reasons
        trial.resume()
    assert told == [*["account"] * len(EVERYBODY), "all", "all", "all"]
