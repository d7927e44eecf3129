"""What the store knows of bodies and of all else that Slack adds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrate.store import Store, files, open_store
from migrate.store.files import Held


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def body(store: Store, id: str) -> Held:
    held = files.body(store, id)
    assert held is not None
    return held


def test_a_body_is_never_lost_to_a_refusal(store: Store) -> None:
    files.put_bodies(store, [Held(id="F1", code="body-gone")])
    files.put_bodies(store, [Held(id="F1", code="body-denied")])
    assert body(store, "F1").code == "body-denied"
    files.put_bodies(store, [Held(id="F1", sha256="ab", size=3, text="one")])
    files.put_bodies(store, [Held(id="F1", code="body-gone")])
    assert body(store, "F1") == Held(id="F1", sha256="ab", size=3, text="one")
    assert files.body(store, "F2") is None


def test_emoji_and_bookmarks_are_replaced(store: Store) -> None:
    files.put_emoji(store, [("b", "u1", ""), ("a", "", "b"), ("gone", "u2", "")])
    files.put_emoji(store, [("b", "u1", ""), ("a", "", "b")])
    assert list(files.emoji(store)) == [("a", "", "b"), ("b", "u1", "")]
    files.put_bookmarks(store, 1, [("one", "u", 5), ("two", "u", 6)])
    files.put_bookmarks(store, 2, [("other", "u", 7)])
    files.put_bookmarks(store, 1, [("three", "u", 8)])
    rows = store.db.execute("SELECT conv, position, title FROM bookmark ORDER BY 1, 2").fetchall()
    assert rows == [(1, 0, "three"), (2, 0, "other")]


def test_a_body_that_is_noted_once_more_ends_plans_made_without_it(store: Store) -> None:
    whole = Held(id="F1", sha256="ab", size=3)
    files.put_bodies(store, [whole])
    before = files.fetched_sum(store)
    files.put_bodies(store, [whole])
    assert files.fetched_sum(store) != before


CHANGES: dict[str, Callable[[Store], None]] = {
    "a body": lambda store: files.put_bodies(store, [Held(id="F1", sha256="ab")]),
    "a refusal": lambda store: files.put_bodies(store, [Held(id="F1", code="body-gone")]),
    "an emoji": lambda store: files.put_emoji(store, [("a", "u", "")]),
    "a bookmark": lambda store: files.put_bookmarks(store, 1, [("a", "u", 0)]),
    "anything else": lambda store: files.note_added(store, ["U1", "ann@acme.example"]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_is_fetched_changes_the_sum(store: Store, change: Callable[[Store], None]) -> None:
    before = files.fetched_sum(store)
    assert files.fetched_sum(store) == before
    change(store)
    assert files.fetched_sum(store) != before


def test_a_picture_under_another_address_is_the_same_emoji(store: Store) -> None:
    files.put_emoji(store, [("a", "https://emoji.slack-edge.com/1", "")])
    before = files.fetched_sum(store)
    files.put_emoji(store, [("a", "https://emoji.slack-edge.com/2", "")])
    assert files.fetched_sum(store) == before
