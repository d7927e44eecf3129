"""A fetch as a process that ends itself: run as a module with PROJECT STEP NTH it gets SIGKILL when
it takes the step, or `any`, for the n-th time. It says each step that it takes."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from migrate import runner
from migrate.runner import World
from tests.live.importer import kill_at


def main(words: Sequence[str]) -> None:
    project, step, nth = words
    kill = kill_at(step, int(nth), 0.0)

    def probe(step: str, subject: str) -> None:
        os.write(1, f"{step} {subject}\n".encode())
        kill(step, subject)

    world = World(workers=1, probe=probe)
    runner.fetch(runner.open_project(Path(project)), world)


if __name__ == "__main__":
    main(sys.argv[1:])
