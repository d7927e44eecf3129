"""Slack's message text ("mrkdwn") to the neutral tree.

Lines and blocks live here: fences, quotes, bullets, paragraphs. What stands inside a line is
`inline`. Any text gives a tree.
"""

import re

from mappings.inline import CONTROL, flatten, parse_inline
from mappings.lists import Entry, nest
from mappings.nodes import EMPTY, Block, Document, Paragraph, Preformatted, Quote, Text

# What makes a text more than one literal paragraph: an inline control character, or a line that
# starts with a bullet or (apps forget to escape it) with ">".
_SPECIAL = re.compile(CONTROL + r"|^[ \t]*[•◦▪]|^>", re.MULTILINE)
_BULLETS = re.compile(r"^[ \t]*[•◦▪]", re.MULTILINE)
_CUT = re.compile(r"```(?P<fence>.+?)```(?!`)|^(?P<rest>(?:&gt;|>){3}) ?", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"```(?P<fence>.+?)```(?!`)", re.DOTALL)
_QUOTED = re.compile(r"(?:&gt;|>) ?")
_QUOTED_LINES = re.compile(r"^(?:&gt;|>) ?", re.MULTILINE)
# U+25AA may carry U+FE0E, as Slack itself writes it on the third level.
_BULLET = re.compile(r"([ \t]*)[•◦▪]\ufe0e?[ \t]+(?=\S)")


def parse(text: str) -> Document:
    """`text` as the export holds it: `&amp; &lt; &gt;` escaped, tokens in angle brackets."""
    if not text:
        return EMPTY
    if not _is_special(text):
        return Document((Paragraph((Text(text),)),))
    if not _has_blocks(text):
        words = text.strip("\n")
        return Document((Paragraph(parse_inline(words)),)) if words else EMPTY
    return Document(parse_blocks(text))


def _is_special(text: str) -> bool:
    # Looking for one character at a time is faster than for a set of them.
    for sign in "<&*_~`":
        if sign in text:
            return True
    hint = ":" in text or ">" in text or not text.isascii()
    return hint and _SPECIAL.search(text) is not None


def _has_blocks(text: str) -> bool:
    if "```" in text or text.startswith((">", "&gt;")) or "\n>" in text or "\n&gt;" in text:
        return True
    return not text.isascii() and _BULLETS.search(text) is not None


def parse_blocks(text: str, quoted: bool = False) -> tuple[Block, ...]:
    """The blocks of `text`. Within a quote no further quote opens: Slack nests none."""
    blocks: list[Block] = []
    position = 0
    for cut in (_FENCE if quoted else _CUT).finditer(text):
        before = text[position : cut.start()]
        if cut.lastgroup == "rest":
            blocks += _lines(before, quoted)
            blocks.append(Quote(parse_blocks(text[cut.end() :], quoted=True)))
            return tuple(blocks)
        head, _, last = before.rpartition("\n")
        if not quoted and _QUOTED.fullmatch(last):
            content = _QUOTED_LINES.sub("", cut["fence"])
            blocks += _lines(head, quoted)
            blocks.append(Quote((_preformatted(content),)))
        else:
            blocks += _lines(before, quoted)
            blocks.append(_preformatted(cut["fence"]))
        position = cut.end()
    blocks += _lines(text[position:], quoted)
    return tuple(blocks)


def _preformatted(content: str) -> Preformatted:
    content = content[1:] if content.startswith("\n") else content
    content = content[:-1] if content.endswith("\n") else content
    return Preformatted(flatten(content))


def _lines(text: str, quoted: bool) -> list[Block]:
    """Paragraphs, bullet lists and quotes of a stretch without fences."""
    blocks: list[Block] = []
    kind = ""
    run: list[str] = []
    for line in text.split("\n"):
        this = _kind(line, quoted)
        if this != kind and run:
            blocks += _block(kind, run)
            run = []
        kind = this
        run.append(line)
    return blocks + _block(kind, run)


def _kind(line: str, quoted: bool) -> str:
    if not quoted and line.startswith(("&gt;", ">")):
        return "quote"
    return "bullets" if _BULLET.match(line) else "words"


def _block(kind: str, lines: list[str]) -> list[Block]:
    if kind == "quote":
        inner = [line[_prefix_length(line) :] for line in lines]
        return [Quote(tuple(_lines("\n".join(inner), quoted=True)))]
    if kind == "bullets":
        return list(nest(_entries(lines)))
    words = "\n".join(lines).strip("\n")
    return [Paragraph(parse_inline(words))] if words else []


def _prefix_length(line: str) -> int:
    match = _QUOTED.match(line)
    return match.end() if match else 0


def _entries(lines: list[str]) -> list[Entry]:
    """Levels by comparing indents, as the spaces per level differ between Slack's clients."""
    entries: list[Entry] = []
    indents: list[int] = []
    for line in lines:
        match = _BULLET.match(line)
        assert match is not None
        indent = len(match[1].expandtabs(4))
        while indents and indents[-1] >= indent:
            indents.pop()
        words = Paragraph(parse_inline(line[match.end() :]))
        entries.append(Entry(len(indents), False, 1, (words,)))
        indents.append(indent)
    return entries
