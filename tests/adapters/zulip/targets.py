"""The import directory as the conformance suite sees it: read, and damaged, as plain JSON, the way
an importer would take it, without a line of the adapter's own reading."""

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.conformance import Holding, Mark, Post, Room, Target
from adapters.conformance.target import Attached
from adapters.zulip import adapter

Row = dict[str, Any]


class ZulipDirectory(Target):
    """What is made for a server of today, in files of a few messages."""

    adapter = adapter
    settings: Mapping[str, object] = {
        "mode": "import", "subdomain": "acme", "profile": "11",
        "owner": "owner@acme.example", "part_messages": 3,
    }  # fmt: skip

    def read_back(self, project: Path) -> Holding:
        return Organization(project / "zulip").holding()

    def lose(self, project: Path, post: Post) -> None:
        _rewrite(project, post, lambda row: [])

    def alter(self, project: Path, post: Post) -> None:
        _rewrite(project, post, lambda row: [row | {"content": "not what was said"}])

    def repeat(self, project: Path, post: Post) -> None:
        _rewrite(project, post, lambda row: [row, row])

    def chat(self, project: Path, post: Post) -> None:
        _rewrite(project, post, lambda row: [row, row | {"id": row["id"] + 500_000}])

    def widen(self, project: Path, conversation: str) -> None:
        folder = project / "zulip"
        realm = json.loads((folder / "realm.json").read_bytes())
        everybody = [row["id"] for row in realm["zerver_userprofile"]]
        for number, path in enumerate(pages_of(folder), 1):
            page = json.loads(path.read_bytes())
            for trace in lines_of(folder / f"slack/{number:06d}.jsonl"):
                if trace[1].startswith(f"{conversation}/"):
                    page["zerver_usermessage"] += [
                        {"user_profile": user, "message": trace[0], "flags_mask": 2048}
                        for user in everybody
                    ]
            path.write_text(json.dumps(page))

    def lose_body(self, project: Path, file: Attached) -> None:
        for path in (project / "zulip" / "uploads").rglob("*"):
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256:
                path.unlink()


class NewZulipDirectory(ZulipDirectory):
    """What is made for a server of 2026, to which talk of two is a group."""

    settings: Mapping[str, object] = {**ZulipDirectory.settings, "profile": "12"}


class TenZulipDirectory(ZulipDirectory):
    """What is made for a server of early 2025."""

    settings: Mapping[str, object] = {
        **ZulipDirectory.settings, "profile": "10", "topics": "daily", "user_messages": "idle",
    }  # fmt: skip


class OldZulipDirectory(ZulipDirectory):
    """What is made for a server of 2024, a topic a month and copies made later."""

    settings: Mapping[str, object] = {
        **ZulipDirectory.settings,
        "profile": "9", "topics": "monthly", "user_messages": "idle",
    }  # fmt: skip


def pages_of(folder: Path) -> list[Path]:
    """The files of messages, as an importer finds them: up to the first gap."""
    found: list[Path] = []
    while (path := folder / f"messages-{len(found) + 1:06d}.json").exists():
        found.append(path)
    return found


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def read_words(content: str) -> str:
    """What people read, without the lines that show files and lead to topics."""
    content = re.sub(r"\n*#\*\*[^*>]+>[^*]+\*\*$", "", content)
    content = re.sub(r"\n*\[[^]]*\]\(/user_uploads/[^)]*\)", "", content)
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", content))


class Organization:
    """As much of a server as is needed to know what it would hold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._there = (folder / "realm.json").exists()
        self._tables: dict[str, list[Row]] = (
            json.loads((folder / "realm.json").read_bytes()) if self._there else {}
        )
        self._messages: list[Row] = []
        self._copies: list[Row] = []
        self._traces: dict[int, list[Any]] = {}
        for number, path in enumerate(pages_of(folder), 1):
            page = json.loads(path.read_bytes())
            self._messages += page["zerver_message"]
            self._copies += page["zerver_usermessage"]
            for trace in lines_of(folder / "slack" / f"{number:06d}.jsonl"):
                self._traces[trace[0]] = trace
        self._messages.sort(key=lambda row: (int(row["date_sent"]), row["id"]))

    def holding(self) -> Holding:
        if not self._there:
            return Holding()
        posts = [post for row in self._messages if (post := self._post(row)) is not None]
        return Holding(
            rooms=self._rooms(),
            posts=tuple(posts),
            marks=tuple(self._marks()),
            avatars=self._avatars(),
            emoji=self._emoji(),
        )

    def sign_posts(self) -> list[Row]:
        """The messages that nobody wrote, which lead to a thread's topic."""
        return [row for row in self._messages if not self._traces[row["id"]][1]]

    def rows(self) -> list[tuple[Row, str, str]]:
        """Every message with its Slack id and its root's."""
        told = [self._traces.get(row["id"], [0, "", ""]) for row in self._messages]
        return [(row, *trace[1:3]) for row, trace in zip(self._messages, told, strict=True)]

    @property
    def _slack(self) -> dict[int, str]:
        ids = {a["name"]: a["slack_id"] for a in lines_of(self._folder / "slack/accounts.jsonl")}
        return {
            row["id"]: ids.get(row["full_name"], "") for row in self._tables["zerver_userprofile"]
        }

    def _post(self, row: Row) -> Post | None:
        trace = self._traces.get(row["id"])
        if trace is None or not trace[1]:
            return None
        return Post(
            ref=trace[1] + ("" if self._is_first(row, trace) else "+"),
            conversation=trace[1].split("/")[0],
            author=self._slack[row["sender"]],
            time=round(row["date_sent"] * 1_000_000) // 1_000,
            text=read_words(row["content"]),
            size=len(row["content"]),
            root=trace[2],
            files=tuple(self._attached(row["id"])),
        )

    def _is_first(self, row: Row, trace: list[Any]) -> bool:
        first = next(each for each, t in self._traces.items() if t[1] == trace[1])
        return bool(first == row["id"])

    def _attached(self, message: int) -> Iterator[Attached]:
        told = json.loads((self._folder / "uploads/records.json").read_bytes())
        types: dict[str, str] = {row["path"]: row["content_type"] for row in told}
        path = self._folder / "attachment.json"
        for row in json.loads(path.read_bytes())["zerver_attachment"]:
            body = self._folder / "uploads" / row["path_id"]
            if message in row["messages"] and body.exists():
                yield Attached(
                    name=row["file_name"],
                    mimetype=types[row["path_id"]],
                    sha256=hashlib.sha256(body.read_bytes()).hexdigest(),
                )

    def _rooms(self) -> dict[str, Room]:
        slack = self._slack
        everybody = {
            slack[row["id"]]
            for row in self._tables["zerver_userprofile"]
            if row["role"] > 100 and row["role"] < 600
        }
        members: dict[int, set[str]] = {}
        for row in self._tables["zerver_subscription"]:
            members.setdefault(row["recipient"], set()).add(slack[row["user_profile"]])
        named = {each["name"]: each for each in self._tables["zerver_stream"]}
        recipients = {
            row["type_id"]: row["id"] for row in self._tables["zerver_recipient"]
            if row["type"] == 2
        }  # fmt: skip
        ids = {account: name for name, account in self._ids().items()}
        rooms: dict[str, Room] = {}
        for told in lines_of(self._folder / "slack/conversations.jsonl"):
            if told.get("direct"):
                there = frozenset(ids[name] for name in told["members"])
                rooms[told["slack_id"]] = Room(members=there, readers=there)
                continue
            channel = named[told["name"]]
            there = frozenset(members.get(recipients[channel["id"]], ()))
            rooms[told["slack_id"]] = Room(
                members=there,
                readers=there if channel["invite_only"] else there | everybody,
                closed=channel["deactivated"],
            )
        return rooms | self._direct()

    def _direct(self) -> dict[str, Room]:
        """Direct conversations by who has copies of their messages."""
        copies: dict[int, set[str]] = {}
        for copy in self._copies:
            if copy["flags_mask"] & 2048:
                copies.setdefault(copy["message"], set()).add(self._slack[copy["user_profile"]])
        rooms: dict[str, Room] = {}
        for row, id, _ in self.rows():
            if row["id"] in copies and id:
                there = frozenset(copies[row["id"]])
                rooms[id.split("/")[0]] = Room(members=there, readers=there)
        return rooms

    def _ids(self) -> dict[str, str]:
        told = lines_of(self._folder / "slack/accounts.jsonl")
        return {each["slack_id"]: each["name"] for each in told}

    def _marks(self) -> Iterator[Mark]:
        names: dict[str, str] = {
            str(row["id"]): row["name"] for row in self._tables["zerver_realmemoji"]
        }
        for row in self._tables["zerver_reaction"]:
            yield Mark(
                post=self._traces[row["message"]][1],
                author=self._slack[row["user_profile"]],
                emoji=names.get(row["emoji_code"]) or str(row["emoji_code"]),
            )

    def _avatars(self) -> dict[str, str]:
        told = json.loads((self._folder / "avatars/records.json").read_bytes())
        return {
            self._slack[row["user_profile_id"]]: self._sum("avatars", row["path"])
            for row in told
            if row["path"].endswith(".original")
        }

    def _emoji(self) -> dict[str, str]:
        path = self._folder / "emoji/records.json"
        told = json.loads(path.read_bytes()) if path.exists() else []
        names = {
            each["name"]: each["slack_id"] for each in lines_of(self._folder / "slack/emoji.jsonl")
        }
        return {names[row["name"]]: self._sum("emoji", row["path"]) for row in told}

    def _sum(self, kind: str, path: str) -> str:
        return hashlib.sha256((self._folder / kind / path).read_bytes()).hexdigest()


def _rewrite(project: Path, post: Post, change: Callable[[Row], list[Row]]) -> None:
    """The directory with the rows of one post changed."""
    folder = project / "zulip"
    for number, path in enumerate(pages_of(folder), 1):
        traces = {trace[0]: trace[1] for trace in lines_of(folder / f"slack/{number:06d}.jsonl")}
        page = json.loads(path.read_bytes())
        rows: list[Row] = []
        for row in page["zerver_message"]:
            rows += change(row) if traces.get(row["id"]) == post.ref else [row]
        path.write_text(json.dumps(page | {"zerver_message": rows}))
