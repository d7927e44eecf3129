"""`verify`, for files: found with their messages, missing, or not to be looked for."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.conformance.migration import assert_verified, post_of, tampered
from adapters.conformance.workspace import Said
from adapters.memory import adapter
from tests.migrate.stages.trial import Trial, small_workspace

MODES = pytest.mark.parametrize("mode", ["live", "archive", "append"])


def untold(session: Any) -> None:
    """A target that cannot say which bodies it has."""
    read = session.read

    async def read_without(opening: Any) -> AsyncIterator[Any]:
        async for seen in read(opening):
            yield msgspec.structs.replace(seen, files=None)

    session.read = read_without


def moved(folder: Path, mode: str) -> tuple[Trial, Said]:
    """A finished migration of two files, one of them on two messages."""
    workspace, general, ann, bob = small_workspace()
    files = [workspace.file(ann, f"{name}.bin", name.encode()) for name in ("one", "two")]
    said = general.say(ann, "one of them").attach(files[0])
    general.say(bob, "both").attach(*files)
    trial = Trial(folder, workspace, mode)
    trial.fetch(*files)
    trial.run()
    return trial, said


@MODES
def test_files_are_counted_once(tmp_path: Path, mode: str) -> None:
    trial, _ = moved(tmp_path, mode)
    verified = assert_verified(trial)
    assert (verified.checked["files"], verified.unchecked["files"]) == (2, 0)


@MODES
def test_a_target_that_does_not_tell_is_taken_at_its_words(tmp_path: Path, mode: str) -> None:
    trial, said = moved(tmp_path, mode)
    with tampered(adapter, untold):
        assert trial.verify().checked["files"] == 2
    trial.target.lose(trial.folder, post_of(trial.holding(), said))
    with tampered(adapter, untold):
        verified = trial.verify()
    assert (verified.missing["messages"], verified.missing["files"]) == (1, 1)
    assert verified.checked["files"] == 1
    assert {told.code for told in verified.findings} == {"record-missing", "file-missing"}


@MODES
def test_a_message_of_other_words_vouches_for_no_file(tmp_path: Path, mode: str) -> None:
    trial, said = moved(tmp_path, mode)
    trial.target.alter(trial.folder, post_of(trial.holding(), said))
    verified = trial.verify()
    assert verified.different["messages"] == 1
    assert (verified.checked["files"], verified.missing["files"]) == (1, 1)


def test_what_failed_is_not_looked_for(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "gone.bin", None, mode="tombstone")
    general.say(ann, "once").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.run()
    verified = assert_verified(trial)
    assert (verified.checked["files"], verified.unchecked["files"]) == (0, 0)
