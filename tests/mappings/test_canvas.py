"""Canvases and posts to the tree: what Slack's own look like, and whatever else comes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import html, markdown, plain
from mappings.canvas import LONGEST, parse
from mappings.dialects import MATTERMOST, ZULIP
from mappings.names import SlackNames
from mappings.nodes import (
    Block,
    Broadcast,
    Channel,
    Code,
    Divider,
    Emoji,
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

URL = "https://x.org/a"
EMOJI = "https://emoji.slack-edge.com/T1/parrot/1.png"


def line(*children: Inline) -> Paragraph:
    return Paragraph(children)


def words(text: str) -> Paragraph:
    return line(Text(text))


def item(text: str, *below: Block) -> Item:
    return Item((words(text), *below))


def bullets(*items: Item) -> List:
    return List(False, items)


def numbers(*items: Item, start: int = 1) -> List:
    return List(True, items, start)


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("<h1 id='temp:C:1'>Title</h1>", [Heading((Text("Title"),), 1)]),
        ("<h3>a <b>b</b></h3>", [Heading((Text("a "), Styled("bold", (Text("b"),))), 3)]),
        ("<p class='line'>one</p>\n<p class='line'>two</p>", [words("one"), words("two")]),
        ("<p>one<p>two", [words("one"), words("two")]),
        ("<p class='line'>\u200b</p><p> &nbsp; </p><b> </b>", []),
        ("<p>a<br>b <br/> c<br></p>", [words("a\nb\nc")]),
        ("<p>two  lines\n of &lt;source&gt; &amp;amp;</p>", [words("two lines of <source> &amp;")]),
        ("<p>a <div>b</div> c</p>", [words("a"), words("b"), words("c")]),
        ("<hr style='width:100%'>", [Divider()]),
        ("<blockquote>a<br>b</blockquote>", [Quote((words("a\nb"),))]),
        (
            "<pre class='prettyprint'>if x &lt; 1:<br>    <i>y</i>\n\n</pre>",
            [Preformatted("if x < 1:\n    y")],
        ),
        (
            "<!DOCTYPE html><html><head><title>No</title><style>p {x: '<p>'}</style></head><body>"
            "<!-- <p>no</p> --><script>no</script><main><p>yes</p></main></body></html>",
            [words("yes")],
        ),
        ("<unknown-tag>its words</unknown-tag>", [words("its words")]),
        ("1 < 2 <3 </ <! <>", [words("1 < 2 <3 </ <! <>")]),
    ],
)
def test_blocks(text: str, blocks: list[Block]) -> None:
    assert list(parse(text).blocks) == blocks


@pytest.mark.parametrize(
    ("text", "children"),
    [
        ("<@U123> and <@W9|ann>", [Person("U123"), Text(" and "), Person("W9", "ann")]),
        ("<#C1|general> <!here>", [Channel("C1", "general"), Text(" "), Broadcast("here")]),
        ("x<!subteam^S1|@ops>", [Text("x"), Group("S1", "ops")]),
        ("<control data-remapped='true'><a>@U023L3A</a></control>", [Person("U023L3A")]),
        ("<control><a>#C0123</a></control>", [Channel("C0123")]),
        ("<a>@U023L3A</a>, @U023L3A", [Person("U023L3A"), Text(", @U023L3A")]),
        ("<control>September 15th</control>", [Text("September 15th")]),
        (
            f"<control><img src='{EMOJI}' alt='acme-p' data-is-slack>:acme-p:</img></control>!",
            [Emoji("acme-p"), Text("!")],
        ),
        ("<control><img alt='+1::skin-tone-3' data-is-slack></control>", [Emoji("+1", "👍🏼", 3)]),
        (
            ":wave: 10:30:45 a:100:b :unknown:",
            [Emoji("wave", "👋"), Text(" 10:30:45 a:100:b :unknown:")],
        ),
        (
            f"<a href='{URL}'>x <b>y</b></a>",
            [Link(URL, (Text("x "), Styled("bold", (Text("y"),))))],
        ),
        (f"<a href='{URL}'>{URL}</a>", [Link(URL)]),
        (f"<lnk href='{URL}' data-slack-file-id='sf:F1'>name</lnk>", [Link(URL, (Text("name"),))]),
        (f"<a href='{URL}'>a <a href='{URL}'>b</a></a>", [Link(URL, (Text("a b"),))]),
        ("<a href='/docs/T1'>a</a> <a href=''>b</a>", [Text("a b")]),
        (
            f"<a href='{URL}?x=1&amp;token=xoxe-1-2&amp;y=2'>a</a>",
            [Link(f"{URL}?x=1&y=2", (Text("a"),))],
        ),
        (f"<a href='{URL}?t=xoxe-1-2'>a</a>", [Link(URL, (Text("a"),))]),
        ("a <code>x <b>=</b> 1</code>", [Text("a "), Code("x = 1")]),
        (
            "<i>i</i><del>s</del><u>u</u><mark>h</mark>",
            [
                Styled("italic", (Text("i"),)),
                Styled("strike", (Text("s"),)),
                Styled("underline", (Text("u"),)),
                Styled("highlight", (Text("h"),)),
            ],
        ),
        ("<input type='checkbox' checked>x", [Text("☑ x")]),
        ("<span style='color:#333'>a</span>b", [Text("ab")]),
    ],
)
def test_inlines(text: str, children: list[Inline]) -> None:
    shown = parse(f"<p>{text}</p>").blocks
    assert len(shown) == 1
    assert isinstance(shown[0], Paragraph)
    assert list(shown[0].children) == children


def quip(style: str, inner: str) -> str:
    return f"<div data-section-style='{style}' class=''><ul id='temp:C:2'>{inner}</ul></div>"


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        (quip("5", "<li>a<br/></li>\n<li>b<br/></li>"), [bullets(item("a"), item("b"))]),
        (quip("9", "<li>a</li>"), [bullets(item("a"))]),
        # Quip sets a nested list beside its item, HTML within it.
        (
            quip("6", "<li>a</li><ul><li>i</li><li>ii</li></ul><li></li><li>b</li>"),
            [numbers(item("a", numbers(item("i"), item("ii"))), item("b"))],
        ),
        (
            "<ul><li>a<ol start=4><li>i</li></ol></li><li>b</ul>",
            [bullets(item("a", numbers(item("i"), start=4)), item("b"))],
        ),
        (
            quip("7", "<li class='checked parent'>a</li><ul><li class=''>b</li></ul><li>c</li>"),
            [bullets(item("☑ a", bullets(item("☐ b"))), item("☐ c"))],
        ),
        (
            "<ul class='checklist'><li>a</li></ul><ul><li class='checked'>b</li><li>c</li></ul>",
            [bullets(item("☐ a")), bullets(item("☑ b"), item("☐ c"))],
        ),
        ("<ol start='99999999999999999999'><li>a</li></ol>", [numbers(item("a"))]),
        (
            "<ul>loose<li><p>a</p><p>b</p></li></ul>",
            [bullets(item("loose"), item("a", words("b")))],
        ),
    ],
)
def test_lists(text: str, lists: list[Block]) -> None:
    assert list(parse(text).blocks) == lists


def test_tables_have_lines_in_their_cells_and_no_empty_rows() -> None:
    text = """<table><colgroup><col></colgroup><tbody>
        <tr><td><h1><b>Name</b></h1></td><td><p class='line'>Notes</p></td><td></td></tr>
        <tr><td><@U1></td><td><p>a</p><p>b</p><ul><li>c</li></ul></td></tr>
        <tr><td>\u200b</td><td></td></tr></tbody></table>"""
    assert parse(text).blocks == (
        Table(
            (
                ((Styled("bold", (Text("Name"),)),), (Text("Notes"),)),
                ((Person("U1"),), (Text("a\nb\nc"),)),
            )
        ),
    )


def test_pictures_and_cards_become_links_without_tokens() -> None:
    text = f"""<p>see <img src='{URL}?token=xoxe-1'
            alt='a.png_SLACK_FILE_ALT_PLACEHOLDER_F0'> it</p>
        <p class='embedded-file'>File ID: sf:F0BE9ME, File URL: {URL}/two%20words.csv?t=xoxe-1</p>
        <p class='embedded-file'>File ID: sd:F0BE9ME</p>
        <p class='embedded-link'>Link URL: {URL}</p>
        <img src='blob:' alt='lost'>"""
    assert parse(text).blocks == (
        words("see"),
        Image(URL, "a.png"),
        words("it"),
        line(Link(f"{URL}/two%20words.csv", (Text("two words.csv"),))),
        words("📎 F0BE9ME"),
        line(Link(URL)),
        Image("blob:", "lost"),
    )


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ('{"full": "<h1>T</h1><p>x</p>", "root": []}', [Heading((Text("T"),), 1), words("x")]),
        ('{"full": "two\\nlines\\n\\nmore"}', [words("two\nlines"), words("more")]),
        (
            '{"root": {"children": [{"type": "h2", "text": "T"}, {"type": "p", "text": "a <b>"},'
            ' {"type": "ul", "children": [{"type": "li", "text": "x"}, {"text": "y"}]},'
            ' {"type": "quote", "children": ["q"]}, {"type": "code", "text": "1\\n2"},'
            ' {"type": "divider"}, {"type": "new", "text": "n"},'
            f' {{"type": "p", "children": [{{"type": "link", "url": "{URL}", "text": "l"}}]}}]}}}}',
            [
                Heading((Text("T"),), 2),
                words("a <b>"),
                bullets(item("x"), item("y")),
                Quote((words("q"),)),
                Preformatted("1\n2"),
                Divider(),
                words("n"),
                line(Link(URL, (Text("l"),))),
            ],
        ),
        ("{not json", [words("{not json")]),
        ('{"full": 3}', []),
        ("[1, null, [], {}]", []),
        ("plain\ntext\n \nsecond", [words("plain\ntext"), words("second")]),
        ("", []),
    ],
)
def test_posts(text: str, blocks: list[Block]) -> None:
    assert list(parse(text).blocks) == blocks


def test_a_long_body_is_cut_with_a_sign() -> None:
    shown = parse("<p>word</p>" * 30_000)
    assert shown.blocks[0] == words("word")
    assert shown.blocks[-1] == words("…")
    assert len(shown.blocks) * len("<p>word</p>") <= LONGEST + 100


FRAGMENTS = (
    "<p> </p> <div> </div> <ul> <ol> <li> </li> </ul> </ol> <b> </b> <i> <code> </code> <pre> "
    "</pre> <table> <tr> <td> </td> </tr> </table> <blockquote> </blockquote> <h1> </h1> <br> <hr> "
    "<img> <control> </control> <a> </a> <span> </span> <nonsense> < > & \" ' = &lt; &#0; &#xd800; "
    "| <# <!-- --> <! <? ]]> \ud800 <a/href='x <td/x=\">\" <@ <li/class='checked'> "
    "<a/href='mailto:x'> <div/data-section-style='7'>"
).split(" ")


@given(st.lists(st.sampled_from([*FRAGMENTS, "\n", " ", "word", ":wave:"]), max_size=60))
def test_every_text_gives_a_document_that_every_target_can_show(parts: list[str]) -> None:
    document = parse("".join(parts))
    names = SlackNames()
    for shown in (
        html.render(document, names).plain,
        plain.render(document, names),
        markdown.render(document, names, MATTERMOST),
        markdown.render(document, names, ZULIP),
    ):
        shown.encode()


@given(st.lists(st.sampled_from("p div ul li b i td h1 blockquote span x".split()), max_size=80))
def test_no_word_is_lost_whatever_is_open(tags: list[str]) -> None:
    text = "".join(f"<{tag}>w{number} " for number, tag in enumerate(tags))
    shown = visible_text(parse(text), SlackNames())
    assert shown.split() == [f"w{number}" for number in range(len(tags))]


@pytest.mark.parametrize(
    "part",
    ["<a ", "<", "<!--", "</", "&", "<a x='", '<a "', "<div>", "<ul><li>x", "<b>x", "<p>x", "<td>",
     "<blockquote>x", "[", '{"root":', "<@", ":a", " ", "<br> ", "<script>", "a=", "&#"],
)  # fmt: skip
def test_a_body_of_one_sign_alone_is_read_at_once(part: str) -> None:
    text = part * (LONGEST // len(part))
    started = time.monotonic()
    parse(text)
    assert time.monotonic() - started < 20
