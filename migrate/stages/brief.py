"""What the placing of a plan goes by, and where it counts what is lost on the way."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from migrate.findings import Finding
from migrate.spi import Adapter, Capabilities, Look, Wish
from migrate.stages.resolution import Resolution
from migrate.store import Op, State

PLACEHOLDER_ITEM = "root"
"""The item of a placeholder's op: the message it stands for has an op of its own, skipped."""

HEADS = ("", PLACEHOLDER_ITEM)
"""Items of message ops under which a thread can hang: a message's own, and its placeholder's."""

LATE = "file/"
"""Begins the item of a message op that brings one file by itself; the file's id follows."""

BOOKMARKS = "bookmarks"
"""The item of a message op that lists a conversation's bookmarks."""


REACTION_MAPPED = "reaction-mapped"
"""The skip code of a reaction by an account that stood there before, where its key is wanted."""


class Span(msgspec.Struct, frozen=True):
    """The configured stretch of time in microseconds: `since` inclusive, `until` exclusive, 0 for
    no bound."""

    since: int = 0
    until: int = 0

    def holds(self, ts: int) -> bool:
        return ts >= self.since and (not self.until or ts < self.until)


class Losses:
    """Losses and other findings counted by code, with the first example of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._places: dict[str, str] = {}

    def add(self, codes: Iterable[str], place: str) -> None:
        for code in codes:
            self._counts[code] += 1
            self._places.setdefault(code, place)

    def findings(self) -> list[Finding]:
        return [
            Finding(code=code, place=self._places[code], count=count)
            for code, count in sorted(self._counts.items())
        ]


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What the placing of one plan goes by."""

    adapter: Adapter
    caps: Capabilities
    resolution: Resolution
    look: Look
    span: Span
    keep_notices: bool


def names_threads(adapter: Adapter) -> bool:
    """Whether a thread has a topic of its own at the target."""
    wish = Wish(kind="message", id="1.000000", time=1_000, thread=True)
    return bool(adapter.place(wish, None, lambda value: True).name)


def skipped(op: Op, code: str) -> Op:
    """The op as one that is never tried, for this reason."""
    return msgspec.structs.replace(op, state=State.SKIPPED, code=code)
