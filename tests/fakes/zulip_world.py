"""What a fake Zulip organization holds: accounts, channels, messages with each reader's copy, files
and emoji, with the rules that hold whoever changes them: who gets a copy, who may read what, and to
whom a file belongs. What comes over the API is elsewhere."""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.fakes.zulip_records import EVERYBODY, Channel, Emoji, Json, Message, Upload, User

NOTIFIER, WELCOMER = 4, 5
EVENTS = "channel events"
_LINKS = re.compile(r"/user_uploads/([^\s)>\"\]]+)")


class World:
    """One organization. `modern` tells the server of 2025 from that of 2024. `made_up` are the
    addresses that a message was forged for and that nobody had."""

    def __init__(self, *, modern: bool, name: str = "acme") -> None:
        self.modern = modern
        self.bot_domain = "zulip.test"
        self.name = name
        self.users: dict[int, User] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.uploads: dict[str, Upload] = {}
        self.emoji: dict[int, Emoji] = {}
        self.domains: dict[str, bool] = {}
        self.fields: dict[int, Json] = {}
        self.defaults: Json = {}
        self.made_up: list[str] = []
        self.realm: Json = {}
        self.default_channels: set[int] = set()
        self.max_message_chars = 10_000
        # Far apart, so that one kind's id is never another's.
        self._ids = {
            kind: itertools.count(first)
            for kind, first in (
                ("user", 100), ("channel", 300), ("message", 58_000), ("upload", 900),
                ("emoji", 20), ("domain", 40), ("field", 60),
            )
        }  # fmt: skip
        self._now = 1_795_000_000.0
        for id, email, shown in (
            (NOTIFIER, "notification-bot@zulip.com", "Notification Bot"),
            (WELCOMER, "welcome-bot@zulip.com", "Welcome Bot"),
        ):
            self.users[id] = User(id, email, shown, "", bot=1)

    def id(self, kind: str) -> int:
        return next(self._ids[kind])

    def now(self) -> float:
        """Seconds that never stand still."""
        self._now += 0.001
        return round(self._now, 3)

    # -- people ----------------------------------------------------------------------------------

    @property
    def people(self) -> list[User]:
        """Everybody but the server's own bots, which belong to no organization."""
        return [user for user in self.users.values() if user.id not in (NOTIFIER, WELCOMER)]

    def user_with(self, email: str) -> User | None:
        wanted = email.strip().lower()
        return next((u for u in self.users.values() if u.email.lower() == wanted), None)

    def make_user(self, email: str, name: str, password: str = "", **more: Any) -> User:
        id = self.id("user")
        key = hashlib.sha256(f"{self.name} {id}".encode()).hexdigest()[:32]
        user = User(id, email, name, key, password, joined=self.now(), **more)
        user.settings = dict(self.defaults)
        self.users[id] = user
        if user.active and not user.dummy and user.bot is None:
            for channel in self.default_channels:
                self.subscribe(self.channels[channel], user)
        return user

    def shown_email(self, user: User) -> str:
        """The address by which others know an account, who may not all see its own."""
        if user.visibility == EVERYBODY:
            return user.email
        return f"user{user.id}@{self.bot_domain}"

    # -- channels --------------------------------------------------------------------------------

    def channel_named(self, name: str) -> Channel | None:
        wanted = name.strip().lower()
        return next((c for c in self.channels.values() if c.name.lower() == wanted), None)

    def make_channel(self, name: str, **more: Any) -> Channel:
        channel = Channel(self.id("channel"), name, created=int(self.now()), **more)
        self.channels[channel.id] = channel
        return channel

    def subscribe(self, channel: Channel, user: User) -> None:
        channel.seats.add(user.id)

    def topics_of(self, channel: Channel) -> set[str]:
        """In lower case, as which they are one."""
        return {m.topic.lower() for m in self.messages.values() if m.channel == channel.id}

    def subscribers(self, channel: Channel) -> list[int]:
        return sorted(id for id in channel.seats if self.users[id].active)

    def unsubscribe(self, channel: Channel, user: int) -> None:
        """Whoever leaves has read what was said."""
        channel.seats.discard(user)
        for message in self.messages.values():
            if message.channel == channel.id and user in message.copies:
                message.copies[user].add("read")

    def archive(self, channel: Channel) -> None:
        channel.archived = True
        if self.modern:
            self.tell(channel, f"Channel {channel.name} has been archived.", *channel.seats)
            return
        digest = hashlib.sha512(str(channel.id).encode()).hexdigest()[:7]
        channel.name = f"{digest}!DEACTIVATED:{channel.name}"[:60]
        channel.private = True
        for user in list(channel.seats):
            self.unsubscribe(channel, user)

    # -- messages --------------------------------------------------------------------------------

    def add_message(
        self,
        sender: User,
        content: str,
        *,
        channel: Channel | None = None,
        people: Iterable[int] = (),
        topic: str = "",
        time: float | None = None,
        client: str = "Internal",
    ) -> Message:
        """A message, with a copy for each of its readers, and its files claimed."""
        message = Message(
            self.id("message"), sender.id, channel.id if channel else None,
            frozenset() if channel else frozenset(people) | {sender.id},
            topic, content, self.now() if time is None else time, client,
        )  # fmt: skip
        readers = self.subscribers(channel) if channel else message.people
        message.copies = {id: set() for id in readers if self.users[id].active}
        self.messages[message.id] = message
        self._claim(message, sender)
        return message

    def tell(self, channel: Channel, content: str, *read_by: int) -> None:
        """A line that the server writes by itself; some need not read it."""
        told = self.add_message(self.users[NOTIFIER], content, channel=channel, topic=EVENTS)
        for user in read_by:
            if user in told.copies:
                told.copies[user].add("read")

    def delete(self, message: Message) -> None:
        """The files that no other message has go with it."""
        del self.messages[message.id]
        for path, upload in list(self.uploads.items()):
            if message.id in upload.messages:
                upload.messages.discard(message.id)
                if not upload.messages:
                    del self.uploads[path]

    def can_read(self, user: User, message: Message) -> bool:
        if message.channel is None:
            return user.id in message.copies
        channel = self.channels[message.channel]
        seated = user.id in channel.seats
        if channel.private:
            return seated and (channel.history_public or user.id in message.copies)
        return seated or not user.is_guest

    def readable(self, user: User) -> Iterator[Message]:
        """Everything that has come to somebody, the oldest first."""
        return (m for m in self.messages.values() if user.id in m.copies)

    # -- files -----------------------------------------------------------------------------------

    def upload(self, owner: User, name: str, mimetype: str, body: bytes) -> Upload:
        id = self.id("upload")
        digest = hashlib.sha256(f"{self.name} file {id}".encode()).hexdigest()
        stored = re.sub(r"[^\w.-]", "", re.sub(r"\s+", "-", name.strip())) or "uploaded-file"
        path = f"2/{digest[:2]}/{digest[2:26]}/{stored}"
        made = Upload(id, path, name, mimetype, owner.id, body, int(self.now()))
        self.uploads[path] = made
        return made

    def can_open(self, user: User, upload: Upload) -> bool:
        """Its owner; everybody where a public channel has it; else whoever may read a message that
        has it."""
        if user.id == upload.owner or (upload.public and not user.is_guest):
            return True
        messages = [self.messages[id] for id in upload.messages]
        return any(
            user.id in message.copies
            or (message.channel is not None and self._sits_in_history(user, message.channel))
            for message in messages
        )

    def _sits_in_history(self, user: User, channel: int) -> bool:
        place = self.channels[channel]
        return user.id in place.seats and place.history_public

    def _claim(self, message: Message, sender: User) -> None:
        """Only what the sender may read becomes the message's."""
        for path in dict.fromkeys(_LINKS.findall(message.content)):
            upload = self.uploads.get(path)
            if upload is None or not self.can_open(sender, upload):
                continue
            upload.messages.add(message.id)
            if message.channel is not None and not self.channels[message.channel].private:
                upload.public = True
