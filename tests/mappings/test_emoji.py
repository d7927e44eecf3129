"""Emoji names."""

import pytest

from mappings import emoji


@pytest.mark.parametrize(
    ("name", "char"),
    [
        ("+1", "👍"),
        ("thumbsup", "👍"),
        ("smile", "😄"),
        ("simple_smile", "🙂"),
        ("flag-de", "🇩🇪"),
        ("man-woman-girl", "👨‍👩‍👧"),
        ("man-shrugging", "🤷‍♂️"),
        ("man-shrugging::skin-tone-2", "🤷🏻‍♂️"),
        ("+1::skin-tone-3", "👍🏼"),
        (":+1::skin-tone-6:", "👍🏿"),
        ("handshake::skin-tone-2", "🤝🏻"),
        # A tone it does not have is left out.
        ("tada::skin-tone-2", "🎉"),
        ("skin-tone-3", "🏼"),
        ("party_parrot", None),
        ("man_shrugging", None),
        ("", None),
    ],
)
def test_to_unicode(name: str, char: str | None) -> None:
    assert emoji.to_unicode(name) == char


def test_a_tone_may_stand_beside_the_name() -> None:
    assert emoji.to_unicode("wave", 4) == "👋🏽"
    assert emoji.to_unicode("wave", 1) == emoji.to_unicode("wave", 9) == "👋"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("thumbsup", "+1"),
        ("thumbsup::skin-tone-3", "+1"),
        ("simple_smile", "slightly_smiling_face"),
        ("poop", "hankey"),
        ("party_parrot", "party_parrot"),
    ],
)
def test_canonical(name: str, first: str) -> None:
    assert emoji.canonical(name) == first


@pytest.mark.parametrize(
    ("name", "base", "skin"),
    [
        ("wave", "wave", 0),
        ("wave::skin-tone-5", "wave", 5),
        (":wave::skin-tone-5:", "wave", 5),
        ("handshake::skin-tone-2-6", "handshake", 2),
        ("wave::skin-tone-9", "wave", 0),
        ("wave::skin-tone-", "wave", 0),
    ],
)
def test_split_tone(name: str, base: str, skin: int) -> None:
    assert emoji.split_tone(name) == (base, skin)


def test_characters_by_their_code_points() -> None:
    assert emoji.from_unicode("1f44d-1f3fd") == "👍🏽"
    assert emoji.from_unicode("") is None
    assert emoji.from_unicode("110000") is None
    assert emoji.from_unicode("no") is None


@pytest.mark.parametrize(
    ("name", "mattermost", "zulip"),
    [
        ("+1", "+1", "1f44d"),
        ("thumbsup", "+1", "1f44d"),
        ("thumbsup::skin-tone-2", "+1_light_skin_tone", "1f44d"),
        ("+1::skin-tone-3", "+1_medium_light_skin_tone", "1f44d"),
        ("+1::skin-tone-4", "+1_medium_skin_tone", "1f44d"),
        ("+1::skin-tone-5", "+1_medium_dark_skin_tone", "1f44d"),
        ("man-shrugging::skin-tone-6", "man-shrugging_dark_skin_tone", "1f937-200d-2642"),
        ("simple_smile", "slightly_smiling_face", "1f642"),
        ("heart", "heart", "2764"),
        ("flag-de", "de", "1f1e9-1f1ea"),
        ("hash", "hash", "0023-20e3"),
        # A tone it does not have is left out.
        ("tada::skin-tone-2", "tada", "1f389"),
        # A pair of tones, and what is newer than its table, has no name of Mattermost's.
        ("handshake", "handshake", "1f91d"),
        ("handshake::skin-tone-2", None, "1f91d"),
        ("melting_face", None, "1fae0"),
        ("face_exhaling", None, "1f62e-200d-1f4a8"),
        ("party_parrot", None, None),
        ("", None, None),
    ],
)
def test_names_and_codes_of_the_servers(
    name: str, mattermost: str | None, zulip: str | None
) -> None:
    assert emoji.mattermost_name(name) == mattermost
    assert emoji.zulip_code(name) == zulip


def test_tone_beside_the_name() -> None:
    assert emoji.mattermost_name("wave", 4) == "wave_medium_skin_tone"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("\N{PARROT}", "\N{PARROT}"),
        (" tada ", "🎉"),
        (":tada:", "🎉"),
        ("+1::skin-tone-3", "👍🏼"),
        (":+1::skin-tone-3:", "👍🏼"),
        ("alias:thumbsup", "👍"),
        # With its selector or without, as a person may have pasted it.
        ("\u2764", "\u2764"),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("👍🏼", "👍🏼"),
        ("their-parrot", ":their-parrot:"),
        ("", None),
        ("two words", None),
        ("🎉🎉", None),
        ("<b>", None),
    ],
)
def test_what_a_mapping_shows(target: str, shown: str | None) -> None:
    assert emoji.shown_as(target) == shown


def test_mappings_are_followed_to_their_end() -> None:
    table = {
        "a": "alias:b",
        "b": ":c:",
        "c": "🎉",
        "d": "e",
        "e": "d",
        "f": "f",
        "g": "a",
        "h": "<b>",
        "i": "unknown",
    }
    shown = {"a": "🎉", "b": "🎉", "c": "🎉", "g": "🎉", "i": ":unknown:"}
    assert emoji.follow(table) == shown


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("👍", "+1"),
        ("👍🏼", "+1::skin-tone-3"),
        ("❤️", "heart"),
        ("❤", "heart"),
        ("🏳️‍🌈", "rainbow-flag"),
        ("x", None),
        ("", None),
    ],
)
def test_name_of_a_character(char: str, name: str | None) -> None:
    assert emoji.name_of(char) == name
