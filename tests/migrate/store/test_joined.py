"""What an archive held when it was joined comes back as it was, whatever plans have made of it."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from migrate.store import Op, State, Store, joined, open_store, ops


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "state.db")
    yield opened
    opened.close()


def message(ts: int, **more: object) -> Op:
    op = Op(1, ts, 5, "", 0, 1, state=State.DONE, part=0, run=1)
    return msgspec.structs.replace(op, **more)


def everything(store: Store) -> dict[object, Op]:
    return {op.key: op for op in ops.select(store, "TRUE")}


def begin(store: Store) -> dict[object, Op]:
    """An archive of ten messages in one part, joined."""
    with store.transaction():
        ops.put_ops(store, [message(ts) for ts in range(10)])
        store.db.execute("INSERT INTO part VALUES (0, 'messages', 1, x'7b7d', x'7b7d', 1)")
        joined.note_joined(store)
    return everything(store)


def test_what_was_never_joined_is_not_kept(store: Store) -> None:
    with store.transaction():
        ops.put_ops(store, [message(1)])
    with joined.keeping(store), store.transaction():
        ops.hide(store, message(1))
    assert not joined.is_kept(store)
    assert store.db.execute("SELECT count(*) FROM joined_op").fetchone() == (0,)


def test_every_way_of_changing_an_op_is_undone(store: Store) -> None:
    before = begin(store)
    with joined.keeping(store), store.transaction():
        ops.hide(store, message(0))
        ops.fold(store, message(0), 3, 7)
        store.db.execute("DELETE FROM op WHERE ts = 1")
        ops.replace(store, message(2, name="a topic"))
        ops.put_ops(store, [message(3, name="ignored"), message(30, part=4)])
        ops.put_ops(store, [message(1, name="back, and another")])
        ops.replace(store, message(31, part=4))
        store.db.execute("INSERT INTO part VALUES (4, 'messages', 0, x'7b7d', x'7b7d', 1)")
    assert everything(store) != before
    with store.transaction():
        joined.restore(store)
    assert everything(store) == before
    assert [num for (num,) in store.db.execute("SELECT num FROM part")] == [0]


def test_changes_at_random_over_several_plans_are_undone(store: Store) -> None:
    before = begin(store)
    chance = random.Random(7)
    for _ in range(5):
        with joined.keeping(store), store.transaction():
            for _ in range(20):
                ts = chance.randrange(20)
                op = message(ts, name=f"{chance.random()}", state=chance.choice(list(State)))
                match chance.randrange(4):
                    case 0:
                        ops.put_ops(store, [op])
                    case 1:
                        ops.replace(store, op)
                    case 2:
                        store.db.execute("DELETE FROM op WHERE ts = ?", (ts,))
                    case _:
                        ops.plan_again(store, op, chance.randrange(64))
    with store.transaction():
        joined.restore(store)
    assert everything(store) == before


def test_what_another_run_had_begun_to_write_counts_as_joined(store: Store) -> None:
    """A part's state may go back while nobody plans: its messages are in the archive all the
    same."""
    before = begin(store)
    with store.transaction():
        store.db.execute("UPDATE op SET state = 0 WHERE ts < 3")
        joined.restore(store)
    assert everything(store) == before


def test_an_archive_that_is_joined_anew_is_the_one_to_go_back_to(store: Store) -> None:
    begin(store)
    with joined.keeping(store), store.transaction():
        ops.fold(store, message(0), 3, 7)
        ops.put_ops(store, [message(30)])
    with store.transaction():
        store.db.execute("UPDATE op SET state = 2")
        joined.note_joined(store)
    after = everything(store)
    with store.transaction():
        joined.restore(store)
    assert everything(store) == after


def test_what_nobody_goes_back_to_is_forgotten(store: Store) -> None:
    begin(store)
    with joined.keeping(store), store.transaction():
        ops.hide(store, message(0))
    with store.transaction():
        joined.forget_joined(store)
    assert not joined.is_kept(store)
    assert store.db.execute("SELECT count(*) FROM joined_op").fetchone() == (0,)
