"""The importer's rules, written from what servers were seen to refuse and from their own source,
and not from the adapter: an archive that breaks one stops the import half-way, or loses what it
says without a word. Plain JSON and regular expressions; nothing here is meant to be fast."""

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]

ORDER = "version emoji team channel user bot post direct_channel direct_post".split()

_CHANNEL_KEYS = "team name display_name type header purpose deleted_at slack_id"
_USER_KEYS = (
    "username email nickname first_name last_name position roles delete_at profile_image teams"
    " slack_id"
)
_POST_KEYS = (
    "user type message props create_at edit_at is_pinned reactions attachments replies"
    " thread_followers"
)
KEYS = {
    "emoji": "name image slack_id",
    "team": "name display_name type allow_open_invite",
    "channel": _CHANNEL_KEYS,
    "user": _USER_KEYS,
    "bot": "username owner display_name description profile_image slack_id",
    "post": f"team channel {_POST_KEYS}",
    "direct_channel": "members participants shown_by header slack_id",
    "direct_post": f"channel_members {_POST_KEYS}",
    "reply": "user type message props create_at edit_at is_pinned reactions attachments",
    "reaction": "user emoji_name create_at slack_id",
    "participant": "username scheme_user scheme_guest msg_count msg_count_root last_viewed_at",
    "seat": "name roles msg_count msg_count_root last_viewed_at",
}
"""Others are passed over without a word, so a key that is misspelled would be a silent loss."""

OLD_LINES = set(ORDER) - {"bot"}
RESERVED_TEAMS = (
    "admin api boards channel claim error files help landing login mfa oauth playbooks plug plugins"
    " post signup"
).split()
TYPES = {"", "me", "system_generic"}
BARRIER = {"type": "emoji", "emoji": {"name": "smile", "image": "none.png", "slack_id": ""}}
"""The server has this emoji, and passes over the line; what came before is stored by then."""


def problems(
    path: Path,
    *,
    old: bool = False,
    team: str = "",
    users: Iterable[str] = (),
    channels: Iterable[str] = (),
) -> list[str]:
    """What is wrong with an archive, a sentence each. `old` is a server of 2021; `team`, `users`
    and `channels` stand at the server already."""
    with zipfile.ZipFile(path) as archive:
        broken = archive.testzip()
        if broken:
            return [f"{broken} is damaged"]
        names = archive.namelist()
        roots = [name for name in names if name.endswith(".jsonl") and "/" not in name]
        if len(roots) != 1 or next(name for name in names if name.endswith(".jsonl")) != roots[0]:
            return ["there is not exactly one .jsonl, or not first"]
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        data = archive.read(roots[0])
    reading = _Reading(old, team, set(users), set(channels), sizes)
    return list(reading.read(data))


class _Reading:
    def __init__(
        self, old: bool, team: str, users: set[str], channels: set[str], sizes: dict[str, int]
    ) -> None:
        self.old = old
        self.its_team = team
        self.users = users
        self.channels = channels
        self.sizes = sizes
        self.emails: set[str] = set()
        self.direct: set[frozenset[str]] = set()
        self.segment = 0
        self.again = False
        self.times: dict[object, set[int]] = {}
        self.used: set[str] = set()

    def read(self, data: bytes) -> Iterator[str]:
        if not data.endswith(b"\n"):
            yield "the last line has no end"
        for number, raw in enumerate(data.split(b"\n")[:-1], 1):
            for problem in self.line(number, raw):
                yield f"line {number}: {problem}"
        for name in self.sizes:
            if name.startswith("data/") and name not in self.used:
                yield f"nobody speaks of {name}"

    def line(self, number: int, raw: bytes) -> Iterator[str]:
        if len(raw) >= 16 * 1024 * 1024:
            yield "too long"
        if not raw.strip():
            yield "empty"
            return
        try:
            line = json.loads(raw)
        except ValueError:
            yield "no JSON"
            return
        kind = line.get("type")
        if kind not in ORDER or (self.old and kind not in OLD_LINES):
            yield f"unknown type {kind}"
            return
        if (number == 1) != (kind == "version"):
            yield "the version must come first, and once"
        if set(line) - {"type", kind} or kind not in line:
            yield "not {type, <type>}"
        place = ORDER.index(kind)
        if place < self.segment:
            self.again |= kind == "team" or line == BARRIER
            if not self.again:
                yield f"{kind} after {ORDER[self.segment]}"
        self.segment = place
        if "\0" in json.dumps(line, ensure_ascii=False) or _holds_nul(line):
            yield "NUL"
        if kind == "version":
            if line["version"] != 1:
                yield "not version 1"
            return
        if line == BARRIER and not self.old:
            return
        yield from self.keys(kind, line[kind])
        yield from getattr(self, kind)(line[kind])

    def keys(self, kind: str, fields: Line) -> Iterator[str]:
        unknown = set(fields) - set(KEYS[kind].split())
        if unknown:
            yield f"{kind} has unknown keys {sorted(unknown)}"

    def emoji(self, emoji: Line) -> Iterator[str]:
        yield from self.emoji_name(emoji["name"])
        yield from self.body(emoji["image"], 512 * 1024)

    def team(self, team: Line) -> Iterator[str]:
        name = team["name"]
        if not re.fullmatch(r"[a-z0-9]+([a-z\-0-9]+|(__)?)[a-z0-9]+", name) or len(name) > 64:
            yield "team name"
        if name.startswith(tuple(RESERVED_TEAMS)):
            yield "reserved team name"
        if not 1 <= len(team["display_name"]) <= 64 or team["type"] not in "OI":
            yield "team"
        self.its_team = name

    def channel(self, channel: Line) -> Iterator[str]:
        name = channel["name"]
        pattern = r"[a-z0-9]+([a-z\-\_0-9]+|(__)?)[a-z0-9]+"
        if not re.fullmatch(pattern, name) or len(name) > 64:
            yield f"channel name {name}"
        if re.fullmatch(r"[a-z0-9]{26}__[a-z0-9]{26}|[0-9a-f]{40}", name):
            yield "the name of a direct channel"
        if name in self.channels | {"town-square", "off-topic"}:
            yield f"channel {name} is there"
        self.channels.add(name)
        if not 1 <= len(channel["display_name"]) <= 64 or channel["type"] not in "OP":
            yield "channel"
        if len(channel.get("header", "")) > 1024 or len(channel.get("purpose", "")) > 250:
            yield "header or purpose"
        if "deleted_at" in channel and channel["deleted_at"] <= 0:
            yield "deleted_at"

    def user(self, user: Line) -> Iterator[str]:
        yield from self.name(user["username"])
        email = user["email"]
        if not re.fullmatch(r"[^\s@<>()\",;:\\\[\]]+@[^\s@<>()\",;:\\\[\]]+", email):
            yield "address"
        local = email.partition("@")[0]
        if email != email.lower() or len(email.encode()) > 128 or ".." in email:
            yield "address"
        if local.startswith(".") or local.endswith(".") or not email.isascii():
            yield "address"
        if email in self.emails:
            yield "an account with that address exists"
        self.emails.add(email)
        for key, limit in (("nickname", 64), ("first_name", 64), ("last_name", 64),
                           ("position", 128)):  # fmt: skip
            if len(user.get(key, "")) > limit:
                yield key
        if "password" in user or user.get("roles", "system_user") not in {
            "system_user", "system_guest",
        }:  # fmt: skip
            yield "password or roles"
        if "profile_image" in user:
            yield from self.body(user["profile_image"])
        guest = user.get("roles") == "system_guest"
        for team in user["teams"]:
            if team["name"] != self.its_team or team["roles"] != (
                "team_guest" if guest else "team_user"
            ):
                yield "team"
            for seat in team.get("channels", ()):
                yield from self.keys("seat", seat)
                if seat["name"] not in self.channels:
                    yield f"no channel {seat['name']}"
                if seat["roles"] != ("channel_guest" if guest else "channel_user"):
                    yield "roles in a channel"
                if not self.old and ("msg_count" in seat) != ("last_viewed_at" in seat):
                    yield "read state"

    def bot(self, bot: Line) -> Iterator[str]:
        yield from self.name(bot["username"])
        if not re.fullmatch(r"[a-z0-9.\-_]{1,64}", bot["owner"]) or len(bot["display_name"]) > 64:
            yield "bot"
        if "profile_image" in bot:
            yield from self.body(bot["profile_image"])

    def name(self, name: str) -> Iterator[str]:
        if not re.fullmatch(r"[a-z0-9.\-_]{1,64}", name):
            yield f"account name {name}"
        if name in self.users | {"all", "channel", "matterbot", "system"}:
            yield f"account {name} is there"
        self.users.add(name)

    def direct_channel(self, channel: Line) -> Iterator[str]:
        participants = channel.get("participants", ())
        for each in participants:
            yield from self.keys("participant", each)
            if not each.get("scheme_user") and not each.get("scheme_guest"):
                yield "a participant without a role"
        if bool(participants) == bool(self.old):
            yield "participants"
        members = [each["username"] for each in participants] or channel["members"]
        yield from self.members(members)
        if frozenset(members) in self.direct:
            yield "the same people twice"
        self.direct.add(frozenset(members))
        if len(channel.get("header", "")) > 1024:
            yield "header"
        if set(channel.get("shown_by", ())) - set(members):
            yield "shown by others"

    def members(self, members: list[str]) -> Iterator[str]:
        if not 2 <= len(members) <= 8:
            yield "too few or too many members"
        if len(members) > 2 and len(set(members)) != len(members):
            yield "a member twice"
        if set(members) - self.users:
            yield "members without an account"

    def post(self, post: Line) -> Iterator[str]:
        if post["team"] != self.its_team or post["channel"] not in self.channels:
            yield "no such channel"
        yield from self.thread("post", post, post["channel"])

    def direct_post(self, post: Line) -> Iterator[str]:
        yield from self.members(post["channel_members"])
        if self.old and "attachments" in post:
            yield "files of direct posts are not looked for"
        yield from self.thread("direct_post", post, frozenset(post["channel_members"]))

    def thread(self, kind: str, post: Line, lane: object) -> Iterator[str]:
        yield from self.said(kind, post)
        times = self.times.setdefault(lane, set())
        created = post["create_at"]
        if created in times and not self.again:
            yield "two posts in one millisecond"
        times.add(created)
        if len(post.get("replies", ())) > 3449:
            yield "more replies than one statement saves"
        replies = {created}
        for reply in post.get("replies", ()):
            yield from self.keys("reply", reply)
            yield from self.said("reply", reply)
            if reply["create_at"] < created:
                yield "a reply before its root"
            if reply["create_at"] in replies:
                yield "two replies in one millisecond"
            replies.add(reply["create_at"])
            if self.old and "attachments" in reply:
                yield "files of replies are not looked for"
        for follower in post.get("thread_followers", ()):
            if follower["user"] not in self.users or follower["last_viewed"] < created:
                yield "follower"

    def said(self, kind: str, post: Line) -> Iterator[str]:
        if post["user"] not in self.users:
            yield f"{kind} by nobody"
        if len(post["message"]) > 16383:
            yield f"{kind} is too long"
        if post["create_at"] <= 0 or post.get("edit_at", post["create_at"]) < post["create_at"]:
            yield f"{kind}'s times"
        if post.get("type", "") not in TYPES:
            yield f"{kind} of unknown type"
        if len(json.dumps(post.get("props", {}))) > 8000 or "slack_id" not in post["props"]:
            yield f"{kind}'s props"
        attachments = post.get("attachments", [])
        if len(attachments) > 10:
            yield f"{kind} has too many files"
        for attachment in attachments:
            yield from self.body(attachment["path"])
        chosen: set[tuple[str, str]] = set()
        for reaction in post.get("reactions", ()):
            yield from self.keys("reaction", reaction)
            yield from self.emoji_name(reaction["emoji_name"])
            if reaction["user"] not in self.users or reaction["create_at"] < post["create_at"]:
                yield "reaction"
            if (reaction["user"], reaction["emoji_name"]) in chosen:
                yield "the same reaction twice"
            chosen.add((reaction["user"], reaction["emoji_name"]))

    def emoji_name(self, name: str) -> Iterator[str]:
        if not re.fullmatch(r"[a-zA-Z0-9+_-]{1,64}", name):
            yield f"emoji name {name}"

    def body(self, path: str, limit: int | None = None) -> Iterator[str]:
        """11 looks below `data/`, the old one for the path as it is."""
        name = path if self.old else f"data/{path}"
        if not name.startswith("data/") or ".." in name.split("/"):
            yield "a path that leads elsewhere"
        if name != unicodedata.normalize("NFC", name):
            yield "a path that is not found when it is composed"
        if name not in self.sizes:
            yield f"{name} is not in the archive"
        elif limit is not None and self.sizes[name] > limit:
            yield f"{name} is too large"
        self.used.add(name)


def _holds_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value
