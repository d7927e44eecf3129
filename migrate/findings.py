"""The catalogue of everything worth telling: each code with its severity, one sentence and advice.
A finding is a code at a place; it never carries message texts, names or tokens."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Severity = Literal["note", "warning", "error", "blocker"]

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error", "blocker")


class Meaning(msgspec.Struct, frozen=True):
    """What a code says: `text` is one sentence, `advice` what to do ("" where nothing need be)."""

    severity: Severity
    text: str
    advice: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`code` seen `count` times; `place` is where first: a member's path, an id, an id and a ts."""

    code: str
    place: str = ""
    count: int = 1


Catalogue = Mapping[str, Meaning]
