"""The [target] table, and what follows from it."""

import asyncio
import tomllib
from pathlib import Path

import msgspec
import pytest

from adapters.mattermost import adapter, text
from adapters.mattermost.archive import ArchiveSession
from adapters.mattermost.config import TEMPLATE, Config
from adapters.mattermost.profiles import PROFILES, MattermostCaps, caps_for, profile_of
from mappings import losses
from migrate.config import fill_template
from migrate.errors import UsageError
from migrate.findings import SEVERITIES
from migrate.model import Conversation, Person
from migrate.spi import Account, Context, Merger, Placement, Usher
from tests.adapters.mattermost.acts import ANN_ADDRESS, account, opening
from tests.adapters.mattermost.test_archive import Desk, Memory


def test_template_is_the_default() -> None:
    assert msgspec.convert(tomllib.loads(TEMPLATE), Config) == Config(team="slack")
    assert set(tomllib.loads(TEMPLATE)) == set(Config.__struct_fields__)


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("team", "a", "team"),
        ("team", "Acme", "team"),
        ("team", "acme corp", "team"),
        ("team", "-acme", "team"),
        ("team", "x" * 65, "team"),
        ("team", "postmates", "post"),
        ("team", "api-team", "api"),
        ("team_display_name", "x" * 65, "team_display_name"),
        ("profile", "10", "profile"),
        ("url", "chat.example.org", "url"),
        ("url", "https://user:secret@chat.example.org", "url"),
        ("url", "https://chat.example.org:port", "url"),
        ("path", "mattermost.tar", "path"),
        ("email_domain", "no domain", "email_domain"),
        ("email_domain", "Example.org", "email_domain"),
        ("bot_owner", "Some Body", "bot_owner"),
        ("workers", -1, "workers"),
        ("part_messages", 0, "part_messages"),
    ],
)
def test_values_that_no_server_takes(key: str, value: object, word: str) -> None:
    with pytest.raises(UsageError, match=word) as raised:
        fill_template(adapter, [], {"target.team": "acme", f"target.{key}": value})
    assert "secret" not in str(raised.value)


def test_archives_are_numbered() -> None:
    config = Config(team="acme", path="out/acme.zip")
    assert [config.archive(n) for n in (1, 2, 10)] == [
        "out/acme.zip", "out/acme-2.zip", "out/acme-10.zip",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("version", "profile"),
    [("11.6.0", "11"), ("10.11.2", "11"), ("9.0.0", "11"), ("5.37.0", "5.37"), ("", "5.37")],
)
def test_profile_of_a_version(version: str, profile: str) -> None:
    assert profile_of(version) == profile


def test_accounts_can_be_mapped_where_a_server_is_asked() -> None:
    alone = caps_for(Config(team="acme"))
    asking = caps_for(Config(team="acme", url="https://chat.example.org"))
    assert "map" not in alone.accounts + alone.conversations
    assert "map" in asking.accounts
    assert "map" in asking.conversations


def test_caps_survive_being_stored() -> None:
    caps = caps_for(Config(team="acme", profile="5.37"))
    stored = msgspec.json.decode(msgspec.json.encode(caps), type=MattermostCaps)
    assert stored == caps
    assert stored.kept is PROFILES["5.37"]


def test_every_loss_has_a_meaning() -> None:
    own = {value for name, value in vars(text).items() if name.isupper() and "-" in str(value)}
    assert own
    assert {code for code in own if isinstance(code, str)} <= adapter.codes.keys()
    assert not adapter.codes.keys() & losses.MARKDOWN.codes
    assert {meaning.severity for meaning in adapter.codes.values()} <= set(SEVERITIES)


def test_check_says_that_nobody_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Desk(tmp_path).session
    assert [found.code for found in asyncio.run(session.check())] == ["mattermost-not-asked"]
    unproven = msgspec.structs.replace(PROFILES["11"], proven=False)
    monkeypatch.setitem(PROFILES, "11", unproven)
    codes = [found.code for found in asyncio.run(session.check())]
    assert codes == ["mattermost-not-asked", "profile-unproven"]
    assert set(codes) <= adapter.codes.keys()


def test_session_without_a_server(tmp_path: Path) -> None:
    context = Context(folder=tmp_path, environ={}, memo=Memory())
    session = asyncio.run(adapter.connect(Config(team="acme"), context))
    assert isinstance(session, ArchiveSession)
    assert isinstance(session, Usher)
    assert isinstance(adapter, Merger)
    assert session.fingerprint == "mattermost archive acme"
    asyncio.run(session.close())


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (account("ann", email=ANN_ADDRESS), f"with {ANN_ADDRESS}, by `Forgot your password?`"),
        (
            account("bob"),
            "as bob, once an admin has set a password: mmctl user change-password bob",
        ),
        (account("gone", email="gone@example.org", deactivated=True), ""),
        (account("robot", "bot"), ""),
        (Account(person=Person(id="U1", kind="member"), placement=Placement("ghost")), ""),
        (
            Account(
                person=Person(id="U2", kind="member"), placement=Placement("old"), action="map"
            ),
            "as before",
        ),
    ],
)
def test_how_people_sign_in(tmp_path: Path, who: Account, expected: str) -> None:
    desk = Desk(tmp_path)
    desk.finish((who,))
    assert desk.session.sign_in(who) == expected


@pytest.mark.parametrize(
    ("kind", "members", "key"),
    [
        ("dm", ("U2", "U1"), "U1 U2"),
        ("group_dm", ("U1", "U2"), "U1 U2"),
        ("dm", ("U1",), "U1"),
        ("dm", (), ""),
        ("group_dm", tuple(f"U{n}" for n in range(9)), ""),
        ("private", ("U1", "U2"), ""),
        ("file", ("U1", "U2"), ""),
    ],
)
def test_conversations_of_the_same_people_are_one(
    kind: str, members: tuple[str, ...], key: str
) -> None:
    conversation = Conversation(id="C1", kind=kind, members=members)  # type: ignore[arg-type]  # one of the kinds
    assert adapter.lane_key(conversation, members) == key


def test_direct_talk_has_members_for_a_name(tmp_path: Path) -> None:
    ann, bob = account("ann"), account("bob")
    session = Desk(tmp_path).session
    assert session.direct_members(opening("talk", bob, ann, kind="dm")) == ("ann", "bob")
    assert session.direct_members(opening("general", ann, bob)) == ()
