"""The session of a project whose directory was imported: what stands at the server now is read, and
held against the directory. Where it is read from, an export or the server itself, is not known
here."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Literal, Protocol

import msgspec

from adapters.zulip.addresses import DIRECT, link_to_direct, link_to_message
from adapters.zulip.config import Config
from adapters.zulip.directory.session import DirectorySession, broken
from adapters.zulip.imported.comparison import ServedReader
from adapters.zulip.imported.export import BrokenExport, read_export
from adapters.zulip.imported.snapshot import Snapshot
from adapters.zulip.imported.sums import Brought
from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import Audience, Context, Opening, Seen


class Source(Protocol):
    """Where a snapshot comes from. A place is a ref, as the snapshot names it; `url` is the
    organization's address, "" where nobody tells it."""

    url: str

    async def open(self, channels: Collection[str]) -> Snapshot:
        """The snapshot, with everybody in it and every channel; and of channels that have none of
        these names, in lower case, at least the first messages."""

    async def can_read(self, opening: Opening, place: Ref | None) -> bool:
        """Whether anything can be told of a conversation; `place` is None for one that was not
        found."""

    async def bring(self, place: Ref, until: int) -> None:
        """See that the snapshot has who is at a place, and what was said there. Of what was said
        later than `until`, in microseconds since the epoch, nobody asks for the files."""

    async def close(self) -> None: ...


class ExportSource:
    """An export, which holds everything."""

    def __init__(self, config: Config, context: Context) -> None:
        self.url = config.url.rstrip("/")
        self._path = context.folder / config.export
        self._folder = context.folder
        self._snapshot: Snapshot | None = None

    async def open(self, channels: Collection[str]) -> Snapshot:
        if self._snapshot is None:
            try:
                self._snapshot = read_export(self._path, self._folder)
            except BrokenExport as error:
                raise Fatal(
                    "zulip-export-unreadable",
                    "What `export` names in migration.toml is no export of an organization, or only"
                    " a part of one.",
                    "Make it on the server with manage.py export, and bring it here whole.",
                ) from error
        return self._snapshot

    async def can_read(self, opening: Opening, place: Ref | None) -> bool:
        return True

    async def bring(self, place: Ref, until: int) -> None:
        return

    async def close(self) -> None:
        if self._snapshot is not None:
            self._snapshot.close()


class DeliveredSession(DirectorySession):
    """Makes the directory as before, and reads what became of it."""

    against: Literal["archive", "server"] = "server"

    def __init__(self, config: Config, context: Context, source: Source) -> None:
        super().__init__(config, context)
        self._source = source
        self._served: ServedReader | None = None

    async def close(self) -> None:
        await super().close()
        await self._source.close()

    async def can_read(self, opening: Opening) -> bool:
        place = (await self._reading()).find(opening)
        return await self._source.can_read(opening, place)

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        reading = await self._reading()
        await self._source.bring(reading.place(opening), self._reader().newest(opening))
        for seen in reading.read(opening):
            yield seen

    async def audience(self, opening: Opening) -> Audience:
        reading = await self._reading()
        await self._source.bring(reading.place(opening), self._reader().newest(opening))
        return reading.audience(opening)

    async def audit(self) -> Sequence[Finding]:
        return (await self._reading()).audit()

    def link(self, opening: Opening, ref: Ref) -> str:
        """See `migrate.spi.Linker`. Asked for once everything was read."""
        place = self._served.find(opening) if self._served is not None else None
        if place is None:  # it was there when it was read before
            return f"{self._source.url}/#narrow/id/{ref}"
        direct = place.startswith(DIRECT)
        way = link_to_direct(place, ref) if direct else link_to_message(place, ref)
        return f"{self._source.url}/{way}"

    async def archive_ids(self, opening: Opening) -> tuple[Ref, dict[Ref, str]]:
        """Where a conversation stands, and the directory's ids of its messages by the refs that
        they have there; nothing where nobody lets us look."""
        reading = await self._reading()
        place = reading.find(opening)
        if place is None or not await self._source.can_read(opening, place):
            return "", {}
        await self._source.bring(place, 0)
        return place, {
            str(found.id): entry.trace.id
            for found, entry, again in reading.match(opening)
            if entry is not None and entry.trace.id and not again
        }

    async def _reading(self) -> ServedReader:
        if self._served is None:
            directory = self._reader()
            snapshot = await self._source.open(directory.channels)
            try:
                self._served = ServedReader(directory, Brought(self.path), snapshot)
            except (OSError, msgspec.DecodeError) as error:
                raise broken() from error
        return self._served
