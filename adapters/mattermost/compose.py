"""One part of an archive: postings laid out as posts with their replies inside, deflated; and short
records of accounts, conversations and counts, which become lines once all parts are there. Pure."""

from collections.abc import Callable, Iterable

import msgspec

from adapters.mattermost import channels, limits, lines, people, streams, threads
from adapters.mattermost.paths import body_path
from adapters.mattermost.profiles import MattermostCaps
from adapters.mattermost.records import Total
from adapters.mattermost.text import chunk_files, reaction_key, read_payload
from adapters.mattermost.threads import LINE_ROOM, Thread
from migrate.model import piece_id, ts_micros
from migrate.spi import Account, Composed, CustomEmoji, File, Opening, Posting

Row = Account | Opening | CustomEmoji | Posting


def compose(rows: Iterable[Row], caps: MattermostCaps, room: int = LINE_ROOM) -> Composed:
    """The streams of a part. `room` is the length of a line beyond which a thread is cut."""
    records: dict[str, list[msgspec.Struct]] = {}
    counts: dict[str, int] = {}
    postings = _Postings(caps)
    for row in rows:
        if isinstance(row, Posting):
            postings.add(row)
            continue
        if isinstance(row, Account):
            kind, stream = "accounts", streams.ACCOUNTS
            record: msgspec.Struct | None = people.describe(row, caps.kept)
        elif isinstance(row, Opening):
            kind, stream = "conversations", streams.CONVERSATIONS
            record = channels.describe(row)
        else:
            kind, stream = "emoji", streams.EMOJI
            record = emoji_line(row)
        if record is not None:
            records.setdefault(stream, []).append(record)
        if not (isinstance(row, Opening) and row.carried):
            counts[kind] = counts.get(kind, 0) + 1
    written = {stream: lines.encode_lines(held) for stream, held in records.items()}
    return Composed(
        streams=written | postings.streams(room),
        counts=counts | {kind: number for kind, number in postings.counts.items() if number},
    )


def emoji_line(emoji: CustomEmoji) -> lines.EmojiLine | None:
    """None where the server would not take the image."""
    image = emoji.image
    if image.mimetype not in limits.IMAGE_TYPES or image.size > limits.EMOJI_IMAGE_BYTES:
        return None
    return lines.EmojiLine(
        lines.Emoji(name=emoji.placement.name, image=body_path(image), slack_id=emoji.name)
    )


class _Postings:
    """The postings of one part, gathered under the roots that they belong to."""

    def __init__(self, caps: MattermostCaps) -> None:
        self._caps = caps
        self._threads: list[Thread] = []
        self._by_root: dict[str, Thread] = {}
        self._places: dict[str, tuple[str, tuple[str, ...], frozenset[str]]] = {}
        self._totals: dict[str, list[int]] = {}
        self.counts = {"messages": 0, "reactions": 0, "pins": 0}

    def add(self, row: Posting) -> None:
        """A posting: one post a piece, under its thread's root or in the channel."""
        lane, members, readers = self._place(row.opening)
        above = self._by_root.get(row.root_id) if row.root_id else None
        reactions = _reactions(row)
        self._count(row, len(reactions))
        files = _attachments(row)
        edited = self._edited(row)
        for index, piece in enumerate(row.rendered.pieces):
            said = read_payload(piece.payload)
            time = row.placement.time + index
            post = lines.Reply(
                user=row.author.placement.name,
                type=said.type,
                message=said.message,
                props=_props(row, index, said.name),
                create_at=time,
                edit_at=max(edited, time) if edited else 0,
                is_pinned=row.pinned and not index,
                reactions=reactions if not index else (),
                attachments=files(index) if said.files else (),
            )
            under = above if piece.in_thread else None
            if under is not None:
                under.replies.append(post)
            else:
                thread = Thread(post, lane, members, readers, carried=row.carried)
                self._threads.append(thread)
                if not index:
                    self._by_root[row.id] = thread
            if not row.carried:
                self._total(lane, time, reply=under is not None)

    def streams(self, room: int) -> dict[str, bytes]:
        """Posts and direct posts, deflated, and the totals."""
        written: dict[str, list[bytes]] = {}
        for thread in self._threads:
            stream = streams.DIRECT_POSTS if thread.members else streams.POSTS
            for round, line in enumerate(threads.write(thread, self._caps, room)):
                name = streams.rest_of(stream, round) if round else stream
                written.setdefault(name, []).append(line + b"\n")
        found = {name: streams.deflate(b"".join(held)) for name, held in written.items()}
        totals = [
            Total(lane=lane, posts=posts, roots=roots, last=last)
            for lane, (posts, roots, last) in self._totals.items()
        ]
        if totals:
            found[streams.TOTALS] = lines.encode_lines(totals)
        return found

    def _place(self, opening: Opening) -> tuple[str, tuple[str, ...], frozenset[str]]:
        """Its lane, who talks there where it is direct, and who follows threads there."""
        place = self._places.get(opening.conversation.id)
        if place is None:
            place = (
                channels.lane_of(opening),
                channels.members_of(opening) if channels.is_direct(opening) else (),
                frozenset(
                    member.placement.name
                    for member in opening.members
                    if member.person.kind != "bot"
                ),
            )
            self._places[opening.conversation.id] = place
        return place

    def _edited(self, row: Posting) -> int:
        if not row.message.edited or not self._caps.kept.marks:
            return 0
        try:
            return ts_micros(row.message.edited) // 1_000
        except ValueError:
            return 0

    def _count(self, row: Posting, reactions: int) -> None:
        self.counts["messages"] += not row.carried
        self.counts["reactions"] += row.new_reactions if row.carried else reactions
        self.counts["pins"] += row.new_pin if row.carried else row.pinned

    def _total(self, lane: str, time: int, *, reply: bool) -> None:
        total = self._totals.setdefault(lane, [0, 0, 0])
        total[0] += 1
        total[1] += not reply
        total[2] = max(total[2], time)


def _props(row: Posting, index: int, name: str) -> lines.Props:
    """The id of a piece, and the name that a bot chose."""
    id = row.id
    if index:
        key = row.message.key
        id = piece_id(key, index) if id == piece_id(key, 0) else f"{id}/{index}"
    return lines.Props(slack_id=id, from_webhook="true" if name else "", override_username=name)


def _reactions(row: Posting) -> tuple[lines.Reaction, ...]:
    """Two names of one emoji, chosen by one person, are one reaction. Slack tells no times, but an
    order."""
    if not row.message.reactions:
        return ()
    chosen: dict[tuple[str, str], lines.Reaction] = {}
    for place, reaction in enumerate(row.message.reactions):
        name = reaction_key(reaction.emoji, row.look)
        for person in reaction.people:
            face = row.look.person(person)
            if face is None or (face.ref, name) in chosen:
                continue
            chosen[face.ref, name] = lines.Reaction(
                user=face.ref,
                emoji_name=name,
                create_at=row.placement.time + place,
                slack_id=f"{person}/{reaction.emoji}",
            )
    return tuple(chosen.values())


def _attachments(row: Posting) -> Callable[[int], tuple[lines.Attachment, ...]]:
    """The files of a piece, by its number; a broadcast's second piece has them again."""
    if not row.message.files:
        return lambda index: ()
    chunks = chunk_files(row.message.files)
    copies = sum(not piece.in_thread for piece in row.rendered.pieces)
    length = len(row.rendered.pieces) - copies if row.root_id else len(row.rendered.pieces)

    def files(index: int) -> tuple[lines.Attachment, ...]:
        place = index % length
        held: tuple[File, ...] = chunks[place] if place < len(chunks) else ()
        return tuple(lines.Attachment(path=body_path(each), size=each.size) for each in held)

    return files
