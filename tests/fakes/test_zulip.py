"""The fake Zulip server, held against what real ones answered: every call of a recording made
again, in its order, and status and answer compared. 9 and 10, each in a new organization, recorded
on 2026-11-22. And what the fake does not let pass."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import requests

from tests.fakes.zulip import Organization
from tests.fakes.zulip_records import Json
from tests.fakes.zulip_replay import Replay

HERE = Path(__file__).parent


@pytest.mark.parametrize("version", ["9", "10"])
def test_every_recorded_call_is_answered_alike(version: Literal["9", "10"]) -> None:
    _, *lines = _lines(f"zulip-{version}.jsonl")
    with Organization(version, lenient=True).running() as server:
        server.limit = 200
        replay = Replay(server)
        for line in lines:
            replay.read(line)
    assert replay.made > 250


@pytest.mark.parametrize(
    ("verb", "path", "form", "mistake"),
    [
        ("GET", "users", {"nonsense": "1"}, "nonsense is no parameter"),
        ("GET", "nowhere", {}, "no such address"),
        ("PUT", "messages", {}, "no such call"),
        ("POST", "messages", {"type": "direct"}, "Missing 'content' argument"),
        ("POST", "realm/domains", {"domain": "a.org", "allow_subdomains": "yes"}, "not valid JSON"),
        ("PATCH", "settings", {"enable_digest_emails": "1"}, "not a boolean"),
    ],
)
def test_what_no_server_takes_fails_the_test(
    verb: str, path: str, form: Json, mistake: str
) -> None:
    with pytest.raises(AssertionError, match=mistake), Organization().running() as server:
        _call(server, verb, path, form)


def test_a_sender_that_is_made_up_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="made up"), Organization().running() as server:
        server.world.domains["example.com"] = False
        form = {"type": "direct", "to": '["importer@example.com"]', "content": "boo",
                "sender": "ghost@example.com", "forged": "true",
                "client": "JabberMirror"}  # fmt: skip
        assert _call(server, "POST", "messages", form).status_code == 200


def test_whoever_calls_too_often_waits() -> None:
    with Organization().running() as server:
        server.limit, server.window = 3, 0.2
        answers = [_call(server, "GET", "users/me", {}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["code"] == "RATE_LIMIT_HIT"
        time.sleep(float(answers[-1].headers["Retry-After"]))
        assert _call(server, "GET", "users/me", {}).status_code == 200


def _call(server: Organization, verb: str, path: str, form: Json) -> requests.Response:
    who = server.importer
    address, signed = f"{server.url}/api/v1/{path}", (who.email, who.key)
    if verb == "GET":
        return requests.get(address, form, auth=signed, timeout=10)
    return requests.request(verb, address, data=form, auth=signed, timeout=10)


def _lines(name: str) -> Iterator[Json]:
    return map(json.loads, (HERE / name).read_text("utf-8").splitlines())
