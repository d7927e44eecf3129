"""How fast something went: events, seconds and what the two processes spent on them. An import is
paced here, from its first message to its last mark; what it is compared with lies in `replay`."""

import time
from pathlib import Path

import msgspec
import psutil

from migrate import runner
from migrate.runner import World

_SENDS = ("message.noted", "reaction.noted", "seal.noted")


class Pace(msgspec.Struct, frozen=True):
    """`client_cpu` and `server_cpu` are seconds of processor time in the same span."""

    events: int
    seconds: float
    client_cpu: float
    server_cpu: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def __str__(self) -> str:
        client, server = (
            1_000 * spent / self.events for spent in (self.client_cpu, self.server_cpu)
        )
        return (
            f"{self.rate:6.1f} events/s ({self.events} in {self.seconds:.1f} s);"
            f" CPU ms an event: client {client:.2f}, Synapse {server:.2f}"
        )


def settle(server: psutil.Process) -> None:
    """Wait until a homeserver has done what it puts off: joins fill its directory of people and its
    statistics for seconds afterwards, and that is no part of sending."""
    for _ in range(60):
        before = busy(server)
        time.sleep(0.5)
        if busy(server) - before < 0.03:
            return


def busy(process: psutil.Process) -> float:
    """Seconds of processor time that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def pace_run(project: Path, server_pid: int, events: int) -> Pace:
    """`run` a project that was planned; timed from the first message's intent to the last result
    that is on the disk, seals included. `events` is how many that makes at the homeserver."""
    server = psutil.Process(server_pid)
    begun: list[tuple[float, float, float]] = []
    ended = (0.0, 0.0)

    def probe(step: str, subject: str) -> None:
        nonlocal ended
        if step == "message.intended" and not begun:
            settle(server)
            begun.append((time.perf_counter(), time.process_time(), busy(server)))
        elif step in _SENDS:
            ended = time.perf_counter(), time.process_time()

    summary = runner.run(runner.open_project(project), World(workers=1, probe=probe))
    assert not any(summary.failed.values()), summary.reasons
    start, spent, served = begun[0]
    return Pace(events, ended[0] - start, ended[1] - spent, busy(server) - served)
