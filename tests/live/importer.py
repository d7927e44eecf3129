"""The importer as a process that ends itself: run as a module with PROJECT STEP NTH DELAY it gets
SIGKILL `DELAY` seconds (0: right there) after it takes the step, or `any`, for the n-th time. A
step may be `STEP=WORD`: then only what begins with the word counts."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from migrate import runner
from migrate.runner import World


def kill_at(wanted: str, nth: int, delay: float) -> Callable[[str, str], None]:
    """A probe that leaves nobody time to tidy up."""
    left = nth
    wanted, _, beginning = wanted.partition("=")

    def probe(step: str, subject: str) -> None:
        nonlocal left
        if wanted not in (step, "any") or not subject.startswith(beginning):
            return
        left -= 1
        if left == 0:
            if delay:
                threading.Timer(delay, kill).start()
            else:
                kill()

    return probe


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(words: Sequence[str]) -> None:
    project, step, nth, delay = words
    world = World(workers=1, probe=kill_at(step, int(nth), float(delay)))
    runner.run(runner.open_project(Path(project)), world)


if __name__ == "__main__":
    main(sys.argv[1:])
