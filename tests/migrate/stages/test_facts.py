"""Counting, and that what does not add up is found out."""

from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums
from migrate.errors import ChatMigrateError
from migrate.stages import facts
from migrate.store import Store
from tests.migrate.stages.trial import Trial, refusing, small_workspace


def planned(tmp_path: Path) -> Trial:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "word " * 90).react("tada", ann, bob)
    general.say(bob, "reply", root=root)
    general.notice(bob)
    general.pin(root)
    general.entries.append(
        {
            "type": "message", "user": ann, "text": "file", "ts": workspace.tick(1),
            "files": [{"id": "F1", "mode": "tombstone"}],
        }
    )  # fmt: skip
    trial = Trial(tmp_path, workspace)
    trial.plan()
    return trial


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("accounts", "DELETE FROM op WHERE kind = 1 AND author = 1"),
        ("conversations", "DELETE FROM op WHERE kind = 2"),
        ("messages", "DELETE FROM op WHERE kind = 5 AND piece = 0 AND root != 0"),
        ("messages", "UPDATE op SET record = 0 WHERE kind = 5 AND root != 0"),
        ("messages", "INSERT INTO reject VALUES (1, 'x', 'y'); DELETE FROM op WHERE kind = 5"),
        ("messages", "INSERT INTO op SELECT conv, ts + 1, kind, item, piece, lane, root, author,"
         " time, name, flags, record, folded, edited, state, code, ref, part, run, sum FROM op"
         " WHERE kind = 5 AND root != 0"),
        ("notices", "UPDATE op SET record = 3 WHERE record = 4"),
        ("reactions", "DELETE FROM op WHERE kind = 6 AND author = 1"),
        ("reactions", "UPDATE op SET folded = 1 WHERE kind = 5 AND root != 0"),
        ("pins", "DELETE FROM op WHERE kind = 7"),
        ("files", "DELETE FROM op WHERE kind = 4"),
    ],
)  # fmt: skip
def test_a_record_that_nobody_accounts_for_is_found_out(
    tmp_path: Path, kind: str, statement: str
) -> None:
    trial = planned(tmp_path)
    with trial.store() as store:
        facts.check_sums(store, facts.fates(store, 0))
        store.db.executescript(statement)
        with pytest.raises(ChatMigrateError) as raised:
            facts.check_sums(store, facts.fates(store, 0))
    assert (raised.value.code, raised.value.exit) == ("records-unaccounted", 70)
    if "INSERT" not in statement and kind != "notices":
        assert kind in raised.value.message


def sums(store: Store, run: int) -> dict[str, int]:
    return {fate: counts["messages"] for fate, counts in facts.fates(store, run).items()}


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ("UPDATE op SET state = 2, run = 1", "sent"),
        ("UPDATE op SET state = 2, run = 0", "already"),
        ("UPDATE op SET state = 2, run = 1; UPDATE op SET state = 3 WHERE piece = 1", "failed"),
        ("UPDATE op SET state = 2, run = 0; UPDATE op SET state = 3 WHERE piece = 2", "failed"),
        ("UPDATE op SET state = 2, run = 1; UPDATE op SET state = 0 WHERE piece = 2", "open"),
        ("UPDATE op SET state = 3", "failed"),
        ("UPDATE op SET state = 1", "open"),
    ],
)
def test_a_message_in_pieces_is_sent_when_all_of_them_are(
    tmp_path: Path, change: str, ended: str
) -> None:
    trial = planned(tmp_path)
    with trial.store() as store:
        pieces = store.db.execute("SELECT max(piece) FROM op").fetchone()
        assert pieces >= (2,)
        store.db.execute("DELETE FROM op WHERE NOT (kind = 5 AND root = 0 AND folded = 0)")
        store.db.execute("DELETE FROM op WHERE ts NOT IN (SELECT ts FROM op WHERE piece = 1)")
        store.db.executescript(change)
        assert sums(store, 1) == dict.fromkeys(sums(store, 1), 0) | {ended: 1}


def test_a_later_piece_that_failed_has_a_reason(tmp_path: Path) -> None:
    trial = planned(tmp_path)
    with refusing("send", "memory-too-long", lambda act: act.index == 2):
        summary = trial.resume()
    assert_sums(summary)
    assert summary.failed["messages"] == 1
    reasons = {told.code: told.count for told in summary.reasons}
    assert reasons["memory-too-long"] == 1
    assert reasons["seal-waits"] == 2, "the closing and the pin"
    assert summary.failed["pins"] == 1
    assert summary.exit == 1


@pytest.mark.parametrize("verb", ["seal", "ensure_member"])
def test_an_act_of_no_record_that_failed_is_told(tmp_path: Path, verb: str) -> None:
    """Somebody who could not enter, or an author who did not leave, is no small matter."""
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace)
    trial.plan()

    def whose(act: object) -> bool:
        return verb == "seal" or act.account.person.id == bob  # type: ignore[attr-defined]  # an Entry

    with refusing(verb, "memory-closed", whose):
        summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert {told.code for told in summary.reasons} == {"memory-closed"}
    assert summary.exit == 1
    again = trial.resume()
    assert again.exit == 0
