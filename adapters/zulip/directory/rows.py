"""The tables of an organization made of what the parts say of people, places and emoji."""

from collections.abc import Collection, Sequence

import msgspec
from msgspec import UNSET

from adapters.zulip import limits
from adapters.zulip.config import Config
from adapters.zulip.directory import profile_fields, recipients, tables, users
from adapters.zulip.directory.numbers import (
    conversation_number,
    emoji_number,
    recipient_number,
    user_number,
)
from adapters.zulip.directory.records import AccountRecord, ConversationRecord, EmojiRecord
from adapters.zulip.paths import REALM
from adapters.zulip.profiles import Profile


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of `realm.json` but its reactions."""

    users: tuple[tables.User, ...]
    channels: tuple[tables.Channel, ...]
    groups: tuple[tables.Group, ...]
    recipients: tuple[tables.Recipient, ...]
    subscriptions: tuple[tables.Subscription, ...]
    emoji: tuple[tables.Emoji, ...]
    default: int | None
    profiles: profile_fields.ProfileFields


def lay_out(
    accounts: Sequence[AccountRecord],
    conversations: Sequence[ConversationRecord],
    emoji: Sequence[EmojiRecord],
    bodies: Collection[str],
    config: Config,
    kept: Profile,
) -> People:
    """The rows. `bodies` are the ids of pictures that are there."""
    founded = float(min((c.created for c in conversations if c.created), default=1))
    owner = users.find_owner(accounts, config.owner)
    if owner not in accounts:
        accounts = [*accounts, owner]
    addresses = users.assign_addresses(accounts, config.email_domain)
    pictured = {record.name for record in accounts if record.avatar in bodies}
    people = users.user_rows(accounts, owner.name, addresses, pictured, config, kept, founded)
    named = [each for each in conversations if not each.direct]
    grouped = [each for each in conversations if recipients.is_group(each, kept)]
    default = [each for each in named if each.general and not each.private and not each.archived]
    return People(
        users=tuple(people),
        channels=tuple(_channel(each, founded, kept) for each in named),
        groups=tuple(_group(each, kept) for each in grouped),
        recipients=_recipients(() if kept.grouped else accounts, named, grouped),
        subscriptions=_subscriptions(() if kept.grouped else accounts, named, grouped),
        emoji=tuple(_emoji(each, people) for each in emoji if each.image in bodies),
        default=conversation_number(default[0].slack_id) if default else None,
        profiles=profile_fields.lay_out(accounts),
    )


def encode_tables(laid: People, config: Config, kept: Profile) -> tuple[bytes, bytes]:
    """`realm.json` before and behind the rows of its reactions."""
    # Where none is given, newer servers greet everybody in the channel that has most members.
    announced = laid.default if kept.recent else None
    realm: dict[str, object] = {
        "id": REALM,
        "string_id": config.subdomain,
        "name": config.subdomain,
        "description": "Imported from Slack.",
        "date_created": min((u.date_joined for u in laid.users), default=1.0),
        "deactivated": False,
        "new_stream_announcements_stream": announced,
        "signup_announcements_stream": None,
        "zulip_update_announcements_stream": announced,
    }
    if kept.modern:
        realm["moderation_request_channel"] = None
    default = [] if laid.default is None else [{"id": 1, "realm": REALM, "stream": laid.default}]
    everything: dict[str, object] = {
        "zerver_realm": [realm],
        "zerver_client": [{"id": 1, "name": kept.client}],
        "zerver_userprofile": laid.users,
        "zerver_stream": laid.channels,
        "zerver_recipient": laid.recipients,
        "zerver_subscription": laid.subscriptions,
        "zerver_huddle": laid.groups,
        "zerver_defaultstream": default,
        "zerver_realmemoji": laid.emoji,
        "zerver_realmauthenticationmethod": [{"id": 1, "realm": REALM, "name": "Email"}],
        "zerver_customprofilefield": laid.profiles.fields,
        "zerver_customprofilefieldvalue": laid.profiles.values,
        "sort_by_date": True,
    }
    if kept.recent:
        everything["import_source"] = "slack"
    everything |= {name: [] for name in tables.EMPTY}
    whole = msgspec.json.encode(everything)
    return whole[:-1] + b',"zerver_reaction":[', b"]}"


def _channel(record: ConversationRecord, founded: float, kept: Profile) -> tables.Channel:
    return tables.Channel(
        id=conversation_number(record.slack_id),
        name=record.name,
        description=record.description,
        date_created=float(record.created or founded),
        invite_only=record.private,
        deactivated=record.archived,
        creator=user_number(record.creator) if record.creator else None,
        folder=None if kept.recent else UNSET,
    )


def _group(record: ConversationRecord, kept: Profile) -> tables.Group:
    size = len(record.members) if kept.modern else UNSET
    return tables.Group(id=conversation_number(record.slack_id), group_size=size)


def _emoji(record: EmojiRecord, users: Sequence[tables.User]) -> tables.Emoji:
    number = emoji_number(record.name)
    author = next(user.id for user in users if user.role == limits.OWNER)
    return tables.Emoji(
        id=number, name=record.name, file_name=f"{number}.{record.ending}", author=author
    )


def _recipients(
    accounts: Sequence[AccountRecord],
    named: Sequence[ConversationRecord],
    grouped: Sequence[ConversationRecord],
) -> tuple[tables.Recipient, ...]:
    each = [(limits.PERSONAL, user_number(account.name)) for account in accounts]
    each += [(limits.CHANNEL, conversation_number(c.slack_id)) for c in named]
    each += [(limits.GROUP, conversation_number(c.slack_id)) for c in grouped]
    return tuple(
        tables.Recipient(id=recipient_number(kind, number), type=kind, type_id=number)
        for kind, number in each
    )


def _subscriptions(
    accounts: Sequence[AccountRecord],
    named: Sequence[ConversationRecord],
    grouped: Sequence[ConversationRecord],
) -> tuple[tables.Subscription, ...]:
    pairs = [
        (user_number(a.name), recipient_number(limits.PERSONAL, user_number(a.name)))
        for a in accounts
    ]
    for kind, some in ((limits.CHANNEL, named), (limits.GROUP, grouped)):
        for each in some:
            recipient = recipient_number(kind, conversation_number(each.slack_id))
            pairs += [(user_number(name), recipient) for name in each.members]
    return tuple(
        tables.Subscription(id=at, user_profile=user, recipient=recipient)
        for at, (user, recipient) in enumerate(pairs, 1)
    )
