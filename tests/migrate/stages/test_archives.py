"""Archives that follow each other: the second brings the difference, what hangs on an earlier
message finds it by the very words that were sent, and nothing that was joined is written again."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import assert_sums, assert_verified
from migrate.errors import BlockedError
from migrate.stages import gate
from tests.migrate.stages.trial import Trial, small_workspace

Line = dict[str, Any]


def lines(trial: Trial, number: int, stream: str = "messages") -> list[Line]:
    """What one archive says."""
    name = "memory.zip" if number == 1 else f"memory-{number}.zip"
    with zipfile.ZipFile(trial.folder / name) as archive:
        return [json.loads(line) for line in archive.read(f"{stream}.jsonl").splitlines()]


def texts(trial: Trial, number: int) -> list[tuple[str, bool]]:
    """The texts of one archive, and whether an earlier one holds them."""
    return [(line["payload"]["text"], line["carried"]) for line in lines(trial, number)]


def archives(trial: Trial) -> list[str]:
    return sorted(path.name for path in trial.folder.glob("*.zip"))


def test_the_second_archive_holds_what_is_new_and_its_thread_roots(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root")
    general.say(bob, "early reply", root=root)
    general.say(ann, "beside it")
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    general.say(bob, "late reply", root=root, after=1_000)
    general.say(ann, "new")
    trial.export_again(workspace)
    summary = trial.run()
    assert_sums(summary)
    assert (summary.sent["messages"], summary.already["messages"]) == (2, 3)
    assert texts(trial, 2) == [("root", True), ("late reply", False), ("new", False)]
    assert lines(trial, 2, "accounts") == lines(trial, 2, "conversations") == []
    assert summary.artifact is not None
    assert summary.artifact["path"].endswith("memory-2.zip")
    assert_verified(trial)


def test_a_run_without_news_makes_no_archive(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "append")
    first = trial.run()
    trial.export_again(workspace)
    again = trial.run()
    assert archives(trial) == ["memory.zip"]
    assert again.artifact == first.artifact
    assert not any(again.sent.values())


def test_a_carried_message_has_the_words_that_were_sent(tmp_path: Path) -> None:
    """Whatever was edited, mapped or brought over since: other words would be another message."""
    workspace, general, ann, bob = small_workspace()
    number = len(workspace.places) + 1
    root = general.say(ann, f"ask <@{bob}> in <#C{number:08d}> :party:")
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    (sent,) = lines(trial, 1)
    root.edit("something else")
    trial.map("emoji.csv", "party", action="map", target="tada")
    workspace.channel("fresh", ann).say(ann, "here")
    general.say(bob, "late reply", root=root)
    trial.export_again(workspace)
    plan = trial.plan()
    assert {"edit-not-sent"} <= {loss.code for loss in plan.losses}
    trial.resume()
    (carried,) = (line for line in lines(trial, 2) if line["carried"])
    assert carried["payload"] == sent["payload"]
    assert_verified(trial)


def test_late_reactions_and_pins_come_with_their_message(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root").react("tada", ann)
    reply = general.say(bob, "reply", root=root).react("+1", ann)
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    reply.react("eyes", bob)
    general.pin(root)
    trial.export_again(workspace)
    summary = trial.run()
    assert_sums(summary)
    assert (summary.sent["reactions"], summary.already["reactions"]) == (1, 2)
    assert summary.sent["pins"] == 1
    assert texts(trial, 2) == [("root", True), ("reply", True)]
    holding = trial.holding()
    assert {(mark.author, mark.emoji) for mark in holding.marks} == {
        (ann, "tada"), (ann, "+1"), (bob, "eyes"),
    }  # fmt: skip
    assert len(holding.rooms[general.id].pins) == 1
    verified = assert_verified(trial)
    assert verified.checked["reactions"] == 3


def test_a_reaction_exchanged_for_another(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "one").react("tada", ann, bob)
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    said.record["reactions"] = [
        {"name": "tada", "users": [bob], "count": 1},
        {"name": "eyes", "users": [ann], "count": 1},
    ]
    trial.export_again(workspace)
    summary = trial.run()
    assert_sums(summary)
    assert (summary.sent["reactions"], summary.already["reactions"]) == (1, 1)
    said.record["reactions"] = []
    trial.export_again(workspace)
    summary = trial.run()
    assert_sums(summary)
    assert archives(trial) == ["memory-2.zip", "memory.zip"]
    assert_verified(trial)


def test_who_is_new_enters_an_old_conversation_with_the_next_archive(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    cat = workspace.person("cat")
    general.record["members"] = [*sorted(general.members), cat]
    trial.export_again(workspace)
    plan = trial.plan()
    assert "member-late" not in {loss.code for loss in plan.losses}
    trial.resume()
    (carried,) = lines(trial, 2, "conversations")
    assert (carried["carried"], carried["members"]) == (True, ["cat"])
    assert trial.holding().rooms[general.id].members == general.members
    assert_verified(trial)


def test_who_has_an_account_and_enters_later_is_a_named_loss(tmp_path: Path) -> None:
    """No archive may speak of that account again."""
    workspace, general, ann, bob = small_workspace()
    secret = workspace.channel("secret", ann, private=True)
    secret.say(ann, "one")
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    secret.record["members"] = [ann, bob]
    general.record["members"] = [ann]
    trial.export_again(workspace)
    plan = trial.plan()
    assert {"member-late", "leaving-not-sent"} <= {loss.code for loss in plan.losses}
    assert not plan.blockers
    assert_sums(trial.resume())
    assert archives(trial) == ["memory.zip"]


def test_an_archive_that_is_gone_is_joined_again_as_it_was(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "one").react("tada", bob)
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    path = trial.folder / "memory.zip"
    before = path.read_bytes()
    said.edit("other words")
    general.say(bob, "reply", root=said)
    path.unlink()
    next((trial.folder / "parts").glob("*.messages")).unlink()
    trial.resume()
    assert path.read_bytes() == before


def test_until_it_is_joined_an_archive_is_written_anew(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "first words")
    trial = Trial(tmp_path, workspace, "append")
    trial.plan()

    def stop(step: str, subject: str) -> None:
        if step == "part.noted":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial.resume(stop)
    said.edit("last words")
    general.say(bob, "reply", root=said)
    trial.export_again(workspace)
    assert_sums(trial.run())
    assert archives(trial) == ["memory.zip"]
    assert texts(trial, 1) == [("last words", False), ("reply", False)]
    assert_verified(trial)


def test_a_thread_stays_whole_until_its_archive_is_joined(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root")
    general.say(bob, "early reply", root=root)
    for number in range(4):
        general.say(ann, f"beside it {number}")
    trial = Trial(tmp_path, workspace, "append")
    trial.plan()

    def stop(step: str, subject: str) -> None:
        if step == "archive.joined":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial.resume(stop)
    late = general.say(bob, "late reply", root=root)
    trial.export_again(workspace)
    gone = workspace.person("gone")
    general.say(gone, "never mind", root=root)
    trial.export_again(workspace)
    trial.plan()
    trial.map("users.csv", gone, action="skip")
    assert_sums(trial.run())
    assert archives(trial) == ["memory.zip"]
    parts = {
        op.part for op in trial.ops("kind = 5 AND state = 2") if op.root or op.ts == root.micros
    }
    assert len(parts) == 1
    assert (late.text, False) in texts(trial, 1)
    assert "never mind" not in {text for text, _ in texts(trial, 1)}
    assert_verified(trial)


def test_another_converter_does_not_go_on_with_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace, "append")
    trial.run()
    general.say(ann, "two")
    trial.export_again(workspace)
    trial.plan()
    monkeypatch.setattr(gate, "CONVERTER", "something newer")
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert raised.value.code == "converter-changed"
    assert archives(trial) == ["memory.zip"]
