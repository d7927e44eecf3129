"""The importer of a fake Mattermost server: an archive read line by line under the rules of 11.6
and of 5.37, with their texts where it stops. Whatever a real one does to people's harm is done here
too: passwords drawn anew, guests promoted, nothing taken back. Posts are in `mattermost_posts`."""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterable

from tests.fakes.mattermost_posts import EMOJI, Posts, Stop
from tests.fakes.mattermost_world import Json, Refusal, World

_TYPES = ("version", "emoji", "team", "channel", "user", "bot", "post", "direct_channel",
          "direct_post")  # fmt: skip
_TEAM = re.compile(r"[a-z0-9]+([a-z\-0-9]+|(__)?)[a-z0-9]+")
_CHANNEL = re.compile(r"[a-z0-9]+([a-z\-_0-9]+|(__)?)[a-z0-9]*")
_OLD_CHANNEL = re.compile(r"[a-z0-9]+([a-z\-_0-9]+|(__)?)[a-z0-9]+")
_NAME = re.compile(r"[a-z0-9.\-_]+")
_RESERVED = ("admin", "api", "boards", "channel", "claim", "error", "files", "help", "landing",
             "login", "mfa", "oauth", "playbooks", "plug", "plugins", "post", "signup")  # fmt: skip
_BATCH = 1_000


def import_archive(world: World, data: bytes) -> None:
    """Raises Stop; what came before stays."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jsonl")]
        if world.modern:
            names = [name for name in names if "/" not in name]
        if not names:
            raise Stop(0, "Import data file is missing the jsonl file.")
        bodies = {name: archive.read(name) for name in archive.namelist() if name != names[0]}
        lines = archive.read(names[0]).split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    Importer(world, bodies).run(lines)


class Importer:
    def __init__(self, world: World, bodies: dict[str, bytes]) -> None:
        self._world = world
        self._bodies = bodies
        self._posts = Posts(world, self._body)
        self._direct: set[frozenset[str]] = set()

    def run(self, lines: list[bytes]) -> None:
        records = list(self._records(lines))
        for type, segment in itertools.groupby(records, key=lambda each: each[1]):
            held = list(segment)
            if type in ("post", "direct_post"):
                for start in range(0, len(held), _BATCH):
                    self._posts.take(held[start : start + _BATCH], direct=type == "direct_post")
                continue
            for number, _, value in held:
                try:
                    getattr(self, f"_{type}")(value)
                except Refusal as refusal:
                    raise Stop(number, refusal.message) from refusal
                except Stop as stop:
                    raise Stop(number, stop.text) from stop

    def _records(self, lines: list[bytes]) -> Iterable[tuple[int, str, Json]]:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                type = record["type"]
                value = record[type]
            except (ValueError, KeyError) as error:
                raise Stop(number, "JSON decode of line failed.") from error
            if len(line) > 16 * 1024 * 1024:
                raise Stop(0, "bufio.Scanner: token too long")
            if number == 1 and record != {"type": "version", "version": 1}:
                raise Stop(1, "Unable to read the version of the data import file.")
            if type not in _TYPES or (type == "bot" and not self._world.modern):
                raise Stop(number, "Unknown line type.")
            if number > 1:
                yield number, type, value

    # -- what stands before the posts ------------------------------------------------------------

    def _emoji(self, value: Json) -> None:
        if not EMOJI.fullmatch(value["name"]) or len(value["name"]) > 64:
            raise Stop(0, "Emoji name is not valid.")
        if not self._world.modern:
            raise Stop(0, "Error reading the emoji's image: no such file or directory")
        body = self._body(value["image"])
        if body is None:
            raise Stop(0, "Error reading the emoji's image.")
        if len(body) > 512 * 1024:
            raise Stop(0, "Unable to create emoji. Image must be smaller than 512 KiB.")
        self._world.emoji[value["name"]] = body

    def _team(self, value: Json) -> None:
        name = value["name"]
        if not _TEAM.fullmatch(name) or not 2 <= len(name) <= 64:
            raise Stop(0, "Team name contains invalid characters.")
        if name.startswith(_RESERVED):
            raise Stop(0, "Team name contains reserved words.")
        if not 1 <= len(value["display_name"]) <= 64 or value["type"] not in ("O", "I"):
            raise Stop(0, "Team display_name or type is not valid.")
        team = self._world.team_named(name)
        if team is None:
            team = self._world.make_team(name, value["display_name"], value["type"])
        team |= {key: value[key] for key in ("display_name", "type", "allow_open_invite")
                 if key in value}  # fmt: skip

    def _channel(self, value: Json) -> None:
        team = self._world.team_named(value["team"])
        if team is None:
            raise Stop(0, "Error importing channel. Team could not be found.")
        name = value["name"]
        pattern = _CHANNEL if self._world.modern else _OLD_CHANNEL
        if not pattern.fullmatch(name) or len(name) > 64:
            raise Stop(0, "Channel name contains invalid characters.")
        if len(value.get("display_name", "")) > 64 or value["type"] not in ("O", "P"):
            raise Stop(0, "Channel display_name or type is not valid.")
        if len(value.get("header", "")) > 1_024 or len(value.get("purpose", "")) > 250:
            raise Stop(0, "Channel header or purpose is too long.")
        channel = self._world.channel_named(team["id"], name, deleted=True)
        if channel is None:
            present = [c for c in self._world.channels.values() if c["team_id"] == team["id"]]
            if len(present) >= self._world.max_channels:
                raise Stop(0, "You've reached the limit of the number of allowed channels.")
            channel = self._world.make_channel(team["id"], name, value["type"])
        elif channel["delete_at"]:
            raise Stop(0, "UpdateChannel: Unable to update the channel., invalid input: entity:"
                          " Channel field: DeleteAt")  # fmt: skip
        else:
            # A stale copy is written back: the counters with it.
            channel |= {"total_msg_count": 0, "total_msg_count_root": 0, "last_post_at": 0}
        channel |= {key: value[key] for key in ("display_name", "type", "header", "purpose")
                    if key in value}  # fmt: skip
        if self._world.modern:
            channel["delete_at"] = value.get("deleted_at", 0)

    def _user(self, value: Json) -> None:
        name, email = value["username"], value.get("email", "").lower()
        if not _NAME.fullmatch(name) or len(name) > 64 or name in ("all", "channel", "system"):
            raise Stop(0, "Username is not valid.")
        if not email:
            raise Stop(0, "Missing required user property: email.")
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email) or len(email) > 128:
            raise Stop(0, "Invalid email.")
        world = self._world
        if any(u["email"] == email and u["username"] != name for u in world.users.values()):
            raise Stop(0, "An account with that email already exists.")
        self._hold_guest(value)
        user = world.user_named(name)
        fresh = user is None
        if user is None:
            user = world.make_user(name, email, value.get("roles") or "system_user")
        promoted = not fresh and user["roles"] == value.get("roles") == "system_guest"
        if value.get("roles"):
            user["roles"] = value["roles"]
        user |= {"email": email, "delete_at": value.get("delete_at", user["delete_at"])}
        user |= {key: value[key] for key in ("nickname", "first_name", "last_name", "position")
                 if key in value}  # fmt: skip
        world.passwords[name] = value.get("password") or f"drawn-{world.now()}"
        if value.get("profile_image") and (body := self._body(value["profile_image"])) is not None:
            world.pictures[name] = body
        for seat in value.get("teams", ()):
            self._enter(user, seat, guest="guest" in seat.get("roles", "") and not promoted)

    def _hold_guest(self, value: Json) -> None:
        if not self._world.modern:
            return
        system = "system_guest" in value.get("roles", "")
        teams = value.get("teams", ())
        channels = [seat for team in teams for seat in team.get("channels", ())]
        for seats, roles in ((teams, "team_guest"), (channels, "channel_guest")):
            guests = sum(roles in seat.get("roles", "") for seat in seats)
            if guests and not system:
                raise Stop(0, f"User has {roles} roles but is not a system guest.")
            if system and guests != len(seats):
                raise Stop(0, f"User is a system guest but does not have {roles} roles in all.")

    def _enter(self, user: Json, seat: Json, *, guest: bool) -> None:
        world = self._world
        team = world.team_named(seat["name"])
        if team is None:
            raise Stop(0, "Unable to find the team.")
        world.seat_in_team(team["id"], user["id"], guest=guest)
        if not guest:
            square = world.channel_named(team["id"], "town-square")
            assert square is not None
            world.seat(square["id"], user["id"], guest=False)
        for wish in seat.get("channels", ()):
            channel = world.channel_named(team["id"], wish["name"], deleted=True)
            if channel is None:
                raise Stop(0, "Unable to find the channel.")
            member = world.seat(channel["id"], user["id"], guest=guest)
            if world.modern:
                member |= {key: wish[key] for key in ("msg_count", "msg_count_root",
                           "last_viewed_at") if key in wish}  # fmt: skip

    def _bot(self, value: Json) -> None:
        name = value["username"]
        if not _NAME.fullmatch(name) or not _NAME.fullmatch(value["owner"]):
            raise Stop(0, "Bot username or owner is not valid.")
        if len(value.get("display_name", "")) > 64:
            raise Stop(0, "Bot display_name is too long.")
        bot = self._world.user_named(name)
        if bot is None:
            bot = self._world.make_user(name, f"{name}@localhost", "system_user", is_bot=True)
        bot["nickname"] = value.get("display_name", "")
        if value.get("profile_image") and (body := self._body(value["profile_image"])) is not None:
            self._world.pictures[name] = body

    def _direct_channel(self, value: Json) -> None:
        named = [each["username"] for each in value.get("participants", ())]
        members = named or value["members"]
        if not 2 <= len(members) <= 8:
            return
        if frozenset(members) in self._direct:
            raise Stop(0, "runtime error: the same direct channel twice")
        self._direct.add(frozenset(members))
        users = [self._world.user_named(name) for name in members]
        if not all(users):
            raise Stop(0, "Unable to find the user.")
        strangers = set(value.get("shown_by", ())) - set(members)
        if strangers or len(value.get("header", "")) > 1_024:
            raise Stop(0, "Direct channel shown_by contains non-members, or its header is long.")
        channel = self._world.direct_channel(members)
        channel["header"] = value.get("header", channel["header"])
        for each in value.get("participants", ()):
            user = self._world.user_named(each["username"])
            assert user is not None
            seat = self._world.seat(channel["id"], user["id"], guest=bool(each.get("scheme_guest")))
            seat |= {key: each[key] for key in ("msg_count", "msg_count_root", "last_viewed_at")
                     if key in each}  # fmt: skip

    def _body(self, path: str) -> bytes | None:
        """What a path in a line means; 5.37 names the zip's member itself."""
        if not self._world.modern:
            return self._bodies.get(path)
        return None if ".." in path else self._bodies.get(f"data/{path}")
