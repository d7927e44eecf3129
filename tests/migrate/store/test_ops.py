"""The op table as plan and as journal: what stays and what goes when it is planned anew."""

from pathlib import Path

import msgspec
import pytest

from migrate.model import RECORD_KINDS
from migrate.store import Op, OpKind, State, Store, open_store, ops
from migrate.store.ops import Outcome, record_number


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "state.db")


def op(ts: int = 1, piece: int = 0, kind: OpKind = OpKind.MESSAGE, **fields: object) -> Op:
    return msgspec.structs.replace(Op(1, ts, kind, "", piece, 1), **fields)


def states(store: Store) -> dict[tuple[int, int, int], State]:
    return {(o.kind, o.ts, o.piece): State(o.state) for o in ops.select(store, "TRUE")}


def test_an_op_comes_back_as_it_went(store: Store) -> None:
    full = Op(
        1, 2, 5, "item", 3, 4, root=5, author=6, time=7, name="n", flags=8, record=9, folded=10,
        edited=2**62, state=1, code="c", ref="r", part=12, run=13,
    )  # fmt: skip
    ops.put_ops(store, [full])
    assert ops.op(store, 1, 2, OpKind.MESSAGE, "item", 3) == full
    assert ops.op(store, 1, 2, OpKind.MESSAGE, "item") is None


def test_a_row_that_is_there_is_kept(store: Store) -> None:
    ops.put_ops(store, [op(state=State.DONE, ref="r")])
    ops.put_ops(store, [op(name="other")])
    assert [(o.ref, o.name) for o in ops.select(store, "TRUE")] == [("r", "")]


def test_intent_then_outcome(store: Store) -> None:
    some = [op(ts) for ts in range(1, 5)]
    ops.put_ops(store, some)
    ops.intend(store, some[:3])
    assert {o.ts: o.state for o in ops.select(store, "TRUE")} == {1: 1, 2: 1, 3: 1, 4: 0}
    ops.settle(
        store,
        [
            Outcome(some[0], State.DONE, ref="r1"),
            Outcome(some[1], State.FAILED, code="no"),
            Outcome(some[2], State.PLANNED),
        ],
        run=7,
    )
    found = {o.ts: (o.state, o.ref, o.code, o.run) for o in ops.select(store, "TRUE")}
    assert found == {1: (2, "r1", "", 7), 2: (3, "", "no", 7), 3: (0, "", "", 7), 4: (0, "", "", 0)}
    assert ops.ref(store, 1, 1, OpKind.MESSAGE) == "r1"
    assert ops.ref(store, 1, 2, OpKind.MESSAGE) is None
    ops.intend(store, [some[1]])
    assert ops.op(store, *some[1].key) == msgspec.structs.replace(some[1], state=1, run=7)


@pytest.mark.parametrize(
    ("known", "stays"),
    [
        (op(state=State.PLANNED), False),
        (op(state=State.FAILED), False),
        (op(state=State.SKIPPED), False),
        (op(state=State.SENDING), True),
        (op(state=State.DONE), True),
        (op(state=State.PLANNED, part=3), True),
        (op(0, kind=OpKind.SEAL, run=1), True),
        (op(0, kind=OpKind.SEAL), False),
        (op(0, kind=OpKind.MEMBER, run=1), True),
        (op(0, kind=OpKind.MEMBER, run=1, state=State.FAILED), False),
        (op(0, kind=OpKind.MEMBER), False),
    ],
)
def test_what_the_target_may_have_stays_when_it_is_planned_anew(
    store: Store, known: Op, stays: bool
) -> None:
    ops.put_ops(store, [known])
    ops.drop_unsent(store)
    assert bool(states(store)) is stays


@pytest.mark.parametrize("first", [State.SENDING, State.DONE])
def test_later_pieces_of_a_message_that_has_begun_stay(store: Store, first: State) -> None:
    ops.put_ops(store, [op(state=first), op(piece=1, state=State.FAILED), op(piece=2)])
    ops.drop_unsent(store)
    assert states(store) == {
        (5, 1, 0): first,
        (5, 1, 1): State.PLANNED,
        (5, 1, 2): State.PLANNED,
    }


def test_later_pieces_go_with_a_message_that_has_not(store: Store) -> None:
    ops.put_ops(store, [op(state=State.FAILED), op(piece=1), op(piece=2, state=State.FAILED)])
    ops.drop_unsent(store)
    assert states(store) == {}


def test_what_slack_has_no_longer_accounts_for_nothing(store: Store) -> None:
    known = op(record=record_number("reactions"), state=State.DONE)
    ops.put_ops(store, [known])
    ops.account_for(store, known, 0)
    assert [(o.record, o.state) for o in ops.select(store, "TRUE")] == [(0, State.DONE)]


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_record_numbers_name_their_kind(kind: str) -> None:
    assert RECORD_KINDS[record_number(kind) - 1] == kind
    assert record_number(kind) > 0


@pytest.mark.parametrize("by_lane", [True, False])
def test_the_order_of_sending_has_an_index(store: Store, by_lane: bool) -> None:
    ops.index_ops(store, by_lane=by_lane)
    order = "ts, kind, conv, item, piece"
    where = "lane = 1 AND " if by_lane else ""
    plan = store.db.execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM op WHERE {where}state IN (0, 1, 3) ORDER BY {order}"
    ).fetchall()
    told = " ".join(row[3] for row in plan)
    assert "op_open" in told
    assert "TEMP B-TREE" not in told
