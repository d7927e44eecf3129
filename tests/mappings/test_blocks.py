"""Block Kit to the tree: one row per block and element, and any JSON at all."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.blocks import parse
from mappings.names import SlackNames
from mappings.nodes import (
    Block,
    Broadcast,
    Channel,
    Code,
    Date,
    Divider,
    Document,
    Emoji,
    Fields,
    Group,
    Heading,
    Image,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Person,
    Preformatted,
    Quote,
    Styled,
    Table,
    Text,
    visible_text,
)
from tests.mappings.trees import json_values, tricky_text

Json = Mapping[str, object]
URL = "https://x.org"


def line(*children: Inline) -> Paragraph:
    return Paragraph(children)


def words(text: str) -> Paragraph:
    return line(Text(text))


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": elements and list(elements)}


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def rich_list(*items: str, **more: object) -> Json:
    entries = [section(text(item)) for item in items]
    return {"type": "rich_text_list", "style": "bullet", "elements": entries, **more}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def shown(*blocks: Json) -> tuple[Block, ...]:
    parsed = parse("the shadow", list(blocks))
    assert parsed.losses == ()
    return parsed.document.blocks


@pytest.mark.parametrize(
    ("element", "node"),
    [
        (text("a < b &amp; *c*"), Text("a < b &amp; *c*")),
        (text("x", bold=True), Styled("bold", (Text("x"),))),
        (text("x", italic=True), Styled("italic", (Text("x"),))),
        (text("x", strike=True), Styled("strike", (Text("x"),))),
        (text("x", underline=True), Styled("underline", (Text("x"),))),
        (text("x", highlight=True), Styled("highlight", (Text("x"),))),
        (text("x", client_highlight=True), Text("x")),
        (text("x", unlink=True), Text("x")),
        (text("x", bold=False), Text("x")),
        (text("*x*", code=True), Code("*x*")),
        (text("x", code=True, bold=True), Styled("bold", (Code("x"),))),
        (
            text("x", bold=True, italic=True),
            Styled("bold", (Styled("italic", (Text("x"),)),)),
        ),
        ({"type": "link", "url": URL}, Link(URL)),
        ({"type": "link", "url": URL, "text": URL}, Link(URL)),
        ({"type": "link", "url": URL, "text": "x"}, Link(URL, (Text("x"),))),
        ({"type": "link", "url": URL, "style": {"code": True}}, Link(URL, (Code(URL),))),
        ({"type": "link", "url": "mailto:a@b.org"}, Link("mailto:a@b.org", (Text("a@b.org"),))),
        ({"type": "user", "user_id": "U1"}, Person("U1")),
        ({"type": "usergroup", "usergroup_id": "S1"}, Group("S1")),
        ({"type": "channel", "channel_id": "C1"}, Channel("C1")),
        ({"type": "broadcast", "range": "here"}, Broadcast("here")),
        ({"type": "team", "team_id": "T1"}, Text("@T1")),
        (
            {"type": "message_mention", "channel_id": "C1", "message_ts": "1469781868.000005"},
            Link(
                "slack://channel?id=C1&message=1469781868.000005",
                (Text("a message in "), Channel("C1")),
            ),
        ),
        (
            {"type": "message_mention", "channel_id": "C1", "permalink": URL},
            Link(URL, (Text("a message in "), Channel("C1"))),
        ),
        ({"type": "color", "value": "#ff0000"}, Text("#ff0000")),
        ({"type": "emoji", "name": "wave", "unicode": "1f44b"}, Emoji("wave", "👋")),
        ({"type": "emoji", "name": "wave", "skin_tone": 4}, Emoji("wave", "👋🏽", 4)),
        ({"type": "emoji", "name": "wave::skin-tone-4"}, Emoji("wave", "👋🏽", 4)),
        ({"type": "emoji", "name": "party_parrot"}, Emoji("party_parrot")),
        # Newer than the names known here: the block says itself which character it is.
        (
            {"type": "emoji", "name": "brand_new", "unicode": "1fae9"},
            Emoji("brand_new", "\U0001fae9"),
        ),
        (
            {"type": "date", "timestamp": 1392734382, "format": "{date}", "fallback": "Feb 18"},
            Date(1392734382, "Feb 18"),
        ),
    ],
)
def test_inline_elements(element: Json, node: Inline) -> None:
    assert shown(rich(section(element))) == (line(node),)


def test_runs_of_one_style_are_one() -> None:
    emoji = {"type": "emoji", "name": "tada", "style": {"bold": True}}
    block = rich(section(text("a ", bold=True), emoji, text(" b", bold=True), text(" c")))
    assert shown(block) == (
        line(Styled("bold", (Text("a "), Emoji("tada", "🎉"), Text(" b"))), Text(" c")),
    )


def item(text: str, *below: Block) -> Item:
    return Item((words(text), *below))


@pytest.mark.parametrize(
    ("elements", "blocks"),
    [
        ([section(text("a\n")), rich_list("b")], (words("a"), List(False, (item("b"),)))),
        (
            [rich_list("a"), rich_list("b", "c", indent=1), rich_list("d")],
            (List(False, (item("a", List(False, (item("b"), item("c")))), item("d"))),),
        ),
        (
            [
                rich_list("a", style="ordered"),
                rich_list("b", indent=1),
                rich_list("c", style="ordered", offset=1),
            ],
            (List(True, (item("a", List(False, (item("b"),))), item("c"))),),
        ),
        (
            [rich_list("a", style="ordered", offset=4)],
            (List(True, (item("a"),), 5),),
        ),
        (
            [rich_list("a"), rich_list("b", style="ordered")],
            (List(False, (item("a"),)), List(True, (item("b"),))),
        ),
        # A list that starts deep, as after a deleted parent.
        (
            [rich_list("a", indent=2), rich_list("b")],
            (List(False, (item("a"), item("b"))),),
        ),
        ([rich_list("a", border=1)], (Quote((List(False, (item("a"),)),)),)),
        (
            [
                {"type": "rich_text_quote", "elements": [text("a")]},
                rich_list("b", border=1),
            ],
            (Quote((words("a"), List(False, (item("b"),)))),),
        ),
        (
            [
                {
                    "type": "rich_text_preformatted",
                    "elements": [text("a *b*\n"), {"type": "link", "url": URL}],
                    "language": "python",
                }
            ],
            (Preformatted(f"a *b*\n{URL}", "python"),),
        ),
        (
            [{"type": "rich_text_preformatted", "elements": [text("a")], "border": 1}],
            (Quote((Preformatted("a"),)),),
        ),
    ],
)
def test_rich_text(elements: list[Json], blocks: tuple[Block, ...]) -> None:
    assert shown(rich(*elements)) == blocks


@pytest.mark.parametrize(
    ("block", "blocks"),
    [
        ({"type": "section", "text": mrkdwn("*b*")}, (line(Styled("bold", (Text("b"),))),)),
        (
            {"type": "section", "text": plain("*b* &lt; :+1:")},
            (line(Text("*b* < "), Emoji("+1", "👍")),),
        ),
        (
            {"type": "section", "text": mrkdwn("a"), "fields": [mrkdwn("b"), plain("c")]},
            (words("a"), Fields(((Text("b"),), (Text("c"),)))),
        ),
        (
            {
                "type": "section",
                "text": mrkdwn("a"),
                "accessory": {"type": "image", "image_url": URL, "alt_text": "A cat"},
            },
            (words("a"), Image(URL, "A cat")),
        ),
        (
            {
                "type": "section",
                "text": mrkdwn("a"),
                "accessory": {"type": "button", "text": plain("Go"), "url": URL},
            },
            (words("a"), line(Link(URL, (Text("[Go]"),)))),
        ),
        (
            {"type": "header", "text": plain("News :tada:")},
            (Heading((Text("News "), Emoji("tada", "🎉"))),),
        ),
        (
            {
                "type": "context",
                "elements": [
                    {"type": "image", "image_url": URL, "alt_text": "icon"},
                    mrkdwn("by <@U1>"),
                ],
            },
            (line(Link(URL, (Text("icon"),)), Text(" "), Text("by "), Person("U1")),),
        ),
        (
            {"type": "context", "elements": [mrkdwn("a"), mrkdwn("```b```")]},
            (words("a"), Preformatted("b")),
        ),
        ({"type": "divider"}, (Divider(),)),
        (
            {"type": "image", "image_url": URL, "alt_text": "alt", "title": plain("A cat")},
            (Image(URL, "A cat"),),
        ),
        ({"type": "image", "slack_file": {"url": URL}, "alt_text": "alt"}, (Image(URL, "alt"),)),
        (
            {
                "type": "video",
                "title": plain("A film"),
                "title_url": URL,
                "author_name": "Ann",
                "description": plain("About cats"),
                "alt_text": "alt",
            },
            (
                line(Styled("bold", (Link(URL, (Text("A film"),)),))),
                words("Ann"),
                words("About cats"),
            ),
        ),
        (
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": plain("Yes")},
                    {"type": "static_select", "placeholder": plain("Choose")},
                    {"type": "static_select", "initial_option": {"text": plain("Blue")}},
                ],
            },
            (line(Text("[Yes]"), Text(" "), Text("[Choose]"), Text(" "), Text("[Blue]")),),
        ),
        (
            {
                "type": "input",
                "label": plain("Name"),
                "element": {"type": "plain_text_input", "initial_value": "Ann"},
            },
            (words("Name"), words("[Ann]")),
        ),
        (
            {
                "type": "table",
                "rows": [
                    [{"type": "raw_text", "text": "a"}, rich(section(text("b", bold=True)))],
                    [{"type": "raw_text", "text": "c"}],
                ],
                "column_settings": [{"align": "right"}, None],
            },
            (
                Table(
                    (((Text("a"),), (Styled("bold", (Text("b"),)),)), ((Text("c"),),)),
                    ("right", ""),
                ),
            ),
        ),
        (
            {"type": "call", "call": {"v1": {"name": "Standup", "join_url": URL}}},
            (line(Link(URL, (Text("Standup"),))),),
        ),
        (
            {"type": "contact_card", "contact": {"name": "Ann", "email": "a@b.org"}},
            (words("Ann"), words("a@b.org")),
        ),
        ({"type": "alert", "text": mrkdwn("Mind the gap")}, (words("Mind the gap"),)),
        (
            {"type": "card", "title": plain("A"), "subtitle": plain("B"), "body": mrkdwn("C")},
            (words("A"), words("B"), words("C")),
        ),
    ],
)
def test_blocks(block: Json, blocks: tuple[Block, ...]) -> None:
    assert shown(block) == blocks


def test_markdown_blocks() -> None:
    source = (
        "# Title\n\n**b** ~~s~~ `c` [l](https://x.org) <@U1> :tada:\n\n- a\n  1. b\n\n> q\n\n"
        "```py\nx\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n---\n\n&lt;!here&gt; &amp; done"
    )
    assert shown({"type": "markdown", "text": source}) == (
        Heading((Text("Title"),), 1),
        line(
            Styled("bold", (Text("b"),)),
            Text(" "),
            Styled("strike", (Text("s"),)),
            Text(" "),
            Code("c"),
            Text(" "),
            Link(URL, (Text("l"),)),
            Text(" "),
            Person("U1"),
            Text(" "),
            Emoji("tada", "🎉"),
        ),
        List(False, (item("a", List(True, (item("b"),))),)),
        Quote((words("q"),)),
        Preformatted("x", "py"),
        Table((((Text("a"),), (Text("b"),)), ((Text("c"),), (Text("d"),)))),
        Divider(),
        # Entities are undone without being read as tokens: nobody is called.
        line(Text("<"), Text("!here"), Text(">"), Text(" "), Text("&"), Text(" done")),
    )


def test_a_file_block_shows_nothing_of_its_own() -> None:
    assert parse("see the file", [{"type": "file", "file_id": "F1"}]).document.blocks == (
        words("see the file"),
    )


@pytest.mark.parametrize(
    ("block", "seen"),
    [
        ({"type": "hologram", "fallback": "A hologram"}, "A hologram"),
        ({"type": "hologram", "text": mrkdwn("*Look*")}, "Look"),
        ({"type": "hologram", "elements": [{"type": "button", "text": plain("Go")}]}, "[Go]"),
        ({"type": "hologram", "url": URL}, URL),
        (rich(section({"type": "scent", "text": "Roses"})), "Roses"),
        (rich(section({"type": "message", "permalink": URL, "text": "that"})), "that"),
        (rich({"type": "rich_text_poem", "text": "Roses"}), "Roses"),
    ],
)
def test_what_is_unknown_shows_its_words_and_is_a_loss(block: Json, seen: str) -> None:
    parsed = parse("the shadow", [block])
    assert parsed.losses == ("block-unknown",)
    assert visible_text(parsed.document, SlackNames()) == seen


def test_an_unknown_block_without_words_leaves_the_text() -> None:
    parsed = parse("the shadow", [{"type": "hologram"}, {"type": "hologram"}])
    assert parsed.losses == ("block-unknown",)
    assert parsed.document == Document((words("the shadow"),))


@pytest.mark.parametrize("blocks", [None, [], "garbage", {}, 7, [None, 3, "x"], [[{}]]])
def test_without_blocks_the_text_is_read(blocks: object) -> None:
    assert parse("*b*", blocks).document == Document((line(Styled("bold", (Text("b"),))),))


def test_nothing_is_an_empty_document() -> None:
    assert parse(None).document == parse("", None, None).document == Document()


@given(
    st.none() | tricky_text,
    json_values | st.lists(json_values, max_size=4),
    json_values | st.lists(json_values, max_size=4),
)
def test_any_json_gives_a_tree_and_always_the_same(
    text: str | None, blocks: object, attachments: object
) -> None:
    parsed = parse(text, blocks, attachments)
    assert parsed == parse(text, blocks, attachments)
    visible_text(parsed.document, SlackNames())
    assert set(parsed.losses) <= {"block-unknown"}


def test_json_that_nests_for_ever_is_survived() -> None:
    block: Json = text("deep")
    for _ in range(400):
        block = {"type": "rich_text_list", "elements": [block]}
    parse("the shadow", [rich(block)])
    for _ in range(400):
        block = {"type": "rich_text", "elements": [block]}
    parse("the shadow", [block])
