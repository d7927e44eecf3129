"""Tiny Slack workspaces, built in code and written as the folder that an unpacked export is. What a
builder was told is also the truth that a test compares a target with."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

Json = dict[str, object]

_PACIFIC = ZoneInfo("America/Los_Angeles")
"""Slack cuts its day files there."""

_FILES = {
    "public": "channels.json",
    "private": "groups.json",
    "dm": "dms.json",
    "group_dm": "mpims.json",
    "file": "file_conversations.json",
}


class Shared:
    """One file: its record in the export, and the body that Slack has of it, None where it has
    none."""

    def __init__(self, record: Json, content: bytes | None) -> None:
        self.record = record
        self.content = content

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def name(self) -> str:
        return str(self.record["name"])

    @property
    def mimetype(self) -> str:
        return str(self.record["mimetype"])

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content or b"").hexdigest()


class Said:
    """One message: where, when (`ts`), by whom (a person's id), and its record in the export."""

    def __init__(self, place: "Place", record: Json, author: str) -> None:
        self.place = place
        self.record = record
        self.author = author
        self.reactions: list[tuple[str, str]] = []
        self.files: list[Shared] = []

    @property
    def ts(self) -> str:
        return str(self.record["ts"])

    @property
    def text(self) -> str:
        return str(self.record["text"])

    @property
    def micros(self) -> int:
        seconds, _, fraction = self.ts.partition(".")
        return int(seconds) * 1_000_000 + int(fraction)

    def react(self, emoji: str, *people: str) -> "Said":
        """Slack's list of one emoji under this message; the same emoji twice makes two lists."""
        listed = self.record.setdefault("reactions", [])
        assert isinstance(listed, list)
        listed.append({"name": emoji, "users": list(people), "count": len(people)})
        self.reactions += [(emoji, person) for person in people]
        return self

    def attach(self, *files: Shared) -> "Said":
        """Files that were shared with this message."""
        listed = self.record.setdefault("files", [])
        assert isinstance(listed, list)
        listed += [file.record for file in files]
        self.files += files
        return self

    def edit(self, text: str, after: float = 60.0) -> "Said":
        """What Slack exports of an edit: the final text, and when."""
        self.record["text"] = text
        self.record["edited"] = {"user": self.author, "ts": f"{float(self.ts) + after:.6f}"}
        return self


class Place:
    """One conversation of the workspace."""

    def __init__(self, workspace: "Workspace", kind: str, record: Json) -> None:
        self.workspace = workspace
        self.kind = kind
        self.record = record
        self.said: list[Said] = []
        self.entries: list[Json] = []

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def members(self) -> frozenset[str]:
        listed = self.record["members"]
        assert isinstance(listed, list)
        return frozenset(listed)

    def say(
        self,
        author: str,
        text: str,
        *,
        root: "Said | str | None" = None,
        broadcast: bool = False,
        after: float = 1.0,
    ) -> Said:
        """A message `after` seconds after the last one anywhere. `root` is the message that it
        answers, or the ts of one that the export does not hold."""
        record: Json = {"type": "message", "ts": self.workspace.tick(after), "text": text}
        record |= self.workspace.authorship(author)
        if root is not None:
            record["thread_ts"] = root if isinstance(root, str) else root.ts
        if isinstance(root, Said):
            root.record["thread_ts"] = root.ts
            root.record["reply_count"] = int(str(root.record.get("reply_count", 0))) + 1
        if broadcast:
            record["subtype"] = "thread_broadcast"
        self.entries.append(record)
        self.said.append(Said(self, record, author))
        return self.said[-1]

    def notice(self, person: str, subtype: str = "channel_join") -> Said:
        """A line that Slack itself wrote about what `person` did."""
        record: Json = {
            "type": "message",
            "subtype": subtype,
            "ts": self.workspace.tick(1.0),
            "user": person,
            "text": f"<@{person}> has joined the channel",
        }
        self.entries.append(record)
        return Said(self, record, person)

    def pin(self, said: Said) -> None:
        pins = self.record.setdefault("pins", [])
        assert isinstance(pins, list)
        pins.append({"id": said.ts, "type": "C", "user": said.author, "created": 1_700_000_000})
        said.record["pinned_to"] = [self.id]


class Workspace:
    """A team and what it said. People and bots are named by their Slack id everywhere.

    `mark` ends every name and address: a target that many tests share, since there is only one such
    server, sets it for the while of a test, so that nothing of another is met again.
    """

    mark = ""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.files: list[Shared] = []
        self._users: list[Json] = []
        self._loose: dict[str, list[Json]] = {}
        self._bots: dict[str, str] = {}
        self._micros = 1_700_000_000_000_000

    @property
    def said(self) -> list[Said]:
        """Every message, in the order of time."""
        return sorted((said for place in self.places for said in place.said), key=lambda s: s.ts)

    def person(
        self, name: str, *, deactivated: bool = False, guest: bool = False, admin: bool = False,
        email: str = "", profile: Json | None = None,
    ) -> str:  # fmt: skip
        told: Json = {"email": self.marked(email)} if email else {}
        flags: Json = {"deleted": deactivated, "is_restricted": guest, "is_admin": admin}
        return self._user(name, flags, told | (profile or {}))

    def bot(self, name: str) -> str:
        """A bot with an account in users.json, as every newer app has."""
        bot_id = f"B{len(self._users):08d}"
        id = self._user(name, {"is_bot": True}, {"bot_id": bot_id})
        self._bots[id] = bot_id
        return id

    def stranger(self) -> str:
        """The id of somebody who is not in users.json."""
        return f"U9{len(self._users):07d}"

    def channel(
        self, name: str, *members: str, private: bool = False, archived: bool = False
    ) -> Place:
        return self._place(
            "private" if private else "public", "C", name, members, {"is_archived": archived}
        )

    def dm(self, *members: str) -> Place:
        return self._place("dm", "D", "", members, {})

    def group_dm(self, *members: str) -> Place:
        name = f"mpdm-{'--'.join(members).lower()}-{len(self.places)}"
        return self._place("group_dm", "G", name, members, {})

    def canvas_talk(self, *members: str) -> Place:
        """The conversation beside a canvas."""
        return self._place("file", "C", f"FC:F{len(self.places):08d}:Plan", members, {})

    def file(
        self,
        owner: str,
        name: str,
        content: bytes | None,
        *,
        mimetype: str = "application/octet-stream",
        **record: object,
    ) -> Shared:
        """A file that `owner` uploaded; `record` is laid over what Slack would write of it."""
        id = f"F{len(self.files) + 1:08d}"
        written: Json = {"id": id, "name": name, "title": name, "mimetype": mimetype}
        written |= {"mode": "hosted", "user": owner, "size": len(content or b"")}
        written |= {"created": self._micros // 1_000_000}
        written["url_private_download"] = f"https://files.slack.com/files-pri/T00000001-{id}/{name}"
        written["permalink"] = f"https://acme.slack.com/files/{owner}/{id}/{name}"
        self.files.append(Shared(written | record, content))
        return self.files[-1]

    def leave(self, file: Shared, place: "Place | None", listed: str = "canvases.json") -> None:
        """A file that no message brought: a root file of the export lists it, as one that belongs
        to a conversation or to none."""
        channels = [place.id] if place is not None else []
        self._loose.setdefault(listed, []).append(file.record | {"channels": channels})

    def write(self, folder: Path) -> Path:
        """The export as a folder that does not exist yet."""
        folder.mkdir(parents=True)
        _write_json(folder / "users.json", self._users)
        for kind, file in _FILES.items():
            _write_json(folder / file, [p.record for p in self.places if p.kind == kind])
        for name, records in self._loose.items():
            _write_json(folder / name, records)
        for place in self.places:
            days: dict[str, list[Json]] = {}
            for entry in place.entries:
                days.setdefault(_day(str(entry["ts"])), []).append(entry)
            home = folder / str(place.record.get("name") or place.id)
            home.mkdir()
            for day, entries in days.items():
                _write_json(home / f"{day}.json", entries)
        return folder

    def tick(self, after: float) -> str:
        self._micros += max(1, round(after * 1_000_000))
        return f"{self._micros // 1_000_000}.{self._micros % 1_000_000:06d}"

    def authorship(self, author: str) -> Json:
        if author in self._bots:
            return {"subtype": "bot_message", "bot_id": self._bots[author]}
        return {"user": author}

    def marked(self, name: str) -> str:
        if not self.mark:
            return name
        local, at, domain = name.partition("@")
        return f"{local}-{self.mark}{at}{domain}"

    def _user(self, name: str, flags: Json, profile: Json) -> str:
        id = f"U{len(self._users) + 1:08d}"
        name = self.marked(name)
        names: Json = {"real_name": f"{name.title()} Smith", "display_name": name}
        flags = {"deleted": False, "is_bot": False, "is_restricted": False} | flags
        user: Json = {"id": id, "team_id": "T00000001", "name": name, "profile": names | profile}
        self._users.append(user | flags)
        return id

    def _place(
        self,
        kind: Literal["public", "private", "dm", "group_dm", "file"],
        letter: str,
        name: str,
        members: tuple[str, ...],
        more: Json,
    ) -> Place:
        record: Json = {"id": f"{letter}{len(self.places) + 1:08d}", "members": list(members)}
        if name:
            record["name"] = self.marked(name)
        self.places.append(Place(self, kind, record | {"created": 1_600_000_000} | more))
        return self.places[-1]


def _day(ts: str) -> str:
    return (
        datetime.fromtimestamp(int(ts.partition(".")[0]), UTC)
        .astimezone(_PACIFIC)
        .date()
        .isoformat()
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
