"""A finished archive read back: which lines belong to which conversation, what they say in the
terms that a plan was made in, and who can read it. Reads what lies in the zip, nothing that is
remembered of its making; servers are read elsewhere."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Literal

import msgspec

from adapters.mattermost import channels, lines
from adapters.mattermost.paths import ROOT, file_id
from adapters.mattermost.text import payload
from migrate.errors import Fatal
from migrate.spi import Audience, Opening, Seen

IMPORT = "import.jsonl"
"""The archive's member that the server reads line by line."""


class _Spot(msgspec.Struct, frozen=True, gc=False):
    """A stretch of lines of one conversation, in bytes of the import file."""

    start: int
    end: int


class _Mark(msgspec.Struct, gc=False):
    slack_id: str


class _Where(msgspec.Struct, gc=False):
    channel: str = ""


class _DirectWhere(msgspec.Struct, gc=False):
    channel_members: tuple[str, ...]
    props: _Mark


class _Peek(msgspec.Struct, gc=False):
    """As much of a line as tells where it belongs."""

    type: Literal[
        "version", "emoji", "team", "channel", "user", "bot", "post", "direct_channel",
        "direct_post",
    ]  # fmt: skip
    post: _Where | None = None
    direct_post: _DirectWhere | None = None


_peek = msgspec.json.Decoder(_Peek).decode


class ArchiveReader:
    """Archives of one project, in their order. They are gone through once for an index of where
    each conversation's lines are."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._archives = [_Archive(path) for path in paths]

    def read(self, opening: Opening) -> Iterator[Seen]:
        """What the conversation holds, archive by archive, thread by thread."""
        lane = channels.lane_of(opening)
        before: set[str] = set()
        with _reported():
            for archive in self._archives:
                for stretch in archive.stretches(lane):
                    here: list[str] = []
                    for seen in stretch:
                        # What is carried from an earlier stretch is known again by the server.
                        if seen.id not in before:
                            here.append(seen.id)
                            yield seen
                    before.update(here)

    def close(self) -> None:
        for archive in self._archives:
            archive.close()

    def audience(self, opening: Opening) -> Audience:
        """Who can read a conversation, as far as archives decide it. Bots belong nowhere, and write
        all the same; accounts that stood at the server enter by themselves. Both are there as far
        as an archive can say."""
        elsewhere = {
            member.ref
            for member in opening.members
            if member.action == "map" or member.person.kind == "bot"
        }
        lane = channels.lane_of(opening)
        with _reported():
            members: set[str] = set()
            for archive in self._archives:
                members |= archive.members(lane)
                members |= archive.talkers(opening.conversation.id)
            private = not any(lane in archive.open_channels for archive in self._archives)
        if opening.action == "map":
            private = opening.private  # its door is the server's own affair
        return Audience(
            members=frozenset(members | elsewhere),
            join="invite" if private else "members",
            listed=not private,
        )


class _Archive:
    """One zip: its index, made once, and the lines behind it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._spots: dict[str, list[_Spot]] | None = None
        self._seats: dict[str, set[str]] = {}
        self._talkers: dict[str, set[str]] = {}
        self.open_channels: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._zip: zipfile.ZipFile | None = None
        self._streams: dict[bool, IO[bytes]] = {}

    def stretches(self, lane: str) -> Iterator[Iterator[Seen]]:
        """What a conversation holds; more than one stretch where threads were too long for a line
        and begin again with their roots."""
        for spot in self._index().get(lane, ()):
            yield self._stretch(lane, spot)

    def _stretch(self, lane: str, spot: _Spot) -> Iterator[Seen]:
        stream = self._stream(direct=lane.startswith("@"))
        stream.seek(spot.start)
        while stream.tell() < spot.end:
            line = lines.decode(stream.readline())
            if isinstance(line, lines.PostLine):
                yield from self._thread(line.post)
            elif isinstance(line, lines.DirectPostLine):
                yield from self._thread(line.direct_post)

    def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
        if self._zip is not None:
            self._zip.close()
            self._zip = None

    def members(self, lane: str) -> set[str]:
        self._index()
        return self._seats.get(lane, set())

    def talkers(self, conversation: str) -> set[str]:
        """Who is let into direct talk by what is said there, by its id in Slack."""
        self._index()
        return self._talkers.get(conversation, set())

    def _thread(self, post: lines.Post | lines.DirectPost) -> Iterator[Seen]:
        yield from self._one(post, None)
        for reply in post.replies:
            yield from self._one(reply, post.props.slack_id)

    def _one(
        self, post: lines.Post | lines.DirectPost | lines.Reply, root: str | None
    ) -> Iterator[Seen]:
        id = post.props.slack_id
        files = [(each.path.rpartition("/")[2], each.size) for each in post.attachments]
        yield Seen(
            ref=id,
            id=id,
            author=post.user,
            time=post.create_at,
            payload=payload(post.message, post.type, post.props.override_username, files),
            root=root,
            files=tuple(
                file_id(each.path)
                for each in post.attachments
                if self._sizes.get(ROOT + each.path) == each.size
            ),
        )
        for reaction in post.reactions:
            mark = f"{id.rpartition('/')[0]}/{reaction.slack_id}"
            yield Seen(
                ref=mark,
                id=mark,
                author=reaction.user,
                time=reaction.create_at,
                message=id,
                emoji=reaction.emoji_name,
            )

    def _index(self) -> dict[str, list[_Spot]]:
        if self._spots is not None:
            return self._spots
        archive = self._open()
        self._sizes = {info.filename: info.file_size for info in archive.infolist()}
        spots: dict[str, list[_Spot]] = {}
        at, start, current = 0, 0, ""
        with archive.open(IMPORT) as stream:
            for raw in stream:
                lane = self._lane(raw)
                if lane != current:
                    if current:
                        spots.setdefault(current, []).append(_Spot(start, at))
                    start, current = at, lane
                at += len(raw)
        if current:
            spots.setdefault(current, []).append(_Spot(start, at))
        self._spots = spots
        return spots

    def _lane(self, raw: bytes) -> str:
        """The conversation that a line's post is in; "" for others, whose members are noted."""
        peek = _peek(raw)
        if peek.post is not None:
            return peek.post.channel
        if peek.direct_post is not None:
            members = peek.direct_post.channel_members
            conversation = peek.direct_post.props.slack_id.partition("/")[0]
            self._talkers.setdefault(conversation, set()).update(members)
            return channels.direct_lane(members)
        if peek.type in ("user", "channel", "direct_channel"):
            self._note(lines.decode(raw))
        return ""

    def _note(self, line: lines.Line) -> None:
        if isinstance(line, lines.UserLine):
            for team in line.user.teams:
                for seat in team.channels:
                    self._seats.setdefault(seat.name, set()).add(line.user.username)
        elif isinstance(line, lines.ChannelLine) and line.channel.type == "O":
            self.open_channels.add(line.channel.name)
        elif isinstance(line, lines.DirectChannelLine):
            named = [each.username for each in line.direct_channel.participants]
            members = named or list(line.direct_channel.members)
            self._seats.setdefault(channels.direct_lane(members), set()).update(members)

    def _stream(self, *, direct: bool) -> IO[bytes]:
        """A reader for channels and one for direct talk: conversations are asked for in the order
        in which they stand, of either sort, and going back costs a new start."""
        if direct not in self._streams:
            self._streams[direct] = self._open().open(IMPORT)
        return self._streams[direct]

    def _open(self) -> zipfile.ZipFile:
        if self._zip is None:
            self._zip = zipfile.ZipFile(self._path)
        return self._zip


class _reported:
    """Turns what a damaged archive gives into one clear error."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        broken = (OSError, zipfile.BadZipFile, zlib.error, KeyError, EOFError, msgspec.DecodeError)
        if isinstance(error, broken):
            raise Fatal(
                "mattermost-archive-broken",
                "The archive is gone, or is not as it was written.",
                "Run `chat-migrate run` again: it is joined anew from its parts.",
            ) from error
