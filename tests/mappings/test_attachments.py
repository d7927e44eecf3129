"""Attachments to the tree."""

from collections.abc import Mapping

import pytest

from mappings.blocks import parse
from mappings.nodes import (
    Block,
    Card,
    Channel,
    Date,
    Fields,
    Image,
    Inline,
    Link,
    Paragraph,
    Person,
    Preformatted,
    Quote,
    Styled,
    Text,
)

URL = "https://x.org"


def line(*children: Inline) -> Paragraph:
    return Paragraph(children)


def words(text: str) -> Paragraph:
    return line(Text(text))


def bold(*children: Inline) -> Styled:
    return Styled("bold", children)


@pytest.mark.parametrize(
    ("attachment", "blocks"),
    [
        (
            {"text": "*b* &amp;", "color": "36a64f"},
            (Card((line(bold(Text("b")), Text(" &")),), "#36a64f"),),
        ),
        ({"text": "x", "color": "good"}, (Card((words("x"),), "#2eb67d"),)),
        ({"text": "x", "color": "#D00000"}, (Card((words("x"),), "#d00000"),)),
        ({"text": "x", "color": "reddish"}, (Card((words("x"),)),)),
        ({"pretext": "look", "text": "x"}, (words("look"), Card((words("x"),)))),
        ({"fallback": "only this"}, (Card((words("only this"),)),)),
        ({"fallback": "not this", "text": "x"}, (Card((words("x"),)),)),
        (
            {
                "author_name": "Ann",
                "author_link": URL,
                "title": "A &lt;title&gt;",
                "title_link": URL,
                "text": "x",
                "image_url": f"{URL}/a.png",
                "thumb_url": f"{URL}/b.png",
                "footer": "Tracker",
                "ts": "1392734382",
            },
            (
                Card(
                    (
                        line(Link(URL, (Text("Ann"),))),
                        line(bold(Link(URL, (Text("A <title>"),)))),
                        words("x"),
                        Image(f"{URL}/a.png"),
                        line(
                            Text("Tracker"), Text(" | "), Date(1392734382, "2014-02-18 14:39 UTC")
                        ),
                    )
                ),
            ),
        ),
        # A link's preview.
        (
            {"service_name": "News", "title": "T", "from_url": URL, "thumb_url": f"{URL}/b.png"},
            (Card((words("News"), line(bold(Text("T"))), Image(f"{URL}/b.png"))),),
        ),
        (
            {
                "fields": [
                    {"title": "Priority", "value": "*High*", "short": True},
                    {"title": "State", "value": "", "short": True},
                    {"title": "Log", "value": "```x```", "short": False},
                ]
            },
            (
                Card(
                    (
                        Fields(
                            (
                                (bold(Text("Priority")), Text("\n"), bold(Text("High"))),
                                (bold(Text("State")),),
                            )
                        ),
                        line(bold(Text("Log"))),
                        Preformatted("x"),
                    )
                ),
            ),
        ),
        (
            {
                "text": "Lunch?",
                "actions": [{"type": "button", "text": "Yes"}, {"text": "No", "url": URL}],
            },
            (
                Card(
                    (
                        words("Lunch?"),
                        line(Text("[Yes]"), Text(" "), Link(URL, (Text("[No]"),))),
                    )
                ),
            ),
        ),
        # An app's card.
        (
            {
                "color": "#123456",
                "fallback": "[no preview available]",
                "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}],
            },
            (Card((words("x"),), "#123456"),),
        ),
        # Files are the message's files.
        ({"id": 1, "files": [{"id": "F1", "name": "a.png"}]}, ()),
    ],
)
def test_cards(attachment: Mapping[str, object], blocks: tuple[Block, ...]) -> None:
    assert parse(None, None, [attachment]).document.blocks == blocks


UNFURL: dict[str, object] = {
    "is_msg_unfurl": True,
    "author_id": "U1",
    "author_name": "ann",
    "text": "the shadow",
    "fallback": "[Feb 18th] ann: the shadow",
    "from_url": "https://acme.slack.com/archives/C1/p1469781868000005",
    "footer": "Posted in <#C1|general>",
    "ts": "1469781868.000005",
}
AUTHOR = line(bold(Person("U1", "ann")))
SOURCE = line(
    Link(
        "https://acme.slack.com/archives/C1/p1469781868000005",
        (Text("Posted in "), Channel("C1", "general")),
    )
)


def test_another_message_is_a_quote_with_author_and_link() -> None:
    assert parse("see", None, [UNFURL]).document.blocks == (
        words("see"),
        Quote((AUTHOR, words("the shadow"), SOURCE)),
    )


def test_its_blocks_are_shown_before_its_text() -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "exact"}]}
    blocks = [{"type": "rich_text", "elements": [section]}]
    attachment = UNFURL | {"message_blocks": [{"channel": "C1", "message": {"blocks": blocks}}]}
    (quote,) = parse(None, None, [attachment]).document.blocks
    assert isinstance(quote, Quote)
    assert quote.blocks == (AUTHOR, words("exact"), SOURCE)


def test_unknown_blocks_in_a_card_are_a_loss() -> None:
    parsed = parse(None, None, [{"blocks": [{"type": "hologram", "fallback": "A hologram"}]}])
    assert parsed.losses == ("block-unknown",)
    assert parsed.document.blocks == (Card((words("A hologram"),)),)


@pytest.mark.parametrize("attachments", [None, [], "x", 3, [None, 1, {}], {"text": "x"}])
def test_no_attachments(attachments: object) -> None:
    assert parse("a", None, attachments).document.blocks == (words("a"),)
