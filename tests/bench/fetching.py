"""What `test_fetch` runs, each in a process of its own: the fake Slack with its files, the
downloader, and aiohttp alone, which writes the same files. Each says on stdout what it did."""

import asyncio
import hashlib
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from migrate.slack.bodies import Downloader, ExportToken, Fetched, Tokens, Wanted
from migrate.slack.hosts import Hosts
from tests.fakes.slack import EXPORT_TOKEN, FakeSlack
from tests.fakes.slack_bodies import Body

PARALLEL = 6
SMALLEST, LARGEST = 1_000, 20_000_000

SKEW = 2.5
"""More small files than large ones, as in a workspace: with 1.0 the sum would be 4 GB."""


def sizes(count: int) -> list[int]:
    """Bytes of each file, the same at every call."""
    rng = random.Random(5)
    span = math.log(LARGEST / SMALLEST)
    return [int(SMALLEST * math.exp(span * rng.random() ** SKEW)) for _ in range(count)]


def wanted(fake: FakeSlack, count: int) -> Iterator[Wanted]:
    for number, size in enumerate(sizes(count)):
        yield Wanted(f"F{number}", fake.url_of(f"F{number}"), size)


async def serve(count: int, rate: float) -> None:
    """Until stdin ends, `rate` bytes a second over all connections, 0 for as many as it can."""
    fake = FakeSlack()
    fake.line.rate = rate
    fake.bodies = {
        f"F{number}": Body(f"F{number}", size, seed=number)
        for number, size in enumerate(sizes(count))
    }
    await fake.start()
    print(fake.port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await fake.stop()


async def fetch(fake: FakeSlack, count: int, folder: Path) -> int:
    """The downloader."""
    tokens = Tokens([ExportToken("t", EXPORT_TOKEN)])
    downloader = Downloader(folder, Hosts([fake.host]), tokens, parallel=PARALLEL)
    total = 0
    async for outcome in downloader.fetch(wanted(fake, count)):
        assert isinstance(outcome, Fetched), outcome
        total += outcome.size
    return total


async def fetch_bare(fake: FakeSlack, count: int, folder: Path) -> int:
    """aiohttp alone: no hash, no check, nothing brought to the disk for sure."""
    return await _fetch_plainly(fake, count, folder, hashed=False)


async def fetch_hashed(fake: FakeSlack, count: int, folder: Path) -> int:
    """aiohttp and the one thing that no downloader of ours can do without: each file's sha256."""
    return await _fetch_plainly(fake, count, folder, hashed=True)


async def _fetch_plainly(fake: FakeSlack, count: int, folder: Path, *, hashed: bool) -> int:
    rest = wanted(fake, count)

    async def work(session: aiohttp.ClientSession) -> int:
        total = 0
        for one in rest:
            hash = hashlib.sha256()
            async with session.get(f"{one.url}?t={EXPORT_TOKEN}") as response:
                with (folder / one.id).open("wb") as file:
                    async for chunk in response.content.iter_any():
                        total += file.write(chunk)
                        if hashed:
                            hash.update(chunk)
        return total

    async with aiohttp.ClientSession() as session:
        return sum(await asyncio.gather(*(work(session) for _ in range(PARALLEL))))


WAYS = {"ours": fetch, "bare": fetch_bare, "hashed": fetch_hashed}


def main(way: str, count: int, port: int, folder: Path) -> None:
    fake = FakeSlack()
    fake.port = port
    folder.mkdir()
    started, spent = time.perf_counter(), time.process_time()
    total = asyncio.run(WAYS[way](fake, count, folder))
    figures = {
        "bytes": total,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - spent,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2]), float(sys.argv[3])))
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
