"""One call of a fake Zulip's API: who asks, and what with. A table says which parameters a path
takes, and of which kind; what is not in it is answered as a real server does, and noted, for in a
test it is a mistake."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from tests.fakes.zulip_records import ADMIN, Json, Refusal, User
from tests.fakes.zulip_world import World

Values = dict[str, Any]


@dataclass
class File:
    name: str
    mimetype: str
    body: bytes


@dataclass
class Call:
    """`path` are the numbers and names in the address; `form` the parameters, read as their kinds
    say. `client` is the name by which the caller's program goes."""

    world: World
    url: str
    path: Mapping[str, str]
    form: Values
    files: list[File]
    client: str
    caller: User | None = None

    @property
    def user(self) -> User:
        assert self.caller is not None
        return self.caller

    def need_admin(self) -> User:
        if self.user.role > ADMIN:
            raise Refusal("Must be an organization administrator", "UNAUTHORIZED_PRINCIPAL")
        return self.user

    def number(self, name: str) -> int:
        return int(self.path[name])


Handler = Callable[[Call], "Json | web.Response"]


@dataclass
class Route:
    """`form` leads from parameters to kinds; `required` are those that must be there. An `open` one
    asks for no key."""

    verb: str
    path: str
    handler: Handler
    form: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    open: bool = False
    modern: frozenset[str] = frozenset()
    """Parameters that only the server of 2025 knows."""


def routes_of(table: str, handlers: Mapping[str, Handler]) -> list[Route]:
    """Lines of verb, path, handler and parameters: `name=kind`, `!` behind one that must be there,
    `+` behind one that only the newer server knows; `open` where no key is asked for."""
    return [
        _route(line.split(), handlers) for line in table.strip().replace("\\\n", "").splitlines()
    ]


def _route(words: list[str], handlers: Mapping[str, Handler]) -> Route:
    verb, path, name, *rest = words
    route = Route(verb, path, handlers[name], open="open" in rest)
    required: list[str] = []
    modern: set[str] = set()
    for word in rest:
        if word == "open":
            continue
        bare = word.rstrip("!+")
        parameter, _, kind = bare.partition("=")
        route.form[parameter] = kind or "text"
        if "!" in word:
            required.append(parameter)
        if "+" in word:
            modern.add(parameter)
    route.required, route.modern = tuple(required), frozenset(modern)
    return route


async def read_form(request: web.Request) -> tuple[dict[str, str], list[File]]:
    """Parameters of the address and of the body, which are one; and files."""
    raw: dict[str, str] = dict(request.query)
    files: list[File] = []
    for name, value in (await request.post()).items():
        if isinstance(value, FileField):
            files.append(File(value.filename, value.content_type, value.file.read()))
        else:
            raw[name] = value if isinstance(value, str) else bytes(value).decode()
    return raw, files


def key_of(request: web.Request) -> tuple[str, str] | None:
    """Address and key, None where there are none."""
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        email, _, key = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return email, key


def check_form(route: Route, raw: dict[str, str], *, modern: bool) -> tuple[Values, list[str]]:
    """The parameters as values, and the names of those that nobody asked for. What only the newer
    server knows is passed over by the older one."""
    raw = {name: value for name, value in raw.items() if name != "client"}
    known = {n: k for n, k in route.form.items() if modern or n not in route.modern}
    values: Values = {}
    for name, kind in known.items():
        if name in raw:
            values[name] = _value(name, raw[name], kind, modern=modern)
        elif name in route.required:
            raise Refusal(f"Missing '{name}' argument", "REQUEST_VARIABLE_MISSING", var_name=name)
    return values, sorted(raw.keys() - known.keys())


_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "list": (list,),
    "dict": (dict,),
    "json": (bool, int, float, str, list, dict),
}


def _value(name: str, raw: str, kind: str, *, modern: bool) -> Any:
    if kind == "text":
        return raw
    bad = Refusal(
        f"Bad value for '{name}': {raw}", "REQUEST_VARIABLE_INVALID", var_name=name, bad_value=raw
    )
    try:
        value = json.loads(raw)
    except ValueError:
        if modern:
            raise Refusal(f"{name} is not valid JSON") from None
        if kind in ("float", "list"):
            raise bad from None
        raise Refusal(f'Argument "{name}" is not valid JSON.') from None
    wanted = _KINDS[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        words = {"bool": "boolean", "int": "integer", "list": "list", "dict": "dict"}
        raise Refusal(f"{name} is not a {words.get(kind, 'value')}")
    return value
