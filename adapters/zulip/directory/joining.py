"""A directory joined from its parts: every row held against the rules as it is written. Under which
name, and when it counts as whole, the session decides."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import UNSET

from adapters.zulip.config import Config
from adapters.zulip.directory import compose, rows, tables
from adapters.zulip.directory.checking import Claims
from adapters.zulip.directory.numbers import emoji_number, user_number
from adapters.zulip.directory.records import (
    AccountRecord,
    AttachmentRecord,
    ConversationRecord,
    EmojiRecord,
    encode_lines,
    read_lines,
)
from adapters.zulip.directory.stamping import STAMP_FILE
from adapters.zulip.directory.validator import Validator
from adapters.zulip.paths import REALM, path_id
from adapters.zulip.profiles import Profile
from migrate.errors import Fatal
from migrate.spi import Body, PartFile

Record = TypeVar("Record", bound=msgspec.Struct)

REALM_FILE, ATTACHMENTS_FILE = "realm.json", "attachment.json"
TRACES = "slack"
"""The folder that tells which of Slack's people, conversations and messages are which here. The
importer looks at nothing in it."""

_AVATAR, _EMOJI = "avatar/", "emoji/"
_encode = msgspec.json.Encoder().encode


def page_name(number: int) -> str:
    """A file of messages, the first being 1."""
    return f"messages-{number:06d}.json"


def traces_name(number: int) -> str:
    """The traces of the messages in the file of this number."""
    return f"{TRACES}/{number:06d}.jsonl"


class Joining:
    """One directory."""

    def __init__(
        self, folder: Path, parts: Sequence[PartFile], config: Config, kept: Profile
    ) -> None:
        self._folder = folder
        self._parts = parts
        self._config = config
        self._kept = kept
        self._validator = Validator(kept)
        self._sizes: dict[str, tuple[str, int]] = {}

    def write(self, bodies: Iterable[Body], stamp: bytes | None) -> None:
        """Everything, into the folder, which must not exist. `stamp` is what the server told of its
        migrations, None where nobody asked.

        Raises OSError where the disk refuses, Invalid where the directory would not be imported.
        """
        accounts = self._read(compose.ACCOUNTS, AccountRecord)
        emoji = self._read(compose.EMOJI, EmojiRecord)
        attached = self._read(compose.ATTACHMENTS, AttachmentRecord)
        self._folder.mkdir(mode=0o700, parents=True)
        self._write_bodies(bodies, accounts, emoji, {each.file for each in attached})
        conversations = self._read(compose.CONVERSATIONS, ConversationRecord)
        for name, records in (
            (compose.ACCOUNTS, accounts),
            (compose.CONVERSATIONS, conversations),
            (compose.EMOJI, emoji),
        ):
            self._write(f"{TRACES}/{name}.jsonl", [encode_lines(records)])
        laid = rows.lay_out(
            accounts,
            conversations,
            emoji,
            self._sizes.keys(),
            self._config,
            self._kept,
        )
        self._validator.take_users(laid.users)
        self._validator.take_channels(laid.channels)
        self._validator.take_recipients(laid.recipients, laid.subscriptions)
        self._validator.take_emoji(laid.emoji)
        self._write_realm(laid)
        self._write_attachments(attached)
        if stamp is not None:
            self._write(STAMP_FILE, [stamp])

    def _write_realm(self, laid: rows.People) -> None:
        before, behind = rows.encode_tables(laid, self._config, self._kept)
        self._write(REALM_FILE, chain([before], self._pages(), [behind]))

    def _pages(self) -> Iterator[bytes]:
        """Write the files of messages and their traces; the rows of their reactions."""
        number, comma = 0, b""
        for part in self._parts:
            if compose.MESSAGES not in part.streams:
                continue
            number += 1
            if compose.CLAIMS not in part.streams:
                raise _outdated()
            for claims in read_lines(part.streams[compose.CLAIMS], Claims):
                self._validator.take_part(claims)
            self._link(part.streams[compose.MESSAGES], page_name(number))
            self._link(part.streams[compose.TRACES], traces_name(number))
            if compose.REACTIONS in part.streams:
                yield comma + part.streams[compose.REACTIONS].read_bytes()
                comma = b",\n"

    def _write_attachments(self, records: Sequence[AttachmentRecord]) -> None:
        """A row for each file, however many messages have it: public as soon as one is."""
        gathered: dict[str, list[AttachmentRecord]] = {}
        for record in records:
            gathered.setdefault(record.file, []).append(record)
        made: list[tables.Attachment] = []
        uploads: list[tables.Upload] = []
        for at, (file, some) in enumerate(gathered.items(), 1):
            first = some[0]
            size = self._sizes.get(file, ("", 0))[1]
            made.append(
                tables.Attachment(
                    id=at,
                    file_name=first.name,
                    path_id=first.path,
                    owner=first.owner,
                    create_time=float(first.created),
                    size=size,
                    is_realm_public=any(each.public for each in some),
                    messages=tuple(sorted({each.message for each in some})),
                    content_type=(first.mimetype or "application/octet-stream")
                    if self._kept.modern
                    else UNSET,
                )
            )
            uploads.append(
                tables.Upload(
                    path=first.path,
                    s3_path=first.path,
                    user_profile_id=first.owner,
                    size=size,
                    last_modified=float(first.created),
                    content_type=first.mimetype or "application/octet-stream",
                )
            )
        self._validator.take_attachments(made, (path for path, _ in self._sizes.values()))
        self._write(ATTACHMENTS_FILE, [_encode(tables.Attachments(zerver_attachment=tuple(made)))])
        self._write("uploads/records.json", [_encode(uploads)])

    def _write_bodies(
        self,
        bodies: Iterable[Body],
        accounts: Sequence[AccountRecord],
        emoji: Sequence[EmojiRecord],
        files: set[str],
    ) -> None:
        """Bodies that the tables speak of, and the records of pictures beside them."""
        owners = {record.avatar: record for record in accounts if record.avatar}
        images = {record.image: record for record in emoji}
        avatars: list[tables.Upload] = []
        pictures: list[tables.EmojiImage] = []
        for body in bodies:
            id = body.file.id
            if id in owners:
                avatars += self._write_avatar(body, owners[id])
            elif id in images:
                pictures.append(self._write_emoji(body, images[id]))
            elif id in files:
                path = path_id(body.file)
                self._copy(body, f"uploads/{path}")
                self._sizes[id] = (path, body.file.size)
        self._write("avatars/records.json", [_encode(avatars)])
        if pictures:
            self._write("emoji/records.json", [_encode(pictures)])

    def _write_avatar(self, body: Body, record: AccountRecord) -> Iterator[tables.Upload]:
        user = user_number(record.name)
        self._sizes[body.file.id] = ("", body.file.size)
        for ending in ("png", "original"):
            path = f"{REALM}/{user}.{ending}"
            self._copy(body, f"avatars/{path}")
            yield tables.Upload(
                path=path,
                s3_path=path,
                user_profile_id=user,
                size=body.file.size,
                last_modified=1.0,
                content_type=body.file.mimetype,
                avatar_version=1 if self._kept.modern else UNSET,
            )

    def _write_emoji(self, body: Body, record: EmojiRecord) -> tables.EmojiImage:
        name = f"{emoji_number(record.name)}.{record.ending}"
        path = f"{REALM}/emoji/images/{name}"
        self._copy(body, f"emoji/{path}")
        self._sizes[body.file.id] = ("", body.file.size)
        return tables.EmojiImage(path=path, s3_path=path, file_name=name, name=record.name)

    def _copy(self, body: Body, name: str) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(body.path, path)
        path.chmod(0o600)
        if path.stat().st_size != body.file.size:
            raise OSError("a body is not as it was when it was planned")

    def _link(self, stream: Path, name: str) -> None:
        """Let a stream stand here, too, as it is: a part is never written again, but replaced."""
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(stream, path)
        except OSError:
            # A disk that knows no links, or another one.
            with stream.open("rb") as bites:
                self._write(name, bites)

    def _write(self, name: str, bites: Iterable[bytes]) -> None:
        path = self._folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with open(os.open(path, flags, 0o600), "wb") as file:
            for bite in bites:
                file.write(bite)
            file.flush()
            os.fsync(file.fileno())

    def _read(self, stream: str, kind: type[Record]) -> list[Record]:
        """Every record of a stream, in the order of the parts."""
        found: list[Record] = []
        for part in self._parts:
            if stream in part.streams:
                found += read_lines(part.streams[stream], kind)
        return found


def _outdated() -> Fatal:
    """A part tells nothing of what its rows rest on."""
    return Fatal(
        "zulip-parts-outdated",
        "The parts of the directory were written by an earlier version of chat-migrate.",
        "Remove the folder `parts` in the project, then run again: they are written anew.",
    )
