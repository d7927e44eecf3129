"""JSON as exports really hold it, and values of whatever type read as the type that is wanted. What
the fields mean lies with whoever reads them."""

import json
import math
from collections.abc import Iterator, Mapping

import msgspec

from mappings.nodes import clean

Fields = Mapping[str, object]

EMPTY: Fields = {}

_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
# A ts written as a number keeps its digits; a float would be shown with fewer or more.
_ANY = msgspec.json.Decoder(float_hook=str)
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Broken(ValueError):
    """The bytes are no JSON in any reading, or nested too deep to be Slack's."""


def read_json(data: bytes) -> object:
    """The value of a JSON text. Bare NaN becomes null, lone surrogates U+FFFD.

    Raises Broken.
    """
    if data.startswith(_BOMS):
        data = _decode(data).encode()
    try:
        return _ANY.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_leniently(data)
    except RecursionError:
        raise Broken("nested too deep") from None


def read_rows(data: bytes) -> list[msgspec.Raw] | None:
    """The elements of a JSON array, each as its own JSON text; None where there is nothing to read:
    white space, or null in place of an array.

    Raises Broken, also for JSON that is no array.
    """
    if data.startswith(_BOMS):
        data = _decode(data).encode()
    try:
        return _RAWS.decode(data)
    except msgspec.ValidationError:
        if data.strip() == b"null":
            return None
        raise Broken("no array") from None
    except msgspec.DecodeError:
        pass
    except RecursionError:
        raise Broken("nested too deep") from None
    if not data.strip():
        return None
    rows = _read_leniently(data)
    if not isinstance(rows, list):
        raise Broken("no array")
    return [msgspec.Raw(write_json(row)) for row in rows]


def write_json(value: object) -> bytes:
    """Compact JSON of a decoded value, its lone surrogates and NaN replaced."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise Broken("nested too deep") from None
    return clean(text).encode()


def read_fields(data: bytes | msgspec.Raw) -> Fields:
    """The object of a JSON text, {} where it is no object or broken."""
    try:
        value = read_json(bytes(data))
    except Broken:
        return EMPTY
    return value if isinstance(value, dict) else EMPTY


def _decode(data: bytes) -> str:
    return data.decode(json.detect_encoding(data), "replace")


def _read_leniently(data: bytes) -> object:
    try:
        text = data.decode("utf-8", "replace")
        return json.loads(text, strict=False, parse_constant=_drop, parse_float=_read_float)
    except (ValueError, RecursionError):
        raise Broken("no JSON") from None


def _drop(_name: str) -> None:
    return None


def _read_float(digits: str) -> str | None:
    return digits if math.isfinite(float(digits)) else None


def get_text(fields: Fields, name: str) -> str:
    """The string under `name`, without NUL; "" where there is none or something else."""
    value = fields.get(name)
    return clean(value) if isinstance(value, str) else ""


def get_number(fields: Fields, name: str) -> int:
    """The whole number under `name`, also out of a string or a fraction; 0 where there is none, or
    one that no computer counts to."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        number = int(float(value)) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return 0
    return number if abs(number) < 1 << 53 else 0


def get_flag(fields: Fields, name: str) -> bool:
    """Whether `name` is true, in JSON or as a word."""
    value = fields.get(name)
    return value is True or value == 1 or (isinstance(value, str) and value.lower() == "true")


def get_fields(fields: Fields, name: str) -> Fields:
    """The object under `name`, {} where there is none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else EMPTY


def get_list(fields: Fields, name: str) -> list[object]:
    """The array under `name`, [] where there is none."""
    value = fields.get(name)
    return value if isinstance(value, list) else []


def get_objects(fields: Fields, name: str) -> Iterator[Fields]:
    """The objects in the array under `name`; anything else in it is passed over."""
    return (item for item in get_list(fields, name) if isinstance(item, dict))


def get_texts(fields: Fields, name: str) -> tuple[str, ...]:
    """The strings in the array under `name`, each once, empty ones left out."""
    return tuple(
        dict.fromkeys(item for item in get_list(fields, name) if isinstance(item, str) and item)
    )
