"""Names: what a mention is called at the target, and how a name is made valid and unique.

Pure functions over strings, and the Protocol through which a renderer asks for names. Who is
whom, and which names are taken, is the caller's knowledge.
"""

import unicodedata
from collections.abc import Callable
from typing import Protocol

import msgspec


class Name(msgspec.Struct, frozen=True, gc=False):
    """How a mention is shown: `text` is what the reader sees ("@ann", "#general", "Ann One").

    `href` is where it leads, for targets that write mentions as links. `markup` is the target's
    own syntax for it ("@_**Ann One**"), written as it stands by the Markdown dialects; where it
    is None they write `text`, escaped.
    """

    text: str
    href: str | None = None
    markup: str | None = None


class Names(Protocol):
    """What a renderer has to ask for. Every answer must be the same for the same question."""

    def person(self, id: str, label: str) -> Name: ...

    def channel(self, id: str, label: str) -> Name: ...

    def group(self, id: str, label: str) -> Name: ...

    def emoji(self, name: str) -> str | None:
        """What to show for a custom emoji, as text; None: `:name:`."""

    def picture(self, name: str) -> str | None:
        """Where the image of a custom emoji lies, for targets that can set one into a line; None:
        its text alone."""

    def message(self, url: str) -> str | None:
        """The new address of a Slack permalink; None: keep the old one."""


class SlackNames:
    """Names as Slack wrote them: labels where there are some, else ids. Nothing leads anywhere."""

    def person(self, id: str, label: str) -> Name:
        return Name(f"@{label or id}")

    def channel(self, id: str, label: str) -> Name:
        return Name(f"#{label or id}")

    def group(self, id: str, label: str) -> Name:
        return Name(f"@{label or id}")

    def emoji(self, name: str) -> str | None:
        return None

    def picture(self, name: str) -> str | None:
        return None

    def message(self, url: str) -> str | None:
        return None


def unique(wish: str, free: Callable[[str], bool], limit: int, joint: str = "-") -> str:
    """`wish`, or `wish` cut and numbered: the first that `free` says yes to.

    `limit` is in code points. The same wish and the same names taken give the same answer:
    wish, wish-2, wish-3, …
    """
    first = wish[:limit]
    if free(first):
        return first
    number = 2
    while True:
        suffix = f"{joint}{number}"
        candidate = wish[: max(limit - len(suffix), 0)].rstrip(joint) + suffix
        if free(candidate):
            return candidate
        number += 1


def slug(text: str, allowed: str, limit: int, joint: str = "-", fallback: str = "") -> str:
    """`text` in lower case, of `allowed` characters only, at most `limit` of them.

    Accents are taken off first ("Zoë" is "zoe"); each run of what is not allowed becomes one
    `joint`, none at the ends. `fallback` is returned where nothing is left.
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = ""
    for char in folded:
        if char in allowed:
            kept += char
        elif not unicodedata.combining(char) and not kept.endswith(joint):
            kept += joint
    return kept.strip(joint)[:limit].rstrip(joint) or fallback


def full_name(text: str, forbidden: str, limit: int, fallback: str = "") -> str:
    """A person's display name: no `forbidden` or control characters, single spaces, cut to `limit`.

    Letters of every script stay; NFC, so that two spellings of one name are one.
    """
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    if composed.isprintable() and not any(char in composed for char in forbidden):
        kept = composed  # what most are
    else:
        kept = "".join(
            " " if char in forbidden or unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
            for char in composed
        )
    return " ".join(kept.split())[:limit].rstrip() or fallback
