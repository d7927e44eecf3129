"""The media store of the fake homeserver: what it takes and refuses, as Synapse 1.163 was seen to
do, and as a proxy before it may. HTTP's other half is in `homeserver`."""

from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.homeserver_rooms import Denied


@dataclass(frozen=True)
class Stored:
    body: bytes
    kind: str
    name: str
    owner: str


@dataclass
class MediaStore:
    """`limit` is what the homeserver announces and takes, `proxy_limit` what something before it
    lets through: it hangs up on the rest, or answers 413 in its own words. `quota` is what one
    account may upload."""

    limit: int = 52_428_800
    proxy_limit: int | None = None
    proxy_answers: bool = False
    quota: int | None = None
    held: dict[str, Stored] = field(default_factory=dict)

    async def take(self, request: web.Request, user: str, address: str) -> web.Response | None:
        """Store a body under `address`; None where the connection ends without an answer."""
        size = request.content_length
        if size is None:
            raise Denied(400, "M_UNKNOWN", "Request must specify a Content-Length")
        if self.proxy_limit is not None and size > self.proxy_limit:
            words = "<html><h1>413 Request Entity Too Large</h1></html>"
            return web.Response(status=413, text=words) if self.proxy_answers else None
        if size > self.limit:
            return None
        kind = request.headers.get("Content-Type", "application/octet-stream")
        if not kind.isascii():
            raise Denied(500, "M_UNKNOWN", "Internal server error")
        used = sum(len(one.body) for one in self.held.values() if one.owner == user)
        if self.quota is not None and used + size > self.quota:
            raise Denied(403, "M_USER_LIMIT_EXCEEDED", "Media upload limit exceeded")
        body = await request.read()
        self.held[address] = Stored(body, kind, request.query.get("filename", ""), user)
        return web.json_response({"content_uri": address})

    def give(self, address: str) -> web.Response:
        stored = self.held.get(address)
        if stored is None:
            raise Denied(404, "M_NOT_FOUND", "Not found")
        return web.Response(body=stored.body, headers={"Content-Type": stored.kind})
