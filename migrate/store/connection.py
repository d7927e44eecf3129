"""Opening the project's SQLite file and the small maps in it (meta, memo, findings). The larger
tables have modules of their own."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from migrate.errors import Fatal, UsageError
from migrate.findings import Finding
from migrate.store.schema import migrate_schema

CACHE_KB = 32_000
READER_CACHE_KB = 16_000
SCRATCH_CACHE_KB = 8_000


class Store:
    """An open project file. One `Store` writes at a time; any number may read beside it."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self.db = db
        self.path = path

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; raises Fatal where the disk refuses."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise disk_refusal(error) from error

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file, so that a copy of the file alone is whole."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def meta(self, name: str, default: str = "") -> str:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def set_findings(self, stage: str, findings: Iterable[Finding]) -> None:
        """Replace what `stage` found before; equal codes are added up under their first place."""
        self.db.execute("DELETE FROM finding WHERE stage = ?", (stage,))
        self.add_findings(stage, findings)

    def add_findings(self, stage: str, findings: Iterable[Finding]) -> None:
        self.db.executemany(
            "INSERT INTO finding VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(stage, f.code, f.count, f.place) for f in findings],
        )

    def findings(self, *stages: str) -> list[Finding]:
        """What the named stages found, all stages where none is named; ordered by code."""
        rows = self.db.execute("SELECT stage, code, count, place FROM finding ORDER BY code, stage")
        return [
            Finding(code=code, count=count, place=place)
            for stage, code, count, place in rows
            if not stages or stage in stages
        ]


class StoredMemo:
    """The adapter's small persisted map; a set is committed when it returns. `noted` is told the
    name then."""

    def __init__(self, store: Store, noted: Callable[[str], None] = lambda name: None) -> None:
        self._store = store
        self._noted = noted

    def get(self, name: str) -> str | None:
        row = self._store.db.execute("SELECT value FROM memo WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set(self, name: str, value: str) -> None:
        with self._store.transaction():
            self._store.db.execute("INSERT OR REPLACE INTO memo VALUES (?, ?)", (name, value))
        self._noted(name)


def open_store(path: Path, *, read_only: bool = False, scratch: bool = False) -> Store:
    """Open the file, made (0600) and brought to the newest shape unless `read_only`.

    A `scratch` file is thrown away after use, so nothing is done for its safety. Raises UsageError
    where the file is no project file, Fatal where the disk refuses.
    """
    try:
        if not read_only:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        mode = "ro" if read_only else "rw"
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
        )
        if read_only:
            db.execute(f"PRAGMA cache_size = -{READER_CACHE_KB}")
            return Store(db, path)
        db.execute("PRAGMA page_size = 8192")
        if scratch:
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
        else:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
        # A larger cache makes a scratch file no faster, measured over a million messages.
        db.execute(f"PRAGMA cache_size = -{SCRATCH_CACHE_KB if scratch else CACHE_KB}")
        migrate_schema(db)
        return Store(db, path)
    except sqlite3.OperationalError as error:
        raise disk_refusal(error) from error
    except sqlite3.DatabaseError as error:
        raise UsageError(
            "store-damaged",
            f"{path} is not a chat-migrate project file, or it is damaged.",
            "Restore it from a copy, or make the project anew with `chat-migrate init`.",
        ) from error
    except OSError as error:
        raise Fatal(
            "disk-refused", f"{path} cannot be opened: {error.strerror}.", "Mend it, run again."
        ) from error


def disk_refusal(error: sqlite3.OperationalError) -> Fatal:
    """The verdict for SQLite's refusals: a full disk, a read-only one, a file locked too long."""
    return Fatal(
        "disk-refused",
        f"The project's state.db could not be written: {error}.",
        "Free some space or mend the permissions, then run the command again to continue.",
    )
