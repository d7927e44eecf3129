"""One project on a live Synapse, worked on from outside as its user does: by the command line, in
processes of their own. What the homeserver then holds is judged in `agreement`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
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
    """A project made in `folder` from `export` into the homeserver that `config` names, with more
    settings if there are any, and an environment for its processes."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        export: Path,
        settings: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.config = config
        self.folder = folder / "project"
        self._environ = environ or {}
        target = {f"target.{key}": value for key, value in msgspec.structs.asdict(config).items()}
        runner.init(self.folder, [export], "matrix", target | dict(settings or {}), QUIET)

    def plan(self) -> runner.PlanSummary:
        """The plan, shown; made in this process, for that is faster."""
        return runner.plan(runner.open_project(self.folder), QUIET)

    def command(self, name: str, *more: str) -> Answer:
        """A command of `chat-migrate` with --json, run to its end."""
        process = self.start(name, *more)
        out, errors = process.communicate(timeout=900)
        return Answer(process.returncode, json.loads(out), errors.decode())

    def start(self, name: str, *more: str) -> subprocess.Popen[bytes]:
        return self._start("migrate.cli", name, str(self.folder), *more, "--json")

    def run_until(self, step: str, nth: int, delay: float = 0.0) -> bool:
        """Run in a process that gets SIGKILL `delay` seconds after it takes `step` (`any`:
        whichever) for the n-th time; whether it came so far."""
        process = self._start("tests.live.importer", str(self.folder), step, str(nth), str(delay))
        _, errors = process.communicate(timeout=300)
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()
        return process.returncode != 0

    def sent(self) -> int:
        """How many messages the journal calls sent by now, while a run may be under way."""
        return runner.status(runner.open_project(self.folder), QUIET).sent["messages"]

    def rooms(self, admin: str) -> dict[str, Room]:
        """What the homeserver holds of this project."""
        return readback.read_rooms(self.config.homeserver, admin, self.config.prefix)

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=CHECKOUT,
            env=os.environ | {"NO_COLOR": "1"} | dict(self._environ),
        )


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


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


def assert_sums(fields: dict[str, Any]) -> None:
    """Every record found has one end."""
    ends = ("sent", "already", "skipped", "failed")
    for kind, found in fields["found"].items():
        assert found == sum(fields[end][kind] for end in ends), kind
