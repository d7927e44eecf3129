"""Parts: threads, pieces, reactions and pins as posts; what is carried; threads too long for a
line."""

import json
import zlib
from typing import Any

import pytest

from adapters.mattermost import compose, limits, streams, threads
from adapters.mattermost.compose import Row
from adapters.mattermost.limits import EMOJI_IMAGE_BYTES, MESSAGE_RUNES
from adapters.mattermost.profiles import MattermostCaps
from migrate.model import File, Reaction
from migrate.spi import Composed, CustomEmoji, Opening, Placement
from tests.adapters.mattermost.acts import CAPS, OLD, SECOND, account, file, opening, posting

ANN, BOB, CAT = (account(name) for name in ("ann", "bob", "cat"))
ROBOT = account("robot", "bot")
GENERAL = opening("general", ANN, BOB)
MILLIS = SECOND * 1_000


def composed(*rows: Row, caps: MattermostCaps = CAPS, room: int = threads.LINE_ROOM) -> Composed:
    return compose.compose(rows, caps, room)


def posts(part: Composed, stream: str = streams.POSTS) -> list[dict[str, Any]]:
    data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(part.streams[stream])
    return [line[line["type"]] for line in map(json.loads, data.splitlines())]


def records(part: Composed, stream: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in part.streams[stream].splitlines()]


def test_a_post_and_its_fields() -> None:
    part = composed(
        posting(
            "look",
            GENERAL,
            ANN,
            pinned=True,
            edited=f"{SECOND + 9}.000100",
            files=[file("F1", "a cat.png")],
        )
    )
    (post,) = posts(part)
    assert post == {
        "team": "acme",
        "channel": "general",
        "user": "ann",
        "message": "look",
        "props": {"slack_id": f"CGENERAL/{SECOND}.000000/0"},
        "create_at": MILLIS,
        "edit_at": MILLIS + 9_000,
        "is_pinned": True,
        "attachments": [{"path": "F1/a cat.png", "size": 3}],
    }
    assert part.counts == {"messages": 1, "pins": 1}


def test_threads_are_nested_and_followed() -> None:
    part = composed(
        posting("root", GENERAL, ANN),
        posting("one", GENERAL, BOB, second=1, root=0),
        posting("two", GENERAL, CAT, second=2, root=0),
        posting("another", GENERAL, BOB, second=3),
    )
    root, another = posts(part)
    assert [(reply["user"], reply["message"]) for reply in root["replies"]] == [
        ("bob", "one"),
        ("cat", "two"),
    ]
    # Cat has left the channel, and follows nothing in it.
    assert root["thread_followers"] == [
        {"user": "ann", "last_viewed": MILLIS + 2_000},
        {"user": "bob", "last_viewed": MILLIS + 2_000},
    ]
    assert another["message"] == "another"
    assert "thread_followers" not in another
    assert part.counts == {"messages": 4}


def test_totals_count_what_the_server_counts() -> None:
    part = composed(
        posting("root", GENERAL, ANN),
        posting("x" * (MESSAGE_RUNES + 1), GENERAL, BOB, second=1, root=0),
        posting("to all", GENERAL, BOB, second=2, root=0, broadcast=True),
    )
    assert records(part, streams.TOTALS) == [
        {"lane": "general", "posts": 5, "roots": 2, "last": MILLIS + 2_001}
    ]


def test_broadcast_stands_in_the_thread_and_in_the_channel() -> None:
    part = composed(
        posting("root", GENERAL, ANN),
        posting(
            "to all",
            GENERAL,
            BOB,
            second=1,
            root=0,
            broadcast=True,
            files=[file("F1")],
            reactions=[Reaction("tada", ("UANN",))],
        ),
    )
    root, copy = posts(part)
    (reply,) = root["replies"]
    assert copy["message"] == reply["message"] == "to all"
    assert (reply["create_at"], copy["create_at"]) == (MILLIS + 1_000, MILLIS + 1_001)
    assert copy["attachments"] == reply["attachments"] == [{"path": "F1/f1.png", "size": 3}]
    assert "reactions" in reply
    assert "reactions" not in copy
    assert part.counts == {"messages": 2, "reactions": 1}


def test_pieces_of_a_root_are_posts_of_their_own() -> None:
    part = composed(
        posting("x" * (MESSAGE_RUNES * 2 + 1), GENERAL, ANN, pinned=True),
        posting("answer", GENERAL, BOB, second=1, root=0),
    )
    first, second, third = posts(part)
    assert [post["create_at"] - MILLIS for post in (first, second, third)] == [0, 1, 2]
    assert [reply["message"] for reply in first["replies"]] == ["answer"]
    assert first["is_pinned"]
    assert not {"is_pinned", "replies"} & (second.keys() | third.keys())
    assert second["props"]["slack_id"] == f"CGENERAL/{SECOND}.000000/1"


def test_pieces_of_a_reply_stay_in_its_thread() -> None:
    files = [file(f"F{number:02}") for number in range(12)]
    part = composed(
        posting("root", GENERAL, ANN),
        posting("all twelve", GENERAL, BOB, second=1, root=0, files=files),
    )
    (root,) = posts(part)
    first, second = root["replies"]
    assert (len(first["attachments"]), len(second["attachments"])) == (10, 2)
    assert (first["message"], second["message"]) == ("all twelve", "")
    assert second["create_at"] == first["create_at"] + 1


def test_reactions_are_each_persons_once_and_in_order() -> None:
    part = composed(
        posting(
            "well",
            GENERAL,
            ANN,
            reactions=[
                Reaction("thumbsup", ("UBOB", "UNOBODY")),
                Reaction("+1", ("UBOB", "UANN")),
                Reaction("+1::skin-tone-2", ("UBOB",)),
            ],
        )
    )
    (post,) = posts(part)
    assert post["reactions"] == [
        {"user": "bob", "emoji_name": "+1", "create_at": MILLIS, "slack_id": "UBOB/thumbsup"},
        {"user": "ann", "emoji_name": "+1", "create_at": MILLIS + 1, "slack_id": "UANN/+1"},
        {
            "user": "bob",
            "emoji_name": "+1_light_skin_tone",
            "create_at": MILLIS + 2,
            "slack_id": "UBOB/+1::skin-tone-2",
        },
    ]
    assert part.counts == {"messages": 1, "reactions": 3}


def test_name_of_a_bot_is_shown_as_a_webhooks() -> None:
    (post,) = posts(composed(posting("deployed", GENERAL, ROBOT, author_name="Deployer")))
    assert post["props"] == {
        "slack_id": f"CGENERAL/{SECOND}.000000/0",
        "from_webhook": "true",
        "override_username": "Deployer",
    }


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ((ANN,), ["ann", "ann"]),
        ((BOB, ANN), ["ann", "bob"]),
        ((CAT, BOB, ANN), ["ann", "bob", "cat"]),
    ],
)
def test_direct_talk_is_known_by_its_people(members: tuple[Any, ...], expected: list[str]) -> None:
    place = opening("talk", *members, kind="group_dm")
    (post,) = posts(composed(posting("psst", place, members[0])), streams.DIRECT_POSTS)
    assert post["channel_members"] == expected


def test_group_of_nine_is_a_private_channel() -> None:
    people = [account(f"p{number}") for number in range(9)]
    place = opening("mpdm-many", *people, kind="group_dm")
    part = composed(posting("hello", place, people[0]))
    (post,) = posts(part)
    assert post["channel"] == "mpdm-many"
    (record,) = records(composed(place), streams.CONVERSATIONS)
    assert record["private"]
    assert record["name"] == "mpdm-many"
    assert record["display_name"].startswith("p0, p1, ")


def test_carried_root_is_the_same_again_and_counts_for_nothing() -> None:
    said: dict[str, Any] = {
        "pinned": True,
        "reactions": [Reaction("tada", ("UBOB", "UANN"))],
        "files": [file("F")],
    }
    (before,) = posts(composed(posting("root", GENERAL, ANN, **said)))
    part = composed(
        posting("root", GENERAL, ANN, carried=True, new_reactions=1, **said),
        posting("late", GENERAL, BOB, second=90, root=0),
    )
    (root,) = posts(part)
    replies, followers = root.pop("replies"), root.pop("thread_followers")
    assert root == before
    assert [reply["message"] for reply in replies] == ["late"]
    assert [follower["user"] for follower in followers] == ["bob"]
    assert part.counts == {"messages": 1, "reactions": 1}
    assert records(part, streams.TOTALS) == [
        {"lane": "general", "posts": 1, "roots": 0, "last": MILLIS + 90_000}
    ]


def test_carried_conversation_is_not_counted() -> None:
    carried = Opening(
        conversation=GENERAL.conversation,
        placement=GENERAL.placement,
        private=False,
        members=(CAT,),
        ref="general",
        carried=True,
    )
    part = composed(carried, opening("fresh", CAT))
    assert part.counts == {"conversations": 1}
    assert [record.get("stands", False) for record in records(part, streams.CONVERSATIONS)] == [
        True,
        False,
    ]


def test_thread_that_is_too_long_for_a_line() -> None:
    replies = [
        posting(f"reply {n} " + "x" * 400, GENERAL, BOB, second=n, root=0) for n in range(1, 30)
    ]
    root = posting("root", GENERAL, ANN, reactions=[Reaction("tada", ("UBOB",))], files=[file("F")])
    part = composed(root, *replies, room=4_000)
    rounds = streams.rounds(part.streams)
    assert rounds >= 3
    names = [streams.POSTS, *(streams.rest_of(streams.POSTS, n) for n in range(1, rounds + 1))]
    held = [post for name in names for post in posts(part, name)]
    assert [reply["message"].split()[1] for post in held for reply in post["replies"]] == [
        str(n) for n in range(1, 30)
    ]
    assert ["reactions" in post for post in held] == [True, *[False] * rounds]
    for post in held:
        # The server knows the root again by these, and would take its files away.
        assert (post["message"], post["create_at"]) == ("root", MILLIS)
        assert post["attachments"] == [{"path": "F/f.png", "size": 3}]
        assert len(json.dumps(post)) < 5_000
    assert part.counts == {"messages": 30, "reactions": 1}


def test_thread_of_more_replies_than_are_saved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPLIES_A_LINE", 3)
    replies = [posting(f"{n}", GENERAL, BOB, second=n, root=0) for n in range(1, 8)]
    part = composed(posting("root", GENERAL, ANN), *replies)
    lines = [posts(part), *(posts(part, streams.rest_of(streams.POSTS, n)) for n in (1, 2))]
    assert [len(post["replies"]) for (post,) in lines] == [3, 3, 1]


def test_one_reply_longer_than_the_room_is_not_cut() -> None:
    part = composed(
        posting("root", GENERAL, ANN), posting("y" * 900, GENERAL, BOB, second=1, root=0), room=100
    )
    assert streams.rounds(part.streams) == 0


@pytest.mark.parametrize(
    ("mimetype", "size", "taken"),
    [
        ("image/png", EMOJI_IMAGE_BYTES, True),
        ("image/png", EMOJI_IMAGE_BYTES + 1, False),
        ("image/gif", 1, True),
        ("image/webp", 1, False),
    ],
)
def test_images_of_emoji(mimetype: str, size: int, taken: bool) -> None:
    image = File(id="emoji/party", name="party", mimetype=mimetype, size=size)
    part = composed(CustomEmoji(name="party", placement=Placement("party"), image=image))
    assert part.counts == {"emoji": 1}
    assert (streams.EMOJI in part.streams) == taken


def test_older_servers_are_spared_what_they_do_not_know() -> None:
    part = composed(
        posting("/me", GENERAL, ANN, kind="emote", edited=f"{SECOND + 9}.0", caps=OLD),
        posting("reply", GENERAL, BOB, second=1, root=0, author_name="Bobby", caps=OLD),
        caps=OLD,
    )
    (post,) = posts(part)
    assert not {"type", "edit_at", "thread_followers"} & post.keys()
    assert post["replies"][0]["props"].keys() == {"slack_id"}


def test_compose_is_pure() -> None:
    rows = [posting("a", GENERAL, ANN), posting("b", GENERAL, BOB, second=1, root=0)]
    one, other = composed(*rows), composed(*rows)
    assert one == other
