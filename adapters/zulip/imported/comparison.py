"""What became of a directory at its server: a snapshot of the organization held against the
directory's own messages, so that what is read there bears the engine's ids again."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal

from adapters.zulip import channels, limits
from adapters.zulip.directory.reading import DirectoryReader
from adapters.zulip.directory.spool import Entry
from adapters.zulip.imported.alignment import Line, align, align_people
from adapters.zulip.imported.snapshot import Found, Room, Snapshot, Upload, direct_place
from adapters.zulip.imported.sums import Brought
from adapters.zulip.placing import RESOLVED
from migrate.errors import Skip
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import Audience, Opening, Seen

NOT_FOUND = "zulip-not-there"
ACCOUNT, PICTURE, EMOJI = (
    "zulip-account-missing",
    "zulip-picture-different",
    "zulip-emoji-different",
)
COPY, SIGN_POST, ORDER = "zulip-copy-missing", "zulip-sign-post-missing", "zulip-order-different"

_UPLOAD = re.compile(r"/user_uploads/([\w./-]+)")
"""Where a file lies; the importer gives each a new path."""

_CLOSED = "!DEACTIVATED:"
"""What older servers put into the name of a channel that is archived."""

_ELSEWHERE = "elsewhere"
"""The root of a message that stands in another topic than it should: no message's ref."""


class ServedReader:
    """One organization, and the directory that it was made of. What the snapshot holds may grow
    between two calls."""

    def __init__(self, directory: DirectoryReader, brought: Brought, snapshot: Snapshot) -> None:
        self._directory = directory
        self._brought = brought
        self._snapshot = snapshot
        self._names = align_people(directory.addresses, snapshot.people.values())
        self._people = {name: id for id, name in self._names.items()}
        self._places: dict[str, Ref] = {}
        self._wrong: Counter[str] = Counter()
        self._example: dict[str, str] = {}

    # -- where -----------------------------------------------------------------------------------

    def place(self, opening: Opening) -> Ref:
        """Where a conversation stands in the snapshot. Raises Skip where it is not there."""
        found = self.find(opening)
        if found is None:
            raise Skip(NOT_FOUND)
        return found

    def find(self, opening: Opening) -> Ref | None:
        """The same; None where it is not there."""
        id = opening.conversation.id
        if id not in self._places:
            direct = channels.is_direct(opening)
            found = self._direct(opening) if direct else self._channel(opening)
            if found is None:
                return None
            self._places[id] = found
        return self._places[id]

    def _direct(self, opening: Opening) -> Ref | None:
        members = [self._people.get(name) for name in channels.members_of(opening)]
        return direct_place(id for id in members if id is not None) if all(members) else None

    def _channel(self, opening: Opening) -> Ref | None:
        """By its name; one that people have given another name by what was said first in it."""
        name = opening.placement.name
        for place, room in self._snapshot.rooms.items():
            if _is_called(room, name):
                return place
        others = {
            place
            for place, room in self._snapshot.rooms.items()
            if room.name.casefold() not in self._directory.channels
        }
        for entry, _ in zip(self._directory.entries(opening), range(3), strict=False):
            sender = self._people.get(self._directory.author(entry), 0)
            found = self._snapshot.places_at(entry.micros, sender) & others
            if len(found) == 1:
                return found.pop()
        return None

    # -- what ------------------------------------------------------------------------------------

    def read(self, opening: Opening) -> Iterator[Seen]:
        """Everything of a conversation. Raises Skip where it is not there."""
        refs: dict[str, Ref] = {}
        last = 0
        for found, entry, again in self.match(opening):
            if entry is None:
                yield self._stranger(found)
                continue
            yield self._seen(found, entry, refs)
            if again:
                continue
            if entry.trace.id:
                refs[entry.trace.id] = str(found.id)
            yield from self._reactions(found, entry)
            if found.id < last:
                self._note(ORDER, opening.conversation.id)
            last = max(last, found.id)
            if found.copies is not None and found.copies < entry.copies:
                self._note(COPY, opening.conversation.id)

    def match(self, opening: Opening) -> Iterator[tuple[Found, Entry | None, bool]]:
        """The server's messages of a conversation, each with the directory's that it is, and
        whether it is that one again."""
        history = self._snapshot.history(self.place(opening))
        for ours, theirs in _by_second(self._directory.entries(opening), history):
            aligned = align([self._our_line(e) for e in ours], [self._line(f) for f in theirs])
            for at, (found, partner) in enumerate(zip(theirs, aligned.partners, strict=True)):
                entry = None if partner is None else ours[partner]
                yield found, entry, at in aligned.twins
            for at in set(range(len(ours))) - set(aligned.partners):
                if not ours[at].trace.id:
                    self._note(SIGN_POST, opening.conversation.id)

    def _our_line(self, entry: Entry) -> Line:
        message = entry.message
        time = entry.micros // self._snapshot.step
        return Line(self._directory.author(entry), time, _mask(message.content), message.subject)

    def _line(self, found: Found) -> Line:
        time = found.micros // self._snapshot.step
        return Line(self._name(found.sender), time, _mask(found.content), found.topic)

    def _name(self, person: int) -> Ref:
        """The directory's name of an account; that of a stranger is nobody's."""
        return self._names.get(person, f"\0{person}")

    def _stranger(self, found: Found) -> Seen:
        return Seen(
            ref=str(found.id),
            id="",
            author=self._name(found.sender),
            time=found.micros // 1_000,
            payload=found.content.encode("utf-8", "replace"),
        )

    def _seen(self, found: Found, entry: Entry, refs: dict[str, Ref]) -> Seen:
        message, trace, step = entry.message, entry.trace, self._snapshot.step
        same = _mask(found.content) == _mask(message.content)
        # A server that tells seconds alone says no more of a time than that.
        then = entry.micros if found.micros // step == entry.micros // step else found.micros
        moved = not (entry.direct or _is_topic(found.topic, message.subject))
        return Seen(
            ref=str(found.id),
            id=trace.id,
            author=self._name(found.sender),
            time=then // 1_000,
            payload=entry.payload if same else found.content.encode("utf-8", "replace"),
            root=_ELSEWHERE if moved else refs.get(trace.root) or trace.root,
            files=tuple(self._files(found, entry)),
        )

    def _reactions(self, found: Found, entry: Entry) -> Iterator[Seen]:
        ids = {(author, key): id for id, author, key in self._directory.chosen(entry)}
        for person, key in self._snapshot.reactions(found.id):
            author = self._name(person)
            yield Seen(
                ref=f"{found.id}/{person}/{key}",
                id=ids.get((author, key), ""),
                author=author,
                time=entry.micros // 1_000,
                message=str(found.id),
                emoji=key,
            )

    def _files(self, found: Found, entry: Entry) -> Iterator[str]:
        """The files of a message whose bodies are there, and can be read by whom they should."""
        if not entry.trace.files:
            return
        there = {upload.path: upload for upload in self._snapshot.uploads(found.id)}
        theirs = [there.get(path) for path in _UPLOAD.findall(found.content)]
        ours = _UPLOAD.findall(entry.message.content)
        for id, path in entry.trace.files:
            if len(ours) == len(theirs):
                held = [theirs[at] for at, each in enumerate(ours) if each == path]
            else:  # edited since: what still hangs there is told by its body
                held = [u for u in theirs if u is not None and u.sum is not None]
            if any(upload is not None and self._is(upload, path) for upload in held):
                yield id

    def _is(self, upload: Upload, path: str) -> bool:
        if not upload.held or (upload.sum is not None and upload.sum != self._brought.body(path)):
            return False
        return upload.public is not False or path not in self._brought.public

    # -- who -------------------------------------------------------------------------------------

    def audience(self, opening: Opening) -> Audience:
        """Who can read a conversation, and the files in it. Raises Skip where it is not there."""
        place = self.place(opening)
        room = self._snapshot.rooms.get(place)
        if room is None:
            members = {self._name(id) for id in self._snapshot.readers(place)}
            members.update(channels.members_of(opening))
            return Audience(members=frozenset(members), join=self._join(place, private=True))
        join = self._join(place, private=room.private)
        members = {self._name(id) for id in room.members or ()}
        for name in channels.members_of(opening):
            if room.members is None or self._is_hushed(name):
                members.add(name)
        return Audience(
            members=frozenset(members),
            join="world" if room.web_public else join,
            listed=not room.private,
        )

    def _join(self, place: Ref, *, private: bool) -> Literal["invite", "members"]:
        """A private conversation is as open as its files."""
        if private and not self._snapshot.open_bodies(place) & self._brought.hidden:
            return "invite"
        return "members"

    def _is_hushed(self, name: Ref) -> bool:
        id = self._people.get(name)
        return id is not None and self._snapshot.people[id].hushed

    # -- the rest --------------------------------------------------------------------------------

    def audit(self) -> list[Finding]:
        """What is wrong besides, once everything was read: accounts, pictures, custom emoji, and
        what is no message of Slack's."""
        missing = [name for name in self._directory.addresses if name not in self._people]
        for name in missing:
            self._note(ACCOUNT, self._brought.slack_ids.get(name, ""))
        for name, sum in self._brought.pictures.items():
            id = self._people.get(name)
            if id is not None and self._snapshot.people[id].picture not in (sum, None):
                self._note(PICTURE, self._brought.slack_ids[name])
        for name, sum in self._brought.emoji.items():
            images = self._snapshot.emoji.get(name, frozenset())
            if images is not None and sum not in images:
                self._note(EMOJI, name)
        return [
            Finding(code=code, count=count, place=self._example[code])
            for code, count in self._wrong.items()
        ]

    def _note(self, code: str, place: str) -> None:
        self._wrong[code] += 1
        self._example.setdefault(code, place)


def _is_called(room: Room, name: str) -> bool:
    """Whether this is a channel's name, be it archived by now; a long one is cut off then."""
    said = room.name.rpartition(_CLOSED)[2] if _CLOSED in room.name else room.name
    if said != room.name and len(room.name) == limits.CHANNEL_CHARS:
        return name.casefold().startswith(said.casefold())
    return said.casefold() == name.casefold()


def _is_topic(said: str, topic: str) -> bool:
    """Whether this is a topic's name, be it marked as resolved by now; a long one is cut off
    then."""
    if said == topic:
        return True
    if not said.startswith(RESOLVED):
        return False
    rest = said.removeprefix(RESOLVED)
    return rest == topic or (len(said) == limits.TOPIC_CHARS and topic.startswith(rest))


def _mask(content: str) -> str:
    """A message's words without the paths of files, which the importer makes anew."""
    return _UPLOAD.sub("/user_uploads/", content) if "/user_uploads/" in content else content


def _by_second(
    ours: Iterable[Entry], theirs: Iterable[Found]
) -> Iterator[tuple[list[Entry], list[Found]]]:
    """Both in order of time, taken together by the second."""
    left = groupby(ours, lambda entry: entry.micros // 1_000_000)
    right = groupby(theirs, lambda found: found.micros // 1_000_000)
    our, their = next(left, None), next(right, None)
    while our is not None or their is not None:
        second = min(group[0] for group in (our, their) if group is not None)
        mine: list[Entry] = []
        others: list[Found] = []
        if our is not None and our[0] == second:
            mine = list(our[1])
            our = next(left, None)
        if their is not None and their[0] == second:
            others = list(their[1])
            their = next(right, None)
        yield mine, others
