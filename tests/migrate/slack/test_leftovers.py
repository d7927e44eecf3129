"""What a fetch that ended early leaves, and what the next one makes of it."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from migrate.slack.bodies import Downloader, Fetched, Tokens, Wanted
from migrate.slack.hosts import Hosts
from migrate.slack.partial import BLOCK
from tests.fakes.slack import FakeSlack
from tests.migrate.slack.bringing import BOTH, bring, bring_one, left_over, want

LARGE = 3 * BLOCK + 12_345


def test_wanted_is_read_only_as_far_as_it_is_needed(fake: FakeSlack, tmp_path: Path) -> None:
    read = 0

    def wanted() -> Iterator[Wanted]:
        nonlocal read
        for number in range(500):
            fake.add(f"F{number}", 10)
            read += 1
            yield want(fake, f"F{number}")

    async def run() -> None:
        downloader = Downloader(tmp_path, Hosts([fake.host]), Tokens(*BOTH), parallel=4)
        async with aclosing(downloader.fetch(wanted())) as outcomes:
            count = 0
            async for _ in outcomes:
                count += 1
                assert read <= count + 8  # two for each connection
                if count == 50:
                    break

    asyncio.run(run())
    assert read <= 58


def test_a_fetch_that_is_left_early_leaves_what_it_has(fake: FakeSlack, tmp_path: Path) -> None:
    """And nothing runs on: no task, no thread, no connection."""
    fake.add("F1", 10)
    fake.add("F2", LARGE, faults=["stall"])

    async def run() -> int:
        begun = asyncio.Event()

        def probe(step: str, subject: str) -> None:
            if (step, subject) == ("body.part", "F2"):
                begun.set()

        downloader = Downloader(tmp_path, Hosts([fake.host]), Tokens(*BOTH), probe=probe)
        async with aclosing(downloader.fetch([want(fake, "F1"), want(fake, "F2")])) as outcomes:
            async for outcome in outcomes:
                assert outcome.id == "F1"
                await begun.wait()
                break
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1
    assert left_over(tmp_path) == [".part", ".tag"]
    assert bring_one(fake, tmp_path, want(fake, "F2")) == "whole"
    assert fake.sent("F2") <= LARGE + BLOCK
    assert fake.seen("F2")[-1].range


def test_what_another_process_left_is_gone_on_with(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", LARGE, faults=["cut", *["error-500"] * 6])  # type: ignore[list-item]  # a Fault
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "body-failing"
    assert left_over(tmp_path) == [".part", ".tag"]
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "whole"
    assert fake.sent("F1") == LARGE


@pytest.mark.parametrize("damage", ["tag", "part", "longer", "no tag", "no part"])
def test_leftovers_that_cannot_be_used_are_fetched_anew(
    fake: FakeSlack, tmp_path: Path, damage: str
) -> None:
    fake.add("F1", LARGE, faults=["cut", *["error-500"] * 6])  # type: ignore[list-item]  # a Fault
    bring_one(fake, tmp_path, want(fake, "F1"))
    (part,) = tmp_path.glob("*.part")
    tag = part.with_suffix(".tag")
    match damage:
        case "tag":
            tag.write_bytes(b"{")
        case "part":
            part.write_bytes(b"")
        case "longer":
            part.write_bytes(bytes(LARGE + 1))
        case "no tag":
            tag.unlink()
        case "no part":
            part.unlink()
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "whole"
    assert left_over(tmp_path) == []


def test_a_newer_picture_of_a_person_is_another_body(fake: FakeSlack, tmp_path: Path) -> None:
    """Under the same id, at another address: it does not go on with the older one's beginning."""
    fake.add("old", LARGE, faults=["cut", *["error-500"] * 6])  # type: ignore[list-item]  # a Fault
    fake.add("new", LARGE)
    bring(fake, tmp_path, [Wanted("U1", fake.url_of("old"), LARGE)])
    outcome = bring(fake, tmp_path, [Wanted("U1", fake.url_of("new"), LARGE)])["U1"]
    assert isinstance(outcome, Fetched)
    assert outcome.sha256 == fake.bodies["new"].sha256
    assert not fake.seen("new")[0].range
