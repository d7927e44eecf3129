"""Typing a command: in this process, or in one of its own where signals, streams and the way out
matter."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from typer.testing import CliRunner

from migrate.cli.commands import app


class Ended(msgspec.Struct, frozen=True):
    """How a command ended."""

    exit: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """What stands on stdout, which must be one JSON object and nothing else."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


def type_in(*args: str | Path) -> Ended:
    """Type `chat-migrate ARGS` in this process."""
    result = CliRunner().invoke(app, [str(arg) for arg in args], prog_name="chat-migrate")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def command(*args: str | Path) -> list[str]:
    """The same as a process of its own would be started."""
    return [sys.executable, "-m", "migrate.cli", *map(str, args)]


def spawn(
    *args: str | Path,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    patience: float = 120,
) -> Ended:
    """Type it in a process of its own and wait."""
    done = subprocess.run(
        command(*args),
        cwd=cwd,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=patience,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
