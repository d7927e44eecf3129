"""A connected server: the archive's own session, and joined to it what only a server can do. What
the engine may call is here; what it costs to say it lies in the parts."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Literal

import msgspec

from adapters.mattermost import checks, directory
from adapters.mattermost.archive import ArchiveSession
from adapters.mattermost.calls import Calls
from adapters.mattermost.client import open_driver
from adapters.mattermost.config import Config
from adapters.mattermost.delivery import Delivery
from adapters.mattermost.enrolling import Enrolling
from adapters.mattermost.profiles import MattermostCaps
from adapters.mattermost.server_reading import ServerReading
from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import (
    Account,
    Artifact,
    Audience,
    Body,
    Capabilities,
    Context,
    Entry,
    Existing,
    Memo,
    Opening,
    PartFile,
    Seen,
)

_MAKES_TEAM = "mattermost makes team"
_DELIVERED = "mattermost delivered"

NEXT_STEPS = (
    "Accounts that were made have no password yet: people sign in with `Forgot your password?`, or"
    " an admin sets one with `mmctl user change-password`.",
    "With Elasticsearch or OpenSearch: build its index anew, for imports are not indexed.",
)


class MattermostSession:
    """BULK, and Deliverer, Enroller, Directory, Usher, Reader, AudienceReader and Linker too. It
    reads back the archive until the server has taken it, then the server."""

    caps: Capabilities

    def __init__(
        self,
        config: Config,
        context: Context,
        caps: MattermostCaps,
        calls: Calls,
        *,
        makes_team: bool,
    ) -> None:
        self.caps = self._caps = caps
        self.fingerprint = f"mattermost {config.url.rstrip('/')} {config.team}"
        self.against: Literal["archive", "server"] = (
            "server" if context.memo.get(_DELIVERED) else "archive"
        )
        self._config = config
        self._memo = context.memo
        self._token = context.environ.get(config.token_env, "")
        self.calls = calls
        self._archive = ArchiveSession(config, context, caps, makes_team=makes_team)
        self._reading = ServerReading(calls, config.team, self._archive)
        self._enrolling = Enrolling(calls, config.team)

    async def check(self) -> Sequence[Finding]:
        settings = await self.calls.settings()
        found = await checks.check(self._config, self.calls, settings, self._token)
        return [*found, *await self._archive.check()]

    async def close(self) -> None:
        await self._archive.close()
        await self.calls.close()

    # -- the archive and its way -----------------------------------------------------------------

    def finish(self, parts: Sequence[PartFile], bodies: Iterable[Body], number: int) -> Artifact:
        artifact = self._archive.finish(parts, bodies, number)
        return msgspec.structs.replace(artifact, next_steps=NEXT_STEPS)

    def delivers(self) -> bool:
        return True

    async def deliver(self, artifact: Artifact, arrived: Callable[[int], None]) -> None:
        delivery = Delivery(self.calls, self._config, self._caps, self._memo)
        await delivery.run(artifact.path, arrived)
        self._memo.set(_DELIVERED, "yes")
        self.against = "server"

    async def ensure_member(self, entry: Entry) -> None:
        await self._enrolling.enter(entry)

    # -- reading back ----------------------------------------------------------------------------

    def read(self, opening: Opening) -> AsyncIterator[Seen]:
        reading = self._reading if self.against == "server" else self._archive
        return reading.read(opening)

    async def audience(self, opening: Opening) -> Audience:
        reading = self._reading if self.against == "server" else self._archive
        return await reading.audience(opening)

    def link(self, opening: Opening, ref: Ref) -> str:
        return f"{self._config.url.rstrip('/')}/{self._config.team}/pl/{ref}"

    def sign_in(self, account: Account) -> str:
        return self._archive.sign_in(account)

    async def accounts(self) -> Sequence[Existing]:
        return await directory.list_accounts(self.calls)

    async def conversations(self) -> Sequence[Existing]:
        return await directory.list_conversations(self.calls, self._config.team)


async def connect(config: Config, context: Context) -> MattermostSession:
    """A session with the server at `config.url`, its limits known. Nothing is written there.

    Raises Fatal where no Mattermost server answers.
    """
    calls = Calls(open_driver(config.url, context.environ.get(config.token_env, "")))
    try:
        settings = await calls.settings()
        caps = checks.narrow(config, settings)
        makes_team = await _makes_team(config, calls, context.memo)
        return MattermostSession(config, context, caps, calls, makes_team=makes_team)
    except BaseException:
        await calls.close()
        raise


async def _makes_team(config: Config, calls: Calls, memo: Memo) -> bool:
    """Whether the team is this project's to make. Decided once, for it is there as soon as the
    first import has begun, and an archive without it would be another archive."""
    kept = memo.get(_MAKES_TEAM)
    if kept is not None:
        return kept == "yes"
    try:
        there = await calls.team(config.team) is not None
    except Fatal as fatal:
        if fatal.code == "mattermost-token":
            return True  # `check` says what is wrong with the token.
        raise
    memo.set(_MAKES_TEAM, "no" if there else "yes")
    return not there
