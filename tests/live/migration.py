"""One project on a live Synapse, worked on from outside as its user does: by the command line, in
processes of their own. What the homeserver then holds is judged in `agreement`."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapters.matrix.config import Config
from migrate import runner
from migrate.runner import World
from tests.live import readback
from tests.live.readback import Room

CHECKOUT = Path(__file__).parents[2]
QUIET = World(workers=1)


class Answer(msgspec.Struct, frozen=True):
    """How a command ended: its exit code, the object of --json, and what stood on stderr."""

    exit: int
    fields: dict[str, Any]
    errors: str


class Migration:
    """A project made in `folder` from `export` into the homeserver that `config` names."""

    def __init__(self, config: Config, folder: Path, export: Path) -> None:
        self.config = config
        self.folder = folder / "project"
        settings = {f"target.{key}": value for key, value in msgspec.structs.asdict(config).items()}
        runner.init(self.folder, [export], "matrix", settings, QUIET)

    def plan(self) -> runner.PlanSummary:
        """The plan, shown; made in this process, for that is faster."""
        return runner.plan(runner.open_project(self.folder), QUIET)

    def command(self, name: str, *more: str) -> Answer:
        """A command of `chat-migrate` with --json, run to its end."""
        process = self.start(name, *more)
        out, errors = process.communicate(timeout=300)
        return Answer(process.returncode, json.loads(out), errors.decode())

    def start(self, name: str, *more: str) -> subprocess.Popen[bytes]:
        return _start("migrate.cli", name, str(self.folder), *more, "--json")

    def run_until(self, step: str, nth: int, *, pause: float = 0.0) -> int:
        """Run in a process that kills itself when it takes `step` for the n-th time; its exit."""
        process = _start("tests.live.importer", str(self.folder), step, str(nth), str(pause))
        _, errors = process.communicate(timeout=300)
        assert process.returncode in (0, -9), errors.decode()
        return process.returncode

    def rooms(self, admin: str) -> dict[str, Room]:
        """What the homeserver holds of this project."""
        return readback.read_rooms(self.config.homeserver, admin, self.config.prefix)


def _start(module: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
        env=os.environ | {"NO_COLOR": "1"},
    )


def nothing(counts: dict[str, int], *but: str) -> bool:
    """Whether a `counts` object holds zeros alone, the kinds named in `but` left out."""
    return not any(count for kind, count in counts.items() if kind not in but)


def assert_clean(verified: Answer) -> None:
    """`verify` found the homeserver to hold exactly what was sent."""
    assert verified.exit == 0, verified.fields
    assert verified.fields["against"] == "server"
    for key in ("missing", "different", "extra", "duplicate"):
        assert nothing(verified.fields[key]), (key, verified.fields[key])
    assert verified.fields["audience_wider"] == 0
    assert verified.fields["findings"] == []


def assert_sums(fields: dict[str, Any], ends: Sequence[str] = ()) -> None:
    """Every record found has one end."""
    for kind, found in fields["found"].items():
        ends = ("sent", "already", "skipped", "failed")
        assert found == sum(fields[end][kind] for end in ends), kind
