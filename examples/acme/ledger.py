"""The ledger: the exact counts of the export in the shape of `inspect --json`, and every planted
shape with its places. Taken from the book alone."""

from collections import Counter

from acme.book import Book
from acme.cast import TEAM, Person, Record


def count_everything(book: Book) -> dict[str, object]:
    """`counts`, `range` {first, last} as ts, `planted` {shape: [{conversation, ts, note}]}, and
    `unkeyed`, `log_entries` and `copies`: the records that become no message of their own."""
    tally = book.tally
    return {
        "counts": _make_counts(book),
        "range": {"first": min(book.stamps), "last": max(book.stamps)},
        "unkeyed": tally.fates["unkeyed"],
        "log_entries": tally.fates["log"],
        "copies": tally.fates["copy"],
        "outside": sorted(tally.visitors),
        "planted": dict(sorted(book.planted.items())),
    }


def _make_counts(book: Book) -> Record:
    tally = book.tally
    staff = [one for one in book.people.values() if one.team == TEAM and not one.bot_id]
    kinds = Counter(place.kind for place in book.places.values())
    modes = Counter(mode for mode, _ in tally.files.values())
    return {
        "users": len(staff),
        "bots": sum(bool(one.bot_id) for one in book.people.values()),
        "outside": len(tally.visitors),
        "guests": _count(staff, "is_restricted"),
        "deactivated": _count(staff, "deleted"),
        "channels": {kind: kinds[kind] for kind in ("public", "private", "dm", "group_dm", "file")},
        "archived_channels": sum(
            bool(place.more.get("is_archived")) for place in book.places.values()
        ),
        "messages": tally.fates["message"],
        "notices": tally.fates["notice"],
        "threads": len(tally.threads),
        "replies": tally.replies,
        "broadcasts": tally.broadcasts,
        "reactions": tally.reactions,
        "pins": len(tally.pins),
        "edited": tally.edited,
        "files": dict(sorted(modes.items())),
        "file_bytes": sum(size for _, size in tally.files.values()),
    }


def _count(staff: list[Person], key: str) -> int:
    return sum(bool(one.more.get(key)) for one in staff)
