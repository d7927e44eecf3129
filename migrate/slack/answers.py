"""Fields of the Web API's answers in the types that are wanted, whatever stands there: Slack leaves
fields out, writes null or "" for nothing, and changes shapes without notice."""

from collections.abc import Iterator

from mappings.nodes import clean
from migrate.slack.client import Fields

_EMPTY: Fields = {}


def text(fields: Fields, name: str) -> str:
    """The string under `name`, without NUL; "" where there is none."""
    value = fields.get(name)
    return clean(value) if isinstance(value, str) else ""


def number(fields: Fields, name: str) -> int:
    """The whole number under `name`, also out of a string or a fraction; 0 where there is none, or
    a negative one."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        found = int(value)
    except (ValueError, OverflowError):
        return 0
    return found if 0 <= found < 1 << 53 else 0


def flag(fields: Fields, name: str) -> bool:
    """Whether `name` is true."""
    return fields.get(name) is True


def part(fields: Fields, name: str) -> Fields:
    """The object under `name`, {} where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else _EMPTY


def parts(fields: Fields, name: str) -> Iterator[Fields]:
    """The objects in the array under `name`."""
    value = fields.get(name)
    return (
        (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
    )


def texts(fields: Fields, name: str) -> tuple[str, ...]:
    """The strings in the array under `name`, each once, empty ones left out."""
    value = fields.get(name)
    found = value if isinstance(value, list) else ()
    return tuple(dict.fromkeys(clean(item) for item in found if isinstance(item, str) and item))
