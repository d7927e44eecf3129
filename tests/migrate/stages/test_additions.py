"""Messages that nobody wrote: late files, files that no message mentions, bookmarks."""

import zipfile
from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums, assert_verified
from adapters.conformance.workspace import Place, Workspace
from migrate.store import people
from tests.migrate.stages.trial import Trial, refusing, small_workspace

LINK = {"files.missing": "link"}
LONG = "".join(f"<p>{number:03d} a line of the plan that is not short</p>" for number in range(40))
MODES = pytest.mark.parametrize("mode", ["live", "archive"])


def bookmark(trial: Trial, place: Place, *rows: tuple[str, str, int]) -> None:
    """Bookmarks of a place as Slack tells them, all at once."""
    with trial.storing() as store:
        conv = people.conversation_numbers(store)[place.id]
        store.db.execute("DELETE FROM bookmark WHERE conv = ?", (conv,))
        store.db.executemany(
            "INSERT INTO bookmark VALUES (?, ?, ?, ?, ?)",
            [(conv, position, *row) for position, row in enumerate(rows)],
        )


def test_late_file_is_under_its_message_or_in_its_thread(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    file = workspace.file(ann, "late.bin", b"late")
    root = general.say(ann, "root")
    general.say(bob, "reply", root=root).attach(file)
    general.say(ann, "alone").attach(file)
    trial = Trial(tmp_path, workspace, settings=LINK)
    trial.run()
    trial.fetch(file)
    plan = trial.plan()
    assert {loss.code: loss.count for loss in plan.losses}["file-late"] == 2
    assert plan.counts["messages"]["send"] == 0, "it is no message of Slack's"
    assert_sums(trial.resume())
    posts = {post.text.partition("\n")[0]: post for post in trial.holding().posts}
    late = [post for post in trial.holding().posts if post.files]
    assert [(post.author, post.root) for post in late] == [
        (bob, posts["root"].ref),
        (ann, posts["alone"].ref),
    ]
    times = [post.time for post in trial.holding().posts]
    assert len(set(times)) == len(times)
    assert_verified(trial)


def test_file_that_came_before_its_message_was_sent_comes_with_it(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "in-time.bin", b"in time")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, settings=LINK)
    trial.plan()
    trial.fetch(file)
    plan = trial.plan()
    assert "file-late" not in {loss.code for loss in plan.losses}
    trial.resume()
    (post,) = trial.holding().posts
    assert (post.text, len(post.files)) == ("look", 1)


def test_late_file_is_not_forgotten_by_plans_that_are_not_run(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "late.bin", b"late")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, settings=LINK)
    trial.run()
    trial.fetch(file)
    trial.plan()
    for name in ("one", "two"):
        general.say(ann, name)
        trial.export_again(workspace)
        trial.plan()
    assert_sums(trial.resume())
    assert sum(len(post.files) for post in trial.holding().posts) == 1


def test_late_file_that_is_shared_with_one_in_time(tmp_path: Path) -> None:
    """It is at the target with a newer message already when it follows the older one."""
    workspace, general, ann, bob = small_workspace()
    file = workspace.file(ann, "shared.bin", b"shared")
    general.say(ann, "older").attach(file)
    trial = Trial(tmp_path, workspace, settings=LINK)
    trial.run()
    general.say(bob, "newer").attach(file)
    trial.export_again(workspace)
    trial.fetch(file)
    with refusing("send", "trial-refused", lambda act: act.id.endswith(file.id)):
        summary = trial.run()
    assert summary.sent["files"] == 1
    assert sum(len(post.files) for post in trial.holding().posts) == 1
    assert_sums(trial.run())
    assert sum(len(post.files) for post in trial.holding().posts) == 2
    assert_verified(trial)


def test_file_that_an_edit_brought(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    said = general.say(ann, "look")
    trial = Trial(tmp_path, workspace)
    trial.run()
    file = workspace.file(ann, "second-thought.bin", b"oh")
    said.attach(file).edit("look, with a file")
    trial.export_again(workspace)
    trial.plan()
    trial.fetch(file)
    plan = trial.plan()
    assert {loss.code for loss in plan.losses} >= {"file-late", "edit-not-sent"}
    assert_sums(trial.resume())
    assert [(post.text, len(post.files)) for post in trial.holding().posts] == [
        ("look", 0),
        ("", 1),
    ]
    assert not any(trial.run().sent.values())


def test_late_canvas_in_several_pieces(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    canvas = workspace.file(ann, "plan.html", LONG.encode(), mode="quip", mimetype="text/html")
    general.say(ann, "our plan").attach(canvas)
    trial = Trial(tmp_path, workspace, settings=LINK)
    trial.run()
    trial.fetch(canvas)
    assert_sums(trial.run())
    head, *late = trial.holding().posts
    assert len(late) > 2
    assert {post.root for post in late} == {head.ref}
    words = " ".join(post.text for post in late)
    assert all(f"{number:03d} a line" in words for number in range(40))
    assert [len(post.files) for post in late] == [1, *[0] * (len(late) - 1)]
    assert_verified(trial)


@MODES
def test_canvas_of_a_conversation_that_stays_behind(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    aside = workspace.channel("aside", ann)
    general.say(ann, "hello")
    canvas = workspace.file(ann, "plan.html", b"<p>plan</p>", mode="quip")
    workspace.leave(canvas, aside)
    trial = Trial(tmp_path, workspace, mode, {"source.exclude": ["aside"]})
    trial.fetch(canvas)
    summary = trial.run()
    assert_sums(summary)
    assert {told.code: told.count for told in summary.reasons if told.code != "excluded"} == {
        "file-unused": 1
    }
    assert len(trial.holding().posts) == 1


@MODES
def test_stray_canvas_need_not_be_fetched(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    workspace.leave(workspace.file(ann, "plan.html", None, mode="quip"), None)
    trial = Trial(tmp_path, workspace, mode)
    plan = trial.plan()
    assert plan.blockers == []
    assert plan.counts["files"]["missing"] == 1
    assert {told.code for told in plan.findings} >= {"file-without-place"}


@MODES
@pytest.mark.parametrize("sent", [False, True])
def test_file_that_was_taken_off_its_message_is_not_brought_back(
    tmp_path: Path, mode: str, sent: bool
) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "oops.bin", b"oops", channels=[general.id])
    said = general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, mode, LINK)
    trial.run() if sent else trial.plan()
    del said.record["files"]
    said.edit("look elsewhere")
    trial.export_again(workspace)
    trial.plan()
    trial.fetch(file)
    assert_sums(trial.run())
    assert not any(post.files for post in trial.holding().posts)
    assert len(trial.holding().posts) == 1


def test_archive_that_is_made_anew_drops_what_was_taken_off(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "oops.bin", b"oops")
    said = general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, "archive")
    trial.fetch(file)
    trial.run()
    archive = trial.folder / "memory.zip"
    assert f"files/{file.id}" in zipfile.ZipFile(archive).namelist()
    del said.record["files"]
    said.edit("look elsewhere")
    trial.export_again(workspace)
    assert_sums(trial.run())
    assert f"files/{file.id}" not in zipfile.ZipFile(archive).namelist()
    assert_verified(trial)
    general.say(ann, "well, here it is").attach(file)
    trial.export_again(workspace)
    assert_sums(trial.run())
    assert f"files/{file.id}" in zipfile.ZipFile(archive).namelist()
    assert sum(len(post.files) for post in trial.holding().posts) == 1


@MODES
@pytest.mark.parametrize("owner", ["bob", "", "U9NOBODY"])
def test_canvas_speaks_in_the_name_of_whoever_is_there(
    tmp_path: Path, mode: str, owner: str
) -> None:
    workspace, general, ann, bob = small_workspace()
    general.record["creator"] = ann
    canvas = workspace.file(bob if owner == "bob" else owner, "plan.html", b"<p>P</p>", mode="quip")
    workspace.leave(canvas, general)
    trial = Trial(tmp_path, workspace, mode)
    trial.fetch(canvas)
    assert_sums(trial.run())
    (post,) = trial.holding().posts
    assert post.author == (bob if owner == "bob" else ann)
    assert post.time == int(str(canvas.record["created"])) * 1_000
    assert len(post.files) == 1
    assert_verified(trial)
    assert not any(trial.run().sent.values())


@MODES
def test_canvas_of_the_moment_of_a_message(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    said = general.say(bob, "at the same time")
    said.record["ts"] = "1700000005.000000"
    canvas = workspace.file(ann, "plan.html", b"<p>P</p>", mode="quip", created=1_700_000_005)
    workspace.leave(canvas, general)
    trial = Trial(tmp_path, workspace, mode)
    trial.fetch(canvas)
    assert_sums(trial.run())
    posts = trial.holding().posts
    assert {(post.author, len(post.files)) for post in posts} == {(bob, 0), (ann, 1)}
    assert {post.root for post in posts} == {""}
    assert_verified(trial)


@MODES
def test_bookmarks_are_one_message_and_later_ones_another(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    general.record["creator"] = bob
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace, mode)
    first = [("Handbook", "https://example.org/h", 1_700_000_100), ("No link", "", 1_700_000_050)]
    bookmark(trial, general, *first)
    plan = trial.plan()
    assert {loss.code: loss.count for loss in plan.losses}["bookmarks-listed"] == 2
    assert_sums(trial.resume())
    (listed,) = (post for post in trial.holding().posts if "Handbook" in post.text)
    assert (listed.author, listed.time) == (bob, 1_700_000_100_000)
    assert "No link" in listed.text
    bookmark(trial, general, *first, ("Menu", "https://example.org/m", 1_700_000_200))
    assert_sums(trial.run())
    texts = [post.text for post in trial.holding().posts]
    assert [("Handbook" in text, "Menu" in text) for text in texts if "Slack" in text] == [
        (True, False),
        (False, True),
    ]
    assert_verified(trial)


def test_bookmarks_where_nobody_is(tmp_path: Path) -> None:
    workspace = Workspace()
    workspace.person("ann")
    empty = workspace.channel("empty")
    trial = Trial(tmp_path, workspace)
    bookmark(trial, empty, ("Handbook", "https://example.org/h", 1_700_000_100))
    plan = trial.plan()
    assert {loss.code for loss in plan.losses} == {"bookmarks-not-kept"}
    assert_sums(trial.resume())
    assert trial.holding().posts == ()


def test_members_of_user_groups_are_a_counted_loss(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace)
    with trial.storing() as store:
        store.set_meta("group_members", '{"S1": 2, "S2": 0}')
    plan = trial.plan()
    assert {told.code: told.count for told in plan.findings}["group-members-not-kept"] == 1
