"""The HTTP frame of a fake server: loopback, a thread with a loop of its own, the requests that it
saw, and the faults that tests plant. What it answers is its subclass's."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Literal[
    "drop-before",
    "drop-after",
    "reset",
    "busy",
    "error",
    "failed",
    "html",
    "moved",
    "slow",
    "hang-before",
    "hang-after",
]
"""`drop`: the connection ends without an answer; `reset`: it breaks; `busy`: 429; `error`: 502 from
a proxy; `failed`: 500 from the server itself; `html`: 200 that is none; `moved`: a redirect;
`slow`: a third of a second late; `hang`: no answer at all. `after` says that the call was done
before."""


@dataclass
class Plan:
    """A fault for the next `times` requests whose method and path hold `match`, but for the first
    `after` of them."""

    match: str
    fault: Fault
    times: int
    after: int = 0


class Served:
    """A server on loopback. `seen` is every request's method and path, `prefix` taken off. Start it
    as a context."""

    prefix = ""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.hanging = threading.Event()
        self.port = 0
        self._faults: list[Plan] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    # -- what a subclass says --------------------------------------------------------------------

    def add_routes(self, app: web.Application) -> None:
        raise NotImplementedError

    def answer_error(self, request: web.Request, error: Exception) -> web.Response | None:
        """The answer to a call that raised `error`, None where that is a bug of the fake."""
        return None

    def answer_fault(self, fault: Literal["busy", "failed"]) -> web.Response:
        raise NotImplementedError

    async def started(self) -> None:
        """What else begins when it answers."""

    async def stopped(self) -> None:
        """What else ends with it."""

    # -- what a test says ------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, match: str, fault: Fault, times: int = 1, after: int = 0) -> None:
        self._faults.append(Plan(match, fault, times, after))

    def count(self, match: str) -> int:
        """Requests so far whose method and path hold `match`."""
        return sum(match in line for line in self.seen)

    def stop(self) -> None:
        self._call(self._stop())

    def start(self) -> None:
        self._call(self._start())

    @contextmanager
    def running(self) -> Iterator[Self]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        self._loop = loop
        try:
            self.start()
            yield self
        finally:
            self.stop()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    # -- how it works ----------------------------------------------------------------------------

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._around], client_max_size=2**30)
        self.add_routes(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's server
        self._stopping.clear()
        await self.started()

    async def _stop(self) -> None:
        await self.stopped()
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        line = f"{request.method} {request.path.removeprefix(self.prefix)}"
        self.seen.append(line)
        fault = self._planned(line)
        if fault in ("drop-before", "reset"):
            return _cut(request, reset=fault == "reset")
        if fault in ("busy", "failed"):
            return self.answer_fault("busy" if fault == "busy" else "failed")
        if fault == "hang-before":
            await self._hang()
        if fault == "slow":
            await asyncio.sleep(0.3)
        if fault == "moved":
            raise web.HTTPFound("/elsewhere")
        if fault in ("error", "html"):
            status = 502 if fault == "error" else 200
            return web.Response(status=status, text="<html>Bad gateway</html>")
        try:
            response = await handler(request)
        except Exception as error:
            answer = self.answer_error(request, error)
            if answer is None:
                raise
            response = answer
        if fault == "hang-after":
            await self._hang()
        return _cut(request) if fault == "drop-after" else response

    def _planned(self, line: str) -> Fault | None:
        plan = next((p for p in self._faults if p.match in line and p.times > 0), None)
        if plan is None:
            return None
        if plan.after:
            plan.after -= 1
            return None
        plan.times -= 1
        return plan.fault

    async def _hang(self) -> None:
        """Do not answer; the test ends whoever waits."""
        self.hanging.set()
        await self._stopping.wait()


def _cut(request: web.Request, *, reset: bool = False) -> web.Response:
    """The connection breaks before the answer."""
    transport = request.transport
    assert transport is not None
    if reset:
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    return web.Response()
