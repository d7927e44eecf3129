"""Telling Slack's sign-in page from a body. Slack answers a dead token not with an error but with
that page, as a redirect or at once; kept as a file it would look like success."""

import re
from urllib.parse import parse_qs, urlsplit

HEAD_BYTES = 1 << 18
"""How much of a body `is_sign_in_page` wants to see: the whole of any sign-in page."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_HTML_MODES = ("quip", "space", "post", "docs")
"""Canvases and posts, which Slack keeps as HTML."""

_SIGN_IN_PATHS = {
    "", "checkcookie", "get-started", "login", "signin", "sign_in", "ssb", "sso",
    "workspace-signin",
}  # fmt: skip

_OPENING = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S
)

# Slack's own form, as it is served to browsers; no canvas and no post has any of it.
_SLACK_FORM = re.compile(
    rb"""id=["']?(?:signin_form|page_signin)|name=["']?(?:signin|redir)["'\s>]"""
    rb"""|data-qa=["']?sign_?in|<title>[^<]*(?:sign|log)[ -]?in[^<]*slack"""
    rb"""|<title>[^<]*slack[^<]*(?:sign|log)[ -]?in|/workspace-signin""",
    re.IGNORECASE,
)
_ANY_FORM = re.compile(rb"""<input[^>]+type=["']?password""", re.IGNORECASE)


def is_sign_in_address(location: str, *, at_slack: bool) -> bool:
    """Whether a redirect leads to a page where people sign in: no file lies at the root of one of
    Slack's hosts, and only that page is told (`redir`) where to lead on to."""
    try:
        parts = urlsplit(location)
        query = parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        return False
    first = parts.path.strip("/").partition("/")[0].lower()
    return "redir" in query or (at_slack and first in _SIGN_IN_PATHS)


def is_html_type(content_type: str) -> bool:
    """Whether a Content-Type says HTML."""
    return content_type.partition(";")[0].strip().lower() in _HTML_TYPES


def wants_html(mimetype: str, mode: str) -> bool:
    """Whether a file of this kind is HTML by right. A snippet is any text, HTML among it, and
    comes under its own type."""
    return mode in _HTML_MODES or is_html_type(mimetype)


def looks_like_html(opening: bytes, content_type: str) -> bool:
    """Whether a body is served as HTML or begins like it."""
    return is_html_type(content_type) or _OPENING.match(opening) is not None


def is_sign_in_page(
    head: bytes, content_type: str, mimetype: str, mode: str, *, size_fits: bool
) -> bool:
    """Whether a whole body is the sign-in page; `head` are its first `HEAD_BYTES`, `size_fits` says
    that it has exactly the bytes that Slack named for a hosted file.

    In doubt it is: a body that is refused is reported and can be fetched again, a sign-in page that
    is kept is found by whoever opens the file years later.
    """
    if not looks_like_html(head, content_type):
        return False
    if _SLACK_FORM.search(head):
        return True
    if wants_html(mimetype, mode):
        # Somebody's own page may well ask for a password, but then it has its size.
        return not size_fits and _ANY_FORM.search(head) is not None
    # A text that merely begins like a page (a template, a script) is told by type and size.
    snippet = mode == "snippet" and not _ANY_FORM.search(head)
    return is_html_type(content_type) or not (size_fits or snippet)
