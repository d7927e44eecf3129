"""A message that is too long for the target, cut into pieces that are not.

The cut is made in the tree, never in markup, so that a fence, a style or a list that is cut is
closed in one piece and opened again in the next. Lines are preferred to words, words to letters;
links, mentions and emoji stay whole, and so do grapheme clusters (an emoji with its skin tone, a
letter with its accents). Only where a single one is over the limit does it give way.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import regex
from msgspec.structs import replace

from mappings.nodes import (
    Block,
    Card,
    Code,
    Date,
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
    Quote,
    Styled,
    Table,
    Text,
)

_GRAPHEME = regex.compile(r"\X")
_BLOCK, _LINE, _WORD, _NODE, _LETTER, _INSIDE = range(6)

Node = TypeVar("Node", bound=Block | Inline | Item)


class _Break(NamedTuple):
    """A place to cut, counted in units: a character of text, or a whole mention, emoji, picture."""

    offset: int
    rank: int


def split(
    document: Document, measure: Callable[[Document], int], limit: int
) -> tuple[Document, ...]:
    """The pieces of `document`, in order, each of a `measure` of at most `limit`.

    `measure` is what the target counts, taken of the rendered piece. The visible text of all the
    pieces together is that of the document; a link of which not even the address fits keeps its
    words. A piece may be over the limit only where a single character is.
    """
    pieces: list[Document] = []
    rest = document.blocks
    while measure(Document(rest)) > limit:
        head, tail = _first(rest, measure, limit)
        pieces.append(Document(head))
        rest = tail
        if not rest:
            return tuple(pieces)
    return (*pieces, Document(rest))


def _first(
    blocks: tuple[Block, ...], measure: Callable[[Document], int], limit: int
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The longest good piece that fits, and what is left."""
    breaks = _breaks(blocks)

    def fits(place: int) -> bool:
        return measure(Document(_cut_blocks(blocks, breaks[place].offset)[0])) <= limit

    end = bisect_left(range(len(breaks)), True, key=lambda place: not fits(place))
    # Markup makes the measure uneven: the neighbour that the search skipped may not fit after all.
    while end > 0 and not fits(best := _best(breaks[:end])):
        end = best
    if end > 0:
        return _cut_blocks(blocks, breaks[best].offset)
    return _smallest(blocks, breaks, measure, limit)


def _smallest(
    blocks: tuple[Block, ...],
    breaks: Sequence[_Break],
    measure: Callable[[Document], int],
    limit: int,
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Where not even the first unit fits: without links and styles, then without mercy."""
    head, tail = _cut_blocks(blocks, breaks[0].offset) if breaks else (blocks, ())
    bare = _bare_blocks(head)
    if measure(Document(bare)) <= limit:
        return bare, tail
    if bare != head:
        return _first((*bare, *tail), measure, limit)
    one, rest = _cut_blocks(head, 1)
    return (one, (*rest, *tail)) if rest else (head, tail)


def _best(breaks: Sequence[_Break]) -> int:
    """The index of the most natural place in the later half; of equal ones the last.

    Only a link or code span is worth a piece of less than half the length.
    """
    half = breaks[-1].offset // 2
    places = [place for place, entry in enumerate(breaks) if entry.offset > half]
    best = min(places, key=lambda place: (breaks[place].rank, -place))
    if breaks[best].rank == _INSIDE:
        outside = [place for place, entry in enumerate(breaks) if entry.rank < _INSIDE]
        best = outside[-1] if outside else best
    return best


# -- where a cut may fall -----------------------------------------------------------------------


def _breaks(blocks: tuple[Block, ...]) -> list[_Break]:
    """Every place within, by offset: never 0 and never the end."""
    ranks: dict[int, int] = {}
    offset = 0
    for entry in _blocks_breaks(blocks):
        offset += entry.offset
        ranks[offset] = min(entry.rank, ranks.get(offset, _INSIDE))
    ranks.pop(0, None)
    ranks.pop(offset, None)
    return [_Break(offset, rank) for offset, rank in sorted(ranks.items())]


def _blocks_breaks(blocks: Iterable[Block | Item]) -> Iterator[_Break]:
    """Steps: how many units on, and what kind of place is there."""
    for block in blocks:
        if isinstance(block, Paragraph | Heading):
            yield from _inline_breaks(block.children, False)
        elif isinstance(block, Preformatted):
            yield from _text_breaks(block.text, _BLOCK)
        elif isinstance(block, Quote | Card | Item):
            yield from _blocks_breaks(block.blocks)
        elif isinstance(block, List):
            yield from _blocks_breaks(block.items)
        elif isinstance(block, Table):
            for _ in block.rows:
                yield _Break(1, _LINE)
        elif isinstance(block, Fields):
            for _ in block.cells:
                yield _Break(1, _LINE)
        else:
            yield _Break(1, _LINE)
        yield _Break(0, _BLOCK)


def _inline_breaks(children: Iterable[Inline], inside: bool) -> Iterator[_Break]:
    for node in children:
        if isinstance(node, Text | Code):
            yield from _text_breaks(
                node.text, _INSIDE if inside or isinstance(node, Code) else _LINE
            )
        elif isinstance(node, Styled):
            yield from _inline_breaks(node.children, inside)
        elif isinstance(node, Link) and not _blank(node.children):
            yield from _inline_breaks(node.children, True)
        else:
            yield _Break(1, _NODE)
        yield _Break(0, _INSIDE if inside else _NODE)


def _text_breaks(text: str, least: int) -> Iterator[_Break]:
    clusters = text if text.isascii() else _GRAPHEME.findall(text)
    for cluster in clusters:
        rank = _LINE if cluster == "\n" else _WORD if cluster == " " else _LETTER
        yield _Break(len(cluster), max(rank, least))


# -- the cut ------------------------------------------------------------------------------------


def _size(node: Block | Item | Inline) -> int:
    if isinstance(node, Text | Code | Preformatted):
        return len(node.text)
    if isinstance(node, Paragraph | Heading | Styled):
        return sum(map(_size, node.children))
    if isinstance(node, Link):
        return 1 if _blank(node.children) else sum(map(_size, node.children))
    if isinstance(node, Quote | Card | Item):
        return sum(map(_size, node.blocks))
    if isinstance(node, List):
        return sum(map(_size, node.items))
    if isinstance(node, Table):
        return len(node.rows)
    return len(node.cells) if isinstance(node, Fields) else 1


def _blank(children: Iterable[Inline]) -> bool:
    """Whether a link's label is no label, so that its address is shown."""
    for node in children:
        if isinstance(node, Text | Code):
            if node.text.strip():
                return False
        elif not isinstance(node, Styled) or not _blank(node.children):
            return False
    return True


def _cut(
    nodes: tuple[Node, ...], offset: int, halve: Callable[[Node, int], tuple[Node, Node]]
) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The first `offset` units, and the rest; what spans the place stands on both sides."""
    for index, node in enumerate(nodes):
        size = _size(node)
        if offset < size:
            if offset == 0:
                return nodes[:index], nodes[index:]
            head, tail = halve(node, offset)
            return (*nodes[:index], head), (tail, *nodes[index + 1 :])
        offset -= size
    return nodes, ()


def _cut_blocks(
    blocks: tuple[Block, ...], offset: int
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    return _cut(blocks, offset, _halve_block)


def _halve_block(block: Block, offset: int) -> tuple[Block, Block]:
    if isinstance(block, Preformatted):
        # The fences bring a line break of their own.
        first = block.text[:offset].removesuffix("\n")
        second = Preformatted(block.text[offset:], block.language)
        return Preformatted(first, block.language), second
    if isinstance(block, Quote | Card):
        head, tail = _cut_blocks(block.blocks, offset)
        return replace(block, blocks=head), replace(block, blocks=tail)
    if isinstance(block, List):
        items, others = _cut(block.items, offset, _halve_item)
        # An item that is cut goes on under its own number.
        start = block.start + len(block.items) - len(others)
        return replace(block, items=items), replace(block, items=others, start=start)
    if isinstance(block, Table):
        return replace(block, rows=block.rows[:offset]), replace(block, rows=block.rows[offset:])
    if isinstance(block, Fields):
        return Fields(block.cells[:offset]), Fields(block.cells[offset:])
    if isinstance(block, Paragraph | Heading):
        first_words, other_words = _cut(block.children, offset, _halve_inline)
        return replace(block, children=first_words), replace(block, children=other_words)
    return block, Paragraph(())


def _halve_item(item: Item, offset: int) -> tuple[Item, Item]:
    head, tail = _cut_blocks(item.blocks, offset)
    return Item(head), Item(tail)


def _halve_inline(node: Inline, offset: int) -> tuple[Inline, Inline]:
    if isinstance(node, Text | Code):
        return replace(node, text=node.text[:offset]), replace(node, text=node.text[offset:])
    if isinstance(node, Styled | Link):
        head, tail = _cut(node.children, offset, _halve_inline)
        return _part(node, head), _part(node, tail)
    return node, Text("")


def _part(node: Styled | Link, children: tuple[Inline, ...]) -> Styled | Link | Text:
    # Half a label that is only blanks would bring out the address.
    return (
        Text(" ")
        if isinstance(node, Link) and _blank(children)
        else replace(node, children=children)
    )


# -- the last resort ----------------------------------------------------------------------------


def _bare_blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Paragraphs alone, their inlines without links and styles."""
    return tuple(bare for block in blocks for bare in _bare_block(block))


def _bare_block(block: Block) -> tuple[Block, ...]:
    if isinstance(block, Quote | Card):
        return _bare_blocks(block.blocks)
    if isinstance(block, List):
        return _bare_blocks(inner for item in block.items for inner in item.blocks)
    if isinstance(block, Table):
        return tuple(Paragraph(_bare(cell)) for row in block.rows for cell in row)
    if isinstance(block, Fields):
        return tuple(Paragraph(_bare(cell)) for cell in block.cells)
    if isinstance(block, Paragraph | Heading):
        return (Paragraph(_bare(block.children)),)
    if isinstance(block, Preformatted):
        return (Paragraph((Text(block.text),)),)
    if isinstance(block, Image):
        return (Paragraph((Text(block.title or block.url),)),)
    return ()


def _bare(children: Iterable[Inline]) -> tuple[Inline, ...]:
    bare: list[Inline] = []
    for node in children:
        if isinstance(node, Styled):
            bare += _bare(node.children)
        elif isinstance(node, Link):
            bare += (Text(node.url),) if _blank(node.children) else _bare(node.children)
        elif isinstance(node, Code):
            bare.append(Text(node.text))
        elif isinstance(node, Date):
            bare.append(Text(node.fallback))
        else:
            bare.append(node)
    return tuple(bare)
