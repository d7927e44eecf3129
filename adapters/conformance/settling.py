"""Direct messages of which nobody can tell whether they arrived: there once or not at all, counted
as failed, and never sent again, while all that hangs on them goes on."""

from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.interruption import CrashAt
from adapters.conformance.migration import (
    Crash,
    Migration,
    assert_sums,
    assert_verified,
    live_migration,
    tampered,
    unsure,
)
from adapters.conformance.target import Target
from adapters.conformance.workspace import Said, Workspace
from migrate.errors import Interrupted


class Settling:
    @pytest.mark.parametrize("step", ["message.intended", "message.called"])
    def test_direct_message_that_nobody_can_settle(
        self, target: Target, tmp_path: Path, step: str
    ) -> None:
        workspace, said = _direct_workspace()
        migration = _unsettled(target, tmp_path, workspace)
        migration.plan()
        with pytest.raises(Crash):
            migration.resume(CrashAt(step, 2))
        summary = migration.resume()
        assert unsure(migration, workspace) == [said[1]]
        assert summary.failed["messages"] == 1
        assert {told.code for told in summary.reasons} >= {"unsure"}
        assert_sums(summary)
        arrived = step == "message.called"
        _hold_once(migration, said, {said[1].text: arrived})
        assert_verified(migration)

    def test_unsure_stays_unsure(self, target: Target, tmp_path: Path) -> None:
        """Neither another run, nor another plan, nor a newer export sends it again."""
        workspace, said = _direct_workspace()
        migration = _unsettled(target, tmp_path, workspace)
        migration.plan()
        with pytest.raises(Crash):
            migration.resume(CrashAt("message.called", 2))
        migration.resume()
        for _ in range(2):
            plan = migration.plan()
            assert (plan.counts["messages"]["send"], plan.counts["messages"]["skip"]) == (0, 1)
            assert "unsure" in {told.code for told in plan.findings}
            summary = migration.resume()
            assert (summary.failed["messages"], summary.sent["messages"]) == (1, 0)
            assert_sums(summary)
        said[1].edit("what I meant to say").react("eyes", said[0].author)
        late = said[0].place.say(said[0].author, "anything new?", root=said[1])
        migration.export_again(workspace)
        summary = migration.run()
        assert (summary.failed["messages"], summary.sent["messages"]) == (1, 1)
        assert_sums(summary)
        texts = [post.text for post in migration.holding().posts]
        assert texts.count("the question") == 1
        assert texts.count(late.text) == 1
        assert said[1].text not in texts

    @pytest.mark.parametrize("planned_again", [False, True])
    def test_what_hangs_on_an_unsure_message(
        self, target: Target, tmp_path: Path, planned_again: bool
    ) -> None:
        """Its replies and its other pieces arrive; its reactions have nothing to stand under."""
        workspace, said = _direct_workspace()
        limit = Migration(target, tmp_path / "limit", workspace).caps.piece_limit
        words = [f"w{number}" for number in range(limit // 3)]
        said[1].record["text"] = " ".join(words)
        said[1].react("tada", said[0].author)
        reply = said[0].place.say(said[0].author, "the answer", root=said[1])
        migration = _unsettled(target, tmp_path / "long", workspace)
        migration.plan()
        with pytest.raises(Crash):
            migration.resume(CrashAt("message.called", 2))
        if planned_again:
            _end_once_asked(migration)
            migration.plan()
        summary = migration.resume()
        assert unsure(migration, workspace) == [said[1]]
        assert summary.failed["messages"] == 1
        assert summary.failed["reactions"] == migration.kept_reactions(1)
        assert_sums(summary)
        posts = [
            post for post in migration.holding().posts if post.conversation == said[1].place.id
        ]
        texts = [post.text for post in posts if post.author == said[1].author]
        assert " ".join(texts).split() == words
        assert [post.text for post in posts].count(reply.text) == 1
        assert not migration.holding().marks
        again = migration.run()
        assert not any(again.sent.values())
        assert_verified(migration)

    def test_one_message_is_under_way_at_a_time(self, target: Target, tmp_path: Path) -> None:
        """However many direct messages there are, a crash leaves one of them in doubt."""
        workspace, said = _direct_workspace()
        for number in range(20):
            said[0].place.say(said[0].author, f"and {number}")
        migration = _unsettled(target, tmp_path, workspace)
        migration.plan()
        crashes = 0
        for nth in (2, 3, 4):
            with pytest.raises(Crash):
                migration.resume(CrashAt("message.intended", nth))
            crashes += 1
        summary = migration.resume()
        assert 1 <= len(unsure(migration, workspace)) <= crashes
        assert summary.failed["messages"] == len(unsure(migration, workspace))
        _hold_once(migration, workspace.said, {s.text: False for s in unsure(migration, workspace)})


def _direct_workspace() -> tuple[Workspace, list[Said]]:
    """Three messages between two people; the second is the second one that is sent."""
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    talk = workspace.dm(ann, bob)
    return workspace, [
        talk.say(ann, "good morning"),
        talk.say(bob, "the question"),
        talk.say(ann, "let me think"),
    ]


def _unsettled(target: Target, folder: Path, workspace: Workspace) -> Migration:
    migration = live_migration(target, folder, workspace)
    if "settling" not in target.lacks:
        pytest.skip("the target can be asked for every message")
    return migration


def _end_once_asked(migration: Migration) -> None:
    """A run that ends in good order as soon as the first message in doubt was asked for."""
    asked: list[str] = []

    def change(session: Any) -> None:
        recognize = session.recognize

        async def recognizing(sending: Any, is_known: Any) -> Any:
            asked.append(sending.id)
            return await recognize(sending, is_known)

        session.recognize = recognizing

    with tampered(migration.target.adapter, change), pytest.raises(Interrupted):
        migration.resume(stopped=lambda: bool(asked))


def _hold_once(migration: Migration, said: list[Said], doubtful: dict[str, bool]) -> None:
    """Every message once, but those in doubt as it is said here."""
    texts = [post.text for post in migration.holding().posts]
    for each in said:
        assert texts.count(each.text) == doubtful.get(each.text, True), each.text
