"""The session of a project that goes into an organization that stands, over its API. What the
engine may call is here; what it takes to do it lies in the parts."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from adapters.zulip.addresses import link_to_channel, link_to_direct, link_to_message
from adapters.zulip.channels import is_direct
from adapters.zulip.config import Config
from adapters.zulip.imported.inheritance import Inheritance
from adapters.zulip.organization import checks
from adapters.zulip.organization.accounts import Accounts
from adapters.zulip.organization.answers import User
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.conversations import Conversations
from adapters.zulip.organization.keys import Keys
from adapters.zulip.organization.reading import ServerReading
from adapters.zulip.organization.realm import Realm
from adapters.zulip.organization.residents import Residents
from adapters.zulip.organization.sending import Sender
from adapters.zulip.organization.staging import Staging
from adapters.zulip.organization.uploads import Uploads
from adapters.zulip.people import signs_in
from adapters.zulip.profiles import ZulipCaps, caps_for
from migrate.errors import Fatal, Retry, Skip
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import (
    Account,
    Audience,
    Body,
    Capabilities,
    Context,
    Entry,
    Existing,
    Opening,
    Reacting,
    Sealing,
    Seen,
    Sending,
)


class OrganizationSession:
    """LIVE, and Recognizer, Releaser, Reactor, PartialReader, AudienceReader, Linker, Usher,
    Directory and Heir too. `calls` are open to tests."""

    def __init__(
        self,
        config: Config,
        context: Context,
        caps: ZulipCaps,
        calls: Calls,
        realm: Realm,
        me: User,
    ) -> None:
        settings = realm.settings
        self.caps: Capabilities = caps
        self.fingerprint = f"zulip {settings.url}"
        self.inherits = f"zulip import {config.subdomain}"
        self.calls = calls
        self._config = config
        self._settings = settings
        self._me = me
        self._folder = context.folder
        memo = context.memo
        self._realm = realm
        self._residents = Residents(calls)
        self._keys = Keys(calls, context.folder)
        self._accounts = Accounts(
            calls, self._realm, self._residents, self._keys, memo, config.email_domain
        )
        self._conversations = Conversations(
            calls, self._residents, self._accounts, memo, me.ref, settings.zulip_feature_level
        )
        self._staging = Staging(calls, self._conversations, memo, me.ref)
        self._uploads = Uploads(calls, self._accounts, self._staging, memo)
        self._sender = Sender(calls, self._realm, self._accounts, self._conversations, caps, me.ref)
        self._reading = ServerReading(calls, self._conversations, self._sender)
        self._inheritance = Inheritance(config, context, self._reading)

    async def check(self) -> Sequence[Finding]:
        return await checks.check(
            self._config, self._folder, self.calls, self._realm, self._me, self.fingerprint
        )

    async def close(self) -> None:
        await self._inheritance.close()
        await self.calls.close()

    # -- accounts --------------------------------------------------------------------------------

    async def ensure_account(self, account: Account) -> Ref:
        return await self._accounts.ensure(account)

    async def release(self, account: Account) -> None:
        await self._accounts.release(account)

    async def release_all(self) -> None:
        """What was changed of the organization as a whole is changed back, as far as the server
        lets us; what it refuses is noted still."""
        refused: Skip | None = None
        for give_back in (
            self._conversations.let_newcomers_in,
            self._staging.clean,
            self._realm.dismiss,
        ):
            try:
                await give_back()
            except Skip as verdict:
                refused = refused or verdict
        if refused is not None:
            raise refused

    def sign_in(self, account: Account) -> str:
        """See `migrate.spi.Usher`. Passwords are made by the importer, and told nobody."""
        if account.action == "map":
            return "as before"
        if not signs_in(account) or account.person.kind == "bot":
            return ""
        if not account.person.email:
            return "once an owner has given the account an e-mail address"
        return f"with {account.person.email.lower()}, by `Forgot your password?`"

    async def accounts(self) -> Sequence[Existing]:
        return await self._residents.existing()

    # -- conversations ---------------------------------------------------------------------------

    async def ensure_conversation(self, opening: Opening) -> Ref:
        return await self._conversations.ensure(opening)

    async def ensure_member(self, entry: Entry) -> None:
        await self._conversations.enter(entry)

    async def seal(self, sealing: Sealing) -> None:
        await self._conversations.seal(sealing)

    async def reopen(self, opening: Opening) -> None:
        """Nothing is in the way: an archived channel takes what comes in other people's names."""

    async def conversations(self) -> Sequence[Existing]:
        return await self._conversations.existing()

    async def audience(self, opening: Opening) -> Audience:
        return await self._conversations.audience(opening)

    # -- messages, reactions, files --------------------------------------------------------------

    async def put_file(self, body: Body) -> Ref:
        return await self._uploads.put(body, self.caps.file_limit)

    async def send(self, sending: Sending) -> Ref:
        ref = await self._sender.send(sending)
        await self._settle(sending)
        return ref

    async def recognize(self, sending: Sending, is_known: Callable[[Ref], bool]) -> Ref | None:
        ref = await self._sender.recognize(sending, is_known)
        if ref is not None:
            await self._settle(sending)
        return ref

    async def _settle(self, sending: Sending) -> None:
        """The message is there, whatever happens here; what is left is taken away at the end."""
        with contextlib.suppress(Retry, Skip):
            try:
                await self._staging.settle(sending)
            except Fatal as verdict:
                verdict.refused = False
                raise

    async def react(self, reacting: Reacting) -> Ref:
        return await self._sender.react(reacting)

    # -- reading back ----------------------------------------------------------------------------

    async def can_read(self, opening: Opening) -> bool:
        return await self._reading.can_read(opening)

    def read(self, opening: Opening) -> AsyncIterator[Seen]:
        return self._reading.read(opening)

    def inherit(self, opening: Opening) -> AsyncIterator[Seen]:
        """See `migrate.spi.Heir`."""
        return self._inheritance.read(opening)

    def link(self, opening: Opening, ref: Ref) -> str:
        if is_direct(opening):
            near = link_to_direct(opening.ref, ref)
        else:
            near = link_to_message(opening.ref, ref) if ref else link_to_channel(opening.ref)
        return f"{self._settings.url}/{near}"


async def open_organization(config: Config, context: Context) -> OrganizationSession:
    """A session. Raises UsageError without a zuliprc, Fatal where no organization answers that
    knows the account in it."""
    zuliprc = checks.read_zuliprc(config, context.folder)
    client = checks.open_client(zuliprc, context.folder)
    try:
        calls, settings, me = await checks.reach(client)
        realm = Realm(calls, settings, context.memo)
        caps = await checks.narrow(caps_for(config), realm, client)
    except BaseException:
        client.close()
        raise
    return OrganizationSession(config, context, caps, calls, realm, me)
