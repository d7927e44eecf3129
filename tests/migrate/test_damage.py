"""Damaged exports sent the whole way, from the archive into a target and again: whatever comes, a
command ends in one of the documented ways, and every record that was found is accounted for."""

import itertools
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate import runner
from migrate.errors import ChatMigrateError
from migrate.model import RECORD_KINDS
from migrate.runner import RunSummary, World
from tests.migrate.damage import harm, whole

WORLD = World(environ={}, workers=1)
_numbers = itertools.count()

SEEDS = st.integers(0, 10**9)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def _assert_sums(summary: RunSummary) -> None:
    for kind in RECORD_KINDS:
        ends = (summary.sent, summary.already, summary.skipped, summary.failed)
        assert summary.found[kind] == sum(end[kind] for end in ends), kind


def _assert_documented(error: ChatMigrateError) -> None:
    assert error.exit in (2, 3, 4), error.code
    assert error.message
    assert error.advice


def _settings(seed: int) -> dict[str, object]:
    rng = random.Random(seed)
    return {
        "files.missing": "link",
        "source.notices": rng.choice(("keep", "drop")),
        "target.mode": rng.choice(("live", "archive")),
        "target.piece_limit": rng.choice((200, 4_000)),
        "target.part_messages": rng.choice((3, 2_000)),
    }


def _migrate(home: Path, archive: Path, seed: int) -> Path | None:
    """Inspect, init, plan, run, run again, verify; the project, or None where it ended early."""
    project = home / "project"
    try:
        runner.inspect([archive], WORLD)
        runner.init(project, [archive], "memory", _settings(seed), WORLD)
        opened = runner.open_project(project)
        shown = runner.plan(opened, WORLD)
        if shown.blockers:
            return None
        first = runner.run(opened, WORLD)
        second = runner.run(opened, WORLD)
        verified = runner.verify(opened, WORLD)
    except ChatMigrateError as error:
        _assert_documented(error)
        return None
    _assert_sums(first)
    _assert_sums(second)
    assert not any(first.failed.values())
    assert not any(second.sent.values())
    assert second.already == first.sent
    for wrong in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(wrong.values())
    return project


@contextmanager
def _home(shelf: Path) -> Iterator[Path]:
    """A folder for one example: hypothesis draws many within one test."""
    home = shelf / str(next(_numbers))
    home.mkdir()
    yield home
    shutil.rmtree(home)


def _hold_damaged(home: Path, seed: int) -> bool:
    archive = home / "export.zip"
    archive.write_bytes(harm(seed))
    return _migrate(home, archive, seed) is not None


def _hold_damaged_delta(home: Path, seed: int) -> bool:
    earlier, later = home / "earlier.zip", home / "later.zip"
    earlier.write_bytes(whole())
    later.write_bytes(harm(seed))
    project = _migrate(home, earlier, seed)
    assert project is not None
    overrides = {"source.exports": [str(earlier), str(later)]}
    try:
        opened = runner.open_project(project, overrides)
        if runner.plan(opened, WORLD).blockers:
            return False
        summary = runner.run(opened, WORLD)
        again = runner.run(opened, WORLD)
    except ChatMigrateError as error:
        _assert_documented(error)
        return False
    _assert_sums(summary)
    _assert_sums(again)
    assert not any(again.sent.values())
    return True


@given(seed=SEEDS)
@settings(max_examples=150)
def test_damaged_export_is_migrated_or_refused(shelf: Path, seed: int) -> None:
    with _home(shelf) as home:
        _hold_damaged(home, seed)


@given(seed=SEEDS)
@settings(max_examples=60)
def test_damaged_export_after_a_whole_one(shelf: Path, seed: int) -> None:
    with _home(shelf) as home:
        _hold_damaged_delta(home, seed)


@pytest.mark.soak
@given(seed=SEEDS)
@settings(max_examples=3_000)
def test_damaged_exports_by_the_thousand(shelf: Path, seed: int) -> None:
    with _home(shelf) as home:
        _hold_damaged(home, seed)


@pytest.mark.soak
@given(seed=SEEDS)
@settings(max_examples=1_000)
def test_damaged_deltas_by_the_thousand(shelf: Path, seed: int) -> None:
    with _home(shelf) as home:
        _hold_damaged_delta(home, seed)


def test_whole_export_is_migrated(tmp_path: Path) -> None:
    """The export that is harmed above is a good one before."""
    archive = tmp_path / "export.zip"
    archive.write_bytes(whole())
    assert _migrate(tmp_path, archive, 1) is not None
