"""What becomes of an exception that ends a command: one sentence, an exit code and, where it is a
bug, a log. The log says which code was running and never what it was working on."""

import errno
import os
import platform
import re
import tempfile
import traceback
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from importlib import metadata
from pathlib import Path

from migrate.cli.reply import BUG, INTERRUPTED, Problem, Reply
from migrate.errors import ChatMigrateError, Fatal, Interrupted

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
_STORE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
_FRAME = re.compile(r'^\s+File "[^"]*", line \d+, in \S+$')


def reply_to(error: BaseException, command: str, project: Path | None) -> Reply:
    """The reply of a command that `error` ended. A bug's log goes into the project's folder where
    there is one, else into the system's folder for temporary files."""
    known = _known(error)
    if known is None or known.exit == BUG:
        log = write_log(error, command, project)
        where = f"What is known about it is in {log}." if log else "No log could be written."
        what = f"An unexpected error ({type(error).__name__})"
        message = f"{known.message if known else f'{what}: this is a bug.'} {where}"
        code = known.code if known else "bug"
        return Reply(exit=BUG, problem=Problem(code, message, "Please report it with that file."))
    return Reply(exit=known.exit, problem=Problem(known.code, known.message, known.advice))


def _known(error: BaseException) -> ChatMigrateError | None:
    """The error in words, None where it is a bug."""
    if isinstance(error, BaseExceptionGroup):
        inner = [_known(each) for each in error.exceptions]
        if all(inner):
            return max((each for each in inner if each), key=lambda each: each.exit == INTERRUPTED)
        return None
    if isinstance(error, ChatMigrateError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("interrupted", "Interrupted.", "Run the command again to continue.")
    if isinstance(error, BrokenProcessPool):
        return Fatal(
            "worker-ended",
            "The system ended a worker process, perhaps for lack of memory.",
            "Free some memory, then run the command again to continue.",
        )
    return _of_the_disk(error)


def _of_the_disk(error: BaseException) -> Fatal | None:
    advice = "See to its space and permissions, then run the command again to continue."
    if isinstance(error, OSError) and error.errno in _DISK:
        where = f" at {os.fsdecode(error.filename)}" if error.filename else ""
        return Fatal("disk-refused", f"The disk refused{where}: {error.strerror}.", advice)
    if getattr(error, "sqlite_errorname", "").startswith(_STORE):
        return Fatal("disk-refused", "The disk refused what state.db wanted to write.", advice)
    return None


def write_log(error: BaseException, command: str, project: Path | None) -> Path | None:
    """Write the types and frames of `error` (0600); None where no folder takes it."""
    text = "\n".join(
        [
            f"chat-migrate {metadata.version('chat-migrate')}, command {command}",
            f"Python {platform.python_version()} on {platform.platform()}",
            *_story(error, set()),
            "",
        ]
    )
    for folder in [project, Path(tempfile.gettempdir())]:
        if folder is None or not folder.is_dir():
            continue
        try:
            handle, name = tempfile.mkstemp(prefix="chat-migrate-", suffix=".log", dir=folder)
        except OSError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        return Path(name)
    return None


def _story(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Type and frames of an error and of those behind it. Messages stay out: they quote data."""
    seen.add(id(error))
    cause = error.__cause__ or error.__context__
    if cause is not None and id(cause) not in seen:
        yield from _story(cause, seen)
        yield "and then:"
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    # What a worker process sent home: text that ends with the message.
    if isinstance(told := getattr(error, "tb", None), str):
        yield from (line for line in told.splitlines() if _FRAME.match(line))
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield "among them:"
            yield from _story(each, seen)
