"""The world as a command hands it to the stages: the clock, progress on stderr, and the three ways
to be stopped in good order: Ctrl-C, SIGTERM and an hour that the user set."""

import asyncio
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType

from migrate.cli.progress import choose_progress
from migrate.errors import UsageError
from migrate.runner import World

_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_STOPPING = b"\nStopping as soon as what is under way is noted. Once more to stop at once.\n"


@contextmanager
def at_work(*, stop_at: str = "") -> Iterator[World]:
    """A world for one command. The first signal asks the work to stop in good order, the second
    ends it. `stop_at`: the local time at which to stop, HH:MM."""
    until = next_moment(stop_at, time.time())
    progress = choose_progress(sys.stderr, time.monotonic)
    with closing(progress), _asked_by_signals() as asked:

        def stopped() -> bool:
            return asked() or (until is not None and time.time() >= until)

        async def sleep(seconds: float) -> None:
            """Wait, but no longer than somebody wants to."""
            end = time.monotonic() + seconds
            # An event would have to be set from a signal handler and by the clock besides.
            while not stopped() and (left := end - time.monotonic()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(min(left, 0.2))

        workers = min(4, cores())
        yield World(progress=progress, stopped=stopped, sleep=sleep, workers=workers)


def cores() -> int:
    """How many processor cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def next_moment(text: str, now: float) -> float | None:
    """When the local clock shows `HH:MM` next, in Unix seconds; None for "".

    Raises UsageError where the text is no time of day.
    """
    if not text:
        return None
    match = _HOUR.fullmatch(text)
    if match is None:
        raise UsageError(
            "hour-broken", f"--stop-at {text} is no time of day.", "Write it as in --stop-at 05:30."
        )
    hour, minute = int(match[1]), int(match[2])
    today = time.localtime(now)
    for days in (0, 1):
        # -1: the system knows whether it is summer time then.
        fields = (today.tm_year, today.tm_mon, today.tm_mday + days, hour, minute, 0, 0, 0, -1)
        if (moment := time.mktime(fields)) > now:
            return moment
    return now


@contextmanager
def _asked_by_signals() -> Iterator[Callable[[], bool]]:
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        os.write(2, _STOPPING)  # past Python's buffers, which the signal may have interrupted

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
