"""A fake Slack on loopback: its Web API as `migrate.slack` calls it, and its files, in a thread of
its own. It keeps a ledger of every request for a body; tests plant the faults."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from aiohttp import web

from tests.fakes.slack_api import Api
from tests.fakes.slack_bodies import Body, Fault, Line, Seen, serve, sign_in_page, sign_in_redirect

EXPORT_TOKEN = "xoxe-fake-export"
USER_TOKEN = "xoxp-fake-user"


class FakeSlack:
    """`api` is the workspace that the Web API tells of, `ledger` every request for a body, `export`
    and `user` the tokens that open bodies. Start it as a context: `with FakeSlack().running()`.
    """

    def __init__(self, *, sign_in: str = "page", elsewhere: str = "http://127.0.0.1:9/") -> None:
        self.export = {EXPORT_TOKEN}
        self.user = {USER_TOKEN}
        self.api = Api(USER_TOKEN)
        self.bodies: dict[str, Body] = {}
        self.ledger: list[Seen] = []
        self.sign_in = sign_in  # what a wrong token meets: `page` or `redirect`
        self.elsewhere = elsewhere
        self.line = Line()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        """What `slack.file_hosts` has to hold."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    def add(
        self,
        name: str,
        size: int = 0,
        *,
        faults: Sequence[Fault] = (),
        always: Fault = "",
        text: bytes = b"",
        mimetype: str = "application/octet-stream",
        needs: tuple[str, ...] = ("t", "token", "bearer"),
        validators: bool = True,
        retry_after: str = "1",
    ) -> Body:
        """A body of its own bytes, found at `url_of(name)`."""
        body = Body(
            name=name,
            size=len(text) or size,
            seed=1_000 * (len(self.bodies) + 1),
            mimetype=mimetype,
            faults=list(faults),
            always=always,
            needs=needs,
            validators=validators,
            retry_after=retry_after,
            text=text,
        )
        self.bodies[name] = body
        return body

    def url_of(self, name: str) -> str:
        """The URL of a body, as an export has it but for the token."""
        return f"{self.url}/files-pri/T1-{name}/{name}.bin"

    def seen(self, name: str) -> list[Seen]:
        return [seen for seen in self.ledger if seen.name == name]

    def sent(self, name: str) -> int:
        """How many bytes of a body left, over all requests."""
        return sum(seen.sent for seen in self.seen(name))

    @contextmanager
    def running(self) -> "Iterator[FakeSlack]":
        """Serve from a thread until the block ends."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(), loop).result(30)
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(30)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def start(self) -> None:
        """Serve from the running loop, on the same port at every start."""
        app = web.Application()
        app.router.add_get("/", self._sign_in)
        app.router.add_get("/files-pri/{folder}/{file}", self._file)
        app.router.add_get("/onward/{name}", self._onward)
        app.router.add_post("/api/{method}", self.api.answer)
        app.router.add_get("/{rest:.*}", self._stray)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's server

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _end(self) -> None:
        await self.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        self._enter(request, "sign-in")
        return sign_in_page(request)

    async def _stray(self, request: web.Request) -> web.StreamResponse:
        self._enter(request, request.path)
        return web.Response(text="nobody should have come here")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.match_info["folder"].partition("-")[2])

    async def _onward(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, request.match_info["name"])

    async def _serve(self, request: web.Request, name: str) -> web.StreamResponse:
        seen = self._enter(request, name)
        body = self.bodies.get(name)
        if body is None:
            response: web.StreamResponse = web.Response(status=404)
        elif body.needs and not self._opens(body, seen):
            page = self.sign_in == "page"
            response = sign_in_page(request) if page else sign_in_redirect(request)
        else:
            try:
                response = await serve(body, request, seen, self.elsewhere, self.line)
            except ConnectionError:  # whoever asked has gone
                return web.Response()
        seen.status = response.status
        return response

    def _enter(self, request: web.Request, name: str) -> Seen:
        way, token = "", ""
        for parameter in ("t", "token"):
            if parameter in request.query:
                way, token = parameter, request.query[parameter]
        if "Authorization" in request.headers:
            # Both at once is one too many.
            way = f"{way}bearer"
            token = request.headers["Authorization"].removeprefix("Bearer ")
        seen = Seen(name, request.headers.get("Range", ""), way, token)
        seen.condition = request.headers.get("If-Range", "")
        self.ledger.append(seen)
        return seen

    def _opens(self, body: Body, seen: Seen) -> bool:
        known = self.user if seen.way == "bearer" else self.export
        return seen.way in body.needs and seen.token in known
