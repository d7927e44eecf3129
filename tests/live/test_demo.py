"""`chat-migrate demo` as a newcomer types it, in a process of its own, on a Synapse that it starts;
and the README's sight of it held against what it prints."""

import re
from pathlib import Path

import pytest

from tests.migrate.cli.terminal import Ended, spawn
from tests.test_readme import README, blocks

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    folder = tmp_path_factory.mktemp("demo") / "here"
    return spawn("demo", "--folder", folder, patience=600), folder


def test_the_demo_brings_everything_over(demo: tuple[Ended, Path]) -> None:
    ended, folder = demo
    assert ended.exit == 0, ended.err
    assert "\nAll is well: " in ended.out
    assert (folder / "acme" / "reports" / "plan.html").is_file()
    assert "Traceback" not in ended.err


def test_the_readme_shows_what_the_demo_prints(demo: tuple[Ended, Path]) -> None:
    printed = calm(demo[0].out)
    (shown,) = (each for each in blocks(README, "text") if each.startswith("$ chat-migrate plan"))
    assert [line for line in calm(shown) if line not in printed] == []


def calm(text: str) -> list[str]:
    """Lines without what differs from run to run: times and digests."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "DIGEST", text)
    return re.sub(r"\b(\d+ h )?(\d+ min )?\d+ (s|min)\b", "TIME", text).splitlines()
