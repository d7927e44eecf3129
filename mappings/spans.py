"""What stands in a line, as Markdown: styles, code, links, mentions, emoji.

The nested inlines are laid out flat, as leaves with a set of styles each; leaves of one style are
wrapped together, line by line, and only where every parser takes the marks for marks. Where one
would not (in the middle of a word, side by side), the words stay and the style goes.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, NamedTuple

from mappings import escape
from mappings.dialects import Dialect
from mappings.names import Name, Names
from mappings.nodes import (
    Broadcast,
    Channel,
    Code,
    Date,
    Emoji,
    Group,
    Inline,
    Link,
    Person,
    Styled,
    Text,
    emoji_text,
    inline_text,
)

SCHEMES = ("https://", "http://", "ftp://", "mailto:", "tel:")
_MARKS = {"bold": "**", "italic": "*", "strike": "~~"}
_BETWEEN_MARKS = str.maketrans({char: f"&#{ord(char)};" for char in "*~^"})
_BARE = re.compile(r"https?://[^\s<>`]*[^\s<>`*_~.,;:!?()'\"|]")
_MARKERS = frozenset("*~^")
_RUN = re.compile("`+")
_REFERENCE = re.compile(r"&(?=#?\w+;)")
_BEFORE_LABEL = str.maketrans({char: f"&#{ord(char)};" for char in "`*$<"})
_IN_ADDRESS = str.maketrans(
    {char: f"%{ord(char):02X}" for char in ' ()<>[]\\*`"|'} | {"\n": "", "\r": "", "\t": ""}
)
_IN_LABEL = str.maketrans({char: f"&#{ord(char)};" for char in "[]|"})
# A bare address ends here for every parser.
_AFTER_ADDRESS = re.compile(r"[.,!?)]*(?:\s|$)")


class _Leaf(NamedTuple):
    """A stretch of one kind: words still to be escaped, a code span's text, an address, markup."""

    styles: frozenset[str]
    text: str
    kind: Literal["words", "code", "address", "markup"] = "words"


class Spans:
    """Writes inlines in one dialect, with one set of names."""

    def __init__(self, names: Names, dialect: Dialect) -> None:
        self._names = names
        self._dialect = dialect
        self._escape = dialect.escape

    def write(self, children: Iterable[Inline]) -> str:
        """Some inlines as Markdown; line breaks stay."""
        if isinstance(children, tuple) and len(children) == 1 and type(children[0]) is Text:
            words = children[0].text
            # The short ways for many messages: nothing to escape, or nothing but words.
            if escape.is_quiet(words):
                return words
            if not _BARE.search(words):
                return escape.indents(self._escape(words, ""))
        return self._assemble(list(self._leaves(children, frozenset(), False)))

    def write_line(self, children: Iterable[Inline], cell: bool = False) -> str:
        """On one line; as the `cell` of a table, where bars divide."""
        leaves = [
            leaf._replace(text=" ".join(leaf.text.split("\n")))
            for leaf in self._leaves(children, frozenset(), cell)
        ]
        return self._assemble(leaves, cell).strip()

    def code(self, text: str) -> str:
        """A code span, its backquotes longer than any within."""
        words = " ".join(text.split("\n"))
        if not words.strip():
            return words
        fence = "`" * (longest_run(words) + 1)
        pad = " " if words[0] in "` " or words[-1] in "` " else ""
        return f"{fence}{pad}{words}{pad}{fence}"

    # -- leaves ---------------------------------------------------------------------------------

    def _leaves(
        self, children: Iterable[Inline], styles: frozenset[str], cell: bool
    ) -> Iterator[_Leaf]:
        for node in children:
            if isinstance(node, Text):
                yield from _lines(styles, node.text)
            elif isinstance(node, Styled):
                within = styles | {node.style} if node.style in _MARKS else styles
                yield from self._leaves(node.children, within, cell)
            elif isinstance(node, Code):
                divided = cell and self._dialect.split_code and "|" in node.text
                yield _Leaf(styles, node.text) if divided else _opaque(styles, node.text, "code")
            elif isinstance(node, Link):
                yield from self._link(node.url, node.children, styles, cell)
            elif isinstance(node, Date):
                yield from self._link(node.url, (Text(node.fallback),), styles, cell)
            elif isinstance(node, Emoji):
                custom = self._names.emoji(node.name) if node.unicode is None else None
                if custom is None:
                    yield _Leaf(styles, emoji_text(node, self._names))
                else:
                    yield _opaque(styles, custom)
            elif isinstance(node, Broadcast):
                yield _Leaf(styles, f"@{node.range}")
            else:
                yield self._mention(self._name(node), styles, cell)

    def _name(self, node: Person | Channel | Group) -> Name:
        if isinstance(node, Person):
            return self._names.person(node.id, node.label)
        if isinstance(node, Channel):
            return self._names.channel(node.id, node.label)
        return self._names.group(node.id, node.label)

    def _mention(self, name: Name, styles: frozenset[str], cell: bool) -> _Leaf:
        markup = name.markup
        if markup is None and name.href is not None and name.text.strip():
            markup = self._labelled(name.text, name.href)
        if markup is None or (cell and "|" in markup):
            return _Leaf(styles, name.text)
        return _opaque(styles, markup)

    def _link(
        self, target: str, children: tuple[Inline, ...], styles: frozenset[str], cell: bool
    ) -> Iterator[_Leaf]:
        url = (self._names.message(target) or target) if target else ""
        words = " ".join(inline_text(children, self._names).split("\n"))
        address = _Leaf(frozenset(), url.replace("|", "%7C") if cell else url, "address")
        if not url.lower().startswith(SCHEMES):
            yield from _lines(styles, words if words.strip() else url)
        elif not words.strip() or words == url:
            yield address
        elif url == f"mailto:{words}":
            yield _Leaf(styles, words)
        else:
            yield _opaque(styles, self._labelled(words, url))

    def _labelled(self, words: str, url: str) -> str:
        """`[words](url)`."""
        if self._dialect.atomic_labels:
            # Nothing is read in it, but references are undone, and some things are read before.
            escaped = _REFERENCE.sub("&#38;", words).translate(_BEFORE_LABEL)
        else:
            escaped = self._escape(words, "[")
        return f"[{escaped.translate(_IN_LABEL)}]({url.translate(_IN_ADDRESS)})"

    # -- assembly -------------------------------------------------------------------------------

    def _assemble(self, leaves: list[_Leaf], cell: bool = False) -> str:
        """One after the other; each is told what stands before it, and what comes."""
        shown = ""
        leaves = _joined(leaves)
        if not any(leaf.styles for leaf in leaves):
            return escape.indents(self._sequence(leaves, "", "", cell))
        groups = [list(group) for _, group in groupby(leaves, key=lambda leaf: leaf.styles)]
        for index, group in enumerate(groups):
            after = groups[index + 1][0].text if index + 1 < len(groups) else ""
            before = shown[-1:] if not shown.endswith("\n") else ""
            if group[0].styles:
                shown += self._styled(group, before, after, cell)
            else:
                shown += self._sequence(group, before, after, cell)
        return escape.indents(shown)

    def _sequence(self, leaves: list[_Leaf], before: str, after: str, cell: bool) -> str:
        shown = ""
        for index, leaf in enumerate(leaves):
            last = shown[-1:] if shown else before
            following = leaves[index + 1].text if index + 1 < len(leaves) else after
            shown += self._leaf(leaf, "" if last == "\n" else last, following, cell)
        return shown

    def _leaf(self, leaf: _Leaf, before: str, after: str, cell: bool) -> str:
        if leaf.kind == "words":
            text = self._escape(leaf.text, before)
            if text.endswith("!") and after.lower().startswith(("[", *SCHEMES)):
                text = f"{text[:-1]}&#33;"  # or the link would be a picture
            return text.replace("|", "&#124;") if cell else text
        text = leaf.text
        if leaf.kind == "code":
            text = self.code(text)
        elif leaf.kind == "address":
            text = self._address(text, before, after)
        return text

    def _address(self, url: str, before: str, after: str) -> str:
        """A bare address where it stands clear, else marked off."""
        clear = not before or before.isspace() or before == "("
        if clear and _AFTER_ADDRESS.match(after) and self._escape(url, "x") == url:
            return url
        if self._dialect.brackets and "://" in url and not re.search(r"[\s<>]", url):
            return f"<{url}>"
        return self._labelled(url, url)

    def _styled(self, group: list[_Leaf], before: str, after: str, cell: bool) -> str:
        """A group in its marks: blanks outside, words inside."""
        first, last = group[0], group[-1]
        lead = (
            first.text[: len(first.text) - len(first.text.lstrip())]
            if first.kind == "words"
            else ""
        )
        group[0] = first = first._replace(text=first.text[len(lead) :])
        last = group[-1]
        trail = last.text[len(last.text.rstrip()) :] if last.kind == "words" else ""
        group[-1] = last._replace(text=last.text[: len(last.text) - len(trail)])
        inner = self._sequence(group, "*", trail or after, cell)
        mark = _mark(group[0].styles)
        # Between marks Zulip wants neither their own characters nor a caret, and Mattermost no
        # quotation mark at the start. What is left of them here are words.
        inner = inner.translate(_BETWEEN_MARKS)
        inner = f"&#34;{inner[1:]}" if inner.startswith('"') else inner
        if inner and _holds(mark, lead[-1:] or before, inner, (trail or after)[:1]):
            return f"{lead}{mark}{inner}{mark[::-1]}{trail}"
        bare = self._sequence(group, lead[-1:] or before, trail or after, cell)
        return f"{lead}{bare}{trail}"


def longest_run(text: str) -> int:
    """The length of the longest run of backquotes."""
    return max(map(len, _RUN.findall(text)), default=0)


def _lines(styles: frozenset[str], text: str) -> Iterator[_Leaf]:
    """Text, its line breaks apart: no mark reaches over one."""
    if text and "\n" not in text and "http" not in text:
        yield _Leaf(styles, text)
        return
    for index, line in enumerate(text.split("\n")):
        if index:
            yield _Leaf(frozenset(), "\n")
        position = 0
        for match in _BARE.finditer(line):
            if match.start() > position:
                yield _Leaf(styles, line[position : match.start()])
            yield _Leaf(frozenset(), match[0], "address")
            position = match.end()
        if position < len(line):
            yield _Leaf(styles, line[position:])


def _opaque(styles: frozenset[str], text: str, kind: Literal["code", "markup"] = "markup") -> _Leaf:
    """Code and markup are styled only where the marks' own characters are not in them."""
    return _Leaf(frozenset() if _MARKERS.intersection(text) else styles, text, kind)


def _joined(leaves: Iterable[_Leaf]) -> list[_Leaf]:
    """Words of one style side by side become one leaf, so that they are escaped as one."""
    joined: list[_Leaf] = []
    for leaf in leaves:
        last = joined[-1] if joined else None
        if last and leaf.kind == last.kind == "words" and leaf.styles == last.styles:
            joined[-1] = _Leaf(last.styles, last.text + leaf.text)
        elif last and leaf.kind == last.kind == "code":
            # Backquotes that touch would be one fence.
            both = last.text + leaf.text
            joined[-1] = last._replace(text=both, styles=leaf.styles & last.styles)
        elif leaf.text:
            joined.append(leaf)
    return joined


def _mark(styles: frozenset[str]) -> str:
    return "".join(_MARKS[style] for style in ("strike", "bold", "italic") if style in styles)


def _holds(mark: str, before: str, inner: str, after: str) -> bool:
    """Whether every parser takes the marks around `inner` for marks."""
    if inner[0] in "*~_" or inner[-1] in "*~_" or before in {"*", "~"} or after in {"*", "~"}:
        return False
    # Marks of two kinds stand beside each other as beside punctuation.
    single = len(set(mark)) == 1
    opens = (single and inner[0].isalnum()) or _bounds(before)
    return opens and ((single and inner[-1].isalnum()) or _bounds(after))


def _bounds(char: str) -> bool:
    return not char or char.isspace() or unicodedata.category(char)[0] == "P"
