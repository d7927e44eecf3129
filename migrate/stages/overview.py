"""What a plan adds up to, as a person is shown it before anything is written: counts, renamed
conversations, findings with their severity. How a plan is made is `plan`'s affair."""

from typing import Any

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.config import Project
from migrate.findings import Catalogue, Finding
from migrate.spi import Capabilities
from migrate.stages import bodies, delta, facts
from migrate.stages.estimate import Estimate, estimate
from migrate.store import Store, ops

STAGES = ("load", "resolve", "plan", "check", "existing", delta.STAGE)
"""The stages whose findings a plan shows."""


class Told(msgspec.Struct, frozen=True):
    """A finding or a loss as it is reported: how often, and where first."""

    code: str
    severity: str
    count: int
    example: str


class Rename(msgspec.Struct, frozen=True):
    """A conversation's name in Slack and the one that it gets."""

    id: str
    name: str
    target: str


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `plan --json`."""

    target: str
    digest: str
    counts: dict[str, Any]
    renames: list[Rename]
    losses: list[Told]
    findings: list[Told]
    blockers: list[Told]
    estimate: Estimate

    @property
    def exit(self) -> int:
        if self.blockers:
            return 4
        loud = [*self.findings, *self.losses]
        return 1 if any(each.severity in ("warning", "error") for each in loud) else 0


def summarize(
    store: Store, project: Project, digest: str, target: str, caps: Capabilities
) -> PlanSummary:
    """What the op rows add up to."""
    known = catalogue(project.adapter)
    told = _told(store, known)
    return PlanSummary(
        target=target,
        digest=digest,
        counts=_counts(store),
        renames=_renames(store),
        losses=[tell(finding, known) for finding in store.findings("losses")],
        findings=[each for each in told if not is_blocker(each)],
        blockers=[each for each in told if is_blocker(each)],
        estimate=estimate(store, caps),
    )


def blockers(store: Store, project: Project) -> list[Told]:
    """What forbids to carry out the plan that stands. Why something failed in an earlier run may
    be over by now: that is tried again, whatever it was."""
    known = catalogue(project.adapter)
    found = {finding.code for finding in store.findings(*STAGES)}
    failed = {code for (code,) in store.db.execute("SELECT DISTINCT code FROM op WHERE state = 3")}
    return [
        each
        for each in _told(store, known)
        if is_blocker(each) and (each.code in found or each.code not in failed)
    ]


def is_blocker(told: Told) -> bool:
    return told.severity == "blocker"


def _told(store: Store, known: Catalogue) -> list[Told]:
    reasons = [
        Finding(code=code, count=count, place=where) for code, count, where in facts.reasons(store)
    ]
    # The reader tells of some files what their ops tell again, of those that are brought alone.
    again = {reason.code for reason in reasons}
    others = [finding for finding in store.findings(*STAGES) if finding.code not in again]
    return [tell(finding, known) for finding in (*others, *reasons)]


def tell(finding: Finding, known: Catalogue) -> Told:
    """A finding with its severity beside it."""
    return Told(finding.code, meaning(finding.code, known).severity, finding.count, finding.place)


_ROOMS = (
    "FROM conversation c JOIN op ON op.conv = c.num AND op.ts = 0 AND op.kind = 2"
    " AND op.item = '' AND op.piece = 0"
)
"""Every conversation with its op, found by its key: there are far more messages."""


_MAPPED = f"flags & {ops.MAPPED} AND NOT flags & {ops.INHERITED}"
"""The accounts that were there before anything of this project was."""


def _counts(store: Store) -> dict[str, object]:
    def one(query: str) -> int:
        (value,) = store.db.execute(query).fetchone()
        return int(value or 0)

    def by(query: str) -> dict[str, int]:
        return {str(name): int(count) for name, count in store.db.execute(query)}

    accounts = by(
        f"SELECT CASE WHEN state = 4 THEN code WHEN {_MAPPED} THEN 'map'"
        f" WHEN flags & {ops.CREATES} THEN 'create' ELSE 'ghost' END, count(*)"
        " FROM op WHERE conv = 0 AND ts = 0 AND kind = 1 GROUP BY 1"
    )
    rooms = by(
        f"SELECT CASE WHEN state = 4 THEN code WHEN flags & {ops.MAPPED} THEN 'map'"
        f" ELSE 'create' END, count(*) {_ROOMS} GROUP BY 1"
    )
    # What may have arrived, and cannot be asked for, is not sent again.
    final = f"(state = 3 AND code IN {ops.FINAL})"
    waiting, there, left, pieces, reactions, pins = store.db.execute(
        f"SELECT coalesce(sum(kind = 5 AND record != 0 AND state IN (0, 1, 3) AND NOT {final}), 0),"
        " coalesce(sum(kind = 5 AND record != 0 AND state = 2), 0),"
        f" coalesce(sum(kind = 5 AND record != 0 AND (state = 4 OR {final})), 0),"
        " coalesce(sum(kind = 5 AND state != 4), 0),"
        " coalesce(sum(iif(state = 4, 0, folded + (kind = 6))), 0),"
        " coalesce(sum(kind = 7 AND state != 4), 0) FROM op"
    ).fetchone()
    (rejected,) = store.db.execute("SELECT count(*) FROM reject").fetchone()
    return {
        "accounts": {
            "map": accounts.get("map", 0),
            "create": accounts.get("create", 0),
            "merge": accounts.get("person-merged", 0),
            "ghost": accounts.get("ghost", 0),
            "skip": accounts.get("person-skipped", 0),
        },
        "conversations": {
            "create": rooms.get("create", 0),
            "map": rooms.get("map", 0),
            "merge": rooms.get("conversation-merged", 0),
            "skip": sum(rooms.values())
            - sum(rooms.get(kind, 0) for kind in ("create", "map", "conversation-merged")),
            "renamed": len(_renames(store)),
            "made_private": one(
                f"SELECT count(*) {_ROOMS} WHERE op.state != 4 AND op.flags & {ops.PRIVATE}"
                " AND c.kind = 'public'"
            ),
        },
        "messages": {
            "send": waiting,
            "change": 0,
            "already": there,
            "skip": left + rejected,
        },
        "pieces": pieces,
        "reactions": reactions,
        "pins": pins,
        "files": bodies.counts(store),
        "file_bytes": bodies.count_bytes(store),
    }


def _renames(store: Store) -> list[Rename]:
    """The conversations that have a name in Slack and another one at the target."""
    query = (
        f"SELECT c.id, json_extract(c.data, '$.name') AS slack_name, op.name {_ROOMS}"
        " WHERE op.state != 4 AND slack_name != '' AND slack_name != op.name ORDER BY c.num"
    )
    return [Rename(*row) for row in store.db.execute(query)]
