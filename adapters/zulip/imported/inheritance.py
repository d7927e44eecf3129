"""Going on where a directory ended: which messages of the organization are the directory's, found
again by who said what and when."""

from collections.abc import AsyncIterator

import msgspec

from adapters.zulip.config import Config
from adapters.zulip.imported.server import ServerSource
from adapters.zulip.imported.session import DeliveredSession
from adapters.zulip.organization.reading import ServerReading
from migrate.spi import Context, Opening, Seen


class Inheritance:
    """The directory in the project's folder, and the organization that `reading` reads."""

    def __init__(self, config: Config, context: Context, reading: ServerReading) -> None:
        self._delivered = DeliveredSession(config, context, ServerSource(config, context))
        self._reading = reading

    async def close(self) -> None:
        await self._delivered.close()

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """See `migrate.spi.Heir`. The words and the roots are as they are read back later."""
        place, ids = await self._delivered.archive_ids(opening)
        if not ids:
            return
        async for seen in self._reading.read(msgspec.structs.replace(opening, ref=place)):
            if not seen.emoji and seen.ref in ids:
                yield msgspec.structs.replace(seen, id=ids[seen.ref])
