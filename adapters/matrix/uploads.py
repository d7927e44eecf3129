"""Bodies on their way into the homeserver's media store: streamed, with their size said beforehand.
How a file is shown in a room is `files`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from nio import UploadError, UploadResponse

from adapters.matrix.client import AppserviceClient, Refused, done
from adapters.matrix.config import Config
from adapters.matrix.files import file_name, mimetype
from migrate.errors import Fatal, Retry, Skip
from migrate.model import Ref
from migrate.spi import Body

_CHUNK = 256 * 1024
# Uploads of one body that are cut off while the homeserver answers everything else.
_CUTS = 3


class Uploads:
    """One session's uploads, all by the importer's own account."""

    def __init__(self, config: Config, client: AppserviceClient) -> None:
        self._config = config
        self._client = client
        self._cuts = Counter[str]()

    async def put(self, body: Body, limit: int | None) -> Ref:
        """The address of the uploaded body, `mxc://…`. `limit` in bytes.

        Raises Skip for what the homeserver does not take.
        """
        size = body.path.stat().st_size
        if limit is not None and size > limit:
            # Synapse would cut the connection, which looks like a network that failed.
            raise Skip("matrix-too-large")
        try:
            response = await done(self._upload(body, size))
        except Retry as retry:
            if retry.code == "matrix-unreachable":
                await self._judge_cut(body)
            raise
        return str(response.content_uri)

    async def _upload(self, body: Body, size: int) -> UploadResponse | UploadError:
        def provide(limited: int, timeouts: int) -> AsyncIterator[bytes]:
            return _chunks(body.path)

        name = file_name(body.file) if body.file.name else None
        # nio waits for an upload for ever: a minute, and what a slow line of 50 kB/s needs.
        async with asyncio.timeout(60 + size / 50_000):
            with self._client.acting(self._config.sender):
                response, _ = await self._client.upload(
                    provide, content_type=mimetype(body.file), filename=name, filesize=size
                )
        answer: UploadResponse | UploadError = response
        return answer

    async def _judge_cut(self, body: Body) -> None:
        """Whether a connection that broke is to blame on the network, or on something before the
        homeserver that cuts off bodies of this size: that would be so at every repeat."""
        try:
            await self._client.call("GET", ["versions"], base="/_matrix/client")
        except (Retry, Refused, Fatal):
            return
        self._cuts[body.sha256] += 1
        if self._cuts[body.sha256] >= _CUTS:
            raise Skip("matrix-upload-cut")


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
