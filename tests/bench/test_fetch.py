"""The speed of the downloader beside aiohttp alone, which writes the same files from the same fake
Slack: a ratio, for both hang on the machine alike. And its memory, which must not grow with the
files."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.bench.fetching import sizes
from tests.bench.machine import say
from tests.bench.measure import MEGABYTE, peak_rss

pytestmark = pytest.mark.bench

FILES = 2_000
GIGABIT = 125_000_000
"""Bytes a second, all connections together: a fast line for an office, a slow one for a server."""

MODULE = "tests.bench.fetching"


class Speed(msgspec.Struct, frozen=True):
    """One fetch: bytes, wall seconds, seconds of processor time, bytes of memory at the peak."""

    bytes: int
    seconds: float
    cpu: float
    memory: int = 0

    @property
    def rate(self) -> float:
        """Megabytes a second."""
        return self.bytes / MEGABYTE / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.rate:6.0f} MB/s ({self.seconds:.2f} s, CPU {self.cpu:.2f} s,"
            f" peak {self.memory / MEGABYTE:.0f} MB)"
        )


@pytest.mark.parametrize(
    ("title", "rate", "others", "pairs"),
    [
        ("over a line of 1 Gbit/s", GIGABIT, ("bare",), 3),
        # There is no line: what is compared is processor time, and the fake takes half of it.
        ("over loopback, as fast as it goes", 0, ("bare", "hashed"), 5),
    ],
    ids=["line", "loopback"],
)
def test_fetch_keeps_up_with_aiohttp(
    tmp_path: Path, title: str, rate: int, others: tuple[str, ...], pairs: int
) -> None:
    total = sum(sizes(FILES)) / MEGABYTE
    say(f"`fetch` {title}: {FILES:,} files, {total:,.0f} MB, beside aiohttp alone", "aiohttp")
    ratios: dict[str, list[float]] = {other: [] for other in others}
    with slack(rate) as port:
        for number in range(pairs):
            ways = ("ours", *others)
            order = ways if number % 2 == 0 else ways[::-1]
            speeds = {way: _fetch(way, port, FILES, tmp_path) for way in order}
            for way in ways:
                print(f"{way:<7}{speeds[way]}")
            for other in others:
                ratios[other].append(speeds["ours"].rate / speeds[other].rate)
    for other, aim in (("bare", " (aim: 0.80)"), ("hashed", " (aiohttp that hashes too)")):
        if other in ratios:
            median = statistics.median(ratios[other])
            print(f"median ratio to {other} of {pairs}, every second in reverse: {median:.3f}{aim}")


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    say("`fetch`: memory", "aiohttp")
    counts = (FILES // 4, FILES)
    with slack(0) as port:
        peaks = [_fetch("ours", port, count, tmp_path).memory for count in counts]
    for count, peak in zip(counts, peaks, strict=True):
        print(f"{count:>6,} files: peak {peak / MEGABYTE:.0f} MB")
    assert peaks[1] < peaks[0] + 15 * MEGABYTE


@contextmanager
def slack(rate: int) -> Iterator[int]:
    """The port of a fake Slack in a process of its own, so that it does not take our time."""
    command = [sys.executable, "-m", MODULE, "serve", str(FILES), str(rate)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def _fetch(way: str, port: int, count: int, tmp_path: Path) -> Speed:
    folder = tmp_path / "bodies"
    os.sync()  # so that nobody pays for what the one before left to be written
    peak = peak_rss([sys.executable, "-m", MODULE, way, str(count), str(port), str(folder)])
    speed = msgspec.convert({**json.loads(peak.output), "memory": peak.tree_bytes}, Speed)
    assert speed.bytes == sum(sizes(count))
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) == speed.bytes
    shutil.rmtree(folder)
    return speed
