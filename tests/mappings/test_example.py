"""The whole example export, rendered in every dialect and read back by other people's parsers: what
a reader sees is what the trees hold. Its awkward texts are those of real exports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mappings import html, markdown
from mappings.markdown import MATTERMOST, ZULIP, Dialect
from mappings.names import SlackNames
from mappings.nodes import Document, visible_text
from migrate.model import Key, micros_ts
from migrate.source import parse
from tests.mappings.readers import commonmark_html, html_words, squeeze, zulip_html
from tests.mappings.test_html import sanitized, structure
from tests.migrate.source.build import read

NAMES = SlackNames()
EXPORT = Path(__file__).parents[2] / "examples" / "acme-export.zip"


@pytest.fixture(scope="module")
def documents() -> dict[tuple[str, str], Document]:
    """Every record's tree, notices among them, by conversation and ts."""
    return {
        (haul.conversation, ts): parse(record.raw, Key("T1", haul.conversation, ts)).body
        for haul in read(EXPORT).hauls
        for record in haul.records
        for ts in (micros_ts(record.ts),)
    }


def test_the_export_has_something_to_say(documents: dict[tuple[str, str], Document]) -> None:
    assert len(documents) > 1_700
    kinds = {type(block).__name__ for each in documents.values() for block in each.blocks}
    assert kinds == {
        "Card",
        "Divider",
        "Fields",
        "Heading",
        "Image",
        "List",
        "Paragraph",
        "Preformatted",
        "Quote",
        "Table",
    }


@pytest.mark.parametrize(
    ("dialect", "reader"), [(MATTERMOST, commonmark_html), (ZULIP, zulip_html)]
)
def test_markdown_is_read_back_whole(
    documents: dict[tuple[str, str], Document], dialect: Dialect, reader: Callable[[str], str]
) -> None:
    for place, document in documents.items():
        shown = markdown.render(document, NAMES, dialect)
        wanted = squeeze(visible_text(document, NAMES))
        assert html_words(reader(shown)) == wanted, (place, shown)


def test_matrix_is_read_back_whole(documents: dict[tuple[str, str], Document]) -> None:
    for place, document in documents.items():
        shown = html.render(document, NAMES)
        wanted = squeeze(visible_text(document, NAMES))
        if shown.html is None:
            assert squeeze(shown.plain) == wanted, place
            continue
        assert html_words(shown.html) == wanted, (place, shown.html)
        # Within an element, as a client puts it there.
        whole = f"<div>{shown.html}</div>"
        assert structure(sanitized(whole)) == structure(whole), place
