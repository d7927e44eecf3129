"""The one way in and out of every command: wrong usage, errors, bugs and interruptions become the
same kind of reply, and only here is it printed and the process ended."""

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from migrate.cli.reply import INTERRUPTED, USAGE, Problem, Reply, publish
from migrate.cli.trouble import reply_to

PROJECT = "chat-migrate.project"
"""Where a command notes its project's folder for `trouble`."""


class Program(TyperGroup):
    """The group of all commands. Each returns a `Reply` or raises."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Print the reply and end the process; return it where `standalone_mode` is off."""
        typed = list(sys.argv[1:] if args is None else args)
        try:
            answer = super().main(typed or ["--help"], prog_name, standalone_mode=False, **extra)
        except typer.Abort:
            answer = INTERRUPTED
        except Exception as error:
            if not _is_usage(error):
                raise
            answer = _refuse(error)
        # A number: --help and --version have printed what they have to say.
        reply = answer if isinstance(answer, Reply) else Reply(exit=int(answer or 0), said=True)
        if not standalone_mode:
            return reply
        try:
            publish(reply, "--json" in typed)
        except OSError as error:
            reply = reply_to(error, "", None)
            with suppress(OSError):
                publish(reply, as_json=False)
        sys.exit(reply.exit)

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Here and not in `main`, which makes a lost connection a quiet exit."""
        try:
            with terminable():
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if _is_usage(error):
                raise
            project = ctx.meta.get(PROJECT)
            at_home = isinstance(project, Path) and (project / "migration.toml").is_file()
            return reply_to(error, ctx.invoked_subcommand or "", project if at_home else None)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM means what Ctrl-C means."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _is_usage(error: BaseException) -> bool:
    # By its shape: typer brings this class from click or from a copy of its own.
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _refuse(error: Any) -> Reply:
    context = getattr(error, "ctx", None)
    asked = f"{context.command_path} --help" if context is not None else "chat-migrate --help"
    message = str(error.format_message()).strip()
    message += "" if message.endswith((".", "?", "!")) else "."
    return Reply(exit=USAGE, problem=Problem("usage", message, f"See `{asked}`."))
