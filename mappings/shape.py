"""Typed reads from JSON of unknown shape: what is not there or of another type reads as empty."""

from collections.abc import Mapping
from typing import cast


def record(value: object) -> Mapping[str, object]:
    """`value` where it is a JSON object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def records(value: object) -> list[Mapping[str, object]]:
    """The JSON objects in `value` where it is an array; everything else in it is left out."""
    return (
        [record(item) for item in value if isinstance(item, dict)]
        if isinstance(value, list)
        else []
    )


def string(owner: Mapping[str, object], *keys: str) -> str:
    """The first of `keys` that holds a string with something in it, else ""."""
    for key in keys:
        value = owner.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def integer(owner: Mapping[str, object], key: str, low: int, high: int) -> int:
    """An integer, or the string older exports write, held between `low` and `high`; else `low`."""
    value = owner.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    return min(max(value, low), high) if isinstance(value, int) else low
