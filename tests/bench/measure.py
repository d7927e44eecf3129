"""How long a command takes, how much processor time, and how much memory it and its children hold
at their peak. What is run, and what it ought to cost, is the benchmark's affair."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Collection, Sequence

import msgspec
import psutil

MEGABYTE = 1_000_000

INTERVAL = 0.02
"""Seconds between two looks; what lives shorter than that is not seen."""


class Peak(msgspec.Struct, frozen=True):
    """What one command took: wall seconds, the peak of its own process's resident memory, and that
    of the whole tree, in bytes. Pages that processes share are counted once for each of them, so
    the tree's figure is at most too high. `cpu_seconds` are of the whole tree, and know nothing of
    what else the machine was doing. `output` is its stdout."""

    seconds: float
    parent_bytes: int
    tree_bytes: int
    cpu_seconds: float
    output: bytes = b""

    def __str__(self) -> str:
        return (
            f"peak {self.tree_bytes / MEGABYTE:.0f} MB for all processes,"
            f" {self.parent_bytes / MEGABYTE:.0f} MB for the first"
        )


def peak_rss(command: Sequence[str], good: Collection[int] = (0,)) -> Peak:
    """Run a command to its end and watch it.

    Raises CalledProcessError where it ends with none of the `good` codes; its stderr is then in the
    error.
    """
    # Not pipes: nobody reads while the command runs, and bars fill one.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        spent = _spent_by_children()
        started = time.monotonic()
        process = psutil.Popen(command, stdout=output, stderr=errors)
        parent = tree = 0
        try:
            while process.poll() is None:
                own, others = _resident(process)
                parent = max(parent, own)
                tree = max(tree, own + others)
                time.sleep(INTERVAL)
            seconds = time.monotonic() - started
        finally:
            _end(process)
        output.seek(0)
        errors.seek(0)
        if process.returncode not in good:
            raise subprocess.CalledProcessError(process.returncode, command, stderr=errors.read())
        return Peak(seconds, parent, tree, _spent_by_children() - spent, output.read())


def _spent_by_children() -> float:
    """Seconds of processor time of all children that have ended, and of theirs."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def _resident(process: psutil.Popen) -> tuple[int, int]:
    """Bytes of the process itself and of all below it; those that end meanwhile have none."""
    try:
        own = process.memory_info().rss
        below = process.children(recursive=True)
    except psutil.Error:
        return 0, 0
    others = 0
    for child in below:
        try:
            others += child.memory_info().rss
        except psutil.Error:
            continue
    return own, others


def _end(process: psutil.Popen) -> None:
    """Leave nothing running where the watching itself was interrupted."""
    if process.poll() is not None:
        return
    for each in [*process.children(recursive=True), process]:
        try:
            each.kill()
        except psutil.Error:
            continue
    process.wait()
