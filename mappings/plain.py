"""The tree as plain text: what a target shows where it shows no markup.

Quotes carry "> ", bullets "•", fences their backquotes; a link's address stands behind its words.
"""

from collections.abc import Iterable

from mappings.names import Names
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
    Table,
    Text,
    clean,
    emoji_text,
)


def render(document: Document, names: Names) -> str:
    """The document as text, blocks on lines of their own."""
    return clean(_blocks(document.blocks, names))


def _blocks(blocks: Iterable[Block], names: Names) -> str:
    return "\n".join(_block(block, names) for block in blocks)


def _block(block: Block, names: Names) -> str:
    if isinstance(block, Paragraph | Heading):
        return inlines(block.children, names)
    if isinstance(block, Preformatted):
        return f"```{block.language}\n{block.text}\n```"
    if isinstance(block, Quote | Card):
        return _indented("> ", "> ", _blocks(block.blocks, names))
    if isinstance(block, List):
        return "\n".join(_items(block, names))
    if isinstance(block, Table):
        rows = (" | ".join(_one_line(cell, names) for cell in row) for row in block.rows)
        return "\n".join(rows)
    if isinstance(block, Fields):
        return "\n".join(inlines(cell, names) for cell in block.cells)
    if isinstance(block, Divider):
        return "---"
    return _titled(block)


def _items(block: List, names: Names) -> Iterable[str]:
    for number, item in enumerate(block.items, block.start):
        mark = f"{number}. " if block.ordered else "• "
        yield _indented(mark, " " * len(mark), _blocks(item.blocks, names))


def _indented(first: str, rest: str, text: str) -> str:
    return first + text.replace("\n", f"\n{rest}")


def _titled(image: Image) -> str:
    return f"{image.title} ({image.url})" if image.title else image.url


def _one_line(children: tuple[Inline, ...], names: Names) -> str:
    return inlines(children, names).replace("\n", " ")


def inlines(children: Iterable[Inline], names: Names) -> str:
    """Some inlines as text, not cleaned."""
    return "".join([_inline(node, names) for node in children])


def _inline(node: Inline, names: Names) -> str:
    if isinstance(node, Text):
        return node.text
    if isinstance(node, Styled):
        return inlines(node.children, names)
    if isinstance(node, Code):
        return f"`{node.text}`"
    if isinstance(node, Link):
        return _link(node, names)
    if isinstance(node, Emoji):
        return emoji_text(node, names)
    if isinstance(node, Person):
        return names.person(node.id, node.label).text
    if isinstance(node, Channel):
        return names.channel(node.id, node.label).text
    if isinstance(node, Group):
        return names.group(node.id, node.label).text
    if isinstance(node, Broadcast):
        return f"@{node.range}"
    return _date(node)


def _link(node: Link, names: Names) -> str:
    url = names.message(node.url) or node.url
    words = inlines(node.children, names)
    # An address or a number is its own link; so is "example.org" for https://example.org/.
    if not words.strip():
        return url
    if _bare(url) == _bare(words):
        return words
    return f"{words} ({url})"


def _bare(url: str) -> str:
    return url.partition(":")[2].strip("/") if ":" in url else url.strip("/")


def _date(node: Date) -> str:
    return f"{node.fallback} ({node.url})" if node.url else node.fallback
