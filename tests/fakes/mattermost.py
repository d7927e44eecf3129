"""A fake Mattermost server on loopback: the calls that the adapter makes, over real HTTP, with the
answers that live 11.6 and 5.37 servers gave. Tests plant its faults. What it holds is in
`mattermost_world`, its importer in `mattermost_import`, the API in `mattermost_routes`."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from tests.fakes.mattermost_import import import_archive
from tests.fakes.mattermost_posts import Stop
from tests.fakes.mattermost_routes import Routes
from tests.fakes.mattermost_world import Json, Refusal, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Literal[
    "drop-before", "drop-after", "busy", "error", "html", "moved", "hang-before", "hang-after"
]


@dataclass
class Plan:
    """A fault for the next `times` requests whose method and path hold `match`."""

    match: str
    fault: Fault
    times: int


class FakeMattermost:
    """`world` is what it holds, to be looked at and damaged; `seen` every request's method and
    path. `holds_jobs` leaves new jobs where they are. Start it as a context."""

    def __init__(self, version: str = "11.6.0") -> None:
        self.world = World(version)
        self.tokens: dict[str, str] = {}
        self.uploads: dict[str, Json] = {}
        self.chunks: dict[str, bytearray] = {}
        self.imports: dict[str, bytes] = {}
        self.jobs: dict[str, Json] = {}
        self.settings = {"EnableFileAttachments": "true", "EnableCustomEmoji": "true",
                         "EnablePostUsernameOverride": "true"}  # fmt: skip
        self.file_limit = 2_147_483_648
        self.first_chunk = 5 * 1024 * 1024
        self.licence = {"IsLicensed": "false"}
        self.limits = {"maxUsersLimit": 200, "maxUsersHardLimit": 250, "postHistoryLimit": 0}
        self.runs_jobs = True
        self.holds_jobs = False
        self.seen: list[str] = []
        self.hanging = threading.Event()
        self.port = 0
        self._faults: list[Plan] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        admin = self.world.make_user("sysadmin", "sysadmin@example.org", "system_admin system_user")
        self.world.passwords["sysadmin"] = "sysadmin-password"
        self.admin = str(admin["id"])
        self.token = self.give_token("sysadmin")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def give_token(self, username: str) -> str:
        user = self.world.user_named(username)
        assert user is not None
        token = f"token-of-{username}"
        self.tokens[token] = user["id"]
        return token

    def fail(self, match: str, fault: Fault, times: int = 1) -> None:
        self._faults.append(Plan(match, fault, times))

    def count(self, match: str) -> int:
        """Requests so far whose method and path hold `match`."""
        return sum(match in line for line in self.seen)

    def stop(self) -> None:
        self._call(self._stop())

    def start(self) -> None:
        self._call(self._start())

    @contextmanager
    def running(self) -> "Iterator[FakeMattermost]":
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

    def _call(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._around], client_max_size=2**30)
        Routes(self).add(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's server
        self._stopping.clear()
        self._watcher = asyncio.create_task(self._watch_jobs())

    async def _stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
            self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        line = f"{request.method} {request.path.removeprefix('/api/v4')}"
        self.seen.append(line)
        plan = next((p for p in self._faults if p.match in line and p.times > 0), None)
        fault = None
        if plan is not None:
            plan.times -= 1
            fault = plan.fault
        if fault == "drop-before":
            return _cut(request)
        if fault == "busy":
            headers = {"Retry-After": "0"}
            return web.json_response({"id": "api.rate"}, status=429, headers=headers)
        if fault == "hang-before":
            await self._hang()
        if fault == "moved":
            raise web.HTTPFound("/elsewhere")
        if fault in ("error", "html"):
            status = 502 if fault == "error" else 200
            return web.Response(status=status, text="<html>Bad gateway</html>")
        try:
            response = await handler(request)
        except Refusal as refusal:
            body = {"id": refusal.id, "message": refusal.message, "detailed_error": "",
                    "request_id": self.world.id(), "status_code": refusal.status}  # fmt: skip
            response = web.json_response(body, status=refusal.status)
        except web.HTTPException as error:
            body = {"id": "api.context.404.app_error", "status_code": error.status}
            response = web.json_response(body, status=error.status)
        if fault == "hang-after":
            await self._hang()
        return _cut(request) if fault == "drop-after" else response

    async def _hang(self) -> None:
        """Do not answer; the test ends whoever waits."""
        self.hanging.set()
        await self._stopping.wait()

    # -- jobs ------------------------------------------------------------------------------------

    async def _watch_jobs(self) -> None:
        """One job after the other, each seen pending and under way before it is over."""
        while True:
            await asyncio.sleep(0.02)
            waiting = [job for job in self.jobs.values() if job["status"] == "pending"]
            if waiting and self.runs_jobs and not self.holds_jobs:
                waiting[0]["status"] = "in_progress"
                await asyncio.sleep(0.02)
                self.work(waiting[0])

    def work(self, job: Json) -> None:
        """Do a job now."""
        name = job["data"]["import_file"]
        modern = self.world.modern
        try:
            if name not in self.imports:
                raise Stop(0, "Unable to process import: file does not exists.")
            import_archive(self.world, self.imports[name])
        except Stop as stop:
            before = "Error during job execution. — BulkImport: " if modern else ""
            job["data"] |= {"error": before + stop.text, "line_number": str(stop.line)}
            job |= {"status": "error", "progress": -1}
        else:
            # Only what was taken whole is deleted.
            del self.imports[name]
            job |= {"status": "success", "progress": 100 if modern else 0}


def _cut(request: web.Request) -> web.Response:
    """The connection breaks before the answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()
