"""The adapter in `examples/` is a package of its own: built, installed and tested from its own
`pyproject.toml`, and found by its entry point."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "third-party-adapter"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the example, and the folder that it was installed into; no index is asked."""
    source = tmp_path_factory.mktemp("example") / EXAMPLE.name
    shutil.copytree(EXAMPLE, source)
    site = tmp_path_factory.mktemp("site")
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    _python(["-m", "pip", "install", *offline, "--target", str(site), str(source)], source)
    return source, site


def test_it_passes_the_suite(installed: tuple[Path, Path]) -> None:
    source, site = installed
    shutil.rmtree(source / "chat_migrate_maildir")
    ran = _python(["-m", "pytest", "-q", "-p", "no:cacheprovider"], source, site)
    assert " passed" in ran.splitlines()[-1]


def test_the_command_lists_it(installed: tuple[Path, Path]) -> None:
    source, site = installed
    listed = _python(
        ["-c", "from migrate.registry import Registry; print(*Registry().names)"], source, site
    )
    assert "maildir" in listed.split()


def _python(arguments: list[str], folder: Path, *sites: Path) -> str:
    """Output of a Python that sees chat-migrate and these folders; the test fails with it."""
    places = [*map(str, sites), str(ROOT)]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(places), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
