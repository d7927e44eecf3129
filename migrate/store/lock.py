"""One writer for each project: a lock on a file beside `state.db`, released by the system when its
holder ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from migrate.errors import UsageError


class ProjectLock:
    """Held within `with`. Raises UsageError where another process works on the project."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.lock"
        self._fd = -1

    def __enter__(self) -> "ProjectLock":
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        for patience in (0.05, 0.1, 0.2, 0.0):
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self
            except BlockingIOError:
                # `status` holds the lock for a moment to see whether it is free.
                time.sleep(patience)
        os.close(self._fd)
        raise UsageError(
            "project-locked",
            "Another chat-migrate command is working on this project.",
            "Wait until it ends (see `chat-migrate status`), then run this again.",
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    @staticmethod
    def is_held(folder: Path) -> bool:
        """Whether some process works on the project now."""
        try:
            fd = os.open(folder / "state.lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False
