"""An archive's target with a server behind it, in one file: it takes archives by upload and job,
lets accounts in, says who and what stands there, and knows direct conversations by their
members."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from adapters.memory.adapter import MemoryAdapter, MemoryConfig
from adapters.memory.archive import ArchiveSession
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import (
    Account,
    Artifact,
    BulkSession,
    Capabilities,
    Context,
    Conversation,
    Entry,
    Existing,
    Memo,
    Opening,
)
from migrate.spi import LiveSession as LiveTarget
from tests.adapters.memory.targets import AppendedMemory

Json = dict[str, Any]


class Server:
    """What the server holds, kept in `server.json`: accounts, conversations, uploads, jobs (by the
    sums of the archives), and who was let in by itself."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.json"

    @property
    def state(self) -> Json:
        if not self._path.exists():
            empty: Json = {"accounts": [], "conversations": []}
            return empty | {"uploads": [], "jobs": [], "entries": []}
        state: Json = json.loads(self._path.read_text())
        return state

    def add(self, name: str, value: object) -> None:
        state = self.state
        state[name].append(value)
        self._path.write_text(json.dumps(state))


class ServedSession(ArchiveSession):
    """Uploads and jobs are kept in the memo, as the interface asks."""

    def __init__(self, path: Path, caps: Capabilities, fingerprint: str, memo: Memo) -> None:
        super().__init__(path, caps, fingerprint)
        self.server = Server(path.parent)
        self._memo = memo
        self.against: Literal["archive", "server"] = (
            "server" if self.server.state["jobs"] else "archive"
        )

    def delivers(self) -> bool:
        return True

    async def deliver(self, artifact: Artifact, arrived: Callable[[int], None]) -> None:
        digest = hashlib.sha256(artifact.path.read_bytes()).hexdigest()
        for step in ("upload", "job"):
            if self._memo.get(f"{step} {digest}") is None:
                if digest not in self.server.state[f"{step}s"]:
                    self.server.add(f"{step}s", digest)
                self._memo.set(f"{step} {digest}", "done")
        arrived(1)

    async def ensure_member(self, entry: Entry) -> None:
        if entry.account.ref == "shut-out":
            raise Skip("memory-not-invited")
        self.server.add("entries", [entry.opening.ref, entry.account.ref])

    async def accounts(self) -> Sequence[Existing]:
        return [msgspec.convert(each, Existing) for each in self.server.state["accounts"]]

    async def conversations(self) -> Sequence[Existing]:
        return [msgspec.convert(each, Existing) for each in self.server.state["conversations"]]

    def link(self, opening: Opening, ref: Ref) -> str:
        return f"https://chat.example.org/{opening.ref}/{ref}"

    def sign_in(self, account: Account) -> str:
        return "as before" if account.action == "map" else "with a new password"


class ServedAdapter(MemoryAdapter):
    """A group of up to three is known by who is in it."""

    name = "served"

    def caps(self, config: MemoryConfig) -> Capabilities:
        return msgspec.structs.replace(
            super().caps(config),
            accounts=("ghost", "create", "map"),
            conversations=("create", "map"),
            late_members=True,
        )

    async def connect(self, config: MemoryConfig, context: Context) -> LiveTarget | BulkSession:
        path = context.folder / "memory.zip"
        return ServedSession(path, self.caps(config), "served", context.memo)

    def lane_key(self, conversation: Conversation, members: Sequence[str]) -> str:
        return " ".join(members) if len(members) <= 3 else ""


class ServedMemory(AppendedMemory):
    """The target for a trial."""

    adapter = ServedAdapter()
    settings: Mapping[str, object] = AppendedMemory.settings
