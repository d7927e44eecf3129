"""Files and custom emoji as events: types, names, captions, sizes, and the same pieces in planning
and sending."""

import json
import random

import msgspec
import pytest

from adapters.matrix import adapter
from adapters.matrix.config import Config
from mappings import mrkdwn
from migrate.catalogue import catalogue
from migrate.model import File, Key, Message, Reaction, Ref
from migrate.spi import Face, Rendered
from tests.adapters.matrix.stage import NoLook

CAPS = adapter.caps(Config(homeserver="https://m.example.org", server_name="example.org"))
PNG = File(id="F1", name="cat.png", mimetype="image/png", size=1234, width=640, height=480)
PDF = File(id="F2", name="plan.pdf", title="plan.pdf", mimetype="application/pdf", size=99)
EMOJI = "emoji/party"


class Uploaded(NoLook):
    """Everything is at the homeserver; refs are as wide as while planning, or as they are."""

    def __init__(self, width: int = 0) -> None:
        self._width = width

    def file(self, id: str) -> Ref | None:
        if id.startswith("emoji/") and id != EMOJI:
            return None
        return "x" * self._width or f"mxc://example.org/{id.replace('/', '')}"

    def emoji(self, name: str) -> str | None:
        return f":{name}:" if name == "party" else None

    def person(self, id: str) -> Face | None:
        return Face(f"Person {id}", "x" * self._width or "@slack_u1:example.org")


SENDING = Uploaded()


def message(text: str, *files: File, **more: object) -> Message:
    base = Message(
        key=Key("T1", "C1", "1400000000.000100"),
        author="U1",
        kind="message",
        body=mrkdwn.parse(text),
        files=files,
    )
    return msgspec.structs.replace(base, **more)


def contents(rendered: Rendered) -> list[dict[str, object]]:
    return [json.loads(piece.payload)["content"] for piece in rendered.pieces]


def test_file_alone_is_called_by_its_name() -> None:
    rendered = adapter.render(message("", PNG), SENDING, CAPS)
    assert contents(rendered) == [
        {
            "msgtype": "m.image",
            "body": "cat.png",
            "filename": "cat.png",
            "url": "mxc://example.org/F1",
            "info": {"mimetype": "image/png", "size": 1234, "w": 640, "h": 480},
            "m.mentions": {},
        }
    ]


def test_one_text_and_one_file_are_one_event() -> None:
    rendered = adapter.render(message("*look* at <@U1>", PNG), SENDING, CAPS)
    (content,) = contents(rendered)
    assert content["body"] == "look at @Person U1"
    assert str(content["formatted_body"]).startswith("<strong>look</strong> at <a href=")
    assert (content["filename"], content["url"]) == ("cat.png", "mxc://example.org/F1")
    assert content["msgtype"] == "m.image"
    assert rendered.losses == ("matrix-media-by-uri",)


def test_several_files_follow_the_text() -> None:
    text, first, second = contents(adapter.render(message("both", PNG, PDF), SENDING, CAPS))
    assert (text["msgtype"], text["body"]) == ("m.text", "both")
    assert (first["msgtype"], first["body"]) == ("m.image", "cat.png")
    assert (second["msgtype"], second["body"]) == ("m.file", "plan.pdf")
    assert len(adapter.render(message("", PNG, PDF), SENDING, CAPS).pieces) == 2


@pytest.mark.parametrize("kind", ["emote", "notice"])
def test_what_is_no_plain_message_keeps_its_kind(kind: str) -> None:
    text, file = contents(adapter.render(message("waves", PNG, kind=kind), SENDING, CAPS))
    assert text["msgtype"] == f"m.{kind}"
    assert file["msgtype"] == "m.image"


@pytest.mark.parametrize(
    ("mimetype", "msgtype"),
    [
        ("image/png", "m.image"),
        ("IMAGE/JPEG; x=y", "m.image"),
        ("image/svg+xml", "m.file"),
        ("image/heic", "m.file"),
        ("video/mp4", "m.video"),
        ("audio/webm", "m.audio"),
        ("text/plain", "m.file"),
        ("", "m.file"),
        ("image", "m.file"),
        ("imäge/png", "m.file"),
        ("image/png\r\nX-Evil: 1", "m.file"),
    ],
)
def test_what_a_file_is_shown_as(mimetype: str, msgtype: str) -> None:
    file = msgspec.structs.replace(PNG, mimetype=mimetype)
    (content,) = contents(adapter.render(message("", file), SENDING, CAPS))
    assert content["msgtype"] == msgtype
    info = content["info"]
    assert isinstance(info, dict)
    assert str(info["mimetype"]).isascii()
    assert "\n" not in info["mimetype"]
    assert ("w" in info) == (msgtype in {"m.image", "m.video"})


def test_clips_tell_how_long_they_are() -> None:
    clip = File(id="F3", name="v.m4a", mimetype="audio/mp4", size=5, duration=2_500, width=1)
    (content,) = contents(adapter.render(message("", clip), SENDING, CAPS))
    assert content["info"] == {"mimetype": "audio/mp4", "size": 5, "duration": 2_500}


@pytest.mark.parametrize(
    ("text", "title", "alt", "body"),
    [
        ("", "cat.png", "", "cat.png"),
        ("", "Cat", "", "cat.png"),
        ("", "Our cat", "", "Our cat"),
        ("", "Our cat", "a cat on a mat", "Our cat\na cat on a mat"),
        ("", "", "a cat", "a cat"),
        ("see", "Our cat", "a cat", "see\nOur cat\na cat"),
        ("Our cat, at last", "Our cat", "", "Our cat, at last"),
    ],
)
def test_titles_and_descriptions_are_kept(text: str, title: str, alt: str, body: str) -> None:
    file = msgspec.structs.replace(PNG, title=title, alt_text=alt)
    (content,) = contents(adapter.render(message(text, file), SENDING, CAPS))
    assert content["body"] == body
    assert content["filename"] == "cat.png"


def test_file_without_a_name_has_its_title_or_id() -> None:
    for file, name in (
        (File(id="F9", title="Untitled"), "Untitled"),
        (File(id="F9"), "F9"),
        (File(id="F9", name="\ud800x" + "y" * 500), "\ufffdx" + "y" * 253),
    ):
        (content,) = contents(adapter.render(message("", file), SENDING, CAPS))
        assert content["filename"] == content["body"] == name


def test_bot_with_a_name_of_its_own() -> None:
    bare, said = (
        contents(adapter.render(message(text, PNG, author_name="Deploy"), SENDING, CAPS))[0]
        for text in ("", "done")
    )
    assert bare["body"] == "cat.png"
    assert bare["com.beeper.per_message_profile"] == {"id": "Deploy", "displayname": "Deploy"}
    assert said["body"] == "Deploy: done"


def test_a_broadcast_brings_its_file_twice() -> None:
    reply = message("here", PNG, PDF, root="1400000000.000000", broadcast=True)
    rendered = adapter.render(reply, SENDING, CAPS)
    assert [piece.in_thread for piece in rendered.pieces] == [True] * 3 + [False] * 3
    assert rendered.pieces[:3] == tuple(
        msgspec.structs.replace(piece, in_thread=True) for piece in rendered.pieces[3:]
    )


def test_file_that_did_not_arrive_is_left_to_the_words() -> None:
    assert contents(adapter.render(message("gone", PNG), NoLook(), CAPS)) == [
        {"msgtype": "m.text", "body": "gone", "m.mentions": {}}
    ]


def test_custom_emoji_are_images_in_texts() -> None:
    rendered = adapter.render(message("a :party: b :unseen:"), SENDING, CAPS)
    (content,) = contents(rendered)
    assert content["body"] == "a :party: b :unseen:"
    assert content["formatted_body"] == (
        'a <img data-mx-emoticon src="mxc://example.org/emojiparty" alt=":party:" title=":party:"'
        ' height="32"> b :unseen:'
    )
    assert rendered.losses == ("matrix-custom-emoji",)
    alone = adapter.render(message(":party:"), SENDING, CAPS)
    assert "<img" in str(contents(alone)[0]["formatted_body"])
    assert alone.losses == ()


def test_custom_emoji_are_images_in_reactions() -> None:
    assert adapter.reaction("party", SENDING) == "mxc://example.org/emojiparty"
    assert adapter.reaction("unseen", SENDING) == ":unseen:"
    assert adapter.reaction("tada", SENDING) == "🎉"
    said = message("hi", reactions=(Reaction("party", ("U1",)), Reaction("tada", ("U1",))))
    assert adapter.render(said, SENDING, CAPS).losses == ("matrix-reaction-image",)


def test_every_code_has_a_meaning() -> None:
    codes = {"matrix-media-by-uri", "matrix-reaction-image", "matrix-upload-cut"}
    assert codes <= catalogue(adapter).keys()


WORDS = ("word", "<@U2>", ":party:", "*bold*", "日本語", "\n", '"')


@pytest.mark.parametrize("files", [(PNG,), (PNG, PDF), ()])
@pytest.mark.parametrize("limit", [900, 1_000, 5_000])
@pytest.mark.parametrize("seed", range(4))
def test_planning_and_sending_make_the_same_pieces(
    files: tuple[File, ...], limit: int, seed: int
) -> None:
    """The refs of planning are wider than the real ones; a caption fits in both or in neither."""
    caps = msgspec.structs.replace(CAPS, piece_limit=limit)
    planning = Uploaded(caps.ref_width)
    chance = random.Random(seed)
    counts = set[int]()
    for length in range(1, 80, 5):
        some = message(" ".join(chance.choice(WORDS) for _ in range(length)), *files)
        planned = adapter.render(some, planning, caps)
        sent = adapter.render(some, SENDING, caps)
        assert len(planned.pieces) == len(sent.pieces)
        assert planned.losses == sent.losses
        assert adapter.survey(some, planning, caps).pieces == len(sent.pieces)
        assert all(len(piece.payload) <= limit for piece in sent.pieces)
        counts.add(len(sent.pieces))
    assert len(counts) > 1 or limit == 5_000
