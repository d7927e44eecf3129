"""What each command has to say when it ends: the objects behind `--json`, and the exit code that
each of them means."""

from typing import Any

import msgspec

from migrate.stages.estimate import Estimate
from migrate.stages.facts import Counts, Range
from migrate.stages.overview import PlanSummary, Told

__all__ = [
    "Estimate",
    "FetchSummary",
    "InitSummary",
    "InspectSummary",
    "PlanSummary",
    "RunSummary",
    "StampSummary",
    "StatusSummary",
    "Told",
    "VerifySummary",
]


class InspectSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `inspect --json`."""

    counts: Counts
    range: Range
    findings: list[Told]
    extras: dict[str, int]

    @property
    def exit(self) -> int:
        return 1 if any(told.severity in ("warning", "error") for told in self.findings) else 0


class InitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` made, and what to do next."""

    project: str
    people: int
    conversations: int
    next_steps: list[str]
    exit: int = 0


class StampSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `stamp` took."""

    file: str
    said: list[str]
    exit: int = 0


class FetchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `fetch --json`: bodies by kind (files, avatars, emoji). `found` is the sum of
    `fetched`, `already` and `refused`, which says why; `bytes` are those that were fetched."""

    found: dict[str, int]
    fetched: dict[str, int]
    already: dict[str, int]
    refused: list[Told]
    bytes: int
    seconds: float
    findings: list[Told]

    @property
    def exit(self) -> int:
        loud = any(told.severity in ("warning", "error") for told in self.findings)
        return 1 if loud or self.refused else 0


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `run --json`: counts by kind of record. `found` is the sum of the others but
    for `open`, which is what a blocked or interrupted run leaves."""

    found: dict[str, int]
    sent: dict[str, int]
    already: dict[str, int]
    skipped: dict[str, int]
    failed: dict[str, int]
    reasons: list[Told]
    seconds: float
    artifact: dict[str, Any] | None = None

    @property
    def exit(self) -> int:
        loud = any(told.severity in ("warning", "error") for told in self.reasons)
        return 1 if loud or any(self.failed.values()) else 0


class VerifySummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `verify --json`: counts by kind of record."""

    against: str
    checked: dict[str, int]
    missing: dict[str, int]
    different: dict[str, int]
    extra: dict[str, int]
    duplicate: dict[str, int]
    unchecked: dict[str, int]
    audience_wider: int
    findings: list[Told]

    @property
    def exit(self) -> int:
        wrong = (self.missing, self.different, self.extra, self.duplicate)
        if self.audience_wider or any(any(each.values()) for each in wrong):
            return 5
        return 5 if any(told.severity == "error" for told in self.findings) else 0


class StatusSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The object of `status --json`: how far each stage has come."""

    project: str
    target: str
    loaded: bool
    planned: bool
    digest: str
    found: dict[str, int]
    sent: dict[str, int]
    skipped: dict[str, int]
    failed: dict[str, int]
    open: dict[str, int]
    running: bool
    exit: int = 0
