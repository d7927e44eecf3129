"""Accounts in an organization that stands: found or made, kept quiet while history comes in, and
given back afterwards. Those that stood there before are never changed."""

import asyncio
from pathlib import Path

import msgspec

from adapters.zulip import limits
from adapters.zulip.organization.answers import ADMINISTRATORS, EVERYBODY, QUIET, User
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.client import Credentials
from adapters.zulip.organization.envelope import Envelope
from adapters.zulip.organization.keys import Keys
from adapters.zulip.organization.realm import Realm
from adapters.zulip.organization.residents import HIDDEN, Residents
from adapters.zulip.organization.verdicts import Refused, not_allowed
from adapters.zulip.people import signs_in
from mappings import names
from migrate.errors import Fatal, Skip
from migrate.model import Ref
from migrate.spi import Account, Memo

NO_KEY = "zulip-no-key"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_HELD = "yes"
"""In the memo, of an account that has never been given back; else what its owner had chosen."""


class Accounts:
    """One session's accounts."""

    def __init__(
        self, calls: Calls, realm: Realm, residents: Residents, keys: Keys, memo: Memo, domain: str
    ) -> None:
        self._calls = calls
        self._realm = realm
        self._residents = residents
        self._keys = keys
        self._memo = memo
        self._domain = domain

    async def ensure(self, account: Account) -> Ref:
        """An account of this person's own, or the one that stands there under the name of its
        placement. Raises Skip where there is none, or somebody else's."""
        if account.action == "map":
            return (await self._find(account)).ref
        user = await self._find_ours(account) or await self._make(account)
        await self._prepare(account, user)
        return user.ref

    async def credentials(self, account: Account) -> Credentials | None:
        """Somebody's key, if it is ours to have. A closed account is opened for it, and closed
        again by `release`."""
        if account.action == "map" or not account.ref:
            return None
        return await self._key(account, await self._residents.get(account.ref))

    async def key_to_read(self, account: Account) -> Credentials | None:
        """The same without changing anything: nothing is opened."""
        if account.action == "map" or not account.ref:
            return None
        user = await self._residents.get(account.ref)
        return await self._keys.of(user.ref, user.address) if user.is_active else None

    async def sender(self, account: Account) -> str:
        """The address under which somebody speaks. Raises Skip where the server would not find
        them by it: it would make up somebody of that address."""
        user = await self._residents.get(account.ref)
        if not user.is_open:
            user = await self._unveil(account, user)
        await self._realm.admit(user.address)
        return user.address

    async def recipient(self, account: Account) -> str:
        """The same of somebody who is spoken to: nobody can write to a closed account."""
        user = await self._residents.get(account.ref)
        if not user.is_active:
            if account.action == "map" and not account.dormant:
                raise Skip("zulip-recipient-deactivated")
            await self._open(account, user)
        return await self.sender(account)

    async def release(self, account: Account) -> None:
        """Give back what was held, and close what nobody signs in to."""
        user = await self._residents.get(account.ref)
        if account.dormant:
            await self._close_again(account, user)
            return
        if held := self._memo.get(_quiet(account)):
            key = await self._key(account, user)
            if key is not None:
                await self._give_back(key, held)
            self._memo.set(_quiet(account), "")
            if key is None:
                raise Skip("zulip-not-released")
        if self._is_nobodys(account):
            if not await self._is_ours(user):
                raise Skip("zulip-account-kept")
            await self._close(user)
        else:
            await self._close_again(account, user)

    async def _close_again(self, account: Account, user: User) -> None:
        """Whoever was deactivated by others, and opened for the while."""
        if self._memo.get(_opened(account)) == _HELD:
            await self._close(user)
            self._memo.set(_opened(account), "")

    async def _is_ours(self, user: User) -> bool:
        """Whether an account is ours to close: one under its owner's address is not, once they have
        set a password, whatever became of them in Slack."""
        made_up = user.address.endswith(f"@{self._domain}")
        ours = not user.is_active or made_up
        return ours or await self._keys.of(user.ref, user.address) is not None

    @staticmethod
    def _is_nobodys(account: Account) -> bool:
        """Whether an account is closed when nothing is to be said."""
        return not signs_in(account) or account.person.kind == "bot"

    async def _give_back(self, key: Credentials, held: str) -> None:
        """A new account begins with everything read, and as quiet as all others. Of one that has
        been given back before, its address alone was held."""
        if held == _HELD:
            defaults = (await self._realm.registration()).realm_user_settings_defaults
            await self._calls.mark_all_read(key)
            await self._calls.set_preferences(key, msgspec.to_builtins(defaults))
        else:
            await self._calls.set_preferences(key, {"email_address_visibility": int(held)})

    async def _unveil(self, account: Account, user: User) -> User:
        """Show an account's address for the while. Not that of an account which stood there
        before, or whose owner has set a password since: it is theirs to show."""
        key = None if account.action == "map" else await self._key(account, user)
        if key is None:
            raise Skip(HIDDEN)
        if not self._memo.get(_quiet(account)):
            told = await self._calls.register(key)
            before = told.user_settings if told is not None else None
            shown = before.email_address_visibility if before is not None else ADMINISTRATORS
            self._memo.set(_quiet(account), str(shown))
        await self._calls.set_preferences(key, {"email_address_visibility": EVERYBODY})
        user = self._residents.put(await self._calls.user(user.user_id))
        if not user.is_open:
            raise Skip(HIDDEN)
        return user

    # -- finding and making ----------------------------------------------------------------------

    async def _find(self, account: Account) -> User:
        user = await self._residents.named(account.placement.name)
        if user is None:
            raise Skip("zulip-account-missing")
        if not user.is_open:
            raise Skip(HIDDEN)
        return user

    async def _find_ours(self, account: Account) -> User | None:
        """The account that an earlier try has made, None where there is none. It is ours if our
        password opens it."""
        made = self._memo.get(_made(account)) or account.ref
        if made:
            return await self._residents.get(made)
        for address in self._addresses(account):
            user = await self._residents.with_address(address)
            if user is None:
                return None
            if await self._keys.of(user.ref, user.address) is None:
                break
            if user.full_name == _full_name(account):
                self._memo.set(_made(account), user.ref)
                return user
        raise Skip("zulip-account-exists")

    async def _make(self, account: Account) -> User:
        for address in self._addresses(account):
            if await self._residents.with_address(address) is None:
                break
        await self._realm.admit(address)
        password = await asyncio.to_thread(self._keys.password, address)
        try:
            id = await self._calls.create_user(address, password, _full_name(account))
        except Refused as refused:
            raise await self._not_made(refused) from refused
        self._memo.set(_made(account), str(id))
        return self._residents.put(await self._calls.user(id))

    async def _not_made(self, refused: Refused) -> Skip | Fatal:
        if refused.says("in use", "already"):
            await self._residents.refresh()
            return Skip("zulip-account-exists")
        if refused.says("not authorized"):
            return not_allowed("zulip-may-not-create")
        if refused.says("organization administrator"):
            return not_allowed("zulip-not-admin")
        if refused.says("name"):
            return Skip("zulip-name-refused")
        return Skip("zulip-address-refused")

    def _addresses(self, account: Account) -> list[str]:
        """Slack's where the owner shall sign in by it, for the server writes a mail to every new
        account; else, and where somebody else of this project has it, one to which no mail ever
        goes, the same at every try."""
        person = account.person
        known = person.email.strip().lower()
        good = limits.EMAIL.fullmatch(known) and len(known) <= limits.EMAIL_CHARS
        slug = names.slug(person.id, _LETTERS, 40) or "somebody"
        made_up = f"{slug}{'-bot' if person.kind == 'bot' else ''}@{self._domain}"
        if signs_in(account) and person.kind != "bot" and good:
            return [known, made_up]
        return [made_up]

    # -- what an account is ----------------------------------------------------------------------

    async def _prepare(self, account: Account, user: User) -> None:
        key = await self._key(account, user)
        if key is None:
            # Its owner has set a password since: from then on it is not ours to touch.
            return
        if self._memo.get(_quiet(account)) is None:
            self._memo.set(_quiet(account), _HELD)
        if self._memo.get(_quiet(account)) == _HELD:
            await self._calls.set_preferences(key, msgspec.to_builtins(QUIET))
        if account.person.kind == "guest" and not user.is_guest:
            # A new account is in the default channels, which guests of Slack have not been in.
            mine = [channel.name for channel in await self._calls.subscribed(key)]
            if mine:
                await self._calls.unsubscribe(mine, by=key)
            await self._calls.set_role(user.ref, limits.GUEST)
        if not user.is_open or account.person.kind == "guest":
            self._residents.put(await self._calls.user(user.user_id))
        await self._show_picture(account, key)

    async def _show_picture(self, account: Account, key: Credentials) -> None:
        """What is no picture to the server leaves the one that it draws itself."""
        path = self._memo.get(account.avatar_ref) if account.avatar_ref else None
        if account.avatar is None or not path:
            return
        kind = account.avatar.mimetype
        name = f"avatar.{limits.IMAGE_TYPES.get(kind, 'png')}"
        try:
            envelope = await asyncio.to_thread(Envelope, Path(path), name, kind)
        except OSError:
            return
        try:
            await self._calls.set_avatar(key, envelope)
        except Refused:
            return

    async def _key(self, account: Account, user: User) -> Credentials | None:
        if not user.is_active:
            await self._open(account, user)
        return await self._keys.of(user.ref, user.address)

    async def _open(self, account: Account, user: User) -> None:
        """For the while: whom we have not closed ourselves is closed again, whatever happens."""
        if account.dormant or not self._is_nobodys(account):
            self._memo.set(_opened(account), _HELD)
        await self._calls.reactivate(user.ref)
        self._keys.forget(user.ref)
        self._residents.put(msgspec.structs.replace(user, is_active=True))

    async def _close(self, user: User) -> None:
        await self._calls.deactivate(user.ref)
        self._keys.forget(user.ref)
        self._residents.put(msgspec.structs.replace(user, is_active=False))


def _full_name(account: Account) -> str:
    """A name has two characters at least."""
    name = account.placement.name
    return name if len(name) > 1 else f"{name}."


def _made(account: Account) -> str:
    return f"zulip account {account.person.id}"


def _opened(account: Account) -> str:
    return f"zulip opened {account.person.id}"


def _quiet(account: Account) -> str:
    return f"zulip quiet {account.person.id}"
