"""The other side of the live way: a chat server with rules of its own, kept in one append-only
file, the bodies of files in a folder beside it. It knows nothing of a migration; what it refuses,
it refuses as a real server would."""

import os
import shutil
from pathlib import Path

import msgspec

from adapters.memory.records import (
    AccountRecord,
    AnyRecord,
    ConversationRecord,
    EmojiRecord,
    FileRecord,
    JoinRecord,
    MessageRecord,
    ReactionRecord,
    ReopenRecord,
    SealRecord,
    decode_line,
    encode_line,
)
from adapters.memory.text import Payload
from migrate.model import Ref


class Refused(Exception):
    """The server says no, and why: `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Room:
    """One conversation as it stands after the lines read so far."""

    def __init__(self, made: ConversationRecord) -> None:
        self.made = made
        self.members: dict[Ref, None] = {}
        self.messages: dict[Ref, MessageRecord] = {}
        self.reactions: dict[tuple[Ref, Ref, str], ReactionRecord] = {}
        self.timeline: list[MessageRecord | ReactionRecord] = []
        self.pins: tuple[Ref, ...] = ()
        self.closed = False


class Server:
    """The state that a log adds up to, and the one way to add to it.

    Raises OSError where the file cannot be read and ValueError where it is no memory log.
    """

    def __init__(self, path: Path, text_limit: int, file_limit: int | None = None) -> None:
        self.accounts: dict[Ref, AccountRecord] = {}
        self.rooms: dict[Ref, Room] = {}
        self.files: dict[Ref, FileRecord] = {}
        self.emoji: dict[Ref, EmojiRecord] = {}
        self.posts = 0
        self._path = path
        self._folder = path.with_suffix(".files")
        self._text_limit = text_limit
        self._file_limit = file_limit
        self._fd = -1
        self._size = self._replay(path.read_bytes() if path.exists() else b"")

    def submit(self, record: AnyRecord) -> None:
        """Take one line in one write: it stands when this returns, whatever becomes of the process.

        Raises Refused where the rules forbid it, OSError where the disk does.
        """
        if code := self._refusal(record):
            raise Refused(code)
        self._write(encode_line(record))
        self._apply(record)

    def store(self, record: FileRecord, body: Path) -> None:
        """Take a body: its bytes beside the log, whole, then its line.

        Raises Refused where it is too large, OSError where the disk refuses.
        """
        if self._file_limit is not None and body.stat().st_size > self._file_limit:
            raise Refused("memory-file-too-large")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        beside = self._folder / f"{record.ref}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with open(os.open(beside, flags, 0o600), "wb") as file, body.open("rb") as content:
            shutil.copyfileobj(content, file)
        beside.replace(self._folder / record.ref)
        self.submit(record)

    def has_body(self, ref: Ref) -> bool:
        """Whether a body's bytes are there, as many as were taken."""
        try:
            size = (self._folder / ref).stat().st_size
        except OSError:
            return False
        return ref in self.files and size == self.files[ref].size

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _replay(self, log: bytes) -> int:
        """Apply every whole line; returns how many bytes they take. What a killed writer left of a
        line was never confirmed to anybody, so it does not count."""
        whole = log.rfind(b"\n") + 1
        for line in log[:whole].splitlines():
            try:
                self._apply(decode_line(line))
            except (msgspec.DecodeError, KeyError) as error:
                raise ValueError("not a log of a memory target") from error
        return whole

    def _write(self, line: bytes) -> None:
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.ftruncate(self._fd, self._size)
        if os.write(self._fd, line) != len(line):
            os.ftruncate(self._fd, self._size)
            raise OSError("the disk took only part of a line")
        self._size += len(line)

    # -- the rules ---------------------------------------------------------------------------------

    def _refusal(self, record: AnyRecord) -> str:
        match record:
            case AccountRecord():
                standing = self.accounts.get(record.ref)
                other = standing is not None and standing.slack != record.slack
                return "memory-name-taken" if other or record.ref in self.rooms else ""
            case ConversationRecord():
                taken = record.ref in self.accounts or record.ref in self.rooms
                return "memory-name-taken" if taken else ""
            case FileRecord() | EmojiRecord():
                return ""
        room = self.rooms.get(record.conversation)
        if room is None:
            return "memory-unknown-conversation"
        match record:
            case SealRecord():
                return "" if set(record.pins) <= room.messages.keys() else "memory-unknown-message"
            case ReopenRecord():
                return ""
            case JoinRecord():
                return self._join_refusal(room, record)
            case MessageRecord() | ReactionRecord():
                return self._post_refusal(room, record)

    def _join_refusal(self, room: Room, record: JoinRecord) -> str:
        account = self.accounts.get(record.account)
        if account is None:
            return "memory-unknown-account"
        expected = record.invited or account.ref in room.made.members
        open_to_all = account.team and not room.made.private
        return "" if expected or open_to_all else "memory-not-invited"

    def _post_refusal(self, room: Room, record: MessageRecord | ReactionRecord) -> str:
        if room.closed:
            return "memory-closed"
        if record.author not in room.members:
            return "memory-not-a-member"
        if isinstance(record, ReactionRecord):
            if record.message not in room.messages:
                return "memory-unknown-message"
            known = (record.message, record.author, record.emoji) in room.reactions
            return "memory-reacted-already" if known else ""
        if record.root is not None:
            root = room.messages.get(record.root)
            if root is None:
                return "memory-unknown-message"
            if root.root is not None:
                return "memory-nested-thread"
        payload = msgspec.json.decode(record.payload, type=Payload)
        if not {file.ref for file in payload.files} <= self.files.keys():
            return "memory-unknown-file"
        return "memory-too-long" if len(payload.text) > self._text_limit else ""

    # -- the state ---------------------------------------------------------------------------------

    def _apply(self, record: AnyRecord) -> None:
        match record:
            case AccountRecord():
                self.accounts[record.ref] = record
            case ConversationRecord():
                self.rooms[record.ref] = Room(record)
            case FileRecord():
                self.files[record.ref] = record
            case EmojiRecord():
                self.emoji[record.ref] = record
            case _:
                self._apply_within(self.rooms[record.conversation], record)

    def _apply_within(
        self,
        room: Room,
        record: JoinRecord | MessageRecord | ReactionRecord | SealRecord | ReopenRecord,
    ) -> None:
        match record:
            case JoinRecord():
                room.members[record.account] = None
            case SealRecord():
                room.pins, room.closed = record.pins, record.closed
                for leaver in record.leavers:
                    room.members.pop(leaver, None)
            case ReopenRecord():
                room.closed = False
            case MessageRecord():
                self.posts += 1
                room.messages[record.ref] = record
                room.timeline.append(record)
            case ReactionRecord():
                self.posts += 1
                room.reactions[record.message, record.author, record.emoji] = record
                room.timeline.append(record)
