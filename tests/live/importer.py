"""The importer as a process that ends itself: `python -m tests.live.importer PROJECT STEP NTH`
runs the project and gets SIGKILL when it takes the step for the n-th time."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from migrate import runner
from migrate.runner import World


def kill_at(wanted: str, nth: int) -> Callable[[str, str], None]:
    """A probe that leaves nobody time to tidy up."""
    left = nth

    def probe(step: str, subject: str) -> None:
        nonlocal left
        left -= step == wanted
        if left == 0 and step == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    return probe


def main(words: Sequence[str]) -> None:
    project, step, nth = words
    world = World(workers=1, probe=kill_at(step, int(nth)))
    runner.run(runner.open_project(Path(project)), world)


if __name__ == "__main__":
    main(sys.argv[1:])
