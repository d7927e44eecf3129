"""What Zulip's own renderer makes of a message, where that is beyond doubt: plain words in
paragraphs, bold and italic ones, code, and silent mentions. Everything else is left to the
importer. Pure."""

import re

from adapters.zulip.directory.numbers import user_number

_LETTERS = (
    "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u04ff"
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
)
"""No script in which a letter can be an emoji, or change the order of what stands beside it."""

_SAFE = rf"[{_LETTERS} ,;?'\"()\u2013\u2014\u2018-\u201e\u2026\u20ac%-]"
_DOT = r"\.(?![A-Za-z\u0080-\uffff_-])"
"""No dot within a word: what Zulip takes for a domain would be a link."""

_WORDS = rf"(?:{_SAFE}++|{_DOT}|!(?![\w(])|[:/+](?![/:]))++"
_INNER = rf"(?! )(?:{_SAFE}|{_DOT})+(?<! )"
_TOKENS = re.compile(
    rf"(?P<words>{_WORDS})"
    rf"|\*\*(?P<strong>{_INNER})\*\*(?!\*)"
    rf"|\*(?P<em>{_INNER})\*(?!\*)"
    rf"|`(?P<code>(?! )[{_LETTERS} .,:;?'()/=%-]+(?<! ))`(?!`)"
    rf"|(?<![^\s'\"(])@_\*\*(?P<person>[{_LETTERS} .,'()-]+)\*\*"
)

_BLOCK = re.compile(r"(?:[-+=]|\d+[.)]| |$)|/(?:me|poll|todo|ping|dark|light|day|night)\b")
"""How a line begins that is more than words: a list, a rule, an indented one, a command."""

_EMOJI = re.compile(r":[\w+-]+:")


def render(text: str) -> str | None:
    """The HTML of a message's words, None where only a server can say."""
    if not text or "\n\n\n" in text:
        return None
    blocks: list[str] = []
    for paragraph in text.split("\n\n"):
        lines = [_line(line) for line in paragraph.split("\n")]
        whole = [line for line in lines if line is not None]
        if len(whole) != len(lines):
            return None
        blocks.append("<p>" + "<br>\n".join(whole) + "</p>")
    made = "\n".join(blocks)
    # The importer writes what holds a mention anew, and its line breaks otherwise.
    return None if "<br>" in made and "<span" in made else made


def _line(line: str) -> str | None:
    if line.endswith(" ") or (not line[:1].isalpha() and _BLOCK.match(line)):
        return None
    if ":" in line and _EMOJI.search(line):
        return None
    token = _TOKENS.match(line)
    if token is not None and token.end() == len(line) and token.lastgroup == "words":
        return line  # what most lines are
    made: list[str] = []
    at = 0
    while at < len(line):
        token = _TOKENS.match(line, at)
        if token is None:
            return None
        kind, inner = token.lastgroup, token[token.lastgroup or 0]
        made.append(inner if kind == "words" else _element(kind, inner))
        at = token.end()
    return "".join(made)


def _element(kind: str | None, inner: str) -> str:
    if kind == "person":
        number = user_number(inner)
        return f'<span class="user-mention silent" data-user-id="{number}">{inner}</span>'
    return f"<{kind}>{inner}</{kind}>"
