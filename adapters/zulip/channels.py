"""What becomes of a conversation: a channel, a group, or nothing but the talk of two. Pure."""

from collections.abc import Sequence

from adapters.zulip import limits
from adapters.zulip.numbers import conversation_number, recipient_number, user_number
from adapters.zulip.profiles import Profile
from adapters.zulip.records import ConversationRecord
from mappings import markdown, mrkdwn, names
from migrate.spi import Opening, Ref


def is_direct(opening: Opening) -> bool:
    """Whether it is known by its members, and has neither a name nor topics."""
    return opening.conversation.kind in ("dm", "group_dm")


def members_of(opening: Opening) -> tuple[Ref, ...]:
    """The names of those who are in a conversation, each once."""
    return tuple(dict.fromkeys(member.placement.name for member in opening.members))


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
        description=_describe(opening)[: limits.DESCRIPTION_CHARS],
        created=max(conversation.created, 0),
        creator=creators[0] if creators else "",
        members=members,
    )


def _describe(opening: Opening) -> str:
    """Slack has a topic and a purpose, both in its markup; Zulip has one line for them."""
    shown = _MemberNames(opening)
    texts = dict.fromkeys((opening.conversation.purpose, opening.conversation.topic))
    written = (markdown.render(mrkdwn.parse(text), shown, markdown.ZULIP) for text in texts if text)
    lines = (" ".join(line.split()) for line in written)
    joined = " · ".join(line for line in lines if line)
    return joined.replace("\0", "").encode("utf-8", "replace").decode()


class _MemberNames(names.SlackNames):
    """Knows those who are in the conversation; a topic may mention them, and tells nobody of it."""

    def __init__(self, opening: Opening) -> None:
        self._shown = {one.person.id: one.placement.name for one in opening.members}

    def person(self, id: str, label: str) -> names.Name:
        return names.Name(f"@{self._shown.get(id) or label or id}")
