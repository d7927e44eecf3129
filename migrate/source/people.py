"""Who belonged to the workspace: users.json and its like. People who exist in messages alone are
found in `records`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from migrate.model import PROFILE_LABELS, Person, PersonKind, ProfileField
from migrate.source.loose import (
    Fields,
    get_fields,
    get_flag,
    get_text,
    get_texts,
)

SLACKBOT = "USLACKBOT"

ALIASES = {"U00": SLACKBOT, "B01": SLACKBOT}
"""Ids under which Slackbot wrote in older exports."""


class User(msgspec.Struct, frozen=True, gc=False):
    """A record of users.json. `team` is the workspace that the person is native to, `teams` those
    of an Enterprise Grid organisation that it belongs to."""

    person: Person
    team: str
    teams: tuple[str, ...] = ()

    @property
    def native(self) -> bool:
        """Whether the record tells which workspace this is."""
        return self.person.kind == "member" and not self.person.deactivated and bool(self.team)


def read_user(fields: Fields) -> User | None:
    """A record of users.json, None where it has no id."""
    id = get_text(fields, "id")
    if not id:
        return None
    profile = get_fields(fields, "profile")
    enterprise = get_fields(fields, "enterprise_user")
    person = Person(
        id=id,
        kind=_read_kind(id, fields),
        name=get_text(fields, "name"),
        full_name=get_text(profile, "real_name") or get_text(fields, "real_name"),
        display_name=get_text(profile, "display_name"),
        email=get_text(profile, "email"),
        title=get_text(profile, "title"),
        timezone=get_text(fields, "tz"),
        avatar_url=read_avatar(profile),
        deactivated=get_flag(fields, "deleted"),
        admin=get_flag(fields, "is_admin") or get_flag(fields, "is_owner"),
        bot_id=get_text(profile, "bot_id"),
        profile=tuple(_read_profile(profile)),
    )
    team = get_text(fields, "team_id") or get_text(profile, "team")
    return User(person, team, get_texts(enterprise, "teams"))


def _read_kind(id: str, fields: Fields) -> PersonKind:
    if id == SLACKBOT or get_flag(fields, "is_bot"):
        return "bot"
    if get_flag(fields, "is_stranger"):
        return "outside"
    if get_flag(fields, "is_restricted") or get_flag(fields, "is_ultra_restricted"):
        return "guest"
    return "member"


def _read_profile(profile: Fields) -> Iterator[ProfileField]:
    for id, label in PROFILE_LABELS.items():
        if value := get_text(profile, id).strip():
            yield ProfileField(id, value, label)
    # null where nobody filled anything in, and an array in some exports.
    custom = get_fields(profile, "fields")
    for id in custom:
        if value := get_text(get_fields(custom, id), "value").strip():
            yield ProfileField(id, value)


def read_avatar(profile: Fields) -> str:
    """The largest picture that a profile names."""
    sizes = ("image_original", "image_1024", "image_512", "image_192", "image_72")
    return next(filter(None, (get_text(profile, size) for size in sizes)), "")


def merge_people(users: Iterable[Sequence[User]]) -> tuple[Person, ...]:
    """Everybody, each once, the newest record first believed; `users` are the archives', oldest
    first. What the newest record leaves empty (e-mail was dropped for years) an older one fills.
    """
    people: dict[str, Person] = {}
    for archive in users:
        for user in archive:
            older = people.get(user.person.id)
            people[user.person.id] = fill(user.person, older) if older else user.person
    people.setdefault(
        SLACKBOT, Person(id=SLACKBOT, kind="bot", name="slackbot", full_name="Slackbot")
    )
    return tuple(people.values())


_FILLED = (
    "name",
    "full_name",
    "display_name",
    "email",
    "title",
    "timezone",
    "avatar_url",
    "bot_id",
    "profile",
)


def fill(person: Person, older: Person) -> Person:
    """`person` with its empty fields taken from `older`."""
    lacking = {name: getattr(older, name) for name in _FILLED if not getattr(person, name)}
    return msgspec.structs.replace(person, **lacking) if any(lacking.values()) else person


def find_workspace(users: Iterable[User]) -> str:
    """The team id that most native people have, "" where nobody tells. Ties: the smaller id."""
    votes = Counter(user.team for user in users if user.native)
    return min(votes, key=lambda team: (-votes[team], team), default="")
