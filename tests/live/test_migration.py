"""The whole way on a real Synapse: a generated export of all four kinds of conversation, planned,
run and verified by the command line, and read back by something that shares no code with it. Then
once more, and then with a newer export."""

from pathlib import Path

import msgspec
import pytest

from tests.generate import Truth, write_export
from tests.live.agreement import assert_agreed
from tests.live.earlier import write_earlier
from tests.live.migration import Migration, assert_clean, assert_sums, nothing
from tests.live.synapse import Synapse

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("synapse")]

MESSAGES = 1_120
FIRST = 1_000


class Journey(msgspec.Struct, frozen=True):
    """A project whose first export is in, and what the two exports hold."""

    migration: Migration
    older: Truth
    newer: Truth
    exports: tuple[Path, Path]


@pytest.fixture
def journey(synapse: Synapse, tmp_path: Path) -> Journey:
    folder = tmp_path
    exports = folder / "november.zip", folder / "december.zip"
    newer = write_export(exports[1], messages=MESSAGES, conversations=26, people=24, seed=5)
    unborn = [place for place in newer.conversations if place.kind == "public"][-1]
    stamps = sorted(fact.ts for fact in newer.facts if fact.conversation != unborn.id)
    older = write_earlier(exports[1], exports[0], newer, stamps[FIRST], unborn.id)
    return Journey(Migration(synapse.config(), folder, exports[0]), older, newer, exports)


def test_an_export_arrives_whole_stays_and_grows(journey: Journey, synapse: Synapse) -> None:
    """One test: each step starts where the one before ended."""
    _arrive(journey, synapse)
    _send_nothing_twice(journey, synapse)
    _bring_what_is_new(journey, synapse)


def _arrive(journey: Journey, synapse: Synapse) -> None:
    migration, older = journey.migration, journey.older
    planned = migration.command("plan", "--check")
    assert planned.exit == 0, planned.fields
    assert planned.fields["blockers"] == []
    assert planned.fields["counts"]["messages"]["send"] == len(older.facts) == FIRST
    ran = migration.command("run", "--plan", planned.fields["digest"])
    assert ran.exit == 0, (ran.fields, ran.errors)
    assert_sums(ran.fields)
    sent = ran.fields["sent"]
    assert sent["messages"] == FIRST
    assert sent["reactions"] == older.counts.reactions
    assert sent["pins"] == older.counts.pins
    assert sent["conversations"] == len(older.conversations)
    assert nothing(ran.fields["failed"])
    assert nothing(ran.fields["skipped"], "notices")
    assert_clean(migration.command("verify"))
    assert_agreed(migration.rooms(synapse.admin), older, migration.config.prefix)


def _send_nothing_twice(journey: Journey, synapse: Synapse) -> None:
    migration, older = journey.migration, journey.older
    again = migration.command("run")
    assert again.exit == 0, (again.fields, again.errors)
    assert nothing(again.fields["sent"])
    assert again.fields["already"]["messages"] == FIRST
    assert again.fields["already"]["reactions"] == older.counts.reactions
    assert_sums(again.fields)
    assert_agreed(migration.rooms(synapse.admin), older, migration.config.prefix)


def _bring_what_is_new(journey: Journey, synapse: Synapse) -> None:
    migration, older, newer = journey.migration, journey.older, journey.newer
    late = {fact.ts for fact in older.facts}
    assert any(fact.root in late and fact.ts not in late for fact in newer.facts), "a late reply"
    both = f"source.exports={[str(path) for path in journey.exports]}"
    planned = migration.command("plan", "--check", "--set", both)
    assert planned.exit == 0, planned.fields
    assert planned.fields["counts"]["messages"]["already"] == FIRST
    ran = migration.command("run", "--set", both)
    assert ran.exit == 0, (ran.fields, ran.errors)
    assert_sums(ran.fields)
    sent, already = ran.fields["sent"], ran.fields["already"]
    assert (sent["messages"], already["messages"]) == (MESSAGES - FIRST, FIRST)
    assert sent["reactions"] == newer.counts.reactions - older.counts.reactions
    assert already["reactions"] == older.counts.reactions
    assert sent["conversations"] == 1
    assert nothing(ran.fields["failed"])
    assert_clean(migration.command("verify", "--set", both))
    assert_agreed(migration.rooms(synapse.admin), newer, migration.config.prefix)
