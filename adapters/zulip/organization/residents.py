"""Who is in the organization, read once and kept while a session lasts, and how somebody there is
found by what people call them."""

from collections import Counter
from collections.abc import Sequence

from adapters.zulip.organization.answers import User
from adapters.zulip.organization.calls import Calls
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Existing

HIDDEN = "zulip-sender-hidden"
"""Why nobody can be mapped to an account: its address is not there for everybody to read, and a
server finds senders by that alone."""

CLOSED = "zulip-mapped-deactivated"
"""What is told of somebody who is mapped to an account that is deactivated."""


class Residents:
    """Everybody, bots and the deactivated among them. Who is changed through a session has to be
    `put` again."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._users: dict[Ref, User] = {}

    async def all(self) -> Sequence[User]:
        if not self._users:
            await self.refresh()
        return list(self._users.values())

    async def refresh(self) -> None:
        self._users = {user.ref: user for user in await self._calls.users()}

    def put(self, user: User) -> User:
        self._users[user.ref] = user
        return user

    async def get(self, ref: Ref) -> User:
        """The account of this number. Raises Skip where there is none any more."""
        await self.all()
        if ref not in self._users:
            await self.refresh()
        if ref not in self._users:
            raise Skip("zulip-account-gone")
        return self._users[ref]

    async def with_address(self, address: str) -> User | None:
        """Whose address this is, upper and lower case being one."""
        wanted = address.lower()
        return next((each for each in await self.all() if each.address == wanted), None)

    async def named(self, name: str) -> User | None:
        """Whom a mapping file means: by an address, by a full name that nobody else has, or by a
        full name and a number as mentions write it (`Ann Example|12`)."""
        if (user := await self.with_address(name)) is not None:
            return user
        full_name, bar, number = name.rpartition("|")
        found = [
            each
            for each in await self.all()
            if each.full_name == name or (bar and each.ref == number)
        ]
        if bar and len(found) == 1 and found[0].full_name not in (name, full_name):
            return None
        return found[0] if len(found) == 1 else None

    async def existing(self) -> list[Existing]:
        """Each under its full name, with its number where several share one, and once more under
        its address."""
        users = await self.all()
        shared = Counter(user.full_name for user in users)
        found: list[Existing] = []
        for user in users:
            name = user.full_name
            if shared[name] > 1:
                name = f"{name}|{user.user_id}"
            barred = "" if user.is_open else HIDDEN
            closed = "" if user.is_active else CLOSED
            found.append(
                Existing(
                    name=name,
                    ref=user.ref,
                    full_name=user.full_name,
                    email=user.address,
                    barred=barred,
                    closed=closed,
                )
            )
            if user.address:
                found.append(
                    Existing(
                        name=user.address,
                        ref=user.ref,
                        full_name=user.full_name,
                        barred=barred,
                        closed=closed,
                    )
                )
        return found
