"""What a reader sees: the words of rendered Markdown and HTML, through parsers of other people.

`commonmark` is markdown-it-py with tables and strikes, as in GitHub's dialect. `zulip` is
Python-Markdown, which Zulip renders with, holding just the patterns that Zulip registers.
"""

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree.ElementTree import Element

import markdown
from markdown import blockparser, blockprocessors, inlinepatterns, preprocessors, treeprocessors
from markdown.extensions import nl2br, sane_lists, tables
from markdown.util import AtomicString, Registry
from markdown_it import MarkdownIt

_BLOCKS = {"p", "li", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "br", "blockquote"}


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in _BLOCKS:
            self.found.append("\n")


def squeeze(text: str) -> str:
    """Without blanks: how they fall is the target's business."""
    return re.sub(r"[\s\u200b]+", "", text)


def html_words(html: str) -> str:
    """The character data of some HTML, without blanks."""
    words = _Words()
    words.feed(html)
    words.close()
    return squeeze("".join(words.found))


def html_tags(html: str) -> set[str]:
    words = _Words()
    words.feed(html)
    return words.tags


def commonmark_html(text: str) -> str:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return str(parser.render(text))


def zulip_html(text: str) -> str:
    """As Zulip's server: no backslash escapes, no HTML, stars alone for emphasis."""
    return _Zulip(extensions=[nl2br.makeExtension(), tables.makeExtension()]).convert(text)


class _Zulip(markdown.Markdown):
    def build_parser(self) -> "_Zulip":
        super().build_parser()
        for name in ("html_block", "normalize_whitespace"):
            self.preprocessors.deregister(name)
        self.preprocessors.register(_Hanging(self), "hanging_lists", 35)
        self.preprocessors.register(
            preprocessors.NormalizeWhitespace(self), "normalize_whitespace", 30
        )
        self.preprocessors.register(_Fences(self), "fenced_code_block", 25)
        self.parser = self._block_parser()
        self.inlinePatterns = self._inline_patterns()
        self.treeprocessors = treeprocessors.build_treeprocessors(self)
        return self

    def _block_parser(self) -> blockparser.BlockParser:
        parser = blockparser.BlockParser(self)
        register = parser.blockprocessors.register
        register(blockprocessors.EmptyBlockProcessor(parser), "empty", 95)
        self.tab_length = 2
        register(blockprocessors.ListIndentProcessor(parser), "indent", 90)
        register(sane_lists.SaneOListProcessor(parser), "olist", 65)
        register(sane_lists.SaneUListProcessor(parser), "ulist", 60)
        self.tab_length = 4
        register(blockprocessors.CodeBlockProcessor(parser), "code", 85)
        register(_Headings(parser), "hashheader", 80)
        register(blockprocessors.HRProcessor(parser), "hr", 70)
        register(_Quotes(parser), "quote", 55)
        register(blockprocessors.ParagraphProcessor(parser), "paragraph", 50)
        return parser

    def _inline_patterns(self) -> Registry[inlinepatterns.Pattern]:
        found: Registry[inlinepatterns.Pattern] = Registry()

        def tag(name: str, expression: str, tags: str, priority: int) -> None:
            kind = inlinepatterns.DoubleTagPattern if "," in tags else _Tag
            found.register(kind(expression, tags), name, priority)

        found.register(
            inlinepatterns.BacktickInlineProcessor(inlinepatterns.BACKTICK_RE), "backtick", 105
        )
        tag("strong_em", r"(\*\*\*)(?!\s+)([^\*^\n]+)(?<!\s)\*\*\*", "strong,em", 100)
        found.register(_Links(inlinepatterns.LINK_RE, self), "link", 60)
        found.register(
            inlinepatterns.HtmlInlineProcessor(inlinepatterns.ENTITY_RE, self), "entity", 40
        )
        tag("strong", r"(\*\*)([^\n]+?)\2", "strong", 35)
        tag("emphasis", r"(\*)(?!\s+)([^\*^\n]+)(?<!\s)\*", "em", 30)
        tag("del", r"(?<!~)(\~\~)([^~\n]+?)(\~\~)(?!~)", "del", 25)
        found.register(inlinepatterns.SimpleTextInlineProcessor(_LONE), "not_strong", 20)
        return found


_LONE = r"((^|(?<=\s))(\*{1,3}|_{1,3})(?=\s|$))"


class _Tag(inlinepatterns.SimpleTagPattern):
    pass


class _Links(inlinepatterns.LinkInlineProcessor):
    """A label is final: nothing more is read in it."""

    def handleMatch(  # type: ignore[override]  # as in the base class, whose stubs are narrower
        self, m: re.Match[str], data: str
    ) -> tuple[Element | str | None, int | None, int | None]:
        element, start, end = super().handleMatch(m, data)
        if isinstance(element, Element):
            element.text = AtomicString(element.text or "")
        return element, start, end


class _Headings(blockprocessors.HashHeaderProcessor):
    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})\s(?P<header>(?:\\.|[^\\])*?)#*(?:\n|$)")


class _Quotes(blockprocessors.BlockQuoteProcessor):
    RE = re.compile(r"(^|\n)(?!(?:[ ]{0,3}>\s*(?:$|\n))*(?:$|\n))[ ]{0,3}>[ ]?(.*)")


class _Hanging(preprocessors.Preprocessor):
    """A list right below a paragraph is a list."""

    ENTRY = re.compile(r"^[ ]*([*+-]|\d\.)[ ]+(.*)")

    def run(self, lines: list[str]) -> list[str]:
        shown = lines[:1]
        for above, line in pairwise(lines):
            last, this = self.ENTRY.match(above), self.ENTRY.match(line)
            if above and this and (not last or (len(last[1]) == 1) != (len(this[1]) == 1)):
                shown.append("")
            shown.append(line)
        return shown


class _Fences(preprocessors.Preprocessor):
    """Fences at the start of a line; those called "quote" hold Markdown, which may hold fences."""

    FENCE = re.compile(r"^(~{3,}|`{3,}) *(?:\{?\.?([\w+\-./#]+) *(?:[^ ~`][^~`]*)?\}?)?$")

    def run(self, lines: list[str]) -> list[str]:
        shown: list[str] = []
        rest = iter(lines)
        for line in rest:
            shown += self._fence(line, rest)
        return shown

    def _fence(self, line: str, rest: Iterator[str]) -> list[str]:
        match = self.FENCE.match(line)
        if match is None:
            return [line]
        inner: list[str] = []
        for line in rest:
            if line.rstrip() == match[1]:
                break
            inner += self._fence(line, rest) if match[2] == "quote" else [line]
        if match[2] == "quote":
            return ["", *(f"> {line}" for line in inner), ""]
        text = escape("\n".join(inner))
        return ["", self.md.htmlStash.store(f"<pre><code>{text}</code></pre>"), ""]
