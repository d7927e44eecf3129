"""A small export, and projects in each state, made once and copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.generate import write_export
from tests.migrate.cli.terminal import type_in


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exports") / "small.zip"
    write_export(path, messages=60, conversations=8, seed=3)
    return path


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, export: Path) -> Path:
    """A project of the memory target, as `init` leaves it."""
    folder = tmp_path_factory.mktemp("pristine") / "team"
    ended = type_in("init", folder, export, "--to", "memory", "--set", "files.missing=link")
    assert ended.exit == 0, ended.err
    return folder


@pytest.fixture
def project(pristine: Path, export: Path, tmp_path: Path) -> Path:
    """A copy to work on."""
    folder = tmp_path / "made" / "team"
    shutil.copytree(pristine, folder)
    config = folder / "migration.toml"
    lines = config.read_text("utf-8").splitlines(keepends=True)
    lines = [f'exports = ["{export}"]\n' if x.startswith("exports") else x for x in lines]
    config.write_text("".join(lines), "utf-8")
    return folder


@pytest.fixture
def planned(project: Path) -> Path:
    assert type_in("plan", project).exit in (0, 1)
    return project


@pytest.fixture
def sent(planned: Path) -> Path:
    assert type_in("run", planned).exit in (0, 1)
    return planned
