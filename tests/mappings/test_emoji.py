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
