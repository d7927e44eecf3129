"""A canvas or a post, as Slack serves its body, to the neutral tree. How its text becomes elements
is `elements` and `posts`; what they say is here.

Canvases are Quip's documents: a number at the `<div>` around a list tells of what kind it is, a
nested list stands beside its item and not in it. What stands in a line is `phrases`.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from mappings.elements import BLOCKS, Element
from mappings.lists import Entry, nest
from mappings.names import SlackNames
from mappings.nodes import (
    Block,
    Divider,
    Document,
    Heading,
    Image,
    Inline,
    Link,
    Paragraph,
    Preformatted,
    Quote,
    Table,
    Text,
    visible_text,
)
from mappings.phrases import address, emoji_name, picture_title, read_inlines, tidy, visible
from mappings.posts import read_post

LONGEST = 262_144
"""Characters that are read; a longer body's document ends in "…"."""

_LISTS = frozenset({"ul", "ol"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NUMBERS, _CHECKS = "6", "7"  # Quip's kinds of lists, as `data-section-style`; 5 is bullets

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_FILE = re.compile(r"\bF[A-Z0-9]{6,}\b")


def parse(text: str) -> Document:
    """The document that a body holds: HTML, a post's JSON, or plain text. Any text gives one, in
    time that grows with its length. What no target could show is left to its words."""
    root = read_post(text[:LONGEST].strip())
    blocks = _blocks(root)
    return Document((*blocks, Paragraph((Text("…"),))) if len(text) > LONGEST else blocks)


# -- blocks ---------------------------------------------------------------------------------------


def _blocks(element: Element, kind: str = "") -> tuple[Block, ...]:
    """What is in an element; words between its blocks are paragraphs. `kind`: of lists in it."""
    blocks: list[Block] = []
    line: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str) or not _is_block(child):
            line.append(child)
            continue
        blocks += _paragraph(line)
        line = []
        blocks += _block(child, kind)
    return (*blocks, *_paragraph(line))


def _is_block(element: Element) -> bool:
    return (
        element.tag in BLOCKS
        or element.blocky
        or (element.tag == "img" and not emoji_name(element))
    )


def _paragraph(line: Iterable[Element | str]) -> list[Block]:
    words = tidy(read_inlines(line))
    return [Paragraph(words)] if words else []


def _block(element: Element, kind: str) -> Iterable[Block]:
    tag = element.tag
    if tag in _LISTS:
        return nest(list(_entries(element, 0, kind)))
    if tag in _HEADINGS:
        words = _flat(_blocks(element))
        return [Heading(words, int(tag[1]))] if words else []
    if tag == "pre":
        text = visible(element.text()).strip("\n")
        return [Preformatted(text)] if text.strip() else []
    if tag == "blockquote":
        blocks = _blocks(element)
        return [Quote(blocks)] if blocks else []
    if tag == "table":
        return _table(element)
    if tag == "hr":
        return [Divider()]
    if tag == "img":
        return _image(element)
    if element.get("class").startswith("embedded-"):
        return _embedded(element)
    return _blocks(element, element.get("data-section-style") or kind)


def _entries(element: Element, level: int, kind: str) -> Iterator[Entry]:
    """A list's items, those of the lists in it one level deeper."""
    ordered = element.tag == "ol" or kind == _NUMBERS
    ticked = kind == _CHECKS or _is_checklist(element)
    number = _number(element.get("start"))
    for child in element.children:
        if isinstance(child, Element) and child.tag in _LISTS:
            yield from _entries(child, level + 1, kind)
            continue
        blocks = _blocks(child, kind) if isinstance(child, Element) else tuple(_paragraph([child]))
        if not blocks:
            continue
        if ticked and isinstance(child, Element):
            blocks = _checked(blocks, _is_done(child))
        yield Entry(level, ordered, number, blocks)
        number += 1


def _number(start: str) -> int:
    return int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1


def _is_checklist(element: Element) -> bool:
    """Where no number says so: by the list's class, or because one of its items is done."""
    items = (child for child in element.children if isinstance(child, Element))
    return "checklist" in element.get("class").split() or any(map(_is_done, items))


def _is_done(item: Element) -> bool:
    return "checked" in item.get("class").split()


def _checked(blocks: tuple[Block, ...], done: bool) -> tuple[Block, ...]:
    box = Text("\N{BALLOT BOX WITH CHECK} " if done else "\N{BALLOT BOX} ")
    if isinstance(first := blocks[0], Paragraph):
        return (Paragraph(tidy((box, *first.children))), *blocks[1:])
    return (Paragraph((Text(box.text.strip()),)), *blocks)


def _table(element: Element) -> list[Block]:
    rows: list[tuple[tuple[Inline, ...], ...]] = []
    for row in _rows(element):
        cells = [
            _flat(_blocks(cell))
            for cell in row.children
            if isinstance(cell, Element) and cell.tag in {"td", "th"}
        ]
        while cells and not cells[-1]:  # Quip fills its sheets up with empty ones
            cells.pop()
        if cells:
            rows.append(tuple(cells))
    return [Table(tuple(rows))] if rows else []


def _rows(element: Element) -> Iterator[Element]:
    for child in element.children:
        if isinstance(child, Element) and child.tag == "tr":
            yield child
        elif isinstance(child, Element):
            yield from _rows(child)


def _image(element: Element) -> list[Block]:
    url = address(element.get("src"))
    title = picture_title(element)
    if url:
        return [Image(url, title)]
    return [Paragraph((Text(title),))] if title else []


def _embedded(element: Element) -> list[Block]:
    """A file's or an address's card: `File ID: sf:F…, File URL: https://…`, `Link URL: …`."""
    words = " ".join(element.text().split())
    if (found := _ADDRESS.search(words)) is not None:
        url = address(found[0])
        name = unquote(url.partition("?")[0].rpartition("/")[2]) if "File URL" in words else ""
        return [Paragraph((Link(url, (Text(name),) if name else ()),))]
    file = _FILE.search(words)
    words = f"\N{PAPERCLIP} {file[0]}" if file else words
    return [Paragraph((Text(words),))] if words else []


def _flat(blocks: tuple[Block, ...]) -> tuple[Inline, ...]:
    """Blocks where only inlines can stand: in headings and cells."""
    line: list[Inline] = []
    for block in blocks:
        if isinstance(block, Paragraph | Heading):
            words = block.children
        elif isinstance(block, Image):
            words = (Link(block.url, (Text(block.title),) if block.title else ()),)
        else:
            words = (Text(visible_text(Document((block,)), SlackNames())),)
        line += (Text("\n"), *words) if line else words
    return tidy(line)
