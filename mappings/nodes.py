"""The neutral tree of a message: what Slack can express and the targets can show.

Only the node kinds and the reading of a tree as plain words live here. Parsing Slack's text is
`mrkdwn`, `blocks` and `attachments`; writing a target's markup is `html` and `markdown`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from mappings.names import Names

StyleName: TypeAlias = Literal["bold", "italic", "strike", "underline", "highlight"]
Align: TypeAlias = Literal["", "left", "center", "right"]


class Node(msgspec.Struct, frozen=True, gc=False):
    """What every node is: frozen, comparable, without cycles; children are tuples."""


# -- inline -------------------------------------------------------------------------------------


class Text(Node, frozen=True, gc=False):
    """Literal characters, nothing escaped. A "\\n" is a line break."""

    text: str


class Styled(Node, frozen=True, gc=False):
    """One style over some inlines; several styles nest."""

    style: StyleName
    children: "tuple[Inline, ...]"


class Code(Node, frozen=True, gc=False):
    """A code span: opaque characters."""

    text: str


class Link(Node, frozen=True, gc=False):
    """A link. `url` as Slack stored it, unescaped; no children: the URL is its own label."""

    url: str
    children: "tuple[Inline, ...]" = ()


class Person(Node, frozen=True, gc=False):
    """A mention of an account (U…, W…, B…); `label` is the name Slack wrote beside it, or ""."""

    id: str
    label: str = ""


class Channel(Node, frozen=True, gc=False):
    """A mention of a conversation (C…, G…, D…); `label` without "#", or ""."""

    id: str
    label: str = ""


class Group(Node, frozen=True, gc=False):
    """A mention of a user group (S…); `label` without "@", or ""."""

    id: str
    label: str = ""


class Broadcast(Node, frozen=True, gc=False):
    """`here`, `channel`, `everyone`, or what else Slack wrote after `!`."""

    range: str


class Emoji(Node, frozen=True, gc=False):
    """`:name:`. `unicode` is the character where the name is a standard one, else None (custom).

    `name` is as Slack wrote it, without colons and skin tone; `skin` is 0 (none) or 2 to 6.
    """

    name: str
    unicode: str | None = None
    skin: int = 0


class Date(Node, frozen=True, gc=False):
    """A moment in `timestamp` seconds, shown as `fallback`; Slack shows it in the reader's zone."""

    timestamp: int
    fallback: str
    url: str = ""


Inline: TypeAlias = (
    Text | Styled | Code | Link | Person | Channel | Group | Broadcast | Emoji | Date
)

# -- blocks -------------------------------------------------------------------------------------


class Paragraph(Node, frozen=True, gc=False):
    children: tuple[Inline, ...]


class Heading(Node, frozen=True, gc=False):
    """A heading; Slack knows one size, Markdown blocks up to 6."""

    children: tuple[Inline, ...]
    level: int = 3


class Preformatted(Node, frozen=True, gc=False):
    """A fenced block. `text` without the fence's own newlines; `language` a bare word or ""."""

    text: str
    language: str = ""


class Quote(Node, frozen=True, gc=False):
    blocks: "tuple[Block, ...]"


class Item(Node, frozen=True, gc=False):
    """One entry of a list: usually a paragraph, then the lists nested below it."""

    blocks: "tuple[Block, ...]"


class List(Node, frozen=True, gc=False):
    """`start` is the number of the first item of an ordered list (Slack's `offset` + 1)."""

    ordered: bool
    items: tuple[Item, ...]
    start: int = 1


class Divider(Node, frozen=True, gc=False):
    pass


class Table(Node, frozen=True, gc=False):
    """Rows of cells, the first row the head. Rows may be of unequal length."""

    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    aligns: tuple[Align, ...] = ()


class Fields(Node, frozen=True, gc=False):
    """Short cells that Slack sets in two columns (section fields, attachment fields)."""

    cells: tuple[tuple[Inline, ...], ...]


class Image(Node, frozen=True, gc=False):
    """A picture or video somewhere on the web: never fetched, shown as a link. `title` or `alt`."""

    url: str
    title: str = ""


class Card(Node, frozen=True, gc=False):
    """What Slack sets off by a coloured bar: attachments and unfurls. `color` "#rrggbb" or ""."""

    blocks: "tuple[Block, ...]"
    color: str = ""


Block: TypeAlias = (
    Paragraph | Heading | Preformatted | Quote | List | Divider | Table | Fields | Image | Card
)


class Document(Node, frozen=True, gc=False):
    blocks: tuple[Block, ...] = ()


EMPTY = Document()

# -- reading ------------------------------------------------------------------------------------


def plain(text: str) -> Document:
    """A document of one paragraph with literal text; `EMPTY` for ""."""
    return Document((Paragraph((Text(text),)),)) if text else EMPTY


def clean(text: str) -> str:
    """`text` without NUL bytes, its lone surrogates replaced by U+FFFD.

    Exports hold both; PostgreSQL refuses the first, and a homeserver answers 500 to the second.
    """
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            # Two escaped halves of a pair are one character again; a single half is none.
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def visible_text(document: Document, names: Names) -> str:
    """What a reader sees: no markup, no list markers; one line per paragraph, cell or item."""
    return clean("\n".join(_block_lines(document.blocks, names)))


def inline_text(children: Iterable[Inline], names: Names) -> str:
    """The words of some inlines, names and emoji resolved, not cleaned."""
    return "".join(_inline_words(children, names))


def link_text(link: Link, names: Names) -> str:
    """The words of a link; its address, as far as that is known, where they are blank."""
    words = inline_text(link.children, names)
    return words if words.strip() else names.message(link.url) or link.url


def emoji_text(node: Emoji, names: Names) -> str:
    """The character, what `names` shows for a custom emoji, or `:name:`."""
    if node.unicode is not None:
        return node.unicode
    return names.emoji(node.name) or f":{node.name}:" + (
        f":skin-tone-{node.skin}:" if node.skin else ""
    )


def links(document: Document) -> Iterator[str]:
    """Every URL that the document holds, in reading order."""
    return links_among(walk(document))


def links_among(nodes: "Iterable[Block | Item | Inline]") -> Iterator[str]:
    """The URLs of some nodes, not of what is below them."""
    for node in nodes:
        if type(node) in _LINKED and isinstance(node, (Link, Image, Date)) and node.url:
            yield node.url


_LINKED = frozenset({Link, Image, Date})


def walk(document: Document) -> "list[Block | Item | Inline]":
    """Every node below the document, in reading order."""
    found: list[Block | Item | Inline] = []
    stack: list[Block | Item | Inline] = list(reversed(document.blocks))
    while stack:
        node = stack.pop()
        found.append(node)
        if type(node) not in _LEAVES:
            stack += _children(node)[::-1]
    return found


_LEAVES = frozenset(
    {Text, Code, Person, Channel, Group, Broadcast, Emoji, Date, Preformatted, Divider, Image}
)
"""What has nothing below it; most nodes are among these."""


def _children(node: Block | Item | Inline) -> "Sequence[Block | Item | Inline]":
    # Tuples: a union of types would be made anew at every call, and this one is called often.
    if isinstance(node, (Paragraph, Styled, Link, Heading)):
        return node.children
    if isinstance(node, (Quote, Item, Card)):
        return node.blocks
    if isinstance(node, List):
        return node.items
    if isinstance(node, Table):
        return [inline for row in node.rows for cell in row for inline in cell]
    if isinstance(node, Fields):
        return [inline for cell in node.cells for inline in cell]
    return []


def _block_lines(blocks: Iterable[Block], names: Names) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Paragraph | Heading):
            yield inline_text(block.children, names)
        elif isinstance(block, Preformatted):
            yield block.text
        elif isinstance(block, Quote | Card):
            yield from _block_lines(block.blocks, names)
        elif isinstance(block, List):
            for item in block.items:
                yield from _block_lines(item.blocks, names)
        elif isinstance(block, Table):
            for row in block.rows:
                yield from (inline_text(cell, names) for cell in row)
        elif isinstance(block, Fields):
            yield from (inline_text(cell, names) for cell in block.cells)
        elif isinstance(block, Image):
            yield block.title or block.url


def _inline_words(children: Iterable[Inline], names: Names) -> Iterator[str]:
    for node in children:
        if isinstance(node, Text | Code):
            yield node.text
        elif isinstance(node, Styled):
            yield from _inline_words(node.children, names)
        elif isinstance(node, Link):
            yield link_text(node, names)
        elif isinstance(node, Person):
            yield names.person(node.id, node.label).text
        elif isinstance(node, Channel):
            yield names.channel(node.id, node.label).text
        elif isinstance(node, Group):
            yield names.group(node.id, node.label).text
        elif isinstance(node, Broadcast):
            yield f"@{node.range}"
        elif isinstance(node, Emoji):
            yield emoji_text(node, names)
        else:
            yield node.fallback
