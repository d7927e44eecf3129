"""VERIFY, for files: whether the bodies that were brought hang on the messages that had them. What
a message holds is `verify`'s; whether a body is really there is what the target says of it."""

from collections.abc import Collection

from migrate.findings import Finding
from migrate.spi import Ref
from migrate.stages.additions import PAIRS
from migrate.stages.brief import LATE
from migrate.store import OpKind, State, Store

Place = tuple[int, str]
"""A message: its ts in microseconds, and the item of its op."""


class Presence:
    """The files of all conversations, each counted once."""

    def __init__(self, store: Store, live: bool) -> None:
        self._store = store
        self._live = live
        self._seen: set[str] = set()
        self._lost: dict[str, str] = {}

    def hold(
        self,
        conv: int,
        id: str,
        read: Collection[Place],
        told: dict[Place, set[Ref]],
    ) -> None:
        """Hold one conversation, Slack's `id`, against its files: `read` are the messages that were
        found as they were sent, `told` the bodies that the target says they have, where it says
        so."""
        for ts, item, file, ref in self._expected(conv):
            place = (ts, item)
            known = ref if self._live else file
            if place not in read or (place in told and known not in told[place]):
                self._lost.setdefault(file, id)
            else:
                self._seen.add(file)

    def count(self) -> tuple[int, int, int]:
        """How many files were found, are missing, and could not be looked for."""
        (brought,) = self._store.db.execute(
            "SELECT count(*) FROM op WHERE conv = 0 AND ts = 0 AND kind = ? AND state = ?"
            " AND record != 0",
            (OpKind.FILE, State.DONE),
        ).fetchone()
        found = len(self._seen - self._lost.keys())
        missing = len(self._lost)
        return found, missing, max(0, brought - found - missing)

    def findings(self) -> list[Finding]:
        """A finding for each file that is missing, with its conversation."""
        return [Finding(code="file-missing", place=where) for where in self._lost.values()]

    def _expected(self, conv: int) -> list[tuple[int, str, str, Ref]]:
        """The files that were brought with messages of a conversation, or after them. Those that a
        living target has from an archive have no refs there that we know."""
        return self._store.db.execute(
            f"SELECT a.ts, '', a.file, f.ref {PAIRS} WHERE a.conv = ?1 AND m.state = 2"
            " AND NOT (?2 AND m.part >= 0) AND f.state = 2"
            " AND (late.conv IS NULL OR late.state = 4)"
            " UNION ALL SELECT op.ts, op.item, f.item, f.ref FROM op"
            " JOIN op f ON f.conv = 0 AND f.ts = 0 AND f.kind = 4 AND f.piece = 0"
            f" AND f.item = substr(op.item, {len(LATE) + 1})"
            " WHERE op.conv = ?1 AND op.kind = 5 AND op.state = 2 AND op.piece = 0"
            " AND NOT (?2 AND op.part >= 0)"
            f" AND f.state = 2 AND op.item GLOB '{LATE}*'",
            (conv, self._live),
        ).fetchall()
