"""A fetch killed at every step and at random moments, and gone on with by a fresh process: every
body whole, and none fetched twice."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from migrate.slack.bodies import body_path
from migrate.slack.partial import BLOCK
from tests.fakes.slack import FakeSlack

SIZES = (8 * BLOCK + 77, 5_000, 2 * BLOCK, 300_000, 9 * BLOCK + 1, BLOCK + 1, 1_000, 2 * BLOCK)

ON_ITS_WAY = BLOCK
"""What the fake had sent and the process not seen yet when it died, at most."""


class Fetch:
    """One fetch over several processes; `noted` are the bodies that one of them heard of."""

    def __init__(self, fake: FakeSlack, folder: Path, sizes: Sequence[int] = SIZES) -> None:
        self.fake, self.folder, self.sizes = fake, folder, sizes
        self.noted: dict[str, str] = {}
        for number, size in enumerate(sizes):
            # In small pieces, so that little is on its way when the process dies.
            fake.add(f"F{number}", size, always="drip")

    def start(self, step: str = "", times: int = 0) -> "subprocess.Popen[str]":
        """A process that is told only of what nobody noted yet."""
        sizes = [0 if f"F{n}" in self.noted else size for n, size in enumerate(self.sizes)]
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.migrate.slack.fetcher"),
                *(self.fake.host, str(self.folder), step, str(times), *map(str, sizes)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )

    def end(self, process: "subprocess.Popen[str]") -> int:
        out, _ = process.communicate(timeout=60)
        for line in out.splitlines():
            id, sha256 = line.split()
            assert id not in self.noted
            self.noted[id] = sha256
        return process.returncode

    def assert_whole(self) -> None:
        """Every body is there, and what was fetched again is less than a block of each."""
        for name, body in self.fake.bodies.items():
            stored = body_path(self.folder, self.noted[name]).read_bytes()
            assert hashlib.sha256(stored).hexdigest() == self.noted[name] == body.sha256
        assert [path for path in self.folder.iterdir() if not path.is_dir()] == []

    def assert_none_twice(self, kills: int) -> None:
        for name, body in self.fake.bodies.items():
            assert self.fake.sent(name) <= body.size + kills * (BLOCK + ON_ITS_WAY), name


@pytest.mark.parametrize("step", ["body.part", "body.whole", "body.stored", "yielded"])
@pytest.mark.parametrize("times", [1, 4])
def test_killed_at_every_step(tmp_path: Path, step: str, times: int) -> None:
    with FakeSlack().running() as fake:
        fetch = Fetch(fake, tmp_path)
        assert fetch.end(fetch.start(step, times)) == -signal.SIGKILL
        assert len(fetch.noted) < 8
        fetch.end(fetch.start(step, times))  # once more, if there is enough left to come so far
        assert fetch.end(fetch.start()) == 0
        fetch.assert_whole()
        fetch.assert_none_twice(kills=2)


def test_a_body_that_was_stored_but_not_noted_is_not_fetched_again(tmp_path: Path) -> None:
    with FakeSlack().running() as fake:
        fetch = Fetch(fake, tmp_path, [3 * BLOCK, BLOCK + 1, 2 * BLOCK])
        fetch.end(fetch.start("body.stored", 1))
        (stored,) = (path.name for path in tmp_path.glob("??/*"))
        before = len(fake.ledger)
        assert fetch.end(fetch.start()) == 0
        fetch.assert_whole()
        (name,) = (name for name, sha256 in fetch.noted.items() if sha256 == stored)
        assert name not in {seen.name for seen in fake.ledger[before:]}


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_moments(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    with FakeSlack().running() as fake:
        fetch = Fetch(fake, tmp_path)
        for _ in range(3):
            process = fetch.start()
            before = len(fake.ledger)
            while len(fake.ledger) == before and process.poll() is None:
                time.sleep(0.001)
            time.sleep(rng.random() * 0.5)
            process.kill()
            fetch.end(process)
        assert fetch.end(fetch.start()) == 0
        fetch.assert_whole()
        fetch.assert_none_twice(kills=3)
