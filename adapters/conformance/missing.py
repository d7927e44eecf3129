"""Bodies that are not there, not yet, or not taken: what stands in their place, and how they follow
their messages later, each once."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.enclosed import (
    PNG,
    assert_everything,
    assert_linked,
    attached,
    carrying,
    fetch_all,
    fetched,
    files_at,
    files_workspace,
    is_added_to,
    pair_workspace,
    text_at,
)
from adapters.conformance.interruption import CrashAfter, CrashAt
from adapters.conformance.migration import (
    Crash,
    Migration,
    assert_sums,
    assert_verified,
    live_migration,
    tampered,
)
from adapters.conformance.target import Target
from migrate.errors import BlockedError, Skip
from migrate.spi import Body

STEPS = tuple(f"file.{point}" for point in ("intended", "called", "noted"))

Put = Callable[[Body], Awaitable[str]]


class MissingFiles:
    def test_file_beyond_the_limit_is_a_link(self, target: Target, tmp_path: Path) -> None:
        """file_limit, as the planner reads it."""
        workspace, general, (ann, _) = pair_workspace()
        file = workspace.file(ann, "film.bin", b"far more than it is worth")
        said = general.say(ann, "the film").attach(file)
        migration = fetched(target, tmp_path, workspace)
        if migration.caps.file_limit is None:
            pytest.skip("the target takes files of any size")
        with migration.storing() as store:
            # A body of that size on the disk would serve nobody.
            size = migration.caps.file_limit + 1
            (path,) = (migration.folder / "files").rglob(file.sha256)
            with path.open("rb+") as sparse:
                sparse.truncate(size)
            store.db.execute("UPDATE body SET size = ?", (size,))
        plan = migration.plan()
        assert plan.counts["files"]["link"] == 1
        summary = migration.resume()
        assert summary.skipped["files"] == 1
        assert {told.code for told in summary.reasons} == {"file-too-large"}
        assert_sums(summary)
        assert_linked(migration.holding(), said, file)

    def test_body_that_is_missing_stops_the_plan(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = pair_workspace()
        general.say(ann, "see there").attach(workspace.file(ann, "lost.bin", PNG))
        migration = carrying(target, tmp_path, workspace)
        plan = migration.plan()
        assert [told.code for told in plan.blockers] == ["files-missing"]
        with pytest.raises(BlockedError):
            migration.resume()
        assert migration.holding().posts == ()

    def test_body_that_is_missing_becomes_a_link(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = pair_workspace()
        file = workspace.file(ann, "lost.bin", PNG)
        said = general.say(ann, "see there").attach(file)
        migration = carrying(target, tmp_path, workspace, {"files.missing": "link"})
        plan = migration.plan()
        assert plan.counts["files"]["link"] == 1
        summary = migration.resume()
        assert summary.skipped["files"] == 1
        assert_sums(summary)
        assert_linked(migration.holding(), said, file)
        assert_verified(migration)

    def test_body_that_comes_later(self, target: Target, tmp_path: Path) -> None:
        """In the thread of its message where that was sent already, once."""
        workspace, general, (ann, bob) = pair_workspace()
        file = workspace.file(ann, "late.bin", PNG)
        said = general.say(ann, "see there").attach(file)
        general.say(bob, "or there", root=said).attach(file)
        migration = carrying(target, tmp_path, workspace, {"files.missing": "link"})
        migration.run()
        migration.fetch(file)
        plan = migration.plan()
        summary = migration.resume()
        assert summary.sent["files"] == 1
        assert_sums(summary)
        holding = migration.holding()
        (head,) = (post for post in holding.posts if post.text.startswith(said.text))
        bringing = [post for post in holding.posts if post.files]
        assert {(post.author, bool(post.root)) for post in bringing} >= {(bob, True)}
        assert Counter(each for post in bringing for each in post.files) == {
            attached(file).most_common(1)[0][0]: 2
        }
        if is_added_to(migration):
            assert {post.root for post in bringing} == {head.ref}
            assert {told.code: told.count for told in plan.losses}["file-late"] == 2
        assert_verified(migration)
        again = migration.run()
        assert not any(again.sent.values())
        assert migration.holding() == holding

    @pytest.mark.parametrize(
        ("mode", "words", "code"),
        [
            ("tombstone", "deleted in Slack", "file-deleted"),
            ("hidden_by_limit", "hidden by Slack's limit", "file-hidden-by-limit"),
            ("external", "", "file-external"),
        ],
    )
    def test_file_that_slack_has_not(
        self, target: Target, tmp_path: Path, mode: str, words: str, code: str
    ) -> None:
        workspace, general, (ann, _) = pair_workspace()
        said = general.say(ann, "once upon a time").attach(
            workspace.file(ann, "gone.bin", None, mode=mode)
        )
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        text = text_at(migration.holding(), said)
        assert words in text
        assert "gone.bin" in text
        assert code in {told.code for told in summary.reasons}
        assert_sums(summary)

    @pytest.mark.parametrize("step", STEPS)
    def test_crash_at_every_step_of_a_file(self, target: Target, tmp_path: Path, step: str) -> None:
        workspace, said = files_workspace()
        migration = live_migration(target, tmp_path, workspace)
        fetch_all(migration, workspace)
        migration.plan()
        with pytest.raises(Crash):
            migration.resume(CrashAt(step, 2))
        summary = migration.resume()
        assert_everything(migration, said)
        assert not any(summary.failed.values())
        assert_sums(summary)

    def test_crash_again_and_again_with_files(self, target: Target, tmp_path: Path) -> None:
        workspace, said = files_workspace()
        migration = fetched(target, tmp_path, workspace)
        migration.plan()
        steps = 0
        while steps < 200:
            steps += 1
            try:
                migration.resume(CrashAfter(steps))
            except Crash:
                continue
            break
        assert 1 < steps < 200
        assert_everything(migration, said)

    def test_upload_that_is_refused(self, target: Target, tmp_path: Path) -> None:
        """Its message arrives all the same, and a later run brings the file behind it."""
        workspace, said = files_workspace()
        migration = live_migration(target, tmp_path, workspace)
        fetch_all(migration, workspace)
        unlucky = said[0].files[0]

        def refuse(session: Any) -> None:
            put: Put = session.put_file

            async def refusing(body: Body) -> str:
                if body.file.id == unlucky.id:
                    raise Skip("conformance-refused")
                return await put(body)

            session.put_file = refusing

        with tampered(target.adapter, refuse):
            summary = migration.run()
        assert summary.failed["files"] == 1
        assert not summary.failed["messages"]
        assert_sums(summary)
        assert_linked(migration.holding(), said[0], unlucky)
        assert_verified(migration)
        again = migration.resume()
        assert again.sent["files"] == 1
        assert not any(again.failed.values())
        assert_sums(again)
        holding = migration.holding()
        for each in said:
            assert files_at(holding, each) == attached(*each.files)
        assert_verified(migration)
        assert not any(migration.run().sent.values())

    def test_crash_after_a_refusal(self, target: Target, tmp_path: Path) -> None:
        """A message that was sent without its file stays what it was."""
        workspace, said = files_workspace()
        unlucky = said[0].files[0]

        def refuse(session: Any) -> None:
            put: Put = session.put_file

            async def refusing(body: Body) -> str:
                if body.file.id == unlucky.id:
                    raise Skip("conformance-refused")
                return await put(body)

            session.put_file = refusing

        migration = live_migration(target, tmp_path, workspace)
        fetch_all(migration, workspace)
        migration.plan()
        with tampered(target.adapter, refuse):
            for step in ("message.called", "message.noted"):
                with pytest.raises(Crash):
                    migration.resume(CrashAt(step, 1))
        assert_sums(migration.resume())
        migration.resume()
        holding = migration.holding()
        for each in said:
            assert files_at(holding, each) == attached(*each.files)
        assert_verified(migration)
