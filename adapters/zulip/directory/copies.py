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
_decode_rows = msgspec.json.Decoder(list[UserMessage]).decode


Form = list[bytes]
"""The copies of one message, laid out as rows with commas between them, in pieces: between two of
them the message's number is missing."""


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
        if idle and not direct:
            readers = [m for m in readers if people.runs(m, owner)]
        self._awake = {self._readers[m.placement.name]: flags for m in readers}
        self._forms: dict[tuple[Ref, ...], Form] = {}
        self._marks_mentions = not direct

    def rows(self, text: str, message: int) -> bytes:
        """The copies of the message of this number and text, with commas between them; those whom
        it mentions have one, marked."""
        mentioned: tuple[Ref, ...] = ()
        if self._marks_mentions and "@_**" in text:
            names = set(_MENTION.findall(text))
            mentioned = tuple(name for name in self._readers if name in names)
        form = self._forms.get(mentioned)
        if form is None:
            flags = dict.fromkeys(map(self._readers.__getitem__, mentioned), self._mentioned)
            rest = {user: each for user, each in self._awake.items() if user not in flags}
            form = self._forms[mentioned] = _lay_out(rest | flags)
            shown = _number_with(form, message)
            self._checker.take_copies(message, _decode_rows(b"[%b]" % shown))
            return shown
        return _number_with(form, message)


def _number_with(form: Form, message: int) -> bytes:
    return (b"%d" % message).join(form)


def _lay_out(flags: Mapping[int, int]) -> Form:
    """A copy for each of these people, by their numbers, with these flags."""
    return b",\n".join([_row(*each) for each in flags.items()]).split(b"@")


@lru_cache(maxsize=8_192)
def _row(user: int, flags: int) -> bytes:
    return b'{"user_profile":%d,"flags_mask":%d,"message":@}' % (user, flags)
