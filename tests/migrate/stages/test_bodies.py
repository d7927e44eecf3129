"""Which bodies travel, and the reason for each that does not."""

from hashlib import sha256
from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums, assert_verified
from migrate.model import File
from migrate.spi import Capabilities
from migrate.stages.bodies import INLINE_LIMIT, bodies, body_of, fate
from migrate.store.files import Held, body_path
from tests.migrate.stages.trial import Trial, small_workspace

CONTENT = b"seven b"
TAKES = Capabilities(delivery="live", files="each", file_limit=10)
NONE = Capabilities(delivery="live")
MODES = pytest.mark.parametrize("mode", ["live", "archive"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder with one body in it."""
    path = body_path(tmp_path, sha256(CONTENT).hexdigest())
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return tmp_path


def held(text: str | None = None, *, size: int = len(CONTENT), code: str = "") -> Held:
    return Held(id="F1", sha256=sha256(CONTENT).hexdigest(), size=size, code=code, text=text)


def file(mode: str = "hosted", access: str = "") -> File:
    return File(id="F1", mode=mode, access=access)


@pytest.mark.parametrize(
    ("what", "found", "caps", "code"),
    [
        (file(), held(), TAKES, ""),
        (file("email"), held(), TAKES, ""),
        (file("list"), held(), TAKES, ""),
        (file("tombstone"), held(), TAKES, ""),
        (file("snippet"), held("short"), TAKES, "file-inlined"),
        (file("snippet"), held("short"), NONE, "file-inlined"),
        (file("snippet"), held("x" * (INLINE_LIMIT + 1)), TAKES, ""),
        (file("snippet"), held("x" * (INLINE_LIMIT + 1)), NONE, "files-not-kept"),
        (file("snippet"), held(None), TAKES, ""),
        (file("quip"), held("<p>"), TAKES, ""),
        (file("quip"), held("<p>"), NONE, "file-inlined"),
        (file(), held(), NONE, "files-not-kept"),
        (file(), None, NONE, "files-not-kept"),
        (file(), None, TAKES, "file-linked"),
        (file(), held(code="body-gone"), TAKES, "body-gone"),
        (file("tombstone"), None, TAKES, "file-deleted"),
        (file("tombstone"), held(code="body-gone"), TAKES, "file-deleted"),
        (file("hidden_by_limit"), None, NONE, "file-hidden-by-limit"),
        (file("external"), None, TAKES, "file-external"),
        (file(access="access_denied"), None, TAKES, "file-access-denied"),
        (file(access="file_not_found"), None, TAKES, "file-not-found"),
        (file(access="access_denied"), held(), TAKES, ""),
        (file(access="check_file_info"), None, TAKES, "file-linked"),
    ],
)
def test_fate_of_a_file(
    folder: Path, what: File, found: Held | None, caps: Capabilities, code: str
) -> None:
    assert fate(what, found, caps, folder) == code


def test_file_beyond_the_limit(folder: Path) -> None:
    small = Capabilities(delivery="live", files="each", file_limit=len(CONTENT) - 1)
    assert fate(file(), held(), small, folder) == "file-too-large"
    assert fate(file("quip"), held("<p>"), small, folder) == "file-inlined"


def test_body_that_is_not_whole_on_the_disk_is_as_good_as_none(folder: Path) -> None:
    assert fate(file(), held(size=8), TAKES, folder) == "file-linked"
    body_path(folder, sha256(CONTENT).hexdigest()).unlink()
    assert fate(file(), held(), TAKES, folder) == "file-linked"


@MODES
def test_counts_of_a_plan_and_of_a_run_add_up(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    sent = workspace.file(ann, "sent.bin", b"12345")
    short = workspace.file(ann, "short.txt", b"short", mode="snippet")
    gone = workspace.file(ann, "gone.bin", None, mode="tombstone")
    away = workspace.file(ann, "away.bin", None, mode="external")
    general.say(ann, "look").attach(sent, short, gone, away)
    left = workspace.file(ann, "left.bin", None)
    workspace.channel("aside", ann).say(ann, "excluded").attach(left)
    trial = Trial(tmp_path, workspace, mode, {"source.exclude": ["aside"]})
    trial.fetch(sent, short)
    plan = trial.plan()
    assert plan.blockers == [], "what is left out need not be fetched"
    assert plan.counts["files"] == {"send": 1, "inlined": 1, "link": 1, "missing": 1, "skip": 1}
    assert plan.counts["file_bytes"] == 5
    summary = trial.resume()
    assert_sums(summary)
    assert (summary.sent["files"], summary.skipped["files"]) == (1, 4)
    codes = {told.code: told.count for told in summary.reasons if told.code.startswith("file-")}
    assert codes == {
        "file-inlined": 1, "file-deleted": 1, "file-external": 1, "file-unused": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "blocks"),
    [("body-sign-in", True), ("body-failing", True), ("body-gone", False), ("body-host", False)],
)
def test_only_what_another_fetch_may_bring_stops_the_plan(
    tmp_path: Path, code: str, blocks: bool
) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "a.bin", b"a")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.refuse_body(file.id, code)
    assert [told.code for told in trial.plan().blockers] == ["files-missing"] * blocks


def test_body_of_a_file_and_of_a_picture(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "notes.txt", b"notes", mimetype="text/x-wrong")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.plan()
    with trial.store() as store:
        assert body_of(store, file.id) is None
    trial.fetch_body(file.id, b"notes", "text/plain")
    trial.fetch_body(f"avatar/{ann}", b"png", "image/png")
    trial.refuse_body("emoji/gone", "body-gone")
    with trial.store() as store:
        body, picture = body_of(store, file.id), body_of(store, f"avatar/{ann}")
        assert body is not None
        assert picture is not None
        assert body_of(store, "emoji/gone") is None
        assert (body.file.name, body.file.mimetype, body.file.size) == (
            "notes.txt",
            "text/plain",
            5,
        )
        assert body.path.read_bytes() == b"notes"
        assert body.sha256 == sha256(b"notes").hexdigest()
        assert picture.file.name == f"{ann}.png"
        trial.plan()
        assert [each.file.id for each in bodies(store)] == [file.id, f"avatar/{ann}"]


@MODES
def test_fetching_changes_the_plan(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "a.bin", b"a")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, mode, {"files.missing": "link"})
    before = trial.plan()
    trial.fetch(file)
    after = trial.plan()
    assert before.digest != after.digest
    assert (before.counts["files"]["send"], after.counts["files"]["send"]) == (0, 1)


@MODES
def test_large_bodies_take_their_time(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "film.bin", b"film")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, mode, {"target.file_limit": 5_000_000_000})
    trial.fetch(file)
    with trial.storing() as store:
        (path,) = (trial.folder / "files").rglob(file.sha256)
        with path.open("rb+") as sparse:
            sparse.truncate(4_000_000_000)
        store.db.execute("UPDATE body SET size = 4000000000")
    plan = trial.plan()
    assert plan.counts["file_bytes"] == 4_000_000_000
    assert 30 < plan.estimate.seconds < 1_000


def test_picture_that_no_further_archive_may_bring(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace, "append")
    trial.fetch_body(f"avatar/{ann}", b"ann")
    trial.run()
    trial.fetch_body(f"avatar/{bob}", b"bob")
    cat = workspace.person("cat")
    general.say(cat, "I am new")
    trial.export_again(workspace)
    trial.fetch_body(f"avatar/{cat}", b"cat")
    plan = trial.plan()
    assert {told.code: told.count for told in plan.findings}["avatar-late"] == 1
    assert_sums(trial.resume())
    assert trial.holding().avatars.keys() == {ann, cat}


@pytest.mark.parametrize("mode", ["live", "archive", "append"])
def test_emoji_that_came_later(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "hello :old:")
    trial = Trial(tmp_path, workspace, mode)
    for name in ("old", "new"):
        with trial.storing() as store:
            store.db.execute("INSERT INTO emoji VALUES (?, 'x', '')", (name,))
        trial.fetch_body(f"emoji/{name}", name.encode())
        assert_sums(trial.run())
        assert name in trial.holding().emoji
        general.say(bob, "and :new: too").react("new", ann)
        trial.export_again(workspace)
    assert_sums(trial.run())
    assert trial.holding().emoji.keys() == {"old", "new"}
    assert len(trial.holding().marks) == 2
    assert_verified(trial)


def test_merged_people_have_one_picture(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "hello").react("tada", bob)
    trial = Trial(tmp_path, workspace)
    for person in (ann, bob):
        trial.fetch_body(f"avatar/{person}", person.encode())
    trial.map("users.csv", bob, action="merge", target=ann)
    trial.run()
    assert trial.holding().avatars.keys() == {ann}
