"""How every command ends: with one reply, printed as words for a person or as one JSON object for a
script, and an exit code. What the words are is in `screens`."""

import json
import os
import sys
from collections.abc import Mapping
from typing import TextIO

import msgspec

DONE = 0
WARNED = 1
USAGE = 2
BUG = 70
INTERRUPTED = 130


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, in one sentence, and what to do next."""

    code: str
    message: str
    advice: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`fields` are the command's own keys of the JSON object, `text` the same for a person. A reply
    may have fields and a problem both: a plan with blockers is complete, and no success. `said` is
    one that has been printed already."""

    exit: int = DONE
    fields: Mapping[str, object] = {}
    text: str = ""
    problem: Problem | None = None
    said: bool = False

    def as_object(self) -> dict[str, object]:
        """The object of `--json`."""
        head: dict[str, object] = {"ok": self.exit in (DONE, WARNED), "exit": self.exit}
        if self.problem is not None:
            head["error"] = msgspec.to_builtins(self.problem)
        return head | dict(self.fields)


def summarized(
    summary: msgspec.Struct, exit: int, text: str, problem: Problem | None = None
) -> Reply:
    """The reply of a command that came to its end, whatever it found."""
    fields: dict[str, object] = msgspec.to_builtins(summary)
    fields.pop("exit", None)
    return Reply(exit=exit, fields=fields, text=text, problem=problem)


def publish(reply: Reply, as_json: bool) -> None:
    """Print a reply: the object or the words to stdout, a problem in words to stderr."""
    if reply.said:
        return
    if as_json:
        # ASCII: a path in it may hold what no encoding has.
        write(sys.stdout, json.dumps(reply.as_object()))
    elif reply.text:
        write(sys.stdout, reply.text)
    elif reply.problem is not None:
        advice = f"\n{reply.problem.advice}" if reply.problem.advice else ""
        write(sys.stderr, f"chat-migrate: {reply.problem.message}{advice}")


def write(stream: TextIO, text: str) -> None:
    """Write lines to a stream whose reader may be gone and whose encoding may be small: neither is
    a reason for a command that has done its work to fail.

    Raises OSError where what was asked for is lost, on a full disk for instance.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = f"{visible(text)}\n".encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(shown)
        stream.flush()
    except (BrokenPipeError, ValueError):
        _turn_away(stream)
    except OSError:
        _turn_away(stream)
        raise


def visible(text: str) -> str:
    """`text` without what would steer a terminal: names in an export are anybody's."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text
    )


def _turn_away(stream: TextIO) -> None:
    """Let what is still written go nowhere, the interpreter's own last flush included."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
