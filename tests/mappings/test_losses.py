"""What each dialect cannot show, and that it is named when, and only when, it is not shown."""

import pytest
from hypothesis import given

from mappings import html, losses
from mappings.names import SlackNames
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
    Person,
    Quote,
    Styled,
    Table,
    Text,
)
from tests.mappings.trees import documents

WORDS = (Text("a"),)


def line(*children: Inline) -> Document:
    return Document((Paragraph(children),))


def block(block: Block) -> Document:
    return Document((block,))


@pytest.mark.parametrize(
    ("document", "matrix", "markdown"),
    [
        (line(Text("a"), Person("U1"), Code("b")), (), ()),
        (line(Styled("bold", WORDS), Styled("italic", WORDS), Styled("strike", WORDS)), (), ()),
        (line(Styled("underline", WORDS)), (), ("underline-dropped",)),
        (line(Styled("bold", (Styled("highlight", WORDS),))), (), ("highlight-dropped",)),
        (line(Link("https://x.org", WORDS), Link("mailto:a@x.org")), (), ()),
        (line(Link("tel:+1", WORDS)), ("address-dropped",), ()),
        (line(Link("slack-action://A1", WORDS)), ("address-dropped",), ("address-dropped",)),
        (line(Link("JavaScript:x", WORDS)), ("address-dropped",), ("address-dropped",)),
        (line(Date(1, "then")), ("date-fixed",), ("date-fixed",)),
        (block(Image("https://x.org/i.png")), ("image-linked",), ("image-linked",)),
        (
            block(Image("data:image/png;base64,")),
            ("image-linked", "address-dropped"),
            ("image-linked", "address-dropped"),
        ),
        (block(Card((Paragraph(WORDS),))), (), ()),
        (block(Card((Paragraph(WORDS),), "#36a64f")), ("color-dropped",), ("color-dropped",)),
        (block(Fields((WORDS, WORDS))), (), ("columns-dropped",)),
        (block(Heading((Styled("underline", WORDS),))), (), ("underline-dropped",)),
        (block(Table(((WORDS, (Date(1, "then"),)),))), ("date-fixed",), ("date-fixed",)),
        (
            block(List(False, (Item((Quote((Card((), "#000000"),)),)),))),
            ("color-dropped",),
            ("color-dropped",),
        ),
        # Each once, in reading order.
        (
            line(Date(1, "a"), Link("slack://1"), Date(2, "b")),
            ("date-fixed", "address-dropped"),
            ("date-fixed", "address-dropped"),
        ),
        (Document(), (), ()),
    ],
)
def test_losses(document: Document, matrix: tuple[str, ...], markdown: tuple[str, ...]) -> None:
    assert losses.find(document, SlackNames(), losses.HTML) == matrix
    assert losses.find(document, SlackNames(), losses.MARKDOWN) == markdown


class Here(SlackNames):
    """Every message of Slack's is here."""

    def message(self, url: str) -> str | None:
        return "https://matrix.to/#/!r/$e" if url.startswith("slack://channel") else None


def test_address_of_a_message_that_is_here_is_none_that_is_lost() -> None:
    document = line(Link("slack://channel?id=C1&message=1469781868.000005", WORDS))
    assert losses.find(document, Here(), losses.HTML) == ()
    assert losses.find(document, SlackNames(), losses.HTML) == ("address-dropped",)


@given(documents)
def test_what_only_matrix_shows_is_lost_in_markdown_and_nothing_else(document: Document) -> None:
    shown = html.render(document, SlackNames()).html or ""
    lost = losses.find(document, SlackNames(), losses.MARKDOWN)
    assert ("<u>" in shown) == ("underline-dropped" in lost)
    assert ("data-mx-bg-color" in shown) == ("highlight-dropped" in lost)
    assert ("<table><tbody>" in shown) == ("columns-dropped" in lost)
    assert set(losses.find(document, SlackNames(), losses.HTML)) <= losses.HTML.codes
