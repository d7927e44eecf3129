"""The speed and the memory of the whole way into an archive, stage by stage: into Mattermost's as
asked for, on one core and on two, with the official converter beside it where it is installed; and
into the memory adapter's, where nothing but the engine costs anything."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest

from tests.bench.machine import say
from tests.bench.measure import MEGABYTE, Peak, peak_rss
from tests.generate import write_export

pytestmark = pytest.mark.bench

MESSAGES = 1_000_000
CONVERSATIONS = 200
AIM = 30_000
"""Messages a second on two cores."""

MEMORY_AIM = 300 * MEGABYTE
"""Resident bytes of all processes together."""

FLOOR = AIM / 6
"""Messages a second below which something is broken, whatever the machine."""

MATTERMOST = ("--to", "mattermost", "--set", "target.team=acme", "--set", "files.missing=link")
MEMORY = ("--to", "memory", "--set", "target.mode=archive", "--set", "files.missing=link")
FEWER = 100_000


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("export") / "export.zip"
    write_export(path, messages=MESSAGES, conversations=CONVERSATIONS, seed=11, facts=False)
    yield path
    path.unlink()


@pytest.mark.parametrize("cores", [1, 2])
def test_a_million_messages_into_mattermosts_archive(
    export: Path, tmp_path: Path, cores: int
) -> None:
    if cores > len(os.sched_getaffinity(0)):
        pytest.skip("fewer cores here")
    say(f"Into Mattermost's archive, {MESSAGES:,} messages, {cores} cores at most", "msgspec")
    with _cores(cores):
        rate, tree = _way(tmp_path / "project", export, MESSAGES, *MATTERMOST)
    print(f"aim on two cores: {AIM:,}/s; memory aim {MEMORY_AIM / MEGABYTE:.0f} MB")
    assert rate > FLOOR / (3 - cores)
    assert tree < 2 * MEMORY_AIM


def test_beside_the_official_converter(tmp_path: Path) -> None:
    """`mmetl transform slack` writes the JSON lines alone; the archive here is whole."""
    mmetl = shutil.which("mmetl")
    if mmetl is None:
        pytest.skip("mmetl is not on the PATH")
    say(f"Beside mmetl, {FEWER:,} messages, two cores", "msgspec")
    export = tmp_path / "export.zip"
    write_export(export, messages=FEWER, conversations=40, seed=11, facts=False)
    theirs = ("--team", "acme", "--file", str(export), "--output", str(tmp_path / "out.jsonl"))
    address = ("--default-email-domain", "example.org", "--bot-owner", "owner")
    with chdir(tmp_path):  # it leaves a log where it stands
        peak = peak_rss([mmetl, "transform", "slack", "--skip-attachments", *theirs, *address])
    print(f"mmetl {peak.seconds:.1f} s, {FEWER / peak.seconds:,.0f} messages/s; {peak}")
    _way(tmp_path / "project", export, FEWER, *MATTERMOST)


@pytest.mark.parametrize("fat", [False, True], ids=["thin", "fat"])
def test_way_into_an_archive(tmp_path: Path, fat: bool) -> None:
    messages = 300_000
    name = "fat" if fat else "thin"
    say(f"Into the memory adapter's archive, {messages:,} {name} messages, two workers", "msgspec")
    export = tmp_path / "export.zip"
    write_export(
        export, messages=messages, conversations=CONVERSATIONS, seed=11, fat=fat, facts=False
    )
    _way(tmp_path / "project", export, messages, *MEMORY)


def _way(project: Path, export: Path, messages: int, *settings: str) -> tuple[float, int]:
    """All stages, each a command; messages a second over all of them, and the most memory."""
    stages = [
        _stage("init", messages, project, str(export), *settings),
        _stage("plan", messages, project),
        _stage("run", messages, project),
    ]
    assert json.loads(stages[-1].output)["sent"]["messages"] == messages
    seconds = sum(stage.seconds for stage in stages)
    tree = max(stage.tree_bytes for stage in stages)
    size = (project / "state.db").stat().st_size
    print(f"together {seconds:.1f} s, {messages / seconds:,.0f} messages/s;", end=" ")
    print(f"peak {tree / MEGABYTE:.0f} MB; state.db {size / MEGABYTE:.0f} MB")
    return messages / seconds, tree


def _stage(name: str, messages: int, project: Path, *more: str) -> Peak:
    """One command, which does the stages up to its own; `init` loads."""
    command = [sys.executable, "-m", "migrate.cli", name, str(project), *more, "--json"]
    peak = peak_rss(command)
    print(f"{name:<5}{peak.seconds:6.1f} s, {messages / peak.seconds:7,.0f} messages/s; {peak}")
    return peak


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
