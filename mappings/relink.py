"""Links in a tree replaced by other words, for targets that know no addresses of their own before
everything is there. Which links, and by what, is the caller's affair."""

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from mappings.nodes import (
    Block,
    Card,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Link,
    List,
    Paragraph,
    Quote,
    Styled,
    Table,
)

Change = Callable[[Link], tuple[Inline, ...] | None]
"""What stands instead of a link; None leaves it."""


def replace_links(document: Document, change: Change) -> Document:
    """The document with every link that `change` has words for replaced by them."""
    return Document(tuple(_block(block, change) for block in document.blocks))


def _block(block: Block, change: Change) -> Block:
    if isinstance(block, Paragraph | Heading):
        return replace(block, children=_inlines(block.children, change))
    if isinstance(block, Quote | Card):
        return replace(block, blocks=tuple(_block(each, change) for each in block.blocks))
    if isinstance(block, List):
        return replace(
            block,
            items=tuple(
                Item(tuple(_block(each, change) for each in item.blocks)) for item in block.items
            ),
        )
    if isinstance(block, Table):
        rows = tuple(tuple(_inlines(cell, change) for cell in row) for row in block.rows)
        return replace(block, rows=rows)
    if isinstance(block, Fields):
        return Fields(tuple(_inlines(cell, change) for cell in block.cells))
    return block


def _inlines(children: Iterable[Inline], change: Change) -> tuple[Inline, ...]:
    return tuple(_changed(children, change))


def _changed(children: Iterable[Inline], change: Change) -> Iterator[Inline]:
    for node in children:
        if isinstance(node, Styled):
            yield Styled(node.style, _inlines(node.children, change))
        elif isinstance(node, Link) and (words := change(node)) is not None:
            yield from words
        else:
            yield node
