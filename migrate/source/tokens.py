"""Live Slack tokens in URLs: cut out, and found. An export's file links carry one that opens every
file of the workspace, so no record is kept or passed on with it; whoever fetches the files asks for
it here, and keeps it in memory alone."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

_START = re.compile(rb"xox[a-z]-")
_REST = re.compile(rb"[\w.%~-]*", re.ASCII)
_URL_END = re.compile(rb"[\s\"<>|]")
_PARAMETER = re.compile(rb"(?:\?|&|&amp;|\\u0026|%26|%3F)?[a-z_]+=$", re.IGNORECASE)
_NAME = re.compile(rb"(?:\?|&|&amp;|\\u0026)([a-z_]+)=$")
_EXPORT = b"xoxe-"
_AND = re.compile(rb"&amp;|&|\\u0026|%26", re.IGNORECASE)

# No URL of Slack's is longer, and the search behind a token stays short.
_LONGEST_URL = 4_096


def cut_tokens(raw: bytes) -> bytes:
    """JSON, or a bare URL, without the tokens in its URLs; the rest of each URL stays."""
    if b"xox" not in raw:
        return raw
    kept: list[bytes] = []
    done = 0
    for found in _START.finditer(raw):
        if found.start() < done or not _in_url(raw, found.start()):
            continue
        start, end = _widen(raw, done, found.start(), found.end())
        kept.append(raw[done:start])
        done = end
    return b"".join((*kept, raw[done:])) if done else raw


def cut_token(url: str) -> str:
    """One URL without its token."""
    if "xox" not in url:
        return url
    return cut_tokens(url.encode("utf-8", "replace")).decode()


def find_tokens(raw: bytes) -> Iterator[tuple[str, str, str]]:
    """Every export token in a URL of a JSON text: the URL up to its query, the name of the
    parameter and the token. Tokens of people, which somebody may have pasted, are passed over."""
    if _EXPORT not in raw:
        return
    for found in _START.finditer(raw):
        if not raw.startswith(_EXPORT, found.start()):
            continue
        before = raw[max(0, found.start() - _LONGEST_URL) : found.start()]
        ends = list(_URL_END.finditer(before))
        word = (before[ends[-1].end() :] if ends else before).replace(b"\\/", b"/")
        rest = _REST.match(raw, found.end())
        name = _NAME.search(word)
        if name is None or rest is None or not word.startswith((b"https://", b"http://")):
            continue
        address = word.partition(b"?")[0].decode("utf-8", "replace")
        token = unquote((found.group() + rest.group()).decode())
        yield address, name.group(1).decode(), token


def _in_url(raw: bytes, position: int) -> bool:
    before = raw[max(0, position - _LONGEST_URL) : position]
    ends = list(_URL_END.finditer(before))
    word = before[ends[-1].end() :] if ends else before
    return b":/" in word or b":\\/" in word or b"%3A%2F" in word


def _widen(raw: bytes, done: int, start: int, end: int) -> tuple[int, int]:
    """The token with its parameter's name, and one of the two signs around it."""
    rest = _REST.match(raw, end)
    end = rest.end() if rest else end
    parameter = _PARAMETER.search(raw[max(done, start - 64) : start])
    if parameter is None:
        return start, end
    sign = re.match(rb"\?|%3F", parameter.group(), re.IGNORECASE)
    following = _AND.match(raw, end)
    start -= len(parameter.group())
    if sign and following:
        return start + sign.end(), following.end()
    return start, end
