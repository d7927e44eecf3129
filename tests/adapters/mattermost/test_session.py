"""The session with a server: whose team it is, what a second run finds, and what is read back from
where."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Migration, assert_verified
from adapters.mattermost import session
from migrate.errors import BlockedError, Fatal
from migrate.spi import (
    AudienceReader,
    BulkSession,
    Context,
    Conversation,
    Deliverer,
    Directory,
    Enroller,
    Linker,
    Opening,
    Placement,
    Reader,
    Usher,
)
from tests.adapters.mattermost.served import ServedMattermost
from tests.adapters.mattermost.served_archives import Kept, config_for
from tests.adapters.mattermost.targets import archives_of, read_lines
from tests.fakes.mattermost import FakeMattermost


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    with FakeMattermost().running() as fake:
        yield fake


def connect(server: FakeMattermost, memo: Kept, token: str = "") -> session.MattermostSession:
    environ = {"MATTERMOST_TOKEN": token or server.token}
    context = Context(folder=Path(), environ=environ, memo=memo)

    async def made() -> session.MattermostSession:
        connected = await session.connect(config_for(server), context)
        await connected.close()
        return connected

    return asyncio.run(made())


def talk() -> Workspace:
    workspace = Workspace()
    ann = workspace.person("ann")
    workspace.channel("plans", ann).say(ann, "hello")
    return workspace


def test_what_it_can(server: FakeMattermost) -> None:
    connected = connect(server, Kept())
    powers = (BulkSession, Deliverer, Enroller, Directory, Usher, Reader, AudienceReader, Linker)
    for power in powers:
        assert isinstance(connected, power), power
    assert connected.delivers()
    assert connected.fingerprint == f"mattermost {server.url} acme"


def test_a_link_to_a_post(server: FakeMattermost) -> None:
    opening = Opening(
        conversation=Conversation(id="C1", kind="public"),
        placement=Placement("plans"),
        private=False,
    )
    assert connect(server, Kept()).link(opening, "abc") == f"{server.url}/acme/pl/abc"


def test_whose_the_team_is_stays_decided(server: FakeMattermost) -> None:
    """An archive without the line of a team that it made itself would be another archive."""
    memo = Kept()
    connect(server, memo)
    first = dict(memo)
    server.world.make_team("acme", "Made by the import", "I")
    connect(server, memo)
    assert dict(memo) == first
    other = Kept()
    connect(server, other)
    assert dict(other) != first


def test_a_team_that_stands_there_keeps_what_it_is(server: FakeMattermost, tmp_path: Path) -> None:
    team = server.world.make_team("acme", "Our own name", "O")
    migration = Migration(ServedMattermost(server), tmp_path, talk())
    migration.run()
    assert (team["display_name"], team["type"]) == ("Our own name", "O")
    (path,) = archives_of(migration.folder)
    assert "team" not in {line["type"] for line in read_lines(path)}
    assert_verified(migration)


def test_the_archive_is_read_until_the_server_has_it(
    server: FakeMattermost, tmp_path: Path
) -> None:
    migration = Migration(ServedMattermost(server), tmp_path, talk())
    server.world.max_channels = 2  # those that every team has
    with pytest.raises(Fatal) as raised:
        migration.run()
    assert raised.value.code == "mattermost-team-limit"
    assert not server.world.teams
    assert migration.verify().against == "archive"
    server.world.max_channels = 3
    migration.run()
    assert migration.verify().against == "server"


def test_an_older_server_than_was_planned_for_stops_the_run(tmp_path: Path) -> None:
    with FakeMattermost("5.37.0").running() as old:
        migration = Migration(ServedMattermost(old), tmp_path, talk())
        migration.plan()
        with pytest.raises(BlockedError) as raised:
            migration.resume()
        assert raised.value.code == "target-narrower"
        assert not old.world.teams
        migration.plan(check=True)
        assert not any(migration.resume().failed.values())


def test_a_wrong_token_is_a_finding(server: FakeMattermost, tmp_path: Path) -> None:
    target = ServedMattermost(server)
    target.environ = {"MATTERMOST_TOKEN": "wrong"}
    migration = Migration(target, tmp_path, talk())
    plan = migration.plan(check=True)
    assert [blocker.code for blocker in plan.blockers] == ["mattermost-token"]
