"""The importer's rules, written from what a server was seen to refuse and from what its forms hold
to, and not from the adapter: a directory that breaks one leaves a dead organization behind. Plain
JSON and regular expressions; nothing here is meant to be fast."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

TABLES = (
    "realm client userprofile userprofile_mirrordummy userprofile_crossrealm stream recipient"
    " subscription huddle defaultstream realmemoji realmdomain realmfilter realmplayground"
    " realmauthenticationmethod userpresence useractivity useractivityinterval customprofilefield"
    " customprofilefieldvalue reaction"
).split()

KEYS = {
    "realm": "id string_id name description date_created deactivated"
    " new_stream_announcements_stream signup_announcements_stream"
    " zulip_update_announcements_stream",
    "userprofile": "id realm email delivery_email full_name is_active role is_bot bot_type"
    " bot_owner is_mirror_dummy timezone date_joined last_login last_reminder"
    " default_sending_stream default_events_register_stream last_active_message_id"
    " user_permissions groups",
    "stream": "id realm name description date_created invite_only history_public_to_subscribers"
    " is_web_public deactivated creator",
    "recipient": "id type type_id",
    "subscription": "id user_profile recipient active is_muted color pin_to_top",
    "huddle": "id",
    "realmemoji": "id realm name file_name author deactivated",
    "reaction": "id message user_profile emoji_name emoji_code reaction_type",
    "customprofilefield": "id realm name hint field_type field_data order",
    "customprofilefieldvalue": "id user_profile field value rendered_value",
    "message": "id realm sender recipient subject content rendered_content date_sent"
    " last_edit_time has_attachment has_image has_link sending_client",
    "usermessage": "user_profile message flags_mask",
    "attachment": "id file_name path_id owner realm create_time size is_realm_public"
    " is_web_public messages scheduled_messages",
}
"""Without one of these keys the import was seen to stop, or a row came in without what it needs."""

POWERS = "is_staff is_superuser can_forge_sender can_create_users can_change_user_emails"
"""What nobody brings along: the importers since 10 know the words, later ones miss them."""

NEVER = {"stream": {"email_token"}, "userprofile": {"uuid"}, "realm": {"uuid"}}
"""What must be new on every server."""

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")
_ROLES = {100, 200, 300, 400, 600}


def problems(folder: Path, *, version: int = 11) -> list[str]:
    """Every rule that a directory breaks, with what broke it; numbers, never words."""
    return list(_Rules(folder, version).check())


class _Rules:
    def __init__(self, folder: Path, version: int) -> None:
        self._folder = folder
        self._modern = version >= 10
        self._recent = version >= 11
        self._grouped = version >= 12
        self._realm: dict[str, Any] = json.loads((folder / "realm.json").read_bytes())
        self._users = self._ids("userprofile")
        self._recipients = {row["id"]: row for row in self._rows("recipient")}
        self._messages: dict[int, Row] = {}

    def check(self) -> Iterator[str]:
        yield from self._check_tables()
        yield from self._check_people()
        yield from self._check_places()
        yield from self._check_messages()
        yield from self._check_reactions()
        yield from self._check_files()

    def _rows(self, name: str) -> list[Row]:
        rows: list[Row] = self._realm.get(f"zerver_{name}", [])
        return rows

    def _ids(self, name: str) -> set[int]:
        return {row["id"] for row in self._rows(name)}

    def _check_tables(self) -> Iterator[str]:
        for name in TABLES:
            if f"zerver_{name}" not in self._realm:
                yield f"no table {name}"
        for name, keys in KEYS.items():
            for row in self._rows(name):
                yield from _lacking(name, row, keys)
                if NEVER.get(name, set()) & row.keys():
                    yield f"{name} {row['id']} has what only a server makes"
            yield from _twice(f"{name} id", (row["id"] for row in self._rows(name)))
        (realm,) = self._rows("realm")
        if not len(realm["string_id"]) >= 3 or len(self._rows("client")) < 1:
            yield "subdomain or client"
        if self._recent and self._realm.get("import_source") != "slack":
            yield "no import_source"
        told = [realm[key] for key in KEYS["realm"].split() if key.endswith("_stream")]
        if {number for number in told if number is not None} - self._ids("stream"):
            yield "announcements to nowhere"
        if self._modern != ("moderation_request_channel" in realm):
            yield "moderation_request_channel"
        if "zerver_usergroup" in self._realm or "zerver_realmauditlog" in self._realm:
            yield "a table that the server makes itself"

    def _check_people(self) -> Iterator[str]:
        users = self._rows("userprofile")
        for user in users:
            if not 1 <= len(user["full_name"]) <= 100 or set(user["full_name"]) & set('*`>"@\0\n'):
                yield f"name of {user['id']}"
            for email in (user["email"], user["delivery_email"]):
                if not _EMAIL.fullmatch(email) or len(email) > 254:
                    yield f"address of {user['id']}"
            if user["role"] not in _ROLES or user["is_bot"] != (user["bot_type"] == 1):
                yield f"role of {user['id']}"
            if user["is_mirror_dummy"]:
                yield f"dummy {user['id']}, whose direct messages no server exports"
            powers = [user[power] for power in POWERS.split() if power in user]
            if powers != ([False] * 5 if self._modern else []):
                yield f"powers of {user['id']}"
            if self._grouped != ("is_imported_stub" in user):
                yield f"is_imported_stub of {user['id']}"
        for key in ("email", "delivery_email", "full_name"):
            yield from _twice(key, (user[key].casefold() for user in users))
        if not any(u["role"] == 100 and u["is_active"] and not u["is_bot"] for u in users):
            yield "no owner"
        yield from self._check_profiles()
        for emoji in self._rows("realmemoji"):
            if emoji["author"] not in self._users:
                yield f"emoji {emoji['id']} without an author"
            if not re.fullmatch(r"[0-9a-z.\-_]+(?<![.\-_])", emoji["name"]):
                yield f"name of emoji {emoji['id']}"
        yield from _twice("emoji", (emoji["name"] for emoji in self._rows("realmemoji")))

    def _check_profiles(self) -> Iterator[str]:
        fields = {row["id"]: row for row in self._rows("customprofilefield")}
        yield from _twice("profile field", (row["name"] for row in fields.values()))
        for row in fields.values():
            if not 1 <= len(row["name"]) <= 40 or len(row["hint"]) > 80:
                yield f"name or hint of profile field {row['id']}"
            if row["field_type"] not in (1, 2, 4, 5, 6, 8) or row["field_data"]:
                yield f"kind of profile field {row['id']}"
        for row in self._rows("customprofilefieldvalue"):
            kind, value = fields[row["field"]]["field_type"], row["value"]
            good = row["user_profile"] in self._users and bool(value)
            if kind in (1, 8):
                good &= len(value) <= 50
            elif kind == 2:
                good &= len(value) <= 500
            elif kind == 4:
                good &= bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value))
            elif kind == 5:
                good &= bool(re.fullmatch(r"https?://\S+", value))
            else:
                good &= set(json.loads(value)) <= self._users
            if not good:
                yield f"profile value {row['id']}"

    def _check_places(self) -> Iterator[str]:
        for stream in self._rows("stream"):
            if not 1 <= len(stream["name"]) <= 60 or set(stream["name"]) & set("*\0\n>`"):
                yield f"name of channel {stream['id']}"
            if len(stream["description"]) > 1024 or "\0" in stream["description"]:
                yield f"description of channel {stream['id']}"
            if not stream["history_public_to_subscribers"]:
                yield f"channel {stream['id']} hides what was said before"
            if stream["creator"] is not None and stream["creator"] not in self._users:
                yield f"creator of channel {stream['id']}"
            if self._recent != ("folder" in stream):
                yield f"folder of channel {stream['id']}"
        yield from _twice("channel", (s["name"].casefold() for s in self._rows("stream")))
        people = set[int]() if self._grouped else self._users
        there = {1: people, 2: self._ids("stream"), 3: self._ids("huddle")}
        known: dict[int, set[int]] = {1: set(), 2: set(), 3: set()}
        for recipient in self._recipients.values():
            if recipient["type_id"] not in there[recipient["type"]]:
                yield f"recipient {recipient['id']} of nothing"
            known[recipient["type"]].add(recipient["type_id"])
        if known != there:
            yield "somebody or something without a recipient"
        pairs = [(s["user_profile"], s["recipient"]) for s in self._rows("subscription")]
        yield from _twice("subscription", pairs)
        groups: dict[int, set[int]] = {}
        for user, recipient in pairs:
            if user not in self._users or recipient not in self._recipients:
                yield "a subscription of nobody or to nothing"
            elif self._recipients[recipient]["type"] == 3:
                groups.setdefault(recipient, set()).add(user)
        yield from _twice("group", (frozenset(group) for group in groups.values()))
        if any(len(group) < (1 if self._grouped else 3) for group in groups.values()):
            yield "a group of too few"
        sizes = {row["id"]: row["group_size"] for row in self._rows("huddle") if self._modern}
        for where, group in groups.items():
            number = self._recipients[where]["type_id"]
            if sizes.pop(number, len(group)) != len(group):
                yield f"size of group {number}"
        if sizes:
            yield "a group of nobody"

    def _check_messages(self) -> Iterator[str]:
        last, number = -1, 1
        while (path := self._folder / f"messages-{number:06d}.json").exists():
            page = json.loads(path.read_bytes())
            here: dict[int, Row] = {}
            for message in page["zerver_message"]:
                yield from _lacking("message", message, KEYS["message"])
                if message["id"] <= last:
                    yield f"message {message['id']} out of order"
                last = message["id"]
                here[message["id"]] = message
                yield from self._check_message(message)
            self._messages |= here
            for copy in page["zerver_usermessage"]:
                yield from _lacking("usermessage", copy, KEYS["usermessage"])
                if copy["message"] not in here or copy["user_profile"] not in self._users:
                    yield f"a copy of {copy['message']}"
                if not copy["flags_mask"] & 1:
                    yield f"an unread copy of {copy['message']}"
            yield from _twice("copy", ((c["message"], c["user_profile"])
                                       for c in page["zerver_usermessage"]))  # fmt: skip
            yield from self._check_direct(here, page["zerver_usermessage"])
            number += 1
        others = set(self._folder.glob("messages-*.json"))
        if len(others) != number - 1:
            yield "a gap among the files of messages"

    def _check_message(self, message: Row) -> Iterator[str]:
        number = message["id"]
        recipient = self._recipients.get(message["recipient"])
        if message["sender"] not in self._users or recipient is None:
            yield f"sender or recipient of {number}"
            return
        if message["last_edit_time"] is not None and message.get("edit_history") is None:
            yield f"edit of {number}, which no client could read"
        if "\0" in message["content"] or "\ufdd0" in message["content"]:
            yield f"words of {number}"
        if len(message["content"]) > 10_500:
            yield f"length of {number}"
        direct = recipient["type"] != 2
        if direct and message["subject"] != ("\x07" if self._recent else ""):
            yield f"topic of direct message {number}"
        if not direct and not 1 <= len(message["subject"]) <= 60:
            yield f"topic of {number}"
        if not direct and set(message["subject"]) & set("\0\n*`>"):
            yield f"topic of {number}"
        if message.get("is_channel_message", not direct) == direct:
            yield f"kind of {number}"
        if self._modern != ("is_channel_message" in message):
            yield f"is_channel_message of {number}"
        if message["has_attachment"] != ("](/user_uploads/" in message["content"]):
            yield f"attachment of {number}"

    def _check_direct(self, here: dict[int, Row], copies: list[Row]) -> Iterator[str]:
        """Both of two, and all of a group, have a copy of what is direct."""
        readers: dict[int, set[int]] = {}
        for copy in copies:
            readers.setdefault(copy["message"], set()).add(copy["user_profile"])
        members: dict[int, set[int]] = {}
        for row in self._rows("subscription"):
            members.setdefault(row["recipient"], set()).add(row["user_profile"])
        for number, message in here.items():
            recipient = self._recipients[message["recipient"]]
            expected: set[int] = set()
            if recipient["type"] == 1:
                expected = {message["sender"], recipient["type_id"]}
            elif recipient["type"] == 3:
                expected = members.get(recipient["id"], set())
            if expected and readers.get(number) != expected:
                yield f"copies of direct message {number}"
            if not expected and not readers.get(number, set()) <= members.get(
                recipient["id"], set()
            ):
                yield f"a copy of {number} for somebody outside"

    def _check_reactions(self) -> Iterator[str]:
        emoji = {str(row["id"]) for row in self._rows("realmemoji")}
        rows = self._rows("reaction")
        for row in rows:
            if row["message"] not in self._messages or row["user_profile"] not in self._users:
                yield f"reaction {row['id']}"
            if row["reaction_type"] == "realm_emoji" and row["emoji_code"] not in emoji:
                yield f"emoji of reaction {row['id']}"
            code = re.fullmatch(r"[0-9a-f]{2,6}(-[0-9a-f]{2,6})*", row["emoji_code"])
            if row["reaction_type"] == "unicode_emoji" and not code:
                yield f"code of reaction {row['id']}"
        yield from _twice(
            "reaction",
            ((r["message"], r["user_profile"], r["reaction_type"], r["emoji_code"]) for r in rows),
        )

    def _check_files(self) -> Iterator[str]:
        told = json.loads((self._folder / "attachment.json").read_bytes())["zerver_attachment"]
        uploads = json.loads((self._folder / "uploads/records.json").read_bytes())
        json.loads((self._folder / "avatars/records.json").read_bytes())
        paths = {row["path"]: row for row in uploads}
        private = {r["id"] for r in self._rows("stream") if r["invite_only"]}
        for row in told:
            yield from _lacking("attachment", row, KEYS["attachment"])
            body = self._folder / "uploads" / row["path_id"]
            if row["path_id"] not in paths or not body.is_file():
                yield f"body of attachment {row['id']}"
            elif body.stat().st_size != row["size"]:
                yield f"size of attachment {row['id']}"
            shown = False
            for number in row["messages"]:
                message = self._messages.get(number)
                if message is None or f"(/user_uploads/{row['path_id']})" not in message["content"]:
                    yield f"attachment {row['id']} in {number}"
                    continue
                recipient = self._recipients[message["recipient"]]
                shown |= recipient["type"] == 2 and recipient["type_id"] not in private
            if row["is_realm_public"] != shown:
                yield f"who may read attachment {row['id']}"
            if not row["path_id"].endswith(sanitized(row["file_name"])):
                yield f"path of attachment {row['id']}"
            if self._modern != ("content_type" in row):
                yield f"kind of attachment {row['id']}"
        yield from _twice("path", (row["path_id"] for row in told))
        for kind in ("avatars", "emoji"):
            records = self._folder / kind / "records.json"
            for row in json.loads(records.read_bytes()) if records.exists() else []:
                if not (self._folder / kind / row["path"]).is_file():
                    yield f"image {row['path']}"


def sanitized(name: str) -> str:
    """What newer servers make of a file's name, and look for at the end of its path."""
    kept = [
        char for char in unicodedata.normalize("NFKC", name)
        if char.isalnum() or char.isspace() or char in "_.-"
    ]  # fmt: skip
    made = "-".join(part for part in re.split(r"[-\s]+", "".join(kept).strip()))
    return made if made not in ("", ".", "..") else "uploaded-file"


def _lacking(table: str, row: Row, keys: str) -> Iterator[str]:
    for key in keys.split():
        if key not in row:
            yield f"{table} {row.get('id')} without {key}"


def _twice(what: str, values: Iterable[object]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{what} {value} {count} times"
