"""Bodies of files brought from Slack, several at a time: each one whole, checked and stored once
under its sha256. Which bodies are wanted, and what is noted of them, is the caller's affair."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial as bind
from hashlib import blake2b
from pathlib import Path
from urllib.request import getproxies

import aiohttp
import msgspec

from migrate.errors import Fatal
from migrate.slack.hosts import Hosts
from migrate.slack.partial import Partial, clear_leftovers, list_leftovers, locate
from migrate.slack.tokens import ExportToken, Tokens
from migrate.slack.transfer import No, Transfer, Wanted
from migrate.slack.tries import Tries

__all__ = [
    "Downloader",
    "ExportToken",
    "Fetched",
    "Refusal",
    "Tokens",
    "Wanted",
    "body_path",
    "clear_leftovers",
]


BUFFER = 1 << 18
"""Bytes that wait for each connection, at most twice as many."""


class Fetched(msgspec.Struct, frozen=True):
    """A body that is stored. `mimetype` is what it was served as, without parameters."""

    id: str
    sha256: str
    size: int
    mimetype: str


class Refusal(msgspec.Struct, frozen=True):
    """A body that did not come; `code` is one of `migrate.slack.codes`."""

    id: str
    code: str


Brought = tuple[Fetched | Refusal, Partial | None]
"""An outcome, and of a body that came what is to be forgotten once it was noted."""


def body_path(folder: Path, sha256: str) -> Path:
    """Where a stored body lies."""
    return Path(locate(str(folder), sha256))


def _unwatched(step: str, subject: str) -> None: ...


class Downloader:
    """Brings bodies into `folder` (made 0700, bodies 0600) over `parallel` connections.

    `patience` is how many seconds may pass without a byte; there is no limit to the whole, for a
    slow line is no error. `probe` is told each step with the body's id: `body.part` (its first
    bytes have come), `body.whole` (before it gets its name), `body.stored`.
    """

    def __init__(
        self,
        folder: Path,
        hosts: Hosts,
        tokens: Tokens,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        probe: Callable[[str, str], None] = _unwatched,
        parallel: int = 6,
        patience: float = 60.0,
    ) -> None:
        self._folder = str(folder)
        self._hosts = hosts
        self._tokens = tokens
        self._sleep = sleep
        self._probe = probe
        self._parallel = parallel
        self._patience = patience

    async def fetch(self, wanted: Iterable[Wanted]) -> AsyncGenerator[Fetched | Refusal, None]:
        """Each wanted body's outcome, in the order in which they end; `wanted` is read as needed,
        and must name no body twice.

        What was yielded counts as noted when the next outcome is asked for; killed before that, a
        body is yielded again without being fetched again. Left early, all connections are let go;
        what has come stays and is gone on with. Raises Fatal where Slack cannot be reached at all
        or the disk refuses, after the outcomes of what was done by then.
        """
        self._make_folder()
        rest = iter(wanted)
        under_way: set[asyncio.Task[Brought]] = set()
        async with self._connect() as bring:
            try:
                while True:
                    # Twice as many as there are connections: half of them wait for the disk.
                    while len(under_way) < 2 * self._parallel:
                        if (one := next(rest, None)) is None:
                            break
                        under_way.add(asyncio.create_task(bring(one)))
                    if not under_way:
                        return
                    done, under_way = await asyncio.wait(
                        under_way, return_when=asyncio.FIRST_COMPLETED
                    )
                    failed = [task for task in done if task.exception() is not None]
                    for task in done.difference(failed):
                        outcome, partial = task.result()
                        yield outcome
                        # The caller is back, and so has noted it.
                        if partial is not None:
                            partial.forget()
                    for task in failed:
                        task.result()
            finally:
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Callable[[Wanted], Coroutine[None, None, Brought]]]:
        pool = ThreadPoolExecutor(2 * self._parallel, "body")
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._parallel),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Packed, a body could neither be resumed nor be held against its size.
            headers={"Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=min(30.0, self._patience), sock_read=self._patience
            ),
            # The library stops reading at twice that.
            read_bufsize=BUFFER,
            trust_env=bool(getproxies()),
        )
        threaded = bind(asyncio.get_running_loop().run_in_executor, pool)
        try:
            async with session:
                transfer = Transfer(session, self._hosts, bind(self._probe, "body.part"))
                tries = Tries(transfer, self._hosts, self._tokens, self._sleep)
                left = list_leftovers(self._folder)
                yield bind(self._bring, tries, threaded, asyncio.Semaphore(self._parallel), left)
        finally:
            # What is being brought to the disk is there before anybody looks at the folder.
            pool.shutdown(wait=True, cancel_futures=True)

    async def _bring(
        self,
        tries: Tries,
        threaded: Callable[..., Awaitable[object]],
        connection: asyncio.Semaphore,
        left: set[str],
        wanted: Wanted,
    ) -> Brought:
        name = _name_of(wanted)
        partial = Partial(self._folder, name)
        try:
            if name in left:
                await threaded(partial.reopen)
            if not partial.stored:
                async with connection:
                    outcome = await tries.bring(wanted, partial)
                if isinstance(outcome, No):
                    return Refusal(wanted.id, outcome.code), None
                if wanted.clean is not None:
                    await threaded(partial.rewrite, wanted.clean)
                await threaded(partial.sync)
                self._probe("body.whole", wanted.id)
                partial.store()
                self._probe("body.stored", wanted.id)
            mimetype = partial.tag.mimetype if partial.tag else ""
            kind = mimetype.partition(";")[0].strip().lower()
            return Fetched(wanted.id, partial.sha256, partial.size, kind), partial
        finally:
            partial.close()

    def _make_folder(self) -> None:
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
        except OSError:
            raise Fatal(
                "disk-refused", "The folder for bodies cannot be made.", "Mend the disk, run again."
            ) from None


def _name_of(wanted: Wanted) -> str:
    """What the body is called while it comes: the id may hold anything, and another address under
    the same id, such as a newer picture of a person, is another body."""
    said = f"{wanted.id}\0{wanted.url}".encode("utf-8", "surrogatepass")
    return blake2b(said, digest_size=16).hexdigest()
