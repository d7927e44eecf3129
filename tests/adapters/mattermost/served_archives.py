"""Archives made by hand, and what the server half of the adapter needs besides to be tried alone: a
memo, a clock that takes no time, a connection to the fake."""

import asyncio
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.mattermost.calls import Calls
from adapters.mattermost.client import open_driver
from adapters.mattermost.config import Config
from tests.fakes.mattermost import FakeMattermost

Line = dict[str, Any]

TEAM = "acme"


class Kept(dict[str, str]):
    """A memo. `after` sets from now the process ends, as far as anybody can tell."""

    after = -1

    def set(self, name: str, value: str) -> None:
        self[name] = value
        self.after -= 1
        if self.after == 0:
            raise Killed


class Killed(BaseException):
    """SIGKILL, for a test."""


class Clock:
    """`pause` returns at once and adds up; a look at the real one is taken so that others run."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def pause(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0.01)


def config_for(server: FakeMattermost, **more: Any) -> Config:
    return Config(team=TEAM, url=server.url, **more)


def calls_to(server: FakeMattermost, token: str | None = None) -> Calls:
    return Calls(open_driver(server.url, server.token if token is None else token))


def write_archive(path: Path, *lines: Line, bodies: Mapping[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        written = [_line("version", 1), *lines]
        text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in written)
        archive.writestr("import.jsonl", text)
        for name, body in (bodies or {}).items():
            archive.writestr(f"data/{name}", body)
    return path


def team(**more: Any) -> Line:
    return _line("team", {"name": TEAM, "display_name": "Acme", "type": "I"} | more)


def channel(name: str, **more: Any) -> Line:
    value = {"team": TEAM, "name": name, "display_name": name, "type": "O", "slack_id": "C1"}
    return _line("channel", value | more)


def user(name: str, *channels: str, guest: bool = False, **more: Any) -> Line:
    role = "guest" if guest else "user"
    seats = [{"name": each, "roles": f"channel_{role}"} for each in channels]
    teams = [{"name": TEAM, "roles": f"team_{role}", "channels": seats}]
    value = {"username": name, "email": f"{name}@slack.invalid", "teams": teams, "slack_id": "U1"}
    return _line("user", value | ({"roles": "system_guest"} if guest else {}) | more)


def post(place: str, author: str, number: int, **more: Any) -> Line:
    value = {
        "team": TEAM, "channel": place, "user": author, "message": f"word {number}",
        "create_at": 1_600_000_000_000 + number, "props": {"slack_id": f"C1/{number}/0"},
    }  # fmt: skip
    return _line("post", value | more)


def _line(type: str, value: Any) -> Line:
    return {"type": type, type: value}
