"""The speed and the memory of the whole way into an archive, stage by stage: into Mattermost's and
into the directory for Zulip's importer as asked for, on one core and on two; Mattermost's with the
official converter beside it where it is installed; and into the memory adapter's, where nothing but
the engine costs anything."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.bench.machine import say
from tests.bench.measure import MEGABYTE, Peak, peak_rss
from tests.generate import write_export

pytestmark = pytest.mark.bench


class Way(msgspec.Struct, frozen=True):
    """A target as `init` is told of it, and the messages a second on two cores that are aimed at;
    0 where nobody has asked."""

    settings: tuple[str, ...]
    aim: int = 0


_ZULIP = (
    "--to", "zulip", "--set", "target.subdomain=acme", "--set", "target.profile=10",
    "--set", "target.owner=owner@example.org", "--set", "files.missing=link",
)  # fmt: skip
WAYS = {
    "mattermost": Way(
        ("--to", "mattermost", "--set", "target.team=acme", "--set", "files.missing=link"), 30_000
    ),
    # Everybody's copies, as Zulip's own converter writes them, which makes 8,500 a second.
    "zulip-full": Way((*_ZULIP, "--set", "target.user_messages=full"), 25_000),
    "zulip-idle": Way((*_ZULIP, "--set", "target.user_messages=idle")),
}
MEMORY = Way(("--to", "memory", "--set", "target.mode=archive", "--set", "files.missing=link"))

CONVERSATIONS = {100_000: 40, 1_000_000: 200}
"""By the number of messages."""

MEMORY_AIM = 300 * MEGABYTE
"""Resident bytes of all processes together."""

FLOOR = 5_000
"""Messages a second on two cores below which something is broken, whatever the machine."""


class Taken(msgspec.Struct, frozen=True):
    """What all stages took: messages a second, and the most resident bytes at once."""

    rate: float
    tree_bytes: int


@pytest.fixture(scope="module", params=CONVERSATIONS, ids="{:_}".format)
def export(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, int]]:
    """An export and how many messages it holds."""
    messages: int = request.param
    path = tmp_path_factory.mktemp("export") / "export.zip"
    write_export(
        path, messages=messages, conversations=CONVERSATIONS[messages], seed=11, facts=False
    )
    yield path, messages
    path.unlink()


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("name", WAYS)
def test_the_way_into_an_archive(
    export: tuple[Path, int], tmp_path: Path, name: str, cores: int
) -> None:
    if cores > len(os.sched_getaffinity(0)):
        pytest.skip("fewer cores here")
    path, messages = export
    say(f"Into an archive: {name}, {messages:,} messages, {cores} cores at most", "msgspec")
    with _cores(cores):
        taken = _take(tmp_path / "project", path, messages, WAYS[name])
    shutil.rmtree(tmp_path / "project")
    if WAYS[name].aim:
        print(f"aim on two cores: {WAYS[name].aim:,}/s;", end=" ")
    print(f"memory aim {MEMORY_AIM / MEGABYTE:.0f} MB")
    assert taken.rate > FLOOR / (3 - cores)
    assert taken.tree_bytes < 2 * MEMORY_AIM


def test_beside_the_official_converter(tmp_path: Path) -> None:
    """`mmetl transform slack` writes the JSON lines alone; the archive here is whole."""
    mmetl = shutil.which("mmetl")
    if mmetl is None:
        pytest.skip("mmetl is not on the PATH")
    messages, conversations = next(iter(CONVERSATIONS.items()))
    say(f"Beside mmetl, {messages:,} messages, two cores", "msgspec")
    export = tmp_path / "export.zip"
    write_export(export, messages=messages, conversations=conversations, seed=11, facts=False)
    theirs = ("--team", "acme", "--file", str(export), "--output", str(tmp_path / "out.jsonl"))
    address = ("--default-email-domain", "example.org", "--bot-owner", "owner")
    with chdir(tmp_path):  # it leaves a log where it stands
        peak = peak_rss([mmetl, "transform", "slack", "--skip-attachments", *theirs, *address])
    print(f"mmetl {peak.seconds:.1f} s, {messages / peak.seconds:,.0f} messages/s; {peak}")
    _take(tmp_path / "project", export, messages, WAYS["mattermost"])


@pytest.mark.parametrize("fat", [False, True], ids=["thin", "fat"])
def test_what_the_engine_costs(tmp_path: Path, fat: bool) -> None:
    messages = 300_000
    name = "fat" if fat else "thin"
    say(f"Into the memory adapter's archive, {messages:,} {name} messages, two workers", "msgspec")
    export = tmp_path / "export.zip"
    write_export(export, messages=messages, conversations=200, seed=11, fat=fat, facts=False)
    _take(tmp_path / "project", export, messages, MEMORY)


def _take(project: Path, export: Path, messages: int, way: Way) -> Taken:
    """All stages, each a command."""
    stages = [
        _stage("init", messages, project, str(export), *way.settings),
        _stage("plan", messages, project),
        _stage("run", messages, project),
    ]
    summary = json.loads(stages[-1].output)
    assert summary["sent"]["messages"] == messages
    seconds = sum(stage.seconds for stage in stages)
    spent = sum(stage.cpu_seconds for stage in stages)
    tree = max(stage.tree_bytes for stage in stages)
    sizes = [_size(Path(summary["artifact"]["path"])), _size(project / "state.db")]
    print(f"together {seconds:.1f} s, {messages / seconds:,.0f} messages/s;", end=" ")
    print(f"CPU {1e6 * spent / messages:.1f} us a message; peak {tree / MEGABYTE:.0f} MB;", end=" ")
    print("archive {:,.0f} MB, state.db {:,.0f} MB".format(*(size / MEGABYTE for size in sizes)))
    return Taken(messages / seconds, tree)


def _stage(name: str, messages: int, project: Path, *more: str) -> Peak:
    """One command, which does the stages up to its own; `init` loads."""
    command = [sys.executable, "-m", "migrate.cli", name, str(project), *more, "--json"]
    peak = peak_rss(command, good=(0, 1))  # 1: done, with something to be told
    print(
        f"{name:<5}{peak.seconds:6.1f} s, {messages / peak.seconds:7,.0f} messages/s,"
        f" CPU {1e6 * peak.cpu_seconds / messages:5.1f} us a message; {peak}"
    )
    return peak


def _size(path: Path) -> int:
    """Bytes of a file, or of all that a folder holds."""
    found = path.rglob("*") if path.is_dir() else [path]
    return sum(each.stat().st_size for each in found if each.is_file())


@contextmanager
def _cores(count: int) -> Iterator[None]:
    """Commands that are started within have this many cores; the watching costs one of them next to
    nothing."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:count]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
