"""Being stopped: by the clock, by a signal, by a second one, and the streams that come and go."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.cli.work import at_work, next_moment
from migrate.errors import UsageError
from tests.generate import write_export
from tests.migrate.cli.terminal import command, spawn, type_in


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Written out, for a small system has no list of zones.
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("now", "hour", "moment"),
    [
        # 2024-05-31 22:00 CEST is 20:00 UTC; 05:30 is tomorrow, 23:15 today.
        (1717185600, "05:30", 1717212600),
        (1717185600, "5:30", 1717212600),
        (1717185600, "23:15", 1717190100),
        # 2024-03-30 22:00 CET, and the next morning has summer time.
        (1711832400, "05:30", 1711855800),
        # 2024-10-26 22:00 CEST, and the next morning has not.
        (1729972800, "05:30", 1730003400),
    ],
)
def test_the_hour_is_the_local_clocks_next(
    berlin: None, now: float, hour: str, moment: float
) -> None:
    assert next_moment(hour, now) == moment


def test_no_hour_is_no_end() -> None:
    assert next_moment("", 1717185600) is None


@pytest.mark.parametrize("text", ["24:00", "5", "05:60", "5.30", "05:30:00", "soon"])
def test_what_is_no_hour_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no time of day"):
        next_moment(text, 0)


def test_the_first_signal_asks_and_the_second_ends(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with at_work() as world:
        assert not world.stopped()
        os.kill(os.getpid(), signal.SIGTERM)
        assert world.stopped()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert capfd.readouterr().err.count("Stopping as soon as") == 1


def test_whoever_waits_for_a_server_can_be_stopped() -> None:
    with at_work() as world:
        started = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)
        asyncio.run(_wait(world.sleep(60)))
        assert time.monotonic() - started < 10


async def _wait(sleeping: object) -> None:
    await sleeping  # type: ignore[misc]  # an Awaitable, which asyncio.run does not take


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that takes the memory target some seconds."""
    path = tmp_path_factory.mktemp("large") / "large.zip"
    write_export(path, messages=6_000, conversations=20, seed=9)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_ends_in_good_order_and_goes_on(
    large: Path, tmp_path: Path, number: signal.Signals
) -> None:
    team = tmp_path / "team"
    assert type_in("init", team, large, "--to", "memory", "--set", "files.missing=link").exit == 0
    assert type_in("plan", team).exit in (0, 1)
    running = subprocess.Popen(
        command("run", team, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("Sending: "):
            break
    while not (team / "memory.jsonl").exists():
        time.sleep(0.01)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert '"exit": 130' in out
    assert "Traceback" not in err
    state = type_in("status", team, "--json").object
    assert state["open"]["messages"] > 0
    again = type_in("run", team, "--json")
    assert again.exit in (0, 1), again.out
    assert again.object["sent"]["messages"] + again.object["already"]["messages"] == 6_000
    assert type_in("verify", team).exit == 0


def test_a_command_that_sends_nothing_ends_at_once(large: Path) -> None:
    running = subprocess.Popen(
        command("inspect", large, large, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stderr is not None
    running.stderr.readline()
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert b'"code": "interrupted"' in out
    assert b"Traceback" not in err


def test_run_stops_at_the_hour(planned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrate.cli.work.next_moment", lambda text, now: now - 1)
    ended = type_in("run", planned, "--stop-at", "05:30", "--json")
    assert (ended.exit, ended.object["error"]["code"]) == (130, "interrupted")
    monkeypatch.undo()
    assert type_in("run", planned).exit in (0, 1)


@pytest.mark.parametrize("args", [["adapters"], ["adapters", "--json"], ["--help"]])
def test_a_reader_of_stdout_who_has_left(args: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(command(*args), stdout=writer, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(writer)
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_a_lost_reader_does_not_change_how_a_command_ended(planned: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command("run", planned), stdout=writer, stderr=writer, timeout=60, check=False
        )
    finally:
        os.close(writer)
    assert done.returncode in (0, 1)
    assert type_in("verify", planned).exit == 0


def test_stdout_holds_the_object_alone(planned: Path) -> None:
    ended = spawn("run", planned, "--json")
    assert ended.out.count("\n") == 1
    assert ended.object["ok"] is True
    assert "Sending: " in ended.err


def test_a_foreign_package_of_the_same_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "__init__.py").write_text("")
    ended = spawn("status", "x", "--json", environ={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path)
    assert (ended.exit, ended.object["error"]["code"]) == (2, "package-taken")
    assert "pipx" in ended.object["error"]["advice"]
