"""What becomes of a conversation: direct talk, or a channel and what is said of it. Pure."""

from adapters.zulip import limits
from mappings import markdown, mrkdwn, names
from migrate.spi import Opening, Ref


def is_direct(opening: Opening) -> bool:
    """Whether it is known by its members, and has neither a name nor topics."""
    return opening.conversation.kind in ("dm", "group_dm")


def members_of(opening: Opening) -> tuple[Ref, ...]:
    """The names of those who are in a conversation, each once."""
    return tuple(dict.fromkeys([member.placement.name for member in opening.members]))


def description(opening: Opening) -> str:
    """What a channel says of itself. Slack has a topic and a purpose, both in its markup; Zulip has
    one line for them."""
    shown = _MemberNames(opening)
    texts = dict.fromkeys((opening.conversation.purpose, opening.conversation.topic))
    written = (markdown.render(mrkdwn.parse(text), shown, markdown.ZULIP) for text in texts if text)
    lines = (" ".join(line.split()) for line in written)
    joined = " · ".join(line for line in lines if line)
    joined = joined.replace("\0", "").encode("utf-8", "replace").decode()
    return joined[: limits.DESCRIPTION_CHARS]


class _MemberNames(names.SlackNames):
    """Knows those who are in the conversation; a topic may mention them, and tells nobody of it."""

    def __init__(self, opening: Opening) -> None:
        self._shown = {one.person.id: one.placement.name for one in opening.members}

    def person(self, id: str, label: str) -> names.Name:
        return names.Name(f"@{self._shown.get(id) or label or id}")
