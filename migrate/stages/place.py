"""PLAN, second half: an op for every account, file and conversation, with its place at the target:
names made valid and unique. Computed once and stored; what the target has already keeps its place.
Messages are placed by `placer`."""

from collections.abc import Iterable, Iterator

import msgspec

from migrate.spi import Adapter, Wish
from migrate.stages.brief import Brief, skipped
from migrate.stages.parts import write_again
from migrate.stages.reading import file_code
from migrate.stages.resolve import Destination, Resolution
from migrate.store import Op, OpKind, Store, ops
from migrate.store.ops import record_number


def account_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a person."""
    taken = _taken(store, OpKind.ACCOUNT)
    for number, standing in brief.resolution.people.items():
        person = standing.person
        op = Op(
            0, 0, OpKind.ACCOUNT, person.id, 0, 0,
            author=number, record=record_number("accounts"),
        )  # fmt: skip
        if standing.code:
            yield skipped(op, standing.code)
        elif ops.op(store, *op.key) is None:
            wish = Wish(kind="account", id=person.id, name=standing.wish or person.name)
            yield _named(op, wish, brief.adapter, taken)


def file_ops(files: Iterable[tuple[str, str]]) -> Iterator[Op]:
    """One op a file, given as id and mode: bodies do not travel yet, so each says why not."""
    for id, mode in files:
        op = Op(0, 0, OpKind.FILE, id, 0, 0, record=record_number("files"))
        yield skipped(op, file_code(mode))


def conversation_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a conversation."""
    taken = _taken(store, OpKind.CONVERSATION)
    for number, destination in brief.resolution.conversations.items():
        op = Op(
            number, 0, OpKind.CONVERSATION, "", 0, number,
            flags=ops.PRIVATE if destination.private else 0,
            record=record_number("conversations"),
        )  # fmt: skip
        known = ops.op(store, *op.key)
        if destination.code:
            yield skipped(op, destination.code)
        elif known is not None:
            _keep_private(store, known, destination)
        else:
            wish = Wish(
                kind="conversation",
                id=destination.conversation.id,
                name=destination.wish,
                private=destination.private,
            )
            yield _named(op, wish, brief.adapter, taken)


def _keep_private(store: Store, known: Op, destination: Destination) -> None:
    """What has become private is private in an archive that is written again; at a live target it
    blocks the plan."""
    if destination.private and not known.flags & ops.PRIVATE and known.part >= 0:
        ops.hide(store, known)
        write_again(store, known.part)


def turned_private(store: Store, resolution: Resolution) -> Iterator[str]:
    """The ids of conversations that stand open at the target and are to be private now."""
    for op in ops.select(store, f"kind = 2 AND state IN (1, 2) AND NOT flags & {ops.PRIVATE}"):
        destination = resolution.conversations[op.conv]
        if destination.private and not destination.code:
            yield destination.conversation.id


def _taken(store: Store, kind: OpKind) -> set[str]:
    return {op.name for op in ops.select(store, "kind = ?", (kind,))}


def _named(op: Op, wish: Wish, adapter: Adapter, taken: set[str]) -> Op:
    placement = adapter.place(wish, None, lambda name: name not in taken)
    taken.add(placement.name)
    return msgspec.structs.replace(op, name=placement.name)
