"""Message rows, pages, files and pins: what is kept where the same thing comes twice."""

import random
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from migrate.model import File, Person
from migrate.store import Store, messages, open_store, people
from migrate.store.messages import FLAG_PINNED, FLAG_TOMBSTONE, GONE, PageReader, Row


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "state.db")


def row(*, edited: int = 0, gen: int = 1, idx: int = 0, flags: int = 0, reactions: int = 0) -> Row:
    return Row(1, 1_000, 0, 1, 0, flags, edited, gen, reactions, 1, idx)


def put(store: Store, rows: Sequence[Row]) -> Row:
    for each in rows:
        messages.put_rows(store, [[getattr(each, name) for name in Row.__struct_fields__]])
    kept = messages.row(store, 1, 1_000)
    assert kept is not None
    return kept


@pytest.mark.parametrize(
    ("winner", "others"),
    [
        (row(edited=5, idx=1), [row(), row(edited=4, gen=9)]),
        (row(gen=3, idx=1), [row(gen=1), row(gen=2)]),
        (row(edited=5, gen=2, idx=1), [row(edited=5, gen=1), row(gen=3)]),
        (row(edited=GONE, flags=FLAG_TOMBSTONE, idx=1), [row(edited=7, gen=9), row(gen=9)]),
    ],
    ids=["newest edit", "newer archive", "newer archive of the same edit", "tombstone"],
)
def test_one_row_wins_whatever_comes_first(store: Store, winner: Row, others: list[Row]) -> None:
    for order in permutations([winner, *others]):
        store.db.execute("DELETE FROM message")
        assert put(store, order).idx == 1


def test_the_same_archive_again_changes_nothing(store: Store) -> None:
    assert put(store, [row(idx=1), row(idx=2)]).idx == 1


def test_a_pin_outlives_the_record_that_told_of_it(store: Store) -> None:
    kept = put(store, [row(flags=FLAG_PINNED, gen=1), row(gen=2, reactions=3)])
    assert kept.flags == FLAG_PINNED
    assert (kept.gen, kept.reactions) == (2, 3)


def test_pages_come_back_as_they_went(store: Store) -> None:
    rng = random.Random(1)
    pages = [
        [f'{{"n":{page * 100 + n},"text":"{rng.random()} ä \\n"}}'.encode() for n in range(30)]
        for page in range(7)
    ]
    first = messages.put_pages(store, [messages.pack_page(page) for page in pages[:3]])
    assert messages.put_pages(store, [messages.pack_page(page) for page in pages[3:]]) == first + 3
    reader = PageReader(store, keep=2)
    places = [(page, idx) for page in range(7) for idx in range(30)]
    rng.shuffle(places)
    assert all(reader.raw(first + page, idx) == pages[page][idx] for page, idx in places)


def test_a_reader_keeps_few_pages(store: Store) -> None:
    first = messages.put_pages(store, [messages.pack_page([b"%d" % n]) for n in range(9)])
    reader = PageReader(store, keep=2)
    for page in range(9):
        reader.raw(first + page, 0)
    store.db.execute("DELETE FROM page")
    assert reader.raw(first + 8, 0) == b"8"
    with pytest.raises(TypeError):
        reader.raw(first, 0)


def test_rows_and_pins_come_in_the_order_of_time(store: Store) -> None:
    rows = [(1, ts, 0, 1, 0, 0, 0, 1, 0, 1, 0, None) for ts in (30, 10, 20)]
    messages.put_rows(store, [*rows, (2, 5, 0, 1, 0, 0, 0, 1, 0, 1, 0, "0.5")])
    assert [each.ts for each in messages.rows(store, 1)] == [10, 20, 30]
    messages.put_moments(store, "pin", 1, [30, 99, 10, 30])
    assert messages.pins(store, 1) == [10, 30], "a pin of what is not there is none"
    other = next(messages.rows(store, 2))
    assert other.slack_ts == "0.5"
    assert next(messages.rows(store, 1)).slack_ts == "0.000010"


def test_a_file_that_is_gone_does_not_hide_what_was_known_of_it(store: Store) -> None:
    messages.put_files(store, [File(id="F1", size=7, url="https://a/b")])
    messages.put_files(store, [File(id="F1", mode="tombstone"), File(id="F2", mode="tombstone")])
    messages.put_files(store, [File(id="F2", size=3)])
    assert store.db.execute("SELECT id, mode, size FROM file ORDER BY id").fetchall() == [
        ("F1", "hosted", 7),
        ("F2", "hosted", 3),
    ]


def test_a_listed_person_is_believed_before_one_seen_in_messages(store: Store) -> None:
    people.put_people(store, [Person(id="U1", kind="unknown")], listed=False)
    people.put_people(store, [Person(id="U1", kind="outside", name="seen")], listed=False)
    people.put_people(store, [Person(id="U1", kind="outside", name="later")], listed=False)
    assert [each.name for _, each in people.people(store)] == ["seen"]
    people.put_people(store, [Person(id="U1", kind="member", name="listed")], listed=True)
    people.put_people(store, [Person(id="U1", kind="outside", name="seen")], listed=False)
    assert [(number, each.name) for number, each in people.people(store)] == [(1, "listed")]
