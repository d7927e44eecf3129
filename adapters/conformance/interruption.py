"""Everything that stops a run halfway: a crash at every step, and the three verdicts."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import (
    Crash,
    Migration,
    assert_settled,
    assert_sums,
    assert_verified,
    assert_whole,
    live_migration,
    tampered,
)
from adapters.conformance.repetition import everyday_workspace
from adapters.conformance.target import Target
from migrate.errors import Fatal, Interrupted, Retry, Skip
from migrate.runner import STEPS
from migrate.spi import Releaser, Session

Send = Callable[[Any], Awaitable[str]]

_LIVE_KINDS = {"account", "conversation", "member", "message", "seal"}


class CrashAt:
    """A probe that ends the process at the n-th time that a step is taken."""

    def __init__(self, step: str, nth: int) -> None:
        self._step = step
        self._left = nth

    def __call__(self, step: str, subject: str) -> None:
        self._left -= step == self._step
        if self._left == 0 and step == self._step:
            raise Crash


class CrashAfter:
    """A probe that ends the process at the n-th step, whichever it is."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def __call__(self, step: str, subject: str) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash


class Interruption:
    @pytest.mark.parametrize("step", STEPS)
    def test_crash_at_every_step(self, target: Target, tmp_path: Path, step: str) -> None:
        """Once at the step's first time, once when the resumed run takes it for the third."""
        workspace, _, _ = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        migration.plan()
        crashes = 0
        sessions: list[Any] = []
        for nth in (1, 3):
            try:
                with tampered(target.adapter, sessions.append):
                    migration.resume(CrashAt(step, nth))
            except Crash:
                crashes += 1
        summary = migration.resume()
        taken = _steps_of(sessions[0], reacts="reacting" not in target.lacks)
        assert crashes or step not in taken
        holding = assert_whole(migration, workspace)
        assert len(holding.marks) == migration.kept_reactions(4, under_replies=1)
        assert_settled(migration, workspace, summary)
        assert_sums(summary)
        assert_verified(migration)

    def test_crash_again_and_again(self, target: Target, tmp_path: Path) -> None:
        """Each run lives one step longer than the one before, until one lives to the end."""
        workspace, _, _ = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        migration.plan()
        _crash_to_the_end(migration)
        holding = assert_whole(migration, workspace)
        assert len(holding.marks) == migration.kept_reactions(4, under_replies=1)

    def test_crash_again_and_again_in_a_delta(self, target: Target, tmp_path: Path) -> None:
        """The same, where the target was sealed before."""
        workspace, general, (ann, bob) = everyday_workspace()
        left = workspace.person("left")
        general.say(left, "I was here")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        general.say(left, "and I am again", after=1_000)
        general.say(bob, "late answer", root=general.said[0]).react("eyes", ann)
        migration.export_again(workspace)
        migration.plan()
        _crash_to_the_end(migration)
        holding = assert_whole(migration, workspace)
        assert len(holding.marks) == migration.kept_reactions(5, under_replies=2)
        if "leaving" not in target.lacks:
            assert left not in holding.rooms[general.id].members
        assert_verified(migration)

    def test_stop_in_good_order(self, target: Target, tmp_path: Path) -> None:
        """Ctrl-C, or the hour that was set: what was sent is noted, and the next run goes on."""
        workspace, _, _ = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        migration.plan()
        asked = 0

        def stopped() -> bool:
            nonlocal asked
            asked += 1
            return asked > 2

        with pytest.raises(Interrupted) as raised:
            migration.resume(stopped=stopped)
        assert raised.value.exit == 130
        summary = migration.resume()
        assert not any(summary.failed.values()), "what was never called is in no doubt"
        assert_whole(migration, workspace)

    def test_skip_fails_one_record_and_is_tried_again(self, target: Target, tmp_path: Path) -> None:
        workspace, general, _ = everyday_workspace()
        unlucky = general.said[2].ts
        migration = live_migration(target, tmp_path, workspace)

        def refuse(send: Send) -> Send:
            async def refusing(sending: Any) -> str:
                if sending.key.ts == unlucky:
                    raise Skip("conformance-refused")
                return await send(sending)

            return refusing

        with tampered(target.adapter, _wrap_send(refuse)):
            summary = migration.run()
        assert summary.failed["messages"] == 1
        assert summary.sent["messages"] == 3
        assert_sums(summary)
        again = migration.run()
        assert (again.sent["messages"], again.already["messages"]) == (1, 3)
        assert not any(again.failed.values())
        assert len(migration.holding().marks) == migration.kept_reactions(4, under_replies=1)

    def test_replies_wait_for_their_root(self, target: Target, tmp_path: Path) -> None:
        """A root that failed takes no reply with it into the conversation at large."""
        workspace, general, _ = everyday_workspace()
        root, reply = general.said[0], general.said[1]
        migration = live_migration(target, tmp_path, workspace)

        def refuse(send: Send) -> Send:
            async def refusing(sending: Any) -> str:
                if sending.key.ts == root.ts:
                    raise Skip("conformance-refused")
                return await send(sending)

            return refusing

        with tampered(target.adapter, _wrap_send(refuse)):
            summary = migration.run()
        assert summary.failed["messages"] == 2
        assert reply.text not in {post.text for post in migration.holding().posts}
        migration.run()
        posts = {post.text: post for post in migration.holding().posts}
        assert posts[reply.text].root == posts[root.text].ref

    @pytest.mark.parametrize("refused", [True, False])
    def test_retry_is_tried_until_it_works(
        self, target: Target, tmp_path: Path, refused: bool
    ) -> None:
        """What was certainly refused is in no doubt, whatever the target can tell."""
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        tried: set[str] = set()

        def stutter(send: Send) -> Send:
            async def stuttering(sending: Any) -> str:
                if sending.id not in tried:
                    tried.add(sending.id)
                    raise Retry("conformance-busy", after=0.01, refused=refused)
                return await send(sending)

            return stuttering

        with tampered(target.adapter, _wrap_send(stutter)):
            summary = migration.run()
        assert_settled(migration, workspace, summary)
        assert not (refused and any(summary.failed.values()))
        assert_whole(migration, workspace)

    def test_interrupted_while_refused(self, target: Target, tmp_path: Path) -> None:
        """Ctrl-C while the target says "later": nothing is in doubt."""
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        migration.plan()
        direct = workspace.said[-1]
        refusals: list[str] = []

        def refuse(send: Send) -> Send:
            async def refusing(sending: Any) -> str:
                if sending.key.ts == direct.ts:
                    refusals.append(sending.id)
                    raise Retry("conformance-busy", after=0.01, refused=True)
                return await send(sending)

            return refusing

        with tampered(target.adapter, _wrap_send(refuse)), pytest.raises(Interrupted):
            migration.resume(stopped=lambda: bool(refusals))
        assert len(refusals) == 1
        summary = migration.resume()
        assert not any(summary.failed.values())
        assert_whole(migration, workspace)

    def test_answer_that_was_lost(self, target: Target, tmp_path: Path) -> None:
        """The target took the message, but the word of it never arrived: nothing comes twice."""
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        lost: set[str] = set()

        def lose(send: Send) -> Send:
            async def losing(sending: Any) -> str:
                ref = await send(sending)
                if sending.id not in lost:
                    lost.add(sending.id)
                    raise Retry("conformance-lost", after=0.01)
                return ref

            return losing

        with tampered(target.adapter, _wrap_send(lose)):
            summary = migration.run()
        assert_settled(migration, workspace, summary)
        holding = assert_whole(migration, workspace)
        assert len(holding.posts) == len(workspace.said)

    def test_fatal_stops_the_run(self, target: Target, tmp_path: Path) -> None:
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        sent: list[str] = []

        def fail(send: Send) -> Send:
            async def failing(sending: Any) -> str:
                if sent:
                    raise Fatal("conformance-down", "The target is down.", "Run again.")
                sent.append(sending.id)
                return await send(sending)

            return failing

        with tampered(target.adapter, _wrap_send(fail)), pytest.raises(Fatal) as raised:
            migration.run()
        assert raised.value.exit == 3
        assert len(migration.holding().posts) == 1
        summary = migration.run()
        assert not any(summary.failed.values())
        assert_whole(migration, workspace)

    def test_bug_in_an_adapter_is_no_verdict(self, target: Target, tmp_path: Path) -> None:
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)

        def break_down(send: Send) -> Send:
            async def broken(sending: Any) -> str:
                raise ZeroDivisionError

            return broken

        with tampered(target.adapter, _wrap_send(break_down)), pytest.raises(ZeroDivisionError):
            migration.run()
        assert_settled(migration, workspace, migration.run())
        assert_whole(migration, workspace)


def _steps_of(session: Session, *, reacts: bool) -> set[str]:
    """The steps that the everyday workspace certainly takes."""
    caps = session.caps
    if caps.delivery == "bulk":
        delivery = {"delivery.noted", "archive.delivered"} if caps.late_members else set()
        return {"part.written", "part.noted", "archive.joined"} | delivery
    kinds = _LIVE_KINDS | ({"reaction"} if caps.reactions == "each" and reacts else set())
    steps = {step for step in STEPS if step.partition(".")[0] in kinds}
    return steps if isinstance(session, Releaser) else steps - {"account.released"}


def _crash_to_the_end(migration: Migration) -> None:
    steps = 0
    while steps < 200:
        steps += 1
        try:
            migration.resume(CrashAfter(steps))
        except Crash:
            continue
        break
    assert 1 < steps < 200


def _wrap_send(wrap: Callable[[Send], Send]) -> Callable[[Any], None]:
    def change(session: Any) -> None:
        session.send = wrap(session.send)

    return change
