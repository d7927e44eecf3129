"""The tables and how they came to be: named migrations, each applied once and in a transaction. No
query lives here."""

import sqlite3
from collections.abc import Sequence

import msgspec

from migrate.errors import UsageError


class Migration(msgspec.Struct, frozen=True):
    """A step from one shape of the file to the next; `name` is stored and never reused."""

    name: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "0001-first-shape",
        (
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            "CREATE TABLE memo (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            # `listed` says that users.json has the person; others were only seen in messages.
            # `stands_for` is who writes in their name, 0 for nobody: the mapping files' outcome.
            """CREATE TABLE person (
                num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
                deactivated INTEGER NOT NULL, listed INTEGER NOT NULL, data BLOB NOT NULL,
                stands_for INTEGER NOT NULL DEFAULT 0)""",
            # `lane` is the conversation at the target that takes this one's messages, 0 for none;
            # `wish` is the name that it shall have there.
            """CREATE TABLE conversation (
                num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
                archived INTEGER NOT NULL, data BLOB NOT NULL,
                lane INTEGER NOT NULL DEFAULT 0, wish TEXT NOT NULL DEFAULT '')""",
            # A page holds the raw JSON of about 32 kB of one conversation's messages, compressed:
            # in the message rows themselves it would spill to overflow pages and cost ten times as
            # much.
            "CREATE TABLE page (num INTEGER PRIMARY KEY, raw BLOB NOT NULL)",
            """CREATE TABLE message (
                conv INTEGER NOT NULL, ts INTEGER NOT NULL, root INTEGER NOT NULL,
                author INTEGER NOT NULL, kind INTEGER NOT NULL, flags INTEGER NOT NULL,
                edited INTEGER NOT NULL, gen INTEGER NOT NULL, reactions INTEGER NOT NULL,
                page INTEGER NOT NULL, idx INTEGER NOT NULL, ts_text TEXT,
                PRIMARY KEY (conv, ts)) WITHOUT ROWID""",
            """CREATE TABLE file (
                id TEXT PRIMARY KEY, mode TEXT NOT NULL, size INTEGER NOT NULL,
                data BLOB NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE pin (conv INTEGER NOT NULL, ts INTEGER NOT NULL,
                PRIMARY KEY (conv, ts)) WITHOUT ROWID""",
            """CREATE TABLE deletion (conv INTEGER NOT NULL, ts INTEGER NOT NULL,
                PRIMARY KEY (conv, ts)) WITHOUT ROWID""",
            # Records that have no usable ts: they cannot be keyed, but they are counted.
            """CREATE TABLE reject (conv INTEGER NOT NULL, code TEXT NOT NULL,
                place TEXT NOT NULL)""",
            """CREATE TABLE finding (stage TEXT NOT NULL, code TEXT NOT NULL,
                count INTEGER NOT NULL, place TEXT NOT NULL,
                PRIMARY KEY (stage, code)) WITHOUT ROWID""",
            # The plan and the journal. `folded` counts reactions that travel inside their message,
            # or are skipped with it; `record` is the kind of Slack record that the row accounts
            # for.
            """CREATE TABLE op (
                conv INTEGER NOT NULL, ts INTEGER NOT NULL, kind INTEGER NOT NULL,
                item TEXT NOT NULL, piece INTEGER NOT NULL,
                lane INTEGER NOT NULL, root INTEGER NOT NULL, author INTEGER NOT NULL,
                time INTEGER NOT NULL, name TEXT NOT NULL, flags INTEGER NOT NULL,
                record INTEGER NOT NULL, folded INTEGER NOT NULL, edited INTEGER NOT NULL,
                state INTEGER NOT NULL, code TEXT NOT NULL, ref TEXT NOT NULL,
                part INTEGER NOT NULL, run INTEGER NOT NULL, sum INTEGER NOT NULL,
                PRIMARY KEY (conv, ts, kind, item, piece)) WITHOUT ROWID""",
            """CREATE TABLE part (
                num INTEGER PRIMARY KEY, kind TEXT NOT NULL, state INTEGER NOT NULL,
                streams BLOB NOT NULL, counts BLOB NOT NULL)""",
        ),
    ),
    Migration(
        "0002-files",
        (
            # Which messages have which files: the raw record knows too, but cannot be asked for
            # all messages of one file.
            """CREATE TABLE attachment (conv INTEGER NOT NULL, ts INTEGER NOT NULL,
                file TEXT NOT NULL, PRIMARY KEY (conv, ts, file)) WITHOUT ROWID""",
            # A body that was fetched, or why it cannot be: `code` is "" where it is in the
            # project's files folder under its sha256. Avatars are `avatar/PERSON`, custom emoji
            # `emoji/NAME`. `text` holds what is small and read as text: snippets, posts, canvases.
            """CREATE TABLE body (id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
                mimetype TEXT NOT NULL, code TEXT NOT NULL, text TEXT) WITHOUT ROWID""",
            # What the Web API adds to an export.
            """CREATE TABLE emoji (name TEXT PRIMARY KEY, url TEXT NOT NULL,
                alias_of TEXT NOT NULL) WITHOUT ROWID""",
            """CREATE TABLE bookmark (conv INTEGER NOT NULL, position INTEGER NOT NULL,
                title TEXT NOT NULL, url TEXT NOT NULL, created INTEGER NOT NULL,
                PRIMARY KEY (conv, position)) WITHOUT ROWID""",
        ),
    ),
    Migration(
        "0003-archives",
        (
            # What the plan made of messages for an archive, in pages as above: the words are
            # converted once, and what hangs on a message later finds it by the very same words.
            """CREATE TABLE draft (num INTEGER PRIMARY KEY, conv INTEGER NOT NULL,
                first INTEGER NOT NULL, last INTEGER NOT NULL, raw BLOB NOT NULL)""",
            "CREATE INDEX draft_span ON draft (conv, first, last)",
            "ALTER TABLE part ADD COLUMN archive INTEGER NOT NULL DEFAULT 1",
            # Messages of an earlier archive that a part repeats for what hangs on them.
            """CREATE TABLE carried (part INTEGER NOT NULL, conv INTEGER NOT NULL,
                ts INTEGER NOT NULL, PRIMARY KEY (part, conv, ts)) WITHOUT ROWID""",
        ),
    ),
    Migration(
        "0004-load-again",
        (
            # Which messages have which files stands in the archives alone, so they are read once
            # more; as an archive counts as newer than none, each row is taken again.
            "UPDATE meta SET value = '' WHERE name = 'archives'",
            "UPDATE message SET gen = -1",
        ),
    ),
    Migration(
        "0005-joined",
        (
            # Ops as they were when the archive was joined, of those that were changed since; state
            # -1 where there was none.
            """CREATE TABLE joined_op (
                conv INTEGER NOT NULL, ts INTEGER NOT NULL, kind INTEGER NOT NULL,
                item TEXT NOT NULL, piece INTEGER NOT NULL,
                lane INTEGER NOT NULL, root INTEGER NOT NULL, author INTEGER NOT NULL,
                time INTEGER NOT NULL, name TEXT NOT NULL, flags INTEGER NOT NULL,
                record INTEGER NOT NULL, folded INTEGER NOT NULL, edited INTEGER NOT NULL,
                state INTEGER NOT NULL, code TEXT NOT NULL, ref TEXT NOT NULL,
                part INTEGER NOT NULL, run INTEGER NOT NULL, sum INTEGER NOT NULL,
                PRIMARY KEY (conv, ts, kind, item, piece)) WITHOUT ROWID""",
        ),
    ),
)


def migrate_schema(db: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring an open file (autocommit mode) to the newest shape.

    Raises UsageError where the file was written by a newer chat-migrate; it is left as it was.
    """
    db.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)")
    applied = {name for (name,) in db.execute("SELECT name FROM migration")}
    unknown = applied - {migration.name for migration in migrations}
    if unknown:
        raise UsageError(
            "store-newer",
            "This project's state.db was written by a newer version of chat-migrate.",
            "Upgrade chat-migrate and run the command again.",
        )
    for migration in migrations:
        if migration.name in applied:
            continue
        db.execute("BEGIN IMMEDIATE")
        try:
            for statement in migration.statements:
                db.execute(statement)
            db.execute("INSERT INTO migration VALUES (?)", (migration.name,))
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
