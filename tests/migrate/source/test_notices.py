"""The words of what Slack says by itself."""

from pathlib import Path

import pytest

from mappings.nodes import Channel, Document, Link, Paragraph, Person, Text
from migrate.source import parse
from migrate.source.notices import word_huddle
from migrate.source.wire import Room
from tests.migrate.source.build import message, read_day, texts, ts

ROOM = {"created_by": "U0BOB", "date_start": 1700000000, "date_end": 1700000720}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"subtype": "channel_join"}, "@U0ANN joined."),
        ({"subtype": "group_join", "inviter": "U0BOB"}, "@U0ANN joined, invited by @U0BOB."),
        ({"subtype": "channel_leave"}, "@U0ANN left."),
        ({"subtype": "channel_topic", "topic": "A &amp; B"}, "@U0ANN set the topic: A & B"),
        ({"subtype": "group_topic", "topic": ""}, "@U0ANN cleared the topic."),
        (
            {"subtype": "channel_purpose", "purpose": "for <@U0BOB>"},
            "@U0ANN set the purpose: for @U0BOB",
        ),
        (
            {"subtype": "channel_name", "old_name": "a", "name": "b"},
            "@U0ANN renamed the conversation from a to b.",
        ),
        ({"subtype": "channel_name", "name": "b"}, "@U0ANN renamed the conversation to b."),
        ({"subtype": "channel_archive"}, "@U0ANN archived the conversation."),
        ({"subtype": "pinned_item"}, "@U0ANN pinned something here."),
        (
            {"subtype": "bot_add", "bot_link": "<https://x|GitHub>"},
            "@U0ANN added an integration: GitHub",
        ),
        ({"subtype": "bot_add", "text": ""}, "@U0ANN added an integration."),
        (
            {"subtype": "bot_add", "text": "added an integration: GitHub"},
            "@U0ANN added an integration: GitHub",
        ),
        # Slackbot speaks for itself.
        (
            {"subtype": "slackbot_response", "user": "USLACKBOT", "text": "Second floor."},
            "Second floor.",
        ),
        (
            {"subtype": "document_mention", "text": "mentioned you"},
            "@U0ANN mentioned somebody in a canvas.",
        ),
        (
            {"subtype": "reply_broadcast", "text": ""},
            "@U0ANN sent a reply to the conversation, too.",
        ),
        (
            {"subtype": "assistant_app_thread", "text": "New assistant thread"},
            "@U0ANN began a thread with an assistant.",
        ),
        (
            {"subtype": "reminder_add", "text": "set up a reminder to *call*"},
            "@U0ANN set up a reminder to call",
        ),
        (
            {"subtype": "joiner_notification", "text": "<@U0ANN> is new"},
            "@U0ANN is new",
        ),
        ({"subtype": "ekm_access_denied", "text": ""}, "@U0ANN ekm access denied"),
        ({"subtype": "channel_join", "user": ..., "text": "Somebody came"}, "Somebody came"),
        ({"subtype": "bot_sneeze", "user": ..., "text": None}, "bot sneeze"),
        ({"subtype": "tombstone", "text": "secret"}, "This message was deleted."),
    ],
)
def test_wordings(tmp_path: Path, fields: dict[str, object], words: str) -> None:
    assert texts(read_day(tmp_path, message(**fields)).messages()) == [words]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"participant_history": ["U1", "U2", "U3"]}, "Huddle, 12 min, with @U1, @U2 and @U3"),
        (
            {"participant_history": ["U1"], "attended_user_ids": ["U1", "U2"]},
            "Huddle, 12 min, with @U1 and @U2",
        ),
        ({"participants": []}, "Huddle, 12 min"),
        ({"date_end": 1700000000 + 7200}, "Huddle, 2 h"),
        ({"date_end": 1700000000 + 5400}, "Huddle, 1 h 30 min"),
        ({"date_end": 1700000001}, "Huddle, 1 min"),
        ({"date_end": 0}, "Huddle"),
        ({"date_end": None, "was_missed": True}, "Missed huddle"),
        ({"date_end": 0, "was_missed": True, "participant_history": ["U0BOB"]}, "Missed huddle"),
        ({"date_end": "1700000720", "participants": [None, "U1"]}, "Huddle, 12 min, with @U1"),
    ],
)
def test_huddles(tmp_path: Path, more: dict[str, object], words: str) -> None:
    found = read_day(tmp_path, message(subtype="huddle_thread", room=ROOM | more, text="x"))
    assert texts(found.messages()) == [words]
    assert [record.kind for record in found.records] == ["message"]


def test_people_in_a_huddle_are_mentions() -> None:
    room = Room(participant_history=["U1"])
    assert word_huddle(room) == Document((Paragraph((Text("Huddle, with "), Person("U1"))),))


def test_channels_in_a_topic_are_mentions(tmp_path: Path) -> None:
    (parsed,) = read_day(
        tmp_path, message(subtype="channel_topic", topic="see <#C0X|x>")
    ).messages()
    (paragraph,) = parsed.body.blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.children[-1] == Channel("C0X", "x")


def test_a_comment_on_a_file_names_the_file_and_answers_its_message(tmp_path: Path) -> None:
    file = {
        "id": "F1",
        "title": "Plan",
        "permalink": "https://acme.slack.com/files/U/F1/plan",
        "shares": {"public": {"C0GENERAL": [{"ts": ts(-3)}, {"ts": ts(-9)}], "C1": [{"ts": "1"}]}},
    }
    found = read_day(
        tmp_path,
        message(
            subtype="file_comment",
            user=...,
            text="<@U0BOB> commented on …",
            file=file,
            comment={"user": "U0BOB", "comment": "so *good*"},
        ),
    )
    (parsed,) = found.messages()
    assert texts([parsed]) == ["On Plan:\nso good"]
    lead = parsed.body.blocks[0]
    assert isinstance(lead, Paragraph)
    assert lead.children[1] == Link("https://acme.slack.com/files/U/F1/plan", (Text("Plan"),))
    assert (parsed.author, parsed.root, parsed.files) == ("U0BOB", ts(-9), ())
    assert [file.id for file in found.hauls[0].files] == ["F1"]
    assert found.records[0].root == 1699999991000100
    assert parse(found.records[0].raw, parsed.key) == parsed
