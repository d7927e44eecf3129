"""Long messages in pieces."""

from collections.abc import Callable

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from mappings import markdown, mrkdwn, plain
from mappings.html import render as html
from mappings.names import SlackNames
from mappings.nodes import (
    Block,
    Code,
    Document,
    Item,
    Link,
    List,
    Paragraph,
    Preformatted,
    Quote,
    Styled,
    Text,
    links,
    visible_text,
)
from mappings.split import split
from tests.mappings.readers import squeeze
from tests.mappings.trees import documents

NAMES = SlackNames()


def characters(document: Document) -> int:
    return len(visible_text(document, NAMES))


def markdown_bytes(document: Document) -> int:
    return len(markdown.render(document, NAMES, markdown.ZULIP).encode())


def html_utf16(document: Document) -> int:
    shown = html(document, NAMES)
    return len((shown.plain + (shown.html or "")).encode("utf-16-le")) // 2


def pieces(text: str, limit: int) -> list[str]:
    found = split(mrkdwn.parse(text), characters, limit)
    return [visible_text(piece, NAMES) for piece in found]


def test_what_fits_is_left_alone() -> None:
    document = mrkdwn.parse("*b* and more")
    assert split(document, characters, 10) == (document,)
    assert split(Document(), characters, 1) == (Document(),)


@pytest.mark.parametrize(
    ("text", "limit", "seen"),
    [
        ("one two three", 8, ["one two ", "three"]),
        ("one two\nthree four five", 14, ["one two\n", "three four ", "five"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("👨‍👩‍👧" * 3, 10, ["👨‍👩‍👧" * 2, "👨‍👩‍👧"]),
        ("e\u0301" * 3, 3, ["e\u0301"] * 3),
        ("🇩🇪🇫🇷🇩🇪", 5, ["🇩🇪🇫🇷", "🇩🇪"]),
        ("aaaa <https://x.org|bbbb cccc>", 10, ["aaaa ", "bbbb cccc"]),
        ("aaaa `bbbb cccc`", 10, ["aaaa ", "bbbb cccc"]),
        ("aaaa <@U12345678>", 10, ["aaaa ", "@U12345678"]),
    ],
)
def test_lines_before_words_before_letters(text: str, limit: int, seen: list[str]) -> None:
    assert pieces(text, limit) == seen


def test_a_fence_is_closed_and_opened_again() -> None:
    document = Document((Preformatted("one\ntwo\nthree", "py"),))
    assert split(document, characters, 8) == (
        Document((Preformatted("one\ntwo", "py"),)),
        Document((Preformatted("three", "py"),)),
    )


def test_styles_quotes_and_numbers_go_on() -> None:
    words = Paragraph((Styled("bold", (Text("one two three"),)),))
    document = Document((Quote((List(True, (Item((words,)), Item((words,))), 4),)),))

    def cut(text: str, start: int) -> Document:
        inner = Paragraph((Styled("bold", (Text(text),)),))
        return Document((Quote((List(True, (Item((inner,)),), start),)),))

    assert split(document, characters, 8) == (
        cut("one two ", 4),
        cut("three", 4),
        cut("one two ", 5),
        cut("three", 5),
    )


@pytest.mark.parametrize(
    "block",
    [
        Paragraph((Link("https://x.org/" + "a" * 90, (Text("words"),)),)),
        Paragraph((Link("https://x.org/" + "a" * 90),)),
    ],
)
def test_a_link_that_cannot_fit_keeps_its_words(block: Block) -> None:
    def measure(document: Document) -> int:
        return characters(document) + sum(map(len, links(document)))

    found = split(Document((block,)), measure, 20)
    assert all(measure(piece) <= 20 for piece in found)
    assert "".join(visible_text(piece, NAMES) for piece in found) == visible_text(
        Document((block,)), NAMES
    )


def test_one_letter_over_the_limit_is_its_own_piece() -> None:
    def measure(document: Document) -> int:
        return len(visible_text(document, NAMES).encode())

    found = split(mrkdwn.parse("a日b"), measure, 2)
    assert [visible_text(piece, NAMES) for piece in found] == ["a", "日", "b"]


@pytest.mark.parametrize("measure", [characters, markdown_bytes, html_utf16])
@given(document=documents, limit=st.integers(120, 400))
def test_no_piece_is_over_the_limit_and_no_word_is_lost(
    measure: Callable[[Document], int], document: Document, limit: int
) -> None:
    long = Document(document.blocks * 3)
    found = split(long, measure, limit)
    assert all(measure(piece) <= limit for piece in found)
    seen = "".join(visible_text(piece, NAMES) for piece in found)
    assert squeeze(seen) == squeeze(visible_text(long, NAMES))


@given(documents, st.integers(0, 5))
def test_hopeless_limits_come_to_an_end(document: Document, limit: int) -> None:
    found = split(document, lambda piece: 3 + len(plain.render(piece, NAMES)), limit)
    seen = "".join(visible_text(piece, NAMES) for piece in found)
    assert squeeze(seen) == squeeze(visible_text(document, NAMES))


@given(st.text("ae\u0301👍🏽🇩🇪👨‍👩‍👧 \r\n", min_size=20, max_size=120))
def test_clusters_stay_whole(text: str) -> None:
    found = split(Document((Paragraph((Text(text),)),)), characters, 20)
    clusters = [
        cluster for piece in found for cluster in regex.findall(r"\X", visible_text(piece, NAMES))
    ]
    assert clusters == regex.findall(r"\X", text)


def test_forty_thousand_characters() -> None:
    text = "a *bold* word, `code` and <https://example.org/path|a link> " * 700
    found = split(mrkdwn.parse(text), markdown_bytes, 10_000)
    assert 4 <= len(found) <= 8
    assert all(markdown_bytes(piece) <= 10_000 for piece in found)
    assert "".join(visible_text(piece, NAMES) for piece in found) == visible_text(
        mrkdwn.parse(text), NAMES
    )


def test_code_is_cut_only_where_it_cannot_be_helped() -> None:
    found = split(Document((Paragraph((Code("a" * 30),)),)), characters, 20)
    assert found == (
        Document((Paragraph((Code("a" * 20),)),)),
        Document((Paragraph((Code("a" * 10),)),)),
    )
