"""What is asked of a live target before a call is repeated, and of which messages."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import (
    Crash,
    assert_settled,
    assert_sums,
    assert_whole,
    tampered,
)
from adapters.memory import adapter
from migrate.errors import Interrupted, Retry, Skip
from migrate.spi import Sending
from migrate.stages.engine import NAP, Caller
from migrate.stages.journal import Journal
from migrate.stages.world import World
from migrate.store import State, open_store
from tests.migrate.stages.test_push import crash_at
from tests.migrate.stages.trial import Trial, refusing, small_workspace


def called(folder: Path, verdicts: list[Exception], world: World | None = None) -> list[str]:
    """What happens, in order, where the tries of one call end with these verdicts and then well."""
    told: list[str] = []
    left = list(verdicts)

    async def act() -> str:
        told.append("call")
        if left:
            raise left.pop(0)
        return "ref"

    async def taken() -> str | None:
        told.append("ask")
        return None

    async def nap(seconds: float) -> None:
        told.append(f"wait {seconds:g}")

    async def main() -> None:
        store = open_store(folder / "state.db")
        journal = Journal(store, 1, lambda step, subject: None)
        caller = Caller(1, world or World(environ={}, sleep=nap), journal)
        assert await caller.call(act, taken) == "ref"

    asyncio.run(main())
    return [each for each in told if not each.startswith("wait")]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([], ["call"]),
        ([Retry("busy", refused=True)], ["call", "call"]),
        ([Retry("lost")], ["call", "ask", "call"]),
        ([Retry("lost"), Retry("busy", refused=True)], ["call", "ask", "call", "call"]),
        ([Retry("busy", refused=True), Retry("lost")], ["call", "call", "ask", "call"]),
    ],
)
def test_what_was_refused_is_asked_for_by_nobody(
    tmp_path: Path, verdicts: list[Exception], told: list[str]
) -> None:
    assert called(tmp_path, verdicts) == told


def test_an_asking_that_is_refused_leaves_the_doubt(tmp_path: Path) -> None:
    told: list[str] = []
    asked = [Retry("busy", refused=True)]
    lost = [Retry("lost")]

    async def act() -> str:
        told.append("call")
        if lost:
            raise lost.pop()
        return "second"

    async def taken() -> str | None:
        told.append("ask")
        if asked:
            raise asked.pop()
        return "first"

    async def nap(seconds: float) -> None: ...

    async def main() -> str:
        store = open_store(tmp_path / "state.db")
        journal = Journal(store, 1, lambda step, subject: None)
        return await Caller(1, World(environ={}, sleep=nap), journal).call(act, taken)

    assert asyncio.run(main()) == "first"
    assert told == ["call", "ask", "ask"]


def test_a_long_wait_ends_when_it_is_time_to_end(tmp_path: Path) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    world = World(environ={}, sleep=nap, stopped=lambda: len(naps) == 3)
    with pytest.raises(Interrupted):
        called(tmp_path, [Retry("busy", after=3_600.0, refused=True)], world)
    assert naps == [NAP] * 3


def test_messages_that_are_alike_are_each_known(tmp_path: Path) -> None:
    """The same words by the same person in the same second, the second of them under way when the
    run ends: the first one there is not it."""
    workspace, general, ann, _ = small_workspace()
    for _ in range(3):
        general.say(ann, "the same", after=0.001)
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    for step in ("message.called", "message.called"):
        with pytest.raises(Crash):
            trial.resume(crash_at(step, 2))
    assert len(trial.holding().posts) == 3
    summary = trial.resume()
    assert not any(summary.failed.values())
    refs = [op.ref for op in trial.ops("kind = 5 ORDER BY ts")]
    assert refs == [post.ref for post in trial.holding().posts]
    assert len(set(refs)) == 3


def test_only_other_messages_of_the_lane_are_known(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    other = workspace.channel("other", ann)
    first = general.say(ann, "first")
    other.say(ann, "elsewhere")
    general.say(ann, "second")
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    known: list[list[bool]] = []

    def watch(session: Any) -> None:
        recognize = session.recognize

        async def watched(sending: Sending, is_known: Callable[[str], bool]) -> str | None:
            posts = {post.text: post.ref for post in trial.holding().posts}
            known.append([is_known(posts[t]) for t in ("first", "elsewhere", "second")])
            ref: str | None = await recognize(sending, is_known)
            return ref

        session.recognize = watched

    with pytest.raises(Crash):
        trial.resume(crash_at("message.called", 3))
    with tampered(adapter, watch):
        trial.resume()
    assert known == [[True, False, False]]
    assert_whole(trial, workspace)
    assert first.text == "first"


def test_what_was_under_way_is_asked_for_with_the_same_sending(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root")
    general.say(bob, f"reply to <@{ann}>", root=root)
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    sent: list[Sending] = []
    asked: list[Sending] = []

    def watch(session: Any) -> None:
        send, recognize = session.send, session.recognize

        async def sending_it(sending: Sending) -> str:
            sent.append(sending)
            ref: str = await send(sending)
            return ref

        async def asking(sending: Sending, is_known: Any) -> str | None:
            asked.append(sending)
            ref: str | None = await recognize(sending, is_known)
            return ref

        session.send, session.recognize = sending_it, asking

    with tampered(adapter, watch):
        with pytest.raises(Crash):
            trial.resume(crash_at("message.called", 2))
        trial.resume()
    assert asked == [sent[1]]
    assert asked[0].root == trial.holding().posts[0].ref


def test_a_refusal_to_look_is_no_answer(tmp_path: Path) -> None:
    """A look that fails for another reason leaves the message under way: the next run asks."""
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    general.say(ann, "two")
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    with pytest.raises(Crash):
        trial.resume(crash_at("message.called"))
    with refusing("recognize", "memory-unknown-conversation"):
        summary = trial.resume()
    assert_sums(summary)
    assert summary.failed["messages"] == 1
    first = trial.ops("kind = 5 ORDER BY ts")[0]
    assert (first.state, first.code) == (State.SENDING, "memory-unknown-conversation")
    assert not any(trial.run().failed.values())
    assert_whole(trial, workspace)


def test_reactions_under_way_are_done_again(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "hooray").react("tada", ann, bob).react("+1", bob)
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    for step in ("reaction.called", "reaction.intended"):
        with pytest.raises(Crash):
            trial.resume(crash_at(step))
    assert_settled(trial, workspace, trial.resume())
    assert len(trial.holding().marks) == 3
    assert trial.verify().checked["reactions"] == 3


def test_a_session_that_can_tell_nothing_sends_nothing_twice(tmp_path: Path) -> None:
    """No `Finder`, no `Recognizer`: what may have arrived is in doubt, a channel's messages too."""
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "live")
    trial.plan()

    def bare(session: Any) -> None:
        kind = type(session)
        powers = {name: getattr(kind, name) for name in dir(kind) if name in _LIVE}
        session.__class__ = type("Bare", (), powers)
        send = session.send

        async def lost(sending: Any) -> str:
            await send(sending)
            raise Retry("lost")

        session.send = lost

    with tampered(adapter, bare):
        summary = trial.resume()
    assert (summary.failed["messages"], len(trial.holding().posts)) == (1, 1)
    assert {told.code for told in summary.reasons} == {"unsure"}
    assert not any(trial.run().sent.values())
    assert len(trial.holding().posts) == 1


_LIVE = {
    "check", "close", "ensure_account", "ensure_conversation", "ensure_member", "put_file",
    "reopen", "seal", "send", "_answer", "_next_ref", "_room", "_submit",
}  # fmt: skip


def test_unsure_file_behind_its_message(tmp_path: Path) -> None:
    """What brings a file late into direct talk is a message like any other: never twice."""
    workspace, _, ann, bob = small_workspace()
    file = workspace.file(ann, "late.bin", b"late")
    workspace.dm(ann, bob).say(ann, "see there").attach(file)
    trial = Trial(tmp_path, workspace, "forgetful", {"files.missing": "link"})
    trial.run()
    trial.fetch(file)
    trial.plan()
    with pytest.raises(Crash):
        trial.resume(crash_at("message.called"))
    for _ in range(3):
        trial.run()
        bringing = [post for post in trial.holding().posts if post.files]
        assert len(bringing) == 1
    assert {op.code for op in trial.ops("kind = 5 AND item != ''")} == {"unsure"}


def test_skip_of_a_call_is_an_answer(tmp_path: Path) -> None:
    """A message that the target refused after a lost answer has failed, and is tried again."""
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.plan()
    verdicts: list[Exception] = [Retry("lost"), Skip("memory-closed")]

    def change(session: Any) -> None:
        send = session.send

        async def sending_it(sending: Any) -> str:
            if verdicts:
                raise verdicts.pop(0)
            ref: str = await send(sending)
            return ref

        session.send = sending_it

    with tampered(adapter, change):
        summary = trial.resume()
    assert summary.failed["messages"] == 1
    (op,) = trial.ops("kind = 5")
    assert (op.state, op.code) == (State.FAILED, "memory-closed")
    assert_settled(trial, workspace, trial.run())
    assert_whole(trial, workspace)


@pytest.mark.parametrize("kind", ["message", "reaction"])
def test_what_was_found_stays_found_when_the_run_ends_before_its_turn(
    tmp_path: Path, kind: str
) -> None:
    """The target has it since the first run; the second asks, and is ended right before it would
    note it; the third asks again."""
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one").react("tada", bob)
    trial = Trial(tmp_path, workspace)
    trial.plan()
    with pytest.raises(Crash):
        trial.resume(crash_at(f"{kind}.called"))
    begun: list[str] = []

    def watch(step: str, subject: str) -> None:
        begun.extend([step] if step == f"{kind}.intended" else [])

    with pytest.raises(Interrupted):
        trial.resume(watch, stopped=lambda: bool(begun))
    trial.resume()
    assert_whole(trial, workspace)
