"""Links replaced wherever they stand in a tree, and nothing else touched."""

import pytest

from mappings.nodes import (
    Block,
    Card,
    Divider,
    Document,
    Fields,
    Heading,
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
from mappings.relink import replace_links

OURS, OTHER = Link("https://ours", (Text("here"),)), Link("https://other")
NEW = (Text("~general"), Text(", today"))


def change(link: Link) -> tuple[Inline, ...] | None:
    return NEW if link.url == OURS.url else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Paragraph((Text("see "), OURS, OTHER)), Paragraph((Text("see "), *NEW, OTHER))),
        (Heading((OURS,), 2), Heading(NEW, 2)),
        (Paragraph((Styled("bold", (OURS,)),)), Paragraph((Styled("bold", NEW),))),
        (Quote((Paragraph((OURS,)),)), Quote((Paragraph(NEW),))),
        (Card((Paragraph((OURS,)),), "#ffffff"), Card((Paragraph(NEW),), "#ffffff")),
        (
            List(True, (Item((Paragraph((OURS,)),)),), 4),
            List(True, (Item((Paragraph(NEW),)),), 4),
        ),
        (Table((((OURS,), (OTHER,)),), ("left",)), Table(((NEW, (OTHER,)),), ("left",))),
        (Fields(((OURS,), ())), Fields((NEW, ()))),
        (Preformatted("https://ours"), Preformatted("https://ours")),
        (Divider(), Divider()),
    ],
)
def test_links_are_replaced(before: Block, after: Block) -> None:
    assert replace_links(Document((before,)), change) == Document((after,))
    assert replace_links(Document((before,)), lambda link: None) == Document((before,))
