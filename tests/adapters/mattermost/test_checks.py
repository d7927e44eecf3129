"""What a check finds of a server: the token, and every setting that stands in the way."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from adapters.mattermost import checks
from adapters.mattermost.answers import Settings
from adapters.mattermost.codes import CODES
from tests.adapters.mattermost.served_archives import TEAM, calls_to, config_for
from tests.fakes.mattermost import FakeMattermost

Change = Callable[[FakeMattermost], object]


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    fake = FakeMattermost()
    fake.limits = {}
    with fake.running():
        yield fake


def found(server: FakeMattermost, token: str | None = None, **config: str) -> list[str]:
    async def run() -> list[str]:
        told = server.token if token is None else token
        calls = calls_to(server, told)
        try:
            settings = await calls.settings()
            config_ = config_for(server, **config)
            return [f.code for f in await checks.check(config_, calls, settings, told)]
        finally:
            await calls.close()

    codes = asyncio.run(run())
    assert set(codes) <= CODES.keys()
    return codes


def test_nothing_is_found_on_a_server_that_is_ready(server: FakeMattermost) -> None:
    before = len(server.world.posts), len(server.world.channels), len(server.world.users)
    assert found(server) == []
    assert before == (len(server.world.posts), len(server.world.channels), len(server.world.users))
    assert not [line for line in server.seen if not line.startswith("GET ")], "only read"


@pytest.mark.parametrize(
    ("token", "code"), [("", "mattermost-token-missing"), ("wrong", "mattermost-token")]
)
def test_tokens(server: FakeMattermost, token: str, code: str) -> None:
    assert found(server, token) == [code]


def test_the_token_of_somebody_else(server: FakeMattermost) -> None:
    server.world.make_user("plain", "plain@example.org", "system_user")
    assert found(server, server.give_token("plain")) == ["mattermost-no-admin"]


def _set(name: str, value: str) -> Change:
    return lambda server: server.settings.update({name: value})


def _team(**fields: object) -> Change:
    return lambda server: server.world.make_team(TEAM, "Acme", "I").update(fields)


def _put(name: str, value: object) -> Change:
    return lambda server: setattr(server, name, value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_set("EnableFileAttachments", "false"), "mattermost-attachments-off"),
        (_set("EnableCustomEmoji", "false"), "mattermost-emoji-off"),
        (_set("EnablePostUsernameOverride", "false"), "mattermost-names-off"),
        (_put("file_limit", 104_857_600), "mattermost-file-limit"),
        (_put("runs_jobs", False), "mattermost-jobs-off"),
        (_put("licence", {"IsLicensed": "true", "Cloud": "true"}), "mattermost-cloud"),
        (_put("limits", {"maxUsersHardLimit": 250}), "mattermost-seats-limit"),
        (_put("limits", {"postHistoryLimit": 10_000}), "mattermost-history-limit"),
        (lambda server: setattr(server.world, "max_users", 50), "mattermost-users-limit"),
        (lambda server: setattr(server.world, "version", "12.1.0"), "profile-unproven"),
        (lambda server: setattr(server.world, "version", "7.8.0"), "profile-unproven"),
        (_team(delete_at=5), "mattermost-team-archived"),
        (_team(allow_open_invite=True), "mattermost-open-team"),
    ],
)
def test_what_stands_in_the_way(server: FakeMattermost, change: Change, code: str) -> None:
    change(server)
    assert found(server) == [code]


def test_a_profile_that_the_server_is_not(server: FakeMattermost) -> None:
    assert found(server, profile="5.37") == ["mattermost-profile-other"]
    assert found(server, profile="11") == []


def test_an_older_server_knows_no_limits_of_licences(server: FakeMattermost) -> None:
    server.world.version = "5.37.0"
    assert found(server) == []


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("https://chat.example.org", False),
        ("http://localhost:8065", False),
        ("http://127.0.0.1:8065", False),
        ("http://[::1]:8065", False),
        ("http://chat.example.org", True),
        ("http://192.168.1.7", True),
    ],
)
def test_open_wires(address: str, is_open: bool) -> None:
    assert checks.is_open_wire(address) == is_open


def test_capabilities_are_narrowed_to_the_server(server: FakeMattermost) -> None:
    config = config_for(server)
    modern = checks.narrow(
        config, Settings(version="11.6.0", max_post_size="4000", max_file_size="7")
    )
    assert (modern.piece_limit, modern.file_limit, modern.profile) == (4_000, 7, "11")
    old = checks.narrow(config, Settings(version="5.37.0"))
    assert (old.piece_limit, old.profile) == (16_383, "5.37")
