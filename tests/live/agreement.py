"""What a homeserver holds, as `readback` sees it, against what a generated export is known to hold.
Nothing of the program is used: neither `verify` nor the adapter nor the reader."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from tests.generate import Fact, Place, Truth
from tests.live.readback import Room, slack_id

EMOJI: Mapping[str, str] = {
    "+1": "\N{THUMBS UP SIGN}",
    "heart": "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}",
    "tada": "\N{PARTY POPPER}",
    "eyes": "\N{EYES}",
    "wave::skin-tone-4": "\N{WAVING HAND SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}",
    "white_check_mark": "\N{WHITE HEAVY CHECK MARK}",
    "party-parrot": ":party-parrot:",
}
_DIRECT = ("dm", "group_dm")

Line = tuple[str, str, int, str, str]
"""Slack's ts, author, milliseconds, the thread's root and, of what answers outside threads, what it
answers; in the order in which a room shows them."""


def assert_agreed(rooms: Mapping[str, Room], truth: Truth, prefix: str) -> None:
    """The rooms hold the export: nothing lost, nothing twice, nothing out of order, by whom it was
    written and when, in its thread, under its reactions; and nobody can read more than in Slack."""
    assert rooms.keys() == {"SPACE"} | {place.id for place in truth.conversations}
    facts: dict[str, list[Fact]] = {place.id: [] for place in truth.conversations}
    for fact in truth.facts:
        facts[fact.conversation].append(fact)
    for place in truth.conversations:
        room, said = rooms[place.id], sorted(facts[place.id], key=lambda fact: fact.ts)
        _assert_lines(_shown(room, prefix), _told(said), place.id)
        _assert_words(room, said)
        assert _marks(room, prefix) == _reactions(said), place.id
        _assert_doors(room, place, rooms["SPACE"], prefix)
    assert sum(len(room.pins) for room in rooms.values()) == truth.counts.pins
    _assert_space(rooms["SPACE"], truth, facts, prefix)


def _assert_lines(shown: list[Line], told: list[Line], place: str) -> None:
    """Held one by one, so that a failure names the first line that differs."""
    for number, (here, there) in enumerate(zip_longest(shown, told)):
        assert here == there, (place, number, here, there)


def _told(said: Iterable[Fact]) -> list[Line]:
    """What a room has to show; a broadcast stands in its thread and once more beside it."""
    lines: list[Line] = []
    for fact in said:
        seconds, _, fraction = fact.ts.partition(".")
        time = int(seconds) * 1000 + int(fraction) // 1000
        lines.append((fact.ts, fact.author, time, fact.root or "", ""))
        if fact.broadcast:
            lines.append((fact.ts, fact.author, time, "", fact.root or ""))
    return lines


def _shown(room: Room, prefix: str) -> list[Line]:
    slack = {event.ref: event.slack for event in room.events} | {"": ""}
    return [
        (
            event.slack,
            slack_id(event.author, prefix),
            event.time,
            slack.get(event.root, event.root),
            slack.get(event.quoted, event.quoted),
        )
        for event in room.events
    ]


def _assert_words(room: Room, said: Iterable[Fact]) -> None:
    """Each message holds the word that no other has, and its beginning as it was written."""
    bodies = {event.slack: event.body for event in room.events}
    for fact in said:
        beginning = re.split(r"[<*_`:&\n]", fact.text)[0].rstrip()
        assert fact.marker in bodies[fact.ts], fact.ts
        assert beginning in bodies[fact.ts], fact.ts


def _reactions(said: Iterable[Fact]) -> Counter[tuple[str, str, str]]:
    return Counter(
        (fact.ts, person, EMOJI[name]) for fact in said for name, person in fact.reactions
    )


def _marks(room: Room, prefix: str) -> Counter[tuple[str, str, str]]:
    threaded = {event.ref: event.slack for event in room.events if not event.quoted}
    return Counter(
        (threaded.get(mark.event, mark.event), slack_id(mark.author, prefix), mark.key)
        for mark in room.marks
    )


def _assert_doors(room: Room, place: Place, space: Room, prefix: str) -> None:
    """Slack's members are in and nobody else, but for the importer where it made the room; only a
    public room can be entered, and only by the space's members."""
    importers = {member for member in room.members if not slack_id(member, prefix)}
    assert len(importers) == (place.kind not in _DIRECT), place.id
    inside = {slack_id(member, prefix) for member in room.members - importers}
    assert inside == set(place.members), place.id
    assert not room.invited, place.id
    public = place.kind == "public"
    assert room.doors == ("restricted" if public else "invite"), place.id
    assert room.open_to == ({space.ref} if public else set()), place.id
    assert (room.floor > 0) == place.archived, place.id
    assert not room.encrypted


def _assert_space(space: Room, truth: Truth, facts: Mapping[str, list[Fact]], prefix: str) -> None:
    """In the space are the team's own people who have to do with a public channel; no guest, nobody
    from elsewhere, no bot and nobody who has left."""
    team = {
        person.id
        for person in truth.people
        if not (person.bot_id or person.guest or person.deactivated or person.outside)
    }
    public = [place for place in truth.conversations if place.kind == "public"]
    writers = {fact.author for place in public for fact in facts[place.id]}
    reacted = {
        person for place in public for fact in facts[place.id] for _, person in fact.reactions
    }
    belong = {member for place in public for member in place.members}
    inside = {slack_id(member, prefix) for member in space.members} - {""}
    assert inside == (writers | reacted | belong) & team
    assert not space.invited
    assert space.doors == "invite"
