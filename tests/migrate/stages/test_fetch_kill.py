"""A fetch killed at every step it takes, and at others by chance, and run again: every body whole,
and what is there never asked for again."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.stages.fetch import STEPS
from tests.fakes.slack import USER_TOKEN, FakeSlack
from tests.migrate.source.build import ANN, BOB
from tests.migrate.stages.fetching import Fetching

CHECKOUT = Path(__file__).parents[3]

LARGE = {f"F{n}": 2_500_000 + n for n in range(3)}
"""Worth resuming: no more of them is lost than what was under way."""

SMALL = {f"F{n}": 10_000 + n for n in range(3, 12)}
INSIDE = ("F12", "F13")


@pytest.fixture
def fetching(tmp_path: Path) -> Iterator[Fetching]:
    with FakeSlack().running() as slack, FakeSlack().running() as images:
        fetching = Fetching(tmp_path, slack, images)
        for id, size in {**LARGE, **SMALL}.items():
            fetching.file(id, size)
        for id in INSIDE:
            fetching.file(id, text=id.encode())
            fetching.more = fetching.more | {f"__uploads/{id}/a.txt": id.encode()}
        images.add("avatar-U0ANN", 900, needs=())
        images.add("emoji-party", 800, needs=())
        ann = ANN | {"profile": {"image_72": images.url_of("avatar-U0ANN")}}
        fetching.users = [ann, BOB]
        slack.api.emoji = {"party": images.url_of("emoji-party")}
        slack.api.bookmarks["C0GENERAL"] = [{"title": "Wiki", "link": "https://wiki.example/"}]
        yield fetching


class Kills:
    """Fetches in processes that are killed on the way."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self.count = 0
        # The large bodies that lay in their place, and how many requests there were by then.
        self.stored: dict[str, int] = {}

    def kill(self, step: str, nth: int) -> bool:
        """Whether the fetch came so far."""
        self._fetching.project()
        words = [str(self._fetching.folder), step, str(nth)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.migrate.stages.fetcher", *words],
            cwd=CHECKOUT,
            env=os.environ | {"SLACK_TOKEN": USER_TOKEN},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        for line in done.stdout.decode().splitlines():
            taken, _, id = line.partition(" ")
            if taken == "body.stored" and id in LARGE:
                self.stored[id] = len(self._fetching.slack.seen(id))
        self.count += done.returncode != 0
        return done.returncode != 0


def assert_whole(fetching: Fetching, kills: Kills) -> None:
    """One more fetch, and everything is there."""
    noted = {name for name in (*LARGE, *SMALL) if fetching.held(name)}
    before = len(fetching.slack.ledger)
    summary = fetching.fetch()
    assert summary.exit == 0, summary
    for id in (*LARGE, *SMALL, *INSIDE, "avatar/U0ANN", "emoji/party"):
        assert fetching.is_whole(id), id
    assert not noted & {seen.name for seen in fetching.slack.ledger[before:]}
    for id, count in kills.stored.items():
        assert len(fetching.slack.seen(id)) == count, id
    for id in LARGE:
        starts = [int(seen.range[6:-1] or 0) for seen in fetching.slack.seen(id)]
        assert starts == sorted(starts), id
    assert not any(fetching.slack.seen(id) for id in INSIDE)
    left = [path.name for path in (fetching.folder / "files").iterdir() if path.is_file()]
    assert left == []
    last = fetching.fetch()
    assert not any(last.fetched.values())


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step(fetching: Fetching, step: str) -> None:
    kills = Kills(fetching)
    assert kills.kill(step, 1)
    assert kills.kill(step, 2)
    assert_whole(fetching, kills)


@pytest.mark.parametrize("seed", range(4))
def test_killed_again_and_again(fetching: Fetching, seed: int) -> None:
    chance = random.Random(seed)
    kills = Kills(fetching)
    for _ in range(6):
        kills.kill("any", chance.randint(1, 30))
    assert kills.count >= 1
    assert_whole(fetching, kills)
