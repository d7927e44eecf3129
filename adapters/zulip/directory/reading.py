"""A finished directory read back as the importer would see it: what stands where, and who may read
it. Which message is which the traces tell, which are no part of what is imported."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import msgspec

from adapters.zulip import channels, limits
from adapters.zulip.directory import recipients, tables
from adapters.zulip.directory.joining import ATTACHMENTS_FILE, REALM_FILE, page_name, traces_name
from adapters.zulip.directory.numbers import conversation_number, recipient_number, user_number
from adapters.zulip.directory.records import Trace, read_lines
from adapters.zulip.directory.spool import Entry, Recipient, Spool
from adapters.zulip.profiles import Profile
from migrate.model import Ref
from migrate.spi import Audience, Opening, Seen

_tables = msgspec.json.Decoder(tables.Tables)
_REACTIONS = b',"zerver_reaction":['
_page = msgspec.json.Decoder(tables.Page)
_attachments = msgspec.json.Decoder(tables.Attachments)


class DirectoryReader:
    """One directory, read once; its messages wait in a spool on the disk.

    Raises OSError or msgspec.DecodeError where the directory is broken.
    """

    def __init__(self, folder: Path, kept: Profile) -> None:
        self._folder = folder
        self._kept = kept
        self._spool = Spool(folder.parent)
        realm = self._read_realm()
        self._names = {user.id: user.full_name for user in realm.zerver_userprofile}
        self.addresses = {u.full_name: u.delivery_email for u in realm.zerver_userprofile}
        """Every account's, by its name."""
        self._channels = {channel.id: channel for channel in realm.zerver_stream}
        self.channels = frozenset(channel.name.casefold() for channel in realm.zerver_stream)
        """The names of all channels, in lower case."""
        self._members: dict[int, set[Ref]] = {}
        for each in realm.zerver_subscription:
            name = self._names.get(each.user_profile, "")
            self._members.setdefault(each.recipient, set()).add(name)
        self._fill()

    def close(self) -> None:
        self._spool.close()

    def read(self, opening: Opening) -> Iterator[Seen]:
        """Everything of a conversation, in the order of the importer: by the second, then by
        number."""
        for entry in self.entries(opening):
            yield from self._seen(entry)

    def entries(self, opening: Opening) -> Iterator[Entry]:
        """Every message of a conversation, in the same order."""
        return self._spool.entries(self._recipients(opening))

    def newest(self, opening: Opening) -> int:
        """The end of the second in which the last message was sent, in microseconds since the
        epoch; 0 where there is none."""
        last = self._spool.last_second(self._recipients(opening))
        return 0 if last is None else (last + 1) * 1_000_000

    def author(self, entry: Entry) -> Ref:
        """The name of whoever said it."""
        return self._names.get(entry.message.sender, "")

    def chosen(self, entry: Entry) -> Iterator[tuple[str, Ref, str]]:
        """Its reactions: the engine's id, the person's name, and the emoji's key."""
        for at, row in enumerate(entry.reactions):
            custom = row.reaction_type == limits.CUSTOM
            id = entry.trace.reactions[at] if at < len(entry.trace.reactions) else ""
            key = f":{row.emoji_name}:" if custom else row.emoji_code
            yield id, self._names.get(row.user_profile, ""), key

    def audience(self, opening: Opening) -> Audience:
        if channels.is_direct(opening):
            return Audience(members=frozenset(self._talkers(opening)), join="invite")
        id = conversation_number(opening.conversation.id)
        channel = self._channels.get(id)
        members = self._members.get(recipient_number(limits.CHANNEL, id), set())
        private = channel is not None and channel.invite_only
        return Audience(
            members=frozenset(members),
            join="invite" if private else "members",
            listed=not private,
        )

    def _talkers(self, opening: Opening) -> set[Ref]:
        """Who has a copy of a direct conversation's messages, and who belongs to its group."""
        id = conversation_number(opening.conversation.id)
        found = set(self._members.get(recipient_number(limits.GROUP, id), ()))
        for entry in self.entries(opening):
            found.update(entry.readers)
        return found or set(channels.members_of(opening))

    def _recipients(self, opening: Opening) -> list[Recipient]:
        """For whom the messages of a conversation are."""
        id = conversation_number(opening.conversation.id)
        if not channels.is_direct(opening):
            return [(recipient_number(limits.CHANNEL, id), 0)]
        members = channels.members_of(opening)
        if len(members) > 2 or self._kept.grouped:
            return [(recipient_number(limits.GROUP, id), 0)]
        return [
            (
                recipients.recipient_of("", members, self._kept, direct=True, sender=sender),
                user_number(sender),
            )
            for sender in members
        ]

    def _seen(self, entry: Entry) -> Iterator[Seen]:
        message, trace = entry.message, entry.trace
        ref = trace.id or str(message.id)
        time = entry.micros // 1_000
        yield Seen(
            ref=ref,
            id=trace.id,
            author=self.author(entry),
            time=time,
            payload=entry.payload,
            root=trace.root or None,
            files=tuple(id for id, path in trace.files if path in entry.files),
        )
        for row, (id, author, key) in zip(entry.reactions, self.chosen(entry), strict=True):
            yield Seen(
                ref=f"{message.id}/{row.id}",
                id=id,
                author=author,
                time=time,
                message=ref,
                emoji=key,
            )

    def _read_realm(self) -> tables.Tables:
        """The tables, with the reactions laid aside: these stand at the end, a row a line."""
        with (self._folder / REALM_FILE).open("rb") as file:
            head, mark, row = file.readline().partition(_REACTIONS)
            rows: Iterable[bytes]
            if not mark:
                realm = _tables.decode(head + file.read())
                rows = map(msgspec.json.encode, realm.zerver_reaction)
            else:
                realm = _tables.decode(head + _REACTIONS + b"]}")
                rows = (line.removesuffix(b"]}").rstrip(b",\n") for line in chain([row], file))
            for line in rows:
                if line:
                    self._spool.put_reaction(line)
        self._spool.end_reactions()
        return realm

    def _fill(self) -> None:
        """Lay every message aside."""
        files = self._read_files()
        number = 1
        while (path := self._folder / page_name(number)).exists():
            page = _page.decode(path.read_bytes())
            told = read_lines(self._folder / traces_name(number), Trace)
            traces = {trace.message: trace for trace in told}
            reactions = self._spool.reactions({message.id for message in page.zerver_message})
            readers: dict[int, list[Ref]] = {}
            copies = Counter(copy.message for copy in page.zerver_usermessage)
            for copy in page.zerver_usermessage:
                if copy.flags_mask & limits.PRIVATE:
                    name = self._names.get(copy.user_profile, "")
                    readers.setdefault(copy.message, []).append(name)
            for message in page.zerver_message:
                self._spool.put(
                    Entry(
                        message,
                        traces.get(message.id, Trace(message.id, "")),
                        tuple(reactions.get(message.id, ())),
                        tuple(files.get(message.id, ())),
                        copies[message.id],
                        tuple(readers.get(message.id, ())),
                    )
                )
            number += 1
        self._spool.end()

    def _read_files(self) -> dict[int, set[str]]:
        """The files of each message, by their paths, as far as their bodies are there."""
        found: dict[int, set[str]] = {}
        told = _attachments.decode((self._folder / ATTACHMENTS_FILE).read_bytes())
        for each in told.zerver_attachment:
            path = self._folder / "uploads" / each.path_id
            if not path.is_file() or path.stat().st_size != each.size:
                continue
            for message in each.messages:
                found.setdefault(message, set()).add(each.path_id)
        return found
