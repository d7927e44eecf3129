"""How a call is made: in a thread since the client blocks, as whoever asks, patiently where it only
reads; and its answer made the record that it is. Which calls there are lies in `calls` and
`message_calls`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from adapters.zulip.organization.client import Credentials, Json, ServerClient
from adapters.zulip.organization.envelope import Envelope
from adapters.zulip.organization.verdicts import Refused, not_understood, unreachable
from migrate.errors import Retry

PATIENCE = 7
BACKOFF_SECONDS = 0.3
"""Of reads: tries, and the pause before the second one, twice as long before each one after."""

_T = TypeVar("_T")


class Asking:
    """Reads are patient, and raise Fatal or Refused. Writes raise Retry too, and are the engine's
    to repeat. `by` is who asks, the importer where it is None."""

    def __init__(self, client: ServerClient) -> None:
        self.client = client

    async def close(self) -> None:
        await asyncio.to_thread(self.client.close)

    async def _list(
        self,
        kind: type[_T],
        field: str,
        url: str,
        query: Mapping[str, object] | None = None,
        by: Credentials | None = None,
    ) -> list[_T]:
        answer = await self._read(dict[str, Any], url, query, by)
        return converted(answer.get(field), list[kind])  # type: ignore[valid-type]  # a value here

    async def _read(
        self,
        kind: type[_T],
        url: str,
        query: Mapping[str, object] | None = None,
        by: Credentials | None = None,
    ) -> _T:
        return await self._patiently(lambda: self._call(kind, "GET", url, query, by))

    async def _patiently(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Tried again while what stands in the way may pass. Waits here, where it can be ended."""
        for attempt in range(PATIENCE):
            try:
                return await act()
            except Retry as verdict:
                await asyncio.sleep(max(verdict.after, BACKOFF_SECONDS * 2**attempt))
        raise unreachable()

    async def _write(
        self,
        method: str,
        url: str,
        request: Mapping[str, object] | None = None,
        by: Credentials | None = None,
    ) -> dict[str, Json]:
        return await self._call(dict[str, Any], method, url, request, by)

    async def _refusal(self, url: str, request: Mapping[str, object]) -> Refused | None:
        try:
            await self._patiently(lambda: self._write("POST", url, request))
        except Refused as refused:
            return refused
        return None

    async def _upload(self, url: str, body: Envelope, by: Credentials | None) -> dict[str, Json]:
        with self.client.acting(by):
            return await asyncio.to_thread(self.client.upload, url, body, body.content_type)

    async def _call(
        self,
        kind: type[_T],
        method: str,
        url: str,
        request: Mapping[str, object] | None = None,
        by: Credentials | None = None,
    ) -> _T:
        with self.client.acting(by):
            answer = await asyncio.to_thread(
                self.client.call_endpoint, url, method, dict(request or {})
            )
        return converted(answer, kind)


def converted(value: Json, kind: type[_T]) -> _T:
    """What was told, as the record that it should be."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise not_understood() from error
