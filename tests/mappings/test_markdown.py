"""The tree as Markdown: what is written, and what other people's parsers read."""

from collections.abc import Callable

import pytest
from hypothesis import given

from mappings import mrkdwn
from mappings.markdown import MATTERMOST, ZULIP, Dialect, render
from mappings.names import Name, SlackNames
from mappings.nodes import (
    Block,
    Card,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Image,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Preformatted,
    Styled,
    Table,
    Text,
    visible_text,
)
from tests.mappings.readers import commonmark_html, html_tags, html_words, squeeze, zulip_html
from tests.mappings.trees import documents, slack_messages

URL = "https://x.org"
PLAIN = SlackNames()


class Server(SlackNames):
    """Names in a target's own syntax."""

    def __init__(self, person: str, channel: str) -> None:
        self._person, self._channel = person, channel

    def person(self, id: str, label: str) -> Name:
        return Name("Ann", markup=self._person) if id == "U1" else Name(f"@{label or id}")

    def channel(self, id: str, label: str) -> Name:
        return Name("#general", markup=self._channel)

    def emoji(self, name: str) -> str | None:
        return f":{name}:" if name == "party_parrot" else None

    def message(self, url: str) -> str | None:
        return "https://chat.example.org/pl/1" if "/archives/" in url else None


TEAM = Server("@ann", "~general")
ORGANIZATION = Server("@_**Ann**", "#**general**")


@pytest.mark.parametrize(
    ("text", "mattermost", "zulip"),
    [
        ("*b* _i_ ~s~ `c`", "**b** *i* ~~s~~ `c`", "**b** *i* ~~s~~ `c`"),
        ("*_b_* _*b*_", "***b*** ***b***", "***b*** ***b***"),
        ("* b*, *b*.", "\\* b&#42;, **b**.", "&#42; b&#42;, **b**."),
        ("`` ` ``", "\\`\\` \\` \\`\\`", "&#96;&#96; &#96; &#96;&#96;"),
        ("`&lt;x&gt; &amp;amp;`", "`<x> &amp;`", "`<x> &amp;`"),
        ("&lt;b&gt; &amp;amp; 1 &lt; 2", "&#60;b> &#38;amp; 1 < 2", "<b> &#38;amp; 1 < 2"),
        ("# not a heading", "\\# not a heading", "&#35; not a heading"),
        ("issue #42 in C#", "issue #42 in C#", "issue #42 in C#"),
        ("#word", "&#35;word", "#word"),
        (
            "a\n- b\n+ c\n1. d\n2) e",
            "a\n\\- b\n\\+ c\n1\\. d\n2\\) e",
            "a\n&#45; b\n&#43; c\n1&#46; d\n2) e",
        ),
        ("a - b + c 1. d", "a - b + c 1. d", "a - b + c 1. d"),
        ("a | b\n--- | ---", "a | b\n\\--- | ---", "a | b\n&#45;-- | ---"),
        ("a\n===", "a\n&#61;==", "a\n==="),
        ("2 * 3 * 4", "2 * 3 * 4", "2 * 3 * 4"),
        ("a*b*c", "a&#42;b&#42;c", "a&#42;b&#42;c"),
        ("snake_case __init__", "snake_case \\_\\_init__", "snake_case __init__"),
        ("C:\\temp \\\\host\\x \\", "C:\\temp &#92;\\host\\x &#92;", "C:\\temp \\\\host\\x &#92;"),
        ("[x] [a](b)", "[x] [a&#93;(b)", "[x] [a&#93;(b)"),
        ("@word a@b.org", "&#64;word a@b.org", "@word a@b.org"),
        ("~word ~5", "&#126;word ~5", "~word ~5"),
        (
            ":) :/ :D ;) x-d &lt;3 :",
            "&#58;) &#58;/ &#58;D &#59;) x&#45;d &#60;3 :",
            ":) :/ :D ;) x-d <3 :",
        ),
        ("10:30:45 a:b", "10:30:45 a:b", "10:30:45 a:b"),
        ("    indented", "&#160;&#160;&#160;&#160;indented", "&#160;&#160;&#160;&#160;indented"),
        ("/me waves", "/me waves", "&#47;me waves"),
        ("$$x$$", "$$x$$", "&#36;$x&#36;$"),
        (
            ":smile: :party_parrot: :nowhere:",
            "😄 :party_parrot: &#58;nowhere:",
            "😄 :party_parrot: &#58;nowhere:",
        ),
        ("<@U1> and <@U9|bob>", "@ann and &#64;bob", "@_**Ann** and @bob"),
        ("*<@U1>*", "**@ann**", "@_**Ann**"),
        ("<#C1>", "~general", "#**general**"),
        ("<!here> <!subteam^S1|@devs>", "&#64;here &#64;devs", "@here @devs"),
        ("<!date^1^{date}|Feb 18>", "Feb 18", "Feb 18"),
        (
            "<https://x.org>, <https://x.org>",
            "https://x.org, https://x.org",
            "https://x.org, https://x.org",
        ),
        ("<https://x.org/_a_>", "<https://x.org/_a_>", "https://x.org/_a_"),
        (
            "<https://x.org|a *b* [c>",
            "[a &#42;b&#42; &#91;c](https://x.org)",
            "[a &#42;b&#42; &#91;c](https://x.org)",
        ),
        (
            "<https://x.org|[A-1] a_b &amp;lt; `c`>",
            "[&#91;A-1&#93; a_b &#38;lt; \\`c\\`](https://x.org)",
            "[&#91;A-1&#93; a_b &#38;lt; &#96;c&#96;](https://x.org)",
        ),
        (
            "<https://x.org/(a) b|x>",
            "[x](https://x.org/%28a%29%20b)",
            "[x](https://x.org/%28a%29%20b)",
        ),
        ("<mailto:a@b.org|a@b.org>", "a@b.org", "a@b.org"),
        ("<javascript:x|run> <slack://x|open>", "run open", "run open"),
        (
            "<https://a.slack.com/archives/C1/p1469781868000005|that>",
            "[that](https://chat.example.org/pl/1)",
            "[that](https://chat.example.org/pl/1)",
        ),
        ("a ```x *y*``` b", "a \n\n```\nx *y*\n```\n\n b", "a \n\n```\nx *y*\n```\n\n b"),
        ("&gt; a\n&gt; # b\nc", "> a\n> \\# b\n\nc", "> a\n> &#35; b\n\nc"),
        (
            "&gt;&gt;&gt; a\n```b```",
            "> a\n>\n> ```\n> b\n> ```",
            "````quote\na\n\n```\nb\n```\n````",
        ),
        ("• a\n    ◦ *b*\n• - c", "- a\n  - **b**\n- \\- c", "- a\n  - **b**\n- &#45; c"),
    ],
)
def test_text(text: str, mattermost: str, zulip: str) -> None:
    document = mrkdwn.parse(text)
    assert render(document, TEAM, MATTERMOST) == mattermost
    assert render(document, ORGANIZATION, ZULIP) == zulip


def bold(*children: Inline) -> Styled:
    return Styled("bold", children)


@pytest.mark.parametrize(
    ("children", "markdown"),
    [
        ((Text("a "), bold(Text(" b ")), Text(" c")), "a  **b**  c"),
        ((bold(Text("a\nb")),), "**a**\n**b**"),
        ((bold(Text(" ")),), " "),
        ((Text("mid"), bold(Text("dle")), Text("word")), "mid**dle**word"),
        # Where some parser would show the marks, the style goes.
        ((Text("mid"), bold(Text("(dle)")), Text("word")), "mid(dle)word"),
        ((bold(Text("a")), Styled("italic", (Text("b"),))), "**a**b"),
        ((bold(Text("a ** b")),), "**a &#42;&#42; b**"),
        ((bold(Text("a "), Code("**"), Text(" b")),), "**a** `**` **b**"),
        ((Styled("italic", (Text('"a"'),)),), '*&#34;a"*'),
        ((Styled("strike", (bold(Text("a")),)),), "~~**a**~~"),
        ((Text("a"), Styled("strike", (bold(Text("b")),))), "ab"),
        ((bold(Text("    a")),), "&#160;&#160;&#160;&#160;**a**"),
        ((Styled("underline", (Text("a"),)),), "a"),
        ((Text("!"), Link(URL, (Text("a"),))), "&#33;[a](https://x.org)"),
        ((Code("a"), Code("b")), "`ab`"),
        ((Code("`a`"),), "`` `a` ``"),
        ((Code("a\n\nb"),), "`a  b`"),
        ((Text("a"), Link(URL), Text("b")), "a<https://x.org>b"),
    ],
)
def test_styles(children: tuple[Inline, ...], markdown: str) -> None:
    assert render(Document((Paragraph(children),)), PLAIN, MATTERMOST) == markdown


WORDS = (Text("a"),)
NESTED = List(False, (Item((Paragraph(WORDS),)),))


@pytest.mark.parametrize(
    ("block", "mattermost", "zulip"),
    [
        (Heading((Text("C#"),)), "### C&#35;", "### C&#35;"),
        (Heading((Text("a\nb"),), 1), "# a b", "# a b"),
        (Divider(), "---", "---"),
        (Preformatted("a", "c++"), "```c++\na\n```", "```c++\na\n```"),
        (Preformatted("a", "quote"), "```\na\n```", "```\na\n```"),
        (Preformatted("a\n````\nb"), "`````\na\n````\nb\n`````", "`````\na\n````\nb\n`````"),
        (
            List(False, (Item((Paragraph((Text("[x] a"),)),)),)),
            "- &#91;x] a",
            "- &#91;x] a",
        ),
        (Card((Paragraph(WORDS),), "#36a64f"), "> a", "> a"),
        (Fields((WORDS, WORDS)), "a\n\na", "a\n\na"),
        (Image(URL, "A cat"), "[A cat](https://x.org)", "[A cat](https://x.org)"),
        (Image(URL), URL, URL),
        (
            List(True, (Item((Paragraph(WORDS), NESTED)), Item(())), 9),
            "9. a\n   - a\n10. &#160;",
            "9. a\n  - a\n10. &#160;",
        ),
        (
            Table(((WORDS, (Text("b|c"),)), ((Code("d|e"),),)), ("right",)),
            "| a | b&#124;c |\n| --: | --- |\n| d&#124;e |  |",
            "| a | b&#124;c |\n| --: | --- |\n| `d|e` |  |",
        ),
        (Table(((),)), "", ""),
    ],
)
def test_blocks(block: Block, mattermost: str, zulip: str) -> None:
    document = Document((block,))
    assert render(document, PLAIN, MATTERMOST) == mattermost
    assert render(document, PLAIN, ZULIP) == zulip


READERS: list[tuple[Dialect, Callable[[str], str]]] = [
    (MATTERMOST, commonmark_html),
    (ZULIP, zulip_html),
]


@pytest.mark.parametrize(("dialect", "reader"), READERS)
def test_a_thousand_messages_are_read_back_whole(
    dialect: Dialect, reader: Callable[[str], str]
) -> None:
    for text in slack_messages(1000):
        document = mrkdwn.parse(text)
        markdown = render(document, PLAIN, dialect)
        wanted = squeeze(visible_text(document, PLAIN))
        assert html_words(reader(markdown)) == wanted, (text, markdown)


@pytest.mark.parametrize(("dialect", "reader"), READERS)
@given(document=documents)
def test_any_tree_is_read_back_whole(
    document: Document, dialect: Dialect, reader: Callable[[str], str]
) -> None:
    markdown = render(document, PLAIN, dialect)
    assert markdown == render(document, PLAIN, dialect)
    assert html_words(reader(markdown)) == squeeze(visible_text(document, PLAIN))


@pytest.mark.parametrize(("dialect", "reader"), READERS)
@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("*b*", {"strong"}),
        ("_i_", {"em"}),
        ("~s~", {"s", "del"}),
        ("`c`", {"code"}),
        ("<https://x.org|x>", {"a"}),
        ("• a", {"ul", "li"}),
        ("&gt; a", {"blockquote"}),
        ("```a```", {"pre", "code"}),
        ("*_both_*", {"strong", "em"}),
        # None of these is markup.
        ("a*b*c _ __x__ # a\n1. b\n- c\n> &lt;b&gt;\n    d\n===\n| a | b |\n|---|---|", set()),
    ],
)
def test_markup_is_markup_and_text_is_not(
    text: str, tags: set[str], dialect: Dialect, reader: Callable[[str], str]
) -> None:
    markdown = render(mrkdwn.parse(text.replace("\n> ", "\nx> ")), PLAIN, dialect)
    found = html_tags(reader(markdown)) - {"p", "br"}
    assert found <= tags
    assert bool(found) == bool(tags)
