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
        assert verified.checked["messages"] == summary.sent["messages"]
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


def _moved(target: Target, folder: Path) -> tuple[Migration, Post]:
    """A finished migration, and the one post of its direct message."""
    workspace, _, _ = everyday_workspace()
    migration = Migration(target, folder, workspace)
    migration.run()
    return migration, post_of(migration.holding(), workspace.said[-1])


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except NotImplementedError:
        pytest.skip("nobody can do this to the target from outside")
