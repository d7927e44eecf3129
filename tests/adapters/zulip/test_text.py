"""Words, marks, files and reactions as Zulip reads them."""

from collections.abc import Mapping

import pytest

from adapters.zulip import text
from adapters.zulip.config import Config
from adapters.zulip.profiles import caps_for
from mappings import mrkdwn
from migrate.model import File, Key, Message, MessageKind, Reaction
from migrate.spi import Face, Pointer

CAPS = caps_for(Config(subdomain="acme", profile="11"))


class Look:
    """What a message may ask for: three people, a channel and a private one."""

    def __init__(self, emoji: Mapping[str, str] | None = None, files: tuple[str, ...] = ()) -> None:
        self._emoji = emoji or {}
        self._files = files

    def person(self, id: str) -> Face | None:
        names = {"U1": "Ann One", "U2": "Bob Two", "B1": "buildbot"}
        return Face(names[id], names[id]) if id in names else None

    def conversation(self, id: str) -> Face | None:
        return {"C1": Face("general", "general"), "C2": Face("", "board")}.get(id)

    def group(self, id: str) -> str | None:
        return "devs" if id == "S1" else None

    def link(self, url: str) -> Pointer | None:
        return Pointer(Face("general", "general"), "ref") if "/archives/C1" in url else None

    def emoji(self, name: str) -> str | None:
        return self._emoji.get(name)

    def file(self, id: str) -> str | None:
        return id if id in self._files else None


def message(
    words: str,
    *,
    kind: MessageKind = "message",
    root: str = "",
    broadcast: bool = False,
    author_name: str = "",
    files: tuple[File, ...] = (),
    reactions: tuple[Reaction, ...] = (),
    thread: bool = False,
) -> Message:
    return Message(
        key=Key("T1", "C1", "1700000000.000100"), author="B1", kind=kind, body=mrkdwn.parse(words),
        root=root, broadcast=broadcast, author_name=author_name, files=files, reactions=reactions,
        thread=thread,
    )  # fmt: skip


def words_of(said: Message, look: Look | None = None) -> list[str]:
    rendered = text.render(said, look or Look(), CAPS)
    return [piece.payload.decode() for piece in rendered.pieces]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("plain words", "plain words"),
        ("R&amp;D &lt;soon&gt;", "R&D <soon>"),
        ("<@U1> and <@U9|zoe>", "@_**Ann One** and @zoe"),
        ("<#C1|general> and <#C2|board>", "#**general** and #C2"),
        ("<!here> <!subteam^S1>", "@here @devs"),
        (":tada: it works", "🎉 it works"),
        ("*bold* _italic_ ~gone~", "**bold** *italic* ~~gone~~"),
        ("<https://example.org|this>", "[this](https://example.org)"),
    ],
)
def test_words(words: str, written: str) -> None:
    assert words_of(message(words)) == [written]


def test_emote_begins_with_its_command() -> None:
    assert words_of(message("waves", kind="emote")) == ["/me waves"]
    assert words_of(message("/me too")) != ["/me too"]


def test_bot_says_under_which_name_it_wrote() -> None:
    said = message("done", author_name="Deploys")
    assert words_of(said) == ["**Deploys:**\ndone"]
    assert text.render(said, Look(), CAPS).losses == (text.BOT_NAME,)
    assert words_of(message("done", author_name="buildbot")) == ["done"]


def test_files_that_travel_have_a_line_each() -> None:
    files = (File(id="F1", name="a.png"), File(id="F2", name="gone.png"))
    (written,) = words_of(message("look", files=files), Look(files=("F1",)))
    first, second = written.split("\n\n")
    assert first == "look"
    assert second.startswith("[a.png](/user_uploads/1/")


def test_broadcast_stands_beside_its_thread_too() -> None:
    said = message("all of us", root="1699999999.000100", broadcast=True)
    rendered = text.render(said, Look(), CAPS)
    assert [piece.in_thread for piece in rendered.pieces] == [True, False]
    assert len({piece.payload for piece in rendered.pieces}) == 1


def test_long_message_is_cut_with_room_for_what_is_added() -> None:
    said = message("word " * 6_000, root="1699999999.000100", broadcast=True)
    rendered = text.render(said, Look(), CAPS)
    assert len(rendered.pieces) > 4
    assert all(len(piece.payload.decode()) <= CAPS.piece_limit - 126 for piece in rendered.pieces)
    assert text.SPLIT in rendered.losses


def test_link_is_marked_until_topics_are_known() -> None:
    url = "https://acme.slack.com/archives/C1/p1700000000000100"
    (written,) = words_of(message(f"see <{url}>"))
    ((start, end, address),) = text.marked_links(written)
    assert address == url
    assert written[:start] + written[end:] == "see , 2023-11-14 22:13 UTC"
    assert text.marked_links("no link") == []


@pytest.mark.parametrize(
    ("emoji", "key"),
    [
        ("thumbsup", "1f44d"),
        ("+1::skin-tone-3", "1f44d"),
        ("heart", "2764"),
        ("parrot", ":parrot:"),
        ("squirrel", "1f43f"),
        ("shipit", "1f680"),
        ("nobody-knows", text.UNKNOWN),
    ],
)
def test_reactions(emoji: str, key: str) -> None:
    look = Look({"parrot": ":parrot:", "squirrel": "🐿️", "shipit": "🚀"}, ("emoji/parrot",))
    assert text.reaction_key(emoji, look) == key


def test_lost_reactions_are_named() -> None:
    reactions = (Reaction("+1::skin-tone-3", ("U1",)), Reaction("nobody-knows", ("U1",)))
    rendered = text.render(message("x", reactions=reactions), Look(), CAPS)
    assert rendered.losses == (text.SKIN_TONE, text.CUSTOM_EMOJI)


def test_snippet_is_the_first_words_of_a_thread() -> None:
    asks = message("<@U1> asks", thread=True)
    assert text.render(asks, Look(), CAPS).snippet == "@Ann One asks"
    assert len(text.render(message("word " * 100, thread=True), Look(), CAPS).snippet) <= 80
    assert text.render(message("<@U1> asks"), Look(), CAPS).snippet == ""
