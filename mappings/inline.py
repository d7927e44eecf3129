"""What stands inside a line of Slack's text: tokens in angle brackets, styles, code, emoji.

Tokens are found first, styles between them, and `&amp; &lt; &gt;` are undone last, so that an
escaped bracket is never taken for a token. Slack styles no part of a word: a delimiter opens
only where no letter or digit stands before it, and closes only where none follows.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime

from mappings import emoji
from mappings.names import SlackNames
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
    StyleName,
    Text,
    inline_text,
)

# A token: what stands between angle brackets, which Slack escapes everywhere else.
ANGLE = re.compile(r"<([^<>\s][^<>]*)>")

# A text without any of these is literal.
CONTROL = r"[<&*_~`]|:[\w+'-]+:|https?://"

_TOKEN = re.compile(
    r"`(?P<code>[^`\n]*[^`\s][^`\n]*)`"
    r"|<(?P<angle>[^<>\s][^<>]*)>"
    r"|:(?P<emoji>[\w+'-]+)(?:::skin-tone-(?P<skin>[2-6])(?:-[2-6])?)?:"
    r"|(?P<bare>https?://[^\s<>`]*[^\s<>`*_~.,;:!?()'\"|])"
    r"|(?P<mark>[*_~])"
)
_FIRST, _FIRST_OR_ADDRESS = re.compile(r"[`<:*_~]"), re.compile(r"[`<:*_~h]")
_STYLES: dict[str, StyleName] = {"*": "bold", "_": "italic", "~": "strike"}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ID = re.compile(r"[A-Za-z0-9]+")
_RANGES = {"here", "channel", "everyone", "group"}


class _Mark:
    """A delimiter that may open or close a style."""

    __slots__ = ("char", "closes", "opens", "position")

    def __init__(self, text: str, position: int) -> None:
        self.char = char = text[position]
        self.position = position
        before = text[position - 1 : position]
        after = text[position + 1 : position + 2]
        touches = char in (before, after)
        self.opens = not (touches or before.isalnum() or after.isspace() or not after)
        self.closes = not (touches or after.isalnum() or before.isspace() or not before)


def unescape(text: str) -> str:
    """Slack escapes these three and nothing else; `&amp;` last, so that nothing is undone twice."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def flatten(text: str) -> str:
    """The characters of a code span or fence: tokens as their words, entities undone."""
    if "<" in text:
        text = ANGLE.sub(_flat_token, text)
    return unescape(text)


def parse_inline(text: str) -> tuple[Inline, ...]:
    """One paragraph's inlines. `text` may hold line breaks."""
    pieces: list[str | Inline | _Mark] = []
    closers: dict[str, list[int]] = {"*": [], "_": [], "~": []}
    position = 0
    for match in _tokens(text):
        start, end = match.span()
        piece = _piece(match, text)
        if piece is None:
            continue
        if start > position:
            pieces.append(text[position:start])
        position = end
        if isinstance(piece, _Mark) and piece.closes:
            closers[piece.char].append(len(pieces))
        pieces.append(piece)
    if position < len(text):
        pieces.append(text[position:])
    return _build(text, pieces, closers, 0, len(pieces))


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """As `_TOKEN.finditer`, ten times as fast where tokens are few: it looks for their first
    characters, which are a set."""
    first = _FIRST_OR_ADDRESS if "http" in text else _FIRST
    position = 0
    while start := first.search(text, position):
        match = _TOKEN.match(text, start.start())
        if match is None:
            position = start.end()
        else:
            yield match
            position = match.end()


def parse_label(text: str) -> tuple[Inline, ...]:
    """A link's label: literal but for emoji."""
    if ":" not in text:
        return (Text(unescape(text)),) if text else ()
    children: list[Inline] = []
    position = 0
    for match in _TOKEN.finditer(text):
        if match.lastgroup in {"emoji", "skin"}:
            children += _literal(text[position : match.start()])
            children.append(_emoji(match))
            position = match.end()
    return (*children, *_literal(text[position:]))


def parse_token(inner: str) -> Inline | None:
    """What stands between "<" and ">"; None: no token, the brackets are literal."""
    head, bar, label = inner.partition("|")
    label = label.strip() if bar else ""
    if not head:
        return None
    if head[0] in "@#":
        name = unescape(label).lstrip(head[0])
        if not _ID.fullmatch(head, 1):
            return None
        return Person(head[1:], name) if head[0] == "@" else Channel(head[1:], name)
    if head[0] == "!":
        return _command(head[1:], unescape(label))
    if _SCHEME.match(head):
        return link(unescape(head), label)
    return Text(f"{unescape(label)} ({unescape(head)})") if label else None


def link(url: str, label: str) -> Link:
    """A link with Slack's still escaped `label`; addresses and numbers label themselves."""
    if not label and url.startswith(("mailto:", "tel:")):
        return Link(url, (Text(url.partition(":")[2]),))
    return Link(url) if unescape(label) == url else Link(url, parse_label(label))


def _command(command: str, label: str) -> Inline | None:
    kind, *rest = command.split("^")
    if kind in _RANGES and not rest:
        return Broadcast(kind)
    if kind == "subteam" and rest and rest[0]:
        return Group(rest[0], label.lstrip("@"))
    if kind == "date" and rest:
        url = unescape(rest[2]) if len(rest) > 2 else ""
        return date(rest[0], label, url)
    return Text(label) if label else None


def date(timestamp: object, fallback: object, url: object = "") -> Inline | None:
    """A date node; None where there is neither a number nor words. No words: the UTC time."""
    words = fallback if isinstance(fallback, str) else ""
    try:
        seconds = int(str(timestamp))
        shown = words or f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return Text(words) if words else None
    return Date(seconds, shown, url if isinstance(url, str) else "")


def _piece(match: re.Match[str], text: str) -> Inline | _Mark | None:
    kind = match.lastgroup
    if kind == "mark":
        mark = _Mark(text, match.start())
        return mark if mark.opens or mark.closes else None
    if kind == "code":
        return Code(flatten(match["code"]))
    if kind == "bare":
        # Apps leave some addresses without brackets; nothing in them is markup.
        return Link(unescape(match["bare"]))
    if kind == "angle":
        return parse_token(match["angle"])
    # "10:30:45" holds no emoji called 30.
    if match["emoji"].isdigit() and text[match.start() - 1 : match.start()].isdigit():
        return None
    return _emoji(match)


def _emoji(match: re.Match[str]) -> Emoji:
    name, skin = match["emoji"], int(match["skin"] or 0)
    return Emoji(name, emoji.to_unicode(name, skin), skin)


def _literal(text: str) -> tuple[Inline, ...]:
    return (Text(unescape(text)),) if text else ()


def _build(
    text: str,
    pieces: list[str | Inline | _Mark],
    closers: dict[str, list[int]],
    low: int,
    high: int,
) -> tuple[Inline, ...]:
    children: list[Inline] = []
    literal = ""
    index = low
    while index < high:
        piece = pieces[index]
        if isinstance(piece, _Mark):
            end = _closer(text, pieces, closers, index, high) if piece.opens else -1
            if end < 0:
                literal += piece.char
                index += 1
                continue
            children += _literal(literal)
            literal = ""
            # The nearest closer was taken, so none of this kind lies within: three levels at most.
            within = _build(text, pieces, closers, index + 1, end)
            children.append(Styled(_STYLES[piece.char], within))
            index = end + 1
            continue
        if isinstance(piece, str):
            literal += piece
        else:
            children += _literal(literal)
            literal = ""
            children.append(piece)
        index += 1
    children += _literal(literal)
    return tuple(children)


def _closer(
    text: str,
    pieces: list[str | Inline | _Mark],
    closers: dict[str, list[int]],
    index: int,
    high: int,
) -> int:
    opener = pieces[index]
    assert isinstance(opener, _Mark)
    candidates = closers[opener.char]
    at = bisect_right(candidates, index)
    if at == len(candidates) or candidates[at] >= high:
        return -1
    closer = pieces[candidates[at]]
    assert isinstance(closer, _Mark)
    # No style reaches over a blank line.
    if _BLANK_LINE.search(text, opener.position, closer.position):
        return -1
    return candidates[at]


def _flat_token(match: re.Match[str]) -> str:
    node = parse_token(match[1])
    return match[0] if node is None else inline_text((node,), SlackNames())
