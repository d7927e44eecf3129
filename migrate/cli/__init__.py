"""The command line: reads what was typed, calls the runner, shows what came of it. It decides
nothing about a migration; it alone prints, draws bars and ends the process."""

import os
import sys
from importlib import import_module

from migrate.cli.reply import INTERRUPTED, USAGE, Problem, Reply, publish

PACKAGES = ("mappings", "migrate", "adapters")


def main() -> None:
    """The entry point of `chat-migrate`."""
    _fill_standard_streams()
    try:
        if problem := find_stranger():
            publish(Reply(exit=USAGE, problem=problem), "--json" in sys.argv)
            sys.exit(USAGE)
        # Only now: what stands above it imports these packages.
        from migrate.cli.commands import app

        app(prog_name="chat-migrate")
    except KeyboardInterrupt:  # before or after the command itself, which answers for its own
        sys.exit(INTERRUPTED)


def _fill_standard_streams() -> None:
    """A standard stream that was closed lends its number to the next file that is opened, which
    may be state.db; what is written to that number would land in it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # Python has None for a stream that was closed when it started.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115


def find_stranger() -> Problem | None:
    """A package that bears the name of one of ours and is not: their names are common ones."""
    for name in PACKAGES:
        try:
            package = import_module(name)
        except ImportError:
            package = None
        if getattr(package, "__owner__", "") != "chat-migrate":
            return Problem(
                "package-taken",
                f"The Python package {name!r} found here is not chat-migrate's.",
                "Install chat-migrate in an environment of its own, with pipx or uv.",
            )
    return None
