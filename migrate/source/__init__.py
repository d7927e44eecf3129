"""The Slack export: archives opened, records filed, messages parsed. Everything that others use is
named here; nothing of it knows a database or a target."""

from migrate.source.codes import CODES
from migrate.source.export import Export, open_export
from migrate.source.filing import read_run
from migrate.source.messages import parse
from migrate.source.people import fill
from migrate.source.records import (
    BROADCAST,
    PINNED,
    THREAD,
    TOMBSTONE,
    Haul,
    Record,
    Run,
)
from migrate.source.tokens import cut_token, find_tokens
from migrate.source.uploads import Damaged, Upload, find_uploads, read_upload

__all__ = [
    "BROADCAST",
    "CODES",
    "PINNED",
    "THREAD",
    "TOMBSTONE",
    "Damaged",
    "Export",
    "Haul",
    "Record",
    "Run",
    "Upload",
    "cut_token",
    "fill",
    "find_tokens",
    "find_uploads",
    "open_export",
    "parse",
    "read_run",
    "read_upload",
]
