"""The rows of one part held against the rules while they are composed, where they are still rows.
What needs the tables of the whole organization is noted for the joining, which has them."""

import re
from collections.abc import Sequence

import msgspec

from adapters.zulip import limits
from adapters.zulip.directory import tables
from adapters.zulip.profiles import Profile
from migrate.errors import ChatMigrateError

_ODD = re.compile(r"[\0-\x1f]")


class Invalid(ChatMigrateError):
    """The directory would not be taken. The message names the rule and a number, never words."""

    def __init__(self, rule: str, number: int | str = "") -> None:
        super().__init__(
            "zulip-invalid",
            f"The directory would not be imported: {rule} ({number}).",
            "This is a bug in chat-migrate; the directory was not finished.",
        )


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a part, which broke no rule, rest on beyond it: the numbers of its first and
    its last message; of senders, and of those whose copies and reactions are here; of whom messages
    are for that have a channel's topic, and that of direct talk; of messages with files; and the
    codes of custom emoji."""

    first: int
    last: int
    senders: tuple[int, ...]
    users: tuple[int, ...]
    channels: tuple[int, ...]
    directs: tuple[int, ...]
    attached: tuple[int, ...]
    emoji: tuple[str, ...]


class Checker:
    """Sees every row of a part once, a message before what belongs to it.

    Raises Invalid for the first that would end an import, or that no client could show."""

    def __init__(self, kept: Profile) -> None:
        self._direct_topic = kept.direct_topic
        self._first = 0
        self._last = 0
        self._numbers: set[int] = set()
        self._senders: set[int] = set()
        self._users: set[int] = set()
        self._topics: set[str] = set()
        self._channels: set[int] = set()
        self._directs: set[int] = set()
        self._attached: list[int] = []
        self._emoji: set[str] = set()
        self._reactions: set[tuple[int, int, str, str]] = set()

    def take_message(self, message: tables.Message) -> None:
        number = message.id
        if number <= self._last:
            raise Invalid("the order of messages", number)
        self._first = self._first or number
        self._last = number
        self._numbers.add(number)
        self._senders.add(message.sender)
        if "\0" in message.content:
            raise Invalid("a message with a NUL", number)
        if (message.last_edit_time is None) != (message.edit_history is None):
            raise Invalid("an edit without a history", number)
        if len(message.content) > 2 * limits.MESSAGE_CHARS:
            raise Invalid("a message's length", number)
        subject = message.subject
        if subject == self._direct_topic:
            self._directs.add(message.recipient)
        else:
            if subject not in self._topics:
                hold(0 < len(subject) <= limits.TOPIC_CHARS, "a topic's length", number)
                hold(not odd(subject), "a topic with a control character", number)
                self._topics.add(subject)
            self._channels.add(message.recipient)
        if message.has_attachment:
            self._attached.append(number)

    def take_copies(self, message: int, copies: Sequence[tables.UserMessage]) -> None:
        """Everybody's copies of a message. Those of another that differ in its number alone need
        not be shown again."""
        hold(message in self._numbers, "a copy of no message", message)
        hold({copy.message for copy in copies} <= {message}, "a copy of another message", message)
        users = {copy.user_profile for copy in copies}
        hold(len(users) == len(copies), "a copy twice", message)
        self._users |= users

    def take_reaction(self, row: tables.Reaction) -> None:
        hold(row.message in self._numbers, "a reaction to no message", row.id)
        key = (row.message, row.user_profile, row.reaction_type, row.emoji_code)
        hold(key not in self._reactions, "a reaction twice", row.id)
        self._reactions.add(key)
        self._users.add(row.user_profile)
        hold(bool(row.emoji_code), "a reaction without a code", row.id)
        if row.reaction_type == limits.CUSTOM:
            self._emoji.add(row.emoji_code)

    def claims(self) -> Claims:
        """What is left to be held against the tables."""
        return Claims(
            first=self._first,
            last=self._last,
            senders=tuple(sorted(self._senders)),
            users=tuple(sorted(self._users)),
            channels=tuple(sorted(self._channels)),
            directs=tuple(sorted(self._directs)),
            attached=tuple(self._attached),
            emoji=tuple(sorted(self._emoji)),
        )


def hold(true: bool, rule: str, number: int | str = "") -> None:
    """Raise Invalid where a rule is broken."""
    if not true:
        raise Invalid(rule, number)


def odd(text: str) -> bool:
    """Whether there is a control character in it."""
    return _ODD.search(text) is not None
