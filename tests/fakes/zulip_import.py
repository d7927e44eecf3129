"""A fake Zulip organization out of an import directory, as `manage.py import` makes one: everything
gets a number of its own, files get new paths, links between messages stay words, and the server
adds a line to the administrators. It reads JSON alone, and shares no code with the adapter."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.fakes.zulip_records import OWNER, Channel, Emoji, Message, Reaction
from tests.fakes.zulip_world import NOTIFIER, World

Row = dict[str, Any]
_PERSON, _CHANNEL = 1, 2
_READ = 1


def import_world(folder: Path, *, modern: bool) -> World:
    """The organization that a server makes of the directory."""
    tables = json.loads((folder / "realm.json").read_bytes())
    importer = _Importer(folder, tables, modern=modern)
    importer.bring_people()
    importer.bring_channels()
    importer.bring_emoji()
    importer.bring_messages()
    importer.bring_files()
    importer.bring_reactions()
    return importer.finish()


class _Importer:
    """The dictionaries lead from the directory's numbers to what was made."""

    def __init__(self, folder: Path, tables: dict[str, list[Row]], *, modern: bool) -> None:
        self._folder = folder
        self._tables = tables
        self._world = World(modern=modern, name=tables["zerver_realm"][0]["string_id"])
        self._users: dict[int, int] = {}
        self._channels: dict[int, Channel] = {}
        self._emoji: dict[int, Emoji] = {}
        self._messages: dict[int, Message] = {}
        self._recipients = {row["id"]: row for row in tables["zerver_recipient"]}

    def bring_people(self) -> None:
        told = self._json("avatars/records.json")
        pictures = {row["user_profile_id"]: row["path"] for row in told
                    if row["path"].endswith(".original")}  # fmt: skip
        for row in self._tables["zerver_userprofile"]:
            # Passwords and keys are made anew, and nobody is told of them.
            user = self._world.make_user(
                row["delivery_email"], row["full_name"], role=row["role"],
                active=row["is_active"], dummy=row["is_mirror_dummy"],
                bot=row["bot_type"] if row["is_bot"] else None,
            )  # fmt: skip
            user.joined = row["date_joined"]
            self._users[row["id"]] = user.id
            if row["id"] in pictures:
                user.picture = (self._folder / "avatars" / pictures[row["id"]]).read_bytes()

    def bring_channels(self) -> None:
        for row in self._tables["zerver_stream"]:
            channel = self._world.make_channel(
                row["name"], description=row["description"], private=row["invite_only"],
                history_public=row["history_public_to_subscribers"], archived=row["deactivated"],
                creator=self._users.get(row["creator"]) if row.get("creator") else None,
            )  # fmt: skip
            channel.created = int(row["date_created"])
            self._channels[row["id"]] = channel
        for row in self._tables["zerver_subscription"]:
            recipient = self._recipients[row["recipient"]]
            if recipient["type"] == _CHANNEL and row["active"]:
                channel = self._channels[recipient["type_id"]]
                channel.seats.add(self._users[row["user_profile"]])
        for row in self._tables["zerver_defaultstream"]:
            self._world.default_channels.add(self._channels[row["stream"]].id)

    def bring_emoji(self) -> None:
        images = {row["name"]: row["path"] for row in self._json("emoji/records.json")}
        for row in self._tables["zerver_realmemoji"]:
            image = (self._folder / "emoji" / images[row["name"]]).read_bytes()
            author = self._users.get(row.get("author") or 0)
            made = Emoji(self._world.id("emoji"), row["name"], image, author, row["deactivated"])
            self._world.emoji[made.id] = self._emoji[row["id"]] = made

    def bring_messages(self) -> None:
        rows: list[Row] = []
        copies: dict[int, list[Row]] = {}
        for page in self._pages():
            rows += page["zerver_message"]
            for copy in page["zerver_usermessage"]:
                copies.setdefault(copy["message"], []).append(copy)
        for row in sorted(rows, key=lambda row: (int(row["date_sent"]), row["id"])):
            self._bring_message(row, copies.get(row["id"], ()))

    def bring_files(self) -> None:
        records = {row["path"]: row for row in self._json("uploads/records.json")}
        for row in self._json("attachment.json", "zerver_attachment"):
            before = row["path_id"]
            body = (self._folder / "uploads" / before).read_bytes()
            owner = self._world.users[self._users[row["owner"]]]
            made = self._world.upload(
                owner, before.rpartition("/")[2], records[before]["content_type"], body
            )
            made.name = row["file_name"]
            made.created = int(row["create_time"])
            made.public = row["is_realm_public"]
            for id in row["messages"]:
                message = self._messages[id]
                made.messages.add(message.id)
                message.content = message.content.replace(before, made.path)

    def bring_reactions(self) -> None:
        for row in self._tables["zerver_reaction"]:
            code = row["emoji_code"]
            if row["reaction_type"] == "realm_emoji":
                code = str(self._emoji[int(code)].id)
            self._messages[row["message"]].reactions.append(
                Reaction(self._users[row["user_profile"]], row["emoji_name"], code,
                         row["reaction_type"])
            )  # fmt: skip

    def finish(self) -> World:
        world = self._world
        for user in [user for user in world.people if user.role == OWNER and user.active]:
            words = "Zulip now supports configuring what is announced."
            world.add_message(world.users[NOTIFIER], words, people=[user.id])
        return world

    def _bring_message(self, row: Row, copies: Iterable[Row]) -> None:
        recipient = self._recipients[row["recipient"]]
        sender = self._users[row["sender"]]
        channel, people = None, frozenset[int]()
        if recipient["type"] == _CHANNEL:
            channel = self._channels[recipient["type_id"]].id
        elif recipient["type"] == _PERSON:
            people = frozenset({sender, self._users[recipient["type_id"]]})
        else:
            people = frozenset(
                self._users[each["user_profile"]]
                for each in self._tables["zerver_subscription"]
                if each["recipient"] == recipient["id"]
            )
        message = Message(
            self._world.id("message"), sender, channel, people,
            row["subject"] if channel is not None else "", row["content"], row["date_sent"],
            "ZulipDataImport",
        )  # fmt: skip
        message.copies = {
            self._users[copy["user_profile"]]: {"read"} if copy["flags_mask"] & _READ else set()
            for copy in copies
        }
        self._world.messages[message.id] = self._messages[row["id"]] = message

    def _pages(self) -> Iterable[dict[str, list[Row]]]:
        """The files of messages, up to the first gap."""
        number = 1
        while (path := self._folder / f"messages-{number:06d}.json").exists():
            yield json.loads(path.read_bytes())
            number += 1

    def _json(self, name: str, table: str = "") -> list[Row]:
        path = self._folder / name
        if not path.exists():
            return []
        told = json.loads(path.read_bytes())
        rows: list[Row] = told[table] if table else told
        return rows
