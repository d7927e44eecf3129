"""SIGKILL while the archive is on its way: whatever the server had been asked by then, the next run
goes on with it. One upload, one job, the same archive, every message once."""

import hashlib
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.conformance.migration import Migration
from adapters.conformance.repetition import everyday_workspace
from migrate import runner
from migrate.runner import World
from tests.adapters.mattermost.served import ServedMattermost
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.serving import Fault

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    with FakeMattermost().running() as fake:
        yield fake


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("POST /uploads", "hang-before"),
        ("POST /uploads", "hang-after"),
        ("POST /uploads/", "hang-before"),
        ("POST /uploads/", "hang-after"),
        ("POST /jobs", "hang-before"),
        ("POST /jobs", "hang-after"),
        ("GET /jobs/", "hang-before"),
        ("GET /jobs/", "hang-after"),
    ],
)
def test_killed_on_the_way(server: FakeMattermost, tmp_path: Path, call: str, fault: Fault) -> None:
    workspace, _, _ = everyday_workspace()
    folder = Migration(ServedMattermost(server), tmp_path, workspace).folder
    project, world = runner.open_project(folder), World(environ=_environ(server), workers=1)
    runner.plan(project, world)
    # Asked after the job, the server has done it, or has not begun with it.
    server.holds_jobs = (call, fault) == ("GET /jobs/", "hang-after")
    server.fail(call, fault)
    _run_until_it_hangs(server, folder)
    before = _sum(folder)
    server.holds_jobs = False
    summary = runner.run(project, world)
    assert not any(summary.failed.values())
    assert _sum(folder) == before, "the same lines"
    assert [job["status"] for job in server.jobs.values()] == ["success"]
    assert len(server.chunks) == 1
    assert len(server.world.posts) == len(workspace.said)
    verified = runner.verify(project, world)
    assert verified.against == "server"
    assert verified.exit == 0


def _run_until_it_hangs(server: FakeMattermost, project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "migrate.cli", "run", str(project), "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
        env=_environ(server),
    )
    hung = server.hanging.wait(20)
    process.kill()
    _, errors = process.communicate(timeout=30)
    assert hung, errors.decode()
    assert process.returncode == -signal.SIGKILL


def _environ(server: FakeMattermost) -> dict[str, str]:
    return dict(os.environ) | {"MATTERMOST_TOKEN": server.token}


def _sum(project: Path) -> str:
    with zipfile.ZipFile(project / "mattermost.zip") as archive:
        return hashlib.sha256(archive.read("import.jsonl")).hexdigest()
