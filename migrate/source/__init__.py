"""The Slack export: archives opened, records filed, messages parsed. Everything that others use is
named here; nothing of it knows a database or a target."""

from migrate.source.codes import CODES
from migrate.source.export import Export, open_export
from migrate.source.filing import read_run
from migrate.source.messages import parse
from migrate.source.records import (
    BROADCAST,
    PINNED,
    THREAD,
    TOMBSTONE,
    Haul,
    Record,
    Run,
)

__all__ = [
    "BROADCAST",
    "CODES",
    "PINNED",
    "THREAD",
    "TOMBSTONE",
    "Export",
    "Haul",
    "Record",
    "Run",
    "open_export",
    "parse",
    "read_run",
]
