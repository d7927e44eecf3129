"""People who stood there before, and the channels that they enter once everything was said: then
all of it is history to them, where it would be unread, mailed and pushed. Kept in the memo, so that
nobody is forgotten."""

import msgspec

from migrate.model import Ref
from migrate.spi import Memo

_WAITING = "zulip newcomers"

_refs = msgspec.json.Decoder(list[Ref])


class Newcomers:
    """Who waits for which channels."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo

    def note(self, user: Ref, channel: Ref) -> None:
        known = self.channels_of(user)
        if channel not in known:
            self._keep(_of(user), [*known, channel])
        if user not in (waiting := self.waiting()):
            self._keep(_WAITING, [*waiting, user])

    def drop(self, user: Ref, channel: Ref) -> None:
        """Somebody is in a channel by now, or shall not be."""
        if channel in (known := self.channels_of(user)):
            self._keep(_of(user), [each for each in known if each != channel])

    def channels_of(self, user: Ref) -> list[Ref]:
        return _refs.decode(self._memo.get(_of(user)) or "[]")

    def waiting(self) -> list[Ref]:
        """Everybody who may wait for something."""
        return _refs.decode(self._memo.get(_WAITING) or "[]")

    def close(self) -> None:
        """Nobody waits any more, as far as nobody does."""
        self._keep(_WAITING, [user for user in self.waiting() if self.channels_of(user)])

    def _keep(self, name: str, refs: list[Ref]) -> None:
        self._memo.set(name, msgspec.json.encode(refs).decode())


def _of(user: Ref) -> str:
    return f"{_WAITING} {user}"
