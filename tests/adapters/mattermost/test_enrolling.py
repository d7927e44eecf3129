"""Accounts that enter over the API: in the channel, with nothing unread, and without a word of the
server's about it."""

import asyncio
from collections.abc import Iterator

import pytest

from adapters.mattermost.enrolling import Enrolling
from adapters.mattermost.server_codes import SERVER_CODES
from migrate.errors import Skip
from migrate.model import Conversation, Person
from migrate.spi import Account, Entry, Opening, Placement
from tests.adapters.mattermost.served_archives import TEAM, Clock, calls_to
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost_world import Json


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    with FakeMattermost().running() as fake:
        world = fake.world
        team = world.make_team(TEAM, "Acme", "I")
        for name in ("plans", "secret"):
            world.make_channel(team["id"], name, "O" if name == "plans" else "P")
        for name, roles in (("ann", "system_user system_admin"), ("gus", "system_guest")):
            world.make_user(name, f"{name}@example.org", roles)
        for number in range(5):
            world.make_post(
                place(fake, "plans")["id"], fake.admin, f"word {number}", 1_000 + number
            )
        yield fake


def place(server: FakeMattermost, name: str) -> Json:
    return next(each for each in server.world.channels.values() if each["name"] == name)


def account(name: str, kind: str = "member") -> Account:
    person = Person(id=f"U-{name}", kind=kind, name=name)  # type: ignore[arg-type]  # as told
    return Account(person=person, placement=Placement(name), ref=name, action="map")


def entry(name: str, channel: str, *, kind: str = "public", stays: bool = True) -> Entry:
    conversation = Conversation(id="C1", kind=kind, name=channel)  # type: ignore[arg-type]  # as told
    opening = Opening(
        conversation=conversation, placement=Placement(channel), private=False, ref=channel,
        members=(account(name), account("bob")),
    )  # fmt: skip
    return Entry(opening=opening, account=account(name), stays=stays)


def enter(server: FakeMattermost, *entries: Entry) -> None:
    async def run() -> None:
        calls = calls_to(server)
        enrolling = Enrolling(calls, TEAM, Clock().pause)
        try:
            for each in entries:
                await enrolling.enter(each)
        finally:
            await calls.close()

    asyncio.run(run())


def seat(server: FakeMattermost, name: str, channel: str) -> Json | None:
    user = server.world.user_named(name)
    assert user is not None
    return server.world.seats.get((place(server, channel)["id"], user["id"]))


def shown(server: FakeMattermost) -> set[str]:
    return {post["type"] for post in server.world.posts.values() if not post["delete_at"]}


def test_an_account_enters_with_nothing_unread(server: FakeMattermost) -> None:
    before = server.world.user_named("ann")
    roles, password = before and before["roles"], server.world.passwords.get("ann")
    enter(server, entry("ann", "plans"), entry("ann", "secret"))
    member = seat(server, "ann", "plans")
    assert member is not None
    assert (member["msg_count"], member["roles"]) == (5, "channel_user")
    assert seat(server, "ann", "secret") is not None
    assert shown(server) == {""}, "no word of the server's, in town-square neither"
    after = server.world.user_named("ann")
    assert after is not None
    assert (after["roles"], server.world.passwords.get("ann")) == (roles, password)


def test_a_guest_enters_what_it_is_let_into_alone(server: FakeMattermost) -> None:
    enter(server, entry("gus", "plans"))
    member = seat(server, "gus", "plans")
    assert member is not None
    assert member["roles"] == "channel_guest"
    assert seat(server, "gus", "town-square") is None
    assert shown(server) == {""}, "the server says it of guests in other words"


def test_again_changes_nothing(server: FakeMattermost) -> None:
    enter(server, entry("ann", "plans"))
    writes = server.count("POST")
    enter(server, entry("ann", "plans"))
    assert server.count("POST") == writes


def test_lines_about_entries_that_were_brought_stay(server: FakeMattermost) -> None:
    """The same kind of line, by the same account, of long ago."""
    ann = server.world.user_named("ann")
    assert ann is not None
    channel = place(server, "plans")["id"]
    server.world.make_post(channel, ann["id"], "joined", 1_010, type="system_join_channel")
    server.world.make_post(
        channel, ann["id"], "added", 1_011, type="system_add_to_channel",
        props={"addedUserId": ann["id"]},
    )  # fmt: skip
    enter(server, entry("ann", "plans"))
    assert shown(server) == {"", "system_join_channel", "system_add_to_channel"}
    assert sum(1 for post in server.world.posts.values() if not post["delete_at"]) == 7


@pytest.mark.parametrize(
    "each",
    [
        entry("ann", "plans", stays=False),
        entry("ann", "whatever", kind="dm"),
    ],
)
def test_who_left_and_direct_talk_enter_nothing(server: FakeMattermost, each: Entry) -> None:
    enter(server, each)
    assert server.count("POST") == 0


def test_who_is_deactivated_stays_out(server: FakeMattermost) -> None:
    ann = server.world.user_named("ann")
    assert ann is not None
    ann["delete_at"] = 1
    enter(server, entry("ann", "plans"))
    assert seat(server, "ann", "plans") is None


@pytest.mark.parametrize(("name", "channel"), [("nobody", "plans"), ("ann", "nowhere")])
def test_who_or_what_is_not_there_fails_alone(
    server: FakeMattermost, name: str, channel: str
) -> None:
    with pytest.raises(Skip) as raised:
        enter(server, entry(name, channel))
    assert raised.value.code == "mattermost-not-found"
    assert raised.value.code in SERVER_CODES
