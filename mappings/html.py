"""The tree as Matrix takes it: a plain `body`, and HTML beside it where there is more to show.

Only tags and attributes of the client-server API's list for `formatted_body` are ever written,
and only links with the schemes that it allows; everything else becomes its words. The one addition
is the mark of custom emoji (MSC2545), which tells clients to set them as large as letters.
"""

from collections.abc import Iterable
from html import escape
from itertools import zip_longest

import msgspec

from mappings import plain
from mappings.names import Name, Names
from mappings.nodes import (
    Block,
    Broadcast,
    Card,
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
    Link,
    List,
    Paragraph,
    Person,
    Preformatted,
    Quote,
    Styled,
    StyleName,
    Table,
    Text,
    clean,
    emoji_text,
    inline_text,
)

SCHEMES = ("https://", "http://", "ftp://", "mailto:", "magnet:")
_TAGS: dict[StyleName, tuple[str, str]] = {
    "bold": ("<strong>", "</strong>"),
    "italic": ("<em>", "</em>"),
    "strike": ("<del>", "</del>"),
    "underline": ("<u>", "</u>"),
    # There is no <mark>; both colours, so that a dark theme stays readable.
    "highlight": ('<span data-mx-bg-color="#fff3a3" data-mx-color="#1d1c1d">', "</span>"),
}
_LANGUAGE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-#_")


class Html(msgspec.Struct, frozen=True, gc=False):
    """`plain` for `body`; `html` for `formatted_body`, None where `plain` says it all."""

    html: str | None
    plain: str


def render(document: Document, names: Names) -> Html:
    """Both renderings of a message. Line breaks are `<br>`, but not in fences."""
    body = plain.render(document, names)
    if _says_it_all(document.blocks, names):
        return Html(None, body)
    only = document.blocks[0] if len(document.blocks) == 1 else None
    if isinstance(only, Paragraph):
        return Html(clean(_inlines(only.children, names)), body)
    return Html(clean(_blocks(document.blocks, names)), body)


def _says_it_all(blocks: tuple[Block, ...], names: Names) -> bool:
    """Whether every block is a paragraph of words, bare addresses, and names that lead nowhere."""
    for block in blocks:
        if not isinstance(block, Paragraph):
            return False
        for node in block.children:
            if isinstance(node, Text | Broadcast):
                continue
            if isinstance(node, Emoji):
                if _picture(node, names):
                    return False
                continue
            if isinstance(node, Link):
                if node.children or not node.url.startswith(("https://", "http://")):
                    return False
            elif isinstance(node, Person | Channel | Group):
                if _name(node, names).href:
                    return False
            elif not isinstance(node, Date) or node.url:
                return False
    return True


def _blocks(blocks: Iterable[Block], names: Names) -> str:
    return "".join([_block(block, names) for block in blocks])


def _block(block: Block, names: Names) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{_inlines(block.children, names)}</p>"
    if isinstance(block, Preformatted):
        language = block.language.lower()
        known = language and _LANGUAGE.issuperset(language)
        start = f'<pre><code class="language-{language}">' if known else "<pre><code>"
        return f"{start}{escape(block.text, quote=False)}</code></pre>"
    if isinstance(block, Quote | Card):
        return f"<blockquote>{_blocks(block.blocks, names)}</blockquote>"
    if isinstance(block, List):
        return _list(block, names)
    if isinstance(block, Heading):
        level = min(max(block.level, 1), 6)
        return f"<h{level}>{_inlines(block.children, names)}</h{level}>"
    if isinstance(block, Divider):
        return "<hr>"
    if isinstance(block, Table):
        return _table(block, names)
    if isinstance(block, Fields):
        return _fields(block, names)
    return f"<p>{_image(block)}</p>"


def _list(block: List, names: Names) -> str:
    items = "".join([f"<li>{_item(item.blocks, names)}</li>" for item in block.items])
    if not block.ordered:
        return f"<ul>{items}</ul>"
    start = f' start="{block.start}"' if block.start != 1 else ""
    return f"<ol{start}>{items}</ol>"


def _item(blocks: tuple[Block, ...], names: Names) -> str:
    """Without the `<p>` of the first paragraph, which would set the list apart line by line."""
    if blocks and isinstance(first := blocks[0], Paragraph):
        return _inlines(first.children, names) + _blocks(blocks[1:], names)
    return _blocks(blocks, names)


def _table(block: Table, names: Names) -> str:
    head, *rows = block.rows or ((),)
    shown = "".join([f"<th>{_inlines(cell, names)}</th>" for cell in head])
    body = "".join([_row(row, names) for row in rows])
    return f"<table><thead><tr>{shown}</tr></thead><tbody>{body}</tbody></table>"


def _fields(block: Fields, names: Names) -> str:
    pairs = zip_longest(block.cells[::2], block.cells[1::2])
    body = "".join([_row([cell for cell in pair if cell is not None], names) for pair in pairs])
    return f"<table><tbody>{body}</tbody></table>"


def _row(cells: Iterable[tuple[Inline, ...]], names: Names) -> str:
    return "<tr>" + "".join([f"<td>{_inlines(cell, names)}</td>" for cell in cells]) + "</tr>"


def _image(image: Image) -> str:
    words = escape(image.title or image.url).replace("\n", "<br>")
    return _anchor(image.url, words)


def _inlines(children: Iterable[Inline], names: Names, linked: bool = False) -> str:
    return "".join([_inline(node, names, linked) for node in children])


def _inline(node: Inline, names: Names, linked: bool) -> str:
    """`linked`: within a link, where no second link can stand."""
    if isinstance(node, Text):
        return _words(node.text)
    if isinstance(node, Styled):
        start, end = _TAGS[node.style]
        return f"{start}{_inlines(node.children, names, linked)}{end}"
    if isinstance(node, Code):
        return f"<code>{_words(node.text)}</code>"
    if isinstance(node, Link):
        url = names.message(node.url) or node.url
        blank = not inline_text(node.children, names).strip()
        words = _words(url) if blank else _inlines(node.children, names, True)
        return words if linked else _anchor(url, words)
    if isinstance(node, Emoji):
        return _emoji(node, names)
    if isinstance(node, Broadcast):
        return _words(f"@{node.range}")
    if isinstance(node, Date):
        words = _words(node.fallback)
        return words if linked or not node.url else _anchor(node.url, words)
    name = _name(node, names)
    words = _words(name.text)
    return words if linked or name.href is None else _anchor(name.href, words)


def _emoji(node: Emoji, names: Names) -> str:
    words = emoji_text(node, names)
    source = _picture(node, names)
    if source is None:
        return _words(words)
    label = escape(words)
    return (
        f'<img data-mx-emoticon src="{escape(source)}" alt="{label}" title="{label}" height="32">'
    )


def _picture(node: Emoji, names: Names) -> str | None:
    return names.picture(node.name) if node.unicode is None else None


def _name(node: Person | Channel | Group, names: Names) -> Name:
    if isinstance(node, Person):
        return names.person(node.id, node.label)
    if isinstance(node, Channel):
        return names.channel(node.id, node.label)
    return names.group(node.id, node.label)


def _words(text: str) -> str:
    escaped = escape(text, quote=False)
    return escaped.replace("\n", "<br>") if "\n" in escaped else escaped


def _anchor(url: str, words: str) -> str:
    """A link where its scheme is allowed, else only its words."""
    return f'<a href="{escape(url)}">{words}</a>' if url.lower().startswith(SCHEMES) else words
