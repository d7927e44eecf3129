"""What a message becomes: its words, the kind of post, its pieces and what is lost on the way."""

import pytest

from adapters.mattermost import text
from adapters.mattermost.limits import MESSAGE_RUNES
from migrate.model import File, MessageKind, Reaction
from migrate.spi import Face, Pointer
from tests.adapters.mattermost.acts import CAPS, EVERYBODY, OLD, Known, file, message

LINK = "https://acme.slack.com/archives/C0001/p1700000000000100"
PLACES = Known(
    {"UANN": "ann", "UDOT": "d.ot"},
    {"C0001": Face("general", "general-2"), "C0002": Face("", "board")},
    {"party": ":party_2:", "okay": "👍"},
    {
        LINK: Pointer(Face("general", "general-2"), "C0001/1700000000.000100/0"),
        LINK.replace("C0001", "C0002"): Pointer(Face("", "board"), lost=True),
        "https://acme.slack.com/archives/C0001": Pointer(Face("general", "general-2")),
    },
)


def shown(words: str, kind: MessageKind = "message") -> str:
    (piece,) = text.render(message(words, kind=kind), PLACES, CAPS).pieces
    return text.read_payload(piece.payload).message


@pytest.mark.parametrize(
    ("slack", "expected"),
    [
        ("plain words", "plain words"),
        ("*bold* and _slanted_", "**bold** and *slanted*"),
        ("ask <@UANN>, <@UDOT> or <@UNOBODY|Nobody>", "ask @ann, @d.ot or &#64;Nobody"),
        ("in <#C0001|old-name>", "in ~general-2"),
        # A private conversation has no name for those who are not in it.
        ("in <#C0002|board>", "in &#35;C0002"),
        ("all of <!subteam^S1|@devs> and <!here>", "all of &#64;devs and &#64;here"),
        ("1 &lt; 2 &amp; # no heading", "1 < 2 & # no heading"),
        (":tada: :party: :okay: :unknown:", "🎉 :party_2: 👍 :unknown:"),
        ("nul \x00 and half \ud83d", "nul  and half \ufffd"),
        (f"see <{LINK}|there>", "see there (~general-2, 2023-11-14 22:13 UTC)"),
        (f"see <{LINK}>", "see (message in ~general-2, 2023-11-14 22:13 UTC)"),
        (f"_see_ <{LINK}|there>", "*see* there (~general-2, 2023-11-14 22:13 UTC)"),
        (f"• <{LINK}|there>", "- there (~general-2, 2023-11-14 22:13 UTC)"),
        (
            f"<{LINK.replace('C0001', 'C0002')}|there>",
            "there (a private conversation, 2023-11-14 22:13 UTC)",
        ),
        ("<https://acme.slack.com/archives/C0001>", "~general-2"),
        ("<https://example.org/a?b=1&amp;c=2|this>", "[this](https://example.org/a?b=1&c=2)"),
    ],
)
def test_words(slack: str, expected: str) -> None:
    assert shown(slack) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("waves", "*waves*"),
        ("waves *hard*", "waves **hard**"),  # one pair of marks cannot hold another
        ("waves\nand leaves", "waves\nand leaves"),
        ("", ""),
    ],
)
def test_emotes_are_slanted(words: str, expected: str) -> None:
    assert shown(words, "emote") == expected


@pytest.mark.parametrize(
    ("kind", "type"),
    [("message", ""), ("notice", "system_generic"), ("emote", "me"), ("placeholder", "")],
)
def test_kinds_of_posts(kind: MessageKind, type: str) -> None:
    (piece,) = text.render(message("words", kind=kind), EVERYBODY, CAPS).pieces
    assert text.read_payload(piece.payload).type == type
    (piece,) = text.render(message("words", kind=kind), EVERYBODY, OLD).pieces
    assert text.read_payload(piece.payload).type == ""


def test_name_that_a_bot_chose() -> None:
    said = message("deployed", author_name="Deploy\nBot " + "x" * 80)
    (piece,) = text.render(said, EVERYBODY, CAPS).pieces
    name = text.read_payload(piece.payload).name
    assert name.startswith("Deploy Bot xxx")
    assert len(name) == 64


@pytest.mark.parametrize("length", [MESSAGE_RUNES - 1, MESSAGE_RUNES, MESSAGE_RUNES + 1])
def test_the_longest_post(length: int) -> None:
    rendered = text.render(message("🎈" * length), EVERYBODY, CAPS)
    texts = [text.read_payload(piece.payload).message for piece in rendered.pieces]
    assert len(texts) == (1 if length <= MESSAGE_RUNES else 2)
    assert "".join(texts) == "🎈" * length
    assert (text.SPLIT in rendered.losses) == (len(texts) > 1)


def test_marks_of_an_emote_count() -> None:
    rendered = text.render(message("x" * (MESSAGE_RUNES - 1), kind="emote"), EVERYBODY, CAPS)
    assert [len(text.read_payload(p.payload).message) for p in rendered.pieces] == [
        MESSAGE_RUNES,
        3,
    ]


@pytest.mark.parametrize(("count", "pieces"), [(0, 1), (1, 1), (10, 1), (11, 2), (25, 3)])
def test_more_files_than_a_post_may_have(count: int, pieces: int) -> None:
    files = tuple(file(f"F{number:02}", size=number) for number in range(count))
    rendered = text.render(message("see these", files=files), EVERYBODY, CAPS)
    held = [text.read_payload(piece.payload) for piece in rendered.pieces]
    assert len(held) == pieces
    assert [each.message for each in held] == ["see these", *[""] * (pieces - 1)]
    assert [name for each in held for name, _ in each.files] == [each.name for each in files]
    assert (text.FILES_SPLIT in rendered.losses) == (pieces > 1)


def test_large_images_are_told() -> None:
    huge = File(id="F1", name="map.png", mimetype="image/png", width=9_000, height=9_000, size=1)
    rendered = text.render(message("map", files=(huge,)), EVERYBODY, CAPS)
    assert rendered.losses == (text.LARGE_IMAGE,)
    assert text.read_payload(rendered.pieces[0].payload).files == (("map.png.bin", 1),)


def test_payload_does_not_know_the_order_of_files() -> None:
    one, other = ("b.png", 2), ("a.png", 1)
    assert text.payload("x", files=[one, other]) == text.payload("x", files=[other, one])
    assert text.payload("x", files=[one]) != text.payload("x", files=[("b.png", 3)])


def test_broadcast_comes_a_second_time() -> None:
    rendered = text.render(message("to all", second=1, root=0, broadcast=True), EVERYBODY, CAPS)
    assert [piece.in_thread for piece in rendered.pieces] == [True, False]
    assert len({piece.payload for piece in rendered.pieces}) == 1
    alone = text.render(message("to all", broadcast=True), EVERYBODY, CAPS)
    assert [piece.in_thread for piece in alone.pieces] == [True]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("thumbsup", "+1"),
        ("+1::skin-tone-3", "+1_medium_light_skin_tone"),
        ("party", "party_2"),
        ("okay", "+1"),
        ("unknown-one", "unknown-one"),
        ("melting_face", "melting_face"),
        ("heart_hands::skin-tone-2", "heart_hands"),
    ],
)
def test_reaction_keys(name: str, key: str) -> None:
    assert text.reaction_key(name, PLACES) == key


@pytest.mark.parametrize(
    "name", ["größe", "日本", "it's", "", ":", "x" * 80, "a::b", "-", "\ud83d"]
)
def test_reaction_keys_are_always_names(name: str) -> None:
    key = text.reaction_key(name, EVERYBODY)
    assert 0 < len(key) <= 64
    assert key.isascii()
    assert key.replace("+", "").replace("_", "").replace("-", "").isalnum() or key == "-"
    assert text.reaction_key(key, EVERYBODY) == key


def test_names_in_other_scripts_stay_apart() -> None:
    assert text.reaction_key("日本", EVERYBODY) != text.reaction_key("中国", EVERYBODY)


@pytest.mark.parametrize(
    ("said", "losses"),
    [
        (message("plain"), set()),
        (message(":unknown:"), {text.CUSTOM_EMOJI}),
        (message(f"<{LINK}>"), {text.LINK}),
        (message("x", reactions=(Reaction("melting_face", ("UANN",)),)), {text.NEW_EMOJI}),
        (message("x", reactions=(Reaction("tada", ("UANN",)),)), set()),
    ],
)
def test_losses(said: object, losses: set[str]) -> None:
    assert set(text.render(said, PLACES, CAPS).losses) == losses  # type: ignore[arg-type]  # messages, all of them


def test_what_an_older_server_loses_besides() -> None:
    told = message(
        "x", second=1, root=0, edited="1700000060.000000", author_name="Bot", kind="notice",
        reactions=(Reaction("tada", ("UANN",)),),
    )  # fmt: skip
    assert text.render(told, EVERYBODY, CAPS).losses == ()
    assert set(text.render(told, EVERYBODY, OLD).losses) == {
        text.OLD_EDIT,
        text.OLD_KIND,
        text.OLD_NAME,
    }
