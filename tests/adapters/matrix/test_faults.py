"""A homeserver that fails in the middle: what becomes of the call, and of its repeat."""

from collections.abc import Awaitable, Callable

import pytest

from migrate.errors import Fatal, Retry, Skip
from migrate.spi import Sending
from tests.adapters.matrix.places import Place
from tests.adapters.matrix.stage import Stage, act
from tests.fakes.homeserver import FakeHomeserver, Fault

Fake = tuple[Place, FakeHomeserver]


async def again(call: Callable[[], Awaitable[object]]) -> object:
    """What the engine does: fail once with a Retry, then succeed."""
    with pytest.raises(Retry):
        await call()
    return await call()


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "busy", "error"])
def test_message_is_written_once(fake_place: Fake, fault: Fault) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        (sending,) = stage.sendings(opening, ann, "once")
        # aiohttp itself repeats a PUT whose kept-alive connection was cut, once.
        fake.fail("/send/", fault, times=2 if fault.startswith("drop") else 1)
        ref = await again(lambda: stage.session.send(sending))
        assert [one.ref for one in await stage.seen(opening)] == [ref]
        assert await stage.session.find(opening, [sending.id]) == {sending.id: ref}

    act(place.config, place.folder, play)


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "busy", "error"])
@pytest.mark.parametrize(
    "call", ["register", "displayname", "devices", "createRoom", "/state/", "account_data"]
)
def test_every_ensure_may_be_repeated(fake_place: Fake, call: str, fault: Fault) -> None:
    """Whatever call fails, the act done again ends as if nothing had happened."""
    place, fake = fake_place

    async def open_rooms(stage: Stage) -> None:
        ann, bob = await stage.accounts("U1", "U2")
        for id, kind in (("C1", "public"), ("C2", "private"), ("D1", "dm")):
            await stage.open(id, kind, ann, bob)  # type: ignore[arg-type]  # from a table

    async def play(stage: Stage) -> None:
        fake.fail(call, fault)
        for _ in range(2):
            try:
                await open_rooms(stage)
            except Retry:
                continue
        opened = [room for room in fake.world.rooms.values() if len(room.state) > 3]
        assert len(opened) == 4  # the space too
        for room in opened:
            people = {user for type, user in room.state if type == "m.room.member"}
            assert people >= {"@slack_u1:fake.test", "@slack_u2:fake.test"}
            assert {room.membership(user) for user in people} == {"join"}
        assert len(fake.world.aliases) == 4

    act(place.config, place.folder, play)


def test_transactions_outlive_a_restart(fake_place: Fake) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> tuple[Sending, str]:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        (sending,) = stage.sendings(opening, ann, "once")
        return sending, await stage.session.send(sending)

    sending, ref = act(place.config, place.folder, play)
    fake.restart()

    async def resend(stage: Stage) -> str:
        return await stage.session.send(sending)

    assert act(place.config, place.folder, resend) == ref


def test_device_that_the_homeserver_forgot(fake_place: Fake) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        fake.world.devices.clear()
        await stage.say(opening, ann, "hello")
        assert len(await stage.seen(opening)) == 1

    act(place.config, place.folder, play)


def test_reads_are_patient(fake_place: Fake) -> None:
    """Nobody repeats a read for us, so the client does."""
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        await stage.say(opening, ann, "hello")
        fake.fail("/messages", "drop-before")
        fake.fail("/messages", "busy")
        assert len(await stage.seen(opening)) == 1

    act(place.config, place.folder, play)


def test_retry_says_when(fake_place: Fake) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> Retry:
        fake.fail("register", "busy")
        with pytest.raises(Retry) as retry:
            await stage.account("U1")
        return retry.value

    retry = act(place.config, place.folder, play)
    assert (retry.code, retry.after) == ("matrix-rate-limited", 0.02)


def test_removed_registration_is_fatal(fake_place: Fake) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        fake.registrations = []
        await stage.account("U1")

    with pytest.raises(Fatal) as fatal:
        act(place.config, place.folder, play)
    assert fatal.value.code == "matrix-token-unknown"


def test_emptied_homeserver_is_fatal(fake_place: Fake) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        fake.world.users.clear()
        await stage.say(opening, ann, "anybody there?")

    with pytest.raises(Fatal) as fatal:
        act(place.config, place.folder, play)
    assert fatal.value.code == "matrix-account-missing"


def test_importer_that_was_removed_is_fatal(fake_place: Fake) -> None:
    """Making the room a second time would be the wrong answer."""
    place, _ = fake_place

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "private", ann)
        sender = place.config.sender
        await stage.session.calls.put_member(sender, opening.ref, sender, "leave", None)
        await stage.session.ensure_conversation(opening)

    with pytest.raises(Fatal) as fatal:
        act(place.config, place.folder, play)
    assert fatal.value.code == "matrix-host-left"


def test_room_that_was_never_finished_is_made_again(fake_place: Fake) -> None:
    """Synapse was ended between the alias and the room's first events."""
    place, fake = fake_place
    alias = "#slack_c1:fake.test"
    fake.world.aliases[alias] = "!nothing"

    async def play(stage: Stage) -> str:
        (ann,) = await stage.accounts("U1")
        return (await stage.open("C1", "private", ann)).ref

    assert act(place.config, place.folder, play) == fake.world.aliases[alias] != "!nothing"


def test_author_who_was_removed_fails_alone(fake_place: Fake) -> None:
    place, _ = fake_place

    async def play(stage: Stage) -> None:
        ann, bob = await stage.accounts("U1", "U2")
        opening = await stage.open("C1", "private", ann, bob)
        await stage.session.calls.put_member(bob.ref, opening.ref, bob.ref, "leave", None)
        with pytest.raises(Skip) as skipped:
            await stage.say(opening, bob, "hello?")
        assert skipped.value.code == "matrix-forbidden"
        await stage.say(opening, ann, "hello")

    act(place.config, place.folder, play)
