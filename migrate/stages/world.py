"""What the stages may use of the world around them: the clock, the environment, a way to say how
far they are, and a way to be stopped. All of it is handed in."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from migrate.errors import Interrupted


class Progress(Protocol):
    """Tells a person what is being done and how long it will still take."""

    def begin(self, doing: str, total: int, unit: str) -> None:
        """A new piece of work of `total` units (0 where nobody knows)."""

    def advance(self, count: int = 1) -> None: ...

    def end(self) -> None: ...


class Silence:
    """No progress shown."""

    def begin(self, doing: str, total: int, unit: str) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def end(self) -> None: ...


def _never() -> bool:
    return False


def _unwatched(step: str, subject: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`stopped` is asked before every act and says whether to end in good order; `probe` is told
    each step of the push by name, before anything else happens; `workers` bounds processes."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    progress: Progress = field(default_factory=Silence)
    stopped: Callable[[], bool] = _never
    probe: Callable[[str, str], None] = _unwatched
    workers: int = 2

    def check(self) -> None:
        """Raise Interrupted where it is time to end."""
        if self.stopped():
            raise Interrupted(
                "interrupted", "Interrupted; what was done is kept.", "Run again to continue."
            )
