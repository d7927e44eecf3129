"""RESOLVE, for conversations that become one at the target: because the same people are in them, or
because the mapping files lead them to the same place."""

import msgspec

from migrate.spi import Adapter, Merger
from migrate.stages.resolution import DIRECT, Destination, Resolution
from migrate.store import OpKind, Store, ops


def share_lanes(store: Store, adapter: Adapter, resolution: Resolution) -> Resolution:
    """The resolution with every conversation's lane. What stands at the target by itself stays so;
    of those that become one, the first that stands there gives the lane, else the first of all."""
    known = {
        op.conv: op.lane
        for op in ops.select(
            store, "kind = ? AND state IN (1, 2)", (OpKind.CONVERSATION,), "ORDER BY conv"
        )
    }
    first: dict[str, int] = {}
    destinations = dict(resolution.conversations)
    for number, destination in sorted(
        destinations.items(), key=lambda each: (each[0] not in known, each[0])
    ):
        if destination.code:
            continue
        members = _members(store, resolution, destination)
        ids = sorted(resolution.people[member].person.id for member in members)
        key = ""
        if isinstance(adapter, Merger):
            key = adapter.lane_key(destination.conversation, ids)
        if not key:
            members = ()
        if destination.action == "map":
            key = f"map {destination.wish}"
        lane = first.setdefault(key, number) if key else number
        if number in known:
            lane = number
        destinations[number] = msgspec.structs.replace(destination, lane=lane, members=members)
    return msgspec.structs.replace(resolution, conversations=destinations)


def _members(store: Store, resolution: Resolution, destination: Destination) -> tuple[int, ...]:
    """Who is in a direct conversation: its members, and whoever wrote there, since nobody leaves
    one in Slack. Nobody of any other."""
    conversation = destination.conversation
    if conversation.kind not in DIRECT:
        return ()
    standing = [resolution.standing(id) for id in conversation.members]
    query = "SELECT DISTINCT author FROM message WHERE conv = ?"
    authors = store.db.execute(query, (destination.number,))
    standing += [resolution.stand_in(author) for (author,) in authors]
    return tuple(sorted({each.number for each in standing if each is not None}))
