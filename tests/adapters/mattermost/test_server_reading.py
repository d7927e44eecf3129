"""A server read back: every post once and the oldest first, however many pages; what it stands for;
and who can read it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from adapters.mattermost import calls, server_reading, text
from adapters.mattermost.server_reading import ServerReading
from migrate.errors import Fatal, Skip
from migrate.model import Conversation, Person
from migrate.spi import Account, Audience, Opening, Placement, Seen
from tests.adapters.mattermost.served_archives import TEAM, calls_to
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost_world import Json


class Brought:
    """What an archive says that it brought."""

    def __init__(self, *seen: Seen) -> None:
        self._seen = seen

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        for each in self._seen:
            yield each


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    with FakeMattermost().running() as fake:
        world = fake.world
        team = world.make_team(TEAM, "Acme", "I")
        world.make_channel(team["id"], "plans", "O")
        for name in ("ann", "bob", "cat"):
            user = world.make_user(name, f"{name}@example.org", "system_user")
            world.seat_in_team(team["id"], user["id"], guest=False)
            world.seat(plans(fake)["id"], user["id"], guest=False)
        yield fake


def plans(server: FakeMattermost) -> Json:
    return next(each for each in server.world.channels.values() if each["name"] == "plans")


def user(server: FakeMattermost, name: str) -> str:
    found = server.world.user_named(name)
    assert found is not None
    return str(found["id"])


def write(server: FakeMattermost, time: int, **more: object) -> Json:
    ann = user(server, "ann")
    return server.world.make_post(plans(server)["id"], ann, f"at {time}", time, **more)


def opening(*names: str, kind: str = "public", name: str = "plans", bots: str = "") -> Opening:
    members = tuple(
        Account(
            person=Person(id=f"U-{each}", kind="bot" if each in bots.split() else "member"),
            placement=Placement(each),
            ref=each,
        )
        for each in names
    )
    return Opening(
        conversation=Conversation(id="C1", kind=kind, name=name),  # type: ignore[arg-type]  # as told
        placement=Placement(name),
        private=kind != "public",
        members=members,
        ref=name,
    )


def read(
    server: FakeMattermost, where: Opening, *brought: Seen, token: str | None = None
) -> list[Seen]:
    async def run() -> list[Seen]:
        connection = calls_to(server, token)
        try:
            reading = ServerReading(connection, TEAM, Brought(*brought))
            return [seen async for seen in reading.read(where)]
        finally:
            await connection.close()

    return asyncio.run(run())


def audience(server: FakeMattermost, where: Opening) -> Audience:
    async def run() -> Audience:
        connection = calls_to(server)
        try:
            return await ServerReading(connection, TEAM, Brought()).audience(where)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 9, 10, 11, 20, 21, 57])
def test_every_post_once_and_the_oldest_first(
    server: FakeMattermost, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    for module in (calls, server_reading):
        monkeypatch.setattr(module, "PAGE", 5)
    for number in range(count):
        write(server, 1_000 + number)
    assert [seen.time for seen in read(server, opening())] == list(range(1_000, 1_000 + count))


def test_a_large_channel_takes_few_pages(
    server: FakeMattermost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (calls, server_reading):
        monkeypatch.setattr(module, "PAGE", 5)
    for number in range(500):
        write(server, 1_000 + number)
    read(server, opening())
    assert server.count("/posts") <= 100 + 1 + 2 * 7 + 1, "once through, and a search for the start"


def test_a_post_says_what_it_stands_for(server: FakeMattermost) -> None:
    props = {"slack_id": "C1/1.0/0", "override_username": "deploy", "from_webhook": "true"}
    root = write(server, 1_000, props=props, type="me")
    server.world.attach(root, "b.bin", b"12345")
    server.world.attach(root, "a.bin", b"1")
    server.world.react(root["id"], user(server, "bob"), "tada", 1_001)
    reply = write(server, 1_005, root_id=root["id"], props={"slack_id": "C1/2.0/0"})
    files = (("a.bin", 1), ("b.bin", 5))
    payload = text.payload("at 1000", "me", "deploy", files)
    brought = (
        Seen(ref="C1/1.0/0", id="C1/1.0/0", author="ann", time=1_000, payload=payload,
             files=("F1", "F2")),
        Seen(ref="x", id="C1/1.0/U-bob/tada", author="bob", time=1_000, message="C1/1.0/0",
             emoji="tada"),
    )  # fmt: skip
    first, mark, second = read(server, opening(), *brought)
    assert (first.ref, first.id, first.author) == (root["id"], "C1/1.0/0", "ann")
    assert (first.payload, first.root, first.files) == (payload, None, ("F1", "F2"))
    assert (mark.id, mark.author, mark.emoji) == ("C1/1.0/U-bob/tada", "bob", "tada")
    assert mark.message == root["id"]
    assert (second.id, second.root) == ("C1/2.0/0", root["id"])
    assert second.ref == reply["id"]


def test_files_that_are_gone_are_told(server: FakeMattermost) -> None:
    root = write(server, 1_000, props={"slack_id": "C1/1.0/0"})
    payload = text.payload("at 1000", files=[("a.bin", 1)])
    brought = Seen(ref="", id="C1/1.0/0", author="ann", time=1_000, payload=payload, files=("F1",))
    (seen,) = read(server, opening(), brought)
    assert seen.files == ()
    server.world.attach(root, "a.bin", b"1")
    (seen,) = read(server, opening(), brought)
    assert seen.files == ("F1",)


def test_where_props_are_dropped_the_time_tells(server: FakeMattermost) -> None:
    """5.37 keeps none of a reply's."""
    root = write(server, 1_000, props={"slack_id": "C1/1.0/0"})
    write(server, 1_005, root_id=root["id"])
    write(server, 1_007)
    brought = Seen(ref="", id="C1/2.0/0", author="ann", time=1_005)
    assert [seen.id for seen in read(server, opening(), brought)] == ["C1/1.0/0", "C1/2.0/0", ""]


@pytest.mark.parametrize("names", [("ann",), ("ann", "bob"), ("ann", "bob", "cat")])
def test_direct_talk_is_found_by_its_people(server: FakeMattermost, names: Sequence[str]) -> None:
    channel = server.world.direct_channel(list(names))
    server.world.make_post(channel["id"], user(server, "ann"), "between us", 1_000)
    kind = "group_dm" if len(names) > 2 else "dm"
    where = opening(*names, kind=kind, name="whatever")
    assert [seen.time for seen in read(server, where)] == [1_000]
    found = audience(server, where)
    assert (found.members, found.join, found.listed) == (frozenset(names), "invite", False)
    assert "POST" not in " ".join(server.seen), "looked for, not made"


def test_what_is_not_there_is_missing(server: FakeMattermost) -> None:
    for where in (opening(name="nowhere"), opening("ann", "bob", kind="dm")):
        with pytest.raises(Skip):
            read(server, where)


def test_who_can_read_a_channel(server: FakeMattermost) -> None:
    found = audience(server, opening("ann", "bob", "cat"))
    assert found == Audience(members=frozenset({"ann", "bob", "cat"}), join="members", listed=True)
    plans(server)["type"] = "P"
    assert audience(server, opening("ann", kind="private")).join == "invite"
    plans(server)["type"] = "O"
    server.world.teams[plans(server)["team_id"]]["allow_open_invite"] = True
    assert audience(server, opening("ann")).join == "anyone"


def test_the_importers_account_counts_only_where_it_belongs(server: FakeMattermost) -> None:
    server.world.seat(plans(server)["id"], server.admin, guest=False)
    assert "sysadmin" not in audience(server, opening("ann")).members
    assert "sysadmin" in audience(server, opening("ann", "sysadmin")).members


def test_bots_and_the_deactivated_are_missed_by_nobody(server: FakeMattermost) -> None:
    server.world.make_user("robot", "robot@localhost", "system_user")
    gone = server.world.make_user("gone", "gone@example.org", "system_user", delete_at=5)
    found = audience(server, opening("ann", "robot", "gone", bots="robot"))
    assert gone["username"] in found.members
    assert "robot" in found.members


def test_who_sees_a_part_only_is_told_so(server: FakeMattermost) -> None:
    """And not that all the rest is missing."""
    with pytest.raises(Fatal) as caught:
        read(server, opening("ann"), token=server.give_token("ann"))
    assert caught.value.code == "mattermost-no-admin"
