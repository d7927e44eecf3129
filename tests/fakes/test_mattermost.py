"""The fake Mattermost server, held against what real ones answered: every call of a recording made
again, in its order, and status and answer compared. 11.6.0 and 5.37.0, recorded on 2026-11-22 and
cut to the calls and fields that the adapter lives on."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.mattermost import FakeMattermost
from tests.fakes.mattermost_world import Json

HERE = Path(__file__).parent
_FREE = frozenset(
    "create_at update_at delete_at start_at last_activity_at last_post_at last_viewed_at id"
    " msg_count msg_count_root total_msg_count total_msg_count_root size file_size file_offset"
    " order locale".split()
)
"""Fields that depend on when a call was made, on what was written in between, or on the size of an
archive that was not kept; only their kind is compared."""


@pytest.mark.parametrize("version", ["11.6.0", "5.37.0"])
def test_every_recorded_call_is_answered_alike(version: str) -> None:
    seed, *calls = _lines(f"mattermost-{version.removesuffix('.0').replace('11.6', '11')}.jsonl")
    with FakeMattermost(version).running() as server:
        # The watcher must not run ahead of the recording.
        server.holds_jobs = True
        replay = Replay(server, seed["seed"])
        for call in calls:
            replay.make(call)
    assert len(calls) > 80


class Replay:
    """`_ids` leads from recorded ids to those that the fake gave."""

    def __init__(self, server: FakeMattermost, seed: Json) -> None:
        self._server = server
        self._seed = seed
        self._seeded = False
        self._ids = {_admin_of(seed)["id"]: server.admin}
        self._plain = ""
        self._unknown = iter(("wrong", ""))

    def make(self, call: Json) -> None:
        if call["note"] == "directory" and not self._seeded:
            self._seeded = True
            _fill(self._server, self._translated(self._seed))
        if call["note"] == "permissions" and not self._plain:
            self._server.world.make_user("plain", "plain@example.org", "system_user")
            self._plain = self._server.give_token("plain")
        call = self._translated(call)
        self._run_job_until(call)
        response = requests.request(
            call["method"],
            f"{self._server.url}/api/v4{call['path']}",
            headers={"Authorization": f"Bearer {self._token(call)}"},
            **self._body(call),
            timeout=10,
        )
        where = f"{call['method']} {call['path']} ({call['note']})"
        assert response.status_code == call["status"], where
        answer = response.json() if response.content else None
        self._learn(call, answer)
        _hold(self._translated(call["response"]), answer, where)

    def _token(self, call: Json) -> str:
        if call["note"] == "permissions":
            return self._plain
        return next(self._unknown) if call["status"] == 401 else self._server.token

    def _body(self, call: Json) -> dict[str, Any]:
        request = call["request"]
        if isinstance(request, dict) and "_bytes" in request:
            return {"data": self._bytes(call["path"].rpartition("/")[2], request["_bytes"])}
        if call["path"] == "/uploads" and request["filename"] in _ARCHIVES:
            request = request | {"file_size": len(_ARCHIVES[request["filename"]])}
        return {"json": request} if request is not None else {}

    def _bytes(self, upload: str, size: int) -> bytes:
        name = self._server.uploads.get(upload, {}).get("filename", "")
        return _ARCHIVES.get(name, bytes(size))

    def _run_job_until(self, call: Json) -> None:
        """Bring a job that is asked for as far as the recording's was."""
        id, wanted = call["path"].rpartition("/")[2], (call["response"] or {})
        job = self._server.jobs.get(id)
        if job is None or call["method"] != "GET" or call["status"] != 200:
            return
        if wanted["status"] == "in_progress":
            job["status"] = "in_progress"
        elif wanted["status"] in ("success", "error") and job["status"] != wanted["status"]:
            self._server.work(job)

    def _learn(self, call: Json, answer: Any) -> None:
        if call["status"] == 201 and "id" in call["response"]:
            self._ids[call["response"]["id"]] = answer["id"]

    def _translated(self, value: Any) -> Any:
        text = json.dumps(value)
        for old, new in self._ids.items():
            text = text.replace(old, new)
        return json.loads(text)


def _hold(recorded: Any, answer: Any, where: str) -> None:
    """Whatever was recorded is there, and of the same kind; what can be equal is."""
    assert type(recorded) is type(answer), where
    if isinstance(recorded, dict):
        for key, value in recorded.items():
            assert key in answer, f"{where}: {key}"
            if key in _FREE:
                assert type(value) is type(answer[key]), f"{where}: {key}"
            else:
                _hold(value, answer[key], f"{where}: {key}")
    elif isinstance(recorded, list):
        assert len(recorded) == len(answer), where
        for one, other in zip(_sorted(recorded), _sorted(answer), strict=True):
            _hold(one, other, where)
    else:
        assert recorded == answer, where


def _sorted(values: list[Any]) -> list[Any]:
    def key(value: Any) -> str:
        if not isinstance(value, dict):
            return str(value)
        return str(value.get("user_id") or value.get("name") or value.get("username") or value)

    return sorted(values, key=key)


def _fill(server: FakeMattermost, seed: Json) -> None:
    """What the recorded import had brought."""
    world = server.world
    world.users |= {user["id"]: user for user in seed["users"]}
    world.teams[seed["team"]["id"]] = seed["team"]
    world.channels |= {channel["id"]: channel for channel in seed["channels"]}
    for seat in seed["team_seats"]:
        world.team_seats[seat["team_id"], seat["user_id"]] = seat
    for seat in seed["seats"]:
        world.seats[seat["channel_id"], seat["user_id"]] = seat
    for post in seed["posts"]:
        metadata = post.pop("metadata")
        world.posts[post["id"]] = post | {"file_ids": []}
        for reaction in metadata.get("reactions", ()):
            world.react(post["id"], reaction["user_id"], reaction["emoji_name"],
                        reaction["create_at"])  # fmt: skip
        for info in metadata.get("files", ()):
            world.attach(world.posts[post["id"]], info["name"], bytes(info["size"]))


def _admin_of(seed: Json) -> Json:
    return next(user for user in seed["users"] if user["username"] == "sysadmin")


def _lines(name: str) -> Iterator[Json]:
    return map(json.loads, (HERE / name).read_text("utf-8").splitlines())


def _archive(*lines: Json) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("import.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return file.getvalue()


def _post(**fields: Any) -> Json:
    return {"type": "post", "post": {"team": "acme", "channel": "random", "create_at": 1} | fields}


_VERSION: Json = {"type": "version", "version": 1}
_ARCHIVES = {
    "acme.zip": _archive(_VERSION),
    "bad.zip": _archive(_VERSION, _post(user="nobody", message="who?")),
    "bad2.zip": _archive(_VERSION, _post(user="sysadmin", message="x" * 16_384)),
    "cancel.zip": _archive(_VERSION),
}
"""Archives that end as the recorded ones of the same names did."""
