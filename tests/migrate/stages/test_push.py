"""The live push where something goes wrong besides the one act: whoever waits is told, nothing goes
twice, and what is known is noted."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.conformance.migration import Crash, assert_sums, assert_whole, tampered
from adapters.memory import adapter
from migrate import runner
from migrate.errors import Interrupted
from migrate.runner import RunSummary, World
from migrate.store import State
from tests.migrate.stages.trial import Trial, refusing, small_workspace


def crash_at(step: str, nth: int = 1) -> Callable[[str, str], None]:
    left = [nth]

    def probe(told: str, subject: str) -> None:
        left[0] -= told == step
        if told == step and left[0] == 0:
            raise Crash

    return probe


def test_a_conversation_that_cannot_be_opened_again(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.record["is_archived"] = True
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace)
    trial.run()
    general.say(bob, "two")
    trial.export_again(workspace)
    with refusing("reopen", "memory-unknown-conversation"):
        summary = trial.run()
    assert_sums(summary)
    assert summary.failed["messages"] == 1
    assert_sums(trial.run())
    assert_whole(trial, workspace)


def test_what_was_under_way_is_not_sent_again_before_it_was_asked_for(tmp_path: Path) -> None:
    """The target has the message, nobody noted it, and then the target cannot be asked."""
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    with pytest.raises(Crash):
        trial.resume(crash_at("message.called"))
    with refusing("find", "memory-unknown-conversation"):
        summary = trial.resume()
    assert_sums(summary)
    assert summary.failed["messages"] == 2
    assert "memory-unknown-conversation" in {told.code for told in summary.reasons}
    assert trial.ops("kind = 5")[0].state == State.SENDING
    assert_sums(trial.resume())
    assert_whole(trial, workspace)


def test_what_was_under_way_in_a_conversation_that_fails(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    with pytest.raises(Crash):
        trial.resume(crash_at("message.called"))
    with trial.store() as store:
        # As after a copy of state.db from before the conversation was noted.
        store.db.execute("UPDATE op SET state = 0, ref = '' WHERE kind = 2")
    with refusing("ensure_conversation", "memory-open-already"):
        summary = trial.resume()
    assert_sums(summary)
    assert {"conversation-failed", "memory-open-already"} <= {t.code for t in summary.reasons}
    trial.resume()
    assert_whole(trial, workspace)


def test_more_pieces_than_planned_fail_one_message_and_no_other(tmp_path: Path) -> None:
    """Another conversation waits for the message: it must not wait for ever."""
    workspace, general, ann, _ = small_workspace()
    long = general.say(ann, "word " * 90)
    other = workspace.channel("other", ann)
    url = f"https://acme.slack.com/archives/{general.id}/p{long.ts.replace('.', '')}"
    for n in range(40):
        other.say(ann, f"see <{url}> {n}")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    with trial.store() as store:
        store.db.execute("DELETE FROM op WHERE piece > 0")

    ended: list[RunSummary] = []
    _within(20, lambda: ended.append(trial.resume()))
    assert ended[0].failed["messages"] == 1
    assert "pieces-unplanned" in {told.code for told in ended[0].reasons}
    assert_sums(ended[0])
    trial.plan()
    again = trial.resume()
    assert again.sent["messages"] == 1 and not any(again.failed.values())
    assert not any(trial.verify().missing.values())


def _within(seconds: float, run: Callable[[], None]) -> None:
    """A hang would be a wait for ever: end it as a failure."""

    async def bounded(main: Any) -> Any:
        return await asyncio.wait_for(main, seconds)

    real = asyncio.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("migrate.runner.asyncio.run", lambda main: real(bounded(main)))
        run()


def test_a_lane_that_was_begun_for_a_link_ends_in_good_order(tmp_path: Path) -> None:
    """Interrupted while its call is under way: the answer is noted before the run ends."""
    workspace, general, ann, _ = small_workspace()
    wanted = general.say(ann, "wanted")
    other = workspace.channel("other", ann)
    url = f"https://acme.slack.com/archives/{general.id}/p{wanted.ts.replace('.', '')}"
    for n in range(5):
        other.say(ann, f"see <{url}> {n}")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    asked = [False]

    def slow(session: Any) -> None:
        session.caps = msgspec.structs.replace(session.caps, lanes=1)
        send = session.send

        async def slowly(sending: Any) -> str:
            ref: str = await send(sending)
            asked[0] = True
            await asyncio.sleep(0.6)
            return ref

        session.send = slowly

    world = World(environ={}, workers=1, stopped=lambda: asked[0])
    with tampered(adapter, slow), pytest.raises(Interrupted):
        runner.run(trial.project(), world)
    sent = trial.holding().posts
    assert [post.text for post in sent] == ["wanted"]
    assert [op.ref for op in trial.ops("kind = 5 AND state = 2")] == [sent[0].ref]
    trial.resume()
    assert len(trial.holding().posts) == 6
    assert trial.verify().exit == 0


def test_messages_that_link_to_each_other_over_conversations(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    places = [general, *(workspace.channel(f"c{n}", ann, bob) for n in range(6))]
    last = general.say(ann, "start")
    for n in range(60):
        url = f"https://acme.slack.com/archives/{last.place.id}/p{last.ts.replace('.', '')}"
        last = places[(n * 5) % 7].say(ann, f"after <{url}> {n}")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    _within(60, lambda: assert_sums(trial.resume()))
    assert len(trial.holding().posts) == 61
    assert trial.verify().exit == 0
