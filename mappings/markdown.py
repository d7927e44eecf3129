"""The tree as Markdown, in the dialects of Mattermost and Zulip.

Blocks live here; what stands in a line is `spans`, what must be escaped is `escape`. The Markdown
is written so that CommonMark, Mattermost's own parser and Zulip's agree on what it says.
"""

import re
from collections.abc import Iterable

from mappings.dialects import MATTERMOST, ZULIP, Dialect
from mappings.names import Names
from mappings.nodes import (
    Block,
    Card,
    Divider,
    Document,
    Fields,
    Heading,
    Image,
    Inline,
    Link,
    List,
    Paragraph,
    Preformatted,
    Quote,
    Styled,
    Table,
    Text,
    clean,
)
from mappings.spans import Spans, longest_run

__all__ = ["MATTERMOST", "ZULIP", "Dialect", "render"]

# Fences of these names are no code in Zulip.
_RESERVED = {"quote", "quoted", "spoiler", "math"}
# Mattermost makes a box to tick of this, at the start of an item.
_TASK = re.compile(r"\[[ xX|]\] ")
_NOTHING = "&#160;"


def render(document: Document, names: Names, dialect: Dialect) -> str:
    """The document as Markdown, without a line break at the end."""
    return clean(_Writer(names, dialect).blocks(document.blocks))


class _Writer:
    """Writes blocks; holds the names and the dialect for all of them."""

    def __init__(self, names: Names, dialect: Dialect) -> None:
        self._dialect = dialect
        self._spans = Spans(names, dialect)

    def blocks(self, blocks: Iterable[Block]) -> str:
        return "\n\n".join(filter(None, map(self._block, blocks)))

    def _block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return self._spans.write(block.children)
        if isinstance(block, Preformatted):
            return _fence(block.text, _language(block.language))
        if isinstance(block, Quote | Card):
            return self._quote(block.blocks)
        if isinstance(block, List):
            return "\n".join(self._items(block))
        if isinstance(block, Heading):
            return self._heading(block)
        if isinstance(block, Divider):
            return "---"
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Fields):
            return "\n\n".join(filter(None, map(self._spans.write, block.cells)))
        return self._image(block)

    def _quote(self, blocks: tuple[Block, ...]) -> str:
        inner = self.blocks(blocks)
        if inner and self._dialect.fenced_quotes and "```" in inner:
            return _fence(inner, "quote")
        return _quoted(inner)

    def _items(self, block: List) -> Iterable[str]:
        for number, item in enumerate(block.items, block.start):
            mark = f"{number}. " if block.ordered else "- "
            indent = " " * (self._dialect.nesting or len(mark))
            lines = self._in_item(item.blocks) or _NOTHING
            if _TASK.match(lines):
                lines = "&#91;" + lines[1:]
            yield mark + lines.replace("\n", f"\n{indent}")

    def _in_item(self, blocks: tuple[Block, ...]) -> str:
        """Blocks on lines of their own, without blank lines, which would end the item."""
        # Two marks on one line may be a rule.
        shown = _NOTHING if blocks and isinstance(blocks[0], List) else ""
        for block in blocks:
            text = self._item_block(block)
            if isinstance(block, List):
                # CommonMark: right below a paragraph a list must start with 1. Zulip does not mind,
                # but would end the list at the blank line.
                clear = block.ordered and block.start != 1 and self._dialect.nesting is None
                gap = "\n\n" if clear else "\n"
            else:
                gap = "\n"
                text = "\n".join(line for line in text.split("\n") if line.strip())
            shown += gap + text if shown and text else text
        return shown

    def _item_block(self, block: Block) -> str:
        """As simple as it goes: within an item the parsers agree on little."""
        if isinstance(block, Preformatted) and self._dialect.fenced_quotes:
            return "\n".join(map(self._spans.code, block.text.split("\n")))
        if isinstance(block, Heading):
            return self._spans.write_line((Styled("bold", block.children),))
        if isinstance(block, Quote | Card):
            inner = self._in_item(block.blocks)
            return inner if self._dialect.fenced_quotes else _quoted(inner)
        if isinstance(block, Divider):
            return ""
        if isinstance(block, Table):
            rows = (filter(None, map(self._spans.write_line, row)) for row in block.rows)
            return "\n".join(map("  ".join, rows))
        return self._block(block)

    def _heading(self, block: Heading) -> str:
        words = self._spans.write_line(block.children)
        # Hashes at the end would be taken for the end of the heading.
        bare = words.rstrip("#")
        words = bare + "&#35;" * (len(words) - len(bare))
        return f"{'#' * min(max(block.level, 1), 6)} {words}" if words else ""

    def _table(self, block: Table) -> str:
        width = max((len(row) for row in block.rows), default=0)
        rows = [self._row(row, width) for row in block.rows]
        if not any(row.strip("| ") for row in rows):
            return ""
        rules = {"left": ":--", "center": ":-:", "right": "--:"}
        aligns = (*block.aligns, *("",) * width)[:width]
        if len(rows) == 1:
            # Mattermost takes no head without a body for a table.
            rows.append(self._row((), width))
        rows.insert(1, f"| {' | '.join(rules.get(align, '---') for align in aligns)} |")
        return "\n".join(rows)

    def _row(self, row: tuple[tuple[Inline, ...], ...], width: int) -> str:
        cells = [self._spans.write_line(cell, cell=True) for cell in row]
        return f"| {' | '.join(cells + [''] * (width - len(cells)))} |"

    def _image(self, image: Image) -> str:
        label = (Text(image.title),) if image.title else ()
        return self._spans.write_line((Link(image.url, label),))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n")) if text else ""


def _fence(text: str, language: str) -> str:
    """A fence longer than any within. An empty one would swallow what follows in some clients."""
    fence = "`" * max(3, longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _language(language: str) -> str:
    word = "".join(
        char for char in language if char.isascii() and (char.isalnum() or char in "+-#_")
    )
    return "" if word.lower() in _RESERVED else word
