"""Bodies from a fake Slack that misbehaves in every way that real ones do: what comes is whole,
what does not come says why, and the tokens go to Slack alone."""

import asyncio
import errno
import os
import stat
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.errors import Fatal
from migrate.slack.bodies import Downloader, Fetched, Refusal, Tokens, Wanted
from migrate.slack.codes import CODES
from migrate.slack.hosts import Hosts
from migrate.slack.partial import BLOCK
from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN, FakeSlack
from tests.fakes.slack_bodies import Fault
from tests.migrate.slack.bringing import (
    BOTH,
    Waits,
    assert_stored,
    bring,
    bring_one,
    left_over,
    want,
)

LARGE = 3 * BLOCK + 12_345
FAULTS: tuple[Fault, ...] = get_args(Fault)

# Long enough for a busy machine, but for bodies that never come on.
PATIENCE = {"stall": 0.3}

# What a single occurrence in the middle of a body costs; whatever is not named costs nothing.
ONCE = {"elsewhere": "body-redirect"}

# What it comes to where every request meets it.
ALWAYS = {
    "sign-in": "body-sign-in",
    "sign-in-redirect": "body-sign-in",
    "cut": "body-failing",
    "stall": "body-failing",
    "drop": "body-failing",
    "range-refused": "body-failing",
    "shorter": "body-size",
    "longer": "body-size",
    "length-lies": "body-size",
    "elsewhere": "body-redirect",
    "onward": "body-redirect",
    "endless": "body-redirect",
    "denied": "body-denied",
    "gone": "body-gone",
    **{f"error-{status}": "body-failing" for status in (500, 502, 503, 504)},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_once_in_the_middle_of_a_body(
    fake: FakeSlack, tmp_path: Path, fault: Fault
) -> None:
    fake.add("F1", LARGE, faults=["cut", fault])
    code = bring_one(fake, tmp_path, want(fake, "F1"), patience=PATIENCE.get(fault, 30.0))
    assert code == ONCE.get(fault, "whole")
    if fault not in ONCE:
        assert left_over(tmp_path) == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("size", [1_000, LARGE])
def test_a_fault_at_every_request(fake: FakeSlack, tmp_path: Path, fault: Fault, size: int) -> None:
    fake.add("F1", size, always=fault)
    if fault == "busy":
        with pytest.raises(Fatal) as caught:
            bring_one(fake, tmp_path, want(fake, "F1"))
        assert caught.value.code == "slack-unreachable"
        return
    code = bring_one(fake, tmp_path, want(fake, "F1"), patience=PATIENCE.get(fault, 30.0))
    # A small body comes before its length turns out to be a lie.
    cut = "body-failing" if (fault, size) == ("length-lies", 1_000) else ""
    assert code == (cut or ALWAYS.get(fault, "whole"))
    assert code in {*CODES, "whole"}
    assert len(fake.seen("F1")) <= 14
    # Only what can be gone on with is kept.
    assert left_over(tmp_path) in ([], [".part"], [".part", ".tag"])
    if code != "body-failing":
        assert left_over(tmp_path) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, LARGE),
            st.lists(st.sampled_from(sorted(set(FAULTS) - {"stall", "elsewhere"})), max_size=4),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_mixtures_of_faults(
    tmp_path_factory: pytest.TempPathFactory,
    bodies: list[tuple[int, list[Fault], bool]],
) -> None:
    """However they fall together: a body that is reported as fetched is the one that was served,
    and what Slack gives in the end does come."""
    folder = tmp_path_factory.mktemp("bodies")
    with FakeSlack().running() as fake:
        for number, (size, faults, validators) in enumerate(bodies):
            fake.add(f"F{number}", size, faults=faults, validators=validators)
        first = bring(fake, folder, [want(fake, name) for name in fake.bodies])
        assert set(first) == set(fake.bodies)
        for outcome in first.values():
            if isinstance(outcome, Fetched):
                assert_stored(fake, folder, outcome)
        for body in fake.bodies.values():
            body.faults.clear()
        again = bring(fake, folder, [want(fake, name) for name in fake.bodies])
        for outcome in again.values():
            assert_stored(fake, folder, outcome)
        assert left_over(folder) == []
        assert {seen.token for seen in fake.ledger} <= {EXPORT_TOKEN, USER_TOKEN, ""}


def test_what_was_fetched_before_a_cut_is_not_fetched_again(
    fake: FakeSlack, tmp_path: Path
) -> None:
    fake.add("F1", LARGE, faults=["cut", "error-503", "cut", "busy", "cut"])
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "whole"
    assert fake.sent("F1") == LARGE


def test_a_range_is_asked_for_only_if_the_body_is_still_the_same(
    fake: FakeSlack, tmp_path: Path
) -> None:
    body = fake.add("F1", LARGE, faults=["cut", "changed"])
    before, etag = body.sha256, body.etag
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "whole"
    assert body.sha256 != before
    assert fake.seen("F1")[1].condition == etag
    assert fake.sent("F1") > LARGE


def test_waits_grow_and_follow_retry_after(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", 10, faults=["error-500", "error-502", "busy", "error-503"], retry_after="37")
    waits = Waits()
    assert bring_one(fake, tmp_path, want(fake, "F1"), sleep=waits) == "whole"
    assert waits.seconds == [1.0, 2.0, 37.0, 4.0]


def test_while_slack_asks_to_wait_nobody_asks(fake: FakeSlack, tmp_path: Path) -> None:
    """All requests of a workspace are counted together, so a pause is everybody's."""
    fake.add("F0", 10, faults=["busy"])
    for number in range(1, 25):
        fake.add(f"F{number}", 100, always="drip")  # which takes a while
    asked: list[int] = []

    class Slow(Waits):
        async def __call__(self, seconds: float) -> None:
            await asyncio.sleep(0.1)  # for requests that are under way already
            before = len(fake.ledger)
            await asyncio.sleep(0.6)
            asked.append(len(fake.ledger) - before)

    outcomes = bring(fake, tmp_path, [want(fake, n) for n in fake.bodies], sleep=Slow(), parallel=3)
    assert all(isinstance(outcome, Fetched) for outcome in outcomes.values())
    assert asked == [0]


def test_who_is_told_to_wait_for_hours_comes_back_later(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", 10, faults=["busy"], retry_after="7200")
    with pytest.raises(Fatal) as caught:
        bring_one(fake, tmp_path, want(fake, "F1"))
    assert caught.value.code == "slack-unreachable"
    assert "120 minutes" in caught.value.message


def test_a_host_that_cannot_be_reached_ends_the_fetch_after_what_came(tmp_path: Path) -> None:
    with FakeSlack().running() as fake:
        fake.add("F1", 10)
        there = want(fake, "F1")
    gone = Wanted("F2", there.url.replace("F1", "F2"), 10)
    waits = Waits()
    with pytest.raises(Fatal) as caught:
        bring(fake, tmp_path, [gone, there], sleep=waits, parallel=1)
    assert caught.value.code == "slack-unreachable"
    assert waits.seconds == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_outcomes_come_before_the_error_that_ends_a_fetch(tmp_path: Path) -> None:
    async def run() -> list[str]:
        downloader = Downloader(tmp_path, Hosts([fake.host]), Tokens(*BOTH), sleep=short)
        came = []
        with pytest.raises(Fatal):
            async for outcome in downloader.fetch(wanted):
                came.append(outcome.id)
        return came

    async def short(seconds: float) -> None:
        await asyncio.sleep(0.05)

    with FakeSlack().running() as fake:
        fake.add("F1", 10)
        fake.add("F2", 10, always="busy")
        wanted = [want(fake, "F1"), want(fake, "F2")]
        assert asyncio.run(run()) == ["F1"]


def test_a_slack_that_answers_nothing_but_errors_ends_the_fetch(
    fake: FakeSlack, tmp_path: Path
) -> None:
    for number in range(40):
        fake.add(f"F{number}", 10, always="error-503")
    with pytest.raises(Fatal) as caught:
        bring(fake, tmp_path, [want(fake, name) for name in fake.bodies])
    assert caught.value.code == "slack-unreachable"


def test_a_host_of_pictures_that_cannot_be_reached_is_no_reason_to_stop(
    fake: FakeSlack, tmp_path: Path
) -> None:
    with FakeSlack().running() as pictures:
        pass
    fake.add("F1", 10)
    avatars = [Wanted(f"U{n}", f"{pictures.url}/{n}.png", mimetype="image/png") for n in range(30)]
    waits = Waits()
    outcomes = bring(
        fake,
        tmp_path,
        [*avatars, want(fake, "F1")],
        hosts=Hosts([fake.host], [pictures.host]),
        sleep=waits,
    )
    assert isinstance(outcomes.pop("F1"), Fetched)
    assert {o.code for o in outcomes.values() if isinstance(o, Refusal)} == {"body-failing"}
    # The first few wait; the rest know already.
    assert len(waits.seconds) <= 6 * 5


def test_one_body_under_two_ids_is_stored_once(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", text=b"the same words")
    fake.add("F2", text=b"the same words")
    outcomes = bring(fake, tmp_path, [want(fake, "F1"), want(fake, "F2")])
    for outcome in outcomes.values():
        assert_stored(fake, tmp_path, outcome)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_an_empty_file_is_a_body(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", 0)
    assert bring_one(fake, tmp_path, want(fake, "F1")) == "whole"


def test_the_size_of_a_snippet_is_only_about_right(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", text=b"print(1)\n", mimetype="text/plain")
    wanted = Wanted("F1", fake.url_of("F1"), 8, "snippet", "text/plain")
    assert bring_one(fake, tmp_path, wanted) == "whole"


def test_an_answer_of_no_bytes_is_no_snippet(fake: FakeSlack, tmp_path: Path) -> None:
    fake.add("F1", 0)
    wanted = Wanted("F1", fake.url_of("F1"), 8, "snippet", "text/plain")
    assert bring_one(fake, tmp_path, wanted) == "body-size"


def test_a_body_without_end_is_let_go(fake: FakeSlack, tmp_path: Path) -> None:
    """What is longer than it should be is not first fetched to its end."""
    fake.add("F1", 60 * BLOCK, always="no-length")
    wanted = Wanted("F1", fake.url_of("F1"), BLOCK)
    assert bring_one(fake, tmp_path, wanted) == "body-size"
    assert fake.sent("F1") < 40 * BLOCK


def test_a_disk_that_is_full_ends_the_fetch(
    fake: FakeSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "a-private-name")

    fake.add("F1", LARGE)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Fatal) as caught:
        bring(fake, tmp_path, [want(fake, "F1")])
    assert caught.value.code == "disk-refused"
    assert "No space left" in caught.value.message
    assert "a-private-name" not in caught.value.message


def test_a_folder_that_cannot_be_made_is_explained(fake: FakeSlack, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(Fatal) as caught:
        bring(fake, tmp_path / "files", [])
    assert caught.value.code == "disk-refused"


@pytest.mark.parametrize(
    "name", ["a%20b.png", "%E5%90%8D.png", "名.png", "a+b%2Bc.png", "a%2525.png"]
)
def test_names_in_addresses_arrive_as_they_were_written(
    fake: FakeSlack, tmp_path: Path, name: str
) -> None:
    fake.add("F1", 10)
    fake.bodies[unquote(name)] = fake.bodies["F1"]
    wanted = Wanted("F1", f"{fake.url}/onward/{name}", 10)
    assert bring_one(fake, tmp_path, wanted) == "whole"
