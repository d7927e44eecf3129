"""A session against a homeserver, the fake one and a live one alike."""

import asyncio

import msgspec
import pytest

from adapters.matrix import adapter
from mappings.nodes import plain
from migrate.errors import Skip
from migrate.model import Conversation, ConversationKind, Key
from migrate.spi import (
    Audience,
    AudienceReader,
    Directory,
    Finder,
    LiveSession,
    Reactor,
    Reader,
    Seen,
)
from tests.adapters.matrix.places import Place
from tests.adapters.matrix.stage import START, Stage, act
from tests.fakes.homeserver import FakeHomeserver

KINDS: dict[str, ConversationKind] = {"C1": "public", "C2": "private", "D1": "dm"}


def test_session_has_its_powers(place: Place) -> None:
    async def play(stage: Stage) -> None:
        for power in (LiveSession, Finder, Reactor, Reader, AudienceReader, Directory):
            assert isinstance(stage.session, power)
        assert place.config.server_name in stage.session.fingerprint

    act(place.config, place.folder, play)


def test_account_again_is_the_same_account(place: Place) -> None:
    async def play(stage: Stage) -> tuple[str, str, str]:
        first = await stage.account("U0ABC", name="Ann")
        again = await stage.account("U0ABC", name="Ann")
        bot = await stage.account("name:Deploy Böt", "bot")
        return first.ref, again.ref, bot.ref

    prefix, server = place.config.prefix, place.config.server_name
    assert act(place.config, place.folder, play) == (
        f"@{prefix}_u0abc:{server}",
        f"@{prefix}_u0abc:{server}",
        f"@{prefix}_name-deploy-bot:{server}",
    )


def test_public_room_is_open_to_the_team_alone(place: Place) -> None:
    async def play(stage: Stage) -> tuple[Audience, set[str], dict[str, str], set[str]]:
        ann, bob = await stage.accounts("U1", "U2")
        guest = await stage.account("U3", "guest")
        gone = await stage.account("U4", deactivated=True)
        bot = await stage.account("U5", "bot")
        everybody = (ann, bob, guest, gone, bot)
        opening = await stage.open("C1", "public", *everybody)
        space = await stage.session.rooms.find_space()
        assert space is not None
        team = await stage.session.calls.members(place.config.sender, space)
        audience = await stage.session.audience(opening)
        return audience, {one.ref for one in everybody}, team, {ann.ref, bob.ref}

    audience, everybody, in_space, team = act(place.config, place.folder, play)
    assert audience == Audience(members=frozenset(everybody), join="members", listed=False)
    # Whoever is in the space can enter every public room.
    assert in_space.keys() == team | {place.config.sender}


@pytest.mark.parametrize(
    ("kind", "private"), [("private", False), ("public", True), ("file", False)]
)
def test_private_rooms_are_by_invitation(place: Place, kind: str, private: bool) -> None:
    async def play(stage: Stage) -> tuple[Audience, set[str]]:
        ann, bob = await stage.accounts("U1", "U2")
        opening = await stage.open("C1", kind, ann, bob, private=private)  # type: ignore[arg-type]  # from a table
        return await stage.session.audience(opening), {ann.ref, bob.ref}

    audience, members = act(place.config, place.folder, play)
    assert audience == Audience(members=frozenset(members), join="invite", listed=False)


def test_direct_messages_have_no_member_but_their_people(place: Place) -> None:
    async def play(stage: Stage) -> None:
        ann, bob, cat = await stage.accounts("U1", "U2", "U3")
        for id, kind, members in (
            ("D1", "dm", (ann, bob)),
            ("D2", "dm", (ann,)),
            ("G1", "group_dm", (cat, bob, ann)),
        ):
            opening = await stage.open(id, kind, *members)  # type: ignore[arg-type]  # from a table
            audience = await stage.session.audience(opening)
            assert audience.members == {member.ref for member in members}
            assert audience.join == "invite"
            seats = await stage.session.calls.members(members[0].ref, opening.ref)
            assert place.config.sender not in seats
            assert set(seats.values()) == {"join"}
        path = ["user", ann.ref, "account_data", "m.direct"]
        with stage.session.calls.read.acting(ann.ref):
            lists = await stage.session.calls.read.call("GET", path)
        assert {other: len(rooms) for other, rooms in lists.items()} == {
            bob.ref: 2,
            cat.ref: 1,
            ann.ref: 1,
        }

    act(place.config, place.folder, play)


def test_everything_may_be_repeated_by_another_session(place: Place) -> None:
    """Nothing but aliases is remembered: a second run finds the same rooms and writes nothing."""

    async def play(stage: Stage) -> list[object]:
        ann, bob = await stage.accounts("U1", "U2")
        rooms = [
            await stage.open("C1", "public", ann, bob),
            await stage.open("C2", "private", ann, bob),
            await stage.open("D1", "dm", ann, bob),
        ]
        states = []
        for opening in rooms:
            path = ["rooms", opening.ref, "state"]
            with stage.session.calls.read.acting(stage.session.rooms.host(opening)):
                state = await stage.session.calls.read.call("GET", path)
            states.append({event["event_id"] for event in state})
        return [[opening.ref for opening in rooms], states]

    assert act(place.config, place.folder, play) == act(place.config, place.folder, play)


def test_messages_come_back_as_they_were_sent(place: Place) -> None:
    async def play(stage: Stage) -> None:
        ann, bob = await stage.accounts("U1", "U2")
        opening = await stage.open("C1", "public", ann, bob)
        first = stage.sendings(opening, ann, "hello\nthere")
        root = await stage.session.send(first[0])
        reply = stage.sendings(opening, bob, "answer", root=root)
        answer = await stage.session.send(reply[0])
        seen = await stage.seen(opening)
        assert seen == [
            Seen(
                ref=root,
                id=first[0].id,
                author=ann.ref,
                time=START + 1000,
                payload=first[0].piece.payload,
                files=(),
            ),
            Seen(
                ref=answer,
                id=reply[0].id,
                author=bob.ref,
                time=START + 2000,
                payload=reply[0].piece.payload,
                root=root,
                files=(),
            ),
        ]

    act(place.config, place.folder, play)


def test_broadcast_is_in_its_thread_and_in_the_room(place: Place) -> None:
    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        (root,) = await stage.say(opening, ann, "root")
        threaded, shown = await stage.say(opening, ann, "for all", root=root, broadcast=True)
        seen = {one.ref: one for one in await stage.seen(opening)}
        assert seen[threaded].root == root
        assert seen[shown].root is None
        assert seen[threaded].payload == seen[shown].payload
        event = await stage.session.calls.event(ann.ref, opening.ref, shown)
        assert event["content"]["m.relates_to"] == {"m.in_reply_to": {"event_id": root}}

    act(place.config, place.folder, play)


def test_sending_twice_is_sending_once(place: Place) -> None:
    async def play(stage: Stage) -> None:
        ann, bob = await stage.accounts("U1", "U2")
        opening = await stage.open("C1", "public", ann, bob)
        for author in (ann, bob):
            (sending,) = stage.sendings(opening, author, "once")
            assert await stage.session.send(sending) == await stage.session.send(sending)
        assert len(await stage.seen(opening)) == 2

    act(place.config, place.folder, play)


def test_reactions_side_by_side_and_again(place: Place) -> None:
    async def play(stage: Stage) -> None:
        people = await stage.accounts("U1", "U2", "U3")
        opening = await stage.open("C1", "public", *people)
        (message,) = await stage.say(opening, people[0], "shall we?")
        emoji = ("+1", "heart", "party_parrot", "wave::skin-tone-3")
        wanted = [
            stage.reacting(opening, person, message, name) for person in people for name in emoji
        ]
        refs = await asyncio.gather(*map(stage.session.react, wanted))
        assert len(set(refs)) == len(wanted)
        # The same ones again, by a transaction and by another of Slack's names.
        assert await asyncio.gather(*map(stage.session.react, wanted)) == refs
        alias = stage.reacting(opening, people[2], message, "thumbsup")
        assert await stage.session.react(alias) == refs[8]
        seen = [one for one in await stage.seen(opening) if one.message]
        assert {(one.id, one.author, one.emoji) for one in seen} == {
            (one.id, one.author.ref, one.emoji) for one in wanted
        }
        assert {one.message for one in seen} == {message}
        assert {one.emoji for one in seen} == {"👍", "❤️", ":party_parrot:", "👋🏼"}

    act(place.config, place.folder, play)


def test_find_knows_what_is_there(place: Place) -> None:
    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "private", ann)
        sent = {}
        for number in range(20):
            (sending,) = stage.sendings(opening, ann, f"message {number}")
            sent[sending.id] = await stage.session.send(sending)
        reacting = stage.reacting(opening, ann, next(iter(sent.values())), "tada")
        sent[reacting.id] = await stage.session.react(reacting)
        assert await stage.session.find(opening, sent) == sent
        assert await stage.session.find(opening, ["C1/never/0"]) == {}
        assert await stage.session.find(opening, []) == {}

    act(place.config, place.folder, play)


def test_seal_and_reopen(place: Place) -> None:
    async def play(stage: Stage) -> None:
        ann, bob = await stage.accounts("U1", "U2")
        opening = await stage.open("C1", "private", ann)
        await stage.enter(opening, bob, stays=False)
        refs = [(await stage.say(opening, author, "word"))[0] for author in (ann, bob)]
        for _ in range(2):
            await stage.seal(opening, bob, pins=tuple(refs), archived=True)
        assert (await stage.session.audience(opening)).members == {ann.ref}
        pinned = await stage.session.calls.state(
            place.config.sender, opening.ref, "m.room.pinned_events"
        )
        assert pinned == {"pinned": refs}
        late = stage.sendings(opening, ann, "too late")
        with pytest.raises(Skip) as refused:
            await stage.session.send(late[0])
        assert refused.value.code == "matrix-forbidden"
        await stage.session.reopen(opening)
        await stage.enter(opening, bob, stays=False)
        await stage.session.send(late[0])
        await stage.say(opening, bob, "back once more")
        await stage.seal(opening, bob, archived=True)
        assert (await stage.session.audience(opening)).members == {ann.ref}

    act(place.config, place.folder, play)


@pytest.mark.parametrize(
    ("encrypt", "expected"), [("no", set()), ("private", {"C2", "D1"}), ("all", {"C1", "C2", "D1"})]
)
def test_encryption_is_switched_on_at_the_end(
    place: Place, encrypt: str, expected: set[str]
) -> None:
    config = msgspec.structs.replace(place.config, encrypt=encrypt)

    async def play(stage: Stage) -> set[str]:
        ann, bob = await stage.accounts("U1", "U2")
        encrypted = set()
        for id, kind in (("C1", "public"), ("C2", "private"), ("D1", "dm")):
            opening = await stage.open(id, kind, ann, bob)  # type: ignore[arg-type]  # from a table
            await stage.say(opening, ann, "in the clear")
            await stage.seal(opening)
            state = await stage.session.calls.whole_state(ann.ref, opening.ref)
            if ("m.room.encryption", "") in state:
                encrypted.add(id)
            assert len(await stage.seen(opening)) == 1
        return encrypted

    assert act(config, place.folder, play) == expected


def test_room_has_its_name_topic_and_place_in_the_space(place: Place) -> None:
    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        sender, calls = place.config.sender, stage.session.calls
        rooms = {}
        for id, kind in (("C1", "public"), ("C2", "private")):
            conversation = Conversation(
                id=id,
                kind=kind,  # type: ignore[arg-type]  # from a table
                name=id.lower(),
                topic="R&amp;D with <@U1> :tada:",
                purpose="<https://example.org|Why>",
            )
            opening = stage.opening(conversation, ann, name=f"renamed-{id}")
            rooms[id] = await stage.session.ensure_conversation(opening)
            state = await calls.whole_state(sender, rooms[id])
            assert state["m.room.name", ""]["name"] == f"renamed-{id}"
            assert state["m.room.topic", ""]["topic"].startswith("R&D with @u1 🎉\nWhy")
            assert state["m.room.history_visibility", ""] == {"history_visibility": "shared"}
            assert state["m.room.guest_access", ""] == {"guest_access": "forbidden"}
        space = await stage.session.rooms.find_space()
        assert space is not None
        state = await calls.whole_state(sender, space)
        assert state["m.room.name", ""]["name"] == place.config.space
        # That a private room exists is private.
        assert [key for type, key in state if type == "m.space.child"] == [rooms["C1"]]

    act(place.config, place.folder, play)


def test_a_room_left_half_made_is_mended_or_made_again(place: Place) -> None:
    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = stage.opening(Conversation(id="C1", kind="private", name="board"), ann)
        calls, sender = stage.session.calls, place.config.sender
        space = await stage.session.rooms.ensure_space()
        localpart = place.config.room_localpart("C1")
        bare = await calls.create_room(sender, localpart, "", [])
        assert await stage.session.ensure_conversation(opening) == bare
        state = await calls.whole_state(sender, bare)
        assert state["m.room.name", ""]["name"] == "board"
        assert ("m.space.parent", space) in state

    act(place.config, place.folder, play)


def test_long_message_fits_in_events(place: Place) -> None:
    text = " ".join(f"word{number:05d}" for number in range(15_000))

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        (root,) = await stage.say(opening, ann, "root")
        refs = await stage.say(opening, ann, plain(text), root=root)
        assert len(refs) > 2
        seen = [one for one in await stage.seen(opening) if one.root == root]
        bodies = [msgspec.json.decode(one.payload)["content"]["body"] for one in seen]
        assert " ".join(bodies).split() == text.split()

    act(place.config, place.folder, play)


def test_unknown_conversation_is_skipped(place: Place) -> None:
    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = stage.opening(Conversation(id="C404", kind="public", name="x"), ann)
        for call in (
            stage.session.find(opening, ["x"]),
            stage.session.audience(opening),
            stage.session.reopen(opening),
        ):
            with pytest.raises(Skip) as skipped:
                await call
            assert skipped.value.code == "matrix-not-found"
            assert skipped.value.code in adapter.codes

    act(place.config, place.folder, play)


def test_check_finds_nothing_wrong(place: Place) -> None:
    async def play(stage: Stage) -> list[str]:
        return [finding.code for finding in await stage.session.check()]

    assert act(place.config, place.folder, play) == ["matrix-seen-at-start"]


def test_caps_are_narrowed_to_the_server(place: Place) -> None:
    async def play(stage: Stage) -> None:
        assert stage.session.caps.file_limit is not None
        assert stage.session.caps.file_limit >= 50_000_000
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        (ref,) = await stage.say(opening, ann, "hello")
        assert max(len(ref), len(opening.ref), len(ann.ref)) <= stage.session.caps.ref_width
        key = Key("T1", "C1", "1.000000")
        assert key.conversation == opening.conversation.id

    act(place.config, place.folder, play)


def test_admin_may_change_public_rooms_and_sees_no_private_one(
    fake_place: tuple[Place, FakeHomeserver],
) -> None:
    place, fake = fake_place
    admin = "@root:fake.test"
    fake.world.users[admin] = "root"
    config = msgspec.structs.replace(place.config, admin=admin)

    async def play(stage: Stage) -> dict[str, str]:
        (ann,) = await stage.accounts("U1")
        rooms = {kind: (await stage.open(id, kind, ann)).ref for id, kind in KINDS.items()}
        space = await stage.session.rooms.find_space()
        assert space is not None
        return rooms | {"space": space}

    for _ in range(2):
        rooms = act(config, place.folder, play)
        worlds = {name: fake.world.rooms[ref] for name, ref in rooms.items()}
        power = {name: room.power(admin) for name, room in worlds.items()}
        assert power == {"public": 100, "private": 0, "dm": 0, "space": 100}
        seats = {name: room.membership(admin) for name, room in worlds.items()}
        assert seats == {"public": "", "private": "", "dm": "", "space": "invite"}
