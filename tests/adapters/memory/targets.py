"""The memory target as the conformance suite sees it: its log and its archive read, and damaged, as
plain JSON lines, without a line of the adapter's own reading."""

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from adapters.conformance import Holding, Mark, Post, Room, Target
from adapters.memory import adapter

Line = dict[str, Any]


class LiveMemory(Target):
    """The log. Small pieces, so that a test's long message need not be long."""

    adapter = adapter
    settings: Mapping[str, object] = {"mode": "live", "piece_limit": 200}

    def read_back(self, project: Path) -> Holding:
        log = project / "memory.jsonl"
        return _hold(map(json.loads, log.read_text().splitlines())) if log.exists() else Holding()

    def lose(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [])

    def alter(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [_altered(line)])

    def repeat(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [line, line | {"ref": line["ref"] + "x"}])

    def chat(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [line, _written_anew(line)])

    def widen(self, project: Path, conversation: str) -> None:
        self._rewrite(project, conversation, lambda line: [line | {"private": False}])

    def _rewrite(
        self, project: Path, hit: Post | str, change: Callable[[Line], list[Line]]
    ) -> None:
        log = project / "memory.jsonl"
        log.write_bytes(_changed(log.read_bytes(), hit, change))


class ArchivedMemory(Target):
    """The archive, in parts of a few messages."""

    adapter = adapter
    settings: Mapping[str, object] = {"mode": "archive", "piece_limit": 200, "part_messages": 3}

    def read_back(self, project: Path) -> Holding:
        path = project / "memory.zip"
        if not path.exists():
            return Holding()
        with zipfile.ZipFile(path) as archive:
            lines = [
                json.loads(line)
                for name in archive.namelist()
                for line in archive.read(name).splitlines()
            ]
        # An archive is laid out thread by thread; whoever imports it goes by the times.
        return _hold(sorted(lines, key=lambda line: line.get("time", 0)))

    def lose(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [])

    def alter(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [_altered(line)])

    def repeat(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [line, line])

    def widen(self, project: Path, conversation: str) -> None:
        self._rewrite(project, conversation, lambda line: [line | {"private": False}])

    def _rewrite(
        self, project: Path, hit: Post | str, change: Callable[[Line], list[Line]]
    ) -> None:
        path = project / "memory.zip"
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, lines in members.items():
                archive.writestr(name, _changed(lines, hit, change))


def _changed(lines: bytes, hit: Post | str, change: Callable[[Line], list[Line]]) -> bytes:
    """The lines with one of them changed: a post's, or a conversation's by its Slack id."""
    wanted = (
        ("message", "ref", hit.ref) if isinstance(hit, Post) else ("conversation", "slack", hit)
    )
    act, field, value = wanted
    kept: list[Line] = []
    for line in map(json.loads, lines.splitlines()):
        kept += change(line) if line["act"] == act and line[field] == value else [line]
    return b"".join(
        json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for line in kept
    )


def _altered(line: Line) -> Line:
    return line | {"payload": line["payload"] | {"text": "not what was said"}}


def _written_anew(line: Line) -> Line:
    return _altered(line) | {"ref": line["ref"] + "x", "id": "", "pinned": False}


def _hold(lines: Iterable[Line]) -> Holding:
    by_act: dict[str, list[Line]] = {}
    for line in lines:
        by_act.setdefault(line["act"], []).append(line)
    slack = {line["ref"]: line["slack"] for line in by_act.get("account", [])}
    slack |= {line["ref"]: line["slack"] for line in by_act.get("conversation", [])}
    team = {line["ref"] for line in by_act.get("account", []) if line["team"]}
    posts = [_post(line, slack) for line in by_act.get("message", [])]
    return Holding(
        rooms={line["slack"]: _room(line, by_act, slack, team) for line in by_act["conversation"]},
        posts=tuple(posts),
        marks=tuple(
            Mark(post=line["message"], author=slack[line["author"]], emoji=line["emoji"])
            for line in by_act.get("reaction", [])
        ),
    )


def _post(line: Line, slack: dict[str, str]) -> Post:
    return Post(
        ref=line["ref"],
        conversation=slack[line["conversation"]],
        author=slack[line["author"]],
        time=line["time"],
        text=line["payload"]["text"],
        size=len(line["payload"]["text"]),
        root=line["root"] or "",
        also_shown=line["payload"].get("broadcast", False),
    )


def _room(made: Line, by_act: dict[str, list[Line]], slack: dict[str, str], team: set[str]) -> Room:
    """A log has joins and seals, in their order; an archive has neither, but says who belongs."""
    here = [
        line
        for act in ("join", "message", "seal", "reopen")
        for line in by_act.get(act, [])
        if line["conversation"] == made["ref"]
    ]
    joined = {line["account"]: line["time"] for line in here if line["act"] == "join"}
    seals = [line for line in here if line["act"] == "seal"]
    members = set(joined) if "join" in by_act else set(made["members"])
    if seals:
        members -= set(seals[-1]["leavers"])
    pins = seals[-1]["pins"] if seals else [x["ref"] for x in here if x.get("pinned")]
    readers = members if made["private"] else members | team
    return Room(
        members=frozenset(slack[ref] for ref in members),
        readers=frozenset(slack[ref] for ref in readers),
        pins=tuple(pins),
        closed=seals[-1]["closed"] if seals else made["closed"],
    )
