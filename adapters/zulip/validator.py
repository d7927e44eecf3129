"""What would end an import half-way, or break a mention, looked for while a directory is written:
the importer would leave a dead organization behind that holds the name. Every limit of `limits`,
every number that another table speaks of, and what may be there but once."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from adapters.zulip import limits, tables
from adapters.zulip.profiles import Profile
from migrate.errors import ChatMigrateError
from migrate.model import Ref


class Invalid(ChatMigrateError):
    """The directory would not be taken. The message names the rule and a number, never words."""

    def __init__(self, rule: str, number: int | str = "") -> None:
        super().__init__(
            "zulip-invalid",
            f"The directory would not be imported: {rule} ({number}).",
            "This is a bug in chat-migrate; the directory was not finished.",
        )


class Validator:
    """Sees every row once, tables of people and places before messages."""

    def __init__(self, kept: Profile) -> None:
        self._kept = kept
        self._users: set[int] = set()
        self._recipients: dict[int, int] = {}
        self._emoji: set[str] = set()
        self._paths: dict[str, int] = {}
        self._last = 0
        self._attached: set[int] = set()

    def take_users(self, users: Iterable[tables.User]) -> None:
        names: set[str] = set()
        emails: set[str] = set()
        owned = False
        for user in users:
            owned |= user.role == limits.OWNER and user.is_active and not user.is_bot
            _hold(user.id not in self._users, "two users of one number", user.id)
            self._users.add(user.id)
            _hold(0 < len(user.full_name) <= limits.NAME_CHARS, "a name's length", user.id)
            _hold(not _odd(user.full_name), "a name with a control character", user.id)
            _hold(user.full_name.casefold() not in names, "two users of one name", user.id)
            names.add(user.full_name.casefold())
            for email in {user.email, user.delivery_email}:
                known = limits.EMAIL.fullmatch(email) and len(email) <= limits.EMAIL_CHARS
                _hold(bool(known), "an e-mail address", user.id)
            _hold(user.email.casefold() not in emails, "two users of one address", user.id)
            emails.add(user.email.casefold())
            _hold(user.role in (limits.OWNER, limits.MEMBER, limits.GUEST), "a role", user.id)
            _hold(len(user.timezone) <= 40, "a time zone's length", user.id)
        # The importer's last step writes to them.
        _hold(owned, "nobody owns the organization")

    def take_channels(self, channels: Iterable[tables.Channel]) -> None:
        names: set[str] = set()
        numbers: set[int] = set()
        for channel in channels:
            _hold(channel.id not in numbers, "two channels of one number", channel.id)
            numbers.add(channel.id)
            _hold(0 < len(channel.name) <= limits.CHANNEL_CHARS, "a channel's name", channel.id)
            _hold(not _odd(channel.name), "a channel's name", channel.id)
            _hold(channel.name.casefold() not in names, "two channels of one name", channel.id)
            names.add(channel.name.casefold())
            size = len(channel.description)
            _hold(size <= limits.DESCRIPTION_CHARS, "a description's length", channel.id)
            _hold("\0" not in channel.description, "a description", channel.id)
            creator = channel.creator
            _hold(creator is None or creator in self._users, "a creator", channel.id)

    def take_recipients(
        self, recipients: Iterable[tables.Recipient], subscriptions: Iterable[tables.Subscription]
    ) -> None:
        for recipient in recipients:
            _hold(recipient.id not in self._recipients, "two recipients", recipient.id)
            self._recipients[recipient.id] = recipient.type
            if recipient.type == limits.PERSONAL:
                _hold(recipient.type_id in self._users, "a recipient", recipient.id)
        personal = [id for id, kind in self._recipients.items() if kind == limits.PERSONAL]
        _hold(len(personal) == len(self._users), "a user without a recipient")
        pairs: set[tuple[int, int]] = set()
        groups: dict[int, set[int]] = {}
        for each in subscriptions:
            pair = (each.user_profile, each.recipient)
            _hold(pair not in pairs, "a subscription twice", each.id)
            pairs.add(pair)
            _hold(each.user_profile in self._users, "a subscriber", each.id)
            _hold(each.recipient in self._recipients, "a subscription", each.id)
            if self._recipients[each.recipient] == limits.GROUP:
                groups.setdefault(each.recipient, set()).add(each.user_profile)
        alike = {frozenset(group) for group in groups.values()}
        _hold(len(alike) == len(groups), "two groups of the same people")

    def take_emoji(self, emoji: Iterable[tables.Emoji]) -> None:
        names: set[str] = set()
        for each in emoji:
            _hold(str(each.id) not in self._emoji, "two emoji of one number", each.id)
            _hold(each.name not in names, "two emoji of one name", each.id)
            _hold(each.author in self._users, "an emoji without an author", each.id)
            self._emoji.add(str(each.id))
            names.add(each.name)

    def take_page(self, data: bytes) -> frozenset[int]:
        """A file of messages; the numbers of those in it."""
        page = msgspec.json.decode(data, type=tables.Page)
        numbers = frozenset(message.id for message in page.zerver_message)
        for message in page.zerver_message:
            self._take_message(message)
        copies = {(copy.message, copy.user_profile) for copy in page.zerver_usermessage}
        _hold(len(copies) == len(page.zerver_usermessage), "a copy twice")
        _hold({message for message, _ in copies} <= numbers, "a copy of no message")
        _hold({user for _, user in copies} <= self._users, "a copy of nobody's")
        return numbers

    def _take_message(self, message: tables.Message) -> None:
        number = message.id
        _hold(number > self._last, "the order of messages", number)
        self._last = number
        _hold(message.sender in self._users, "a message without a sender", number)
        kind = self._recipients.get(message.recipient)
        _hold(kind is not None, "a message for nobody", number)
        _hold("\0" not in message.content, "a message with a NUL", number)
        edited = message.last_edit_time is not None
        _hold(edited == (message.edit_history is not None), "an edit without a history", number)
        _hold(len(message.content) <= 2 * limits.MESSAGE_CHARS, "a message's length", number)
        if kind == limits.CHANNEL:
            _hold(0 < len(message.subject) <= limits.TOPIC_CHARS, "a topic's length", number)
            _hold(not _odd(message.subject), "a topic with a control character", number)
        else:
            _hold(message.subject == self._kept.direct_topic, "a topic of direct talk", number)
        if message.has_attachment:
            self._attached.add(number)

    def take_reactions(self, data: bytes, numbers: frozenset[int]) -> None:
        """The rows of one part's reactions, to the messages of these numbers."""
        rows = msgspec.json.decode(b"[" + data + b"]", type=list[tables.Reaction])
        seen: set[tuple[int, int, str, str]] = set()
        for row in rows:
            _hold(row.message in numbers, "a reaction to no message", row.id)
            _hold(row.user_profile in self._users, "a reaction of nobody", row.id)
            key = (row.message, row.user_profile, row.reaction_type, row.emoji_code)
            _hold(key not in seen, "a reaction twice", row.id)
            seen.add(key)
            custom = row.reaction_type == limits.CUSTOM
            _hold(bool(row.emoji_code), "a reaction without a code", row.id)
            _hold(not custom or row.emoji_code in self._emoji, "an unknown emoji", row.id)

    def take_attachments(
        self, attachments: Iterable[tables.Attachment], there: Iterable[Ref]
    ) -> None:
        """`there` are the paths of the bodies that were written."""
        bodies = set(there)
        paths: set[str] = set()
        brought: set[int] = set()
        for each in attachments:
            _hold(each.path_id not in paths, "two files of one path", each.id)
            paths.add(each.path_id)
            _hold(each.path_id in bodies, "a file without a body", each.id)
            _hold(each.owner in self._users, "a file of nobody", each.id)
            _hold(len(each.file_name) > 0, "a file without a name", each.id)
            brought.update(each.messages)
        _hold(self._attached <= brought, "a message without its file")


def _hold(true: bool, rule: str, number: int | str = "") -> None:
    if not true:
        raise Invalid(rule, number)


@lru_cache(maxsize=1_024)
def _odd(text: str) -> bool:
    return any(ord(char) < 32 for char in text)
