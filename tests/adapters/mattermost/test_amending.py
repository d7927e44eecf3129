"""An archive that repeats messages which people have edited on the server since."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mattermost.amending import direct_name, edited_words, outdated, places
from adapters.mattermost.delivery import Delivery
from adapters.mattermost.profiles import caps_for
from tests.adapters.mattermost.served_archives import (
    Clock,
    Kept,
    Killed,
    Line,
    calls_to,
    channel,
    config_for,
    post,
    team,
    user,
    write_archive,
)
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost_world import Json

PAIR = ["ann", "bob"]


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    with FakeMattermost().running() as running:
        yield running


def reply(number: int) -> Line:
    return {
        "user": "bob", "message": f"answer {number}", "create_at": 1_600_000_500_000 + number,
        "props": {"slack_id": f"C1/{500 + number}/0"},
    }  # fmt: skip


def direct(**more: object) -> Line:
    value = {
        "channel_members": PAIR, "user": "ann", "message": "between us",
        "create_at": 1_600_000_000_000, "props": {"slack_id": "D1/1/0"},
    }  # fmt: skip
    return {"type": "direct_post", "direct_post": value | more}


def first(folder: Path) -> Path:
    people = [user(name, "plans") for name in PAIR]
    talk: Line = {"type": "direct_channel", "direct_channel": {"members": PAIR, "slack_id": "D1"}}
    return write_archive(
        folder / "acme.zip", team(), channel("plans"), *people, post("plans", "ann", 1),
        post("plans", "bob", 2), talk, direct(),
    )  # fmt: skip


def second(folder: Path) -> Path:
    return write_archive(
        folder / "acme-2.zip",
        post("plans", "ann", 1, replies=[reply(1)]),
        post("plans", "bob", 2, replies=[reply(2)]),
        direct(replies=[reply(3)]),
    )


def deliver(server: FakeMattermost, path: Path, memo: Kept) -> None:
    settings = config_for(server)

    async def run() -> None:
        calls = calls_to(server)
        try:
            delivery = Delivery(calls, settings, caps_for(settings, "11"), memo, Clock().pause)
            await delivery.run(path, lambda count: None)
        finally:
            await calls.close()

    asyncio.run(run())


def said(server: FakeMattermost, text: str) -> Json:
    (found,) = [each for each in server.world.posts.values() if each["message"] == text]
    return found


def edit(server: FakeMattermost, text: str, into: str) -> str:
    """What a server does: the post changes, and a hidden copy keeps what it was."""
    found = said(server, text)
    found.update(message=into, edit_at=1_700_000_000_000)
    return str(found["id"])


def test_replies_reach_messages_that_were_edited_since(
    server: FakeMattermost, tmp_path: Path
) -> None:
    memo = Kept()
    deliver(server, first(tmp_path), memo)
    in_channel = edit(server, "word 1", "word one")
    between = edit(server, "between us", "between you and me")
    deliver(server, second(tmp_path), memo)
    assert said(server, "answer 1")["root_id"] == in_channel
    assert said(server, "answer 2")["root_id"] == said(server, "word 2")["id"]
    assert said(server, "answer 3")["root_id"] == between
    assert len(server.world.posts) == 6, "no message was made a second time"
    assert said(server, "word one")["id"] == in_channel
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme-2.zip", "acme.zip"]


def test_a_killed_delivery_goes_on_with_the_copy_it_had_written(
    server: FakeMattermost, tmp_path: Path
) -> None:
    memo = Kept()
    deliver(server, first(tmp_path), memo)
    edit(server, "word 1", "word one")
    memo.after = 2
    with pytest.raises(Killed):
        deliver(server, second(tmp_path), memo)
    (copy,) = tmp_path.glob("*-present.zip")
    before = copy.read_bytes()
    edit(server, "word 2", "word two")
    assert copy.read_bytes() == before
    deliver(server, tmp_path / "acme-2.zip", memo)
    assert said(server, "answer 1")["root_id"] == said(server, "word one")["id"]
    assert not copy.exists()


def test_nothing_is_copied_where_nothing_was_edited(server: FakeMattermost, tmp_path: Path) -> None:
    memo = Kept()
    deliver(server, first(tmp_path), memo)
    edit(server, "word 2", "word two")
    path = write_archive(tmp_path / "acme-2.zip", post("plans", "ann", 1, replies=[reply(1)]))
    deliver(server, path, memo)
    assert not list(tmp_path.glob("*-present*"))


def test_places_and_words(server: FakeMattermost, tmp_path: Path) -> None:
    path = second(tmp_path)
    assert places(path) == {"plans", ("ann", "bob")}
    assert outdated(path, {"C1/1/0": "word 1", "C1/2/0": "other", "C9/9/0": "x"}) == {
        "C1/2/0": "other"
    }

    async def ask() -> dict[str, str]:
        calls = calls_to(server)
        try:
            return await edited_words(calls, "acme", places(path))
        finally:
            await calls.close()

    assert asyncio.run(ask()) == {}, "no team, no words"


@pytest.mark.parametrize(
    ("members", "name"),
    [
        (("ann", "bob"), "1__2"),
        (("bob",), "2__2"),
        (("ann", "nobody"), ""),
        ((), ""),
    ],
)
def test_names_of_conversations_between_people(members: tuple[str, ...], name: str) -> None:
    assert direct_name(members, {"ann": "1", "bob": "2"}) == name
