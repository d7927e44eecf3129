"""Messages into an organization that stands: in whose name, when, where, to whom; known again when
an answer was lost; read back; and reactions."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from migrate.errors import Retry, Skip
from migrate.spi import Entry, Opening, Reacting, Sealing, Seen, Sending
from tests.adapters.zulip.session import SECOND, Project, account, channel, project, said, talk
from tests.fakes.serving import Fault
from tests.fakes.zulip_records import Message

THREAD = "2023-11-14 why so"


@pytest.fixture(params=["9", "10"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path, request.param) as made:
        yield made


def messages(place: Project, opening: Opening) -> list[Message]:
    """What stands in a conversation, but for what the server says by itself."""
    world = place.organization.world
    people = frozenset(int(each.ref) for each in opening.members)
    return [
        each
        for each in world.messages.values()
        if each.sender > 99
        and (each.people == people if each.channel is None else str(each.channel) == opening.ref)
    ]


def read(place: Project, opening: Opening) -> list[Seen]:
    async def all_of(session: object) -> list[Seen]:
        return [seen async for seen in session.read(opening)]  # type: ignore[attr-defined]  # it is

    return [seen for seen in place.ask(all_of) if int(seen.author) > 99]


def recognize(
    place: Project, sending: Sending, known: Callable[[str], bool] = lambda ref: False
) -> str | None:
    return place.ask(lambda session: session.recognize(sending, known))


def test_by_its_author_at_its_time(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    ref = place.send(
        msgspec.structs.replace(
            said(plans, ann, "hello"),
            key=msgspec.structs.replace(said(plans, ann, "").key, ts=f"{SECOND}.000123"),
        )
    )
    message = place.organization.world.messages[int(ref)]
    assert (message.sender, message.content) == (int(ann.ref), "hello")
    assert message.time == pytest.approx(SECOND + 0.000123, abs=1e-6)
    assert message.topic == "imported from Slack"


@pytest.mark.parametrize("name", ["2024", '"x"', "[a, b]", "a & b < c", "null"])
def test_names_that_look_like_something_else(place: Project, name: str) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann, name=name))
    assert place.send(said(plans, ann, "hello"))
    assert [each.content for each in messages(place, plans)] == ["hello"]


def test_a_thread_is_a_topic_that_is_pointed_to(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, bob))
    root = place.send(said(plans, ann, "why so?", topic=THREAD))
    place.send(said(plans, bob, "because", second=SECOND + 60, topic=THREAD, root=root))
    assert [(each.topic, each.sender, each.content) for each in messages(place, plans)] == [
        (THREAD, int(ann.ref), "why so?"),
        (
            "imported from Slack",
            int(ann.ref),
            f"[{THREAD}](#narrow/channel/{plans.ref}/topic/2023-11-14.20why.20so)",
        ),
        (THREAD, int(bob.ref), "because"),
    ]
    seen = read(place, plans)
    assert [each.root for each in seen if each.payload in (b"why so?", b"because")] == [None, root]


def test_a_reply_to_what_stood_alone_stands_beside_it(tmp_path: Path) -> None:
    with project(tmp_path, topics="monthly") as place:
        ann = place.make(account())
        plans = place.open(channel(ann))
        root = place.send(said(plans, ann, "a remark"))
        later = said(plans, ann, "much later", second=SECOND + 90 * 86_400, root=root)
        placement = msgspec.structs.replace(later.placement, time=SECOND * 1_000)
        place.send(msgspec.structs.replace(later, root_placement=placement))
        assert {each.topic for each in messages(place, plans)} == {"2023-11"}
        assert [each.root for each in read(place, plans)] == [None, None]


def test_a_broadcast_says_where_its_thread_is(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    root = place.send(said(plans, ann, "why so?", topic=THREAD))
    place.send(said(plans, ann, "because", topic=THREAD, root=root, in_thread=False))
    shown = messages(place, plans)[-1]
    assert shown.topic == "imported from Slack"
    assert shown.content.startswith("because\n\n[2023-11-14 why so](#narrow/channel/")
    assert read(place, plans)[-1].payload == b"because"


@pytest.mark.parametrize("name", ["what came of it", f"✔ {THREAD}"])
def test_a_late_reply_goes_where_its_thread_is_now(place: Project, name: str) -> None:
    """People may have renamed its topic since, or resolved it."""
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, bob))
    root = place.send(said(plans, ann, "why so", topic=THREAD))
    place.organization.world.messages[int(root)].topic = name
    late = said(plans, bob, "that is why", second=SECOND + 9, topic=THREAD, root=root)
    ref = place.send(late)
    assert place.organization.world.messages[int(ref)].topic == name
    assert recognize(place, late) == ref


def test_where_a_thread_is_is_asked_once(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    root = place.send(said(plans, ann, "why so", topic=THREAD))

    async def reply_twice(session: object) -> None:
        for second in (SECOND + 1, SECOND + 2):
            sending = said(plans, ann, "so", second=second, topic=THREAD, root=root)
            await session.send(sending)  # type: ignore[attr-defined]  # a session's

    before = place.organization.count("GET messages")
    place.ask(reply_twice)
    assert place.organization.count("GET messages") == before + 1


def test_talk_reaches_exactly_those_who_talk(place: Project) -> None:
    ann, bob, eve = (place.make(account(f"U{n}", f"Person {n}")) for n in (1, 2, 3))
    pair, group = talk(ann, bob), talk(ann, bob, eve, id="G1")
    place.send(said(pair, ann, "only us"))
    place.send(said(group, bob, "all three"))
    world = place.organization.world
    assert {
        each.content: set(each.copies) for each in world.messages.values() if each.sender > 99
    } == {
        "only us": {int(ann.ref), int(bob.ref)},
        "all three": {int(each.ref) for each in (ann, bob, eve)},
    }
    assert [each.payload for each in read(place, pair)] == [b"only us"]


def test_a_note_to_oneself(place: Project) -> None:
    ann = place.make(account())
    place.send(said(talk(ann), ann, "milk"))
    assert [set(each.copies) for each in messages(place, talk(ann))] == [{int(ann.ref)}]
    assert [each.payload for each in read(place, talk(ann))] == [b"milk"]


def test_whoever_does_not_talk_says_nothing(place: Project) -> None:
    ann, bob, eve = (place.make(account(f"U{n}", f"Person {n}")) for n in (1, 2, 3))
    with pytest.raises(Skip) as caught:
        place.send(said(talk(ann, bob), eve, "hello"))
    assert caught.value.code == "zulip-not-a-participant"
    assert messages(place, talk(ann, bob)) == []


def test_nobody_writes_to_a_mapped_account_that_is_closed(place: Project) -> None:
    theirs = place.organization.world.make_user("bob@acme.example", "Bob Own", active=False)
    ann, bob = place.make(account()), place.make(account("U2", "Bob Own", action="map"))
    with pytest.raises(Skip) as caught:
        place.send(said(talk(ann, bob), ann, "hello"))
    assert caught.value.code == "zulip-recipient-deactivated"
    assert not theirs.active


# -- known again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("direct", [False, True])
def test_a_lost_answer(place: Project, direct: bool) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    opening = talk(ann, bob) if direct else place.open(channel(ann, bob, kind="private"))
    sending = said(opening, ann, "hello")
    assert recognize(place, sending) is None
    place.organization.fail("POST messages", "drop-after")
    with pytest.raises(Retry) as caught:
        place.send(sending)
    assert not caught.value.refused
    (there,) = messages(place, opening)
    assert recognize(place, sending) == str(there.id)
    assert recognize(place, sending, lambda ref: ref == str(there.id)) is None


@pytest.mark.parametrize(
    "other",
    [{"words": "other"}, {"second": SECOND + 1}, {"topic": THREAD}],
    ids=["words", "time", "topic"],
)
def test_what_is_like_it_is_not_it(place: Project, other: dict[str, str]) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    place.send(said(plans, ann, **{"words": "hello", **other}))  # type: ignore[arg-type]  # both
    assert recognize(place, said(plans, ann, "hello")) is None


def test_another_author_is_another_message(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, bob))
    place.send(said(plans, ann, "hello"))
    assert recognize(place, said(plans, bob, "hello")) is None


def test_where_nobody_can_look(place: Project) -> None:
    for name in ("ann", "bob"):
        place.organization.world.make_user(f"{name}@acme.example", f"{name} own")
    ann = place.make(account("U1", "ann own", action="map"))
    bob = place.make(account("U2", "bob own", action="map"))
    place.send(said(talk(ann, bob), ann, "hello"))
    with pytest.raises(Skip) as caught:
        recognize(place, said(talk(ann, bob), ann, "hello"))
    assert caught.value.code == "unsure"
    assert not place.ask(lambda session: session.can_read(talk(ann, bob)))


def test_a_thread_is_pointed_to_once(place: Project) -> None:
    """The root is there, and the answer to what was to point to it, or itself, was lost."""
    ann = place.make(account())
    plans = place.open(channel(ann))
    sending = said(plans, ann, "why so?", topic=THREAD)
    place.organization.fail("POST messages", "drop-after")
    with pytest.raises(Retry):
        place.send(sending)
    assert len(messages(place, plans)) == 1
    root = recognize(place, sending)
    for _ in range(2):
        assert recognize(place, sending) == root
    assert [each.topic for each in messages(place, plans)] == [THREAD, "imported from Slack"]


@pytest.mark.parametrize("fault", ["busy", "failed", "reset"])
def test_what_follows_a_message_never_sends_it_twice(place: Project, fault: Fault) -> None:
    """Where the pointer to a thread is refused, its root was taken all the same."""
    ann = place.make(account())
    plans = place.open(channel(ann))
    sending = said(plans, ann, "why so?", topic=THREAD)
    place.organization.fail("POST messages", fault, after=1)
    with pytest.raises(Retry) as caught:
        place.send(sending)
    assert not caught.value.refused
    place.organization.fail("POST messages", fault)
    with pytest.raises(Retry) as caught:
        recognize(place, sending)
    assert not caught.value.refused
    assert recognize(place, sending) is not None
    assert [each.topic for each in messages(place, plans)] == [THREAD, "imported from Slack"]


@pytest.mark.parametrize("fault", ["reset", "failed", "busy"])
def test_what_comes_before_a_message_leaves_no_doubt(place: Project, fault: Fault) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B", action="ghost"))
    place.ask(lambda session: session.release(bob))
    place.organization.fail(f"POST users/{bob.ref}/reactivate", fault)
    with pytest.raises(Retry) as caught:
        place.send(said(talk(ann, bob), ann, "hello"))
    assert caught.value.refused
    assert messages(place, talk(ann, bob)) == []


# -- reactions -----------------------------------------------------------------------------------


def reacting(opening: Opening, message: str, author: object, emoji: str, name: str) -> Reacting:
    return Reacting(
        id=f"C1/{SECOND}/U/{name}",
        opening=opening,
        author=author,  # type: ignore[arg-type]  # an account
        time=SECOND * 1_000,
        message=message,
        emoji=emoji,
    )


def test_a_reaction_by_its_owner(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, bob))
    ref = place.send(said(plans, ann, "hello"))
    thumb = reacting(plans, ref, bob, "1f44d", "+1")
    for _ in range(2):
        place.ask(lambda session: session.react(thumb))
    (there,) = place.organization.world.messages[int(ref)].reactions
    assert (there.user, there.code) == (int(bob.ref), "1f44d")
    assert [(s.message, s.author, s.emoji) for s in read(place, plans) if s.emoji] == [
        (ref, bob.ref, "1f44d")
    ]


def test_the_server_names_the_emoji(place: Project) -> None:
    """It takes none by a name that Slack alone knows."""
    ann = place.make(account())
    plans = place.open(channel(ann))
    ref = place.send(said(plans, ann, "hello"))
    place.ask(lambda session: session.react(reacting(plans, ref, ann, "2705", "white_check_mark")))
    (there,) = place.organization.world.messages[int(ref)].reactions
    assert there.code == "2705"


def test_whoever_had_left_enters_to_react_and_leaves_again(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, kind="private"))
    place.enter(Entry(opening=plans, account=bob, stays=False))
    ref = place.send(said(plans, ann, "hello"))
    place.ask(lambda session: session.react(reacting(plans, ref, bob, "1f44d", "+1")))
    seats = place.organization.world.channels[int(plans.ref)].seats
    assert int(bob.ref) in seats
    place.ask(lambda session: session.seal(Sealing(opening=plans, leavers=(bob,))))
    assert int(bob.ref) not in seats
    assert len(place.organization.world.messages[int(ref)].reactions) == 1


def test_nobody_reacts_for_somebody_else(place: Project) -> None:
    place.organization.world.make_user("bob@acme.example", "Bob Own", "his own")
    ann, bob = place.make(account()), place.make(account("U2", "Bob Own", action="map"))
    plans = place.open(channel(ann))
    ref = place.send(said(plans, ann, "hello"))
    with pytest.raises(Skip) as caught:
        place.ask(lambda session: session.react(reacting(plans, ref, bob, "1f44d", "+1")))
    assert caught.value.code == "zulip-no-key"


def test_reading_is_page_by_page(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    refs = [place.send(said(plans, ann, f"line {n}", second=SECOND + n)) for n in range(7)]

    async def narrow(session: object) -> list[str]:
        calls = session.calls  # type: ignore[attr-defined]  # a session's
        where = [{"operator": "channel", "operand": int(plans.ref)}]
        found = [each async for each in calls.history(where, size=3)]
        return [each.ref for each in found if each.sender_id > 99]

    assert place.ask(narrow) == refs
