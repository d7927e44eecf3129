"""What becomes of an exception: a sentence and a code, and for a bug a log that betrays nothing."""

import errno
import sqlite3
import stat
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import pytest

from migrate import runner
from migrate.cli.trouble import reply_to, write_log
from migrate.errors import BlockedError, ChatMigrateError, Fatal, Interrupted, Retry, UsageError
from tests.migrate.cli.terminal import type_in

SECRET = "as_token_5f2b and what Ann wrote"


def disk_full() -> sqlite3.OperationalError:
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA max_page_count = 2")
    db.execute("CREATE TABLE a (b)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute("INSERT INTO a VALUES (zeroblob(100000))")
    return caught.value


@pytest.mark.parametrize(
    ("error", "exit", "code"),
    [
        (UsageError("a", "A."), 2, "a"),
        (Fatal("b", "B."), 3, "b"),
        (BlockedError("c", "C."), 4, "c"),
        (Interrupted("d", "D."), 130, "d"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/state.db"), 3, "disk-refused"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/reports"), 3, "disk-refused"),
        (disk_full(), 3, "disk-refused"),
        (BrokenProcessPool("A process ended"), 3, "worker-ended"),
        (ExceptionGroup("several", [Fatal("b", "B."), Fatal("e", "E.")]), 3, "b"),
        (BaseExceptionGroup("both", [Fatal("b", "B."), KeyboardInterrupt()]), 130, "interrupted"),
        (ChatMigrateError("records-unaccounted", "3 were found."), 70, "records-unaccounted"),
        (ValueError(SECRET), 70, "bug"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), 70, "bug"),
        (Retry("server-busy"), 70, "bug"),
        (ExceptionGroup("mixed", [Fatal("b", "B."), ValueError(SECRET)]), 70, "bug"),
    ],
)
def test_every_exception_has_its_exit_code(
    error: BaseException, exit: int, code: str, tmp_path: Path
) -> None:
    reply = reply_to(error, "run", tmp_path)
    assert reply.problem is not None
    assert (reply.exit, reply.problem.code) == (exit, code)
    assert SECRET not in reply.problem.message
    assert len(list(tmp_path.glob("chat-migrate-*.log"))) == (exit == 70)


def _raise(text: str) -> None:
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError(text) from error


def test_a_log_has_types_and_frames_and_no_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:
        _raise(SECRET)
    path = write_log(caught.value, "run", tmp_path)
    assert path is not None
    assert path.parent == tmp_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    assert "builtins.KeyError" in text
    assert "builtins.ValueError" in text
    assert text.count("in _raise") == 2
    assert SECRET not in text
    assert "5f2b" not in text


def test_a_log_follows_into_a_worker_process(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        error = pool.submit(_raise, SECRET).exception()
    assert error is not None
    path = write_log(error, "plan", tmp_path)
    assert path is not None
    text = path.read_text("utf-8")
    assert "in _raise" in text
    assert "5f2b" not in text


def test_a_log_finds_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = write_log(ValueError(), "inspect", tmp_path / "nowhere")
    assert path is not None
    assert path.parent == tmp_path


@pytest.mark.parametrize("as_json", [True, False])
def test_a_bug_is_one_line_and_the_path_of_a_log(
    project: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    def break_down(*args: object, **more: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(runner, "plan", break_down)
    ended = type_in("plan", project, *(["--json"] if as_json else []))
    (log,) = project.glob("chat-migrate-*.log")
    assert ended.exit == 70
    message = ended.object["error"]["message"] if as_json else ended.err
    assert str(log) in message
    assert "Traceback" not in ended.out + ended.err
    assert SECRET not in ended.out + ended.err + log.read_text("utf-8")
    assert "in break_down" in log.read_text("utf-8")


def test_a_bug_outside_a_project_leaves_its_log_with_the_temporary_files(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: object) -> None:
        raise ConnectionResetError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(runner, "inspect", break_down)
    assert type_in("inspect", export).exit == 70
    assert len(list(tmp_path.glob("chat-migrate-*.log"))) == 1
