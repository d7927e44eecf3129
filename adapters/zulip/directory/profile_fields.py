"""What people say of themselves, as custom profile fields: which there are, of which kind, and who
says what. Everybody's are known before the kind of one is chosen. Pure."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

import msgspec

from adapters.zulip import limits
from adapters.zulip.directory import tables
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.records import AccountRecord
from mappings import names

TITLE = "title"
_FIRST = (TITLE, "pronouns", "phone", "skype", "start_date")
"""Slack's own, in the order in which a client shows them; the workspace's follow."""

_LINK = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.[a-z]{2,}(/[^\s<>\"]*)?", re.I)
_ID = re.compile(r"[UW][A-Z0-9]{5,}(,[UW][A-Z0-9]{5,})*")


class ProfileFields(msgspec.Struct, frozen=True):
    """The rows of both tables."""

    fields: tuple[tables.ProfileField, ...] = ()
    values: tuple[tables.ProfileValue, ...] = ()


def lay_out(accounts: Sequence[AccountRecord]) -> ProfileFields:
    """A field for each that somebody has filled in."""
    told: dict[str, dict[int, str]] = {}
    labels: dict[str, str] = {}
    for account in accounts:
        for id, label, value in _details(account):
            told.setdefault(id, {})[user_number(account.name)] = value
            labels[id] = label
    people = {each.slack_id: user_number(each.name) for each in accounts if not each.bot}
    taken: set[str] = set()
    fields: list[tables.ProfileField] = []
    values: list[tables.ProfileValue] = []
    for id in sorted(told, key=lambda id: (_rank(id), labels[id].casefold(), id)):
        kind, write = _kind(id, told[id].values(), people)
        written = {user: text for user, value in told[id].items() if (text := write(value))}
        if not written:
            continue
        name = _name(labels[id], taken)
        taken.add(name.casefold())
        # What no export tells the name of can be looked up in Slack by this.
        hint = "" if labels[id] else f"Slack calls it {id}"[: limits.HINT_CHARS]
        number = len(fields) + 1
        fields.append(
            tables.ProfileField(id=number, name=name, hint=hint, field_type=kind, order=number)
        )
        values += [
            tables.ProfileValue(id=at, user_profile=user, field=number, value=text)
            for at, (user, text) in enumerate(written.items(), len(values) + 1)
        ]
    return ProfileFields(tuple(fields), tuple(values))


def _details(account: AccountRecord) -> list[tuple[str, str, str]]:
    title = [(TITLE, "Title", account.title)] if account.title else []
    return title + [each for each in account.details if each[2]]


def _rank(id: str) -> int:
    return _FIRST.index(id) if id in _FIRST else len(_FIRST)


def _name(label: str, taken: set[str]) -> str:
    wish = names.full_name(label, "", limits.FIELD_NAME_CHARS) or "Slack field"
    return names.unique(
        wish, lambda name: name.casefold() not in taken, limits.FIELD_NAME_CHARS, joint=" "
    )


def _kind(
    id: str, values: Collection[str], people: Mapping[str, int]
) -> tuple[int, Callable[[str], str]]:
    """The kind of field that holds all these values as a person could have typed them there, and
    how one is written."""
    if all(_ID.fullmatch(value) for value in values):
        return limits.PERSON, lambda value: _people(value, people)
    if all(_LINK.fullmatch(value) and len(value) <= limits.LINK_CHARS for value in values):
        return limits.LINK, str
    if all(_is_day(value) for value in values):
        return limits.DAY, str
    if id == "pronouns":
        return limits.PRONOUNS, lambda value: _text(value, limits.FIELD_CHARS)
    if id in _FIRST or all(len(value) <= limits.FIELD_CHARS for value in values):
        return limits.SHORT_TEXT, lambda value: _text(value, limits.FIELD_CHARS)
    return limits.LONG_TEXT, lambda value: _text(value, limits.LONG_FIELD_CHARS)


def _people(value: str, people: Mapping[str, int]) -> str:
    """Those of them who have accounts."""
    found = [people[id] for id in value.split(",") if id in people]
    return json.dumps(found) if found else ""


def _text(value: str, limit: int) -> str:
    return names.full_name(value, "", limit)


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
