"""A process that fetches from a fake Slack and kills itself on the way, as `kill -9` would. What it
says on stdout are the bodies that it noted, one line each."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from migrate.slack.bodies import Downloader, ExportToken, Fetched, Tokens, Wanted
from migrate.slack.hosts import Hosts
from tests.fakes.slack import EXPORT_TOKEN


async def main(host: str, folder: Path, deadly: str, times: int, sizes: list[int]) -> None:
    """Die when the step `deadly` is taken for the `times`th time; `noted` is one too: between the
    outcome and the next one."""
    taken = 0

    def probe(step: str, subject: str) -> None:
        nonlocal taken
        taken += step == deadly
        if step == deadly and taken == times:
            os.kill(os.getpid(), signal.SIGKILL)

    tokens = Tokens([ExportToken("t", EXPORT_TOKEN)])
    downloader = Downloader(folder, Hosts([host]), tokens, probe=probe, parallel=2)
    wanted = (
        Wanted(f"F{number}", f"http://{host}/files-pri/T1-F{number}/F{number}.bin", size)
        for number, size in enumerate(sizes)
        if size
    )
    async for outcome in downloader.fetch(wanted):
        assert isinstance(outcome, Fetched), outcome
        probe("yielded", outcome.id)
        sys.stdout.write(f"{outcome.id} {outcome.sha256}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    host, folder, deadly, times, *sizes = sys.argv[1:]
    asyncio.run(main(host, Path(folder), deadly, int(times), [int(size) for size in sizes]))
