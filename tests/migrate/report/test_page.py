"""The plan's page: everything escaped, nothing loaded, nothing run."""

from html.parser import HTMLParser

import msgspec

from migrate.report import Line, PlanPage, Section, render_plan

HOSTILE = '<script>alert("x")</script>&<img src=//evil.test onerror=a>'


class Tags(HTMLParser):
    """Which elements and attributes a browser would see, and the words between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def page(words: str) -> PlanPage:
    line = Line(code=words, severity="error", count=1200, text=words, advice=words, example=words)
    return PlanPage(
        title=words,
        verdict=words,
        honesty=words,
        facts=[(words, words)],
        counts=[(words, words)],
        renames=[(words, words)],
        sections=[Section(words, [line], ""), Section("Losses", [], words)],
    )


def test_nothing_that_is_handed_in_becomes_markup() -> None:
    plain, hostile = Tags(render_plan(page("words"))), Tags(render_plan(page(HOSTILE)))
    assert hostile.seen == plain.seen
    assert hostile.attributes == plain.attributes
    assert hostile.words.count(HOSTILE) == plain.words.count("words") == 16


def test_the_page_is_self_contained() -> None:
    tags = Tags(render_plan(page("words")))
    assert not tags.seen & {"script", "img", "link", "iframe", "a", "form", "object"}
    assert not tags.attributes & {"src", "href", "onload", "onerror", "style"}
    assert tags.open == []
    assert "default-src 'none'" in render_plan(page("words")).replace("&#x27;", "'")


def test_an_empty_section_says_so() -> None:
    empty = msgspec.structs.replace(page("words"), sections=[Section("Blockers", [], "None.")])
    assert "<h2>Blockers</h2>\n<p>None.</p>" in render_plan(empty)


def test_a_finding_says_how_often_and_where_first() -> None:
    words = Tags(render_plan(page("general/2024-01-01.json"))).words
    assert "1,200" in words
    assert "first at general/2024-01-01.json" in words
