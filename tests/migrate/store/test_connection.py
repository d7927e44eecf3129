"""Transactions, findings, the memo, and a copy of state.db alone."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from migrate.errors import Fatal, UsageError
from migrate.findings import Finding
from migrate.store import ProjectLock, Store, open_store
from migrate.store.connection import StoredMemo


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "state.db")


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.set_meta("a", "1")
        raise ZeroDivisionError
    assert store.meta("a", "none") == "none"
    with store.transaction():
        store.set_meta("a", "2")
    assert open_store(store.path, read_only=True).meta("a") == "2"


def test_the_disks_refusal_is_fatal(store: Store) -> None:
    store.db.execute("PRAGMA query_only = ON")
    with pytest.raises(Fatal) as raised, store.transaction():
        store.set_meta("a", "1")
    assert raised.value.exit == 3


def test_a_read_only_store_writes_nothing(store: Store) -> None:
    reader = open_store(store.path, read_only=True)
    with pytest.raises(sqlite3.OperationalError):
        reader.set_meta("a", "1")


def test_equal_findings_add_up_under_their_first_place(store: Store) -> None:
    store.set_findings(
        "load",
        [
            Finding(code="a", place="first", count=2),
            Finding(code="b", place="other"),
            Finding(code="a", place="second", count=3),
        ],
    )
    store.add_findings("load", [Finding(code="a", place="third")])
    store.add_findings("plan", [Finding(code="a", place="elsewhere")])
    assert store.findings("load") == [
        Finding(code="a", place="first", count=6),
        Finding(code="b", place="other", count=1),
    ]
    assert [f.place for f in store.findings()] == ["first", "elsewhere", "other"]


def test_a_stage_that_runs_again_replaces_its_own_findings(store: Store) -> None:
    store.set_findings("load", [Finding(code="a", count=2)])
    store.set_findings("plan", [Finding(code="p")])
    store.set_findings("load", [Finding(code="b")])
    assert [f.code for f in store.findings("load")] == ["b"]
    assert [f.code for f in store.findings("plan")] == ["p"]


def test_a_memo_is_durable_when_it_returns(store: Store) -> None:
    memo = StoredMemo(store)
    assert memo.get("upload") is None
    memo.set("upload", "u1")
    memo.set("upload", "u2")
    assert StoredMemo(open_store(store.path, read_only=True)).get("upload") == "u2"


def test_after_a_checkpoint_the_file_alone_is_whole(store: Store, tmp_path: Path) -> None:
    with store.transaction():
        store.set_meta("a", "1")
    early = shutil.copy(store.path, tmp_path / "early.db")
    assert store.path.with_name("state.db-wal").stat().st_size > 0
    store.checkpoint()
    late = shutil.copy(store.path, tmp_path / "late.db")
    assert open_store(Path(late)).meta("a") == "1"
    # Without it the log is needed besides: the checkpoint is what made the copy whole.
    assert open_store(Path(early)).meta("a") == ""


def test_a_project_has_one_writer(tmp_path: Path) -> None:
    assert not ProjectLock.is_held(tmp_path)
    with ProjectLock(tmp_path):
        assert ProjectLock.is_held(tmp_path)
        with pytest.raises(UsageError) as raised, ProjectLock(tmp_path):
            raise AssertionError("two writers")
        assert (raised.value.code, raised.value.exit) == ("project-locked", 2)
        assert ProjectLock.is_held(tmp_path)
    assert not ProjectLock.is_held(tmp_path)
    with ProjectLock(tmp_path):
        pass


def test_a_lock_ends_with_its_holder_however_it_ends(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ProjectLock(tmp_path):
        raise KeyboardInterrupt
    assert not ProjectLock.is_held(tmp_path)
