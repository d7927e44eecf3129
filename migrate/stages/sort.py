"""PLAN: every message of the store sorted into chunks for the survey: which are to be sent, which
are left out and why, which the target has."""

from collections.abc import Iterator

from migrate.stages.brief import Brief
from migrate.stages.resolve import Destination
from migrate.stages.survey import KNOWN, UNCHANGED, Chunk
from migrate.store import OpKind, Store, messages, ops


def chunks(store: Store, brief: Brief, size: int) -> Iterator[Chunk]:
    """Every message of the store in chunks, each with its code; at least one chunk, empty perhaps,
    for every conversation."""
    for number, destination in brief.resolution.conversations.items():
        sorter = _Sorter(store, brief, destination)
        rows: list[messages.Row] = []
        codes: list[str] = []
        id = destination.conversation.id
        for row in messages.rows(store, number):
            rows.append(row)
            codes.append(sorter.code(row))
            if len(rows) == size:
                yield Chunk(number, id, tuple(rows), tuple(codes))
                rows, codes = [], []
        yield Chunk(number, id, tuple(rows), tuple(codes))


class _Sorter:
    """Decides for each message of one conversation whether it is sent."""

    def __init__(self, store: Store, brief: Brief, destination: Destination) -> None:
        self._brief = brief
        self._destination = destination
        number = destination.number
        self._sent = {
            op.ts: op for op in ops.select(
                store, "conv = ? AND kind = ? AND item = '' AND piece = 0", (number, OpKind.MESSAGE)
            )
        }  # fmt: skip
        self._reactions: dict[int, int] = dict(
            store.db.execute(
                "SELECT ts, count(*) FROM op WHERE conv = ? AND kind = ? GROUP BY ts",
                (number, OpKind.REACTION),
            )
        )
        self._deleted = messages.deletions(store, number)

    def code(self, row: messages.Row) -> str:
        sent = self._sent.get(row.ts)
        if sent is not None:
            known = sent.folded + self._reactions.get(row.ts, 0)
            # The same number of reactions may be others.
            changed = sent.part >= 0 and row.edited > sent.edited
            return KNOWN if row.reactions or known or changed else UNCHANGED
        if self._destination.code:
            return self._destination.code
        if not self._brief.span.holds(row.ts):
            return "excluded"
        if row.flags & messages.FLAG_TOMBSTONE or row.ts in self._deleted:
            return "deleted"
        if row.kind == messages.NOTICE and not self._brief.keep_notices:
            return "notice-dropped"
        if self._brief.resolution.stand_in(row.author) is None:
            return "person-skipped"
        return ""
