"""Large synthetic exports for live tests and benchmarks, with the truth about them. Written
straight into a zip, one day file at a time, and the same bytes for the same arguments. Nothing of
the three packages is used, so that the truth is independent of the reader."""

import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tests.generate.cast import (
    KINDS,
    ROOT_FILES,
    WORKSPACE,
    cast_people,
    cast_places,
    count_cast,
    enough_people,
    place_record,
    user_record,
)
from tests.generate.conversation import Conversation, Habits
from tests.generate.days import Calendar, span
from tests.generate.records import Voice, make_voice
from tests.generate.talk import indented, write_lines
from tests.generate.truth import Counts, Fact, Person, Place, Truth

__all__ = ["Counts", "Fact", "Person", "Place", "Truth", "write_export"]

_KEPT_FACTS = 20_000
_LINES = 3_000


def write_export(
    path: Path,
    *,
    messages: int,
    conversations: int,
    kinds: Mapping[str, float] = KINDS,
    people: int | None = None,
    seed: int = 0,
    fat: bool = False,
    threads: float = 0.08,
    reactions: float = 0.15,
    notices: float = 0.02,
    files: float = 0.0,
    outside: int = 1,
    days: int | None = None,
    facts: bool | None = None,
) -> Truth:
    """Write an export of exactly `messages` messages in `conversations` conversations to `path`.

    `kinds` weighs public, private, dm and group_dm; each kind named gets at least one
    conversation where there are enough. `threads`, `reactions`, `notices` and `files` are shares
    of messages. `outside` people write without standing in users.json. `days` is the length of
    the calendar, chosen to fit if None. A message takes about 480 bytes, or 1.8 kB if `fat`.
    Facts are kept up to 20,000 messages unless `facts` says otherwise.
    """
    rng = random.Random(f"cast {seed}")
    count = people or enough_people(messages, conversations)
    cast = cast_people(count, outside, rng)
    places = cast_places(conversations, messages, kinds, cast, rng)
    habits = Habits(fat=fat, threads=threads, reactions=reactions, notices=notices, files=files)
    calendar = Calendar(days or span(messages, conversations))
    counts = count_cast(cast, places)
    kept: list[Fact] | None = [] if (messages <= _KEPT_FACTS if facts is None else facts) else None
    lines = write_lines(_LINES, [person.id for person in cast], [place.id for place in places], rng)
    voices = {person.id: make_voice(person, fat) for person in cast}
    archive = _Archive(path)
    authors: set[str] = set()
    stamps: list[str] = []
    entries: dict[str, list[dict[str, object]]] = {name: [] for name in ROOT_FILES.values()}
    for number, place in enumerate(places):
        talk = random.Random(f"{place.id} {seed}")
        present = _choose_voices(number, place, cast, voices, talk)
        conversation = Conversation(place, present, lines, habits, counts, kept, talk)
        for day, text in conversation.days(calendar):
            archive.write(f"{place.folder}/{day}.json", text)
        authors |= conversation.authors
        stamps += [ts for ts in (conversation.first, conversation.last) if ts]
        created = calendar.days[0].start
        entries[ROOT_FILES[place.kind]].append(place_record(place, created, conversation.pins))
    users = [user_record(person) for person in cast if not person.outside]
    archive.write("users.json", indented(users, 0))
    for name, records in entries.items():
        archive.write(name, indented(records, 0))
    archive.close(calendar.end)
    strangers = [person for person in cast if person.outside and person.bot_id is None]
    counts.outside = sum(person.id in authors for person in strangers)
    return Truth(
        workspace=WORKSPACE,
        counts=counts,
        first=min(stamps, default=""),
        last=max(stamps, default=""),
        people=cast,
        conversations=places,
        facts=tuple(sorted(kept or (), key=lambda fact: (fact.conversation, fact.ts))),
    )


def _choose_voices(
    number: int,
    place: Place,
    cast: tuple[Person, ...],
    voices: dict[str, Voice],
    rng: random.Random,
) -> list[Voice]:
    """Who writes here: members, and in channels some who left, a bot and a person from outside."""
    members = [voices[member] for member in place.members]
    if place.kind not in ("public", "private"):
        return members
    people = [person for person in cast if person.bot_id is None and not person.outside]
    absent = [person for person in people if person.id not in place.members]
    leavers = rng.sample(absent, min(2, len(absent)))
    bots = [person for person in cast if person.bot_id is not None]
    visitors = [person for person in cast if person.outside and person.bot_id is None]
    visitors = visitors[number % 3 : number % 3 + 1]
    extras = [*leavers, *visitors, bots[number % len(bots)]]
    return [*members, *(voices[person.id] for person in extras)]


class _Archive:
    """A zip with fixed timestamps, and a manifest that counts its members."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._count = 0
        self._bytes = 0

    def write(self, name: str, text: str) -> None:
        body = text.encode()
        info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(info, body)
        self._count += 1
        self._bytes += len(body)

    def close(self, created_at: int) -> None:
        metadata = {
            "created_at": created_at,
            "export_type": "MANUAL_COMPLIANCE",
            "exporter": "slack",
            "file_count": self._count,
            "total_bytes": self._bytes,
        }
        manifest = msgspec.json.encode({"version": 2, "metadata": metadata})
        self.write(".slack-manifest.json", manifest.decode())
        self._zip.close()
