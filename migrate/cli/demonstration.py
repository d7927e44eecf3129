"""`demo`: the whole way on the example export, into a target that it starts itself. It types the
very commands that a person would type, one after the other."""

import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from shutil import copyfile
from typing import Any

import typer

from migrate.cli.reply import DONE, WARNED, Reply, publish, write
from migrate.cli.screens import brief
from migrate.errors import UsageError
from migrate.registry import Registry
from migrate.spi import Sandbox, SandboxMaker

_ADAPTER = "matrix"
_EXPORT = "acme-export.zip"
_PROJECT = "acme"


def show(app: typer.Typer, *, keep: bool, folder: Path | None, as_json: bool) -> Reply:
    """Go the whole way; the reply's exit code is 0 if `verify` found everything as it was sent.

    Raises UsageError where no target of this kind can be started here.
    """
    maker = Registry().get(_ADAPTER)
    if not isinstance(maker, SandboxMaker):
        raise UsageError(
            "demo-impossible",
            f"The adapter {_ADAPTER} cannot start a target of its own.",
            "Install chat-migrate again: its own adapter can.",
        )
    stage = _Stage(typer.main.get_command(app), as_json)
    with _place(folder) as place, chdir(place):
        copyfile(find_export(), _EXPORT)
        stage.say(f"Working in {place}. Starting a homeserver.")
        with maker.sandbox(place / "homeserver", place / _PROJECT) as sandbox:
            reply = stage.walk(sandbox, place)
            if reply.exit == DONE and keep:
                return stage.wait(reply, sandbox)
    stage.say("\nThe homeserver has been stopped. To look around in it: chat-migrate demo --keep")
    return reply


def find_export() -> Path:
    """The example export: beside this module in an installed copy, in examples/ in a checkout."""
    home = Path(str(files("migrate.cli")))
    for path in (home / _EXPORT, home.parents[1] / "examples" / _EXPORT):
        if path.is_file():
            return path
    raise UsageError(
        "demo-export-missing",
        "The example export is not installed here.",
        "Install chat-migrate again, or run the demo in a checkout.",
    )


def commands(sandbox: Sandbox) -> Iterator[list[str]]:
    """What a person would type, `chat-migrate` left out."""
    yield ["inspect", _EXPORT]
    settings = {f"target.{key}": value for key, value in sandbox.settings.items()}
    settings["files.missing"] = "link"
    init = ["init", _PROJECT, _EXPORT, "--to", _ADAPTER]
    for key, value in settings.items():
        init += ["--set", f"{key}={value}"]
    yield init
    yield ["plan", _PROJECT, "--check"]
    yield ["run", _PROJECT]
    yield ["verify", _PROJECT]


class _Stage:
    """Types the commands and shows what they say, or keeps it all for one JSON object."""

    def __init__(self, program: Any, as_json: bool) -> None:
        self._program = program
        self._as_json = as_json

    def say(self, text: str) -> None:
        if not self._as_json:
            write(sys.stdout, text)

    def walk(self, sandbox: Sandbox, place: Path) -> Reply:
        """Every command in turn; the first that does not come to its end is the last."""
        steps: list[dict[str, object]] = []
        reply = Reply()
        for args in commands(sandbox):
            self.say("\n$ " + " \\\n    --set ".join(typed(args).split(" --set ")))
            reply = self._program.main(args, prog_name="chat-migrate", standalone_mode=False)
            steps.append({"command": typed(args), **reply.as_object()})
            self.say(brief(reply.text))
            if reply.exit not in (DONE, WARNED):
                break
        fields = {"folder": str(place), "steps": steps, "notes": list(sandbox.notes)}
        return Reply(exit=reply.exit, fields=fields, problem=reply.problem)

    def wait(self, reply: Reply, sandbox: Sandbox) -> Reply:
        """Leave the target running until somebody has seen enough, which is no failure."""
        with suppress(KeyboardInterrupt):
            if self._as_json:
                publish(reply, as_json=True)
            self.say("\n" + "\n".join(sandbox.notes) + "\nCtrl-C stops it.")
            while True:
                time.sleep(1)
        return Reply(said=True)


def typed(args: Sequence[str]) -> str:
    return shlex.join(["chat-migrate", *args])


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """An empty folder: the one named, which stays, or one that goes afterwards."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="chat-migrate-demo-") as place:
            yield Path(place).resolve()
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            "demo-folder-taken",
            f"{folder} is not an empty folder.",
            "Name one that does not exist.",
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield folder.resolve()
