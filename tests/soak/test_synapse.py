"""Five thousand messages into a real Synapse with everything going wrong on the way: the importer
killed at 25 random moments, the homeserver at five. The end is as if nothing had happened."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generate import Truth, write_export
from tests.live.agreement import assert_agreed
from tests.live.migration import Migration, assert_clean, assert_sums, nothing, wait_until
from tests.live.synapse import Synapse

pytestmark = [pytest.mark.soak, pytest.mark.live, pytest.mark.xdist_group("synapse")]

MESSAGES = 5_000
KILLS = 25
OUTAGES = 5


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Synapse]:
    """A homeserver that nobody else needs, for it is killed."""
    folder = tmp_path / "synapse"
    folder.mkdir()
    synapse = Synapse(folder)
    try:
        yield synapse
    finally:
        synapse.server.stop()


def begin(synapse: Synapse, folder: Path, messages: int, seed: int) -> tuple[Migration, Truth, int]:
    """A planned project, what its export holds, and how many acts it has at least."""
    path = folder / "export.zip"
    truth = write_export(path, messages=messages, conversations=40, people=30, seed=seed)
    migration = Migration(synapse.config(), folder, path)
    counts = migration.plan().counts
    made = counts["accounts"]["ghost"] + counts["conversations"]["create"]
    return migration, truth, made + counts["pieces"] + counts["reactions"]


def test_importer_killed_at_random_moments(own: Synapse, tmp_path: Path) -> None:
    rng = random.Random(25)
    migration, truth, acts = begin(own, tmp_path, MESSAGES, seed=50)
    # Every act has three steps. What is found to have arrived is not done again, hence a margin.
    moments = sorted(rng.sample(range(1, 3 * acts * 9 // 10), KILLS))
    started, at, sent = time.monotonic(), 0, []
    for moment in moments:
        assert migration.run_until("any", moment - at, rng.uniform(0.001, 0.03))
        at = moment
        sent.append(migration.sent())
    assert sent == sorted(sent) and sent[-1] < MESSAGES
    assert_finished(migration, truth, own)
    seconds = time.monotonic() - started
    print(f"\n\n## {MESSAGES:,} messages into Synapse, the importer killed {KILLS} times")
    print(f"sent by then: {', '.join(f'{count:,}' for count in sent)}")
    print(f"{seconds:.0f} s in all, verified and read back: none lost, twice or out of order")


def test_homeserver_killed_in_the_middle(own: Synapse, tmp_path: Path) -> None:
    """Four times it is back after a moment and the importer goes on by itself; once it stays away,
    the importer gives up with code 3, and the next run goes on."""
    rng = random.Random(5)
    migration, truth, _ = begin(own, tmp_path, MESSAGES, seed=51)
    started = time.monotonic()
    process = migration.start("run")
    outages = sorted(rng.sample(range(50, MESSAGES - 500), OUTAGES))
    for number, count in enumerate(outages):
        wait_until(lambda count=count: migration.sent() >= count, 600)  # type: ignore[misc]  # bound now
        own.server.kill()
        if number == OUTAGES // 2:
            out, errors = process.communicate(timeout=300)
            assert process.returncode == 3, errors.decode()
            assert b'"target-unreachable"' in out
            own.server.start()
            process = migration.start("run")
        else:
            time.sleep(rng.uniform(0, 2))
            own.server.start()
        assert process.poll() is None
    _, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors.decode()
    assert_finished(migration, truth, own)
    seconds = time.monotonic() - started
    print(f"\n\n## {MESSAGES:,} messages into a Synapse that is killed {OUTAGES} times")
    print(f"killed when so many were sent: {', '.join(f'{count:,}' for count in outages)}")
    print(f"{seconds:.0f} s in all, verified and read back: none lost, twice or out of order")


def assert_finished(migration: Migration, truth: Truth, synapse: Synapse) -> None:
    ran = migration.command("run")
    assert ran.exit == 0, (ran.fields, ran.errors)
    assert nothing(ran.fields["failed"])
    assert_sums(ran.fields)
    assert_clean(migration.command("verify"))
    assert_agreed(migration.rooms(synapse.admin), truth, migration.config.prefix)
