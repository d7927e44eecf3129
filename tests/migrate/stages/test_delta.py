"""A newer export over one that was sent: only what is new is added, what Slack has changed or taken
away is told of, and the numbers still add up."""

from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums
from migrate.errors import BlockedError
from migrate.runner import VerifySummary
from tests.migrate.stages.trial import Trial, refusing, small_workspace

MODES = pytest.mark.parametrize("mode", ["live", "archive"])


def assert_clean(verified: VerifySummary) -> None:
    wrong = (verified.missing, verified.different, verified.extra, verified.duplicate)
    assert not any(any(each.values()) for each in wrong)
    assert verified.exit == 0


@MODES
def test_a_reaction_that_was_withdrawn(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "one").react("tada", ann, bob)
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    said.record["reactions"] = [{"name": "tada", "users": [bob], "count": 1}]
    general.say(bob, "two")
    trial.export_again(workspace)
    assert_sums(trial.run())
    assert_sums(trial.run())
    assert_clean(trial.verify())
    said.record["reactions"] = [{"name": "tada", "users": [ann, bob], "count": 2}]
    trial.export_again(workspace)
    summary = trial.run()
    assert_sums(summary)
    assert summary.found["reactions"] == 2
    assert len(trial.holding().marks) == 2


@MODES
def test_a_reaction_for_another(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "one").react("tada", ann)
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    said.record["reactions"] = [{"name": "eyes", "users": [bob], "count": 1}]
    trial.export_again(workspace)
    assert_sums(trial.run())
    assert (bob, "eyes") in {(mark.author, mark.emoji) for mark in trial.holding().marks}


@MODES
def test_a_root_that_became_a_tombstone(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root").react("tada", ann, bob)
    general.say(bob, "reply", root=root)
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    del root.record["reactions"]
    root.record |= {"subtype": "tombstone", "text": "This message was deleted."}
    trial.export_again(workspace)
    plan = trial.plan()
    assert "deletion-not-sent" in {loss.code for loss in plan.losses}
    assert_sums(trial.resume())
    assert_clean(trial.verify())


@MODES
@pytest.mark.parametrize("text", ["short", "word " * 150], ids=["one piece", "more pieces"])
def test_a_message_that_was_edited(tmp_path: Path, mode: str, text: str) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "word " * 60)
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    said.edit(text)
    general.say(bob, "three")
    trial.export_again(workspace)
    plan = trial.plan()
    assert ("edit-not-sent" in {loss.code for loss in plan.losses}) is (mode == "live")
    assert_sums(trial.resume())
    verified = trial.verify()
    assert_clean(verified)
    assert (verified.checked["messages"], verified.unchecked["messages"]) == (3, 0)
    told = " ".join(post.text for post in trial.holding().posts)
    assert ("short" in told or told.count("word") == 150) is (mode == "archive")


@MODES
def test_an_untouched_message_of_a_rewritten_part_is_there_already(
    tmp_path: Path, mode: str
) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "one")
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    said.react("tada", bob)
    trial.export_again(workspace)
    summary = trial.run()
    assert_sums(summary)
    assert summary.sent["reactions"] == 1
    assert summary.already["messages"] == (2 if mode == "live" else 1)
    assert_clean(trial.verify())


@MODES
def test_somebody_who_has_joined_since(tmp_path: Path, mode: str) -> None:
    workspace, _, ann, bob = small_workspace()
    secret = workspace.channel("secret", ann, private=True)
    secret.say(ann, "one")
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    secret.record["members"] = [ann, bob]
    secret.say(bob, "two")
    trial.export_again(workspace)
    assert_sums(trial.run())
    assert trial.holding().rooms[secret.id].readers == {ann, bob}
    assert_clean(trial.verify())


@MODES
def test_a_channel_that_became_private(tmp_path: Path, mode: str) -> None:
    """What is said there now is not for everybody, whatever was before."""
    workspace, _, ann, bob = small_workspace()
    plans = workspace.channel("plans", ann)
    plans.say(ann, "open to all")
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    plans.kind = "private"
    plans.say(ann, "for us alone")
    trial.export_again(workspace)
    # The mapping file still says what was true when it was proposed.
    assert [told.code for told in trial.plan().blockers][:1] == ["audience-would-widen"]
    trial.map("channels.csv", plans.id, private="yes")
    blockers = [told.code for told in trial.plan().blockers]
    if mode == "live":
        assert blockers == ["conversation-turned-private"]
        with pytest.raises(BlockedError):
            trial.resume()
        trial.map("channels.csv", plans.id, action="skip")
        assert not trial.plan().blockers
        assert_sums(trial.resume())
        assert "for us alone" not in {post.text for post in trial.holding().posts}
    else:
        assert blockers == []
        assert_sums(trial.resume())
        assert trial.holding().rooms[plans.id].readers == {ann}
        assert bob not in trial.holding().rooms[plans.id].readers


@MODES
def test_an_export_that_is_taken_out_again(tmp_path: Path, mode: str) -> None:
    """What was loaded stays loaded, so the plan that was shown before it is none for it."""
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, mode)
    trial.plan()
    general.say(bob, "two")
    trial.export_again(workspace)
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert raised.value.code == "plan-changed"
    assert "the exports" in raised.value.message
    trial.only_the_first_export()
    with pytest.raises(BlockedError):
        trial.resume()
    trial.plan()
    summary = trial.resume()
    assert_sums(summary)
    assert summary.sent["messages"] == 2


def test_an_account_that_failed_and_is_then_skipped(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace)
    with refusing("ensure_account", "memory-name-taken", lambda act: act.person.id == bob):
        summary = trial.run()
    assert_sums(summary)
    assert (summary.failed["accounts"], summary.failed["messages"]) == (1, 1)
    trial.map("users.csv", bob, action="skip")
    summary = trial.run()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert summary.skipped["messages"] == 1
