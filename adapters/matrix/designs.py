"""How a room shall be: its name, its topic, its doors, who is invited with its making. Pure; the
making is `rooms`."""

import msgspec

from adapters.matrix.calls import MARK
from adapters.matrix.client import Json
from adapters.matrix.config import Config
from mappings import html, mrkdwn, names
from migrate.model import Ref
from migrate.spi import Opening


class StateEvent(msgspec.Struct, frozen=True):
    type: str
    content: Json
    state_key: str = ""


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """`host` makes the room and keeps power over it; `company` is invited with the making (direct
    messages: they share the power)."""

    localpart: str
    host: Ref
    state: tuple[StateEvent, ...]
    direct: bool = False
    company: tuple[Ref, ...] = ()
    space: bool = False


def design_space(config: Config) -> Design:
    """The space: by invitation, for whoever is in it can enter every public room."""
    name = StateEvent("m.room.name", {"name": config.space})
    return Design(
        localpart=config.space_localpart,
        host=config.sender,
        state=(name, *_doors(None)),
        space=True,
    )


def design_room(config: Config, opening: Opening, host: Ref, space: Ref) -> Design:
    conversation, direct = opening.conversation, is_direct(opening)
    state = _doors(space if is_open(opening) else None)
    if not direct:
        parent = {"via": [config.server_name], "canonical": True}
        state.append(StateEvent("m.space.parent", parent, space))
        name = opening.placement.name or conversation.name
        if name:
            state.append(StateEvent("m.room.name", {"name": name[:255]}))
    topic = _topic(opening)
    if topic:
        state.append(StateEvent("m.room.topic", {"topic": topic}))
    state.append(StateEvent(MARK, {"conversation": conversation.id}))
    others = tuple(account.ref for account in opening.members if account.ref != host)
    return Design(
        localpart=config.room_localpart(conversation.id),
        host=host,
        state=tuple(state),
        direct=direct,
        company=others if direct else (),
    )


def is_direct(opening: Opening) -> bool:
    return opening.conversation.kind in {"dm", "group_dm"}


def is_open(opening: Opening) -> bool:
    """Whether the whole team may read it."""
    return opening.conversation.kind == "public" and not opening.private


class _MemberNames(names.SlackNames):
    """Knows those who are in the conversation; a topic may mention them."""

    def __init__(self, opening: Opening) -> None:
        self._shown = {one.person.id: one.person.shown_name for one in opening.members}

    def person(self, id: str, label: str) -> names.Name:
        return names.Name(f"@{self._shown.get(id) or label or id}")


def _topic(opening: Opening) -> str:
    """Slack has a topic and a purpose, both in its markup; Matrix has one topic of plain words."""
    shown = _MemberNames(opening)
    texts = (opening.conversation.topic, opening.conversation.purpose)
    lines = [html.render(mrkdwn.parse(text), shown).plain for text in texts if text]
    return "\n".join(lines)[:8000]


def _doors(space: Ref | None) -> list[StateEvent]:
    """Who may enter and read: the members of `space`, or whoever is invited; never a guest; history
    from the start."""
    rule: Json = {"join_rule": "invite"}
    if space is not None:
        allow = {"type": "m.room_membership", "room_id": space}
        rule = {"join_rule": "restricted", "allow": [allow]}
    return [
        StateEvent("m.room.join_rules", rule),
        StateEvent("m.room.guest_access", {"guest_access": "forbidden"}),
        StateEvent("m.room.history_visibility", {"history_visibility": "shared"}),
    ]
