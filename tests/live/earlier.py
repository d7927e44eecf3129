"""An earlier export of the same workspace, cut out of a generated one: what was not yet written is
taken away, with the truth about what is left."""

import zipfile
from pathlib import Path
from typing import Any

import msgspec

from tests.generate import Fact, Truth

Record = dict[str, Any]


def write_earlier(newer: Path, older: Path, truth: Truth, until: str, unborn: str) -> Truth:
    """Write to `older` what an export made at the ts `until` would have held; the conversation
    `unborn` is not made yet, and every other message has no reactions yet."""
    folders = {place.folder for place in truth.conversations if place.id == unborn}
    pins = count = size = 0
    with zipfile.ZipFile(newer) as source, zipfile.ZipFile(older, "w") as target:
        for name in source.namelist():
            data = msgspec.json.decode(source.read(name))
            folder = name.rpartition("/")[0]
            if folder:
                data = [_earlier(record) for record in data if record["ts"] < until]
                if folder in folders or not data:
                    continue
            elif name == ".slack-manifest.json":
                data["metadata"] |= {"file_count": count, "total_bytes": size}
                data["metadata"]["created_at"] = int(until.partition(".")[0])
            elif name != "users.json":
                data = [_unpinned(record, until) for record in data if record["id"] != unborn]
                pins += sum(len(record.get("pins", ())) for record in data)
            body = msgspec.json.encode(data)
            target.writestr(name, body)
            count += 1
            size += len(body)
    facts = tuple(
        msgspec.structs.replace(fact, reactions=fact.reactions if _has_reactions(fact.ts) else ())
        for fact in truth.facts
        if fact.ts < until and fact.conversation != unborn
    )
    return msgspec.structs.replace(
        truth,
        facts=facts,
        conversations=tuple(place for place in truth.conversations if place.id != unborn),
        counts=msgspec.structs.replace(
            truth.counts, messages=len(facts), reactions=count_reactions(facts), pins=pins
        ),
    )


def count_reactions(facts: tuple[Fact, ...]) -> int:
    return sum(len(fact.reactions) for fact in facts)


def _has_reactions(ts: str) -> bool:
    return int(ts[-6:]) % 2 == 0


def _earlier(record: Record) -> Record:
    if not _has_reactions(record["ts"]):
        record.pop("reactions", None)
    return record


def _unpinned(record: Record, until: str) -> Record:
    if "pins" in record:
        record["pins"] = [pin for pin in record["pins"] if pin["id"] < until]
    return record
