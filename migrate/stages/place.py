"""PLAN, second half: an op for every account and conversation, with its place at the target: names
made valid and unique. Computed once and stored; what the target has already keeps its place.
Messages are placed by `placer`, files by `bodies`."""

from collections.abc import Iterator

import msgspec

from migrate.findings import Finding
from migrate.model import Person
from migrate.spi import Adapter, Wish
from migrate.stages.archives import last_joined
from migrate.stages.brief import Brief, skipped
from migrate.stages.existing import foreign_names
from migrate.stages.parts import write_again
from migrate.stages.resolution import DIRECT, Destination, Resolution
from migrate.store import Op, OpKind, Store, ops
from migrate.store.ops import record_number


def account_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a person."""
    taken = _taken(store, OpKind.ACCOUNT)
    taken |= {
        each.wish.casefold() for each in brief.resolution.people.values() if each.action == "map"
    }
    foreign = foreign_names(store)
    for number, standing in brief.resolution.people.items():
        person = standing.person
        op = Op(
            0, 0, OpKind.ACCOUNT, person.id, 0, 0,
            author=number, record=record_number("accounts"),
        )  # fmt: skip
        if standing.code:
            yield skipped(op, standing.code)
        elif ops.op(store, *op.key) is not None:
            continue
        elif standing.action == "map":
            yield msgspec.structs.replace(op, name=standing.wish, flags=ops.MAPPED)
        else:
            creates = standing.action == "create"
            op = msgspec.structs.replace(op, flags=ops.CREATES if creates else 0)
            wish = Wish(
                kind="account",
                id=person.id,
                name=standing.wish or person.name,
                full_name=standing.wish or person.full_name or person.shown_name,
            )
            # An author whom nobody signs in as may be called otherwise than in Slack.
            yield _named(op, wish, brief.adapter, taken, set() if creates else foreign)


def conversation_ops(store: Store, brief: Brief) -> Iterator[Op]:
    """One op a conversation."""
    taken = _taken(store, OpKind.CONVERSATION)
    every = brief.resolution.conversations.values()
    taken |= {each.wish.casefold() for each in every if each.action == "map"}
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
        elif destination.lane != number:
            yield skipped(op, "conversation-merged")
        elif destination.action == "map":
            yield msgspec.structs.replace(op, name=destination.wish, flags=op.flags | ops.MAPPED)
        else:
            wish = Wish(
                kind="conversation",
                id=destination.conversation.id,
                name=destination.wish,
                private=destination.private,
            )
            yield _named(op, wish, brief.adapter, taken, set())


def _keep_private(store: Store, known: Op, destination: Destination) -> None:
    """What has become private is private in an archive that is written again; at a live target it
    blocks the plan."""
    if destination.private and not known.flags & ops.PRIVATE and known.part > last_joined(store):
        ops.hide(store, known)
        write_again(store, known.part)


def turned_private(store: Store, resolution: Resolution) -> Iterator[str]:
    """The ids of conversations that stand open at the target and are to be private now."""
    for op in ops.select(store, f"kind = 2 AND state IN (1, 2) AND NOT flags & {ops.PRIVATE}"):
        destination = resolution.conversations[op.conv]
        if destination.private and not destination.code:
            yield destination.conversation.id


def locked(store: Store, resolution: Resolution, code: str) -> Iterator[Finding]:
    """The private channels whose words nobody will be able to read: everybody who belongs to them
    is an author alone. `code` is the target's name for that, "" where it has none."""
    signs_in = {
        op.author
        for op in ops.select(
            store, f"kind = 1 AND state != 4 AND flags & {ops.MAPPED | ops.CREATES}"
        )
        if op.flags & ops.MAPPED or _is_awake(resolution.people[op.author].person)
    }
    for op in ops.select(store, f"kind = 2 AND state != 4 AND flags & {ops.PRIVATE}"):
        kind = resolution.conversations[op.conv].conversation.kind
        members = ops.select(
            store, f"conv = ? AND ts = 0 AND kind = 3 AND NOT flags & {ops.LEAVES}", (op.conv,)
        )
        if code and kind not in DIRECT and not any(each.author in signs_in for each in members):
            yield Finding(code=code, place=resolution.conversations[op.conv].conversation.id)


def _is_awake(person: Person) -> bool:
    return not person.deactivated and person.kind != "bot"


def _taken(store: Store, kind: OpKind) -> set[str]:
    return {op.name.casefold() for op in ops.select(store, "kind = ?", (kind,))}


def _named(op: Op, wish: Wish, adapter: Adapter, taken: set[str], shunned: set[str]) -> Op:
    def free(name: str) -> bool:
        return name.casefold() not in taken and name not in shunned

    placement = adapter.place(wish, None, free)
    taken.add(placement.name.casefold())
    return msgspec.structs.replace(op, name=placement.name)
