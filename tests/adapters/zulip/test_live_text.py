"""What an organization that stands is told: numbers in mentions and links, nothing of what is
private, and words just as they come back."""

import pytest

from adapters.zulip import adapter, live_text
from adapters.zulip.config import Config
from adapters.zulip.profiles import ZulipCaps, caps_for
from mappings import mrkdwn
from migrate.model import File, Key, Message
from migrate.spi import Face, Placement, Pointer
from tests.adapters.mattermost.acts import Known

CONFIG = Config(mode="api", zuliprc="zuliprc")
CAPS: ZulipCaps = caps_for(CONFIG)
URL = "https://acme.slack.com/archives/C1/p1700000000000100"
OTHER = "https://acme.slack.com/archives/C1"


class Uploaded(Known):
    def file(self, id: str) -> str | None:
        return f"/user_uploads/2/aa/bb/{id}.png"


class People(Known):
    def person(self, id: str) -> Face | None:
        return Face("Ann", "12") if id == "U1" else None


def written(text: str, look: Known | None = None, **more: object) -> str:
    message = Message(
        key=Key("T1", "C1", "1700000100.000000"),
        author="U1",
        kind="message",
        body=mrkdwn.parse(text),
        **more,  # type: ignore[arg-type]  # a message's own fields
    )
    rendered = adapter.render(message, look or People(), CAPS)
    assert len(rendered.pieces) == 1
    return rendered.pieces[0].payload.decode()


def linked(pointer: Pointer, text: str = f"<{URL}>") -> str:
    return written(text, Known(links={URL: pointer, OTHER: pointer}))


def test_mentions_are_silent_and_by_number() -> None:
    assert written("hello <@U1> and <@U2|bob>") == "hello @_**|12** and @bob"


def test_channels_are_links_by_number() -> None:
    look = Known(conversations={"C7": Face("plans", "31"), "C8": Face("", "32")})
    assert written("<#C7|plans>", look) == "[#plans](#narrow/channel/31)"
    assert "32" not in written("<#C8|secret>", look)
    assert "secret" not in written("<#C8|secret>", look)


def test_a_link_leads_to_the_message_in_its_topic() -> None:
    pointer = Pointer(Face("plans", "31"), "907", placement=Placement("2023-11-14 a (b)", 5))
    assert linked(pointer) == (
        "[#plans, 2023-11-14 22:13 UTC](#narrow/channel/31/topic/2023-11-14.20a.20.28b.29/near/907)"
    )


def test_a_link_to_what_stands_outside_threads() -> None:
    pointer = Pointer(Face("plans", "31"), "907", placement=Placement("", 5))
    assert "/topic/imported.20from.20Slack/near/907" in linked(pointer)


def test_a_link_with_words_of_its_own() -> None:
    pointer = Pointer(Face("plans", "31"), "907", placement=Placement("", 5))
    assert linked(pointer, f"<{URL}|see there>").startswith("see there ([#plans,")


def test_what_is_private_is_told_by_number_alone() -> None:
    pointer = Pointer(Face("", "31"), "907", placement=Placement("2023-11-14 our secret", 5))
    assert linked(pointer) == (
        "[a private conversation, 2023-11-14 22:13 UTC](#narrow/channel/31/near/907)"
    )


def test_direct_talk_is_told_nobody() -> None:
    pointer = Pointer(Face("", "dm:12,13"), "907", placement=Placement("", 5))
    assert linked(pointer) == "a private conversation, 2023-11-14 22:13 UTC"


def test_a_message_that_is_not_there_leads_to_its_channel() -> None:
    pointer = Pointer(Face("plans", "31"), None, lost=True)
    assert linked(pointer) == "[#plans, 2023-11-14 22:13 UTC](#narrow/channel/31)"


def test_files_stand_below_under_the_addresses_that_the_server_gave() -> None:
    file = File(id="F1", name="a [b].png", mimetype="image/png")
    text = written("look", Uploaded(), files=(file,))
    assert text == "look\n\n[a b .png](/user_uploads/2/aa/bb/F1.png)"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\n\n two  \u00a0\n", " two"),
        ("a\0b", "ab"),
        ("", live_text.NOTHING),
        (" \n\t", live_text.NOTHING),
        ("/poll which", "\u200b/poll which"),
        ("/todo", "\u200b/todo"),
        ("/me is no emote", "\u200b/me is no emote"),
        ("/mean", "/mean"),
        ("a /poll", "a /poll"),
    ],
)
def test_words_come_back_as_they_were_sent(text: str, kept: str) -> None:
    assert live_text.kept(text, "message") == kept
    assert kept.rstrip().lstrip("\n") == kept


def test_an_emote_stays_one() -> None:
    assert live_text.kept("/me waves", "emote") == "/me waves"


def test_a_link_is_never_longer_than_was_planned_for() -> None:
    topic = "\U0001f600" * 60
    pointer = Pointer(Face("c" * 60, "1" * 20), "9" * 20, placement=Placement(topic, 5))
    assert len(live_text.link(URL, pointer, CAPS)) <= live_text.LINK_CHARS
