"""What a job's error means, in terms of the export: the Slack record behind the line that the
server names, the cause, and what to do. The server's own words may hold names, so they are told
apart here and never passed on."""

import re
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from adapters.mattermost.answers import Job
from migrate.errors import Fatal

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        r"no more members are allowed|max_accounts",
        "the team has as many members as it may have",
        "Raise TeamSettings.MaxUsersPerTeam on the server, then run again.",
    ),
    (
        r"maximum number of channels|max_channel",
        "the team has as many channels as it may have",
        "Raise TeamSettings.MaxChannelsPerTeam on the server, then run again.",
    ),
    (
        r"account with that email",
        "another account has the same e-mail address",
        "Map the person to that account in mappings/users.csv, then plan and run again.",
    ),
    (
        r"users? (was )?not found|find user|get the user",
        "an account that is named there is not on the server",
        "Was an account deleted meanwhile? Plan with --check, then run again.",
    ),
    (
        r"teams? not found|channels? .*not (be )?found|find channel",
        "a team or a channel that is named there is not on the server",
        "Was a channel deleted meanwhile? Plan with --check, then run again.",
    ),
    (
        r"attachment|reading the file|invalid file ids|upload.*file",
        "a file could not be stored",
        "See that the server's file storage works and has room, then run again.",
    ),
    (
        r"\bpq:|sql|database",
        "its database refused",
        "The server's log says why; when that is mended, run again.",
    ),
    (
        r"invalid|not valid|too (long|short|many)|length",
        "something in it is not as the server wants it",
        "Report it with the line's Slack record: the archive should not have been made so.",
    ),
)
"""Patterns of the server's texts, as 5.37 and 11 write them, the cause, and the advice."""


def explain(job: Job, path: Path) -> Fatal:
    """The error by which a job that failed or was canceled ends a run; `path` is its archive."""
    if job.status == "canceled":
        return Fatal(
            "mattermost-import-canceled",
            "Somebody canceled the import on the server.",
            "Run again: the same archive is imported anew, and nothing comes twice.",
        )
    data = job.data or {}
    number = data.get("line_number", "0")
    cause, advice = _meaning(data.get("error", ""))
    return Fatal(
        "mattermost-import-stopped",
        f"The server stopped the import {_where(path, int(number) if number.isdigit() else 0)}"
        f"{cause}.",
        f"{advice} `mmctl import job show {job.id}` tells the server's own words. What came before"
        " stays there and does not come twice.",
    )


def slack_key(path: Path, line: int) -> str:
    """What a line of an archive stands for, such as `C0123/1700000000.000100/0`; "" where it cannot
    be told. Lines are counted from 1."""
    try:
        with zipfile.ZipFile(path) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(".jsonl") and "/" not in n]
            with archive.open(name) as lines:
                found = next((each for at, each in enumerate(lines, 1) if at == line), b"")
        record: Any = msgspec.json.decode(found)
        inner = record[record["type"]]
        key = inner.get("slack_id") or inner.get("props", {}).get("slack_id") or ""
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return key if isinstance(key, str) else ""


def _where(path: Path, line: int) -> str:
    if not line:
        return "somewhere within a thousand lines, without saying where"
    key = slack_key(path, line)
    return f"at line {line} of {path.name}" + (f", which is {key}" if key else "")


def _meaning(words: str) -> tuple[str, str]:
    for pattern, cause, advice in _MEANINGS:
        if re.search(pattern, words, re.IGNORECASE):
            return f": {cause}", advice
    return "", "Please report it, without the line itself if it holds anything private."
