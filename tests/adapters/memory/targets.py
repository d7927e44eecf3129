"""The memory target as the conformance suite sees it: its log and its archive read, and damaged, as
plain JSON lines, without a line of the adapter's own reading."""

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from adapters.conformance import Attached, Holding, Mark, Post, Room, Target
from adapters.memory import adapter

Line = dict[str, Any]


class LiveMemory(Target):
    """The log. Small pieces, so that a test's long message need not be long."""

    adapter = adapter
    settings: Mapping[str, object] = {
        "mode": "live",
        "piece_limit": 200,
        "file_limit": 10_000,
    }

    def read_back(self, project: Path) -> Holding:
        log = project / "memory.jsonl"
        if not log.exists():
            return Holding()
        bodies = project / "memory.files"
        return _hold(
            map(json.loads, log.read_text().splitlines()), lambda ref: (bodies / ref).read_bytes()
        )

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

    def lose_body(self, project: Path, file: Attached) -> None:
        for body in (project / "memory.files").iterdir():
            if sha256(body.read_bytes()).hexdigest() == file.sha256:
                body.unlink()

    def _rewrite(
        self, project: Path, hit: Post | str, change: Callable[[Line], list[Line]]
    ) -> None:
        log = project / "memory.jsonl"
        log.write_bytes(_changed(log.read_bytes(), hit, change))


class ForgetfulMemory(LiveMemory):
    """A log that keeps no ids of ours, and shows nobody other people's direct talk."""

    settings: Mapping[str, object] = {**LiveMemory.settings, "keeps_ids": False}
    lacks = frozenset({"settling"})

    def settle_in(self, project: Path, person: str) -> str:
        line: Line = {"act": "account", "ref": f"own-{person.lower()}", "slack": person}
        line |= {"shown_name": person, "team": True, "avatar": "", "quiet": False, "closed": False}
        with (project / "memory.jsonl").open("a") as log:
            log.write(json.dumps(line, separators=(",", ":")) + "\n")
        return str(line["ref"])


class ArchivedMemory(Target):
    """The archive, in parts of a few messages."""

    adapter = adapter
    settings: Mapping[str, object] = {
        "mode": "archive",
        "piece_limit": 200,
        "file_limit": 10_000,
        "part_messages": 3,
    }

    def read_back(self, project: Path) -> Holding:
        lines: list[Line] = []
        bodies: dict[str, bytes] = {}
        for path in self._archives(project):
            with zipfile.ZipFile(path) as archive:
                held = {name: archive.read(name) for name in archive.namelist()}
            told = [name for name in held if name.endswith(".jsonl")]
            for line in map(json.loads, held["messages.jsonl"].splitlines()):
                for file in line["payload"]["files"]:
                    assert f"files/{file['ref']}" in held, "each archive brings what it speaks of"
            _import(lines, [json.loads(line) for name in told for line in held[name].splitlines()])
            bodies |= {
                name.removeprefix("files/"): body for name, body in held.items() if name not in told
            }
        # An archive is laid out thread by thread; whoever imports it goes by the times.
        lines.sort(key=lambda line: line.get("time", 0))
        return _hold(lines, bodies.__getitem__) if lines else Holding()

    def _archives(self, project: Path) -> list[Path]:
        paths = [project / "memory.zip"]
        while paths[-1].exists():
            paths.append(project / f"memory-{len(paths) + 1}.zip")
        return paths[:-1]

    def lose(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [])

    def alter(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [_altered(line)])

    def repeat(self, project: Path, post: Post) -> None:
        self._rewrite(project, post, lambda line: [line, line])

    def lose_body(self, project: Path, file: Attached) -> None:
        self._change(
            project,
            lambda name, held: None if sha256(held).hexdigest() == file.sha256 else held,
        )

    def widen(self, project: Path, conversation: str) -> None:
        self._rewrite(project, conversation, lambda line: [line | {"private": False}])

    def _rewrite(
        self, project: Path, hit: Post | str, change: Callable[[Line], list[Line]]
    ) -> None:
        self._change(
            project,
            lambda name, held: _changed(held, hit, change) if name.endswith(".jsonl") else held,
        )

    def _change(self, project: Path, change: Callable[[str, bytes], bytes | None]) -> None:
        path = self._archives(project)[-1]
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in members.items():
                changed = change(name, held)
                if changed is not None:
                    archive.writestr(name, changed)


class AppendedMemory(ArchivedMemory):
    """Archives that follow each other, as a server that imports each of them once sees them."""

    settings: Mapping[str, object] = {**ArchivedMemory.settings, "delta": "append"}


def _import(there: list[Line], lines: list[Line]) -> None:
    """Take an archive's lines as an importer does that has taken the earlier ones: what it knows it
    finds again by its very words, and whatever is new beside it is added."""
    known = {
        (line["act"], line["ref"]): line
        for line in there
        if line["act"] in ("conversation", "message", "reaction")
    }
    for line in lines:
        before = known.get((line["act"], line["ref"]))
        if not line.get("carried"):
            again = line["act"] == "reaction" and before is not None
            assert before is None or again, "an account, conversation or message comes once"
            there += [] if again else [line]
            continue
        assert before is not None, "only what an earlier archive holds is carried"
        if line["act"] == "conversation":
            before["members"] += line["members"]
        else:
            for same in ("conversation", "author", "time", "root", "payload"):
                assert line[same] == before[same]
            before["pinned"] = before["pinned"] or line["pinned"]


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


def _hold(lines: Iterable[Line], body: Callable[[str], bytes]) -> Holding:
    by_act: dict[str, list[Line]] = {}
    for line in lines:
        by_act.setdefault(line["act"], []).append(line)
    slack = {line["ref"]: line["slack"] for line in by_act.get("account", [])}
    slack |= {line["ref"]: line["slack"] for line in by_act.get("conversation", [])}
    team = {line["ref"] for line in by_act.get("account", []) if line["team"]}
    digests = {
        line["ref"]: sha256(body(line["ref"])).hexdigest() for line in by_act.get("file", [])
    }
    posts = [_post(line, slack, digests) for line in by_act.get("message", [])]
    pictures = {slack[line["ref"]]: line["avatar"] for line in by_act.get("account", [])}
    hushed = {line["ref"]: line["quiet"] for line in by_act.get("account", [])}
    images = {line["slack"]: line["image"] for line in by_act.get("emoji", [])}
    return Holding(
        rooms={line["slack"]: _room(line, by_act, slack, team) for line in by_act["conversation"]},
        posts=tuple(posts),
        marks=tuple(
            Mark(post=line["message"], author=slack[line["author"]], emoji=line["emoji"])
            for line in by_act.get("reaction", [])
        ),
        avatars={person: digests[ref] for person, ref in pictures.items() if ref},
        emoji={name: digests[ref] for name, ref in images.items()},
        held_back=frozenset(slack[ref] for ref, quiet in hushed.items() if quiet),
    )


def _post(line: Line, slack: dict[str, str], digests: dict[str, str]) -> Post:
    return Post(
        ref=line["ref"],
        conversation=slack[line["conversation"]],
        author=slack[line["author"]],
        time=line["time"],
        text=line["payload"]["text"],
        size=len(line["payload"]["text"]),
        root=line["root"] or "",
        also_shown=line["payload"].get("broadcast", False),
        files=tuple(
            Attached(name=file["name"], mimetype=file["mimetype"], sha256=digests[file["ref"]])
            for file in line["payload"]["files"]
        ),
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
