"""The tree as Matrix takes it."""

import re

import nh3
import pytest
from hypothesis import given

from mappings import mrkdwn
from mappings.html import Html, render
from mappings.names import Name, SlackNames
from mappings.nodes import (
    Block,
    Card,
    Channel,
    Date,
    Divider,
    Document,
    Emoji,
    Fields,
    Group,
    Heading,
    Image,
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
    plain,
    visible_text,
)
from tests.mappings.readers import html_words, squeeze
from tests.mappings.trees import documents, slack_messages

URL = "https://x.org"
# What the client-server API lets stand in `formatted_body`.
TAGS = set(
    "del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u strong em s code hr br div table "
    "thead tbody tr th td caption pre span img details summary".split()
)
ATTRIBUTES = {
    "span": {"data-mx-bg-color", "data-mx-color", "data-mx-spoiler", "data-mx-maths"},
    "a": {"target", "href"},
    "img": {"width", "height", "alt", "title", "src", "data-mx-emoticon"},
    "ol": {"start"},
    "code": {"class"},
    "div": {"data-mx-maths"},
}
SCHEMES = {"https", "http", "ftp", "mailto", "magnet", "mxc"}


class Homeserver(SlackNames):
    """Names of a homeserver that knows one person, one room, one emoji and one message."""

    def person(self, id: str, label: str) -> Name:
        known = id == "U1"
        return (
            Name("Ann <One>", "https://matrix.to/#/@ann:hs") if known else Name(f"@{label or id}")
        )

    def channel(self, id: str, label: str) -> Name:
        return Name("#general", "https://matrix.to/#/#general:hs")

    def emoji(self, name: str) -> str | None:
        return "(parrot)" if name == "party_parrot" else None

    def picture(self, name: str) -> str | None:
        return "mxc://hs/wave" if name == "our_wave" else None

    def message(self, url: str) -> str | None:
        return "https://matrix.to/#/!r/$e" if "/archives/" in url else None


NAMES = Homeserver()


def sanitized(html: str) -> str:
    """As a client cleans it."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def structure(html: str) -> list[str]:
    """Tags and attributes, their quoting and their characters' spelling aside."""
    return [re.sub(r"&(amp|quot|#x27|#39);", "", tag) for tag in re.findall(r"<[^>]*>", html)]


@pytest.mark.parametrize(
    "text",
    ["hello", "a\nb", "a &lt; b &amp; c", ":smile:", "<https://x.org>", "<!here> <@U9|bob>", ""],
)
def test_html_is_left_out_where_the_body_says_it_all(text: str) -> None:
    assert render(mrkdwn.parse(text), NAMES).html is None


@pytest.mark.parametrize(
    ("text", "body", "html"),
    [
        ("*b* &lt;x&gt;", "b <x>", "<strong>b</strong> &lt;x&gt;"),
        ("_i_ ~s~", "i s", "<em>i</em> <del>s</del>"),
        ("a\n*b*", "a\nb", "a<br><strong>b</strong>"),
        ("`a&lt;b`", "`a<b`", "<code>a&lt;b</code>"),
        (
            "hi <@U1>",
            "hi Ann <One>",
            'hi <a href="https://matrix.to/#/@ann:hs">Ann &lt;One&gt;</a>',
        ),
        ("<#C1>", "#general", '<a href="https://matrix.to/#/#general:hs">#general</a>'),
        ("*:party_parrot:*", "(parrot)", "<strong>(parrot)</strong>"),
        (
            ":our_wave:",
            ":our_wave:",
            '<img data-mx-emoticon src="mxc://hs/wave" alt=":our_wave:" title=":our_wave:"'
            ' height="32">',
        ),
        ("<https://x.org|x>", "x (https://x.org)", '<a href="https://x.org">x</a>'),
        ("<https://x.org/|x.org>", "x.org", '<a href="https://x.org/">x.org</a>'),
        ("<mailto:a@b.org>", "a@b.org", '<a href="mailto:a@b.org">a@b.org</a>'),
        (
            '<https://x.org?a=1&amp;b="2|x>',
            'x (https://x.org?a=1&b="2)',
            '<a href="https://x.org?a=1&amp;b=&quot;2">x</a>',
        ),
        (
            "*see* <https://acme.slack.com/archives/C1/p1469781868000005>",
            "see https://matrix.to/#/!r/$e",
            "<strong>see</strong> "
            '<a href="https://matrix.to/#/!r/$e">https://matrix.to/#/!r/$e</a>',
        ),
        # Schemes that Matrix does not allow: the words alone.
        ("*a* <tel:+12|call>", "a call (tel:+12)", "<strong>a</strong> call"),
        ("*a* <javascript:x|run>", "a run (javascript:x)", "<strong>a</strong> run"),
        ("```x\n  y```", "```\nx\n  y\n```", "<pre><code>x\n  y</code></pre>"),
        ("&gt; a\n&gt; b", "> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"),
        (
            "• a\n    ◦ b\n• c",
            "• a\n  • b\n• c",
            "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
        ),
    ],
)
def test_text(text: str, body: str, html: str) -> None:
    assert render(mrkdwn.parse(text), NAMES) == Html(html, body)


WORDS = (Text("a"),)


@pytest.mark.parametrize(
    ("block", "body", "html"),
    [
        (Heading(WORDS), "a", "<h3>a</h3>"),
        (Heading(WORDS, 9), "a", "<h6>a</h6>"),
        (Divider(), "---", "<hr>"),
        (
            Preformatted("x", "Python"),
            "```Python\nx\n```",
            '<pre><code class="language-python">x</code></pre>',
        ),
        (Preformatted("x", 'p"'), '```p"\nx\n```', "<pre><code>x</code></pre>"),
        (
            List(True, (Item((Paragraph(WORDS),)),), 3),
            "3. a",
            '<ol start="3"><li>a</li></ol>',
        ),
        (
            Table(((WORDS, WORDS), (WORDS,))),
            "a | a\na",
            "<table><thead><tr><th>a</th><th>a</th></tr></thead>"
            "<tbody><tr><td>a</td></tr></tbody></table>",
        ),
        (
            Fields((WORDS, WORDS, WORDS)),
            "a\na\na",
            "<table><tbody><tr><td>a</td><td>a</td></tr><tr><td>a</td></tr></tbody></table>",
        ),
        (Image(URL, "A cat"), "A cat (https://x.org)", '<p><a href="https://x.org">A cat</a></p>'),
        (Card((Paragraph(WORDS),), "#123456"), "> a", "<blockquote><p>a</p></blockquote>"),
        (
            Paragraph((Styled("highlight", (Styled("underline", WORDS),)),)),
            "a",
            '<span data-mx-bg-color="#fff3a3" data-mx-color="#1d1c1d"><u>a</u></span>',
        ),
        # No link stands in a link.
        (
            Paragraph((Link(URL, (Person("U1"),)),)),
            "Ann <One> (https://x.org)",
            f'<a href="{URL}">Ann &lt;One&gt;</a>',
        ),
        (Paragraph((Link(URL, (Text(" "),)),)), URL, f'<a href="{URL}">{URL}</a>'),
        (Paragraph((Date(0, "then", URL),)), f"then ({URL})", f'<a href="{URL}">then</a>'),
        (Paragraph((Styled("bold", (Group("S1", "devs"),)),)), "@devs", "<strong>@devs</strong>"),
        (
            Paragraph((Emoji("x"), Channel("C1"))),
            ":x:#general",
            ':x:<a href="https://matrix.to/#/#general:hs">#general</a>',
        ),
    ],
)
def test_blocks(block: Block, body: str, html: str) -> None:
    assert render(Document((block,)), NAMES) == Html(html, body)


def test_blocks_side_by_side() -> None:
    document = Document((Paragraph(WORDS), Quote((Paragraph(WORDS), Preformatted("x")))))
    assert render(document, NAMES) == Html(
        "<p>a</p><blockquote><p>a</p><pre><code>x</code></pre></blockquote>",
        "a\n> a\n> ```\n> x\n> ```",
    )


def test_nul_and_lone_surrogates_never_reach_the_server() -> None:
    shown = render(
        Document((Paragraph((Styled("bold", (Text("a\0\ud83db\ud83d\ude00"),)),)),)), NAMES
    )
    assert shown == Html(
        "<strong>a\N{REPLACEMENT CHARACTER}b😀</strong>", "a\N{REPLACEMENT CHARACTER}b😀"
    )
    assert render(plain("a\0"), NAMES) == Html(None, "a")


@given(documents)
def test_html_stays_in_the_allow_list_and_says_what_the_tree_says(document: Document) -> None:
    shown = render(document, NAMES)
    assert shown == render(document, NAMES)
    if shown.html is None:
        assert squeeze(shown.plain) == squeeze(visible_text(document, NAMES))
        return
    assert structure(sanitized(f"<div>{shown.html}</div>")) == structure(f"<div>{shown.html}</div>")
    assert html_words(shown.html) == squeeze(visible_text(document, NAMES))


def test_a_thousand_messages_are_read_back_whole() -> None:
    for text in slack_messages(1000):
        document = mrkdwn.parse(text)
        shown = render(document, NAMES)
        seen = squeeze(shown.plain) if shown.html is None else html_words(shown.html)
        assert seen == squeeze(visible_text(document, NAMES)), text
