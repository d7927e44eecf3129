"""Showing how far a command is: bars on a terminal, a plain line now and then anywhere else. Both
go to stderr and neither ever stops the work, not even when nobody listens any more."""

import os
import threading
from collections.abc import Callable
from typing import TextIO

from tqdm import tqdm

from migrate.cli.reply import write

BYTES = "bytes"
"""A unit that is counted in thousands of thousands."""

EVERY = 10.0
"""Seconds between two plain lines."""


class Bars:
    """A bar for each piece of work, with what is done, how fast, and the time that is left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: _Bar | None = None

    def begin(self, doing: str, total: int, unit: str) -> None:
        self.close()
        self._bar = _Bar(
            total=total or None,
            desc=doing,
            unit="B" if unit == BYTES else f" {unit}",
            unit_scale=unit == BYTES,
            file=_Patient(self._stream),
            smoothing=0.1,  # the last few seconds, so that the time left does not jump
            mininterval=0.2,
            miniters=1,  # without the monitor thread a slow phase would else show nothing
            dynamic_ncols=True,
        )

    def advance(self, count: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def end(self) -> None:
        self.close()

    def close(self) -> None:
        """End the bar where it stands, as an error does."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Lines:
    """A line when a piece of work begins, one every ten seconds, and one when it ends."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._doing = self._unit = ""
        self._total = self._done = 0
        self._started = self._spoken = 0.0

    def begin(self, doing: str, total: int, unit: str) -> None:
        self._doing, self._unit, self._total, self._done = doing, unit, total, 0
        self._started = self._spoken = self._clock()
        self._say(self._amount(total) if total else "begun")

    def advance(self, count: int = 1) -> None:
        self._done += count
        now = self._clock()
        if now - self._spoken >= EVERY:
            self._spoken = now
            self._say(self._state(now - self._started))

    def end(self) -> None:
        if self._doing:
            spent = words_of(self._clock() - self._started)
            self._say(f"done, {self._amount(self._done)} in {spent}")
        self._doing = ""

    def close(self) -> None:
        self._doing = ""

    def _state(self, spent: float) -> str:
        if not self._total:
            return f"{self._amount(self._done)} in {words_of(spent)}"
        done, total = f"{self._done:,}", f"{self._total:,}"
        if self._unit == BYTES:
            done, total = size(self._done), size(self._total)
        share = f"{100 * self._done // self._total} % ({done} of {total})"
        if not 0 < self._done < self._total:
            return share
        left = spent * (self._total - self._done) / self._done
        return f"{share}, about {words_of(left)} left"

    def _amount(self, count: int) -> str:
        return size(count) if self._unit == BYTES else f"{count:,} {self._unit}"

    def _say(self, what: str) -> None:
        write(self._stream, f"{self._doing}: {what}")


def choose_progress(stream: TextIO, clock: Callable[[], float]) -> Bars | Lines:
    """Bars where `stream` is a terminal that can move its cursor and has a size."""
    if stream.isatty() and os.environ.get("TERM") != "dumb" and _has_size(stream):
        return Bars(stream)
    return Lines(stream, clock)


def _has_size(stream: TextIO) -> bool:
    """What a container or a script calls a terminal often has none, and no bar would show in it."""
    try:
        return 0 not in os.get_terminal_size(stream.fileno())
    except OSError:
        return True


def size(value: float) -> str:
    """Bytes in the unit that reads best, such as `1.2 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def words_of(seconds: float) -> str:
    """`7 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


class _Bar(tqdm):  # type: ignore[type-arg]  # generic in its stubs alone
    monitor_interval = 0  # no thread of its own beside the engine's


# Threads share no bar with other processes, so a lock of the system's is not needed.
_Bar.set_lock(threading.RLock())


class _Patient:
    """A stream that swallows what nobody reads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            return 0

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            return

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()
