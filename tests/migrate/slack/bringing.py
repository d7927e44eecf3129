"""How the tests fetch from a fake: every body to its end, in a moment however long the waits, and
what must hold of the folder afterwards."""

import asyncio
import hashlib
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from migrate.slack.bodies import (
    Downloader,
    ExportToken,
    Fetched,
    Refusal,
    Tokens,
    Wanted,
    body_path,
)
from migrate.slack.hosts import Hosts
from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN, FakeSlack

BOTH = ([ExportToken("t", EXPORT_TOKEN)], USER_TOKEN)


class Waits:
    """A sleep that takes no time; `seconds` is how long each would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def want(fake: FakeSlack, name: str, *, mode: str = "hosted", mimetype: str = "") -> Wanted:
    """A body of the fake's, as an export describes it."""
    body = fake.bodies[name]
    return Wanted(name, fake.url_of(name), body.size, mode, mimetype or body.mimetype)


def bring(
    fake: FakeSlack,
    folder: Path,
    wanted: Iterable[Wanted],
    *,
    tokens: Tokens | None = None,
    hosts: Hosts | None = None,
    sleep: Waits | None = None,
    probe: Callable[[str, str], None] = lambda step, subject: None,
    parallel: int = 6,
    patience: float = 30.0,
) -> dict[str, Fetched | Refusal]:
    """The outcome of each, by id."""

    async def run() -> dict[str, Fetched | Refusal]:
        downloader = Downloader(
            folder,
            hosts or Hosts([fake.host]),
            tokens or Tokens(*BOTH),
            sleep=sleep or Waits(),
            probe=probe,
            parallel=parallel,
            patience=patience,
        )
        return {outcome.id: outcome async for outcome in downloader.fetch(wanted)}

    return asyncio.run(run())


def bring_one(fake: FakeSlack, folder: Path, wanted: Wanted, **more: object) -> str:
    """The code of a refusal; of a body that came, "whole", after it was held against the fake's."""
    outcome = bring(fake, folder, [wanted], **more)[wanted.id]  # type: ignore[arg-type]  # of `bring`
    if isinstance(outcome, Refusal):
        return outcome.code
    assert_stored(fake, folder, outcome)
    return "whole"


def assert_stored(fake: FakeSlack, folder: Path, outcome: Fetched | Refusal) -> None:
    """The body lies under its hash, is what the fake served, and only its owner may read it."""
    assert isinstance(outcome, Fetched), outcome
    body = fake.bodies[outcome.id]
    path = body_path(folder, outcome.sha256)
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == outcome.sha256 == body.sha256
    assert len(data) == outcome.size == body.size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def left_over(folder: Path) -> list[str]:
    """What lies in the folder beside stored bodies."""
    return sorted(path.suffix for path in folder.iterdir() if not path.is_dir())
