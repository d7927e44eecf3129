"""The speed of `run` into a Synapse, beside a bare load generator that sends the same events to the
same homeserver: a ratio, for both hang on the machine and on the homeserver alike."""

import multiprocessing
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from tests.bench.machine import say
from tests.bench.pace import Pace, pace_run
from tests.bench.replay import Room, count_talk, read_history, replay
from tests.generate import write_export
from tests.live.migration import Migration
from tests.live.synapse import Synapse, synapse

__all__ = ["synapse"]

pytestmark = pytest.mark.bench

MESSAGES = 1_200
PAIRS = 3

_R = TypeVar("_R")


def test_run_keeps_up_with_bare_load(synapse: Synapse, tmp_path: Path) -> None:
    export = tmp_path / "export.zip"
    write_export(export, messages=MESSAGES, conversations=24, people=10, seed=7)
    say(
        "`run` into Matrix, beside a bare load generator", "matrix-synapse", "matrix-nio", "aiohttp"
    )
    first = _Import(synapse, export, tmp_path / "first")
    first.run(1)
    history = read_history(first.migration.config, synapse.admin)
    counts = count_talk(history)
    print(f"{len(history) - 1} rooms;", ", ".join(f"{n} {type}" for type, n in counts.items()))
    events = sum(counts.values())
    ratios = []
    for number in range(PAIRS):
        ours = _Import(synapse, export, tmp_path / f"pair-{number}")
        if number % 2:
            bare, run = _replay(synapse, first, history), ours.run(events)
        else:
            run, bare = ours.run(events), _replay(synapse, first, history)
        assert count_talk(read_history(ours.migration.config, synapse.admin)) == counts
        ratios.append(run.rate / bare.rate)
        print(f"run   {run}\nbare  {bare}\nratio {ratios[-1]:.3f}")
    print(f"median ratio of {PAIRS} pairs, order swapped in every second: ", end="")
    print(f"{statistics.median(ratios):.3f} (aim: 0.90)")


class _Import:
    """A project of its own, planned."""

    def __init__(self, synapse: Synapse, export: Path, folder: Path) -> None:
        folder.mkdir()
        self.migration = Migration(synapse.config(), folder, export)
        self._server = synapse.server.pid
        planned = self.migration.plan()
        assert not planned.blockers, planned.blockers

    def run(self, events: int) -> Pace:
        return _alone(pace_run, self.migration.folder, self._server, events)


def _replay(synapse: Synapse, first: _Import, history: list[Room]) -> Pace:
    fresh, old = synapse.config(), first.migration.config
    return _alone(replay, history, old, fresh, synapse.server.pid)


def _alone(work: Callable[..., _R], *arguments: object) -> _R:
    """Done in a process of its own, so that neither side carries this one's weight."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()
