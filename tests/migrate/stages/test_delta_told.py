"""What a plan tells of a newer export before it is sent: what will stand out of order, which way
the news take, and how long a server's bound makes it."""

from pathlib import Path

import msgspec
import pytest

from adapters.conformance.migration import Crash
from adapters.conformance.workspace import Workspace
from migrate.runner import PlanSummary
from migrate.stages.estimate import Estimate, estimate
from tests.migrate.stages.test_push import crash_at
from tests.migrate.stages.trial import Trial, small_workspace


def loss(plan: PlanSummary, code: str) -> tuple[int, str] | None:
    told = {each.code: (each.count, each.example) for each in plan.losses}
    return told.get(code)


def left_out(folder: Path, workspace: Workspace, person: str, keeps_ids: bool) -> Trial:
    """A project that has sent everything but what this person said."""
    trial = Trial(folder, workspace, "live", {"target.keeps_ids": keeps_ids})
    trial.map("users.csv", person, action="skip")
    trial.run()
    trial.map("users.csv", person, action="ghost")
    return trial


@pytest.mark.parametrize(("keeps_ids", "count"), [(False, 2), (True, 0)])
def test_messages_that_come_behind_later_ones_are_told(
    tmp_path: Path, keeps_ids: bool, count: int
) -> None:
    """Where the target's order is that of their coming; by the conversation they come into."""
    workspace, general, ann, bob = small_workspace()
    early = general.say(bob, "before")
    general.say(bob, "before too")
    general.say(ann, "in between")
    general.say(bob, "after")
    workspace.channel("other", bob).say(bob, "alone")
    trial = left_out(tmp_path, workspace, bob, keeps_ids)
    told = loss(trial.plan(), "late-order")
    assert told == ((count, f"{general.id} {early.ts}") if count else None)


def test_a_longer_message_is_late_once(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(bob, "long " * 100)
    general.say(ann, "after it")
    told = loss(left_out(tmp_path, workspace, bob, False).plan(), "late-order")
    assert told is not None
    assert told[0] == 1


def test_an_archive_that_is_made_anew_is_told(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "archive")

    def told() -> bool:
        return "delta-rewritten" in {each.code for each in trial.plan().findings}

    assert not told()
    trial.resume()
    assert not told()
    general.say(ann, "two")
    trial.export_again(workspace)
    assert told()
    trial.resume()
    assert not told()


def test_archives_that_follow_each_other_are_not_made_anew(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    general.say(ann, "two")
    trial.export_again(workspace)
    codes = {each.code for each in trial.plan().findings}
    assert not codes & {"delta-rewritten", "delta-sent"}


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (0, Estimate(seconds=3, server_seconds=3)),
        (200, Estimate(seconds=33, server_seconds=33, calls_a_minute=200)),
        # A server that is faster than we are is no bound.
        (6_000, Estimate(seconds=3, server_seconds=3)),
    ],
)
def test_the_servers_bound_on_calls_is_reckoned_with(
    tmp_path: Path, bound: int, expected: Estimate
) -> None:
    workspace, general, ann, _ = small_workspace()
    for _ in range(100):
        general.say(ann, "one")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    caps = msgspec.structs.replace(trial.caps, calls_a_minute=bound)
    with trial.store() as store:
        assert estimate(store, caps) == expected


def test_what_is_never_sent_again_comes_neither_late_nor_at_all(tmp_path: Path) -> None:
    """A direct message that may have arrived stays as it is, whatever comes behind it."""
    workspace, _, ann, bob = small_workspace()
    direct = workspace.dm(ann, bob)
    direct.say(ann, "perhaps")
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    with pytest.raises(Crash):
        trial.resume(crash_at("message.called"))
    trial.resume()
    assert trial.plan().estimate.seconds == 0
    direct.say(bob, "certainly")
    trial.export_again(workspace)
    trial.run()
    assert [op.code for op in trial.ops("kind = 5 ORDER BY ts")] == ["unsure", ""]
    again = trial.plan()
    assert loss(again, "late-order") is None
    assert again.estimate.seconds == 0
