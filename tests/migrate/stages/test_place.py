"""Where everything goes, and what becomes of every record that goes nowhere."""

from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums
from adapters.conformance.workspace import Workspace
from migrate.store.ops import LEAVES
from migrate.store.ops import PLACEHOLDER as PLACEHOLDER_FLAG
from tests.migrate.stages.trial import Trial, small_workspace

MODES = pytest.mark.parametrize("mode", ["live", "archive"])


@MODES
def test_every_record_ends_somewhere_by_its_code(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    cat = workspace.person("cat")
    kept = general.say(ann, "kept").react("tada", bob, cat)
    general.pin(kept)
    general.notice(bob)
    gone = general.say(ann, "gone").react("tada", bob)
    general.say(cat, "skipped with its author").react("+1", ann)
    general.entries.append({"type": "message", "user": ann, "text": "no ts", "ts": "0.000000"})
    general.entries.append(
        {
            "type": "message", "subtype": "message_deleted",
            "ts": workspace.tick(1), "deleted_ts": gone.ts,
        }
    )  # fmt: skip
    late = workspace.channel("late", ann)
    late.say(ann, "left out")
    settings = {"source.exclude": ["late"]}
    trial = Trial(tmp_path, workspace, mode, settings)
    trial.map("users.csv", cat, action="skip")
    summary = trial.run()
    assert_sums(summary)
    assert {told.code: told.count for told in summary.reasons} == {
        "person-skipped": 4,  # the account, her message with its reaction, her own reaction
        "notice-dropped": 1,
        "deleted": 2,  # the message and its reaction
        "ts-invalid": 1,
        "excluded": 2,
    }
    assert sum(told.count for told in summary.reasons) == sum(summary.skipped.values())
    assert (summary.found["messages"], summary.sent["messages"]) == (5, 1)
    assert (summary.found["reactions"], summary.sent["reactions"]) == (4, 1)
    assert [post.text for post in trial.holding().posts] == ["kept"]


@MODES
def test_a_reply_without_its_root_hangs_under_a_placeholder(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    root = "1600000000.000100"
    general.say(ann, "before")
    general.say(bob, "first answer", root=root)
    general.say(ann, "second answer", root=root)
    trial = Trial(tmp_path, workspace, mode)
    plan = trial.plan()
    assert {loss.code: loss.count for loss in plan.losses}["thread-root-missing"] == 1
    assert_sums(trial.resume())
    posts = trial.holding().posts
    (placeholder,) = (post for post in posts if "not part of the import" in post.text)
    assert (placeholder.author, placeholder.time, placeholder.root) == (bob, 1_600_000_000_000, "")
    assert [post.root for post in posts if "answer" in post.text] == [placeholder.ref] * 2
    (op,) = trial.ops(f"flags & {PLACEHOLDER_FLAG}")
    assert op.record == 0, "nobody wrote it, so it is no record"


def test_authors_enter_before_the_earliest_of_what_they_write(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.record["created"] = 0
    general.say(ann, "before")
    general.say(bob, "answer", root="1600000000.000100")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    first = min(op.time for op in trial.ops("kind = 5"))
    assert {op.time for op in trial.ops("kind = 3")} == {first}


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({}, {"23:30", "00:30", "07:30", "08:30"}),
        # 08:30 UTC stands in the same day file as 23:30 of the day before.
        ({"source.since": "2024-03-02"}, {"00:30", "07:30", "08:30"}),
        ({"source.until": "2024-03-02"}, {"23:30"}),
        ({"source.since": "2024-03-02T00:30:00"}, {"00:30", "07:30", "08:30"}),
        ({"source.until": "2024-03-02T00:30:00"}, {"23:30"}),
        ({"source.since": "2024-03-02T08:00:00+01:00"}, {"07:30", "08:30"}),
        ({"source.since": "2024-03-02", "source.until": "2024-03-02T08:00"}, {"00:30", "07:30"}),
    ],
)
def test_dates_are_of_the_ts_and_not_of_the_day_file(
    tmp_path: Path, settings: dict[str, object], texts: set[str]
) -> None:
    workspace, general, ann, _ = small_workspace()
    for seconds, text in (
        (1_709_335_800, "23:30"),
        (1_709_339_400, "00:30"),
        (1_709_364_600, "07:30"),
        (1_709_368_200, "08:30"),
    ):
        said = general.say(ann, text)
        said.record["ts"] = f"{seconds}.000000"
    trial = Trial(tmp_path, workspace, settings=settings)
    summary = trial.run()
    assert_sums(summary)
    assert {post.text for post in trial.holding().posts} == texts
    assert summary.skipped["messages"] == 4 - len(texts)


def test_times_are_bumped_to_tell_messages_apart(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    for n in range(4):
        general.say(ann, f"same millisecond {n}", after=0.0001)
    trial = Trial(tmp_path, workspace)
    trial.run()
    first = [post.time for post in trial.holding().posts]
    assert len(set(first)) == 4
    general.say(bob, "same millisecond, later export", after=0.0001)
    trial.export_again(workspace)
    trial.run()
    times = [post.time for post in trial.holding().posts]
    assert times[:4] == first
    assert len(set(times)) == 5


@MODES
def test_two_names_of_one_emoji_are_one_reaction(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(ann, "one").react("+1", ann, bob).react("thumbsup", bob)
    said.react("tada", ann)
    trial = Trial(tmp_path, workspace, mode)
    summary = trial.run()
    assert_sums(summary)
    assert (summary.sent["reactions"], summary.skipped["reactions"]) == (3, 1)
    assert {told.code for told in summary.reasons} == {"reaction-merged"}
    assert len(trial.holding().marks) == 3


@MODES
def test_a_conversation_in_which_nobody_wrote(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    workspace.channel("quiet", ann)
    trial = Trial(tmp_path, workspace, mode)
    summary = trial.run()
    assert_sums(summary)
    assert summary.sent["conversations"] == 2
    assert trial.holding().rooms[general.id].members
    assert_sums(trial.run())


@MODES
def test_pins_of_what_is_there_and_of_what_is_not(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    pinned, gone = general.say(ann, "pinned"), general.say(ann, "excluded")
    general.pin(pinned)
    general.pin(gone)
    pins = general.record["pins"]
    assert isinstance(pins, list)
    pins.append({"id": "1500000000.000100", "type": "C"})
    pins.append({"id": "F0000001", "type": "F"})
    trial = Trial(tmp_path, workspace, mode, {"source.until": "2023-11-14T22:13:22"})
    summary = trial.run()
    assert_sums(summary)
    assert (summary.found["pins"], summary.sent["pins"], summary.skipped["pins"]) == (2, 1, 1)
    (post,) = trial.holding().posts
    assert trial.holding().rooms[general.id].pins == (post.ref,)


def test_who_wrote_and_left_leaves_again(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    board = workspace.channel("board", ann, private=True)
    board.say(bob, "farewell").react("wave", workspace.person("cat"))
    talk = workspace.dm(ann, bob)
    talk.record["members"] = [ann]
    talk.say(bob, "direct")
    trial = Trial(tmp_path, workspace)
    trial.plan()
    leavers = {(op.conv, op.item) for op in trial.ops(f"kind = 3 AND flags & {LEAVES}")}
    assert leavers == {(1, bob), (1, "U00000003")}, "nobody leaves a direct conversation"
    trial.resume()
    assert trial.holding().rooms[board.id].readers == {ann}


def test_a_reply_to_a_reply_joins_the_thread_of_its_root(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root")
    reply = general.say(bob, "reply", root=root)
    general.say(ann, "nested", root=reply.ts)
    trial = Trial(tmp_path, workspace)
    trial.run()
    general.say(ann, "nested, in a later export", root=reply.ts)
    trial.export_again(workspace)
    summary = trial.run()
    assert not any(summary.failed.values())
    posts = {post.text: post for post in trial.holding().posts}
    assert {posts[text].root for text in posts if text != "root"} == {posts["root"].ref}


def test_a_thread_whose_root_comes_later_is_none(tmp_path: Path) -> None:
    workspace, general, _, bob = small_workspace()
    general.say(bob, "early", root="1799999999.000100")
    trial = Trial(tmp_path, workspace)
    plan = trial.plan()
    assert {loss.code for loss in plan.losses} >= {"thread-root-later"}
    trial.resume()
    assert [(post.text, post.root) for post in trial.holding().posts] == [("early", "")]
