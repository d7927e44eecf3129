"""One conversation of a generated export, day by day: who writes, replies, reacts and pins, and
what that adds to the truth. Only late replies wait in memory."""

import random
from collections.abc import Iterator

import msgspec

from tests.generate import records
from tests.generate.days import Calendar
from tests.generate.records import Post, Voice
from tests.generate.talk import Line
from tests.generate.truth import Counts, Fact, Place

_EMOJI = ("+1", "heart", "tada", "eyes", "wave::skin-tone-4", "white_check_mark", "party-parrot")
_LATEST = 40 * 86400


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How people write: shares of messages, and whether records are as fat as today's."""

    fat: bool
    threads: float
    reactions: float
    notices: float
    files: float
    broadcasts: float = 0.05
    edits: float = 0.02
    pins: float = 0.003


class Conversation:
    """Writes one conversation. After `days` is exhausted, `pins`, `first` and `last` are final."""

    def __init__(
        self,
        place: Place,
        voices: list[Voice],
        lines: list[Line],
        habits: Habits,
        counts: Counts,
        facts: list[Fact] | None,
        rng: random.Random,
    ) -> None:
        self.place = place
        self.pins: list[dict[str, object]] = []
        self.authors: set[str] = set()
        self.first = ""
        self.last = ""
        self._voices = voices
        insiders = [voice.person for voice in voices if voice.human and not voice.person.outside]
        self._people = [person.id for person in insiders]
        self._lines = lines
        self._habits = habits
        self._counts = counts
        self._facts = facts
        self._rng = rng
        self._random = rng.random
        self._written = 0
        self._stamps = 0
        self._second = 0
        self._waiting: dict[int, list[tuple[int, str]]] = {}

    def days(self, calendar: Calendar) -> Iterator[tuple[str, str]]:
        """Each day with records, as the stem and the text of its file."""
        targets = calendar.targets(self.place.messages, self._rng)
        for index, day in enumerate(calendar.days):
            today = self._waiting.setdefault(index, [])
            while self._written < targets[index]:
                self._second = self._choose_second(day.start, day.end)
                self._write_root(calendar, today)
            del self._waiting[index]
            if today:
                today.sort()
                yield day.name, "[\n" + ",\n".join([text for _, text in today]) + "\n]"

    def _choose_second(self, start: int, end: int) -> int:
        if start < self._second and self._random() < 0.03:
            return self._second
        return start + 21600 + int(self._random() * (end - start - 21660))

    def _stamp(self, second: int) -> tuple[int, str]:
        """A ts that no other record of the conversation has: the fraction counts up in sevens."""
        fraction = self._stamps * 7 % 1_000_000
        self._stamps += 1
        return second * 1_000_000 + fraction, f"{second}.{fraction:06d}"

    def _write_root(self, calendar: Calendar, today: list[tuple[int, str]]) -> None:
        second, habits = self._second, self._habits
        if self._written and self._named and self._random() < habits.notices:
            self._write_notice(second - 1, today)
        self._written += 1
        order, ts = self._stamp(second)
        root = self._new_post(ts)
        thread = ""
        if self._random() < habits.threads:
            thread = self._write_replies(root, second, calendar)
        if self._named and self._random() < habits.pins:
            thread += records.pinned_fields(self.place.id)
            self.pins.append({"id": ts, "type": "C", "user": self._people[0], "created": second})
            self._counts.pins += 1
        today.append((order, self._finish(root, second, None, thread)))

    def _write_replies(self, root: Post, second: int, calendar: Calendar) -> str:
        budget = self.place.messages - self._written
        total = min(budget, 1 + int(self._rng.expovariate(1 / 4)))
        if total < 1:
            return ""
        self._counts.threads += 1
        replies = []
        for _ in range(total):
            late = self._random() < 0.05
            second += 1 + int(self._random() * _LATEST if late else self._rng.expovariate(1 / 600))
            second = min(second, calendar.end - 1)
            order, ts = self._stamp(second)
            self._written += 1
            post = self._new_post(ts)
            broadcast = post.voice.human and self._random() < self._habits.broadcasts
            text = self._finish(post, second, root, records.reply_fields(root, broadcast))
            self._counts.replies += 1
            self._counts.broadcasts += broadcast
            if broadcast and self._facts is not None:
                self._facts[-1] = msgspec.structs.replace(self._facts[-1], broadcast=True)
            self._waiting.setdefault(calendar.day_of(second), []).append((order, text))
            person = post.voice.person
            replies.append((ts, person.id if post.voice.human else person.bot_id or person.id))
        return records.thread_fields(root.ts, replies)

    def _new_post(self, ts: str) -> Post:
        voice = self._voices[int(self._random() * len(self._voices))]
        line = self._lines[int(self._random() * len(self._lines))]
        return Post(voice, ts, line, f"m{self._stamps:06d}")

    def _finish(self, post: Post, second: int, root: Post | None, extra: str) -> str:
        """Dress a message with reactions, an edit and files, tally it, and write its record."""
        habits, counts, voice = self._habits, self._counts, post.voice
        reactions: list[tuple[str, list[str]]] = []
        if self._random() < habits.reactions:
            reactions = self._choose_reactions()
            extra += records.reaction_fields(reactions)
            counts.reactions += sum(len(people) for _, people in reactions)
        if voice.human and self._random() < habits.edits:
            extra += records.edited_fields(voice.person, second + 60)
            counts.edited += 1
        if voice.human and self._random() < habits.files:
            extra += self._attach(voice.person.id, second)
        counts.messages += 1
        self.authors.add(voice.person.id)
        self.first = min(self.first or post.ts, post.ts)
        self.last = max(self.last, post.ts)
        if self._facts is not None:
            pairs = tuple((name, person) for name, people in reactions for person in people)
            self._facts.append(
                Fact(
                    conversation=self.place.id,
                    ts=post.ts,
                    author=voice.person.id,
                    root=root.ts if root else None,
                    text=post.line.text + post.marker,
                    marker=post.marker,
                    reactions=pairs,
                )
            )
        dressed = Post(voice, post.ts, post.line, post.marker, extra)
        return records.write_post(dressed, habits.fat, self._rng)

    def _attach(self, person: str, second: int) -> str:
        size = 1000 + int(self._random() * 90000)
        ident = f"F{self.place.id[3:10]}{self._stamps:06d}"
        self._counts.files["hosted"] = self._counts.files.get("hosted", 0) + 1
        self._counts.file_bytes += size
        return records.file_fields(ident, person, second, size)

    def _choose_reactions(self) -> list[tuple[str, list[str]]]:
        names = self._rng.sample(_EMOJI, 1 + int(self._random() * 2.3))
        most = min(4, len(self._people))
        return [
            (name, self._rng.sample(self._people, self._rng.randint(1, most))) for name in names
        ]

    def _write_notice(self, second: int, today: list[tuple[int, str]]) -> None:
        order, ts = self._stamp(second)
        person = self._people[int(self._random() * len(self._people))]
        private = self.place.kind == "private"
        today.append((order, records.write_notice(self._stamps, person, private, ts)))
        self._counts.notices += 1

    @property
    def _named(self) -> bool:
        return self.place.kind in ("public", "private")
