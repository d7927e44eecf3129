"""Counting: what the store holds in Slack's records, what became of each, and the constraint that
the two agree. Every report is made of these queries."""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from migrate.errors import ChatMigrateError
from migrate.model import RECORD_KINDS, micros_ts
from migrate.store import State, Store, messages

Fate = Literal["sent", "already", "skipped", "failed", "open"]

NOTICE = messages.NOTICE
RELEASE = "release"
"""The stage whose findings tell what a run could not give back at the target."""

_LIVING = "NOT EXISTS (SELECT 1 FROM deletion d WHERE d.conv = message.conv AND d.ts = message.ts)"


class Channels(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations by kind."""

    public: int = 0
    private: int = 0
    dm: int = 0
    group_dm: int = 0
    file: int = 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an export, whatever anybody wants to do with it: the object of `inspect
    --json`."""

    users: int
    bots: int
    outside: int
    guests: int
    deactivated: int
    channels: Channels
    archived_channels: int
    messages: int
    notices: int
    threads: int
    replies: int
    broadcasts: int
    reactions: int
    pins: int
    edited: int
    files: dict[str, int]
    file_bytes: int


class Range(msgspec.Struct, frozen=True):
    """The ts of the first and of the last message or notice, "" where there is none."""

    first: str
    last: str


def count_source(store: Store) -> Counts:
    """What the loaded exports hold."""

    def one(query: str) -> int:
        (value,) = store.db.execute(query).fetchone()
        return int(value or 0)

    person = "SELECT count(*) FROM person WHERE"
    message = f"SELECT count(*) FROM message WHERE {_LIVING} AND"
    kinds = dict(store.db.execute("SELECT kind, count(*) FROM conversation GROUP BY kind"))
    modes = dict(store.db.execute("SELECT mode, count(*) FROM file GROUP BY mode ORDER BY mode"))
    return Counts(
        users=one(f"{person} listed AND kind != 'bot'"),
        bots=one(f"{person} listed AND kind = 'bot'"),
        outside=one(
            "SELECT count(DISTINCT author) FROM message JOIN person ON person.num = author"
            " WHERE NOT listed AND person.kind != 'bot' AND (id GLOB 'U*' OR id GLOB 'W*')"
        ),
        guests=one(f"{person} listed AND kind = 'guest'"),
        deactivated=one(f"{person} listed AND deactivated AND kind != 'bot'"),
        channels=Channels(**{kind: kinds.get(kind, 0) for kind in Channels.__struct_fields__}),
        archived_channels=one("SELECT count(*) FROM conversation WHERE archived"),
        messages=one(f"{message} kind != {NOTICE}"),
        notices=one(f"{message} kind = {NOTICE}"),
        threads=one(
            "SELECT count(*) FROM (SELECT DISTINCT conv, root FROM message"
            f" WHERE root != 0 AND kind != {NOTICE} AND {_LIVING})"
        ),
        replies=one(f"{message} kind != {NOTICE} AND root != 0"),
        broadcasts=one(f"{message} kind != {NOTICE} AND flags & {messages.FLAG_BROADCAST}"),
        reactions=one(f"SELECT sum(reactions) FROM message WHERE {_LIVING}"),
        pins=one(f"SELECT count(*) FROM pin JOIN message USING (conv, ts) WHERE {_LIVING}"),
        edited=one(f"{message} kind != {NOTICE} AND edited BETWEEN 1 AND {messages.GONE - 1}"),
        files=modes,
        file_bytes=one("SELECT sum(size) FROM file"),
    )


def count_range(store: Store) -> Range:
    """When the first and the last message were written."""
    first, last = store.db.execute("SELECT min(ts), max(ts) FROM message").fetchone()
    return Range("", "") if first is None else Range(micros_ts(first), micros_ts(last))


def found(store: Store) -> dict[str, int]:
    """Every record of the export by kind, counted in the model and not in the plan; records that
    could not be keyed are messages here."""

    def one(query: str) -> int:
        (value,) = store.db.execute(query).fetchone()
        return int(value or 0)

    return {
        "accounts": one("SELECT count(*) FROM person"),
        "conversations": one("SELECT count(*) FROM conversation"),
        "messages": one(
            f"SELECT (SELECT count(*) FROM message WHERE kind != {NOTICE})"
            " + (SELECT count(*) FROM reject)"
        ),
        "notices": one(f"SELECT count(*) FROM message WHERE kind = {NOTICE}"),
        "reactions": one("SELECT sum(reactions) FROM message"),
        "pins": one("SELECT count(*) FROM pin JOIN message USING (conv, ts)"),
        "files": one("SELECT count(*) FROM file"),
    }


def fates(store: Store, run: int) -> dict[Fate, dict[str, int]]:
    """What became of every record by kind, as it stands after run number `run`: a message in pieces
    is sent when all of them are."""
    counts: dict[Fate, dict[str, int]] = {
        fate: dict.fromkeys(RECORD_KINDS, 0) for fate in get_args(Fate)
    }
    query = (
        "SELECT record, state, run, kind, count(*), sum(folded) FROM op"
        " WHERE record != 0 OR folded != 0 GROUP BY record, state, run, kind"
    )
    for record, state, done_in, _kind, count, folded in store.db.execute(query):
        fate = _fate(state, done_in == run)
        if record:
            counts[fate][RECORD_KINDS[record - 1]] += count
        counts[fate]["reactions"] += folded
    broken = (
        "SELECT head.record, head.run, max(tail.state = 3), count(DISTINCT head.ts) FROM op AS tail"
        " JOIN op AS head ON head.conv = tail.conv AND head.ts = tail.ts AND head.kind = tail.kind"
        " AND head.item = tail.item AND head.piece = 0"
        " WHERE tail.piece > 0 AND tail.state != 2 AND head.state = 2 AND head.record != 0"
        " GROUP BY head.conv, head.ts"
    )
    for record, done_in, failed, count in store.db.execute(broken):
        kind = RECORD_KINDS[record - 1]
        counts[_fate(State.DONE, done_in == run)][kind] -= count
        counts["failed" if failed else "open"][kind] += count
    (rejected,) = store.db.execute("SELECT count(*) FROM reject").fetchone()
    counts["skipped"]["messages"] += rejected
    return counts


def check_sums(store: Store, counts: Mapping[Fate, Mapping[str, int]]) -> dict[str, int]:
    """Hold what was found against what became of it; returns what was found.

    Raises ChatMigrateError (a bug, code 70) where they differ: a record would be lost in silence.
    """
    all_found = found(store)
    for kind, number in all_found.items():
        ended = sum(by_kind[kind] for by_kind in counts.values())
        if ended != number:
            raise ChatMigrateError(
                "records-unaccounted",
                f"{number} {kind} were found, but {ended} are accounted for.",
                "This is a bug in chat-migrate; please report it with these two numbers.",
            )
    return all_found


def reasons(store: Store) -> list[tuple[str, int, str]]:
    """Why records are skipped, and why acts failed, those too that account for no record (somebody
    who could not enter, a conversation that could not be closed, what could not be given back):
    code, how many, and where the first is."""
    query = (
        "SELECT op.code, count(*) + sum(iif(op.state = 4, op.folded, 0)),"
        " min(printf('%s %s', coalesce(c.id, op.item), CASE op.ts WHEN 0 THEN '' ELSE"
        " printf('%d.%06d', op.ts / 1000000, op.ts % 1000000) END))"
        " FROM op LEFT JOIN conversation c ON c.num = op.conv"
        " WHERE op.code != '' AND (op.state != 4 OR op.record != 0) GROUP BY op.code"
    )
    rows = [(code, count, place.strip()) for code, count, place in store.db.execute(query)]
    rejected = store.db.execute("SELECT code, count(*), min(place) FROM reject GROUP BY code")
    held = [(each.code, each.count, each.place) for each in store.findings(RELEASE)]
    return sorted([*rows, *rejected, *held])


def _fate(state: int, now: bool) -> Fate:
    if state == State.DONE:
        return "sent" if now else "already"
    if state == State.SKIPPED:
        return "skipped"
    return "failed" if state == State.FAILED else "open"
