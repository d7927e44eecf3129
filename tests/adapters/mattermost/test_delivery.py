"""Bringing an archive to a server: chunks, lost answers, a process that ends at any moment, jobs
that stop, and what an import that stopped must not do to people when it is tried again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.mattermost import client, uploads
from adapters.mattermost.delivery import Delivery
from adapters.mattermost.profiles import caps_for
from migrate.errors import Fatal, Interrupted
from tests.adapters.mattermost.served_archives import (
    Clock,
    Kept,
    Killed,
    calls_to,
    channel,
    config_for,
    post,
    team,
    user,
    write_archive,
)
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.serving import Fault

POSTS = 30


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMattermost]:
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.0)
    with FakeMattermost().running() as running:
        yield running


def acme(folder: Path, author: str = "ann", **bodies: bytes) -> Path:
    """A public channel, an archived one, a person, a guest, and posts; the last but one is by
    `author`."""
    authors = ["ann"] * (POSTS - 2) + [author, "ann"]
    return write_archive(
        folder / "acme.zip",
        team(),
        channel("plans"),
        channel("old", deleted_at=1_600_000_900_000, slack_id="C2"),
        user("ann", "plans", "old"),
        user("gus", "plans", guest=True),
        *(post(("plans", "old")[n % 2], name, n) for n, name in enumerate(authors)),
        bodies=bodies,
    )


def deliver(
    server: FakeMattermost, path: Path, memo: Kept, clock: Clock | None = None, **config: Any
) -> int:
    """Bring it in; how many messages were told of on the way."""
    told: list[int] = []
    settings = config_for(server, **config)

    async def run() -> None:
        calls = calls_to(server)
        pause = (clock or Clock()).pause
        try:
            await Delivery(calls, settings, caps_for(settings, "11"), memo, pause).run(
                path, told.append
            )
        finally:
            await calls.close()

    asyncio.run(run())
    return sum(told)


def texts(server: FakeMattermost) -> list[str]:
    return sorted(post["message"] for post in server.world.posts.values())


def test_an_archive_is_taken_once(server: FakeMattermost, tmp_path: Path) -> None:
    path, memo = acme(tmp_path), Kept()
    deliver(server, path, memo, workers=3)
    deliver(server, path, memo, workers=3)
    (job,) = server.jobs.values()
    assert (job["status"], job["data"]["workers"]) == ("success", "3")
    assert texts(server) == sorted(f"word {number}" for number in range(POSTS))
    assert server.imports == {}


def test_messages_are_counted_while_the_job_runs(server: FakeMattermost, tmp_path: Path) -> None:
    server.holds_jobs = True
    path = acme(tmp_path)

    class Watching(Clock):
        """Lets the job begin at the third look, and end at the sixth."""

        looks = 0

        async def pause(self, seconds: float) -> None:
            await super().pause(seconds)
            self.looks += 1
            job = next(iter(server.jobs.values()))
            if self.looks == 3:
                server.work(job)
                job["status"] = "in_progress"
            if self.looks == 6:
                job["status"] = "success"

    assert deliver(server, path, Kept(), Watching()) == POSTS


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "error", "busy"])
@pytest.mark.parametrize("call", ["POST /uploads", "POST /uploads/", "POST /jobs"])
def test_answers_that_were_lost(
    server: FakeMattermost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    fault: Fault,
) -> None:
    """Whatever became of a call, it is not done twice."""
    monkeypatch.setattr(uploads, "CHUNK", 1_000)
    server.first_chunk = 500
    server.fail(call, fault, times=2)
    deliver(server, acme(tmp_path, big=bytes(3_500)), Kept())
    assert len(server.jobs) == 1
    assert server.uploads == {}
    assert len(server.chunks) == 1, "one upload, gone on with"
    assert len(texts(server)) == POSTS


def test_only_what_is_missing_is_sent_again(
    server: FakeMattermost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK", 1_000)
    server.first_chunk = 500
    path = acme(tmp_path, big=bytes(9_500))
    memo = Kept()
    server.fail("POST /uploads/", "drop-after", times=1)
    deliver(server, path, memo)
    chunks = -(-path.stat().st_size // 1_000)
    assert server.count("POST /uploads/") == chunks, "the lost answer's chunk had come"


def test_a_server_that_takes_no_chunk_ends_the_run(server: FakeMattermost, tmp_path: Path) -> None:
    server.fail("POST /uploads/", "drop-before", times=100)
    with pytest.raises(Fatal) as raised:
        deliver(server, acme(tmp_path), Kept())
    assert raised.value.code == "mattermost-unreachable"
    assert "client_max_body_size" in raised.value.advice


@pytest.mark.parametrize("moment", range(1, 5))
def test_killed_at_any_note(server: FakeMattermost, tmp_path: Path, moment: int) -> None:
    """The process ends right after it noted something, and the next one begins no second job."""
    path, memo = acme(tmp_path), Kept()
    memo.after = moment
    with pytest.raises(Killed):
        deliver(server, path, memo)
    deliver(server, path, memo)
    assert len(server.jobs) == 1
    assert len(server.chunks) == 1
    assert texts(server) == sorted(f"word {number}" for number in range(POSTS))


def test_killed_before_the_job_was_noted(server: FakeMattermost, tmp_path: Path) -> None:
    """The server has the order, and the project does not know; nor that it was done meanwhile."""
    path = acme(tmp_path)

    class Forgetful(Kept):
        def set(self, name: str, value: str) -> None:
            if '"job":""' not in value:
                raise Killed
            super().set(name, value)

    memo = Forgetful()
    with pytest.raises(Killed):
        deliver(server, path, memo)
    (job,) = server.jobs.values()
    server.work(job)
    deliver(server, path, _kept(memo))
    assert len(server.jobs) == len(server.chunks) == 1
    assert len(texts(server)) == POSTS


def test_a_job_under_way_is_followed(server: FakeMattermost, tmp_path: Path) -> None:
    server.holds_jobs = True
    path, memo = acme(tmp_path), Kept()

    class Ending(Clock):
        async def pause(self, seconds: float) -> None:
            raise Killed

    with pytest.raises(Killed):
        deliver(server, path, memo, Ending())
    assert [job["status"] for job in server.jobs.values()] == ["pending"]
    server.holds_jobs = False
    deliver(server, path, memo)
    assert [job["status"] for job in server.jobs.values()] == ["success"]


def test_a_job_that_the_server_forgot_was_done(server: FakeMattermost, tmp_path: Path) -> None:
    path, memo = acme(tmp_path), Kept()
    memo.after = 3
    with pytest.raises(Killed):
        deliver(server, path, memo)
    (job,) = server.jobs.values()
    server.holds_jobs = True
    server.work(job) if job["status"] == "pending" else None
    server.jobs.clear()
    deliver(server, path, memo)
    assert server.jobs == {}


def test_a_stopped_import_is_explained_by_the_slack_record(
    server: FakeMattermost, tmp_path: Path
) -> None:
    path = write_archive(
        tmp_path / "acme.zip",
        team(),
        channel("plans"),
        user("ann", "plans"),
        post("plans", "ann", 1),
        post("plans", "ann", 2, message="x" * 17_000),
    )
    with pytest.raises(Fatal) as raised:
        deliver(server, path, Kept())
    assert raised.value.code == "mattermost-import-stopped"
    assert "line 6 of acme.zip, which is C1/2/0" in raised.value.message


def test_an_import_that_stopped_is_tried_again_without_harm(
    server: FakeMattermost, tmp_path: Path
) -> None:
    """Once the cause is mended: no guest is promoted, no password drawn anew, no archived channel
    in the way, nothing twice."""
    path, memo = acme(tmp_path, author="late"), Kept()
    with pytest.raises(Fatal) as raised:
        deliver(server, path, memo)
    assert "an account that is named there is not on the server" in raised.value.message
    assert server.imports == {}, "what is of no use is not left there"
    world = server.world
    passwords = dict(world.passwords)
    world.make_user("late", "late@example.org", "system_user")
    deliver(server, path, memo)
    assert texts(server) == sorted(f"word {number}" for number in range(POSTS))
    assert {name: world.passwords[name] for name in passwords} == passwords
    gus = world.user_named("gus")
    assert gus is not None
    seats = {place: seat["roles"] for (place, who), seat in world.seats.items() if who == gus["id"]}
    assert list(seats.values()) == ["channel_guest"]
    assert {c["name"] for c in world.channels.values() if c["delete_at"]} == {"old"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["acme.zip"]


def test_what_an_interrupted_account_lacked_is_made_up(
    server: FakeMattermost, tmp_path: Path
) -> None:
    """An account may stand without its memberships, where the import stopped in the midst of it;
    a channel may be open that was to be archived."""
    path, memo = acme(tmp_path, author="late"), Kept()
    with pytest.raises(Fatal):
        deliver(server, path, memo)
    world = server.world
    world.make_user("late", "late@example.org", "system_user")
    plans = next(c for c in world.channels.values() if c["name"] == "plans")
    old = next(c for c in world.channels.values() if c["name"] == "old")
    old["delete_at"] = 0
    for name in ("ann", "gus"):
        found = world.user_named(name)
        assert found is not None
        world.seats.pop((plans["id"], found["id"]), None)
        world.team_seats.pop((plans["team_id"], found["id"]), None)
    deliver(server, path, memo)
    names = {world.users[id]["username"] for id in world.members(plans["id"])}
    assert names == {"ann", "gus"}
    assert old["delete_at"]
    written = {post["type"] for post in world.posts.values() if not post["delete_at"]}
    assert written == {""}, "the server's own lines about it are taken away"


def test_a_canceled_job_is_begun_anew_by_the_next_run(
    server: FakeMattermost, tmp_path: Path
) -> None:
    path, memo = acme(tmp_path), Kept()
    server.holds_jobs = True

    class Canceling(Clock):
        async def pause(self, seconds: float) -> None:
            await super().pause(seconds)
            next(iter(server.jobs.values()))["status"] = "canceled"

    with pytest.raises(Fatal) as raised:
        deliver(server, path, memo, Canceling())
    assert raised.value.code == "mattermost-import-canceled"
    server.holds_jobs = False
    deliver(server, path, memo)
    assert [job["status"] for job in server.jobs.values()] == ["canceled", "success"]


def test_a_job_that_nobody_takes_ends_the_wait(server: FakeMattermost, tmp_path: Path) -> None:
    server.runs_jobs = False
    clock = Clock()
    with pytest.raises(Fatal) as raised:
        deliver(server, acme(tmp_path), Kept(), clock)
    assert raised.value.code == "mattermost-job-untaken"
    assert 900 <= clock.seconds < 1_000


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("file_limit", "mattermost-archive-too-large", "FileSettings.MaxFileSize"),
        ("max_users", "mattermost-team-limit", "TeamSettings.MaxUsersPerTeam"),
        ("max_channels", "mattermost-team-limit", "TeamSettings.MaxChannelsPerTeam"),
    ],
)
def test_a_limit_in_the_way_stops_before_anything_is_written(
    server: FakeMattermost, tmp_path: Path, setting: str, code: str, words: str
) -> None:
    path = acme(tmp_path)
    held = server if setting == "file_limit" else server.world
    enough = {"file_limit": path.stat().st_size, "max_users": 2, "max_channels": 3}[setting]
    setattr(held, setting, enough - 1)
    with pytest.raises(Fatal) as raised:
        deliver(server, path, Kept())
    assert raised.value.code == code
    assert words in raised.value.advice
    assert not server.chunks
    assert not server.world.teams


def _kept(memo: Kept) -> Kept:
    fresh = Kept()
    fresh.update(memo)
    return fresh


def test_a_job_that_was_lost_with_its_server_is_begun_again(
    server: FakeMattermost, tmp_path: Path
) -> None:
    """A server that is killed leaves the job under way for ever."""
    server.holds_jobs = True
    path, memo = acme(tmp_path), Kept()

    class Killing(Clock):
        async def pause(self, seconds: float) -> None:
            self.seconds += seconds
            for job in server.jobs.values():
                job["status"] = "in_progress"

    with pytest.raises(Fatal) as caught:
        deliver(server, path, memo, Killing())
    assert caught.value.code == "mattermost-job-at-rest"
    assert len(server.jobs) == 1
    server.holds_jobs = False
    deliver(server, path, memo)
    assert sorted(job["status"] for job in server.jobs.values()) == ["in_progress", "success"]
    assert texts(server) == sorted(f"word {number}" for number in range(POSTS))


def test_a_job_that_has_moved_on_since_is_followed(server: FakeMattermost, tmp_path: Path) -> None:
    server.holds_jobs = True
    path, memo = acme(tmp_path), Kept()

    class Resting(Clock):
        async def pause(self, seconds: float) -> None:
            self.seconds += seconds
            for job in server.jobs.values():
                job["status"] = "in_progress"

    with pytest.raises(Fatal):
        deliver(server, path, memo, Resting())
    (job,) = server.jobs.values()
    server.work(job)
    job["status"] = "in_progress"

    class Ending(Clock):
        async def pause(self, seconds: float) -> None:
            job["status"] = "success"

    deliver(server, path, memo, Ending())
    assert len(server.jobs) == 1


def test_waiting_for_a_job_can_be_left(server: FakeMattermost, tmp_path: Path) -> None:
    """Also while it is not begun, when there is nothing to tell of."""
    server.holds_jobs = True
    path, memo = acme(tmp_path), Kept()
    looks: list[int] = []

    def leave(count: int) -> None:
        looks.append(count)
        if server.jobs:
            raise Interrupted("interrupted", "Interrupted; what was done is kept.", "")

    async def run() -> None:
        calls, settings = calls_to(server), config_for(server)
        try:
            delivery = Delivery(calls, settings, caps_for(settings, "11"), memo, Clock().pause)
            await delivery.run(path, leave)
        finally:
            await calls.close()

    with pytest.raises(Interrupted):
        asyncio.run(run())
    assert looks == [0, 0], "after the upload, and at the first look at the job"
    server.holds_jobs = False
    for job in server.jobs.values():
        server.work(job)
        job["status"] = "success"
    deliver(server, path, memo)
    assert len(server.jobs) == 1
    assert texts(server) == sorted(f"word {number}" for number in range(POSTS))
