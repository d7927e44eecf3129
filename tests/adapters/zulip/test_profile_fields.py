"""Custom profile fields: their kinds, their names, and values that a person could have typed."""

import json
from datetime import date

from adapters.zulip import limits
from adapters.zulip.directory import profile_fields, users
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.records import AccountRecord
from migrate.model import Person, ProfileField
from migrate.spi import Account, Placement


def lay_out(**told: dict[str, str]) -> dict[str, tuple[int, dict[str, str]]]:
    """Of people's fields, by names: the kind of each field, and who says what."""
    accounts = [
        AccountRecord(
            name=name, slack_id=f"U0000{name.upper()}",
            details=tuple((id, "" if id.startswith("Xf") else id, v) for id, v in said.items()),
        )
        for name, said in told.items()
    ]  # fmt: skip
    laid = profile_fields.lay_out(accounts)
    names = {user_number(account.name): account.name for account in accounts}
    assert [field.id for field in laid.fields] == list(range(1, len(laid.fields) + 1))
    assert len({value.id for value in laid.values}) == len(laid.values)
    return {
        field.name: (
            field.field_type,
            {names[v.user_profile]: v.value for v in laid.values if v.field == field.id},
        )
        for field in laid.fields
    }


def test_title_comes_first_and_the_workspaces_own_fields_last() -> None:
    person = Person(
        id="U1", kind="member", title="CTO",
        profile=(
            ProfileField("phone", "+49 30 1", "Phone"), ProfileField("Xf1", "Berlin", "Town"),
            ProfileField("Xf2", "Blue"),
        ),
    )  # fmt: skip
    account = users.describe(Account(person=person, placement=Placement("Ann")))
    laid = profile_fields.lay_out([account])
    assert [(f.name, f.hint) for f in laid.fields] == [
        ("Title", ""), ("Phone", ""), ("Slack field", "Slack calls it Xf2"), ("Town", ""),
    ]  # fmt: skip
    assert [value.value for value in laid.values] == ["CTO", "+49 30 1", "Blue", "Berlin"]


def test_kind_fits_everybodys_words() -> None:
    laid = lay_out(
        ann={
            "web": "https://ann.example/me", "born": "1990-02-28", "boss": "U0000BOB,U0000NOBODY",
            "site": "https://ann.example", "day": "1990-02-30", "pronouns": "they/them",
            "story": "x" * 600,
        },
        bob={
            "web": "http://b.example", "born": "1991-12-01", "boss": "W0000NOBODY",
            "site": "none", "day": "soon", "story": "short",
        },
    )  # fmt: skip
    kinds = {name: kind for name, (kind, _) in laid.items()}
    assert kinds == {
        "pronouns": limits.PRONOUNS, "boss": limits.PERSON, "born": limits.DAY,
        "day": limits.SHORT_TEXT, "site": limits.SHORT_TEXT, "story": limits.LONG_TEXT,
        "web": limits.LINK,
    }  # fmt: skip
    assert laid["boss"][1] == {"ann": json.dumps([user_number("bob")])}
    assert laid["story"][1] == {"ann": "x" * 500, "bob": "short"}
    assert date.fromisoformat(laid["born"][1]["ann"]).year == 1990


def test_names_are_cut_without_collision() -> None:
    laid = lay_out(ann={"x" * 50: "1", "x" * 60: "2", "Xf1": "3", "Xf2": "4", "title ": "5"})
    assert len(laid) == 5
    assert all(0 < len(name) <= limits.FIELD_NAME_CHARS for name in laid)
    assert len({name.casefold() for name in laid}) == 5


def test_what_nobody_filled_in_is_no_field() -> None:
    assert lay_out(ann={"phone": "", "boss": "W0000NOBODY"}) == {}
