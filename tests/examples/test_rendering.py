"""The page of renderings: that it is fresh, complete, and a table in the eyes of a Markdown
parser."""

import subprocess
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = EXAMPLES / "rendering.md"


class Cells(HTMLParser):
    """The words of every cell, row by row, each with its tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_page_is_fresh(page: str, tmp_path: Path) -> None:
    made = tmp_path / "rendering.md"
    command = [sys.executable, str(EXAMPLES / "make_rendering.py"), "--out", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    assert made.read_text(encoding="utf-8") == page, "run: python examples/make_rendering.py"


def test_a_markdown_parser_sees_whole_tables(page: str) -> None:
    cells = Cells()
    cells.feed(str(MarkdownIt("commonmark").render(page)))
    heads = [row for row in cells.rows if row[1] == "Slack"]
    assert len(heads) == page.count("\n## ")
    assert {len(row) for row in cells.rows} == {7}
    assert len(cells.rows) > 60
    for row in cells.rows:
        assert all(row[:6]), row[0]
    # What stands in the cells is text: nothing of it became markup of the page.
    assert cells.tags <= {"h1", "h2", "p", "code", "table", "tr", "th", "td", "pre"}


@pytest.mark.parametrize(
    "kind",
    (
        "rich_text rich_text_section rich_text_list rich_text_quote rich_text_preformatted section "
        "header context divider image video actions table markdown call contact_card user channel "
        "usergroup broadcast emoji link color date button"
    ).split(),
)
def test_every_block_is_on_the_page(page: str, kind: str) -> None:
    assert f'"type": "{kind}"' in page


@pytest.mark.parametrize(
    "form",
    (
        "<@U1> <#C1|general> <!here> <!subteam^ <!date^ <mailto: <tel: <slack-action: &amp;lt; "
        "&gt;&gt;&gt; skin-tone-3 • is_msg_unfurl me_message huddle_thread tombstone reminder_add "
        "channel_topic bot_message"
    ).split(),
)
def test_every_form_is_on_the_page(page: str, form: str) -> None:
    assert escape(form, quote=False) in page
