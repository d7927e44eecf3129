"""What becomes of a conversation: a channel, a group, or nothing but the talk of two. Pure."""

from collections.abc import Sequence

from adapters.zulip import limits
from adapters.zulip.numbers import conversation_number, recipient_number, user_number
from adapters.zulip.records import ConversationRecord
from migrate.spi import Opening, Ref


def is_direct(opening: Opening) -> bool:
    """Whether it is known by its members, and has neither a name nor topics."""
    return opening.conversation.kind in ("dm", "group_dm")


def members_of(opening: Opening) -> tuple[Ref, ...]:
    """The names of those who are in a conversation, each once."""
    return tuple(dict.fromkeys(member.placement.name for member in opening.members))


def recipient_of(id: str, members: Sequence[Ref], *, direct: bool, sender: Ref) -> int:
    """Whom a message of the conversation with this Slack id is for. Of two the one who did not
    write it; of one the same, who took a note."""
    if not direct:
        return recipient_number(limits.CHANNEL, conversation_number(id))
    if len(members) > 2:
        return recipient_number(limits.GROUP, conversation_number(id))
    others = [name for name in members if name != sender]
    other = others[0] if others else sender
    return recipient_number(limits.PERSONAL, user_number(other))


def describe(opening: Opening) -> ConversationRecord:
    """What a part says of a conversation."""
    conversation = opening.conversation
    members = members_of(opening)
    text = " ".join((conversation.purpose or conversation.topic).split())
    creators = [m.placement.name for m in opening.members if m.person.id == conversation.creator]
    return ConversationRecord(
        slack_id=conversation.id,
        name=opening.placement.name,
        direct=is_direct(opening),
        private=opening.private,
        archived=conversation.archived,
        general=conversation.general,
        description=_clean(text)[: limits.DESCRIPTION_CHARS],
        created=max(conversation.created, 0),
        creator=creators[0] if creators else "",
        members=members,
    )


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
