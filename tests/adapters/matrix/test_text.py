"""Messages as Matrix events: bodies, HTML, pills, links, splitting, reactions."""

import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.matrix import adapter
from adapters.matrix.calls import MARK
from adapters.matrix.config import Config
from mappings import mrkdwn
from mappings.nodes import EMPTY, Document, plain
from migrate.catalogue import catalogue
from migrate.model import Key, Message, MessageKind
from migrate.spi import Capabilities, Face, Pointer, Rendered
from tests.adapters.matrix.stage import NoLook

CAPS = adapter.caps(Config(homeserver="https://m.example.org", server_name="example.org"))
ROOM, EVENT = "!" + "r" * 43, "$" + "e" * 43


class Look(NoLook):
    """Knows everybody and everything, by refs that may be dummies."""

    def __init__(self, person: str, room: str, event: str) -> None:
        self._person, self._room, self._event = person, room, event

    def person(self, id: str) -> Face | None:
        return Face(f"Person {id}", self._person)

    def conversation(self, id: str) -> Face | None:
        return Face(f"room-{id}", self._room)

    def link(self, url: str) -> Pointer | None:
        return Pointer(Face("", self._room), self._event) if "/archives/" in url else None


PLANNING = Look(*["x" * CAPS.ref_width] * 3)
SENDING = Look("@slack_u1:example.org", ROOM, EVENT)


def message(body: Document | str, **more: object) -> Message:
    document = mrkdwn.parse(body) if isinstance(body, str) else body
    key = Key("T1", "C1", "1400000000.000100")
    base = Message(key=key, author="U1", kind="message", body=document)
    return msgspec.structs.replace(base, **more)


def contents(rendered: Rendered) -> list[dict[str, object]]:
    events = [json.loads(piece.payload) for piece in rendered.pieces]
    assert {event["type"] for event in events} == {"m.room.message"}
    return [event["content"] for event in events]


@pytest.mark.parametrize(
    ("kind", "msgtype"),
    [
        ("message", "m.text"),
        ("emote", "m.emote"),
        ("notice", "m.notice"),
        ("placeholder", "m.notice"),
    ],
)
def test_plain_words(kind: MessageKind, msgtype: str) -> None:
    rendered = adapter.render(message("hello", kind=kind), NoLook(), CAPS)
    assert contents(rendered) == [{"msgtype": msgtype, "body": "hello", "m.mentions": {}}]
    assert rendered.losses == ()


def test_markup_has_html_and_a_fallback() -> None:
    (content,) = contents(adapter.render(message("*bold* & `code`"), NoLook(), CAPS))
    assert content["format"] == "org.matrix.custom.html"
    assert content["formatted_body"] == "<strong>bold</strong> &amp; <code>code</code>"
    assert "bold" in str(content["body"])


def test_mentions_are_links_that_call_nobody() -> None:
    text = "<@U2|bob> in <#C2|plans>"
    (content,) = contents(adapter.render(message(text), SENDING, CAPS))
    assert content["body"] == "@Person U2 in #room-C2"
    html = str(content["formatted_body"])
    assert '<a href="https://matrix.to/#/@slack_u1:example.org">@Person U2</a>' in html
    assert f'<a href="https://matrix.to/#/{ROOM}">#room-C2</a>' in html
    assert content["m.mentions"] == {}
    (content,) = contents(adapter.render(message(text), NoLook(), CAPS))
    assert content == {"msgtype": "m.text", "body": "@bob in #plans", "m.mentions": {}}


def test_links_to_messages_lead_to_their_events() -> None:
    url = "https://acme.slack.com/archives/C2/p1400000000000200"
    (content,) = contents(adapter.render(message(f"see <{url}>"), SENDING, CAPS))
    assert f"https://matrix.to/#/{ROOM}/{EVENT}" in str(content["body"])
    assert url not in str(content)
    (content,) = contents(adapter.render(message(f"see <{url}>"), NoLook(), CAPS))
    assert url in str(content["body"])


class Mapped(Look):
    """Knows what some custom emoji and user groups are, and has lost a message."""

    def emoji(self, name: str) -> str | None:
        return {"ohayo": "👋", "theirs": ":their_parrot:"}.get(name)

    def group(self, id: str) -> str | None:
        return "devs" if id == "S1" else None

    def link(self, url: str) -> Pointer | None:
        return Pointer(Face("", self._room), lost=True) if "/archives/" in url else None


MAPPED = Mapped("@slack_u1:example.org", ROOM, EVENT)


def test_link_to_what_is_not_there_leads_to_the_room() -> None:
    url = "https://acme.slack.com/archives/C2/p1400000000000200"
    rendered = adapter.render(message(f"see <{url}|that>"), MAPPED, CAPS)
    (content,) = contents(rendered)
    assert content["formatted_body"] == f'see <a href="https://matrix.to/#/{ROOM}">that</a>'
    assert rendered.losses == ("link-to-conversation",)


def test_broadcasts_and_groups_are_words_that_call_nobody() -> None:
    text = "<!here> <!channel> <!everyone> <!subteam^S1> <!subteam^S2|@ops> <!subteam^S3>"
    (content,) = contents(adapter.render(message(text), MAPPED, CAPS))
    body = "@here @channel @everyone @devs @ops @S3"
    assert content == {"msgtype": "m.text", "body": body, "m.mentions": {}}


def test_mapped_emoji_are_shown_in_texts_and_reactions() -> None:
    rendered = adapter.render(message(":ohayo: *:theirs:*"), MAPPED, CAPS)
    (content,) = contents(rendered)
    assert content["body"] == "👋 :their_parrot:"
    assert rendered.losses == ()
    assert adapter.reaction("ohayo", MAPPED) == "👋"
    assert adapter.reaction("ohayo::skin-tone-3", MAPPED) == "👋"
    assert adapter.reaction("theirs", MAPPED) == ":their_parrot:"
    assert adapter.render(message(":nobody:"), MAPPED, CAPS).losses == ("matrix-custom-emoji",)


def test_name_that_a_bot_chose_is_seen() -> None:
    chosen = message("*done*", author_name="Deploy <b>")
    (content,) = contents(adapter.render(chosen, NoLook(), CAPS))
    assert str(content["body"]).startswith("Deploy <b>: ")
    assert str(content["formatted_body"]).startswith(
        "<strong data-mx-profile-fallback>Deploy &lt;b&gt;: </strong>"
    )
    assert content["com.beeper.per_message_profile"] == {
        "id": "Deploy <b>",
        "displayname": "Deploy <b>",
        "has_fallback": True,
    }


def test_empty_message_still_has_a_body() -> None:
    (content,) = contents(adapter.render(message(EMPTY), NoLook(), CAPS))
    assert content["body"] == "(no text)"


@pytest.mark.parametrize(
    ("text", "more", "losses"),
    [
        ("plain", {}, ()),
        ("a :party-parrot: here", {}, ("matrix-custom-emoji",)),
        ("a :tada: here", {}, ()),
        ("<!date^1392734382^{date}|Feb 18> <tel:+1|call>", {}, ("date-fixed", "address-dropped")),
        ("late", {"edited": "1400000001.000000"}, ("matrix-edit-mark",)),
        ("x" * 70_000, {}, ("matrix-split",)),
    ],
)
def test_losses_are_named(text: str, more: dict[str, object], losses: tuple[str, ...]) -> None:
    given_message = message(text, **more)
    assert adapter.render(given_message, NoLook(), CAPS).losses == losses
    assert adapter.survey(given_message, NoLook(), CAPS).losses == losses
    assert set(losses) <= catalogue(adapter).keys()


def test_broadcast_has_a_piece_for_the_room() -> None:
    rendered = adapter.render(
        message("hi", root="1400000000.000000", broadcast=True), SENDING, CAPS
    )
    assert [piece.in_thread for piece in rendered.pieces] == [True, False]
    assert rendered.pieces[0].payload == rendered.pieces[1].payload


@pytest.mark.parametrize(
    ("emoji", "key"),
    [
        ("+1", "👍"),
        ("thumbsup", "👍"),
        ("+1::skin-tone-3", "👍🏼"),
        ("party-parrot", ":party-parrot:"),
        ("x" * 500, f":{'x' * 200}:"),
    ],
)
def test_reaction_keys(emoji: str, key: str) -> None:
    assert adapter.reaction(emoji, NoLook()) == key


def whole_event(payload: bytes) -> int:
    """Bytes of a generous event around a piece: widest ids, a relation, Slack's identity."""
    event = json.loads(payload)
    wide = "x" * 255
    event["content"]["m.relates_to"] = {
        "rel_type": "m.thread",
        "event_id": EVENT,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": EVENT},
    }
    event["content"][MARK] = {"id": "C" * 12 + "/1400000000.000100/12", "conversation": wide}
    event |= {"room_id": ROOM, "sender": wide, "depth": 2**53, "origin_server_ts": 2**53}
    event |= {"prev_events": [EVENT] * 20, "auth_events": [EVENT] * 10, "hashes": {"sha256": EVENT}}
    event["signatures"] = {wide: {"ed25519:a_123456": "s" * 86}}
    return len(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())


WORDS = (
    "word",
    "<@U2>",
    "<#C2>",
    "日本語",
    "*bold*",
    "`code`",
    "\n",
    "\n```\nfence\n```\n",
    "👩‍👩‍👧",
    "\\",
    '"',
)


@pytest.mark.parametrize("seed", range(8))
def test_large_messages_are_split_alike_in_planning_and_sending(seed: int) -> None:
    """Real ids are shorter than the dummies of planning; the pieces are as many all the same."""
    chance = random.Random(seed)
    words = [chance.choice(WORDS) for _ in range(chance.choice([1_000, 2_000, 4_000]))]
    large = message(" ".join(words), author_name="Bot" if seed % 3 == 0 else "")
    planned = adapter.render(large, PLANNING, CAPS)
    sent = adapter.render(large, SENDING, CAPS)
    assert len(planned.pieces) == len(sent.pieces)
    assert planned.losses == sent.losses
    for rendered in (planned, sent):
        for piece in rendered.pieces:
            assert len(piece.payload) <= CAPS.piece_limit
            assert whole_event(piece.payload) <= 65_536


@pytest.mark.parametrize("limit", [600, 1_000, 5_000])
@pytest.mark.parametrize("seed", range(6))
def test_splitting_near_the_limit(limit: int, seed: int) -> None:
    """A little below and above the limit, where a shortcut would be tempted."""
    caps = msgspec.structs.replace(CAPS, piece_limit=limit)
    chance = random.Random(seed)
    for length in range(1, 60, 7):
        words = [chance.choice(WORDS[:4]) for _ in range(length)]
        some = message(" ".join(words))
        planned = adapter.render(some, PLANNING, caps)
        sent = adapter.render(some, SENDING, caps)
        assert len(planned.pieces) == len(sent.pieces)
        assert all(len(piece.payload) <= limit for piece in sent.pieces)


@settings(max_examples=100)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_payload_is_canonical_and_clean(text: str) -> None:
    """The same bytes each time; no character that a homeserver refuses."""
    for body in (plain(text), mrkdwn.parse(text)):
        one = adapter.render(message(body), NoLook(), CAPS)
        assert one == adapter.render(message(body), NoLook(), CAPS)
        for piece in one.pieces:
            event = msgspec.json.decode(piece.payload)
            assert msgspec.json.encode(event, order="sorted") == piece.payload
            assert "\x00" not in str(event["content"]["body"])


def test_caps_have_room_for_the_widest_ids() -> None:
    caps: Capabilities = adapter.caps(
        Config(homeserver="https://m.example.org", server_name="a" * 100 + ".example.org")
    )
    assert caps.ref_width > 150
    assert CAPS.ref_width >= len(EVENT)


def test_a_private_conversation_is_named_to_nobody_not_even_by_its_label() -> None:
    class Discreet(Look):
        def conversation(self, id: str) -> Face | None:
            return Face("", self._room)

    look = Discreet("@slack_u1:example.org", ROOM, EVENT)
    (piece,) = adapter.render(message("see <#C9|leadership>"), look, CAPS).pieces
    assert b"leadership" not in piece.payload
    assert b"#C9" in piece.payload
