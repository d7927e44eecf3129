"""Literal text in a Markdown dialect: what the target would take for markup, and nothing else.

Numeric character references (`&#42;`) are what all the parsers agree on. Mattermost's web client
reads its own text a second time for mentions, hashtags, smileys and emoji after backslashes are
gone, and its patterns for emphasis do not heed backslashes; Zulip's Markdown has no backslash
escapes at all. Decimal ones only: `#x3a` would be a hashtag to Mattermost. A backslash is written
only where it stays readable and is enough.
"""

import re
from collections.abc import Callable
from typing import NamedTuple


class Rule(NamedTuple):
    """Where `pattern` matches, the last character of the match is escaped by `escape`."""

    pattern: str
    escape: Callable[[str], str]


def reference(char: str) -> str:
    """The decimal character reference of one character."""
    return f"&#{ord(char)};"


def backslash(char: str) -> str:
    return f"\\{char}"


# A star with space on both sides is no markup anywhere, but for a bullet.
_STAR = r"\*(?!(?<=[^\S\n]\*)[^\S\n])"
_ENTITY = r"&(?=#\d+;|#[xX][0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)"
_BRACKET = r"\](?=[(\[:])"
# Line starts: a heading, a bullet, a number, a quote, and lines that rule, underline or divide.
_START = r"^ {0,3}"
_HASHES = _START + r"#(?=#{0,5}(?:\s|$))"
_BULLET = _START + r"[*+-](?=\s|$)"
_ARROW = _START + r">"
_RULE = r"^[ |:]*-(?=[ |:\-]*$)"

_MATTERMOST = (
    # Line starts come first: of several rules for one place the first counts.
    Rule(_HASHES, backslash),
    Rule(_BULLET, backslash),
    Rule(_ARROW, backslash),
    Rule(_RULE, backslash),
    Rule(_START + r"\d{1,9}[.)](?=\s|$)", backslash),
    Rule(_START + r"=(?==*\s*$)", reference),
    Rule(_STAR, reference),
    # Within a word an underscore is nothing; ASCII letters alone make words to the web client.
    Rule(r"(?<![A-Za-z0-9_])_|(?<=(?<![A-Za-z0-9_])_)_|(?<=__)_", backslash),
    Rule(r"`", backslash),
    Rule(r"~(?=~)|(?<=~)~|(?<!\w)~(?=[A-Za-z])", reference),
    Rule(_BRACKET, reference),
    Rule(_ENTITY, reference),
    Rule(r"<(?![=-]{0,2}\s)", reference),
    Rule(r"\\(?![A-Za-z0-9 ])", reference),
    Rule(r"(?<!\w)#(?=[^\W\d_])", reference),
    Rule(r"(?<!\w)@(?=\w)|(?<=\b_)@(?=\w)", reference),
    Rule(r"(?<!\w):(?=[\w+-]+:(?!\w))", reference),
    # Smileys: :) :] :( :[ :@ :/ :| :$ :'( and, of letters, :D :o :p :s :x; then ;) and x-d.
    Rule(r"(?<!\w):(?=-?[)\](\[@/|$]|['’`]-?\()", reference),
    Rule(r"(?<!\w):(?=-?[dopsxDOPSX]\b)", reference),
    Rule(r"(?<!\w);(?=-?\))", reference),
    Rule(r"(?<=\b[xX])-(?=[dD]\b)", reference),
)

_ZULIP = (
    Rule(r"\A/(?=me\b|poll\b|todo\b)", reference),
    Rule(_HASHES, reference),
    Rule(_BULLET, reference),
    Rule(_ARROW, reference),
    Rule(_RULE, reference),
    Rule(_START + r"\d{1,9}\.(?=\s|$)", reference),
    Rule(_START + r"_(?=[ _]*$)", reference),
    Rule(_STAR, reference),
    Rule(r"`", reference),
    Rule(r"~(?=~)|(?<=~)~", reference),
    Rule(_BRACKET, reference),
    Rule(_ENTITY, reference),
    Rule(r"<(?=time:)", reference),
    Rule(r"\$(?=\$)", reference),
    Rule(r"\\(?=`|$)", reference),
    Rule(r"!(?=(?:gr)?avatar\()", reference),
    # All digits: a time of day, but for the emoji of that name.
    Rule(r":(?=(?!\d+:)[\w+-]+:|100:|1234:)", reference),
)


# Words that no rule is about: the short way for most messages. A hyphen is one within a word, but
# for that of "x-d"; an exclamation mark means something before a word, a colon before a name.
_QUIET = re.compile(r"[^\W\d_](?:[^*_`~\[\]&<\\#@:;>=+|$!\t\n-]++|(?<![xX])-|!(?![\w\[])|:(?= ))*+")
_FIRST = re.escape("*_`~[]&<\\#@:;-$!/")

# Indents of four would make a code block. The reference stays where a client turns U+00A0 back.
_INDENT = re.compile(r"^(?: {4,}| *\t[ \t]*)", re.MULTILINE)


def is_quiet(text: str) -> bool:
    """Whether no dialect reads anything in a text that stands alone: it is written as it is."""
    return _QUIET.fullmatch(text) is not None


def _escaper(rules: tuple[Rule, ...]) -> Callable[[str, str], str]:
    # Where a rule matches more than the character it escapes, that character is the last.
    # Most places hold nothing that any rule could start with, and are left at once.
    any_rule = "|".join(f"({rule.pattern})" for rule in rules)
    whole = re.compile(f"(?=^|[{_FIRST}])(?:{any_rule})", re.MULTILINE)

    def escape(text: str, before: str = "") -> str:
        if _QUIET.fullmatch(text):
            return text
        whole_text = before + text
        shown: list[str] = []
        position = len(before)
        for match in whole.finditer(whole_text, position):
            rule = rules[(match.lastindex or 1) - 1]
            last = match.end() - 1
            shown += whole_text[position:last], rule.escape(whole_text[last])
            position = last + 1
        return "".join(shown) + whole_text[position:]

    return escape


def indents(text: str) -> str:
    """Blanks at the start of a line as references, where they are enough for a code block."""
    return _INDENT.sub(_indent, text) if "    " in text or "\t" in text else text


def _indent(match: re.Match[str]) -> str:
    return "&#160;" * len(match[0].expandtabs(4))


# Each takes a text and the character before it ("" where a line starts), and gives the same text
# written so that the target shows it as it is.
mattermost = _escaper(_MATTERMOST)
zulip = _escaper(_ZULIP)
