"""The tree itself."""

import pytest
from hypothesis import given

from mappings import nodes
from mappings.names import SlackNames
from mappings.nodes import (
    Card,
    Date,
    Document,
    Emoji,
    Fields,
    Image,
    Item,
    Link,
    List,
    Paragraph,
    Person,
    Quote,
    Styled,
    Table,
    Text,
)
from tests.mappings.trees import documents

NAMES = SlackNames()
URL = "https://x.org"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\0b", "ab"),
        ("a\ud83db", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud83d\ude00", "😀"),
        ("\ufeffa \u200fb é 日", "\ufeffa \u200fb é 日"),
    ],
)
def test_clean(text: str, kept: str) -> None:
    assert nodes.clean(text) == kept


def test_plain() -> None:
    assert nodes.plain("") == nodes.EMPTY
    assert nodes.plain("*a*") == Document((Paragraph((Text("*a*"),)),))


def test_walk_meets_every_node_in_reading_order() -> None:
    ann, link = Person("U1"), Link(URL, (Text("b"),))
    cell = (Text("c"),)
    document = Document(
        (
            Paragraph((Styled("bold", (ann,)), link)),
            Quote((List(False, (Item((Paragraph(cell),)),)),)),
            Card((Table(((cell, cell),)), Fields((cell,)))),
            Image(f"{URL}/a.png"),
            Paragraph((Date(0, "then", f"{URL}/d"), Emoji("parrot"))),
        )
    )
    names = [type(node).__name__ for node in nodes.walk(document)]
    assert " ".join(names) == (
        "Paragraph Styled Person Link Text Quote List Item Paragraph Text "
        "Card Table Text Text Fields Text Image Paragraph Date Emoji"
    )
    assert list(nodes.links(document)) == [URL, f"{URL}/a.png", f"{URL}/d"]
    assert nodes.visible_text(document, NAMES) == (f"@U1b\nc\nc\nc\nc\n{URL}/a.png\nthen:parrot:")


@given(documents)
def test_trees_are_values(document: Document) -> None:
    assert {document: 1}[Document(tuple(document.blocks))] == 1
    with pytest.raises(AttributeError):
        document.blocks = ()  # type: ignore[misc]  # that it is refused is what is tested
