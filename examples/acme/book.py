"""The book in which the year is written: records by day file, the exact counts, and the ledger of
what was planted where. It counts what its caller says a record is, and never reads a record back,
so that its numbers owe nothing to any reader of exports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from acme.cast import TEAM, Person, Place, Record
from acme.compose import Composer

PACIFIC = ZoneInfo("America/Los_Angeles")
Fate = Literal["message", "notice", "log", "unkeyed", "copy"]
"""What a record becomes. `log`: an entry about another message; `unkeyed`: it has no usable ts;
`copy`: its message is counted elsewhere."""


@dataclass
class Tally:
    """The counts that grow while the book is written."""

    fates: Counter[str] = field(default_factory=Counter)
    replies: int = 0
    broadcasts: int = 0
    reactions: int = 0
    edited: int = 0
    threads: set[tuple[str, str]] = field(default_factory=set)
    pins: set[tuple[str, str]] = field(default_factory=set)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    visitors: set[str] = field(default_factory=set)


class Book:
    """Writes records into day files. Conversations go by the names of `cast.open_places`."""

    def __init__(self, people: Mapping[str, Person], places: Mapping[str, Place]) -> None:
        self.people = people
        self.places = places
        self.composer = Composer(people, places)
        self.tally = Tally()
        self.stamps: list[str] = []
        self.planted: dict[str, list[Record]] = {}
        self.days: dict[str, list[object]] = {}
        self.unsorted: set[str] = set()
        self._taken: set[tuple[str, str]] = set()
        self._messages: dict[tuple[str, str], Record] = {}

    def stamp(self, place: str, when: datetime, fraction: int | None = None) -> str:
        """A ts that no other record of the conversation has."""
        seconds = int(when.timestamp())
        micros = (seconds * 7919 + 19) % 1_000_000 if fraction is None else fraction
        while (place, ts := f"{seconds}.{micros:06d}") in self._taken:
            micros = (micros + 100) % 1_000_000
        self._taken.add((place, ts))
        return ts

    def say(
        self,
        place: str,
        who: str,
        when: datetime,
        markup: str,
        *,
        root: str = "",
        broadcast: bool = False,
        reactions: Sequence[tuple[str, Sequence[str]]] = (),
        edited: bool = False,
        files: Sequence[Record] = (),
        client: int = 0,
        attachments: Sequence[Record] = (),
    ) -> str:
        """An ordinary message; `reactions` are emoji and handles. Returns its ts."""
        record: Record = {"type": "message"}
        text, shown = self.composer.compose(markup)
        record["text"] = text
        person = self.people[who]
        record |= speaker_fields(person)
        if not person.bot_id:
            shown[0]["block_id"] = f"b{len(self.stamps):04x}"
            record |= {"client_msg_id": str(UUID(int=client or 1 << 64 | len(self.stamps)))}
            record["blocks"] = shown
        if reactions:
            record["reactions"] = [
                {"name": name, "users": [self.id_of(one) for one in whom], "count": len(whom)}
                for name, whom in reactions
            ]
        ts = self.stamp(place, when)
        if edited:
            later = when + timedelta(seconds=45)
            record["edited"] = {"user": person.id, "ts": self.edit_stamp(later)}
        if files:
            record |= {"files": list(files), "upload": True}
        if attachments:
            record["attachments"] = list(attachments)
        self.write(
            place,
            record | {"ts": ts},
            root=root,
            broadcast=broadcast,
            reactions=sum(len(whom) for _, whom in reactions),
            edited=edited,
        )
        return ts

    def notice(
        self, place: str, who: str, when: datetime, subtype: str, text: str, **more: object
    ) -> str:
        """A system notice with the person who caused it."""
        ts = self.stamp(place, when)
        record: Record = {"type": "message", "subtype": subtype, "user": self.id_of(who)}
        self.write(place, record | {"text": text} | more | {"ts": ts}, "notice")
        return ts

    def write(
        self,
        place: str,
        record: Record,
        fate: Fate = "message",
        *,
        root: str = "",
        broadcast: bool = False,
        reactions: int = 0,
        edited: bool = False,
        day: str = "",
    ) -> None:
        """Put a record into the day file of its ts (or of `day`), counted as its writer says."""
        ts = str(record.get("ts", ""))
        folder = self.places[place].folder
        tally = self.tally
        if root:
            record["thread_ts"] = root
            self._join_thread(place, root, record, broadcast)
        if fate == "message":
            self._taken.add((place, ts))
            self.stamps.append(ts)
            self._messages[place, ts] = record
        tally.fates[fate] += 1
        tally.replies += bool(root)
        tally.broadcasts += broadcast
        tally.reactions += reactions
        tally.edited += edited
        path = f"{folder}/{day or day_of(ts)}.json"
        self.days.setdefault(path, []).append(record)

    def find(self, place: str, ts: str) -> Record:
        """The record of a message that was written."""
        return self._messages[place, ts]

    def plant(self, shape: str, place: str, ts: str = "", note: str = "") -> None:
        """Note in the ledger where an awkward shape stands."""
        ident = self.places[place].id if place in self.places else place
        where: Record = {"conversation": ident, "ts": ts}
        self.planted.setdefault(shape, []).append(where | ({"note": note} if note else {}))

    def pin(self, place: str, ts: str, who: str) -> None:
        """Pin a message, in the conversation's entry and in the message."""
        owner = self.places[place]
        seconds = int(float(ts)) + 300
        person = self.id_of(who)
        pin: Record = {"id": ts, "type": "C", "user": person, "owner": person, "created": seconds}
        owner.pins.append(pin)
        self._messages[place, ts] |= {
            "pinned_to": [owner.id],
            "pinned_info": {"channel": owner.id, "pinned_by": person, "pinned_ts": seconds},
        }
        self.tally.pins.add((place, ts))

    def file(self, ident: str, mode: str, size: int = 0) -> None:
        """Count a file once, however often it is shared."""
        self.tally.files[ident] = (mode, size)

    def visit(self, ident: str) -> None:
        """Somebody wrote who is in no users.json."""
        self.tally.visitors.add(ident)

    def id_of(self, who: str) -> str:
        """The id of a handle; what is no handle is an id already."""
        return self.people[who].id if who in self.people else who

    def edit_stamp(self, when: datetime) -> str:
        """The ts of an edit: Slack writes whole seconds."""
        return f"{int(when.timestamp())}.000000"

    def _join_thread(self, place: str, root: str, record: Record, broadcast: bool) -> None:
        self.tally.threads.add((place, root))
        author = str(record.get("user") or record.get("bot_id") or "USLACKBOT")
        parent = self._messages.get((place, root))
        if parent is None:
            return
        replies = parent.setdefault("replies", [])
        assert isinstance(replies, list)
        replies.append({"user": author, "ts": record["ts"]})
        people = list(dict.fromkeys(reply["user"] for reply in replies))
        parent |= {
            "thread_ts": root,
            "reply_count": len(replies),
            "reply_users_count": len(people),
            "latest_reply": max(reply["ts"] for reply in replies),
            "reply_users": people,
            "is_locked": False,
            "subscribed": False,
        }
        record["parent_user_id"] = parent.get("user") or parent.get("bot_id")
        if broadcast:
            copied = {key: parent[key] for key in _COPIED if key in parent}
            record |= {"subtype": "thread_broadcast", "root": copied}


_COPIED = ("type", "text", "user", "bot_id", "team", "ts", "thread_ts", "reply_count")


def speaker_fields(person: Person) -> Record:
    """What a record says of whoever wrote it."""
    if person.bot_id:
        return {"subtype": "bot_message", "bot_id": person.bot_id, "username": person.name}
    first = person.name.split()[0]
    profile = {
        "avatar_hash": f"a{person.id[3:].lower()}",
        "image_72": f"https://avatars.slack-edge.com/2023-09-05/{person.id}_72.png",
        "first_name": first,
        "real_name": person.name,
        "display_name": person.handle,
        "team": person.team,
        "name": person.handle,
        "is_restricted": bool(person.more.get("is_restricted")),
        "is_ultra_restricted": bool(person.more.get("is_ultra_restricted")),
    }
    teams = {"team": TEAM, "user_team": person.team, "source_team": person.team}
    return {"user": person.id} | teams | {"user_profile": profile}


def at(month: int, day: int, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
    """A moment of Acme's year, which runs from September 2023 to August 2024, in Los Angeles."""
    year = 2023 if month >= 9 else 2024
    return datetime(year, month, day, hour, minute, second, tzinfo=PACIFIC)


def day_of(ts: str) -> str:
    """The day file a ts belongs to: Slack cuts days in Los Angeles, whatever the team's zone."""
    return datetime.fromtimestamp(int(ts.split(".")[0]), PACIFIC).date().isoformat()
