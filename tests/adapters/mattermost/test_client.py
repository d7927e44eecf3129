"""The client: what is repeated and what is not, which verdict each answer gives, and that the token
goes to the server alone."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from mattermostdriver import Driver

from adapters.mattermost import client
from adapters.mattermost.client import Refused, open_driver
from migrate.errors import Fatal, Retry
from tests.fakes.mattermost import FakeMattermost
from tests.fakes.serving import Fault


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMattermost]:
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.0)
    with FakeMattermost().running() as running:
        yield running


@pytest.fixture
def driver(server: FakeMattermost) -> Driver:
    return open_driver(server.url, server.token)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://chat.example.org", "https://chat.example.org:443/api/v4"),
        ("http://chat.example.org/", "http://chat.example.org:80/api/v4"),
        ("http://127.0.0.1:8065", "http://127.0.0.1:8065/api/v4"),
        ("https://example.org/chat/", "https://example.org:443/chat/api/v4"),
        ("http://[::1]:8065", "http://[::1]:8065/api/v4"),
    ],
)
def test_addresses(url: str, base: str) -> None:
    assert open_driver(url, "secret").client.url == base


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "busy", "error"])
def test_a_read_is_repeated(server: FakeMattermost, driver: Driver, fault: Fault) -> None:
    server.fail("GET /users/me", fault, times=3)
    assert driver.client.get("/users/me")["username"] == "sysadmin"
    assert server.count("GET /users/me") == 4


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "busy", "error"])
def test_a_write_is_not_repeated(server: FakeMattermost, driver: Driver, fault: Fault) -> None:
    server.fail("POST /users", fault)
    body = {"username": "ann", "email": "ann@example.org", "password": "secret"}
    with pytest.raises(Retry):
        driver.client.post("/users", body)
    assert server.count("POST /users") == 1
    assert (server.world.user_named("ann") is not None) == (fault == "drop-after")


def test_a_write_to_nobody_is_not_repeated(server: FakeMattermost, driver: Driver) -> None:
    server.stop()
    with pytest.raises(Retry):
        driver.client.post("/users", {})
    server.start()


def test_a_server_that_stays_away_ends_the_run(server: FakeMattermost, driver: Driver) -> None:
    server.fail("GET", "error", times=100)
    with pytest.raises(Fatal) as raised:
        driver.client.get("/users/me")
    assert raised.value.code == "mattermost-unreachable"


def test_another_token_ends_the_run(server: FakeMattermost) -> None:
    with pytest.raises(Fatal) as raised:
        open_driver(server.url, "not-this-one").client.get("/users/me")
    assert raised.value.code == "mattermost-token"


def test_what_is_no_server_ends_the_run(server: FakeMattermost, driver: Driver) -> None:
    server.fail("GET /users/me", "html")
    with pytest.raises(Fatal) as raised:
        driver.client.get("/users/me")
    assert raised.value.code == "mattermost-not-understood"


def test_an_address_that_leads_on_ends_the_run(server: FakeMattermost, driver: Driver) -> None:
    """A write that was led on would arrive as a read."""
    server.fail("POST /users", "moved")
    with pytest.raises(Fatal) as raised:
        driver.client.post("/users", {})
    assert raised.value.code == "mattermost-moved"


def test_a_refusal_says_which(server: FakeMattermost, driver: Driver) -> None:
    with pytest.raises(Refused) as raised:
        driver.client.get("/users/username/nobody")
    assert (raised.value.status, raised.value.reason) == (404, "app.user.get_by_username.app_error")
    assert raised.value.code == "mattermost-not-found"


def test_patch_is_no_get(server: FakeMattermost, driver: Driver) -> None:
    with pytest.raises(Refused):
        driver.client.patch("/users/me", {})
    assert server.seen[-1] == "PATCH /users/me"


def test_an_empty_answer_is_none(server: FakeMattermost, driver: Driver) -> None:
    server.first_chunk = 1
    wish = {"type": "import", "filename": "a.zip", "file_size": 4}
    upload = driver.client.post("/uploads", wish)
    assert driver.client.post(f"/uploads/{upload['id']}", data=b"ab") is None
    assert driver.client.post(f"/uploads/{upload['id']}", data=b"cd")["size"] == 4


def test_the_token_is_ours_whatever_a_netrc_says(
    server: FakeMattermost, driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password another\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert driver.client.get("/users/me")["username"] == "sysadmin"


def test_nothing_tells_the_token(
    server: FakeMattermost, driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fail("GET /users/me", "error", times=100)
    server.fail("POST /users", "drop-before")
    told = []
    for verb, path in (("get", "/users/me"), ("post", "/users")):
        with pytest.raises((Fatal, Retry)) as raised:
            driver.client.make_request(verb, path, {})
        told.append(repr(raised.value) + str(raised.value))
    assert len(told) == 2
    assert server.token not in "".join(told) + caplog.text + repr(driver.client)
    loud = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert not [r for r in loud if not r.name.startswith("aiohttp")]
