"""One part of a directory: postings laid out as a file of messages with everybody's copies, their
reactions, attachments and traces; and short records of accounts, conversations and emoji, which
become rows once all parts are there. Pure."""

import re
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from adapters.zulip import channels, limits
from adapters.zulip.directory import prerendering, recipients, users
from adapters.zulip.directory.checking import Checker
from adapters.zulip.directory.copies import Shelf
from adapters.zulip.directory.numbers import message_number, user_number
from adapters.zulip.directory.reactions import Reactions
from adapters.zulip.directory.records import (
    AttachmentRecord,
    EmojiRecord,
    Swap,
    Trace,
    encode_lines,
)
from adapters.zulip.directory.tables import Message
from adapters.zulip.paths import path_id, shown_name
from adapters.zulip.placing import main_topic
from adapters.zulip.profiles import ZulipCaps
from adapters.zulip.text import MARK, marked_links
from migrate.model import piece_id, ts_micros
from migrate.spi import Account, Composed, CustomEmoji, Look, Opening, Part, Posting, Ref

Row = Account | Opening | CustomEmoji | Posting

ACCOUNTS, CONVERSATIONS, EMOJI = "accounts", "conversations", "emoji"
MESSAGES, REACTIONS, ATTACHMENTS, TRACES = "messages", "reactions", "attachments", "traces"
CLAIMS = "claims"
"""The streams of a part. That of messages is a whole file; reactions are rows with commas between
them; all others are lines."""

_encode = msgspec.json.Encoder().encode

_IMAGE = re.compile(
    r"(?:\]\(|https?:/)/[^\s()<>?#]*\.(?:bmp|gif|jpe|jpeg|jpg|png|webp)(?![\w/])", re.IGNORECASE
)
_MAIL = re.compile(r"\w@\w[\w-]*\.\w")
"""What a client shows as a picture, and as an address for mail."""


def compose(part: Part, rows: Iterable[Row], caps: ZulipCaps) -> Composed:
    """The streams of a part."""
    records: dict[str, list[msgspec.Struct]] = {}
    sheet = Sheet(part.number, caps)
    for row in rows:
        if isinstance(row, Posting):
            sheet.add(row)
        elif isinstance(row, Account):
            records.setdefault(ACCOUNTS, []).append(users.describe(row))
        elif isinstance(row, Opening):
            records.setdefault(CONVERSATIONS, []).append(recipients.describe(row))
        else:
            records.setdefault(EMOJI, []).append(_emoji(row))
    return Composed(
        streams={name: encode_lines(held) for name, held in records.items()} | sheet.streams(),
        counts={name: len(held) for name, held in records.items()} | sheet.counts(),
    )


class _Place(msgspec.Struct, frozen=True):
    """What is asked of a conversation for each of its messages."""

    id: str
    channel: str
    direct: bool
    public: bool
    members: tuple[Ref, ...]
    shelf: Shelf


class Sheet:
    """The messages of one part, as they are added."""

    def __init__(self, part: int, caps: ZulipCaps) -> None:
        self._part = part
        self._caps = caps
        self._kept = caps.kept
        self._checker = Checker(caps.kept)
        self._places: dict[str, _Place] = {}
        self._messages: list[bytes] = []
        self._copies: list[bytes] = []
        self._reactions = Reactions(part, self._checker)
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
            chosen = self._reactions.add(posting, number) if not index else ()
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
        found = {
            MESSAGES: page,
            TRACES: encode_lines(self._traces),
            CLAIMS: encode_lines([self._checker.claims()]),
        }
        if self._reactions.rows:
            found[REACTIONS] = b",\n".join(self._reactions.rows)
        if self._attachments:
            found[ATTACHMENTS] = encode_lines(self._attachments)
        return found

    def counts(self) -> dict[str, int]:
        counted = {"messages": self._added, "reactions": len(self._reactions.rows)}
        return {kind: number for kind, number in counted.items() if number}

    def _put(self, posting: Posting, place: _Place, topic: str, text: str, edited: str = "") -> int:
        """Add a message and its copies; its number."""
        number = message_number(self._part, len(self._messages))
        author = posting.author.placement.name
        row = Message(
            id=number,
            sender=user_number(author),
            recipient=recipients.recipient_of(
                place.id, place.members, self._kept, direct=place.direct, sender=author
            ),
            subject=self._kept.direct_topic if place.direct else topic,
            content=text,
            date_sent=_sent(posting),
            last_edit_time=_edited(edited),
            # A time without a history, be it empty, is a message that no client can read.
            edit_history="[]" if edited else None,
            rendered_content=prerendering.render(text) if self._caps.prerendered else None,
            has_attachment="](/user_uploads/" in text,
            # Most messages hold none of the signs, and those are found at once.
            has_image=("](/" in text or ":/" in text) and _IMAGE.search(text) is not None,
            has_link="://" in text or "](" in text or ("@" in text and bool(_MAIL.search(text))),
            is_channel_message=(not place.direct) if self._kept.modern else UNSET,
        )
        self._checker.take_message(row)
        self._messages.append(_encode(row))
        if copies := place.shelf.rows(text, number):
            self._copies.append(copies)
        return number

    def _place(self, opening: Opening) -> _Place:
        known = self._places.get(opening.conversation.id)
        if known is None:
            direct = channels.is_direct(opening)
            known = self._places[opening.conversation.id] = _Place(
                id=opening.conversation.id,
                channel=opening.placement.name,
                direct=direct,
                public=not (direct or opening.private),
                members=channels.members_of(opening),
                shelf=Shelf(opening, self._checker, idle=self._caps.idle, owner=self._caps.owner),
            )
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
