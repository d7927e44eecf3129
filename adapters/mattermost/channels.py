"""What becomes of a conversation: a channel, a direct or group message, and its line. Which of them
it is, who is in it and how far they have read; names were made valid in `placing`."""

from collections.abc import Iterable, Iterator, Mapping

from adapters.mattermost import limits, lines
from adapters.mattermost.records import ConversationRecord, Member
from mappings import markdown, mrkdwn, names
from mappings.nodes import visible_text
from migrate.spi import Account, Opening

Totals = Mapping[str, tuple[int, int, int]]
"""By lane: posts, those outside threads, and the time of the last in milliseconds."""

_NOTHING = (0, 0, 0)


def is_direct(opening: Opening) -> bool:
    """Whether it is a direct or a group message there; one of more people than the server lets be
    in a group message is a private channel."""
    direct = opening.conversation.kind in ("dm", "group_dm")
    return direct and len(opening.members) <= limits.DIRECT_MEMBERS


def members_of(opening: Opening) -> tuple[str, ...]:
    """The names by which direct talk is known; whoever talks to nobody talks to themselves."""
    found = tuple(sorted({member.placement.name for member in opening.members}))
    return found * 2 if len(found) == 1 else found


def lane_of(opening: Opening) -> str:
    """A key for the conversation at the server: two with one key are one there."""
    return direct_lane(members_of(opening)) if is_direct(opening) else opening.placement.name


def direct_lane(members: Iterable[str]) -> str:
    """The key of direct talk among these; no channel's name holds an @."""
    return "@" + "@".join(sorted(members))


def describe(opening: Opening) -> ConversationRecord:
    """What a part says of a conversation."""
    conversation = opening.conversation
    shown = _MemberNames(opening)
    header = markdown.render(mrkdwn.parse(conversation.topic), shown, markdown.MATTERMOST)
    # A purpose is plain words.
    purpose = visible_text(mrkdwn.parse(conversation.purpose), shown)
    direct = is_direct(opening)
    return ConversationRecord(
        slack_id=conversation.id,
        name="" if direct else opening.placement.name,
        display_name="" if direct else _display_name(opening),
        private=opening.private or conversation.kind in ("dm", "group_dm"),
        header=_cut(header, limits.HEADER_RUNES),
        purpose="" if direct else _cut(purpose, limits.PURPOSE_RUNES),
        archived=conversation.archived,
        created=conversation.created * 1_000,
        stands=opening.carried or opening.action == "map",
        members=tuple(_member(account) for account in opening.members),
    )


def channel_lines(
    records: Iterable[ConversationRecord], team: str, totals: Totals
) -> Iterator[lines.ChannelLine]:
    """A line for each channel that the server does not have yet."""
    for record in records:
        if not record.name or record.stands:
            continue
        _, _, last = totals.get(record.name, _NOTHING)
        yield lines.ChannelLine(
            lines.Channel(
                team=team,
                name=record.name,
                display_name=record.display_name,
                type="P" if record.private else "O",
                header=record.header,
                purpose=record.purpose,
                deleted_at=max(last, record.created, 1) if record.archived else 0,
                slack_id=record.slack_id,
            )
        )


def direct_lines(
    records: Iterable[ConversationRecord], totals: Totals, *, modern: bool
) -> Iterator[lines.DirectChannelLine]:
    """A line for each set of people who talk directly. Two lines of the same people would end the
    import, so that Slack conversations of the same people are one."""
    seen: set[str] = set()
    for record in records:
        if record.name or record.stands or not record.members:
            continue
        people = {member.username: member for member in record.members}
        present = sorted(people)
        both = present * 2 if len(present) == 1 else present
        lane = direct_lane(both)
        if lane in seen:
            continue
        seen.add(lane)
        read = totals.get(lane, _NOTHING)
        yield lines.DirectChannelLine(
            lines.DirectChannel(
                members=() if modern else tuple(both),
                participants=tuple(_participant(people[name], read) for name in both)
                if modern
                else (),
                shown_by=tuple(name for name in present if people[name].kind != "bot")
                if modern
                else (),
                header=record.header,
                slack_id=record.slack_id,
            )
        )


def _participant(member: Member, read: tuple[int, int, int]) -> lines.Participant:
    posts, roots, last = read
    return lines.Participant(
        username=member.username,
        scheme_user=member.kind != "guest",
        scheme_guest=member.kind == "guest",
        msg_count=posts,
        msg_count_root=roots,
        last_viewed_at=last,
    )


def _member(account: Account) -> Member:
    kind = account.person.kind
    if kind == "bot" and account.action != "map":
        return Member(account.placement.name, "bot")
    return Member(account.placement.name, "guest" if kind == "guest" else "person")


def _display_name(opening: Opening) -> str:
    conversation = opening.conversation
    if conversation.kind in ("dm", "group_dm"):
        wish = ", ".join(member.person.shown_name for member in opening.members)
    else:
        wish = conversation.name
    limit = limits.CHANNEL_DISPLAY_RUNES
    return names.full_name(wish, "", limit, fallback=opening.placement.name)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


class _MemberNames(names.SlackNames):
    """Knows those who are in the conversation; a topic may mention them."""

    def __init__(self, opening: Opening) -> None:
        self._names = {each.person.id: each.placement.name for each in opening.members}

    def person(self, id: str, label: str) -> names.Name:
        name = self._names.get(id)
        return names.Name(f"@{name}", markup=f"@{name}") if name else super().person(id, label)
