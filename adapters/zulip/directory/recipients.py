"""For whom a message of a directory is: a channel, a group, or a person. Pure."""

from collections.abc import Sequence

from adapters.zulip import limits
from adapters.zulip.channels import description, is_direct, members_of
from adapters.zulip.directory.numbers import conversation_number, recipient_number, user_number
from adapters.zulip.directory.records import ConversationRecord
from adapters.zulip.profiles import Profile
from migrate.spi import Opening, Ref


def is_group(record: ConversationRecord, kept: Profile) -> bool:
    """Whether a direct conversation is a group there, and not the talk of two persons."""
    return record.direct and len(record.members) > (0 if kept.grouped else 2)


def recipient_of(
    id: str, members: Sequence[Ref], kept: Profile, *, direct: bool, sender: Ref
) -> int:
    """Whom a message of the conversation with this Slack id is for. Where two are no group, the
    one who did not write it; of one the same, who took a note."""
    if not direct:
        return recipient_number(limits.CHANNEL, conversation_number(id))
    if len(members) > 2 or kept.grouped:
        return recipient_number(limits.GROUP, conversation_number(id))
    others = [name for name in members if name != sender]
    other = others[0] if others else sender
    return recipient_number(limits.PERSONAL, user_number(other))


def describe(opening: Opening) -> ConversationRecord:
    """What a part says of a conversation."""
    conversation = opening.conversation
    members = members_of(opening)
    creators = [m.placement.name for m in opening.members if m.person.id == conversation.creator]
    return ConversationRecord(
        slack_id=conversation.id,
        name=opening.placement.name,
        direct=is_direct(opening),
        private=opening.private,
        archived=conversation.archived,
        general=conversation.general,
        description=description(opening),
        created=max(conversation.created, 0),
        creator=creators[0] if creators else "",
        members=members,
    )
