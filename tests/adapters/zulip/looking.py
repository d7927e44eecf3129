"""What a living organization holds, in Slack's terms. Which record something came from is told by
the project's journal, for a server keeps no such mark."""

import hashlib
import html
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from adapters.conformance import Holding, Mark, Post, Room
from adapters.conformance.target import Attached
from tests.fakes.zulip_records import GUEST, Channel, Message, Upload
from tests.fakes.zulip_world import NOTIFIER, WELCOMER, World

_POINTER = re.compile(r"\[[^\]]*\]\(#narrow/channel/\d+[^)]*\)")
_MENTION = re.compile(r"@_\*\*\|(\d+)\*\*")
_FILE = re.compile(r"\[([^\]]*)\]\(/user_uploads/([^)]*)\)")
_DONE, _MAPPED = 2, 128
_QUIET = ("enable_offline_email_notifications", "enable_offline_push_notifications")


class Journal:
    """What a project says of where its records went: refs of people and conversations by
    Slack's ids; of messages by their refs Slack's conversation and the root's ref; Slack's names of
    custom emoji by those that they have there."""

    def __init__(self, project: Path) -> None:
        db = sqlite3.connect(f"file:{project / 'state.db'}?mode=ro", uri=True)
        try:
            self.people = dict(
                db.execute(
                    "SELECT item, ref FROM op WHERE kind = 1 AND state = ? AND ref <> ''", (_DONE,)
                ).fetchall()
            )
            self.made = {
                ref
                for (ref,) in db.execute(
                    "SELECT ref FROM op WHERE kind = 1 AND NOT flags & ?", (_MAPPED,)
                )
            }
            self.conversations: dict[str, str] = dict(
                db.execute(
                    "SELECT c.id, op.ref FROM conversation c JOIN op ON op.conv = c.lane"
                    " WHERE op.kind = 2 AND op.state = ? AND op.ref <> ''",
                    (_DONE,),
                ).fetchall()
            )
            told = db.execute(
                "SELECT op.ref, c.id, coalesce(r.ref, '') FROM op"
                " JOIN conversation c ON c.num = op.conv LEFT JOIN op r ON r.kind = 5"
                " AND r.conv = op.conv AND r.ts = op.root AND r.item IN ('', 'root')"
                " AND r.piece = 0 WHERE op.kind = 5 AND op.state = ?",
                (_DONE,),
            )
            self.messages = {ref: (conversation, root) for ref, conversation, root in told}
            self.emoji = {
                name: item.removeprefix("emoji/")
                for item, name in db.execute(
                    "SELECT item, name FROM op WHERE kind = 4 AND item LIKE 'emoji/%'"
                )
            }
        finally:
            db.close()


class Reading:
    """An organization with Slack's ids put in. What the server's own bots say is nobody's."""

    def __init__(self, world: World, journal: Journal, importer: int) -> None:
        self._world = world
        self._journal = journal
        self._importer = importer
        self._people = {int(ref): id for id, ref in journal.people.items()}

    def holding(self) -> Holding:
        messages = [m for _, m in sorted(self._world.messages.items()) if self._is_brought(m)]
        return Holding(
            rooms={id: self._room(id, ref) for id, ref in self._journal.conversations.items()},
            posts=tuple(self._post(message) for message in messages),
            marks=tuple(mark for message in messages for mark in self._marks(message)),
            avatars={
                self._people[user.id]: digest(user.picture)
                for user in self._world.people
                if user.picture is not None and user.id in self._people
            },
            emoji={
                self._journal.emoji[each.name]: digest(each.image)
                for each in self._world.emoji.values()
                if each.name in self._journal.emoji and not each.deactivated
            },
            held_back=frozenset(self._held_back()),
        )

    def _is_brought(self, message: Message) -> bool:
        """Neither a bot of the server's, nor what leads from a channel's main topic to a thread."""
        if message.sender in (NOTIFIER, WELCOMER):
            return False
        known = str(message.id) in self._journal.messages
        return known or not _POINTER.fullmatch(message.content)

    def _post(self, message: Message) -> Post:
        conversation, root = self._journal.messages.get(str(message.id), ("", ""))
        if root:
            above = self._world.messages.get(int(root))
            # What stands elsewhere is no thread of that message.
            root = root if above is not None and above.topic == message.topic else ""
        return Post(
            ref=str(message.id),
            conversation=conversation or self._home(message),
            author=self._people.get(message.sender, ""),
            time=round(message.time * 1_000_000) // 1_000,
            text=self._read(message.content),
            size=len(message.content),
            root=root,
            files=tuple(self._files(message)),
        )

    def _read(self, content: str) -> str:
        """With the names of those who are mentioned by their numbers."""
        users = self._world.users
        return _MENTION.sub(lambda m: f"@{users[int(m[1])].name}", read_words(content))

    def _home(self, message: Message) -> str:
        if message.channel is not None:
            ref = str(message.channel)
        else:
            ref = "dm:" + ",".join(str(id) for id in sorted(message.people))
        return next((id for id, there in self._journal.conversations.items() if there == ref), "")

    def _files(self, message: Message) -> Iterator[Attached]:
        """Those that everybody may open who may read the message, and nobody else."""
        for name, path in _FILE.findall(message.content):
            upload = self._world.uploads.get(path)
            if upload is None or message.id not in upload.messages:
                continue
            readers = self._readers(message)
            whole = all(self._world.can_open(self._world.users[id], upload) for id in readers)
            if whole and not self._is_open_to_others(upload):
                yield Attached(name=name, mimetype=upload.mimetype, sha256=digest(upload.body))

    def _readers(self, message: Message) -> frozenset[int]:
        if message.channel is None:
            return message.people
        return frozenset(self._world.channels[message.channel].seats)

    def _is_open_to_others(self, upload: Upload) -> bool:
        """Whether somebody may open a file who may read no message that has it. The importer has
        brought some of them itself."""
        held = [self._world.messages[id] for id in upload.messages]
        return any(
            self._world.can_open(user, upload)
            for user in self._world.people
            if user.id != self._importer and user.active
            and not any(self._world.can_read(user, message) for message in held)
        )  # fmt: skip

    def _marks(self, message: Message) -> Iterator[Mark]:
        for each in message.reactions:
            emoji = each.name if each.kind == "realm_emoji" else each.code
            yield Mark(post=str(message.id), author=self._people.get(each.user, ""), emoji=emoji)

    def _room(self, conversation: str, ref: str) -> Room:
        if ref.startswith("dm:"):
            there = self._slack(int(id) for id in ref.removeprefix("dm:").split(","))
            return Room(members=there, readers=there | self._slack(self._talking(conversation)))
        channel = self._world.channels[int(ref)]
        members = self._slack(id for id in channel.seats if id != self._importer)
        return Room(
            members=members,
            readers=members | self._everybody(channel),
            closed=channel.archived,
        )

    def _talking(self, conversation: str) -> Iterator[int]:
        """Whoever has direct talk in their own mailbox, or was meant to have it."""
        for message in self._world.messages.values():
            if self._journal.messages.get(str(message.id), ("", ""))[0] == conversation:
                yield from message.people | message.copies.keys()

    def _everybody(self, channel: Channel) -> frozenset[str]:
        if channel.private:
            return frozenset()
        return frozenset(
            self._people[user.id]
            for user in self._world.people
            if user.id in self._people and user.role != GUEST
        )

    def _slack(self, ids: Iterator[int]) -> frozenset[str]:
        return frozenset(self._people.get(id, f"account {id}") for id in ids)

    def _held_back(self) -> Iterator[str]:
        for id, slack in self._people.items():
            if str(id) not in self._journal.made:
                continue
            user = self._world.users[id]
            if any(user.settings.get(name, True) is False for name in _QUIET):
                yield slack
            if any("read" not in m.copies.get(id, {"read"}) for m in self._world.messages.values()):
                yield slack


def read_words(content: str) -> str:
    """What people read, without the lines that show files and lead to topics."""
    content = re.sub(r"\n*\[[^]]*\]\((/user_uploads/|#narrow/)[^)]*\)$", "", content)
    content = re.sub(r"\n*\[[^]]*\]\(/user_uploads/[^)]*\)", "", content)
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", content))


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
