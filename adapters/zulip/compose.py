"""One part of a directory: postings laid out as a file of messages with everybody's copies, their
reactions, attachments and traces; and short records of accounts, conversations and emoji, which
become rows once all parts are there. Pure."""

import re
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from adapters.zulip import channels, limits, people
from adapters.zulip.numbers import emoji_number, message_number, user_number
from adapters.zulip.paths import path_id, shown_name
from adapters.zulip.placing import main_topic
from adapters.zulip.profiles import ZulipCaps
from adapters.zulip.records import AttachmentRecord, EmojiRecord, Swap, Trace, encode_lines
from adapters.zulip.tables import Message, Reaction
from adapters.zulip.text import MARK, marked_links, reaction_key
from mappings import emoji
from migrate.model import piece_id, reaction_id, ts_micros
from migrate.spi import Account, Composed, CustomEmoji, Look, Opening, Part, Posting, Ref

Row = Account | Opening | CustomEmoji | Posting

ACCOUNTS, CONVERSATIONS, EMOJI = "accounts", "conversations", "emoji"
MESSAGES, REACTIONS, ATTACHMENTS, TRACES = "messages", "reactions", "attachments", "traces"
"""The streams of a part. That of messages is a whole file; reactions are rows with commas between
them; all others are lines."""

_encode = msgspec.json.Encoder().encode

_IMAGE = re.compile(
    r"(?:\]\(|https?:/)/[^\s()<>?#]*\.(?:bmp|gif|jpe|jpeg|jpg|png|webp)(?![\w/])", re.IGNORECASE
)
_LINK = re.compile(r"://|\]\(|\w@\w[\w-]*\.\w")
"""What a client shows as a picture, and as a link; an address for mail is one."""


def compose(part: Part, rows: Iterable[Row], caps: ZulipCaps) -> Composed:
    """The streams of a part."""
    records: dict[str, list[msgspec.Struct]] = {}
    sheet = Sheet(part.number, caps)
    for row in rows:
        if isinstance(row, Posting):
            sheet.add(row)
        elif isinstance(row, Account):
            records.setdefault(ACCOUNTS, []).append(people.describe(row))
        elif isinstance(row, Opening):
            records.setdefault(CONVERSATIONS, []).append(channels.describe(row))
        else:
            records.setdefault(EMOJI, []).append(_emoji(row))
    return Composed(
        streams={name: encode_lines(held) for name, held in records.items()} | sheet.streams(),
        counts={name: len(held) for name, held in records.items()} | sheet.counts(),
    )


class _Place(msgspec.Struct, frozen=True):
    """What is asked of a conversation for each of its messages. `copies` are, for those who get
    one of each, what stands in their rows before the message's number; `everybody` the same for all
    who could be mentioned, by name."""

    id: str
    channel: str
    direct: bool
    public: bool
    members: tuple[Ref, ...]
    copies: tuple[bytes, ...]
    everybody: dict[Ref, bytes]


class Sheet:
    """The messages of one part, as they are added."""

    def __init__(self, part: int, caps: ZulipCaps) -> None:
        self._part = part
        self._caps = caps
        self._kept = caps.kept
        self._places: dict[str, _Place] = {}
        self._messages: list[bytes] = []
        self._copies: list[bytes] = []
        self._reactions: list[bytes] = []
        self._attachments: list[AttachmentRecord] = []
        self._traces: list[Trace] = []
        self._added = 0

    def add(self, posting: Posting) -> None:
        """A posting: one message a piece, and a sign-post where a thread begins."""
        self._added += 1
        place = self._place(posting.opening)
        main = self._main_topic(posting, place)
        own = self._topic(posting, place, main)
        plain = posting.id == piece_id(posting.message.key, 0)
        for index, piece in enumerate(posting.rendered.pieces):
            id = posting.id
            if index:
                key = posting.message.key
                id = piece_id(key, index) if plain else f"{posting.id}/{index}"
            text, swaps = _write_links(piece.payload.decode(), posting.look, self._caps)
            in_thread = piece.in_thread or own == main
            if not in_thread:
                pointer = f"\n\n{_pointer(place.channel, own)}"
                swaps.append(Swap(len(text), len(pointer), ""))
                text += pointer
            topic = own if in_thread else main
            number = self._put(posting, place, topic, text, posting.message.edited)
            root = posting.root_id if piece.in_thread else ""
            chosen = self._react(posting, number) if not index else ()
            files = self._attach(posting, place, number, text)
            self._traces.append(Trace(number, id, root, tuple(swaps), chosen, files))
        if own != main and not posting.root_id:
            number = self._put(posting, place, main, _pointer(place.channel, own))
            self._traces.append(Trace(number, ""))

    def streams(self) -> dict[str, bytes]:
        """The file of messages, and what goes into other files."""
        if not self._messages:
            return {}
        page = b'{"zerver_message":[%b],"zerver_usermessage":[%b]}' % (
            b",\n".join(self._messages),
            b",\n".join(self._copies),
        )
        found = {MESSAGES: page, TRACES: encode_lines(self._traces)}
        if self._reactions:
            found[REACTIONS] = b",\n".join(self._reactions)
        if self._attachments:
            found[ATTACHMENTS] = encode_lines(self._attachments)
        return found

    def counts(self) -> dict[str, int]:
        counted = {"messages": self._added, "reactions": len(self._reactions)}
        return {kind: number for kind, number in counted.items() if number}

    def _put(self, posting: Posting, place: _Place, topic: str, text: str, edited: str = "") -> int:
        """Add a message and its copies; its number."""
        number = message_number(self._part, len(self._messages))
        author = posting.author.placement.name
        row = Message(
            id=number,
            sender=user_number(author),
            recipient=channels.recipient_of(
                place.id, place.members, direct=place.direct, sender=author
            ),
            subject=self._kept.direct_topic if place.direct else topic,
            content=text,
            date_sent=_sent(posting),
            last_edit_time=_edited(edited),
            # A time without a history, be it empty, is a message that no client can read.
            edit_history="[]" if edited else None,
            has_attachment="](/user_uploads/" in text,
            has_image=_IMAGE.search(text) is not None,
            has_link=_LINK.search(text) is not None,
            is_channel_message=(not place.direct) if self._kept.modern else UNSET,
        )
        self._messages.append(_encode(row))
        copies = place.copies
        if "@_**" in text and not place.direct:
            copies = _with_mentions(copies, place.everybody, text)
        first = len(self._copies)
        self._copies += [
            b'{"id":%d,%b%d}' % (first + at, copy, number) for at, copy in enumerate(copies)
        ]
        return number

    def _place(self, opening: Opening) -> _Place:
        known = self._places.get(opening.conversation.id)
        if known is None:
            direct = channels.is_direct(opening)
            flags = limits.READ | (limits.PRIVATE if direct else 0)
            # What is direct can be read in one's own copy alone.
            readers = [m for m in opening.members if direct or people.reads(m)]
            reading = {m.placement.name: _copy(m.placement.name, flags) for m in readers}
            owner = self._caps.owner
            awake = [
                reading[m.placement.name]
                for m in readers
                if direct or not self._caps.idle or people.owns(m.person.id, m.person.email, owner)
            ]
            known = self._places[opening.conversation.id] = _Place(
                id=opening.conversation.id,
                channel=opening.placement.name,
                direct=direct,
                public=not (direct or opening.private),
                members=channels.members_of(opening),
                copies=tuple(dict.fromkeys(awake)),
                everybody={
                    name: _copy(name, flags | limits.MENTIONED) for name in reading
                },
            )  # fmt: skip
        return known

    def _main_topic(self, posting: Posting, place: _Place) -> str:
        # A thread that began before anybody knew of its replies stands where it began.
        nameless = posting.root is not None and not posting.root.name
        time = posting.root.time if posting.root and nameless else posting.placement.time
        return main_topic(self._caps.main_topic, self._caps.topic_format, time)

    def _topic(self, posting: Posting, place: _Place, main: str) -> str:
        """The topic of a posting's thread, that of the conversation where it has none."""
        if place.direct:
            return main
        thread = posting.root or posting.placement
        return thread.name or main

    def _react(self, posting: Posting, number: int) -> tuple[str, ...]:
        """The rows of a message's reactions, and the engine's ids of them in the same order. Two
        names of one emoji, chosen by one person, are one reaction."""
        chosen: dict[tuple[Ref, str], str] = {}
        for reaction in posting.message.reactions:
            key = reaction_key(reaction.emoji, posting.look)
            for person in reaction.people:
                face = posting.look.person(person)
                if face is None or (face.ref, key) in chosen:
                    continue
                id = reaction_id(posting.message.key, person, reaction.emoji)
                chosen[face.ref, key] = id
                self._reactions.append(
                    _encode(
                        _reaction(
                            message_number(self._part, len(self._reactions)),
                            number,
                            face.ref,
                            key,
                            reaction.emoji,
                        )
                    )
                )
        return tuple(chosen.values())

    def _attach(
        self, posting: Posting, place: _Place, number: int, text: str
    ) -> tuple[tuple[str, str], ...]:
        """Note the files that a message shows; their ids and paths."""
        if "](/user_uploads/" not in text:
            return ()
        found: list[tuple[str, str]] = []
        for file in posting.message.files:
            path = path_id(file)
            if f"](/user_uploads/{path})" in text:
                found.append((file.id, path))
                self._attachments.append(
                    AttachmentRecord(
                        file=file.id,
                        path=path,
                        name=shown_name(file),
                        mimetype=file.mimetype,
                        message=number,
                        owner=user_number(posting.author.placement.name),
                        created=file.created or posting.placement.time // 1_000,
                        public=place.public,
                    )
                )
        return tuple(found)


def _emoji(emoji: CustomEmoji) -> EmojiRecord:
    return EmojiRecord(
        name=emoji.placement.name,
        slack_id=emoji.name,
        image=emoji.image.id,
        ending=limits.IMAGE_TYPES.get(emoji.image.mimetype, "png"),
    )


def _copy(name: Ref, flags: int) -> bytes:
    return b'"user_profile":%d,"flags_mask":%d,"message":' % (user_number(name), flags)


def _with_mentions(
    copies: tuple[bytes, ...], everybody: dict[Ref, bytes], text: str
) -> tuple[bytes, ...]:
    """The copies, marked for those whom a message mentions."""
    mentioned = {
        copy.partition(b",")[0]: copy
        for person, copy in everybody.items()
        if f"@_**{person}**" in text
    }
    if not mentioned:
        return copies
    rest = [copy for copy in copies if copy.partition(b",")[0] not in mentioned]
    return (*rest, *mentioned.values())


def _write_links(payload: str, look: Look, caps: ZulipCaps) -> tuple[str, list[Swap]]:
    """A payload with every mark replaced by what leads there, and where that stands."""
    if MARK not in payload:
        return payload, []
    text, swaps, at = "", list[Swap](), 0
    for start, end, url in marked_links(payload):
        pointer = look.link(url)
        if pointer is None:
            continue
        text += payload[at:start]
        topic = ""
        if pointer.placement is not None:
            topic = pointer.placement.name or main_topic(
                caps.main_topic, caps.topic_format, pointer.placement.time
            )
        written = _pointer(pointer.conversation.ref, topic)
        swaps.append(Swap(len(text), len(written), payload[start:end]))
        text += written
        at = end
    return text + payload[at:], swaps


def _pointer(channel: str, topic: str) -> str:
    """What clients show as a link to a channel, or to one of its topics."""
    return f"#**{channel}>{topic}**" if topic else f"#**{channel}**"


def _reaction(id: int, message: int, author: Ref, key: str, emoji_name: str) -> Reaction:
    if key.startswith(":"):
        name = key.strip(":")
        code, kind = str(emoji_number(name)), limits.CUSTOM
    else:
        name = emoji.canonical(emoji_name).replace("-", "_")
        code, kind = key, limits.UNICODE
    return Reaction(
        id=id,
        message=message,
        user_profile=user_number(author),
        emoji_name=name,
        emoji_code=code,
        reaction_type=kind,
    )


def _sent(posting: Posting) -> float:
    """Seconds; to the microsecond where the time is the message's own."""
    try:
        micros = ts_micros(posting.message.key.ts)
    except ValueError:
        micros = 0
    if micros // 1_000 != posting.placement.time:
        micros = posting.placement.time * 1_000
    return micros / 1_000_000


def _edited(ts: str) -> float | None:
    return ts_micros(ts) / 1_000_000 if ts else None
