"""matrix-nio as an application service: acting as somebody, at a time, through a device; and the
one place where a homeserver's errors become verdicts. What is said to it lies elsewhere."""

import contextlib
import contextvars
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec
from nio import Api, AsyncClient, AsyncClientConfig, ErrorResponse, Response

from migrate.errors import Fatal, Retry, Skip

Json: TypeAlias = Any  # what a homeserver's JSON decodes to; read with care where it is read
_R = TypeVar("_R")

DEVICE = "CHATMIGRATE"
"""The one device of every ghost. A transaction id together with a device outlives a restart of the
homeserver; without one it is held in memory alone."""


class Acting(msgspec.Struct, frozen=True):
    """Added to every request's query: who acts, when (milliseconds), through which device."""

    user_id: str = ""
    ts: int | None = None
    device_id: str = ""

    def query(self) -> dict[str, str]:
        values = {"user_id": self.user_id, "device_id": self.device_id}
        if self.ts is not None:
            values["ts"] = str(self.ts)
        return {name: value for name, value in values.items() if value}


class Refused(Skip):
    """The homeserver said no (4xx). Uncaught, it is the verdict that this one act fails.

    `errcode` is the specification's, such as M_FORBIDDEN; "" where the answer held none.
    """

    def __init__(self, status: int, errcode: str) -> None:
        # What stands before a homeserver may refuse a body's size too, in words of its own.
        code = "matrix-too-large" if status == 413 else "matrix-refused"
        super().__init__(_SKIPS.get(errcode, code))
        self.status = status
        self.errcode = errcode


_SKIPS: Mapping[str, str] = {
    "M_TOO_LARGE": "matrix-too-large",
    "M_FORBIDDEN": "matrix-forbidden",
    "M_USER_DEACTIVATED": "matrix-account-gone",
    "M_NOT_FOUND": "matrix-not-found",
}


class Answer(Response):
    """A JSON answer as it is; for the calls that nio has no class for."""

    def __init__(self, data: Json) -> None:
        super().__init__()
        self.data = data

    @classmethod
    def from_dict(cls, parsed_dict: Json) -> "Answer":
        return cls(parsed_dict)


class AppserviceClient(AsyncClient):
    """nio's client with an application service's token: no login, no sync, no store.

    `patient` leaves nio's own retries on; they are for reads. Writes are the engine's to repeat.
    """

    def __init__(self, homeserver: str, token: str, sender: str, *, patient: bool) -> None:
        settings = AsyncClientConfig(
            max_limit_exceeded=8 if patient else 0,
            max_timeouts=5 if patient else 0,
            request_timeout=120,
            encryption_enabled=False,
            store_sync_tokens=False,
        )
        super().__init__(homeserver, sender, config=settings)
        self.access_token = token
        self.user_id = sender
        # Task-local, so that calls side by side act as different people.
        self._acting = contextvars.ContextVar[Acting | None]("acting", default=None)

    @contextlib.contextmanager
    def acting(self, user_id: str, ts: int | None = None, device_id: str = "") -> Iterator[None]:
        """Everything sent inside is sent as `user_id`, at `ts`, through `device_id`."""
        token = self._acting.set(Acting(user_id, ts, device_id))
        try:
            yield
        finally:
            self._acting.reset(token)

    async def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        headers: dict[str, str] | None = None,
        trace_context: Any = None,
        timeout: float | None = None,  # noqa: ASYNC109 - nio's signature
    ) -> aiohttp.ClientResponse:
        acting = self._acting.get()
        query = acting.query() if acting is not None else {}
        if query:
            path += ("&" if "?" in path else "?") + urlencode(query)
        response: aiohttp.ClientResponse = await super().send(
            method, path, data, headers, trace_context, timeout
        )
        return response

    async def close(self) -> None:
        await super().close()  # type: ignore[no-untyped-call]  # nio leaves it unannotated

    async def ask(self, method: str, path: str, data: str | None = None) -> Json:
        """Send what one of nio's request builders made; returns the JSON answer as it is.

        nio's own answer classes check every answer against a schema and log every error.
        Raises as `done` does.
        """
        answer = await done(self._send(Answer, method, path, data))
        return answer.data

    async def call(
        self,
        method: str,
        path: Sequence[str],
        body: Mapping[str, Json] | None = None,
        query: Mapping[str, str] | None = None,
        base: str = "/_matrix/client/v3",
    ) -> Json:
        """A call that nio has no builder for; `path` is quoted part by part."""
        address = Api._build_path(list(path), dict(query or {}), base_path=base)
        data = None if body is None else msgspec.json.encode(body).decode()
        return await self.ask(method, address, data)


def field(answer: Json, name: str) -> str:
    """A text of an answer. Raises Retry without it: something before the homeserver answered."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str):
        raise Retry("matrix-server-error", 1.0)
    return value


async def done(call: Awaitable[_R | ErrorResponse]) -> _R:
    """The answer of one of nio's calls, which return their errors.

    Raises Refused for a plain no, Retry for what may pass, Fatal for what only a person can change.
    """
    try:
        response = await call
    except aiohttp.ClientSSLError as error:
        raise Fatal(
            "matrix-certificate",
            "The homeserver's certificate is not valid for this address.",
            "Correct `target.homeserver`, or the certificate.",
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Retry("matrix-unreachable") from error
    transport = getattr(response, "transport_response", None)
    status = transport.status if transport is not None else 200
    if isinstance(response, ErrorResponse):
        _judge(status, response.status_code, response.message, response.retry_after_ms)
    if isinstance(response, Answer) and status >= 400:
        data = response.data if isinstance(response.data, dict) else {}
        _judge(status, data.get("errcode"), data.get("error"), data.get("retry_after_ms"))
    return response


def _judge(status: int, errcode: object, message: object, retry_after_ms: object) -> NoReturn:
    """Raise the verdict on an error answer. The server's own words are read, never passed on."""
    code = errcode if isinstance(errcode, str) else ""
    words = message if isinstance(message, str) else ""
    if status == 429 or code == "M_LIMIT_EXCEEDED":
        wait = retry_after_ms if isinstance(retry_after_ms, int) else 1000
        raise Retry("matrix-rate-limited", wait / 1000)
    if status >= 500 or status < 400:
        raise Retry("matrix-server-error", 1.0)
    if status == 401 or code in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
        raise Fatal(
            "matrix-token-unknown",
            "The homeserver does not know the token in the registration.",
            "Install appservice.yaml on the homeserver, restart it, and run again.",
        )
    if code == "M_EXCLUSIVE" or (code == "M_FORBIDDEN" and "masquerade" in words):
        raise Fatal(
            "matrix-namespace",
            "The installed registration does not let the importer act as the people it brings.",
            "Install the present appservice.yaml, restart the homeserver, and run again.",
        )
    if code == "M_FORBIDDEN" and "has not registered" in words:
        raise Fatal(
            "matrix-account-missing",
            "An account that this project made is not on the homeserver any more.",
            "Is it the same homeserver, with the same database? If not, begin a new project.",
        )
    if code.endswith("USER_LIMIT_EXCEEDED"):  # with a prefix while it was a proposal
        raise Fatal(
            "matrix-upload-quota",
            "The homeserver takes no more uploads from the importer for now.",
            "Lift `media_upload_limits` in homeserver.yaml for the import, or run again later.",
        )
    raise Refused(status, code)
