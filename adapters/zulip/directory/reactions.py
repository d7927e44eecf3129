"""The reactions of one part as rows: who chose which emoji, each once. Pure."""

import msgspec

from adapters.zulip import limits
from adapters.zulip.directory.checking import Checker
from adapters.zulip.directory.numbers import emoji_number, message_number, user_number
from adapters.zulip.directory.tables import Reaction
from adapters.zulip.text import reaction_key
from mappings import emoji
from migrate.model import reaction_id
from migrate.spi import Look, Posting, Ref

_encode = msgspec.json.Encoder().encode


class _Chosen(msgspec.Struct, frozen=True):
    """What a row says of an emoji; `key` is the same for all names of one."""

    key: str
    name: str
    code: str
    kind: str


class Reactions:
    """Those of one part, as they are added."""

    def __init__(self, part: int, checker: Checker) -> None:
        self.rows: list[bytes] = []
        self._part = part
        self._checker = checker
        self._emoji: dict[str, _Chosen] = {}

    def add(self, posting: Posting, message: int) -> tuple[str, ...]:
        """The rows of the reactions to the message of this number; the engine's ids of them in the
        same order. Two names of one emoji, chosen by one person, are one reaction."""
        ids: dict[tuple[Ref, str], str] = {}
        look = posting.look
        for reaction in posting.message.reactions:
            chosen = self._emoji.get(reaction.emoji)
            if chosen is None:
                chosen = self._emoji[reaction.emoji] = _choose(reaction.emoji, look)
            for person in reaction.people:
                face = look.person(person)
                if face is None or (face.ref, chosen.key) in ids:
                    continue
                ids[face.ref, chosen.key] = reaction_id(posting.message.key, person, reaction.emoji)
                row = Reaction(
                    id=message_number(self._part, len(self.rows)),
                    message=message,
                    user_profile=user_number(face.ref),
                    emoji_name=chosen.name,
                    emoji_code=chosen.code,
                    reaction_type=chosen.kind,
                )
                self._checker.take_reaction(row)
                self.rows.append(_encode(row))
        return tuple(ids.values())


def _choose(slack_name: str, look: Look) -> _Chosen:
    key = reaction_key(slack_name, look)
    if key.startswith(":"):
        name = key.strip(":")
        return _Chosen(key, name, str(emoji_number(name)), limits.CUSTOM)
    return _Chosen(key, emoji.canonical(slack_name).replace("-", "_"), key, limits.UNICODE)
