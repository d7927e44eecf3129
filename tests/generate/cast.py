"""Who talks in a generated export, and where: people, bots and conversations, with their entries
in the root files. What they say lives in `talk`, when they say it in `days`."""

import math
import random
from collections.abc import Hashable, Mapping
from typing import TypeVar

from tests.generate.truth import Channels, Counts, Person, Place

WORKSPACE = "T05GENERATE"
KINDS: Mapping[str, float] = {"public": 0.4, "private": 0.2, "dm": 0.25, "group_dm": 0.15}
T = TypeVar("T", bound=Hashable)
ROOT_FILES = {
    "public": "channels.json",
    "private": "groups.json",
    "dm": "dms.json",
    "group_dm": "mpims.json",
}

_FIRST = [
    "Ada",
    "Chloe",
    "Dmitri",
    "Elena",
    "Farid",
    "Grace",
    "Ines",
    "Keiko",
    "Liam",
    "Olga",
    "Priya",
    "Rosa",
    "Tara",
    "Wendy",
    "Xavier",
    "Yara",
    "Zoë",
    "Björn",
    "Çelik",
    "Łukasz",
]
_LAST = [
    "Castillo",
    "Fontaine",
    "Haddad",
    "Jensen",
    "Larsen",
    "Novak",
    "Okafor",
    "Rossi",
    "Tanaka",
    "Ueda",
    "Weber",
    "Yilmaz",
    "Zhang",
]
_TOPICS = [
    "general",
    "random",
    "engineering",
    "design",
    "support",
    "sales",
    "marketing",
    "release-train",
    "incidents",
    "hiring",
    "office",
    "lunch",
    "data",
    "mobile",
    "website",
    "billing",
    "security",
    "research",
    "customers",
    "onboarding",
]
_BOTS = ("deploybot", "calendar", "standup")


def cast_people(count: int, outside: int, rng: random.Random) -> tuple[Person, ...]:
    """`count` people of users.json (some guests, some deactivated), `outside` others, and bots.

    Three bots stand in users.json; a webhook is known only by the bot id in its messages.
    """
    people = []
    for n in range(count + outside):
        first = _FIRST[n % len(_FIRST)]
        last = _LAST[rng.randrange(len(_LAST))]
        stranger = n >= count
        people.append(
            Person(
                id=f"U05{n:07X}A",
                name=f"{_ascii(first)}.{_ascii(last)}{n}",
                real_name=f"{first} {last}",
                guest=not stranger and n % 11 == 7,
                deactivated=not stranger and n % 9 == 5,
                outside=stranger,
            )
        )
    bots = [
        Person(id=f"U05B{n:06X}B", name=name, real_name=name.title(), bot_id=f"B05{n:07X}")
        for n, name in enumerate(_BOTS)
    ]
    webhook = Person(
        id="B05WEBHOOK", name="jenkins", real_name="Jenkins", bot_id="B05WEBHOOK", outside=True
    )
    return (*people, *bots, webhook)


def cast_places(
    count: int,
    messages: int,
    kinds: Mapping[str, float],
    people: tuple[Person, ...],
    rng: random.Random,
) -> tuple[Place, ...]:
    """`count` conversations of the given kinds; their `messages` add up to `messages` exactly."""
    insiders = [person for person in people if not person.outside and person.bot_id is None]
    handles = {person.id: person.name for person in people}
    shape = [kind for kind, n in _apportion(kinds, count).items() for _ in range(n)]
    weights = {n: _WEIGHT[kind] / (3 + n % 40) for n, kind in enumerate(shape)}
    shares = _apportion(weights, messages)
    pairs: set[frozenset[str]] = set()
    places = []
    for n, kind in enumerate(shape):
        members = _choose_members(kind, insiders, pairs, rng)
        ident = f"{'D' if kind == 'dm' else 'C'}05{n:07X}C"
        name = _name_place(kind, n, [handles[member] for member in members])
        places.append(
            Place(
                id=ident,
                kind=kind,
                name=name,
                folder=name or ident,
                members=members,
                archived=kind in ("public", "private") and n % 13 == 9,
                messages=shares[n],
            )
        )
    return tuple(places)


_WEIGHT = {"public": 4.0, "private": 2.0, "dm": 1.0, "group_dm": 1.0}


def count_cast(people: tuple[Person, ...], places: tuple[Place, ...]) -> Counts:
    """The counts that are known before the first message is written."""
    users = [person for person in people if not person.outside and person.bot_id is None]
    channels = Channels()
    for place in places:
        setattr(channels, place.kind, getattr(channels, place.kind) + 1)
    return Counts(
        users=len(users),
        bots=sum(person.bot_id is not None and not person.outside for person in people),
        guests=sum(person.guest for person in users),
        deactivated=sum(person.deactivated for person in users),
        channels=channels,
        archived_channels=sum(place.archived for place in places),
    )


def user_record(person: Person) -> dict[str, object]:
    """The person's entry in users.json."""
    profile: dict[str, object] = {
        "real_name": person.real_name,
        "display_name": person.name.split(".")[0],
        "avatar_hash": f"{int(person.id[3:10], 36):012x}",
        "image_72": f"https://avatars.slack-edge.com/{person.id}_72.png",
        "team": WORKSPACE,
    }
    record: dict[str, object] = {
        "id": person.id,
        "team_id": WORKSPACE,
        "name": person.name,
        "deleted": person.deactivated,
        "real_name": person.real_name,
        "profile": profile,
        "is_bot": person.bot_id is not None,
        "is_app_user": False,
        "updated": 1700000000,
    }
    if person.bot_id is not None:
        profile |= {"bot_id": person.bot_id, "api_app_id": f"A{person.bot_id[1:]}"}
    else:
        profile |= {"email": f"{person.id.lower()}@example.com"}
        record |= {"is_restricted": person.guest, "is_ultra_restricted": False}
    return record


def place_record(place: Place, created: int, pins: list[dict[str, object]]) -> dict[str, object]:
    """The conversation's entry in its root file."""
    if place.kind == "dm":
        return {"id": place.id, "created": created, "members": list(place.members)}
    record: dict[str, object] = {
        "id": place.id,
        "name": place.name,
        "created": created,
        "creator": place.members[0],
        "is_archived": place.archived,
        "members": list(place.members),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {
            "value": f"About {place.name}",
            "creator": place.members[0],
            "last_set": created,
        },
    }
    if place.kind == "public":
        record["is_general"] = place.name == "general"
    if pins:
        record["pins"] = pins
    return record


def enough_people(messages: int, dms: int) -> int:
    """How many people a workspace of this size has, and at least enough pairs for its DMs."""
    return max(12, int(math.sqrt(messages) / 5), int(math.sqrt(8 * dms)) + 2)


def _choose_members(
    kind: str, insiders: list[Person], pairs: set[frozenset[str]], rng: random.Random
) -> tuple[str, ...]:
    present = [person.id for person in insiders if not person.deactivated]
    if kind == "dm":
        while True:
            chosen = rng.sample([person.id for person in insiders], 2)
            if frozenset(chosen) not in pairs:
                pairs.add(frozenset(chosen))
                return tuple(chosen)
    if kind == "group_dm":
        return tuple(rng.sample(present, min(len(present), rng.randint(3, 7))))
    size = rng.randint(min(4, len(present)), min(len(present), 60))
    return tuple(rng.sample(present, size))


def _ascii(name: str) -> str:
    return name.lower().encode("ascii", "ignore").decode()


def _name_place(kind: str, n: int, handles: list[str]) -> str:
    if kind == "dm":
        return ""
    if kind == "group_dm":
        return f"mpdm-{'--'.join(handles)}-{n + 1}"
    topic = _TOPICS[n % len(_TOPICS)]
    name = topic if n < len(_TOPICS) else f"{topic}-{n}"
    return f"{name}-private" if kind == "private" else name


def _apportion(weights: Mapping[T, float], total: int) -> dict[T, int]:
    """Split `total` by weight into whole numbers, one each at least where there are enough."""
    floor = 1 if total >= len(weights) else 0
    spare = total - floor * len(weights)
    scale = sum(weights.values()) or 1.0
    shares = {key: floor + int(spare * weight / scale) for key, weight in weights.items()}
    left = total - sum(shares.values())
    for key in sorted(weights, key=lambda key: -weights[key])[:left]:
        shares[key] += 1
    return shares
