"""Names made valid and unique."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.names import full_name, slug, unique

LETTERS = string.ascii_lowercase + string.digits + "._-"


@pytest.mark.parametrize(
    ("taken", "limit", "name"),
    [
        (set(), 20, "general"),
        ({"general"}, 20, "general-2"),
        ({"general", "general-2", "general-3"}, 20, "general-4"),
        (set(), 3, "gen"),
        ({"gene"}, 4, "ge-2"),
    ],
)
def test_unique(taken: set[str], limit: int, name: str) -> None:
    assert unique("general", lambda wish: wish not in taken, limit) == name


@given(st.text(max_size=12), st.sets(st.text(max_size=4), max_size=6), st.integers(4, 12))
def test_unique_is_free_and_short(wish: str, taken: set[str], limit: int) -> None:
    name = unique(wish, lambda name: name not in taken, limit)
    assert name not in taken
    assert len(name) <= limit


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("General Talk", "general-talk"),
        ("Zoë & Søren!", "zoe-s-ren"),
        ("--a--", "a"),
        ("チャネル", "x"),
        ("", "x"),
        ("a" * 30, "a" * 20),
    ],
)
def test_slug(text: str, name: str) -> None:
    assert slug(text, LETTERS, 20, fallback="x") == name


@given(st.text())
def test_slug_keeps_to_what_is_allowed(text: str) -> None:
    name = slug(text, LETTERS, 10, fallback="x")
    assert 1 <= len(name) <= 10
    assert set(name) <= set(LETTERS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann  One", "Ann One"),
        ("Ann\u0000 *One*\n", "Ann One"),
        ("Zoe\u0308 日本", "Zoë 日本"),
        ("\ud83d", "?"),
        ("***", "?"),
        ("a" * 200, "a" * 100),
    ],
)
def test_full_name(text: str, name: str) -> None:
    assert full_name(text, '*`"<>@', 100, fallback="?") == name
