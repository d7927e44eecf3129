"""`verify`: silent after a good run, and loud about whatever became of the target since."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.conformance.migration import Migration, assert_verified, post_of
from adapters.conformance.repetition import everyday_workspace
from adapters.conformance.target import Post, Target


class Checking:
    def test_verify_is_clean_after_a_run(self, target: Target, tmp_path: Path) -> None:
        workspace, _, _ = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        verified = assert_verified(migration)
        unseen = _is_blind(target)
        assert verified.unchecked["messages"] == unseen
        assert verified.unchecked["conversations"] == unseen
        assert verified.checked["messages"] == summary.sent["messages"] - unseen
        assert verified.checked["reactions"] == summary.sent["reactions"]

    def test_verify_finds_what_is_missing(self, target: Target, tmp_path: Path) -> None:
        migration, post = _moved(target, tmp_path)
        with _damage():
            target.lose(migration.folder, post)
        verified = migration.verify()
        assert verified.missing["messages"] == 1
        assert not any(verified.different.values())

    def test_verify_finds_what_is_different(self, target: Target, tmp_path: Path) -> None:
        migration, post = _moved(target, tmp_path)
        with _damage():
            target.alter(migration.folder, post)
        verified = migration.verify()
        assert verified.different["messages"] == 1
        assert not any(verified.missing.values())

    def test_verify_finds_what_is_there_twice(self, target: Target, tmp_path: Path) -> None:
        migration, post = _moved(target, tmp_path)
        with _damage():
            target.repeat(migration.folder, post)
        verified = migration.verify()
        assert verified.duplicate["messages"] == 1
        assert not any(verified.missing.values())

    def test_verify_finds_that_a_body_is_missing(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = everyday_workspace()
        files = [workspace.file(ann, f"{name}.bin", name.encode()) for name in ("kept", "lost")]
        general.say(ann, "both of them").attach(*files)
        migration = Migration(target, tmp_path, workspace)
        if migration.caps.files == "none":
            pytest.skip("the target keeps no files")
        migration.fetch(*files)
        migration.run()
        assert assert_verified(migration).checked["files"] == 2
        held = [file for post in migration.holding().posts for file in post.files]
        with _damage():
            target.lose_body(migration.folder, next(f for f in held if f.name == "lost.bin"))
        verified = migration.verify()
        assert (verified.checked["files"], verified.missing["files"]) == (1, 1)
        assert not any(verified.different.values())
        assert verified.exit == 5

    def test_verify_leaves_alone_what_it_cannot_read(self, target: Target, tmp_path: Path) -> None:
        """What nobody may see is neither found nor missing, and so are the files there."""
        workspace, _, (ann, _) = everyday_workspace()
        file = workspace.file(ann, "secret.bin", b"between us")
        said = workspace.dm(ann).say(ann, "see there").attach(file)
        migration = Migration(target, tmp_path, workspace)
        if not _is_blind(target):
            pytest.skip("the target shows direct talk")
        if migration.caps.files != "none":
            migration.fetch(file)
        summary = migration.run()
        verified = assert_verified(migration)
        assert (verified.unchecked["messages"], verified.unchecked["conversations"]) == (2, 2)
        assert verified.unchecked["files"] == summary.sent["files"]
        with _damage():
            (post,) = (p for p in migration.holding().posts if p.conversation == said.place.id)
            target.lose(migration.folder, post)
        assert_verified(migration)

    def test_verify_leaves_alone_what_people_wrote(self, target: Target, tmp_path: Path) -> None:
        migration, post = _moved(target, tmp_path)
        with _damage():
            target.chat(migration.folder, post)
        before = migration.holding()
        assert_verified(migration)
        migration.run()
        assert migration.holding() == before

    def test_verify_finds_an_open_door(self, target: Target, tmp_path: Path) -> None:
        migration, post = _moved(target, tmp_path)
        with _damage():
            target.widen(migration.folder, post.conversation)
        assert migration.verify().audience_wider == 1


def _is_blind(target: Target) -> bool:
    """Whether `verify` cannot see direct talk."""
    return bool({"settling", "reading"} & target.lacks)


def _moved(target: Target, folder: Path) -> tuple[Migration, Post]:
    """A finished migration, and the one post of a conversation that few may read: direct talk where
    the target shows that."""
    workspace, _, (ann, bob) = everyday_workspace()
    said = workspace.said[-1]
    if _is_blind(target):
        said = workspace.channel("board", ann, bob, private=True).say(bob, "behind a door")
    migration = Migration(target, folder, workspace)
    migration.run()
    return migration, post_of(migration.holding(), said)


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except NotImplementedError:
        pytest.skip("nobody can do this to the target from outside")
