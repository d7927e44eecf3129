"""What `manage.py import` makes of a directory and `manage.py export` tells of it then, in plain
JSON: every number new, every path new, a notice of the server's own at the end. A stand-in for
both, without a line of the adapter's own."""

import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.adapters.zulip.targets import pages_of

Row = dict[str, Any]

NOTICES = 5
"""The number of the server's own bot."""


class Served:
    """An organization after its import; change its rows as people and accidents do."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        realm = json.loads((directory / "realm.json").read_bytes())
        self.users: list[Row] = []
        self.channels: list[Row] = []
        self.recipients: list[Row] = []
        self.subscriptions: list[Row] = []
        self.emoji: list[Row] = []
        self.reactions: list[Row] = []
        self.groups: list[Row] = []
        self.messages: list[Row] = []
        self.copies: list[Row] = []
        self.attachments: list[Row] = []
        self.bodies: dict[str, bytes] = {}
        self._people = self._take(realm["zerver_userprofile"], self.users, 300)
        self._rooms = self._take(realm["zerver_stream"], self.channels, 70)
        self._groups = self._take(realm["zerver_huddle"], self.groups, 40)
        self._images = self._take(realm["zerver_realmemoji"], self.emoji, 90)
        self._to = self._take(realm["zerver_recipient"], self.recipients, 7_000)
        for row in self.recipients:
            numbers = {1: self._people, 2: self._rooms, 3: self._groups}[row["type"]]
            row["type_id"] = numbers[row["type_id"]]
        self._take(realm["zerver_subscription"], self.subscriptions, 8_000)
        for row in self.subscriptions:
            row["user_profile"] = self._people[row["user_profile"]]
            row["recipient"] = self._to[row["recipient"]]
        for row in self.users:
            own = [each["id"] for each in self.recipients
                   if each["type"] == 1 and each["type_id"] == row["id"]]  # fmt: skip
            row["recipient"] = own[0] if own else None
        self._take_messages(realm["zerver_reaction"])
        self._take_files()
        self._take_pictures()
        self._notify()

    @staticmethod
    def _take(rows: list[Row], into: list[Row], start: int) -> dict[int, int]:
        """Rows under new numbers, in another order; the new by the old."""
        numbers: dict[int, int] = {}
        for at, row in enumerate(reversed(rows), start):
            numbers[row["id"]] = at
            into.append({**row, "id": at})
        return numbers

    def _take_messages(self, reactions: list[Row]) -> None:
        rows: list[Row] = []
        copies: list[Row] = []
        for path in pages_of(self._directory):
            page = json.loads(path.read_bytes())
            rows += page["zerver_message"]
            copies += page["zerver_usermessage"]
        rows.sort(key=lambda row: (int(row["date_sent"]), row["id"]))
        self._said = {row["id"]: at for at, row in enumerate(rows, 1_000)}
        for row in rows:
            self.messages.append({
                **row,
                "id": self._said[row["id"]],
                "sender": self._people[row["sender"]],
                "recipient": self._to[row["recipient"]],
                "rendered_content": "<p>…</p>",
                "search_tsvector": None,
            })  # fmt: skip
        for at, row in enumerate(copies):
            self.copies.append({
                **row, "id": at,
                "user_profile": self._people[row["user_profile"]],
                "message": self._said[row["message"]],
            })  # fmt: skip
        for row in reactions:
            code = row["emoji_code"]
            custom = row["reaction_type"] == "realm_emoji"
            self.reactions.append({
                **row,
                "message": self._said[row["message"]],
                "user_profile": self._people[row["user_profile"]],
                "emoji_code": str(self._images[int(code)]) if custom else code,
            })  # fmt: skip

    def _take_files(self) -> None:
        told = json.loads((self._directory / "attachment.json").read_bytes())
        for at, row in enumerate(told["zerver_attachment"]):
            path = f"36/{at:02x}/own-{at}/{row['path_id'].rpartition('/')[2]}"
            here = [self._said[message] for message in row["messages"]]
            for message in self.messages:
                if message["id"] in here:
                    message["content"] = message["content"].replace(row["path_id"], path)
            self.attachments.append({
                **row, "path_id": path, "owner": self._people[row["owner"]], "messages": here,
            })  # fmt: skip
            body = self._directory / "uploads" / row["path_id"]
            self.bodies[f"uploads/{path}"] = body.read_bytes()

    def _take_pictures(self) -> None:
        self.avatars: list[Row] = []
        self.images: list[Row] = []
        for row in json.loads((self._directory / "avatars/records.json").read_bytes()):
            user = self._people[row["user_profile_id"]]
            path = f"36/picture{user}.{row['path'].rpartition('.')[2]}"
            self.avatars.append({"path": path, "user_profile_id": user})
            # The importer makes the smaller one anew.
            body = (self._directory / "avatars" / row["path"]).read_bytes()
            self.bodies[f"avatars/{path}"] = body if path.endswith("original") else b"smaller"
        records = self._directory / "emoji/records.json"
        for row in json.loads(records.read_bytes()) if records.exists() else []:
            path = f"36/emoji/images/{row['file_name']}"
            self.images.append({"path": path, "name": row["name"], "deactivated": False})
            self.bodies[f"emoji/{path}"] = (self._directory / "emoji" / row["path"]).read_bytes()

    def _notify(self) -> None:
        """What the importer itself writes to the owner."""
        owner = next(row for row in self.users if row["role"] == 100)
        to = owner["recipient"]
        if to is None:  # where talk of two is a group, of which the bot's half is not told
            to = 6_999
            self.recipients.append({"id": to, "type": 3, "type_id": 39})
            self.subscriptions.append({"id": 0, "user_profile": owner["id"], "recipient": to})
        self.add_message(NOTICES, to, "", "Welcome!", 1_795_000_000.5)
        self.copies.append(
            {"id": 0, "user_profile": owner["id"], "message": self.messages[-1]["id"],
             "flags_mask": 2048}
        )  # fmt: skip

    # -- what happens there ----------------------------------------------------------------------

    def add_message(
        self, sender: int, recipient: int, topic: str, content: str, sent: float
    ) -> Row:
        row = {
            "id": max((each["id"] for each in self.messages), default=0) + 1,
            "sender": sender, "recipient": recipient, "subject": topic, "content": content,
            "date_sent": sent, "rendered_content": "", "last_edit_time": None,
        }  # fmt: skip
        self.messages.append(row)
        return row

    def said(self, words: str) -> Row:
        """The one message with these words in it."""
        (row,) = [each for each in self.messages if words in each["content"]]
        return row

    def user(self, name: str) -> Row:
        (row,) = [each for each in self.users if each["full_name"] == name]
        return row

    def channel(self, name: str) -> Row:
        (row,) = [each for each in self.channels if each["name"] == name]
        return row

    def recipient(self, channel: str) -> int:
        id = self.channel(channel)["id"]
        (row,) = [r for r in self.recipients if r["type"] == 2 and r["type_id"] == id]
        return int(row["id"])

    def delete(self, message: Row) -> None:
        self.messages.remove(message)
        self.copies = [row for row in self.copies if row["message"] != message["id"]]
        self.reactions = [row for row in self.reactions if row["message"] != message["id"]]

    # -- the export ------------------------------------------------------------------------------

    def write(self, folder: Path, *, indent: int | None = 2, size: int = 7) -> Path:
        """The folder, `size` messages in a file."""
        realm = {
            "zerver_realm": [{"id": 36, "string_id": "acme", "description": "]\n  ]\n    },\n"}],
            "zerver_client": [{"id": 1, "name": "website"}],
            "zerver_realmdomain": [],
            "zerver_userprofile": self.users,
            "zerver_userprofile_mirrordummy": [],
            "zerver_userprofile_crossrealm": [
                {"id": NOTICES, "email": "notification-bot@zulip.com", "recipient_id": NOTICES}
            ],
            "zerver_huddle": self.groups,
            "zerver_stream": self.channels,
            "zerver_recipient": self.recipients,
            "zerver_subscription": self.subscriptions,
            "zerver_realmemoji": self.emoji,
            "zerver_reaction": self.reactions,
        }
        folder.mkdir(parents=True)
        self._write(folder / "realm.json", realm, indent)
        rows = sorted(self.messages, key=lambda row: row["id"])
        for number, page in enumerate(_pages(rows, size), 1):
            ids = {row["id"] for row in page}
            copies = [row for row in self.copies if row["message"] in ids]
            held = {"zerver_message": page, "zerver_usermessage": copies}
            self._write(folder / f"messages-{number:06d}.json", held, indent)
        self._write(folder / "attachment.json", {"zerver_attachment": self.attachments}, indent)
        self._write(folder / "avatars/records.json", self.avatars, indent)
        self._write(folder / "emoji/records.json", self.images, indent)
        uploads = [{"path": row["path_id"]} for row in self.attachments]
        self._write(folder / "uploads/records.json", uploads, indent)
        for name, body in self.bodies.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return folder

    def pack(self, path: Path) -> Path:
        """The `.tar.gz`, with the messages before what they speak of."""
        folder = self.write(path.with_name(re.sub(r"\.tar\.gz$", "", path.name)))
        with tarfile.open(path, "w:gz") as packed:
            for file in sorted(folder.rglob("*"), key=lambda file: (file.suffix != ".json", file)):
                if file.is_file():
                    packed.add(file, f"{folder.name}/{file.relative_to(folder)}")
        shutil.rmtree(folder)
        return path

    @staticmethod
    def _write(path: Path, value: object, indent: int | None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=indent, ensure_ascii=False))


def _pages(rows: list[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
