"""The importer killed at every named step of a push, or asked to stop, and run again in a fresh
process: the same end each time, as an independent reading of the homeserver sees it."""

import json
import signal
import time
from pathlib import Path

import pytest

from migrate.runner import STEPS
from tests.generate import Truth, write_export
from tests.live.agreement import assert_agreed
from tests.live.migration import Migration, assert_sums, nothing, wait_until
from tests.live.synapse import Synapse

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("synapse")]

LEFT_OUT = ("file.", "part.", "archive.", "delivery.", "account.released")
PASSED = [step for step in STEPS if not step.startswith(LEFT_OUT)]
"""The steps that this push takes: its export has no files, and nothing is held back of a ghost of
Matrix. Those with files are killed in `test_files`."""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A workspace in which every step is taken several times, and read back in a moment."""
    path = tmp_path_factory.mktemp("small") / "export.zip"
    truth = write_export(
        path, messages=24, conversations=4, people=5, seed=21, threads=0.2, reactions=0.3
    )
    return path, truth


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """One that takes long enough to be stopped on the way."""
    path = tmp_path_factory.mktemp("longer") / "export.zip"
    return path, write_export(path, messages=70, conversations=4, people=5, seed=22, reactions=0.1)


LATER = {"message": 11, "reaction": 5}
"""The second kill: at this occurrence of a step of the kind, at the third of others."""


@pytest.mark.parametrize("step", PASSED)
def test_killed_at_every_step(
    export: tuple[Path, Truth], synapse: Synapse, tmp_path: Path, step: str
) -> None:
    """At the step's first time; then once more in the run that goes on, if it comes so far."""
    path, truth = export
    migration = Migration(synapse.config(), tmp_path, path)
    migration.plan()
    assert migration.run_until(step, 1)
    migration.run_until(step, LATER.get(step.partition(".")[0], 3))
    assert_finished(migration, truth, synapse)


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGINT]],
    ids=["ctrl-c", "sigterm", "ctrl-c twice"],
)
def test_asked_to_stop(
    longer: tuple[Path, Truth],
    synapse: Synapse,
    tmp_path: Path,
    signals: list[signal.Signals],
) -> None:
    path, truth = longer
    migration = Migration(synapse.config(), tmp_path, path)
    migration.plan()
    process = migration.start("run")
    wait_until(lambda: migration.sent() >= 5)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.01)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors.decode()
    reply = json.loads(out)
    assert (reply["ok"], reply["exit"], reply["error"]["code"]) == (False, 130, "interrupted")
    assert b"Traceback" not in errors
    assert 5 <= migration.sent() < len(truth.facts)
    assert_finished(migration, truth, synapse)


def assert_finished(migration: Migration, truth: Truth, synapse: Synapse) -> None:
    """One more run, and everything is there as if nothing had happened."""
    ran = migration.command("run")
    assert ran.exit == 0, (ran.fields, ran.errors)
    assert nothing(ran.fields["failed"])
    assert_sums(ran.fields)
    assert_agreed(migration.rooms(synapse.admin), truth, migration.config.prefix)
