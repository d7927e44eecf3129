"""Parts of an archive: where they are cut, written whole or not at all, and made again."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.conformance.migration import Crash, assert_sums, assert_whole
from adapters.conformance.workspace import Workspace
from migrate import runner
from migrate.errors import ChatMigrateError, Fatal, Interrupted
from migrate.runner import World
from migrate.stages.parts import PLANNED, WRITTEN, PartRow, parts
from migrate.store.files import body_path
from tests.migrate.stages.trial import Trial, small_workspace


def threads(count: int, replies: int = 5) -> Workspace:
    workspace, general, ann, bob = small_workspace()
    for n in range(count):
        root = general.say(ann, f"root {n}")
        for m in range(replies):
            general.say(bob, f"reply {n}.{m}", root=root)
    return workspace


def archived(tmp_path: Path, workspace: Workspace) -> Trial:
    trial = Trial(tmp_path, workspace, "archive")
    trial.plan()
    return trial


def stored_parts(trial: Trial) -> list[PartRow]:
    with trial.store() as store:
        return parts(store)


def content(trial: Trial) -> dict[str, bytes]:
    """The uncompressed streams of the finished archive."""
    with zipfile.ZipFile(trial.folder / "memory.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def stop_at(step: str, nth: int = 1) -> Callable[[str, str], None]:
    left = [nth]

    def probe(told: str, subject: str) -> None:
        left[0] -= told == step
        if told == step and left[0] == 0:
            raise Crash

    return probe


def test_parts_are_cut_between_threads(tmp_path: Path) -> None:
    trial = archived(tmp_path, threads(7))
    part_of: dict[int, set[int]] = {}
    sizes: dict[int, int] = {}
    for op in trial.ops("kind = 5"):
        part_of.setdefault(op.root or op.ts, set()).add(op.part)
        sizes[op.part] = sizes.get(op.part, 0) + 1
    assert all(len(numbers) == 1 for numbers in part_of.values())
    # Three messages are wanted in a part; a thread of six is never divided.
    assert set(sizes.values()) == {6}


def test_single_messages_fill_their_parts(tmp_path: Path) -> None:
    trial = archived(tmp_path, threads(8, replies=0))
    sizes = [0] * 10
    for op in trial.ops("kind = 5"):
        sizes[op.part] += 1
    assert [size for size in sizes if size] == [3, 3, 2]


def test_pieces_stay_with_their_message(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    for _n in range(5):
        general.say(ann, "word " * 130)
    trial = archived(tmp_path, workspace)
    part_of: dict[int, set[int]] = {}
    for op in trial.ops("kind = 5"):
        part_of.setdefault(op.ts, set()).add(op.part)
    assert all(len(numbers) == 1 for numbers in part_of.values())
    assert max(op.piece for op in trial.ops("kind = 5")) >= 2


@pytest.mark.parametrize("harm", ["remove", "cut", "flip"])
def test_a_damaged_part_is_written_again(tmp_path: Path, harm: str) -> None:
    workspace = threads(4)
    trial = archived(tmp_path, workspace)
    trial.resume()
    before = content(trial)
    victim = sorted((trial.folder / "parts").glob("*.messages"))[1]
    data = victim.read_bytes()
    if harm == "remove":
        victim.unlink()
    elif harm == "cut":
        victim.write_bytes(data[:-7])
    else:
        victim.write_bytes(data[:-7] + b"X" + data[-6:])
    others = {
        path: path.stat().st_mtime_ns
        for path in victim.parent.iterdir()
        if path.stem != victim.stem
    }
    summary = trial.resume()
    assert victim.read_bytes() == data
    assert content(trial) == before
    assert others
    assert {path: path.stat().st_mtime_ns for path in others} == others
    assert_sums(summary)


@pytest.mark.parametrize("harm", ["remove", "cut", "flip"])
def test_a_damaged_body_is_in_no_archive(tmp_path: Path, harm: str) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, "a.bin", b"as it was fetched")
    general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace, "archive")
    trial.fetch(file)
    trial.plan()
    path = body_path(trial.folder, file.sha256)
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes(b"as it was" if harm == "cut" else b"as it was CHANGED")
    with pytest.raises(Fatal) as caught:
        trial.resume()
    assert caught.value.code == "body-lost"
    assert file.id in caught.value.message
    assert not (trial.folder / "memory.zip").exists()
    trial.fetch(file)
    assert_sums(trial.run())
    assert_whole(trial, workspace)


@pytest.mark.parametrize("step", ["part.written", "part.noted", "archive.joined"])
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_crash_costs_one_part(tmp_path: Path, step: str, nth: int) -> None:
    workspace = threads(4)
    whole = archived(tmp_path / "whole", workspace)
    whole.resume()
    trial = archived(tmp_path / "crashed", workspace)
    try:
        trial.resume(stop_at(step, nth))
    except Crash:
        states = [part.state for part in stored_parts(trial)]
        noted = {"part.written": nth - 1, "part.noted": nth, "archive.joined": len(states)}
        assert states.count(WRITTEN) == noted[step]
    assert_sums(trial.resume())
    assert content(trial) == content(whole)
    assert_whole(trial, workspace)


def test_a_stop_keeps_whole_parts(tmp_path: Path) -> None:
    trial = archived(tmp_path, threads(4))
    seen: list[str] = []
    world = World(
        environ={},
        workers=1,
        probe=lambda step, subject: seen.append(step),
        stopped=lambda: seen.count("part.noted") >= 2,
    )
    with pytest.raises(Interrupted):
        runner.run(trial.project(), world)
    states = [part.state for part in stored_parts(trial)]
    assert states.count(WRITTEN) >= 2
    assert states.count(PLANNED) >= 1
    assert not (trial.folder / "memory.zip").exists()
    trial.resume()
    assert (trial.folder / "memory.zip").exists()


@pytest.mark.parametrize("kind", ["accounts", "conversations", "messages", "reactions", "pins"])
def test_parts_that_do_not_add_up_are_not_joined(tmp_path: Path, kind: str) -> None:
    workspace = threads(3)
    general = workspace.places[0]
    general.pin(general.said[0].react("tada", general.said[1].author))
    trial = archived(tmp_path, workspace)
    trial.resume()
    (trial.folder / "memory.zip").unlink()
    with trial.store() as store:
        store.db.execute(
            "UPDATE part SET counts = json_set(counts, '$.' || ?1, json_extract(counts, '$.' || ?1)"
            " - 1) WHERE num = (SELECT min(num) FROM part WHERE json_extract(counts, '$.' || ?1))",
            (kind,),
        )
    with pytest.raises(ChatMigrateError) as raised:
        trial.resume()
    assert (raised.value.code, raised.value.exit) == ("parts-incomplete", 70)
    assert kind in raised.value.message
    assert not (trial.folder / "memory.zip").exists()


def test_two_processes_write_what_one_does(tmp_path: Path) -> None:
    workspace = threads(12)
    one = archived(tmp_path / "one", workspace)
    one.resume()
    two = archived(tmp_path / "two", workspace)
    runner.run(two.project(), World(environ={}, workers=2))
    assert content(two) == content(one)


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.06])
def test_kill_nine_while_the_archive_is_written(tmp_path: Path, delay: float) -> None:
    workspace = threads(60)
    whole = archived(tmp_path / "whole", workspace)
    whole.resume()
    trial = archived(tmp_path / "killed", workspace)
    command = [sys.executable, "-m", "migrate.cli", "run", str(trial.folder), "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    folder = trial.folder / "parts"
    deadline = time.monotonic() + 60
    while not (folder.is_dir() and any(folder.iterdir())) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() in (-signal.SIGKILL, 0)
    assert_sums(trial.resume())
    assert content(trial) == content(whole)
    assert_whole(trial, workspace)
