"""Bringing an archive's bytes to the server in chunks, so that a lost connection costs one of them.
What the server shall do with the whole is the delivery's affair."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from adapters.mattermost.answers import Upload
from adapters.mattermost.calls import Calls
from adapters.mattermost.client import Refused
from migrate.errors import Fatal, Retry

CHUNK = 16 * 1024 * 1024
"""Bytes of one request. The server takes no first chunk under 5 MiB."""

TRIES = 8

Pause = Callable[[float], Awaitable[None]]


class Uploading:
    """One archive on its way. `name` belongs to these very bytes: it holds their checksum, so what
    lies at the server under this name need not be sent again. `sent` is called after each chunk,
    and may end the matter by raising."""

    def __init__(
        self, calls: Calls, path: Path, name: str, pause: Pause, sent: Callable[[], None]
    ) -> None:
        self._calls = calls
        self._path = path
        self._name = name
        self._pause = pause
        self._sent = sent
        self._left = TRIES

    async def run(self, known: str, noted: Callable[[str], None]) -> str:
        """The name under which the server stores the whole.

        `known` is the id of an upload that an earlier run began, or ""; `noted` is told the id of
        this one before its first byte is sent. Raises Fatal.
        """
        while True:
            stored = await self._stored()
            if stored:
                return stored
            try:
                upload = await self._open(known)
                if upload.id != known:
                    noted(upload.id)
                    known = upload.id
                await self._send(upload)
            except Retry as verdict:
                await self._wait(verdict)

    async def _stored(self) -> str:
        """What the server calls the archive, "" where it does not hold the whole of it."""
        names = await self._calls.imports()
        return next((name for name in names if name.endswith(f"_{self._name}")), "")

    async def _open(self, known: str) -> Upload:
        """The upload that is under way, or a new one. One whose answer was lost is found again
        among this account's own."""
        size = self._path.stat().st_size
        if known and (upload := await self._calls.upload(known)) is not None:
            return upload
        for upload in await self._calls.uploads():
            if (upload.filename, upload.file_size) == (self._name, size):
                return upload
        try:
            return await self._calls.open_upload(self._name, size)
        except Refused as refused:
            raise refusal(refused) from refused

    async def _send(self, upload: Upload) -> None:
        """All that is missing, chunk by chunk. Raises Retry after each that was not taken, for only
        the server knows how much of it has come."""
        offset = upload.file_offset
        while offset < upload.file_size:
            chunk = await asyncio.to_thread(_read, self._path, offset)
            try:
                await self._calls.put_chunk(upload.id, chunk)
            except Refused as refused:
                if refused.status not in (400, 404):
                    raise refusal(refused) from refused
                # The server is still busy with a chunk whose connection was cut, or is done.
                raise Retry("mattermost-busy", 1.0) from refused
            offset += len(chunk)
            self._left = TRIES
            self._sent()

    async def _wait(self, verdict: Retry) -> None:
        self._left -= 1
        if self._left <= 0:
            raise Fatal(
                "mattermost-unreachable",
                f"The server did not take a part of the archive after {TRIES} tries.",
                "See that it is up, and that a proxy before it lets requests of 16 MiB through"
                " (nginx: client_max_body_size); then run again to continue.",
            ) from verdict
        await self._pause(max(verdict.after, 0.5 * 2 ** (TRIES - self._left)))


def refusal(refused: Refused) -> Fatal:
    """Why the server lets nothing be imported, in words for its administrator."""
    if refused.status == 413:
        return Fatal(
            "mattermost-archive-too-large",
            "The archive is larger than the server takes.",
            "Raise FileSettings.MaxFileSize on the server (System Console, File Storage), and the"
            " limit of a proxy before it; then run again.",
        )
    if refused.status == 501:
        return Fatal(
            "mattermost-attachments-off",
            "The server takes no files, and so no archive either.",
            "Switch FileSettings.EnableFileAttachments on, then run again.",
        )
    if refused.status == 403:
        return Fatal(
            "mattermost-no-admin",
            "The account of the access token may not import.",
            "Use the token of a system admin.",
        )
    return Fatal(
        "mattermost-import-refused",
        f"The server refuses the import with status {refused.status}.",
        "Its log says why; a Mattermost Cloud workspace takes no imports over its API.",
    )


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(CHUNK)
    except OSError as error:
        raise Fatal(
            "mattermost-archive-gone",
            f"The archive cannot be read: {error.strerror}.",
            "Run again: it is joined anew from its parts.",
        ) from error
