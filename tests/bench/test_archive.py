"""The speed and the memory of the whole way into an archive, stage by stage: the base line for
targets that take a file."""

import json
import sys
from pathlib import Path

import pytest

from tests.bench.machine import say
from tests.bench.measure import MEGABYTE, Peak, peak_rss
from tests.generate import write_export

pytestmark = pytest.mark.bench

MESSAGES = 300_000


@pytest.mark.parametrize("fat", [False, True], ids=["thin", "fat"])
def test_way_into_an_archive(tmp_path: Path, fat: bool) -> None:
    name = "fat" if fat else "thin"
    say(f"Into the memory adapter's archive, {MESSAGES:,} {name} messages, two workers", "msgspec")
    export, project = tmp_path / "export.zip", tmp_path / "project"
    write_export(export, messages=MESSAGES, conversations=200, seed=11, fat=fat, facts=False)
    settings = ["--to", "memory", "--set", "target.mode=archive", "--set", "files.missing=link"]
    stages = [
        _stage("init", project, str(export), *settings),
        _stage("plan", project),
        _stage("run", project),
    ]
    sent = json.loads(stages[-1].output)["sent"]["messages"]
    assert sent == MESSAGES
    seconds = sum(stage.seconds for stage in stages)
    size = (project / "state.db").stat().st_size
    print(f"together {seconds:.1f} s, {MESSAGES / seconds:,.0f} messages/s;", end=" ")
    print(f"state.db {size / MEGABYTE:.0f} MB")


def _stage(name: str, project: Path, *more: str) -> Peak:
    """One command, which does the stages up to its own; `init` loads."""
    command = [sys.executable, "-m", "migrate.cli", name, str(project), *more, "--json"]
    peak = peak_rss(command)
    print(f"{name:<5}{peak.seconds:6.1f} s, {MESSAGES / peak.seconds:7,.0f} messages/s; {peak}")
    return peak
