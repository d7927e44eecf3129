"""An archive of a hundred thousand messages, from the export on: held against the importer's rules
as they were written apart from the adapter, and read back whole."""

from pathlib import Path

import pytest

from adapters.mattermost import adapter
from migrate import runner
from migrate.registry import Registry
from migrate.runner import World
from tests.adapters.mattermost.rules import problems
from tests.generate import write_export

pytestmark = pytest.mark.soak

MESSAGES = 100_000


@pytest.mark.parametrize("profile", ["11", "5.37"])
def test_archive_of_a_generated_export(tmp_path: Path, profile: str) -> None:
    export, folder = tmp_path / "export.zip", tmp_path / "project"
    truth = write_export(export, messages=MESSAGES, conversations=200, files=0.02)
    registry, world = Registry({"mattermost": adapter}), World(environ={}, workers=2)
    settings = {"target.team": "acme", "target.profile": profile, "files.missing": "link"}
    runner.init(folder, [export], "mattermost", settings, world, registry)
    project = runner.open_project(folder, {}, registry)
    runner.plan(project, world)
    summary = runner.run(project, world)
    assert summary.sent["messages"] == truth.counts.messages == MESSAGES
    assert not any(summary.failed.values())
    assert problems(folder / "mattermost.zip", old=profile == "5.37") == []
    verified = runner.verify(project, world)
    assert verified.checked["messages"] == MESSAGES
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
