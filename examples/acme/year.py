"""The ordinary year: spreads the dialogues over the working days, casts people into their parts
and lets them speak, answer, react, attach and pin."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from acme.book import Book, at
from acme.cast import Place, Record
from acme.uploads import make_file

OPENING, CLOSING = date(2023, 9, 6), date(2024, 8, 28)
BEN_LEFT = date(2024, 3, 29)
_LINE = re.compile(r"(?P<who>[A-Za-z]+)(?P<way>:|>>|>) ?(?P<text>.*?)(?: ~~ (?P<tags>.*))?")
_WORDS = {
    "feature": "shift swaps|the calendar sync|the payroll export|push notifications|dark mode|"
    "the time clock|holiday requests|the audit log|the CSV import|two-factor sign-in",
    "bug": "the blank page after a swap|double reminders|the wrong week number|slow search|"
    "names cut off in the PDF|the login loop on tablets|missing night shifts",
    "customer": "Harbor Dental|Blue Door Cafés|Fjord Foods|Casa Verde|Pine & Co.|"
    "Little Owl Nursery|Northwind Clinics|Old Mill Bakery",
    "service": "api|scheduler|mailer|importer|search|exporter",
    "error": "too many connections for role|deadlock detected|connection reset by peer|"
    "KeyError: 'zone'|context deadline exceeded",
    "lunch": "ramen|the falafel place|pizza, the good one|soup|tacos|leftovers & regret",
    "branch": "clock-in-tests|fix/no-wall-clock|jonas/hand-in-the-clock",
}


@dataclass(frozen=True)
class Dialogue:
    """One scene of the year: where, how often, and its lines."""

    place: str
    times: int
    lines: tuple[str, ...]


def read_dialogues(path: Path) -> list[Dialogue]:
    """The dialogues of a file in the markup that its head explains."""
    dialogues = []
    for scene in re.split(r"^= ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, *lines = scene.strip().split("\n")
        place, times = head.rsplit(" ", 1)
        dialogues.append(Dialogue(place, int(times), tuple(line for line in lines if line)))
    return dialogues


def live_year(book: Book, dialogues: list[Dialogue], rng: random.Random) -> None:
    """Play every dialogue as often as it says, in the order of time."""
    scenes = sorted(_schedule(book, dialogues, rng), key=lambda scene: scene[0])
    sprints: Counter[int] = Counter()
    for number, (start, place, dialogue) in enumerate(scenes):
        sprint = (start.date() - OPENING).days // 14
        version = f"4.{sprint}.{sprints[sprint]}"
        sprints[sprint] += 1
        _Scene(book, place, start, {"version": version, "ticket": str(1200 + number)}, rng).play(
            dialogue
        )


def _schedule(
    book: Book, dialogues: list[Dialogue], rng: random.Random
) -> Iterator[tuple[datetime, Place, Dialogue]]:
    """When and where: no conversation has two scenes on one day, as long as there are days."""
    span = (CLOSING - OPENING).days
    days = [OPENING + timedelta(days=n) for n in range(span)]
    workdays = [day for day in days if day.weekday() < 5]
    used: set[tuple[str, date]] = set()
    for dialogue in dialogues:
        rooms = _rooms(book, dialogue.place)
        for turn in range(dialogue.times):
            place = rooms[turn % len(rooms)]
            ben = "ben" in place.members or any(line.startswith("ben") for line in dialogue.lines)
            until = [day for day in workdays if day < BEN_LEFT or not ben]
            day = until[int(rng.random() * len(until))]
            for _ in range(40):
                if (place.id, day) not in used:
                    break
                day = until[int(rng.random() * len(until))]
            used.add((place.id, day))
            minute = timedelta(minutes=int(rng.random() * 480), seconds=int(rng.random() * 60))
            yield at(day.month, day.day, 8, 30) + minute, place, dialogue


def _rooms(book: Book, name: str) -> list[Place]:
    kinds = {"dm": "dm", "mpim": "group_dm"}
    if name not in kinds:
        return [book.places[name]]
    rooms = [place for place in book.places.values() if place.kind == kinds[name]]
    return [room for room in rooms if len({*room.members} & {*book.people}) > 1]


class _Scene:
    """One dialogue on one day: its words and its cast are chosen once."""

    def __init__(
        self, book: Book, place: Place, start: datetime, words: dict[str, str], rng: random.Random
    ) -> None:
        self._book = book
        self._place = place
        self._name = place.name or place.id
        self._now = start
        self._rng = rng
        chosen = {key: self._choose(values.split("|")) for key, values in _WORDS.items()}
        self._words = chosen | words | {"number": str(12 + int(rng.random() * 80))}
        self._present = [who for who in place.members if who in book.people]
        self._cast: dict[str, str] = {}
        self._root = ""

    def play(self, dialogue: Dialogue) -> None:
        """Say every line of it."""
        named = {line.group("who") for line in map(_LINE.fullmatch, dialogue.lines) if line}
        free = [who for who in self._present if who not in named] or self._present
        first = int(self._rng.random() * len(free))
        parts = sorted(who for who in named if len(who) == 1)
        self._cast = {part: free[(first + n) % len(free)] for n, part in enumerate(parts)}
        for line in dialogue.lines:
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"not a line of a dialogue: {line!r}")
            self._speak(match)

    def _speak(self, line: re.Match[str]) -> None:
        who = self._cast.get(line["who"], line["who"])
        answer = line["way"] != ":"
        pace = 900 if answer else 240
        self._now += timedelta(seconds=8 + int(self._rng.random() * pace))
        text = re.sub(r"\{(\w+)\}", lambda slot: self._words[slot[1]], line["text"])
        tags = (line["tags"] or "").split()
        files = [self._attach(tag, who) for tag in tags if tag.startswith("file=")]
        ts = self._book.say(
            self._name,
            who,
            self._now,
            text.replace("\\n", "\n"),
            root=self._root if answer else "",
            broadcast=line["way"] == ">>",
            reactions=[self._react(tag, who) for tag in tags if "*" in tag],
            edited="edited" in tags or self._rng.random() < 0.02,
            files=files,
            client=self._rng.getrandbits(128),
        )
        if not answer:
            self._root = ts
        if "pin" in tags:
            self._book.pin(self._name, ts, who)

    def _react(self, tag: str, author: str) -> tuple[str, list[str]]:
        name, _, count = tag.partition("*")
        others = [who for who in self._present if who != author] or [author]
        start = int(self._rng.random() * len(others))
        turned = others[start:] + others[:start]
        return name, turned[: int(count)]

    def _attach(self, tag: str, who: str) -> Record:
        name, _, size = tag.removeprefix("file=").partition(":")
        for key, value in self._words.items():
            name = name.replace(f"{{{key}}}", value)
        ident = f"F02UP{len(self._book.tally.files):06}"
        person = self._book.people[who].id
        when = int(self._now.timestamp())
        self._book.file(ident, "hosted", int(size))
        return make_file(ident, name, person, when, size=int(size))

    def _choose(self, values: list[str]) -> str:
        return values[int(self._rng.random() * len(values))]
