"""The client: nothing is repeated, which verdict each answer gives, and that the key goes to the
server alone."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from adapters.zulip.organization import asking
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.client import Credentials, ServerClient
from adapters.zulip.organization.verdicts import Refused, judge
from migrate.errors import Fatal, Retry
from tests.fakes.serving import Fault
from tests.fakes.zulip import Organization


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Organization]:
    monkeypatch.setattr(asking, "BACKOFF_SECONDS", 0.0)
    with Organization("10").running() as running:
        yield running


def client_of(server: Organization, key: str = "") -> ServerClient:
    importer = server.importer
    return ServerClient(server.url, Credentials(importer.email, key or importer.key))


@pytest.fixture
def client(server: Organization) -> ServerClient:
    return client_of(server)


def add(client: ServerClient, domain: str = "example.net") -> None:
    request = {"domain": domain, "allow_subdomains": False}
    client.call_endpoint("realm/domains", "POST", request)


def test_nothing_is_asked_before_it_is_needed() -> None:
    client = ServerClient("http://127.0.0.1:9", Credentials("a@example.org", "key"))
    with pytest.raises(Retry) as caught:
        client.call_endpoint("users/me", "GET")
    assert caught.value.refused


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "reset", "busy", "error", "failed"])
def test_a_write_is_not_repeated(server: Organization, client: ServerClient, fault: Fault) -> None:
    server.fail("POST realm/domains", fault)
    with pytest.raises(Retry):
        add(client)
    assert server.count("POST realm/domains") == 1
    assert ("example.net" in server.world.domains) == (fault == "drop-after")


@pytest.mark.parametrize(
    ("fault", "refused"),
    [("busy", True), ("drop-after", False), ("reset", False), ("error", False), ("failed", False)],
)
def test_what_was_certainly_not_taken(
    server: Organization, client: ServerClient, fault: Fault, refused: bool
) -> None:
    server.fail("POST realm/domains", fault)
    with pytest.raises(Retry) as caught:
        add(client)
    assert caught.value.refused == refused


@pytest.mark.parametrize("fault", ["drop-before", "reset", "busy", "error", "failed"])
def test_a_read_is_repeated(server: Organization, client: ServerClient, fault: Fault) -> None:
    server.fail("GET users/me", fault, times=3)
    assert asyncio.run(Calls(client).me()).user_id == server.importer.id
    assert server.count("GET users/me") == 4


def test_a_read_ends_when_nothing_helps(server: Organization, client: ServerClient) -> None:
    server.fail("GET users/me", "error", times=99)
    with pytest.raises(Fatal) as caught:
        asyncio.run(Calls(client).me())
    assert caught.value.code == "zulip-unreachable"
    assert server.count("GET users/me") == asking.PATIENCE


def test_the_server_says_how_long_to_wait(server: Organization, client: ServerClient) -> None:
    """In fractions of a second, which no HTTP date is and no integer."""
    server.limit, server.window = 1, 0.5
    client.call_endpoint("users/me", "GET")
    with pytest.raises(Retry) as caught:
        add(client)
    assert caught.value.refused
    assert 0 < caught.value.after <= 0.5
    assert client.calls_a_minute == 1


@pytest.mark.parametrize(
    ("fault", "code"), [("moved", "zulip-moved"), ("html", "zulip-not-understood")]
)
def test_what_is_no_answer(
    server: Organization, client: ServerClient, fault: Fault, code: str
) -> None:
    server.fail("POST realm/domains", fault)
    with pytest.raises(Fatal) as caught:
        add(client)
    assert caught.value.code == code
    assert server.count("realm/domains") == 1


def test_a_wrong_key(server: Organization) -> None:
    with pytest.raises(Fatal) as caught:
        client_of(server, "wrong").call_endpoint("users/me", "GET")
    assert caught.value.code == "zulip-key"


def test_an_importer_that_is_closed_is_no_wrong_key(server: Organization) -> None:
    client = client_of(server)
    server.importer.active = False
    with pytest.raises(Fatal) as caught:
        client.call_endpoint("users/me", "GET")
    assert (caught.value.code, caught.value.refused) == ("zulip-importer-closed", True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("This organization has been deactivated", "zulip-organization-closed"),
        ("Account is not associated with this subdomain", "zulip-elsewhere"),
        ("Account is deactivated", "zulip-importer-closed"),
        ("Invalid API key", "zulip-key"),
    ],
)
def test_each_reason_why_a_key_does_not_do(words: str, code: str) -> None:
    """All are UNAUTHORIZED, and told apart by their words alone."""
    response = requests.Response()
    response.status_code = 401
    response._content = json.dumps(
        {"result": "error", "msg": words, "code": "UNAUTHORIZED"}
    ).encode()
    with pytest.raises(Fatal) as caught:
        judge(response, "importer")
    assert (caught.value.code, caught.value.refused) == (code, True)


def test_somebody_elses_wrong_key_ends_nothing(client: ServerClient) -> None:
    with client.acting(Credentials("nobody@example.com", "wrong")), pytest.raises(Refused):
        client.call_endpoint("users/me", "GET")


def test_acting_for_others(server: Organization, client: ServerClient) -> None:
    ann = server.world.make_user("ann@example.com", "Ann", "a long password")
    with client.acting(Credentials(ann.email, ann.key)):
        assert client.call_endpoint("users/me", "GET")["user_id"] == ann.id
    assert client.call_endpoint("users/me", "GET")["user_id"] == server.importer.id


def test_neither_netrc_nor_zuliprc_has_a_say(
    server: Organization, client: ServerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password stolen\n")
    (tmp_path / ".zuliprc").write_text("[api]\nemail=eve@example.com\nkey=x\ninsecure=true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ZULIP_ALLOW_INSECURE", "true")
    client = client_of(server)
    assert client.call_endpoint("users/me", "GET")["user_id"] == server.importer.id
    assert client.tls_verification is True


def test_nothing_secret_is_logged(
    server: Organization, client: ServerClient, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        client.call_endpoint("users/me", "GET")
        server.fail("POST fetch_api_key", "reset")
        request = {"username": "ann@example.com", "password": "a long password"}
        with pytest.raises(Retry) as caught:
            client.call_endpoint("fetch_api_key", "POST", request)
    told = caplog.text + repr(caught.value) + "".join(capsys.readouterr())
    assert server.importer.key not in told
    assert "a long password" not in told
    assert server.importer.key not in repr(Credentials("a@example.org", server.importer.key))


def test_static_pages_are_asked_without_a_key(server: Organization, client: ServerClient) -> None:
    path = "/static/generated/emoji/emoji_api.json"
    with client.acting(Credentials("nobody@example.com", "wrong")):
        assert b"code_to_names" in client.fetch_static(path)
