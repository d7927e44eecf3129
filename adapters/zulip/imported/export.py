"""What `manage.py export` tells of an organization, taken into a snapshot: the tables with the
numbers of that server, and the sums of the bodies that lie beside them."""

import re
import tarfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

import msgspec

from adapters.zulip import limits
from adapters.zulip.imported.export_files import files_of, read_rows, sum_of
from adapters.zulip.imported.snapshot import (
    Found,
    Resident,
    Room,
    Snapshot,
    channel_place,
    direct_place,
)

_PAGE = re.compile(r"messages-\d+\.json")
REALM_FILE, ATTACHMENTS_FILE = "realm.json", "attachment.json"


class _User(msgspec.Struct, frozen=True):
    id: int
    full_name: str
    delivery_email: str
    recipient: int | None = None


class _Channel(msgspec.Struct, frozen=True):
    id: int
    name: str
    invite_only: bool
    is_web_public: bool = False


class _Recipient(msgspec.Struct, frozen=True):
    id: int
    type: int
    type_id: int


class _Subscription(msgspec.Struct, frozen=True):
    user_profile: int
    recipient: int
    active: bool = True


class _Reaction(msgspec.Struct, frozen=True, gc=False):
    message: int
    user_profile: int
    emoji_name: str
    emoji_code: str
    reaction_type: str


class _Message(msgspec.Struct, frozen=True, gc=False):
    id: int
    sender: int
    recipient: int
    subject: str
    content: str
    date_sent: float


class _Copy(msgspec.Struct, frozen=True, gc=False):
    user_profile: int
    message: int
    flags_mask: int


class _Attachment(msgspec.Struct, frozen=True, gc=False):
    path_id: str
    is_realm_public: bool
    messages: tuple[int, ...]
    is_web_public: bool = False


class _Avatar(msgspec.Struct, frozen=True):
    path: str
    user_profile_id: int


class _EmojiImage(msgspec.Struct, frozen=True):
    path: str
    name: str
    deactivated: bool = False


_users = msgspec.json.Decoder(list[_User]).decode
_channels = msgspec.json.Decoder(list[_Channel]).decode
_recipients = msgspec.json.Decoder(list[_Recipient]).decode
_subscriptions = msgspec.json.Decoder(list[_Subscription]).decode
_reactions = msgspec.json.Decoder(list[_Reaction]).decode
_messages = msgspec.json.Decoder(list[_Message]).decode
_copies = msgspec.json.Decoder(list[_Copy]).decode
_attachments = msgspec.json.Decoder(list[_Attachment]).decode
_avatars = msgspec.json.Decoder(list[_Avatar]).decode
_images = msgspec.json.Decoder(list[_EmojiImage]).decode


class BrokenExport(Exception):
    """It is no export of an organization, or breaks off."""


def read_export(path: Path, folder: Path) -> Snapshot:
    """The snapshot of an export, a folder or a `.tar.gz`; its database lies in `folder`.

    Raises BrokenExport, and OSError where `folder` cannot be written.
    """
    if not path.exists():
        raise BrokenExport
    snapshot = Snapshot(folder)
    try:
        _Taking(snapshot).take(path)
    except (OSError, EOFError, zlib.error, tarfile.TarError, msgspec.DecodeError) as error:
        snapshot.close()
        raise BrokenExport from error
    return snapshot


class _Taking:
    """One export on its way into a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._into = snapshot
        self._seen: set[str] = set()
        self._users: dict[int, _User] = {}
        self._channels: dict[int, _Channel] = {}
        self._recipients: list[_Recipient] = []
        self._members: dict[int, set[int]] = {}
        self._sums: dict[str, str] = {}
        self._avatars: list[_Avatar] = []
        self._images: list[_EmojiImage] = []
        self._copies: Counter[int] = Counter()
        self._readers: dict[int, list[int]] = {}

    def take(self, path: Path) -> None:
        self._into.begin()
        for name, file in files_of(path):
            self._seen.add(name)
            self._take_file(name, file)
        if not {REALM_FILE, ATTACHMENTS_FILE} <= self._seen:
            raise BrokenExport
        self._settle()
        self._into.end()

    def _take_file(self, name: str, file: IO[bytes]) -> None:
        kind, _, rest = name.partition("/")
        if name == REALM_FILE:
            read_rows(file, {
                "zerver_userprofile": self._take_users,
                "zerver_userprofile_mirrordummy": self._take_users,
                "zerver_stream": self._take_channels,
                "zerver_recipient": self._take_recipients,
                "zerver_subscription": self._take_subscriptions,
                "zerver_reaction": self._take_reactions,
            })  # fmt: skip
        elif name == ATTACHMENTS_FILE:
            read_rows(file, {"zerver_attachment": self._take_attachments})
        elif _PAGE.fullmatch(name):
            read_rows(file, {
                "zerver_message": self._take_messages,
                "zerver_usermessage": self._take_copies,
            })  # fmt: skip
            self._put_copies()
        elif rest == "records.json":
            if kind == "avatars":
                self._avatars = _avatars(file.read())
            elif kind == "emoji":
                self._images = _images(file.read())
        elif kind == "uploads":
            self._into.put_body(rest, sum_of(file)[1])
        elif kind in ("avatars", "emoji"):
            self._sums[name] = sum_of(file)[1]

    def _take_users(self, rows: bytes) -> None:
        self._users.update((each.id, each) for each in _users(rows))

    def _take_channels(self, rows: bytes) -> None:
        self._channels.update((each.id, each) for each in _channels(rows))

    def _take_recipients(self, rows: bytes) -> None:
        self._recipients += _recipients(rows)

    def _take_subscriptions(self, rows: bytes) -> None:
        for each in _subscriptions(rows):
            if each.active:
                self._members.setdefault(each.recipient, set()).add(each.user_profile)

    def _take_reactions(self, rows: bytes) -> None:
        for each in _reactions(rows):
            custom = each.reaction_type != limits.UNICODE
            key = f":{each.emoji_name}:" if custom else each.emoji_code
            self._into.put_reaction(each.message, (each.user_profile, key))

    def _take_messages(self, rows: bytes) -> None:
        for each in _messages(rows):
            micros = round(each.date_sent * 1_000_000)
            found = Found(each.id, each.sender, micros, each.subject, each.content, 0)
            self._into.put_message(found, recipient=each.recipient)

    def _take_copies(self, rows: bytes) -> None:
        for each in _copies(rows):
            self._copies[each.message] += 1
            if each.flags_mask & limits.PRIVATE:
                self._readers.setdefault(each.message, []).append(each.user_profile)

    def _put_copies(self) -> None:
        """A file of messages has ended, which holds all copies of its messages."""
        for message, copies in self._copies.items():
            self._into.put_copies(message, copies, self._readers.get(message, ()))
        self._copies.clear()
        self._readers.clear()

    def _take_attachments(self, rows: bytes) -> None:
        for each in _attachments(rows):
            public = each.is_realm_public or each.is_web_public
            self._into.put_upload(each.path_id, public, each.messages)

    def _settle(self) -> None:
        """Put in what is known once every file was read."""
        pictures = {
            each.user_profile_id: self._sums.get(f"avatars/{each.path}", "")
            for each in self._avatars
            if each.path.endswith(".original")
        }
        for user in self._users.values():
            self._into.people[user.id] = Resident(
                user.id, user.full_name, user.delivery_email.lower(), pictures.get(user.id, "")
            )
            if user.recipient is not None:  # a dummy's stands in no table
                self._into.put_recipient(user.recipient, "", user.id)
        for each in self._recipients:
            self._settle_recipient(each)
        images = self._into.emoji
        for image in self._images:
            if not image.deactivated and (sum := self._sums.get(f"emoji/{image.path}")):
                images[image.name] = (images.get(image.name) or frozenset()) | {sum}
        self._into.settle_places()

    def _settle_recipient(self, recipient: _Recipient) -> None:
        members = self._members.get(recipient.id, set())
        if recipient.type == limits.PERSONAL:
            self._into.put_recipient(recipient.id, "", recipient.type_id)
        elif recipient.type == limits.GROUP:
            self._into.put_recipient(recipient.id, direct_place(members))
        elif (channel := self._channels.get(recipient.type_id)) is not None:
            place = channel_place(channel.id)
            self._into.put_recipient(recipient.id, place)
            self._into.rooms[place] = Room(
                name=channel.name,
                private=channel.invite_only,
                web_public=channel.is_web_public,
                members=frozenset(members),
            )
