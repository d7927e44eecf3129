"""Slack's text to the tree: one row per construct."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.mrkdwn import parse
from mappings.names import SlackNames
from mappings.nodes import (
    Block,
    Broadcast,
    Channel,
    Code,
    Date,
    Document,
    Emoji,
    Group,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Person,
    Preformatted,
    Quote,
    Styled,
    Text,
    visible_text,
)
from tests.mappings.trees import TRICKY, slack_messages


def line(*children: Inline) -> Paragraph:
    return Paragraph(children)


def bold(text: str) -> Styled:
    return Styled("bold", (Text(text),))


@pytest.mark.parametrize(
    ("text", "children"),
    [
        ("just words", (Text("just words"),)),
        ("a &lt;b&gt; &amp;amp;", (Text("a <b> &amp;"),)),
        ("*b*", (bold("b"),)),
        ("_i_", (Styled("italic", (Text("i"),)),)),
        ("~s~", (Styled("strike", (Text("s"),)),)),
        ("*_b_*", (Styled("bold", (Styled("italic", (Text("b"),)),)),)),
        ("(*b*), done", (Text("("), bold("b"), Text("), done"))),
        ("*two\nlines*", (bold("two\nlines"),)),
        # No part of a word is styled, and nothing that starts or ends with a blank.
        ("a*b*c", (Text("a*b*c"),)),
        ("snake_case_name", (Text("snake_case_name"),)),
        ("2 * 3 * 4", (Text("2 * 3 * 4"),)),
        ("* b*", (Text("* b*"),)),
        ("*b *", (Text("*b *"),)),
        ("**b**", (Text("**b**"),)),
        ("__init__", (Text("__init__"),)),
        ("~5 to ~6", (Text("~5 to ~6"),)),
        ("*b\n\nc*", (Text("*b\n\nc*"),)),
        ("*a _b* c_", (bold("a _b"), Text(" c_"))),
        # Code is opaque, and its entities are undone all the same.
        ("`*x* &lt;y&gt; :+1:`", (Code("*x* <y> :+1:"),)),
        ("`<https://x.org|x.org>`", (Code("x.org"),)),
        ("a ` b", (Text("a ` b"),)),
        # Tokens.
        ("<@U123>", (Person("U123"),)),
        ("<@W123|ann>", (Person("W123", "ann"),)),
        ("<@B123>", (Person("B123"),)),
        ("<#C123>", (Channel("C123"),)),
        ("<#C123|>", (Channel("C123"),)),
        ("<#C123|general>", (Channel("C123", "general"),)),
        ("<!here>", (Broadcast("here"),)),
        ("<!here|here>", (Broadcast("here"),)),
        ("<!channel|@channel>", (Broadcast("channel"),)),
        ("<!everyone>", (Broadcast("everyone"),)),
        ("<!group>", (Broadcast("group"),)),
        ("<!subteam^S123|@devs>", (Group("S123", "devs"),)),
        ("<!subteam^S123>", (Group("S123"),)),
        (
            "<!date^1392734382^Posted {date_num}^https://x.org|Feb 18>",
            (Date(1392734382, "Feb 18", "https://x.org"),),
        ),
        ("<!date^1392734382^{time}|14:39>", (Date(1392734382, "14:39"),)),
        ("<!date^1392734382^{time}>", (Date(1392734382, "2014-02-18 14:39 UTC"),)),
        ("<!date^soon^{time}|14:39>", (Text("14:39"),)),
        ("<!tomorrow|a label>", (Text("a label"),)),
        ("<!tomorrow>", (Text("<!tomorrow>"),)),
        ("<https://x.org>", (Link("https://x.org"),)),
        ("<https://x.org|https://x.org>", (Link("https://x.org"),)),
        ("<https://x.org?a=1&amp;b=2>", (Link("https://x.org?a=1&b=2"),)),
        ("<https://x.org|a|b &gt; c>", (Link("https://x.org", (Text("a|b > c"),)),)),
        (
            "<https://x.org|a :+1:>",
            (Link("https://x.org", (Text("a "), Emoji("+1", "👍"))),),
        ),
        ("<mailto:a@b.org|a@b.org>", (Link("mailto:a@b.org", (Text("a@b.org"),)),)),
        ("<mailto:a@b.org>", (Link("mailto:a@b.org", (Text("a@b.org"),)),)),
        ("<tel:+123|+1 23>", (Link("tel:+123", (Text("+1 23"),)),)),
        ("<slack-action://B1/x|Do it>", (Link("slack-action://B1/x", (Text("Do it"),)),)),
        ("</path|a label>", (Text("a label (/path)"),)),
        ("see http://x.org/_a_/b.", (Text("see "), Link("http://x.org/_a_/b"), Text("."))),
        ("_http://x.org_", (Styled("italic", (Link("http://x.org"),)),)),
        ("*<@U1>*", (Styled("bold", (Person("U1"),)),)),
        # Not tokens.
        ("a < b and c > d", (Text("a < b and c > d"),)),
        ("<nothing known>", (Text("<nothing known>"),)),
        ("<|a label>", (Text("<|a label>"),)),
        ("&lt;@U123&gt;", (Text("<@U123>"),)),
        # Emoji.
        (":smile:", (Emoji("smile", "😄"),)),
        (":thumbsup::skin-tone-3:", (Emoji("thumbsup", "👍🏼", 3),)),
        (":party_parrot:", (Emoji("party_parrot"),)),
        ("10:30:45", (Text("10:30:45"),)),
        (":100:", (Emoji("100", "💯"),)),
    ],
)
def test_one_line(text: str, children: tuple[Inline, ...]) -> None:
    assert parse(text) == Document((Paragraph(children),))


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", ()),
        ("a\n\nb", (line(Text("a\n\nb")),)),
        ("```x *y*\n&lt;z&gt;```", (Preformatted("x *y*\n<z>"),)),
        ("```\nx\n```", (Preformatted("x"),)),
        (
            "before ```x``` after",
            (line(Text("before ")), Preformatted("x"), line(Text(" after"))),
        ),
        ("``` never closed", (line(Text("``` never closed")),)),
        ("&gt; a\n&gt; b\nc", (Quote((line(Text("a\nb")),)), line(Text("c")))),
        ("&gt;a", (Quote((line(Text("a")),)),)),
        ("> a", (Quote((line(Text("a")),)),)),
        ("a &gt; b", (line(Text("a > b")),)),
        (
            "a\n&gt;&gt;&gt; b\n&gt; c\n```d```",
            (
                line(Text("a")),
                Quote((line(Text("b\n> c")), Preformatted("d"))),
            ),
        ),
        ("&gt; ```a\n&gt; b```", (Quote((Preformatted("a\nb"),)),)),
        (
            "• a\n    ◦ *b*\n        ▪︎ c\n• d",
            (
                List(
                    False,
                    (
                        Item(
                            (
                                line(Text("a")),
                                List(
                                    False,
                                    (
                                        Item(
                                            (
                                                line(bold("b")),
                                                List(False, (Item((line(Text("c")),)),)),
                                            )
                                        ),
                                    ),
                                ),
                            )
                        ),
                        Item((line(Text("d")),)),
                    ),
                ),
            ),
        ),
        # Typed numbers stay what was typed: as a list they could come out as other numbers.
        ("1. a\n3. b", (line(Text("1. a\n3. b")),)),
    ],
)
def test_blocks(text: str, blocks: tuple[Block, ...]) -> None:
    assert parse(text) == Document(blocks)


@given(st.text(TRICKY + "<@U1>|", max_size=200))
def test_any_text_gives_a_tree_of_the_same_letters(text: str) -> None:
    def letters(shown: str) -> list[str]:
        return [char for char in shown if char.isalnum() or char == "👍"]

    assert letters(visible_text(parse("x" + text.replace("<", "")), SlackNames())) == letters(
        "x" + unescaped(text.replace("<", ""))
    )


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize(
    "text",
    [
        "*a " * 15_000,
        "<" * 40_000,
        "```" * 15_000,
        "``" * 20_000,
        "&gt;&gt;&gt; a\n" * 4_000,
        "*_~" * 15_000,
        ":a" * 20_000,
        "".join(f"{' ' * depth}• a\n" for depth in range(250)),
    ],
)
def test_hostile_texts_of_the_longest_length_are_read_at_once(text: str) -> None:
    started = time.perf_counter()
    visible_text(parse(text), SlackNames())
    assert time.perf_counter() - started < 5


def test_the_generated_messages_use_what_they_are_to_test() -> None:
    kinds = {
        type(node).__name__
        for text in slack_messages(1000)
        for block in parse(text).blocks
        for node in (block, *getattr(block, "children", ()))
    }
    assert kinds >= {"Paragraph", "List", "Quote", "Preformatted", "Styled", "Code", "Link"}
    assert kinds >= {"Person", "Channel", "Group", "Broadcast", "Emoji", "Date", "Text"}
