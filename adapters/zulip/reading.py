"""A finished directory read back as the importer would see it: what stands where, and who may read
it. Which message is which the traces tell, which are no part of what is imported."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from adapters.zulip import channels, limits, tables
from adapters.zulip.joining import ATTACHMENTS_FILE, REALM_FILE, page_name, traces_name
from adapters.zulip.numbers import conversation_number, recipient_number, user_number
from adapters.zulip.records import Trace, read_lines
from migrate.model import Ref
from migrate.spi import Audience, Opening, Seen

_tables = msgspec.json.Decoder(tables.Tables)
_page = msgspec.json.Decoder(tables.Page)
_attachments = msgspec.json.Decoder(tables.Attachments)


class _Spot(NamedTuple):
    """Where a message lies in the spool. They sort as the importer sorts messages."""

    second: int
    message: int
    start: int
    length: int


class _Held(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message with all that belongs to it. `readers` are those who have a copy, of direct
    messages alone."""

    message: tables.Message
    trace: Trace
    reactions: tuple[tables.Reaction, ...]
    files: tuple[str, ...]
    readers: tuple[Ref, ...]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Held).decode


class DirectoryReader:
    """One directory, read once: its messages wait in a spool on the disk, since its files hold
    those of all conversations in the order of time.

    Raises OSError or msgspec.DecodeError where the directory is broken.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        realm = _tables.decode((folder / REALM_FILE).read_bytes())
        self._names = {user.id: user.full_name for user in realm.zerver_userprofile}
        self._channels = {channel.id: channel for channel in realm.zerver_stream}
        self._members: dict[int, set[Ref]] = {}
        for each in realm.zerver_subscription:
            name = self._names.get(each.user_profile, "")
            self._members.setdefault(each.recipient, set()).add(name)
        self._index: dict[tuple[int, int], list[_Spot]] = {}
        self._spool = tempfile.TemporaryFile(dir=folder.parent)  # noqa: SIM115  # `close` closes it
        self._fill(realm.zerver_reaction)

    def close(self) -> None:
        self._spool.close()

    def read(self, opening: Opening) -> Iterator[Seen]:
        """Everything of a conversation, in the order of the importer: by the second, then by
        number."""
        for spot in self._of(opening):
            yield from self._seen(self._held(spot))

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
        for spot in self._of(opening):
            found.update(self._held(spot).readers)
        return found or set(channels.members_of(opening))

    def _of(self, opening: Opening) -> list[_Spot]:
        """Where every message of a conversation lies, in their order."""
        id = conversation_number(opening.conversation.id)
        if not channels.is_direct(opening):
            keys = {(recipient_number(limits.CHANNEL, id), 0)}
        elif len(members := channels.members_of(opening)) > 2:
            keys = {(recipient_number(limits.GROUP, id), 0)}
        else:
            keys = {
                (
                    channels.recipient_of("", members, direct=True, sender=sender),
                    user_number(sender),
                )
                for sender in members
            }
        return sorted(spot for key in keys for spot in self._index.get(key, ()))

    def _held(self, spot: _Spot) -> _Held:
        self._spool.seek(spot.start)
        return _unpack(self._spool.read(spot.length))

    def _seen(self, held: _Held) -> Iterator[Seen]:
        message, trace = held.message, held.trace
        ref = trace.id or str(message.id)
        time = round(message.date_sent * 1_000_000) // 1_000
        yield Seen(
            ref=ref,
            id=trace.id,
            author=self._names.get(message.sender, ""),
            time=time,
            payload=_unswapped(message.content, trace).encode("utf-8", "replace"),
            root=trace.root or None,
            files=tuple(id for id, path in trace.files if path in held.files),
        )
        for at, row in enumerate(held.reactions):
            custom = row.reaction_type == limits.CUSTOM
            yield Seen(
                ref=f"{message.id}/{row.id}",
                id=trace.reactions[at] if at < len(trace.reactions) else "",
                author=self._names.get(row.user_profile, ""),
                time=time,
                message=ref,
                emoji=f":{row.emoji_name}:" if custom else row.emoji_code,
            )

    def _fill(self, rows: tuple[tables.Reaction, ...]) -> None:
        """Lay every message into the spool, and note where it lies: by its recipient, and by its
        sender where the recipient is a person."""
        reactions: dict[int, list[tables.Reaction]] = {}
        for reaction in rows:
            reactions.setdefault(reaction.message, []).append(reaction)
        files = self._read_files()
        number, start = 1, 0
        while (path := self._folder / page_name(number)).exists():
            page = _page.decode(path.read_bytes())
            told = read_lines(self._folder / traces_name(number), Trace)
            traces = {trace.message: trace for trace in told}
            readers: dict[int, list[Ref]] = {}
            for copy in page.zerver_usermessage:
                if copy.flags_mask & limits.PRIVATE:
                    name = self._names.get(copy.user_profile, "")
                    readers.setdefault(copy.message, []).append(name)
            for message in page.zerver_message:
                data = _pack(
                    _Held(
                        message,
                        traces.get(message.id, Trace(message.id, "")),
                        tuple(reactions.get(message.id, ())),
                        tuple(files.get(message.id, ())),
                        tuple(readers.get(message.id, ())),
                    )
                )
                self._spool.write(data)
                personal = message.recipient % 4 == limits.PERSONAL
                key = (message.recipient, message.sender if personal else 0)
                spot = _Spot(int(message.date_sent), message.id, start, len(data))
                self._index.setdefault(key, []).append(spot)
                start += len(data)
            number += 1

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


def _unswapped(content: str, trace: Trace) -> str:
    """A message's words as they were before topics were known."""
    for swap in reversed(trace.swaps):
        content = content[: swap.start] + swap.before + content[swap.start + swap.length :]
    return content
