"""What a dialect cannot show of a tree, as codes: a style it has no marks for, a colour, a picture.

Which codes a dialect loses is said here, beside the finding of them; what the codes mean to a
person is the caller's catalogue. Names, links to messages and custom emoji are losses of a
target and not of a dialect.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mappings import html, spans
from mappings.names import Names
from mappings.nodes import (
    Block,
    Broadcast,
    Card,
    Channel,
    Code,
    Date,
    Document,
    Emoji,
    Fields,
    Group,
    Image,
    Inline,
    Item,
    Link,
    Paragraph,
    Person,
    Styled,
    Text,
    walk,
)

UNDERLINE = "underline-dropped"
HIGHLIGHT = "highlight-dropped"
COLOR = "color-dropped"
COLUMNS = "columns-dropped"
IMAGE = "image-linked"
DATE = "date-fixed"
ADDRESS = "address-dropped"

LINK = "link-to-conversation"
"""A link to a message that is not at the target leads to its conversation. No dialect's loss, but
one that every target can have."""

_STYLES = {"underline": UNDERLINE, "highlight": HIGHLIGHT}
# Nodes that every dialect shows: most messages hold nothing else.
_QUIET = frozenset({Text, Person, Channel, Group, Broadcast, Emoji, Code})
# What a dialect may lose something of.
_LOUD = frozenset({Styled, Link, Image, Date, Card, Fields})


class Shortfall(NamedTuple):
    """What one dialect loses: `codes`, and the addresses whose scheme is none of `schemes`."""

    codes: frozenset[str]
    schemes: tuple[str, ...]


HTML = Shortfall(frozenset({COLOR, IMAGE, DATE, ADDRESS}), html.SCHEMES)
"""Matrix."""

MARKDOWN = Shortfall(HTML.codes | {UNDERLINE, HIGHLIGHT, COLUMNS}, spans.SCHEMES)
"""Mattermost and Zulip."""


def find(document: Document, names: Names, shortfall: Shortfall) -> tuple[str, ...]:
    """The codes of what a document loses in a dialect, each once, in reading order."""
    return () if is_quiet(document) else find_among(walk(document), names, shortfall)


def find_among(
    nodes: Iterable[Block | Item | Inline], names: Names, shortfall: Shortfall
) -> tuple[str, ...]:
    """The codes of what some nodes lose by themselves, not by what is below them."""

    def dropped(url: str) -> bool:
        return not (url.lower().startswith(shortfall.schemes) or names.message(url))

    loud = [node for node in nodes if type(node) in _LOUD]
    found = dict.fromkeys([code for node in loud for code in _codes(node, dropped)])
    return tuple([code for code in found if code in shortfall.codes])


def is_quiet(document: Document) -> bool:
    """Whether every dialect shows all of a document: it holds no link either."""
    for block in document.blocks:
        if type(block) is not Paragraph:
            return False
        for node in block.children:
            if type(node) not in _QUIET:
                return False
    return True


def _codes(node: Block | Item | Inline, dropped: Callable[[str], bool]) -> Iterator[str]:
    if isinstance(node, Styled):
        if node.style in _STYLES:
            yield _STYLES[node.style]
    elif isinstance(node, Link):
        if dropped(node.url):
            yield ADDRESS
    elif isinstance(node, Image):
        yield IMAGE
        if dropped(node.url):
            yield ADDRESS
    elif isinstance(node, Date):
        yield DATE
    elif isinstance(node, Card):
        if node.color:
            yield COLOR
    elif isinstance(node, Fields):
        yield COLUMNS
