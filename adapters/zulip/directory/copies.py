"""Everybody's own copies of messages: who gets one in a conversation, and the rows. They are twenty
and more for each message, and differ from those of the message before in numbers alone. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from adapters.zulip import channels, limits, people
from adapters.zulip.directory.checking import Checker
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.tables import UserMessage
from migrate.spi import Opening, Ref

_MENTION = re.compile(r"@_\*\*(?=([^*]+)\*\*)")
_rows = msgspec.json.Decoder(list[UserMessage])


class Copies(msgspec.Struct, frozen=True):
    """The copies of one message, laid out as rows with commas between them: `form` has a `%d` for
    the number of each, and `@` for the message's."""

    form: bytes = b""
    count: int = 0

    def write(self, first: int, message: int) -> bytes:
        """The rows, their numbers from `first` on."""
        return (self.form % tuple(range(first, first + self.count))).replace(b"@", b"%d" % message)


class Shelf:
    """The copies of one conversation's messages, and of those who may be mentioned there. A
    message's copies are held against the rules once: all others that go to the same people are the
    same but for their numbers."""

    def __init__(self, opening: Opening, checker: Checker, *, idle: bool, owner: str) -> None:
        direct = channels.is_direct(opening)
        flags = limits.READ | (limits.PRIVATE if direct else 0)
        self._checker = checker
        self._mentioned = flags | limits.MENTIONED
        # What is direct can be read in one's own copy alone.
        readers = [m for m in opening.members if direct or people.reads(m)]
        self._readers = {m.placement.name: user_number(m.placement.name) for m in readers}
        self._awake = {
            self._readers[m.placement.name]: flags
            for m in readers
            if direct or not idle or people.runs(m, owner)
        }
        self._held: dict[tuple[Ref, ...], Copies] = {}
        self._marks_mentions = not direct

    def of(self, text: str, message: int) -> Copies:
        """The copies of a message with this text; those whom it mentions have one, marked."""
        mentioned: tuple[Ref, ...] = ()
        if self._marks_mentions and "@_**" in text:
            names = set(_MENTION.findall(text))
            mentioned = tuple(name for name in self._readers if name in names)
        held = self._held.get(mentioned)
        if held is None:
            flags = dict.fromkeys(map(self._readers.__getitem__, mentioned), self._mentioned)
            rest = {user: each for user, each in self._awake.items() if user not in flags}
            held = self._held[mentioned] = _lay_out(rest | flags)
            self._checker.take_copies(message, _rows.decode(b"[%b]" % held.write(0, message)))
        return held


def _lay_out(flags: Mapping[int, int]) -> Copies:
    """A copy for each of these people, by their numbers, with these flags."""
    return Copies(b",\n".join([_row(*each) for each in flags.items()]), len(flags))


@lru_cache(maxsize=8_192)
def _row(user: int, flags: int) -> bytes:
    return b'{"id":%%d,"user_profile":%d,"flags_mask":%d,"message":@}' % (user, flags)
