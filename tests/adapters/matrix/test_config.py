"""The [target] table, and the addresses that follow from it."""

import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix import adapter
from adapters.matrix.config import Config, belongs_to_team, escape
from migrate.model import Person, PersonKind
from migrate.spi import Wish

GOOD: dict[str, object] = {"homeserver": "https://m.example.org", "server_name": "example.org"}


def test_template_is_a_valid_table() -> None:
    table = tomllib.loads(adapter.template)
    config = msgspec.convert(table, Config)
    assert config.prefix == "slack"
    assert set(table) == set(Config.__struct_fields__)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("homeserver", "matrix.example.org"),
        ("homeserver", "ftp://example.org"),
        ("homeserver", "https://"),
        ("homeserver", "https://user:pw@example.org"),
        ("homeserver", "https://example.org:notaport"),
        ("homeserver", "https://[broken"),
        ("server_name", ""),
        ("server_name", "https://example.org"),
        ("server_name", "example.org/"),
        ("server_name", "@ann:example.org"),
        ("prefix", ""),
        ("prefix", "Slack"),
        ("prefix", "sla_ck"),
        ("prefix", ".slack"),
        ("space", " "),
        ("admin", "ann"),
        ("admin", "@ann:elsewhere.org"),
        ("members", "some"),
        ("encrypt", "yes"),
    ],
)
def test_settings_that_no_homeserver_takes(key: str, value: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(GOOD | {key: value}, Config)
    assert key in str(error.value)


@pytest.mark.parametrize(
    "value", ["example.org", "example.org:8448", "127.0.0.1", "[::1]", "[2001:db8::1]:8448"]
)
def test_server_names(value: str) -> None:
    assert msgspec.convert(GOOD | {"server_name": value}, Config).server_name == value


def test_addresses() -> None:
    config = msgspec.convert(GOOD | {"homeserver": "https://m.example.org/"}, Config)
    assert config.base_url == "https://m.example.org"
    assert config.sender == "@slackimport:example.org"
    assert config.ghost("u0abc") == "@slack_u0abc:example.org"
    assert config.alias(config.room_localpart("C0ABC")) == "#slack_c0abc:example.org"
    assert config.room_localpart("FC:F01:Plan") == "slack_fc=3af01=3aplan"
    assert not config.sender_localpart.startswith(config.ghost_localpart(""))


@given(st.text(), st.text())
def test_escaping_keeps_apart_what_is_apart(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (
        one.encode("utf-8", "replace") == other.encode("utf-8", "replace")
    )
    assert set(escape(one)) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-="
    )


@pytest.mark.parametrize(
    ("kind", "deactivated", "inside"),
    [
        ("member", False, True),
        ("member", True, False),
        ("guest", False, False),
        ("bot", False, False),
        ("outside", False, False),
        ("unknown", False, False),
    ],
)
def test_who_belongs_to_the_team(kind: PersonKind, deactivated: bool, inside: bool) -> None:
    assert belongs_to_team(Person(id="U1", kind=kind, deactivated=deactivated)) == inside


@pytest.mark.parametrize(
    ("id", "taken", "name"),
    [
        ("U0ABC", set(), "u0abc"),
        ("B9", set(), "b9"),
        ("name:Deploy Böt", set(), "name-deploy-bot"),
        ("name:Deploy Böt", {"name-deploy-bot"}, "name-deploy-bot-2"),
        ("name:日本", set(), "name-bot"),
        ("name:" + "x" * 500, set(), "name-" + "x" * 40),
    ],
)
def test_localparts(id: str, taken: set[str], name: str) -> None:
    wish = Wish(kind="account", id=id, name="Whatever")
    assert adapter.place(wish, None, lambda one: one not in taken).name == name


def test_conversation_keeps_its_name_and_gets_one_where_it_has_none() -> None:
    def place(name: str, taken: tuple[str, ...] = ()) -> str:
        wish = Wish(kind="conversation", id="C1", name=name)
        return adapter.place(wish, None, lambda one: one not in taken).name

    assert place("Zoë's Plans!") == "Zoë's Plans!"
    assert place("general", ("general",)) == "general-2"
    assert place("") == "c1"


def test_message_keeps_its_moment_though_another_has_it() -> None:
    wish = Wish(kind="message", id="1.000000", time=1000)
    assert adapter.place(wish, None, lambda time: time != "1000").time == 1000
