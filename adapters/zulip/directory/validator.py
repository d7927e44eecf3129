"""What would end an import half-way, or break a mention, looked for while a directory is joined:
the importer would leave a dead organization behind that holds the name. Every limit of `limits`,
every number that another table speaks of, and what may be there but once. Of messages and what
belongs to them `checking` has seen all that shows within a part."""

from collections.abc import Iterable

from adapters.zulip import limits
from adapters.zulip.directory import tables
from adapters.zulip.directory.checking import Claims, hold, odd
from adapters.zulip.paths import sanitize
from adapters.zulip.profiles import Profile
from migrate.model import Ref


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
            hold(user.id not in self._users, "two users of one number", user.id)
            self._users.add(user.id)
            hold(0 < len(user.full_name) <= limits.NAME_CHARS, "a name's length", user.id)
            hold(not odd(user.full_name), "a name with a control character", user.id)
            hold(user.full_name.casefold() not in names, "two users of one name", user.id)
            names.add(user.full_name.casefold())
            for email in {user.email, user.delivery_email}:
                known = limits.EMAIL.fullmatch(email) and len(email) <= limits.EMAIL_CHARS
                hold(bool(known), "an e-mail address", user.id)
            hold(user.email.casefold() not in emails, "two users of one address", user.id)
            emails.add(user.email.casefold())
            hold(user.role in limits.ROLES, "a role", user.id)
            hold(len(user.timezone) <= 40, "a time zone's length", user.id)
        # The importer's last step writes to them.
        hold(owned, "nobody owns the organization")

    def take_channels(self, channels: Iterable[tables.Channel]) -> None:
        names: set[str] = set()
        numbers: set[int] = set()
        for channel in channels:
            hold(channel.id not in numbers, "two channels of one number", channel.id)
            numbers.add(channel.id)
            hold(0 < len(channel.name) <= limits.CHANNEL_CHARS, "a channel's name", channel.id)
            hold(not odd(channel.name), "a channel's name", channel.id)
            hold(channel.name.casefold() not in names, "two channels of one name", channel.id)
            names.add(channel.name.casefold())
            size = len(channel.description)
            hold(size <= limits.DESCRIPTION_CHARS, "a description's length", channel.id)
            hold("\0" not in channel.description, "a description", channel.id)
            creator = channel.creator
            hold(creator is None or creator in self._users, "a creator", channel.id)

    def take_recipients(
        self, recipients: Iterable[tables.Recipient], subscriptions: Iterable[tables.Subscription]
    ) -> None:
        for recipient in recipients:
            hold(recipient.id not in self._recipients, "two recipients", recipient.id)
            self._recipients[recipient.id] = recipient.type
            if recipient.type == limits.PERSONAL:
                hold(recipient.type_id in self._users, "a recipient", recipient.id)
        personal = sum(kind == limits.PERSONAL for kind in self._recipients.values())
        expected = 0 if self._kept.grouped else len(self._users)
        hold(personal == expected, "users and their recipients")
        pairs: set[tuple[int, int]] = set()
        groups: dict[int, set[int]] = {}
        for each in subscriptions:
            pair = (each.user_profile, each.recipient)
            hold(pair not in pairs, "a subscription twice", each.id)
            pairs.add(pair)
            hold(each.user_profile in self._users, "a subscriber", each.id)
            hold(each.recipient in self._recipients, "a subscription", each.id)
            if self._recipients[each.recipient] == limits.GROUP:
                groups.setdefault(each.recipient, set()).add(each.user_profile)
        alike = {frozenset(group) for group in groups.values()}
        hold(len(alike) == len(groups), "two groups of the same people")

    def take_emoji(self, emoji: Iterable[tables.Emoji]) -> None:
        names: set[str] = set()
        for each in emoji:
            hold(str(each.id) not in self._emoji, "two emoji of one number", each.id)
            hold(each.name not in names, "two emoji of one name", each.id)
            hold(each.author in self._users, "an emoji without an author", each.id)
            self._emoji.add(str(each.id))
            names.add(each.name)

    def take_part(self, claims: Claims) -> None:
        """What the rows of a part rest on; parts in the order of their files."""
        hold(claims.first > self._last, "the order of messages", claims.first)
        self._last = claims.last
        for sender in claims.senders:
            hold(sender in self._users, "a message without a sender", sender)
        for user in claims.users:
            hold(user in self._users, "a copy or a reaction of nobody", user)
        for recipient in claims.channels:
            kind = self._recipients.get(recipient)
            hold(kind == limits.CHANNEL, "a message for no channel", recipient)
        for recipient in claims.directs:
            kind = self._recipients.get(recipient, limits.CHANNEL)
            hold(kind != limits.CHANNEL, "a direct message for nobody", recipient)
        for code in claims.emoji:
            hold(code in self._emoji, "an unknown emoji", code)
        self._attached.update(claims.attached)

    def take_attachments(
        self, attachments: Iterable[tables.Attachment], there: Iterable[Ref]
    ) -> None:
        """`there` are the paths of the bodies that were written."""
        bodies = set(there)
        paths: set[str] = set()
        brought: set[int] = set()
        for each in attachments:
            hold(each.path_id not in paths, "two files of one path", each.id)
            paths.add(each.path_id)
            hold(each.path_id in bodies, "a file without a body", each.id)
            hold(each.owner in self._users, "a file of nobody", each.id)
            hold(len(each.file_name) > 0, "a file without a name", each.id)
            hold(each.path_id.endswith(sanitize(each.file_name)), "a path of another file", each.id)
            brought.update(each.messages)
        hold(self._attached <= brought, "a message without its file")
