"""The example export through a real Zulip's own importer and back out of its exporter. Needs a
server's shell: ZULIP_MANAGE is the command that runs its manage.py as the user zulip, such as
/home/zulip/deployments/current/manage.py, ZULIP_PROFILE its major version. An organization of its
own is made there, and deleted again."""

import os
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.zulip.directory.stamping import STAMP_FILE
from migrate import runner
from migrate.runner import World
from tests.fakes.slack_files import serve_example

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("zulip")]

MANAGE, PROFILE = os.environ.get("ZULIP_MANAGE", ""), os.environ.get("ZULIP_PROFILE", "")

needs_shell = pytest.mark.skipif(
    not (MANAGE and PROFILE), reason="ZULIP_MANAGE and ZULIP_PROFILE name no server's shell"
)


def manage(*args: str) -> None:
    """One command of the server's. What it says is shown where the test fails."""
    command = [*shlex.split(MANAGE), *args]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stdout[-2_000:] + ended.stderr[-2_000:]


@pytest.fixture
def subdomain() -> Iterator[str]:
    name = f"cm{secrets.token_hex(4)}"
    yield name
    # Nothing is there to delete where the test ended before its import.
    command = [*shlex.split(MANAGE), "delete_realm", "-r", name]
    subprocess.run(command, input=f"{name}\n", capture_output=True, text=True, timeout=600)


@needs_shell
@pytest.mark.parametrize("user_messages", ["full", "idle"])
def test_the_example_comes_out_of_the_server_as_it_went_in(
    tmp_path: Path, subdomain: str, user_messages: str
) -> None:
    settings: dict[str, object] = {
        "target.subdomain": subdomain,
        "target.profile": PROFILE,
        "target.owner": "mara@acme.example",
        "target.user_messages": user_messages,
        "files.missing": "link",
        "source.notices": "keep",
    }
    folder = tmp_path / "project"
    with serve_example(tmp_path) as example:
        world = World(environ=example.environ, workers=1)
        settings |= example.settings
        runner.init(folder, [example.export], "zulip", settings, world)
        runner.fetch(runner.open_project(folder), world)
    project = runner.open_project(folder)
    if PROFILE != "9":
        told = tmp_path / "told"
        told.mkdir(mode=0o777)
        script = "from zerver.lib.export import do_common_export_processes as tell"
        manage("shell", "-c", f"{script}; tell({str(told)!r})")
        runner.stamp(project, told / STAMP_FILE, world)
    runner.plan(project, world)
    sent = runner.run(project, world).sent

    manage("import", subdomain, str(folder / "zulip"))
    out = tmp_path / "out"
    manage("export", "-r", subdomain, "--output", str(out), "--threads", "1")

    exported: dict[str, object] = {"target.export": f"{out}.tar.gz"}
    verified = runner.verify(runner.open_project(folder, exported), world)
    assert verified.against == "server"
    assert verified.audience_wider == 0
    for found in (verified.missing, verified.different, verified.extra, verified.duplicate):
        assert not any(found.values()), verified
    for kind in ("conversations", "messages", "notices", "reactions", "files"):
        assert (verified.checked[kind], verified.unchecked[kind]) == (sent[kind], 0), kind
