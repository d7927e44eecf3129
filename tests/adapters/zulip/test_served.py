"""A directory held against the server that took it, as far as the importing account can read."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from migrate import runner
from migrate.errors import Fatal, UsageError
from tests.adapters.zulip.targets import OldZulipDirectory, TenZulipDirectory, ZulipDirectory
from tests.adapters.zulip.test_export import Delivered, found
from tests.fakes.zulip import Organization
from tests.fakes.zulip_records import Channel, Message, User
from tests.fakes.zulip_world import World

Damage = Callable[[World], object]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return Delivered(TenZulipDirectory(), tmp_path_factory.mktemp("delivered"))


def user(world: World, name: str) -> User:
    (one,) = [each for each in world.people if each.name == name]
    return one


def channel(world: World, name: str) -> Channel:
    (one,) = [each for each in world.channels.values() if each.name == name]
    return one


def said(world: World, words: str) -> Message:
    (one,) = [each for each in world.messages.values() if words in each.content]
    return one


def verify(
    delivered: Delivered, organization: Organization, folder: Path, by: str = "Ann Smith"
) -> runner.VerifySummary:
    """What the account of this name can tell."""
    who = user(organization.world, by)
    path = folder / "zuliprc"
    path.write_text(f"[api]\nemail={who.email}\nkey={who.key}\nsite={organization.url}\n")
    path.chmod(0o600)
    return delivered.verify(path, "zuliprc")


@pytest.mark.parametrize(("kind", "version"), [(OldZulipDirectory, "9"), (TenZulipDirectory, "10")])
def test_everything_that_can_be_read_is_right(
    tmp_path: Path, kind: type[ZulipDirectory], version: Literal["9", "10"]
) -> None:
    delivered = Delivered(kind(), tmp_path)
    with Organization.imported(delivered.folder / "zulip", version).running() as organization:
        summary = verify(delivered, organization, tmp_path)
        address = organization.url
    assert found(summary) == {}
    assert (summary.against, summary.exit) == ("server", 0)
    # Not Ann's: what Bob notes for himself, and, at a server of 2024, what is archived.
    rest = 2 if version == "9" else 1
    assert summary.unchecked["messages"] == rest
    assert summary.unchecked["conversations"] == rest
    assert summary.checked["messages"] == delivered.sent["messages"] - rest
    assert summary.checked["files"] == delivered.sent["files"]
    assert summary.checked["reactions"] == delivered.sent["reactions"]
    lines = (delivered.folder / "reports" / "permalinks.csv").read_text().splitlines()
    assert lines[1].startswith("https://acme.slack.com/archives/C00000001/p1700000001000000,")
    assert f",{address}/#narrow/channel/" in lines[1]


def test_who_is_in_nothing_checks_what_everybody_may_read(
    delivered: Delivered, tmp_path: Path
) -> None:
    with Organization.imported(delivered.folder / "zulip").running() as organization:
        summary = verify(delivered, organization, tmp_path, organization.importer.name)
    assert found(summary) == {}
    assert summary.unchecked["conversations"] == 4  # a private channel, and direct talk
    assert summary.unchecked["messages"] == 5
    assert summary.checked["messages"] == delivered.sent["messages"] - 5
    assert summary.checked["files"] == 1


def test_what_people_do_later_is_nobodys_business(delivered: Delivered, tmp_path: Path) -> None:
    with Organization.imported(delivered.folder / "zulip").running() as organization:
        world = organization.world
        ann, bob = user(world, "Ann Smith"), user(world, "Bob Smith")
        general = channel(world, "general")
        late = world.upload(bob, "late.png", "image/png", b"late")
        for words in ("ping", f"[late.png](/user_uploads/{late.path})"):
            world.add_message(bob, words, channel=general, topic="imported from Slack")
        world.add_message(bob, "psst", people=[ann.id])
        bob.name, ann.email = "Robert", "ann@new.example"
        general.name = "all of us"
        stranger = world.make_user("new@acme.example", "New One")
        world.subscribe(general, stranger)
        summary = verify(delivered, organization, tmp_path)
    assert found(summary) == {}
    assert summary.unchecked["conversations"] == 1


def _twin(world: World) -> None:
    first = said(world, "let us")
    world.add_message(
        world.users[first.sender], first.content, channel=channel(world, "general"),
        topic=first.topic, time=first.time,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        pytest.param(
            lambda w: w.delete(said(w, "dusty")), {"missing": {"messages": 1}}, id="lost message",
        ),
        pytest.param(
            lambda w: w.delete(said(w, "what?")),
            {"missing": {"messages": 1, "reactions": 1}}, id="lost direct message",
        ),
        pytest.param(
            lambda w: w.delete([m for m in w.messages.values() if m.content == "ping"].pop()),
            {"missing": {"messages": 1}}, id="one of two alike",
        ),
        pytest.param(
            lambda w: setattr(said(w, "dusty"), "content", "clean"),
            {"different": {"messages": 1}}, id="altered text",
        ),
        pytest.param(
            lambda w: setattr(said(w, "dusty"), "topic", "elsewhere"),
            {"different": {"messages": 1}}, id="another topic",
        ),
        pytest.param(
            lambda w: setattr(said(w, "dusty"), "sender", user(w, "Bob Smith").id),
            {"different": {"messages": 1}}, id="another author",
        ),
        pytest.param(
            lambda w: said(w, "what?").reactions.clear(),
            {"missing": {"reactions": 1}}, id="lost reaction",
        ),
        pytest.param(_twin, {"duplicate": {"messages": 1}}, id="twin"),
        pytest.param(
            lambda w: w.uploads.pop(next(p for p in w.uploads if p.endswith("photo-1.png"))),
            {"missing": {"files": 1}}, id="lost file",
        ),
        pytest.param(
            lambda w: setattr(channel(w, "board"), "private", False),
            {"wider": {"conversations": 1}}, id="opened channel",
        ),
        pytest.param(
            lambda w: w.subscribe(channel(w, "board"), w.make_user("e@x.example", "Eve")),
            {"wider": {"conversations": 1}}, id="one more member",
        ),
        pytest.param(lambda w: w.emoji.clear(), {}, id="lost emoji"),
    ],
)  # fmt: skip
def test_what_happened_is_found(
    delivered: Delivered, tmp_path: Path, damage: Damage, wrong: dict[str, dict[str, int]]
) -> None:
    with Organization.imported(delivered.folder / "zulip").running() as organization:
        damage(organization.world)
        summary = verify(delivered, organization, tmp_path)
    told = found(summary)
    assert told.pop("codes")
    assert told == wrong
    assert summary.exit == 5


def test_wrong_key_and_missing_file_are_told_in_a_sentence(
    delivered: Delivered, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as missing:
        delivered.verify(tmp_path / "nowhere", "zuliprc")
    assert missing.value.code == "zulip-zuliprc"
    with Organization.imported(delivered.folder / "zulip").running() as organization:
        user(organization.world, "Ann Smith").key, key = "other", "secret-key"
        path = tmp_path / "zuliprc"
        path.write_text(f"[api]\nemail=ann@acme.example\nkey={key}\nsite={organization.url}\n")
        with pytest.raises(Fatal) as refused:
            delivered.verify(path, "zuliprc")
    assert key not in str(refused.value)
