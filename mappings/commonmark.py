"""A `markdown` block, in which apps write CommonMark with tables and strikes, to the neutral tree.

The parsing is markdown-it-py's; here its tokens become nodes. Slack reads its own tokens in
angle brackets in such text too, and undoes its entities, as CommonMark does anyway.
"""

from collections.abc import Mapping
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from mappings.inline import ANGLE, parse_label, parse_token
from mappings.nodes import (
    Block,
    Code,
    Divider,
    Heading,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Preformatted,
    Quote,
    Styled,
    StyleName,
    Table,
    Text,
)
from mappings.shape import string

_STYLES: dict[str, StyleName] = {"strong": "bold", "em": "italic", "s": "strike"}


def read(block: Mapping[str, object]) -> list[Block]:
    """The block's `text` as blocks of the tree."""
    text = string(block, "text")
    return _blocks(SyntaxTreeNode(_parser().parse(text))) if text else []


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    # Without joining, characters that came of entities keep a kind of their own, "text_special":
    # Slack undoes `&lt;!here&gt;` without taking it for a token.
    return parser.enable(["table", "strikethrough"]).disable("text_join")


def _blocks(parent: SyntaxTreeNode) -> list[Block]:
    return [shown for node in parent.children for shown in _block(node)]


def _block(node: SyntaxTreeNode) -> list[Block]:
    if node.type == "paragraph":
        words = _inlines(node)
        return [Paragraph(words)] if words else []
    if node.type == "heading":
        return [Heading(_inlines(node), int(node.tag[1:]))]
    if node.type in {"fence", "code_block"}:
        return [Preformatted(node.content.removesuffix("\n"), node.info.partition(" ")[0])]
    if node.type == "blockquote":
        return [Quote(tuple(_blocks(node)))]
    if node.type in {"bullet_list", "ordered_list"}:
        items = tuple(Item(tuple(_blocks(item))) for item in node.children)
        return [List(node.type == "ordered_list", items, int(node.attrs.get("start", 1)))]
    if node.type == "hr":
        return [Divider()]
    if node.type == "table":
        rows = [row for part in node.children for row in part.children]
        return [Table(tuple(tuple(_inlines(cell) for cell in row.children) for row in rows))]
    return _blocks(node)


def _inlines(parent: SyntaxTreeNode) -> tuple[Inline, ...]:
    return tuple(shown for node in parent.children for shown in _inline(node))


def _inline(node: SyntaxTreeNode) -> tuple[Inline, ...]:
    if node.type == "text":
        return _text(node.content)
    if node.type in {"softbreak", "hardbreak"}:
        return (Text("\n"),)
    if node.type == "code_inline":
        return (Code(node.content),)
    if node.type in _STYLES:
        return (Styled(_STYLES[node.type], _inlines(node)),)
    if node.type == "link":
        url = str(node.attrs.get("href", ""))
        words = _inlines(node)
        return (Link(url, () if words == (Text(url),) else words),)
    if node.type == "image":
        url = str(node.attrs.get("src", ""))
        return (Link(url, (Text(node.content),) if node.content else ()),)
    return _inlines(node) if node.children else ((Text(node.content),) if node.content else ())


def _text(content: str) -> tuple[Inline, ...]:
    """Literal text but for Slack's tokens and emoji."""
    shown: list[Inline] = []
    position = 0
    for match in ANGLE.finditer(content):
        node = parse_token(match[1])
        if node is not None:
            shown += (*parse_label(content[position : match.start()]), node)
            position = match.end()
    return (*shown, *parse_label(content[position:]))
