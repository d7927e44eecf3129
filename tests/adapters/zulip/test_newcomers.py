"""People who have been in the organization for long, and for whom nothing may look new that was
said years ago: held on the fake, where everybody's copies can be looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from adapters.conformance import Workspace
from adapters.conformance.interruption import CrashAfter, CrashAt
from adapters.conformance.migration import Crash, Migration, assert_verified
from adapters.zulip.organization.message_calls import MessageCalls
from migrate.errors import Fatal
from tests.adapters.zulip.living import FakeZulip
from tests.fakes.zulip import Organization
from tests.fakes.zulip_records import Message, User
from tests.fakes.zulip_world import NOTIFIER

VERSIONS: tuple[Literal["9"], Literal["10"]] = ("9", "10")


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Organization]:
    with Organization(request.param).running() as server:
        yield server


class Acme:
    """Ann is new there, Mia and Ben are not. Mia is in a public and in a private channel."""

    def __init__(self, server: Organization, folder: Path) -> None:
        self.server = server
        self.workspace = Workspace()
        ann, self._mia, self._ben = (self.workspace.person(name) for name in ("ann", "mia", "ben"))
        self.plans = self.workspace.channel("plans", ann, self._mia, self._ben)
        self.board = self.workspace.channel("board", ann, self._mia, private=True)
        root = self.plans.say(self._mia, "shall we?")
        self.plans.say(ann, "we shall", root=root)
        self.board.say(ann, "behind a door")
        self.plans.say(self._ben, "what is it?")
        self.target = FakeZulip(server, "10" if server.world.modern else "9")
        self.migration = Migration(self.target, folder, self.workspace)
        for person in (self._mia, self._ben):
            own = self.target.settle_in(self.migration.folder, person)
            self.migration.map("users.csv", person, action="map", target=own)
        self.mia, self.ben = (self.account(person) for person in (self._mia, self._ben))

    def account(self, person: str) -> User:
        found = self.server.world.user_with(f"{person.lower()}@example.com")
        assert found is not None
        return found

    def received(self, user: User) -> list[Message]:
        return [m for m in self.server.world.readable(user) if m.sender != user.id]

    def assert_undisturbed(self) -> None:
        """Everybody is in and may read it all; what came to them is one line of the server's."""
        world = self.server.world
        for user, places in ((self.mia, ["plans", "board"]), (self.ben, ["plans"])):
            (told,) = self.received(user)
            assert told.sender == NOTIFIER
            for name in places:
                channel = world.channel_named(name)
                assert channel is not None
                assert user.id in channel.seats
                assert f"#**{name}**" in told.content
                said = [m for m in world.messages.values() if m.channel == channel.id]
                assert all(world.can_read(user, message) for message in said)


def test_history_is_nothing_new_to_them(server: Organization, tmp_path: Path) -> None:
    acme = Acme(server, tmp_path)
    acme.migration.run()
    acme.assert_undisturbed()
    assert_verified(acme.migration)
    acme.migration.run()
    acme.assert_undisturbed()


@pytest.mark.parametrize("answer", ["drop-after", "failed", "reset"])
def test_an_answer_that_is_lost_disturbs_nobody_twice(
    server: Organization, tmp_path: Path, answer: Literal["drop-after", "failed", "reset"]
) -> None:
    acme = Acme(server, tmp_path)
    acme.migration.plan()
    with pytest.raises(Crash):
        acme.migration.resume(CrashAt("account.released", 1))
    server.fail("POST users/me/subscriptions", answer, times=2)
    acme.migration.resume()
    acme.assert_undisturbed()


def test_killed_again_and_again(server: Organization, tmp_path: Path) -> None:
    """Each run lives a few steps longer than the one before, until one lives to the end."""
    acme = Acme(server, tmp_path)
    acme.migration.plan()
    for steps in range(1, 100, 3):
        try:
            acme.migration.resume(CrashAfter(steps))
        except Crash:
            continue
        break
    else:
        pytest.fail("no run came to its end")
    acme.assert_undisturbed()


def test_what_comes_later_finds_them_in(server: Organization, tmp_path: Path) -> None:
    """They are in since the first run, so that a newer export's messages come to them as others
    do; a new channel again does not."""
    acme = Acme(server, tmp_path)
    acme.migration.run()
    fresh = acme.workspace.channel("fresh", acme._mia, acme._ben)
    fresh.say(acme._ben, "a new place", after=1_000)
    acme.migration.export_again(acme.workspace)
    acme.migration.run()
    channel = server.world.channel_named("fresh")
    assert channel is not None
    assert {acme.mia.id, acme.ben.id} <= channel.seats
    for user in (acme.mia, acme.ben):
        assert [m.sender for m in acme.received(user)] == [NOTIFIER, NOTIFIER]


def test_a_channel_that_refuses_keeps_nobody_out_of_the_others(
    server: Organization, tmp_path: Path
) -> None:
    """Who waits still is told of, and let in by the next run."""
    acme = Acme(server, tmp_path)
    acme.migration.plan()
    with pytest.raises(Crash):
        acme.migration.resume(CrashAt("account.released", 1))
    world = server.world
    board = world.channel_named("board")
    assert board is not None
    # Now the importer can let nobody in there.
    board.seats.discard(server.importer.id)
    summary = acme.migration.resume()
    told = {each.code: each.severity for each in summary.reasons}
    assert told == {"zulip-newcomers-outside": "warning"}
    plans = world.channel_named("plans")
    assert plans is not None
    assert {acme.mia.id, acme.ben.id} <= plans.seats
    assert acme.mia.id not in board.seats
    board.seats.add(server.importer.id)
    assert not acme.migration.resume().reasons
    assert acme.mia.id in board.seats


def test_a_channel_that_is_gone_is_waited_for_no_more(server: Organization, tmp_path: Path) -> None:
    acme = Acme(server, tmp_path)
    acme.migration.plan()
    with pytest.raises(Crash):
        acme.migration.resume(CrashAt("account.released", 1))
    world = server.world
    plans = world.channel_named("plans")
    assert plans is not None
    del world.channels[plans.id]
    acme.migration.resume()
    board = world.channel_named("board")
    assert board is not None
    assert acme.mia.id in board.seats
    assert world.channel_named("plans") is None
    assert not acme.migration.resume().reasons


def test_a_topic_that_people_have_resolved_is_the_same_thread(
    server: Organization, tmp_path: Path
) -> None:
    acme = Acme(server, tmp_path)
    acme.migration.run()
    thread = [m for m in server.world.messages.values() if m.topic.endswith("shall we?")]
    assert len(thread) == 2
    for message in thread:
        message.topic = f"✔ {message.topic}"
    assert_verified(acme.migration)
    acme.plans.say(acme._ben, "late", root=acme.plans.said[0])
    acme.migration.export_again(acme.workspace)
    acme.migration.run()
    assert_verified(acme.migration)
    thread[1].topic = "elsewhere"
    assert acme.migration.verify().different["messages"] == 1


def test_what_was_said_is_not_said_again_when_its_pointer_is_not_allowed(
    server: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root of a thread is there when the permission is taken away."""
    acme = Acme(server, tmp_path)
    acme.migration.plan()
    say = MessageCalls.send

    async def saying(self: MessageCalls, **more: Any) -> str:
        ref = await say(self, **more)
        server.importer.can_forge = False
        return ref

    monkeypatch.setattr(MessageCalls, "send", saying)
    with pytest.raises(Fatal, match="in the names of others"):
        acme.migration.resume()
    monkeypatch.setattr(MessageCalls, "send", say)
    server.importer.can_forge = True
    acme.migration.resume()
    assert [m.content for m in server.world.messages.values()].count("shall we?") == 1
    assert_verified(acme.migration)
