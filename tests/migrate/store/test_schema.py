"""The shape of state.db: named migrations, each once and whole; files of other origin refused."""

import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from migrate.errors import Fatal, UsageError
from migrate.store import open_store
from migrate.store.schema import MIGRATIONS, Migration, migrate_schema

SECOND = Migration("9999-colours", ("CREATE TABLE colour (name TEXT)",))


def database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def tables(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def applied(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM migration ORDER BY name")]


def test_each_migration_is_applied_once(tmp_path: Path) -> None:
    db = database(tmp_path / "a.db")
    counting = Migration("9999-count", ("INSERT INTO meta VALUES ('times', 'x')",))
    migrate_schema(db, [*MIGRATIONS, counting])
    migrate_schema(db, [*MIGRATIONS, counting])
    assert db.execute("SELECT count(*) FROM meta").fetchone() == (1,)
    assert applied(db) == [*(each.name for each in MIGRATIONS), "9999-count"]


def test_an_older_file_gets_only_what_it_lacks(tmp_path: Path) -> None:
    db = database(tmp_path / "a.db")
    migrate_schema(db)
    db.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    migrate_schema(db, [*MIGRATIONS, SECOND])
    assert "colour" in tables(db)
    assert db.execute("SELECT value FROM meta").fetchone() == ("yes",)


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE colour (name TEXT)", "CREATE TABLE oops ("),
        ("DROP TABLE op", "INSERT INTO nowhere VALUES (1)"),
        ("DELETE FROM meta", "SELECT no_such_function()"),
    ],
)
def test_a_failing_migration_leaves_the_file_as_it_was(
    tmp_path: Path, statements: tuple[str, ...]
) -> None:
    db = database(tmp_path / "a.db")
    migrate_schema(db)
    db.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    before = list(db.iterdump())
    with pytest.raises(sqlite3.Error):
        migrate_schema(db, [*MIGRATIONS, Migration("9998-broken", statements)])
    assert list(db.iterdump()) == before
    migrate_schema(db, [*MIGRATIONS, SECOND])
    assert applied(db)[-1] == "9999-colours"


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    db = database(path)
    migrate_schema(db, [*MIGRATIONS, SECOND])
    before = list(db.iterdump())
    db.close()
    with pytest.raises(UsageError) as raised:
        open_store(path)
    assert raised.value.code == "store-newer"
    assert list(database(path).iterdump()) == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, not by a long way" * 40, b"PK\x03\x04"]
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        open_store(path)
    assert raised.value.code == "store-damaged"
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_the_disks_refusal(tmp_path: Path) -> None:
    with pytest.raises(Fatal) as raised:
        open_store(tmp_path / "nowhere" / "state.db")
    assert raised.value.exit == 3


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_every_file_of_the_store_is_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(tmp_path / "state.db")
        with store.transaction():
            store.set_meta("a", "b")
    finally:
        os.umask(before)
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"state.db", "state.db-wal", "state.db-shm"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    store.close()
