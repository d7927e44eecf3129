"""A fake homeserver on loopback: the calls that the Matrix adapter makes, over real HTTP, with the
answers that a live Synapse gave. Tests plant its faults; its rules are in `homeserver_rooms`."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from tests.fakes.homeserver_media import MediaStore
from tests.fakes.homeserver_rooms import Denied, Json, Registration, Room, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Literal["drop-before", "drop-after", "busy", "error"]


@dataclass
class Plan:
    """A fault for the next `times` requests whose method and path hold `match`."""

    match: str
    fault: Fault
    times: int


class FakeHomeserver:
    """`world` is what it holds, to be looked at and damaged; `seen` every request's method and path
    (without the query). Start it as a context."""

    def __init__(
        self, registration: Registration | None = None, *, server_name: str = "fake.test"
    ) -> None:
        self.world = World(server_name)
        self.registrations = [registration] if registration else []
        self.people: dict[str, str] = {}  # access token to account, for tokens of no service
        self.admins: set[str] = set()
        self.media = MediaStore()
        self.announces_retention = False
        self.seen: list[str] = []
        self.port = 0
        self._faults: list[Plan] = []
        self._spent: dict[str, list[float]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, match: str, fault: Fault, times: int = 1) -> None:
        self._faults.append(Plan(match, fault, times))

    def restart(self) -> None:
        """End and start again: what was only in memory is gone, the port is the same."""
        self._call(self._stop())
        self.world.memory.clear()
        self._call(self._start())

    def stop(self) -> None:
        self._call(self._stop())

    def start(self) -> None:
        self._call(self._start())

    @contextmanager
    def running(self) -> "Iterator[FakeHomeserver]":
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

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        line = f"{request.method} {request.path}"
        self.seen.append(line)
        plan = next((p for p in self._faults if p.match in line and p.times > 0), None)
        fault = None
        if plan is not None:
            plan.times -= 1
            fault = plan.fault
        if fault == "drop-before":
            return _cut(request)
        if fault == "busy":
            answer = {"errcode": "M_LIMIT_EXCEEDED", "error": "busy", "retry_after_ms": 20}
            return web.json_response(answer, status=429)
        if fault == "error":
            return web.Response(status=502, text="<html>Bad gateway</html>")
        try:
            response = await handler(request)
        except Denied as denied:
            response = web.json_response(denied.body, status=denied.status)
        except web.HTTPException as error:
            response = web.json_response({"errcode": "M_UNRECOGNIZED"}, status=error.status)
        return _cut(request) if fault == "drop-after" else response

    # -- who asks --------------------------------------------------------------------------------

    def caller(self, request: web.Request) -> tuple[str, Registration | None]:
        """The account that acts, and the application service behind it."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        service = next((one for one in self.registrations if one.token == token), None)
        if service is None:
            if token not in self.people:
                raise Denied(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
            return self.people[token], None
        user = request.query.get("user_id", service.sender)
        if user != service.sender:
            if not service.owns(user):
                words = f"Application service cannot masquerade as this user ({user})."
                raise Denied(403, "M_FORBIDDEN", words)
            if user not in self.world.users:
                words = f"Application service has not registered this user ({user})"
                raise Denied(403, "M_FORBIDDEN", words)
        device = request.query.get("device_id")
        if device and (user, device) not in self.world.devices:
            raise Denied(400, "M_UNKNOWN_DEVICE", "a device that doesn't exist")
        return user, service

    def moment(self, request: web.Request, service: Registration | None) -> int | None:
        """`ts`, which only an application service may set; others' is ignored."""
        if "ts" not in request.query:
            return None
        text = request.query["ts"]
        if not text.isascii() or not text.isdigit():
            raise Denied(400, "M_INVALID_PARAM", "ts must be a non-negative integer")
        return int(text) if service else None

    def spend(self, user: str, service: Registration | None, kind: str, burst: int) -> None:
        """A bucket of `burst` calls that hardly fills again."""
        if service is not None and not service.rate_limited:
            return
        now = time.monotonic()
        spent = [at for at in self._spent.get(f"{user} {kind}", []) if now - at < 5]
        if len(spent) >= burst:
            raise Denied(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=4172)
        self._spent[f"{user} {kind}"] = [*spent, now]


class Routes:
    """One method a call."""

    def __init__(self, server: FakeHomeserver) -> None:
        self._server = server
        self._world = server.world

    def add(self, app: web.Application) -> None:
        client, rooms = "/_matrix/client/v3", "/_matrix/client/v3/rooms/{room}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/_matrix/client/versions", self.versions),
            ("GET", f"{client}/account/whoami", self.whoami),
            ("GET", f"{client}/capabilities", self.capabilities),
            ("GET", "/_matrix/client/v1/media/config", self.media_config),
            ("GET", "/_matrix/client/v1/rooms/{room}/hierarchy", self.hierarchy),
            (
                "GET",
                "/_matrix/client/unstable/org.matrix.msc1763/retention/configuration",
                self.retention,
            ),
            ("POST", f"{client}/register", self.register),
            ("GET", client + "/profile/{user}", self.get_profile),
            ("PUT", client + "/profile/{user}/{field}", self.put_profile),
            ("PUT", client + "/devices/{device}", self.put_device),
            ("GET", client + "/directory/room/{alias}", self.resolve),
            ("DELETE", client + "/directory/room/{alias}", self.drop_alias),
            ("GET", client + "/directory/list/room/{room}", self.listed),
            ("GET", f"{client}/publicRooms", self.public_rooms),
            ("POST", f"{client}/createRoom", self.create_room),
            ("GET", f"{rooms}/state", self.whole_state),
            ("GET", rooms + "/state/{type}", self.get_state),
            ("GET", rooms + "/state/{type}/{key:.*}", self.get_state),
            ("PUT", rooms + "/state/{type}", self.put_state),
            ("PUT", rooms + "/state/{type}/{key:.*}", self.put_state),
            ("GET", f"{rooms}/members", self.members),
            ("GET", rooms + "/event/{event}", self.event),
            ("GET", f"{rooms}/messages", self.messages),
            ("PUT", rooms + "/send/{type}/{transaction:.*}", self.send),
            (
                "GET",
                "/_matrix/client/v1/rooms/{room}/relations/{event}/{relation}/{type}",
                self.relations,
            ),
            ("GET", client + "/user/{user}/account_data/{type}", self.get_data),
            ("PUT", client + "/user/{user}/account_data/{type}", self.put_data),
            ("POST", "/_matrix/media/v3/upload", self.upload),
            ("GET", "/_matrix/client/v1/media/download/{server}/{media}", self.download),
            ("HEAD", "/_matrix/client/v1/media/download/{server}/{media}", self.download),
            ("GET", "/_synapse/admin/v2/users", self.admin_users),
        ]
        for method, path, handler in table:
            app.router.add_route(method, path, handler)

    # -- the server ------------------------------------------------------------------------------

    async def versions(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            self._server.caller(request)
        return web.json_response({"versions": ["v1.12", "v1.17"]})

    async def whoami(self, request: web.Request) -> web.Response:
        user, service = self._server.caller(request)
        return web.json_response({"user_id": user} | ({} if service else {"device_id": "PHONE"}))

    async def capabilities(self, request: web.Request) -> web.Response:
        self._server.caller(request)
        available = {str(number): "stable" for number in range(1, self._world.version + 1)}
        versions = {"default": str(self._world.version), "available": available}
        return web.json_response({"capabilities": {"m.room_versions": versions}})

    async def media_config(self, request: web.Request) -> web.Response:
        self._server.caller(request)
        return web.json_response({"m.upload.size": self._server.media.limit})

    async def hierarchy(self, request: web.Request) -> web.Response:
        user, service = self._server.caller(request)
        self._server.spend(user, service, "hierarchy", 10)
        raise Denied(403, "M_FORBIDDEN", "not in room, or it does not exist")

    async def retention(self, request: web.Request) -> web.Response:
        self._server.caller(request)
        if not self._server.announces_retention:
            raise Denied(404, "M_UNRECOGNIZED", "Unrecognized request")
        policy = {"max_lifetime": self._world.retention_ms}
        return web.json_response({"policies": {"*": policy}, "limits": {}})

    # -- accounts --------------------------------------------------------------------------------

    async def register(self, request: web.Request) -> web.Response:
        _, service = self._server.caller(request)
        body = await _body(request)
        user = f"@{body['username']}:{self._world.server_name}"
        if service is None or body.get("type") != "m.login.application_service":
            raise Denied(403, "M_FORBIDDEN", "Registration has been disabled")
        if not service.owns(user):
            raise Denied(400, "M_EXCLUSIVE", "Invalid user localpart for this service")
        if user in self._world.users:
            raise Denied(400, "M_USER_IN_USE", "User ID already taken.")
        self._world.users[user] = body["username"]
        return web.json_response({"user_id": user, "home_server": self._world.server_name})

    async def get_profile(self, request: web.Request) -> web.Response:
        return web.json_response(self._world.profile(request.match_info["user"]))

    async def put_profile(self, request: web.Request) -> web.Response:
        user, _ = self._server.caller(request)
        if user != request.match_info["user"]:
            raise Denied(400, "M_UNKNOWN", "Cannot set another user's profile")
        name = request.match_info["field"]
        self._world.set_profile(user, name, (await _body(request))[name])
        return web.json_response({})

    async def put_device(self, request: web.Request) -> web.Response:
        user, _ = self._server.caller(request)
        self._world.devices.add((user, request.match_info["device"]))
        return web.json_response({}, status=201)

    async def get_data(self, request: web.Request) -> web.Response:
        key = self._own_data(request)
        if key not in self._world.account_data:
            raise Denied(404, "M_NOT_FOUND", "Account data not found")
        return web.json_response(self._world.account_data[key])

    async def put_data(self, request: web.Request) -> web.Response:
        self._world.account_data[self._own_data(request)] = await _body(request)
        return web.json_response({})

    def _own_data(self, request: web.Request) -> tuple[str, str]:
        user, _ = self._server.caller(request)
        if user != request.match_info["user"]:
            raise Denied(403, "M_FORBIDDEN", "Cannot get account data for other users.")
        return user, request.match_info["type"]

    async def admin_users(self, request: web.Request) -> web.Response:
        user, _ = self._server.caller(request)
        if user not in self._server.admins:
            raise Denied(403, "M_FORBIDDEN", "You are not a server admin")
        users = [{"name": one, "displayname": name} for one, name in self._world.users.items()]
        return web.json_response({"users": users, "total": len(users)})

    # -- rooms -----------------------------------------------------------------------------------

    async def resolve(self, request: web.Request) -> web.Response:
        room = self._world.aliases.get(request.match_info["alias"])
        if room is None:
            raise Denied(404, "M_NOT_FOUND", "Room alias not found")
        return web.json_response({"room_id": room, "servers": [self._world.server_name]})

    async def drop_alias(self, request: web.Request) -> web.Response:
        self._server.caller(request)
        if self._world.aliases.pop(request.match_info["alias"], None) is None:
            raise Denied(404, "M_NOT_FOUND", "Room alias not found")
        return web.json_response({})

    async def listed(self, request: web.Request) -> web.Response:
        room = self._world.room(request.match_info["room"])
        return web.json_response({"visibility": "public" if room.listed else "private"})

    async def public_rooms(self, request: web.Request) -> web.Response:
        self._server.caller(request)
        rooms = [
            {"room_id": room.id, "name": room.content("m.room.name").get("name", "")}
            for room in self._world.rooms.values()
            if room.listed
        ]
        return web.json_response({"chunk": rooms})

    async def create_room(self, request: web.Request) -> web.Response:
        user, service = self._server.caller(request)
        self._server.spend(user, service, "write", 10)
        room = self._world.create_room(user, await _body(request))
        return web.json_response({"room_id": room})

    async def whole_state(self, request: web.Request) -> web.Response:
        return web.json_response(list(self._readable(request).state.values()))

    async def get_state(self, request: web.Request) -> web.Response:
        key = (request.match_info["type"], request.match_info.get("key", ""))
        event = self._readable(request).state.get(key)
        if event is None:
            raise Denied(404, "M_NOT_FOUND", "Event not found.")
        return web.json_response(event["content"])

    async def put_state(self, request: web.Request) -> web.Response:
        user, service = self._server.caller(request)
        self._server.spend(user, service, "write", 10)
        ts, info = self._server.moment(request, service), request.match_info
        event = self._world.put_state(
            user, info["room"], info["type"], info.get("key", ""), await _body(request), ts
        )
        return web.json_response({"event_id": event})

    async def members(self, request: web.Request) -> web.Response:
        left_out = request.query.get("not_membership")
        seats = [
            event
            for (type, _), event in self._readable(request).state.items()
            if type == "m.room.member" and event["content"]["membership"] != left_out
        ]
        return web.json_response({"chunk": seats})

    # -- events ----------------------------------------------------------------------------------

    async def send(self, request: web.Request) -> web.Response:
        user, service = self._server.caller(request)
        self._server.spend(user, service, "write", 10)
        ts, info = self._server.moment(request, service), request.match_info
        place = (info["room"], info["type"], info["transaction"])
        device = request.query.get("device_id")
        # Without a device the application service is the key, and not the account.
        owner = service.sender if service else user
        keys = ("device", user, device, *place) if device else ("memory", owner, *place)
        event = self._world.send(user, info["room"], info["type"], await _body(request), keys, ts)
        return web.json_response({"event_id": event})

    async def event(self, request: web.Request) -> web.Response:
        room = self._readable(request)
        event = room.find(request.match_info["event"])
        if event is None or event not in self._world.timeline(room):
            raise Denied(404, "M_NOT_FOUND", "Could not find event")
        return web.json_response(event)

    async def messages(self, request: web.Request) -> web.Response:
        """Pages of at most seven, so that every reader has to turn them."""
        events = self._world.timeline(self._readable(request))
        if request.query["dir"] == "b":
            events.reverse()
        start, size = int(request.query.get("from", 0)), min(7, int(request.query["limit"]))
        types = json.loads(request.query.get("filter", "{}")).get("types")
        page = [e for e in events[start : start + size] if types is None or e["type"] in types]
        more = {"end": str(start + size)} if start + size < len(events) else {}
        return web.json_response({"chunk": page, "start": str(start)} | more)

    async def relations(self, request: web.Request) -> web.Response:
        info = request.match_info
        found = [
            event
            for event in self._readable(request).events
            if event["type"] == info["type"]
            and event["content"].get("m.relates_to", {}).get("event_id") == info["event"]
            and event["content"]["m.relates_to"].get("rel_type") == info["relation"]
        ]
        start = int(request.query.get("from", 0))
        more = {"next_batch": str(start + 3)} if start + 3 < len(found) else {}
        return web.json_response({"chunk": found[start : start + 3]} | more)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        user, _ = self._server.caller(request)
        address = f"mxc://{self._world.server_name}/{self._world.fresh_id('')[-24:]}"
        return await self._server.media.take(request, user, address) or _cut(request)

    async def download(self, request: web.Request) -> web.Response:
        self._server.caller(request)
        server, media = request.match_info["server"], request.match_info["media"]
        return self._server.media.give(f"mxc://{server}/{media}")

    def _readable(self, request: web.Request) -> Room:
        user, _ = self._server.caller(request)
        return self._world.readable(request.match_info["room"], user)


async def _body(request: web.Request) -> Json:
    """A JSON object as Synapse takes it: no floats, no integers beyond 2^53, no half characters."""
    text = (await request.read()).decode("utf-8")
    try:
        body = json.loads(text)
    except ValueError:
        raise Denied(400, "M_NOT_JSON", "Content not JSON.") from None
    if not isinstance(body, dict):
        raise Denied(400, "M_BAD_JSON", "Content must be a JSON object.")
    _check(body)
    return body


def _check(value: Any) -> None:
    if isinstance(value, float):
        raise Denied(400, "M_BAD_JSON", "Bad JSON value: float")
    if isinstance(value, int) and abs(value) > 2**53 - 1:
        raise Denied(400, "M_BAD_JSON", "JSON integer out of range")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Denied(500, "M_UNKNOWN", "Internal server error") from None
    for child in value.values() if isinstance(value, dict) else []:
        _check(child)
    for child in value if isinstance(value, list) else []:
        _check(child)


def _cut(request: web.Request) -> web.StreamResponse:
    """Hang up without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
