"""Kept records become messages: text, reactions, files, and a message whatever comes."""

import json
from pathlib import Path

import pytest

from mappings.nodes import EMPTY, Emoji, Paragraph, Person, Styled, Text
from migrate.model import File, Key, Reaction
from migrate.source import parse
from tests.migrate.source.build import message, read_day, texts, ts

KEY = Key("T", "C", ts(0))


def test_blocks_go_before_text(tmp_path: Path) -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "exact", "style": {"bold": True}},
                        {"type": "user", "user_id": "U0BOB"},
                    ],
                }
            ],
        }
    ]
    (parsed,) = read_day(tmp_path, message(text="shadow", blocks=blocks)).messages()
    assert parsed.body.blocks == (Paragraph((Styled("bold", (Text("exact"),)), Person("U0BOB"))),)
    assert parsed.losses == ()


def test_text_alone_is_parsed(tmp_path: Path) -> None:
    (parsed,) = read_day(tmp_path, message(text="<@U0BOB> a &amp; b :+1:")).messages()
    assert texts([parsed]) == ["@U0BOB a & b 👍"]
    assert any(isinstance(node, Emoji) for node in parsed.body.blocks[0].children)  # type: ignore[union-attr] # a paragraph


def test_an_unknown_block_is_a_loss(tmp_path: Path) -> None:
    (parsed,) = read_day(tmp_path, message(text="x", blocks=[{"type": "hologram"}])).messages()
    assert parsed.losses == ("block-unknown",)


def test_an_edited_message_tells_when(tmp_path: Path) -> None:
    (parsed,) = read_day(tmp_path, message(edited={"user": "U0ANN", "ts": ts(9)})).messages()
    assert parsed.edited == ts(9)


def test_a_broadcast_is_marked_and_in_its_thread(tmp_path: Path) -> None:
    (parsed,) = read_day(
        tmp_path, message(subtype="thread_broadcast", thread_ts=ts(-9), root=message(-9))
    ).messages()
    assert (parsed.broadcast, parsed.root) == (True, ts(-9))


def test_reactions_of_one_emoji_are_one(tmp_path: Path) -> None:
    reactions = [
        {"name": "tada", "users": ["U1", "U2", "U1"], "count": 3},
        {"name": "+1::skin-tone-3", "users": ["U1"]},
        {"name": "tada", "users": ["U3", "U2"]},
        {"name": "ghost", "users": [], "count": 2},
        {"users": ["U1"]},
    ]
    (parsed,) = read_day(tmp_path, message(reactions=reactions)).messages()
    assert parsed.reactions == (
        Reaction("tada", ("U1", "U2", "U3")),
        Reaction("+1::skin-tone-3", ("U1",)),
    )


def test_a_file_is_described_whole(tmp_path: Path) -> None:
    wire = {
        "id": "F1",
        "name": "plan.pdf",
        "title": "Plan",
        "mimetype": "application/pdf",
        "mode": "hosted",
        "size": 1234,
        "user": "U0ANN",
        "url_private": "https://files.slack.com/p",
        "url_private_download": "https://files.slack.com/d",
        "permalink": "https://acme.slack.com/files/U0ANN/F1/plan.pdf",
    }
    (parsed,) = read_day(tmp_path, message(text="", files=[wire])).messages()
    assert parsed.files == (
        File(
            id="F1",
            name="plan.pdf",
            title="Plan",
            mimetype="application/pdf",
            mode="hosted",
            size=1234,
            url="https://files.slack.com/d",
            permalink="https://acme.slack.com/files/U0ANN/F1/plan.pdf",
            owner="U0ANN",
        ),
    )
    assert (parsed.body, parsed.losses) == (EMPTY, ())


@pytest.mark.parametrize("fields", [{"text": ""}, {"text": None}, {"text": ...}, {"blocks": []}])
def test_a_message_of_nothing_is_a_loss(tmp_path: Path, fields: dict[str, object]) -> None:
    (parsed,) = read_day(tmp_path, message(**{"text": "", **fields})).messages()
    assert parsed.losses == ("message-empty",)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"5",
        b'{"text": 5, "user": [], "files": {}, "reactions": "x", "blocks": 7}',
        b'{"text": "\\ud83d", "subtype": "huddle_thread", "room": []}',
        b'{"subtype": "file_comment", "comment": {"comment": 5}, "file": {"shares": []}}',
        b'{"attachments": [{"files": [{"id": 5, "size": "huge"}]}]}',
        b"\xff\xfe\x00",
        b"[" * 50_000,
    ],
)
def test_whatever_a_record_holds_a_message_comes_out(raw: bytes) -> None:
    assert parse(raw, KEY).key == KEY


def test_a_long_message_stays_whole(tmp_path: Path) -> None:
    text = "word " * 8_000
    assert texts(read_day(tmp_path, message(text=text)).messages()) == [text]
    assert json.loads(read_day(tmp_path, message(text=text)).records[0].raw)["text"] == text
