"""A fake Zulip server on loopback with one organization: the calls that the adapter makes, over
real HTTP, with the answers that servers of 2024 (9) and 2025 (10) gave. What it holds is in
`zulip_world`, its API in the modules beside it, an organization out of an import directory in
`zulip_import`. It is strict: what no server knows, or wants differently, fails the test."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from aiohttp import web

from tests.fakes.serving import Served
from tests.fakes.zulip_calls import Call, Route, check_form, key_of, read_form
from tests.fakes.zulip_channels import channel_routes
from tests.fakes.zulip_files import file_routes, static_routes
from tests.fakes.zulip_import import import_world
from tests.fakes.zulip_marks import mark_routes
from tests.fakes.zulip_messages import message_routes
from tests.fakes.zulip_people import people_routes
from tests.fakes.zulip_reading import reading_routes
from tests.fakes.zulip_realm import realm_routes
from tests.fakes.zulip_records import OWNER, Failure, Refusal, User
from tests.fakes.zulip_world import WELCOMER, World

IMPORTER = "importer@example.com"
_PASSWORD_TRIES = 5
_CHANNELS = {
    "Zulip": "Questions and discussion about using Zulip.",
    "sandbox": "Experiment with Zulip here. :test_tube:",
    "general": "For team-wide conversations",
}
"""Those of a new organization."""


class Organization(Served):
    """`world` is what it holds, to be looked at and damaged; `importer` an owner who may forge
    senders and make accounts. `mistakes` are calls that no client should make: where there are any,
    `running` ends in an error, unless the organization is `lenient`."""

    prefix = "/api/v1/"

    def __init__(
        self, version: Literal["9", "10"] = "10", *, world: World | None = None,
        lenient: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.world = world or World(modern=version == "10")
        self.lenient = lenient
        self.mistakes: list[str] = []
        self.limit = 100_000
        self.window = 60.0
        self._calls: dict[int, deque[float]] = {}
        self._wrong: dict[str, int] = {}
        if world is None:
            self._found()
        self.importer = self._make_importer()

    @classmethod
    def imported(cls, folder: Path, version: Literal["9", "10"] = "10") -> "Organization":
        """What `manage.py import` makes of a directory; the importing account is a new one."""
        return cls(version, world=import_world(folder, modern=version == "10"))

    @property
    def zuliprc(self) -> str:
        """The file of the importing account, as it is downloaded."""
        who = self.importer
        return f"[api]\nemail={who.email}\nkey={who.key}\nsite={self.url}\n"

    @contextmanager
    def running(self) -> Iterator["Organization"]:
        with super().running():
            yield self
        self.mistakes += [f"{email} was made up by a message" for email in self.world.made_up]
        assert self.lenient or not self.mistakes, self.mistakes

    def forget_calls(self) -> None:
        """As if a minute had gone by."""
        self._calls.clear()

    def add_routes(self, app: web.Application) -> None:
        calls = (
            *realm_routes(), *people_routes(), *channel_routes(), *message_routes(),
            *mark_routes(), *reading_routes(), *file_routes(),
        )  # fmt: skip
        for route in calls:
            app.router.add_route(route.verb, f"{self.prefix}{route.path}", self._handler(route))
        for route in static_routes():
            app.router.add_route(route.verb, f"/{route.path}", self._handler(route))

    def answer_error(self, request: web.Request, error: Exception) -> web.Response | None:
        if isinstance(error, Refusal):
            return web.json_response(error.body, status=error.status)
        if isinstance(error, Failure):
            return self.answer_fault("failed")
        if isinstance(error, web.HTTPMethodNotAllowed):
            self._note(f"{request.method} {request.path}: no such call")
            body: Any = {"result": "error", "msg": "Method Not Allowed"}
            return web.json_response(
                body | {"allowed_methods": sorted(error.allowed_methods)}, status=405
            )
        if isinstance(error, web.HTTPException):
            self._note(f"{request.method} {request.path}: no such address")
            page = "<html>Page not found</html>"
            return web.Response(status=error.status, text=page, content_type="text/html")
        self._note(f"{request.method} {request.path}: {error!r}")
        return None

    def answer_fault(self, fault: Literal["busy", "failed"]) -> web.Response:
        if fault == "busy":
            return _too_many(0.05)
        body = {"result": "error", "msg": "Internal server error"}
        return web.json_response(body, status=500)

    # -- one call --------------------------------------------------------------------------------

    def _handler(self, route: Route) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            raw, files = await read_form(request)
            caller = None if route.open else self._caller(request)
            headers: dict[str, str] = {}
            if caller is not None and request.path.startswith(self.prefix):
                headers, refused = self._count(caller)
                if refused is not None:
                    return refused
            line = f"{request.method} {request.path}"
            try:
                form, strange = check_form(route, raw, modern=self.world.modern)
            except Refusal as refusal:
                self._note(f"{line}: {refusal}")
                raise
            if strange:
                newer = set() if self.world.modern else route.modern
                self._note_all(f"{line}: {name}" for name in strange if name not in newer)
            client = raw.get("client") or request.headers.get("User-Agent", "").partition("/")[0]
            call = Call(self.world, self.url, request.match_info, form, files, client, caller)
            try:
                answer = self._answer(route, call)
            except Refusal as refusal:
                return web.json_response(refusal.body, status=refusal.status, headers=headers)
            if isinstance(answer, web.Response):
                return answer
            told = {"result": "success", "msg": ""} | answer
            if strange:
                told["ignored_parameters_unsupported"] = strange
            return web.json_response(told, headers=headers)

        return handle

    def _answer(self, route: Route, call: Call) -> Any:
        """Passwords may be guessed at a few times only."""
        if route.path != "fetch_api_key":
            return route.handler(call)
        name = call.form["username"].lower()
        if self._wrong.get(name, 0) >= _PASSWORD_TRIES:
            raise Refusal("API usage exceeded rate limit", "RATE_LIMIT_HIT", 429,
                          **{"retry-after": 1799.0})  # fmt: skip
        try:
            answer = route.handler(call)
        except Refusal:
            self._wrong[name] = self._wrong.get(name, 0) + 1
            raise
        self._wrong.pop(name, None)
        return answer

    def _caller(self, request: web.Request) -> User | None:
        told = key_of(request)
        if told is None:
            if request.path.startswith("/user_uploads/temporary/"):
                return None
            raise Refusal(
                "Not logged in: API authentication or user session required", "UNAUTHORIZED", 401
            )
        email, key = told
        user = self.world.user_with(email)
        if user is None or not key or user.key != key:
            raise Refusal("Invalid API key", "UNAUTHORIZED", 401)
        if not user.active:
            raise Refusal("Account is deactivated", "UNAUTHORIZED", 401)
        return user

    def _count(self, user: User) -> tuple[dict[str, str], web.Response | None]:
        now = time.time()
        calls = self._calls.setdefault(user.id, deque())
        while calls and calls[0] <= now - self.window:
            calls.popleft()
        if len(calls) >= self.limit:
            return {}, _too_many(calls[0] + self.window - now, self.limit)
        calls.append(now)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - len(calls)),
            "X-RateLimit-Reset": str(int(calls[0] + self.window)),
        }, None

    def _note(self, mistake: str) -> None:
        self.mistakes.append(mistake)

    def _note_all(self, mistakes: Iterator[str]) -> None:
        self.mistakes += [f"{mistake} is no parameter" for mistake in mistakes]

    # -- how it begins ---------------------------------------------------------------------------

    def _found(self) -> None:
        """What stands in a new organization."""
        world = self.world
        for name, description in _CHANNELS.items():
            channel = world.make_channel(name, description=description)
            world.default_channels.add(channel.id)
        for name, topic in (
            ("Zulip", "welcome to Zulip!"),
            ("sandbox", "experiments"),
            ("general", "greetings"),
        ):
            world.add_message(
                world.users[WELCOMER], f"This is {topic}", channel=world.channel_named(name),
                topic=topic,
            )  # fmt: skip

    def _make_importer(self) -> User:
        return self.world.make_user(
            IMPORTER, "Importer", "importer secret 4711", role=OWNER, can_forge=True,
            can_create=True,
        )  # fmt: skip


def _too_many(after: float, limit: int = 200) -> web.Response:
    body = {"result": "error", "msg": "API usage exceeded rate limit", "retry-after": after,
            "code": "RATE_LIMIT_HIT"}  # fmt: skip
    headers = {"Retry-After": str(after), "X-RateLimit-Limit": str(limit),
               "X-RateLimit-Remaining": "0"}  # fmt: skip
    return web.json_response(body, status=429, headers=headers)
