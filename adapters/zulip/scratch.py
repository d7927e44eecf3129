"""A database for the while of a reading: private talk that is larger than memory, on the disk,
where nobody else finds it."""

import os
import sqlite3
import tempfile
from pathlib import Path


def open_scratch(folder: Path, tables: str) -> sqlite3.Connection:
    """An empty database with these tables. Its file lies in `folder`, has no name, and is gone when
    the connection is closed or the process ends, however it ends.

    Raises OSError where the folder cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=folder)
    try:
        os.close(handle)
        db = sqlite3.connect(name, isolation_level=None)
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(tables)
    finally:
        os.unlink(name)
    return db
