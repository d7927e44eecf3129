"""PLAN: what a newer export meets at a target that has something already, told before it is sent:
what will stand out of order, and which way the news take."""

from collections.abc import Iterator

from migrate.findings import Finding
from migrate.model import micros_ts
from migrate.spi import Capabilities
from migrate.stages.engine import OPEN
from migrate.stages.heritage import heritage
from migrate.store import Store
from migrate.store.joined import is_kept

STAGE = "delta"
"""The stage of `way_taken`, which holds until what is new has been brought."""


def late_order(store: Store, caps: Capabilities) -> Iterator[Finding]:
    """Messages that will stand behind later ones of their conversation, where a target shows them
    in the order in which they come."""
    if caps.delivery != "live" or caps.order != "global":
        return
    last: dict[int, int] = dict(
        store.db.execute("SELECT lane, max(ts) FROM op WHERE kind = 5 AND state = 2 GROUP BY lane")
    )
    if not last:
        return
    count, first = 0, (0, 0)
    coming = f"kind = 5 AND {OPEN} AND piece = 0 AND item IN ('', 'root')"
    for conv, lane, ts in store.db.execute(
        f"SELECT conv, lane, ts FROM op WHERE {coming} ORDER BY conv, ts"
    ):
        if ts < last.get(lane, 0):
            first = first if count else (conv, ts)
            count += 1
    if count:
        (id,) = store.db.execute(
            "SELECT id FROM conversation WHERE num = ?", (first[0],)
        ).fetchone()
        yield Finding(code="late-order", count=count, place=f"{id} {micros_ts(first[1])}")


def way_taken(store: Store, caps: Capabilities) -> Iterator[Finding]:
    """How what is new comes to a target that may have taken an archive."""
    if caps.delivery == "bulk":
        waiting = "SELECT 1 FROM part WHERE state = 0 LIMIT 1"
        if caps.delta == "rewrite" and is_kept(store) and store.db.execute(waiting).fetchone():
            yield Finding(code="delta-rewritten")
    elif heritage(store) is not None:
        (count,) = store.db.execute(
            f"SELECT count(*) FROM op WHERE kind = 5 AND {OPEN} AND piece = 0"
        ).fetchone()
        if count:
            yield Finding(code="delta-sent", count=count)
