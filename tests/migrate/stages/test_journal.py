"""The journal of a live push: what is on the disk when, and what a failure leaves behind."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from migrate.errors import Fatal
from migrate.stages.journal import Journal, done, failed, open_again, waiting
from migrate.store import Op, OpKind, State, Store, open_store, ops


class Crash(BaseException):
    pass


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "state.db")
    yield store
    store.close()


def planned(store: Store, count: int) -> list[Op]:
    some = [Op(1, ts, OpKind.MESSAGE, "", 0, 1) for ts in range(1, count + 1)]
    ops.put_ops(store, some)
    return some


def states(store: Store) -> list[State]:
    reader = open_store(store.path, read_only=True)
    found = [State(op.state) for op in ops.select(reader, "TRUE", (), "ORDER BY ts")]
    reader.close()
    return found


def unwatched(step: str, subject: str) -> None:
    pass


def test_an_intent_is_on_the_disk_when_it_returns(store: Store) -> None:
    some = planned(store, 3)

    async def main() -> None:
        async with Journal(store, 1, unwatched) as journal:
            await journal.intend(some[:2])
            assert states(store) == [State.SENDING, State.SENDING, State.PLANNED]

    asyncio.run(main())


def test_a_note_is_on_the_disk_after_a_flush(store: Store) -> None:
    some = planned(store, 4)

    async def main() -> None:
        async with Journal(store, 7, unwatched) as journal:
            await journal.intend(some)
            journal.note(done(some[0], "r1"))
            journal.note(failed(some[1], "no"))
            journal.note(open_again(some[2]))
            await journal.flush()
            assert states(store) == [State.DONE, State.FAILED, State.PLANNED, State.SENDING]

    asyncio.run(main())
    first = ops.op(store, *some[0].key)
    assert first is not None
    assert (first.ref, first.run) == ("r1", 7)


def test_what_was_under_way_stays_so_while_it_waits(store: Store) -> None:
    some = planned(store, 2)
    sending = Op(1, 1, OpKind.MESSAGE, "", 0, 1, state=State.SENDING)
    assert waiting(sending, "no").state == State.SENDING
    assert waiting(some[1], "no").state == State.FAILED


def test_intents_are_committed_in_groups(store: Store) -> None:
    some = planned(store, 200)
    commits: list[str] = []
    store.db.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)

    async def main() -> None:
        async with Journal(store, 1, unwatched) as journal:
            await asyncio.gather(*(journal.intend([op]) for op in some))
            for op in some:
                journal.note(done(op, "r"))

    asyncio.run(main())
    store.db.set_trace_callback(None)
    assert set(states(store)) == {State.DONE}
    assert 2 <= len(commits) <= 10


@pytest.mark.parametrize("error", [ValueError, Fatal])
def test_nothing_noted_is_lost_on_an_ordinary_error(store: Store, error: type[Exception]) -> None:
    some = planned(store, 2)

    async def main() -> None:
        async with Journal(store, 1, unwatched) as journal:
            await journal.intend(some)
            journal.note(done(some[0], "r"))
            raise error("down", "The target is down.") if error is Fatal else error

    with pytest.raises(error):
        asyncio.run(main())
    assert states(store) == [State.DONE, State.SENDING]


def test_a_crash_writes_nothing_more(store: Store) -> None:
    some = planned(store, 2)

    async def main() -> None:
        async with Journal(store, 1, unwatched) as journal:
            await journal.intend(some)
            journal.note(done(some[0], "r"))
            raise Crash

    with pytest.raises(Crash):
        asyncio.run(main())
    assert states(store) == [State.SENDING, State.SENDING]


@pytest.mark.parametrize("wait", [Journal.flush, lambda journal: journal.intend(())])
def test_the_disks_refusal_reaches_whoever_waits(
    store: Store, wait: Callable[[Journal], object]
) -> None:
    some = planned(store, 2)

    async def main() -> None:
        async with Journal(store, 1, unwatched) as journal:
            store.db.execute("PRAGMA query_only = ON")
            both = await asyncio.gather(
                journal.intend(some[:1]), journal.intend(some[1:]), return_exceptions=True
            )
            assert [type(error) for error in both] == [Fatal, Fatal]
            with pytest.raises(Fatal):
                await wait(journal)  # type: ignore[misc]  # each gives an awaitable

    with pytest.raises(Fatal):
        asyncio.run(main())
    store.db.execute("PRAGMA query_only = OFF")
    assert states(store) == [State.PLANNED, State.PLANNED]


def test_a_note_that_could_not_be_written_ends_the_run(store: Store) -> None:
    some = planned(store, 1)

    async def main() -> None:
        async with Journal(store, 1, unwatched) as journal:
            await journal.intend(some)
            store.db.execute("PRAGMA query_only = ON")
            journal.note(done(some[0], "r"))

    with pytest.raises(Fatal):
        asyncio.run(main())


def test_the_probe_is_told_after_the_commit(store: Store) -> None:
    some = planned(store, 2)
    told: list[tuple[str, list[State]]] = []

    async def main() -> None:
        probe = lambda step, subject: told.append((step, states(store)))  # noqa: E731  # one line
        async with Journal(store, 1, probe) as journal:
            await journal.intend(some)
            journal.note(done(some[0], "r"))
            await journal.flush()
            journal.note(done(some[1], "r"))

    asyncio.run(main())
    assert told == [
        ("message.noted", [State.DONE, State.SENDING]),
        ("message.noted", [State.DONE, State.DONE]),
    ]
