"""A fake Mattermost server on loopback: the calls that the adapter makes, over real HTTP, with the
answers that live 11.6 and 5.37 servers gave. Tests plant its faults. What it holds is in
`mattermost_world`, its importer in `mattermost_import`, the API in `mattermost_routes`."""

import asyncio
from typing import Literal

from aiohttp import web

from tests.fakes.mattermost_import import import_archive
from tests.fakes.mattermost_posts import Stop
from tests.fakes.mattermost_routes import Routes
from tests.fakes.mattermost_world import Json, Refusal, World
from tests.fakes.serving import Served


class FakeMattermost(Served):
    """`world` is what it holds, to be looked at and damaged; `seen` every request's method and
    path. `holds_jobs` leaves new jobs where they are. Start it as a context."""

    prefix = "/api/v4"

    def __init__(self, version: str = "11.6.0") -> None:
        super().__init__()
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
        self._watcher: asyncio.Task[None] | None = None
        admin = self.world.make_user("sysadmin", "sysadmin@example.org", "system_admin system_user")
        self.world.passwords["sysadmin"] = "sysadmin-password"
        self.admin = str(admin["id"])
        self.token = self.give_token("sysadmin")

    def give_token(self, username: str) -> str:
        user = self.world.user_named(username)
        assert user is not None
        token = f"token-of-{username}"
        self.tokens[token] = user["id"]
        return token

    def add_routes(self, app: web.Application) -> None:
        Routes(self).add(app)

    def answer_error(self, request: web.Request, error: Exception) -> web.Response | None:
        if isinstance(error, Refusal):
            body = {"id": error.id, "message": error.message, "detailed_error": "",
                    "request_id": self.world.id(), "status_code": error.status}  # fmt: skip
            return web.json_response(body, status=error.status)
        if isinstance(error, web.HTTPException):
            body = {"id": "api.context.404.app_error", "status_code": error.status}
            return web.json_response(body, status=error.status)
        return None

    def answer_fault(self, fault: Literal["busy", "failed"]) -> web.Response:
        if fault == "failed":
            return web.json_response({"id": "api.internal"}, status=500)
        return web.json_response({"id": "api.rate"}, status=429, headers={"Retry-After": "0"})

    async def started(self) -> None:
        self._watcher = asyncio.create_task(self._watch_jobs())

    async def stopped(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

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
