"""The example export, read through: what its maker planted is found, and what must not come out
does not."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from migrate.model import ts_micros
from migrate.source import BROADCAST
from tests.migrate.source.build import Read, read

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def ledger() -> Any:
    maker = [sys.executable, str(EXAMPLES / "make_export.py"), "--ledger"]
    return json.loads(subprocess.run(maker, capture_output=True, check=True).stdout)


@pytest.fixture(scope="module")
def found() -> Read:
    return read(EXAMPLES / "acme-export.zip")


def _final(found: Read) -> dict[tuple[str, int], Any]:
    """The records by conversation and ts, the newest edit of each, without deleted ones."""
    final: dict[tuple[str, int], Any] = {}
    for haul in found.hauls:
        for record in haul.records:
            known = final.get((haul.conversation, record.ts))
            if known is None or record.edited >= known.edited:
                final[haul.conversation, record.ts] = record
    for haul in found.hauls:
        for ts in haul.deleted:
            final.pop((haul.conversation, ts), None)
    return final


def test_people_and_conversations_are_counted_as_planted(found: Read, ledger: Any) -> None:
    said = ledger["counts"]
    counts = found.export.counts
    for name in ("users", "bots", "guests", "deactivated"):
        assert counts[name] == said[name], name
    kinds = Counter(conversation.kind for conversation in found.export.conversations)
    assert dict(kinds) == said["channels"]
    archived = sum(conversation.archived for conversation in found.export.conversations)
    assert archived == said["archived_channels"]


def test_messages_are_counted_as_planted(found: Read, ledger: Any) -> None:
    said = ledger["counts"]
    final = _final(found)
    spoken = {key: record for key, record in final.items() if record.kind != "notice"}
    assert len(spoken) == said["messages"]
    assert len(final) - len(spoken) == said["notices"]
    assert sum(record.reactions for record in spoken.values()) == said["reactions"]
    assert sum(record.root > 0 for record in spoken.values()) == said["replies"]
    assert sum(bool(record.flags & BROADCAST) for record in spoken.values()) == said["broadcasts"]
    assert sum(record.edited > 0 for record in spoken.values()) == said["edited"]
    threads = {(conversation, record.root) for (conversation, _), record in spoken.items()}
    assert len({thread for thread in threads if thread[1]}) == said["threads"]
    times = sorted(ts for _, ts in spoken)
    assert times[0] == ts_micros(ledger["range"]["first"])
    assert times[-1] == ts_micros(ledger["range"]["last"])


def test_files_pins_and_authors_are_counted_as_planted(found: Read, ledger: Any) -> None:
    said = ledger["counts"]
    files = {file.id: file for file in found.export.files}
    files |= {file.id: file for haul in found.hauls for file in haul.files}
    assert dict(Counter(file.mode for file in files.values())) == said["files"]
    assert sum(file.size for file in files.values()) == said["file_bytes"]
    pins = {(c.id, ts_micros(ts)) for c in found.export.conversations for ts in c.pins}
    pins |= {(haul.conversation, ts) for haul in found.hauls for ts in haul.pins}
    assert len(pins) == said["pins"]
    listed = {person.id for person in found.export.people}
    authors = {record.author for record in _final(found).values()} - listed
    assert sorted(author for author in authors if author[0] in "UW") == ledger["outside"]


def test_what_has_no_time_and_what_only_logs_is_counted(found: Read, ledger: Any) -> None:
    assert len(found.rejects) == ledger["unkeyed"]
    assert sum(haul.log_entries for haul in found.hauls) == ledger["log_entries"]


def test_no_earlier_text_and_no_token_comes_out(found: Read) -> None:
    raws = b"".join(record.raw for record in found.records)
    assert b"REDACTED-EARLIER-TEXT" not in raws
    assert "REDACTED-EARLIER-TEXT" not in repr(found.messages())
    assert b"t=xox" not in raws
    assert b"token=xox" not in raws


def test_what_is_broken_is_named(found: Read) -> None:
    assert found.codes["day-broken"] == 2
    assert found.codes["day-empty"] == 4
    assert found.codes["folder-without-entry"] == 1


def test_each_message_has_the_files_that_reading_it_finds(found: Read) -> None:
    files = [tuple(file.id for file in each.files) for each in found.messages()]
    assert files == [record.files for record in found.records]
    assert sum(map(len, files)) > 30
