"""The speed of uploads into a Synapse, beside aiohttp alone with the same bodies: a ratio, for both
hang on the machine and on the homeserver alike."""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from adapters.matrix import adapter
from adapters.matrix.config import Config
from adapters.matrix.registration import read_tokens
from migrate.model import File
from migrate.spi import Body
from tests.adapters.matrix.stage import context
from tests.bench.machine import say
from tests.live.synapse import Synapse, synapse

__all__ = ["synapse"]

pytestmark = pytest.mark.bench

FILES = 400
SMALLEST, LARGEST = 1_000, 2_000_000
IN_FLIGHT = 16
PAIRS = 3


def test_uploads_keep_up_with_aiohttp(synapse: Synapse, tmp_path: Path) -> None:
    bodies = write_bodies(tmp_path)
    total = sum(body.file.size for body in bodies)
    say("Uploads into Matrix, beside aiohttp alone", "matrix-synapse", "matrix-nio", "aiohttp")
    print(f"{FILES} files of {SMALLEST:,} to {LARGEST:,} bytes, {total / 1e6:.0f} MB")
    config = synapse.config()
    ratios = []
    for number in range(PAIRS):
        sides = [upload_bare, upload] if number % 2 else [upload, upload_bare]
        seconds = {side: asyncio.run(side(config, bodies)) for side in sides}
        ratios.append(seconds[upload_bare] / seconds[upload])
        for name, side in (("ours", upload), ("bare", upload_bare)):
            rate = total / 1e6 / seconds[side]
            print(f"{name}  {FILES / seconds[side]:.0f} files/s, {rate:.0f} MB/s")
    print(f"median ratio of {PAIRS} pairs, order swapped in every second: ", end="")
    print(f"{statistics.median(ratios):.3f} (aim: 0.80)")


def write_bodies(folder: Path) -> list[Body]:
    """Sizes that grow by the same factor from each to the next."""
    factor = (LARGEST / SMALLEST) ** (1 / (FILES - 1))
    bodies = []
    for number in range(FILES):
        path = folder / str(number)
        size = round(SMALLEST * factor**number)
        path.write_bytes(os.urandom(size))
        file = File(id=f"F{number}", name=f"{number}.bin", size=size)
        bodies.append(Body(file=file, path=path, sha256=str(number)))
    return bodies


async def upload(config: Config, bodies: Iterable[Body]) -> float:
    """Seconds, by the session."""
    session = await adapter.connect(config, context(Path()))
    try:
        return await timed([partial(session.put_file, body) for body in bodies])
    finally:
        await session.close()


async def upload_bare(config: Config, bodies: Iterable[Body]) -> float:
    """Seconds, by aiohttp, each body in one piece."""
    headers = {"Authorization": f"Bearer {read_tokens(Path(config.registration)).appservice}"}
    async with aiohttp.ClientSession(config.homeserver, headers=headers) as http:

        async def post(body: Body) -> None:
            path = f"/_matrix/media/v3/upload?filename={body.file.name}&user_id={config.sender}"
            kind = {"Content-Type": "application/octet-stream"}
            data = await asyncio.to_thread(body.path.read_bytes)
            async with http.post(path, data=data, headers=kind) as response:
                assert response.status == 200
                await response.read()

        return await timed([partial(post, body) for body in bodies])


async def timed(acts: Iterable[Callable[[], Awaitable[object]]]) -> float:
    """The seconds that all of them take, `IN_FLIGHT` at once."""
    waiting = iter(acts)

    async def work() -> None:
        for act in waiting:
            await act()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return time.perf_counter() - started
