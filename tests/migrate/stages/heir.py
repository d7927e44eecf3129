"""A memory target that takes an archive and lives on: the archive's lines become a log as an
importer would make it, everything under new refs and without our ids, and the session finds again
what it came from by a list that the importer left."""

import json
import shutil
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from adapters.conformance.workspace import Workspace
from adapters.memory.adapter import MemoryAdapter, MemoryConfig
from adapters.memory.forgetful import ForgetfulSession
from adapters.memory.live import seen
from migrate import runner
from migrate.model import Ref
from migrate.registry import Registry
from migrate.spi import BulkSession, Context, Existing, Opening, Seen
from migrate.spi import LiveSession as LiveTarget
from tests.adapters.memory.targets import ArchivedMemory
from tests.migrate.stages.trial import Trial

Json = dict[str, Any]

LIVE: Mapping[str, object] = {
    "target__mode": "live",
    "target__keeps_ids": False,
}


class HeirSession(ForgetfulSession):
    """Goes on where the archive ended. `list` is what the importer left."""

    inherits = "memory:archive:memory.zip"
    list: Json

    async def accounts(self) -> Sequence[Existing]:
        return [
            msgspec.structs.replace(
                each, name=self.list["names"].get(each.ref, each.name), full_name=""
            )
            for each in await super().accounts()
        ]

    async def conversations(self) -> Sequence[Existing]:
        """Direct ones are in nobody's list."""
        direct = self.list["direct"].values()
        return [
            msgspec.structs.replace(each, name=self.list["names"].get(each.ref, each.name))
            for each in await super().conversations()
            if each.ref not in direct
        ]

    async def ensure_conversation(self, opening: Opening) -> Ref:
        members = " ".join(sorted(member.ref for member in opening.members))
        known = self.list["direct"].get(members)
        if known is not None and opening.conversation.kind in ("dm", "group_dm"):
            return str(known)
        return await super().ensure_conversation(opening)

    async def inherit(self, opening: Opening) -> AsyncIterator[Seen]:
        if not await self.can_read(opening):
            return
        (ref,) = (ref for ref, name in self.list["names"].items() if name == opening.ref)
        for post in self._server.rooms[ref].messages.values():
            if id := self.list["ids"].get(post.ref):
                told = seen(post, self._server.has_body)
                yield msgspec.structs.replace(told, id=id, time=post.time // 1_000 * 1_000)


class HeirAdapter(MemoryAdapter):
    """The memory adapter, with a living target that is another server than the archive's."""

    async def connect(self, config: MemoryConfig, context: Context) -> LiveTarget | BulkSession:
        session = await super().connect(config, context)
        if isinstance(session, ForgetfulSession):
            heir = HeirSession(session._server, session.caps, session.fingerprint)
            heir.list = json.loads((context.folder / "imported.json").read_text())
            return heir
        return session


class ArchiveWithHeir(ArchivedMemory):
    adapter = HeirAdapter()


class Inheritance(Trial):
    """A project that makes an archive first, and goes on at the living target after `take`."""

    def __init__(
        self, folder: Path, workspace: Workspace, settings: Mapping[str, object] | None = None
    ) -> None:
        self._way: Mapping[str, object] = {}
        super(Trial, self).__init__(ArchiveWithHeir(), folder, workspace, settings)

    def project(self, **overrides: object) -> runner.Project:
        return super().project(**{**self._way, **overrides})

    def take(self) -> None:
        """What the administrator does: import the archive, then say so in `migration.toml`."""
        take_archive(self.folder)
        self.go_live()

    def go_live(self, **more: object) -> None:
        self._way = {**LIVE, **{f"target__{name}": value for name, value in more.items()}}

    def go_back(self) -> None:
        self._way = {}

    def texts(self, conversation: str) -> list[str]:
        """What a conversation of Slack's holds at the living target, in its order."""
        log = [json.loads(line) for line in (self.folder / "memory.jsonl").read_text().splitlines()]
        rooms = {x["ref"] for x in log if x["act"] == "conversation" and x["slack"] == conversation}
        return [
            line["payload"]["text"]
            for line in log
            if line["act"] == "message" and line["conversation"] in rooms
        ]

    def log(self, act: str) -> list[Json]:
        """The living target's lines of one kind."""
        lines = (self.folder / "memory.jsonl").read_text().splitlines()
        return [line for line in map(json.loads, lines) if line["act"] == act]


def take_archive(folder: Path) -> None:
    """Import `memory.zip` as a server does: in the order of time, under refs of its own."""
    with zipfile.ZipFile(folder / "memory.zip") as archive:
        held = {
            name.removesuffix(".jsonl"): [json.loads(x) for x in archive.read(name).splitlines()]
            for name in archive.namelist()
            if name.endswith(".jsonl")
        }
        bodies = folder / "memory.files"
        for name in archive.namelist():
            if name.startswith("files/") and not name.endswith("/"):
                path = bodies / name.removeprefix("files/")
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    people = {line["ref"]: f"a{at:03d}" for at, line in enumerate(held["accounts"])}
    rooms = {line["ref"]: f"r{at:03d}" for at, line in enumerate(held["conversations"])}
    posts = sorted(held["messages"], key=lambda line: line["time"])
    refs = {line["ref"]: f"m{at:09d}" for at, line in enumerate(posts, 1)}
    lines: list[Json] = [*held["files"], *held["emoji"]]
    lines += [line | {"ref": people[line["ref"]]} for line in held["accounts"]]
    direct: dict[str, str] = {}
    for room in held["conversations"]:
        members = [people[name] for name in room["members"]]
        made = room | {"ref": rooms[room["ref"]], "members": members, "closed": False}
        lines.append(made)
        lines += [_join(made["ref"], member) for member in members]
        if room["slack"].startswith("D"):
            direct[" ".join(sorted(members))] = made["ref"]
    for post in posts:
        moved = {
            "ref": refs[post["ref"]],
            "id": "",
            "conversation": rooms[post["conversation"]],
            "author": people[post["author"]],
            "root": refs[post["root"]] if post["root"] else None,
        }
        lines.append(post | moved)
    for mark in held["reactions"]:
        moved = {
            "ref": f"x{len(lines)}",
            "id": "",
            "conversation": rooms[mark["conversation"]],
            "author": people[mark["author"]],
            "message": refs[mark["message"]],
        }
        lines.append(mark | moved)
    for room in held["conversations"]:
        pins = [refs[p["ref"]] for p in posts if p["conversation"] == room["ref"] and p["pinned"]]
        seal = {"act": "seal", "conversation": rooms[room["ref"]], "pins": pins, "leavers": []}
        lines.append(seal | {"closed": room["closed"]})
    (folder / "memory.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    listed = {
        "names": {ref: name for name, ref in (people | rooms).items()},
        "direct": direct,
        "ids": {ref: id for id, ref in refs.items()},
    }
    (folder / "imported.json").write_text(json.dumps(listed))


def _join(room: str, account: str) -> Json:
    joined: Json = {"act": "join", "conversation": room, "account": account}
    return joined | {"time": 0, "invited": True}


def registry() -> Registry:
    """The heir under its name."""
    return Registry({"memory": HeirAdapter()})
