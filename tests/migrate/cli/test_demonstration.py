"""`demo` without a homeserver: the commands it types, what it leaves, and where it cannot begin. On
a real Synapse it is shown in tests/live."""

import importlib.util
import json
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from adapters.memory.adapter import MemoryAdapter
from migrate.cli import demonstration
from migrate.errors import UsageError
from migrate.registry import Registry
from migrate.spi import Sandbox
from tests.migrate.cli.terminal import type_in

COMMANDS = ["inspect", "init", "plan", "run", "verify"]


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The memory target as one that can be started; the list tells what happened to it."""
    story: list[str] = []

    class Startable(MemoryAdapter):
        @contextmanager
        def sandbox(self, folder: Path, project: Path) -> Iterator[Sandbox]:
            story.append("started")
            try:
                yield Sandbox(settings={"path": "log of all.jsonl"}, notes=("Look into the log.",))
            finally:
                story.append("stopped")

    registry = Registry({"memory": Startable()})
    monkeypatch.setattr(demonstration, "Registry", lambda: registry)
    monkeypatch.setattr(demonstration, "_ADAPTER", "memory")
    return story


def test_the_whole_way_as_one_object(memory: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ended = type_in("demo", "--folder", folder, "--json")
    assert ended.exit == ended.object["exit"] == 0, ended.err
    steps = ended.object["steps"]
    assert [shlex.split(step["command"])[1] for step in steps] == COMMANDS
    assert steps[0]["counts"]["messages"] == steps[3]["sent"]["messages"] + 1 == 1707
    assert steps[4]["missing"] == steps[4]["different"] == dict.fromkeys(steps[4]["missing"], 0)
    assert ended.object["notes"] == ["Look into the log."]
    assert (folder / "acme" / "log of all.jsonl").is_file()
    assert memory == ["started", "stopped"]


def test_each_command_is_shown_as_a_user_would_type_it(memory: list[str]) -> None:
    ended = type_in("demo")
    shown = ended.out.replace(" \\\n", " ")
    typed = [shlex.split(line[2:]) for line in shown.splitlines() if line.startswith("$ ")]
    assert [args[:2] for args in typed] == [["chat-migrate", name] for name in COMMANDS]
    assert "target.path=log of all.jsonl" in typed[1]
    assert "All is well: " in ended.out
    assert "--keep" in ended.out


def test_nothing_is_left_of_it(
    memory: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    here = Path.cwd()
    assert type_in("demo").exit == 0
    assert list(tmp_path.iterdir()) == []
    assert Path.cwd() == here


def test_a_step_that_fails_is_the_last(
    memory: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise UsageError("no-luck", "There was no luck.", "Have some.")

    monkeypatch.setattr("migrate.runner.run", refuse)
    told, spoken = type_in("demo", "--json"), type_in("demo")
    assert told.exit == spoken.exit == 2
    assert len(told.object["steps"]) == 4
    assert told.object["error"]["code"] == "no-luck"
    assert "There was no luck." in spoken.err
    assert memory == ["started", "stopped"] * 2


def test_keep_waits_for_ctrl_c_and_that_is_no_failure(tmp_path: Path) -> None:
    # In a process of its own, with the memory target as one that can be started.
    program = (
        "import signal\n"
        "from contextlib import contextmanager\n"
        "from adapters.memory.adapter import MemoryAdapter\n"
        "from migrate.cli import demonstration, main\n"
        "from migrate.spi import Sandbox\n"
        "@contextmanager\n"
        "def sandbox(self, folder, project):\n"
        "    yield Sandbox(settings={}, notes=('Look.',))\n"
        "    print('stopped')\n"
        # A suite that runs in the background is deaf to Ctrl-C, and its children with it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "MemoryAdapter.sandbox = sandbox\n"
        "demonstration._ADAPTER = 'memory'\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    script = tmp_path / "kept.py"
    script.write_text(program)
    running = subprocess.Popen(
        [sys.executable, script, "demo", "--keep", "--json"], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    ready = json.loads(running.stdout.readline())
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    assert ready["notes"] == ["Look."]
    assert rest == "stopped\n"
    assert running.returncode == 0


def test_a_target_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "_ADAPTER", "memory")
    ended = type_in("demo", "--json")
    assert (ended.exit, ended.object["error"]["code"]) == (2, "demo-impossible")


def test_without_synapse_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec

    def find_others(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "synapse" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_others)
    ended = type_in("demo", "--json")
    assert (ended.exit, ended.object["error"]["code"]) == (2, "synapse-missing")
    assert "chat-migrate[synapse]" in ended.object["error"]["advice"]


def test_the_example_export_is_found_in_a_checkout() -> None:
    assert demonstration.find_export().name == "acme-export.zip"
