"""When things happen in a generated export: Slack's day files follow Los Angeles days, so a day
here runs from one midnight there to the next. Times are whole seconds since 1970."""

import bisect
import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

PACIFIC = ZoneInfo("America/Los_Angeles")
FIRST_DAY = date(2023, 3, 6)


class Day(msgspec.Struct, frozen=True, gc=False):
    """One day: the stem of its file, its first second and the one after its last."""

    name: str
    start: int
    end: int


class Calendar:
    """`count` days in a row. `weights` for a conversation say how its messages spread over them."""

    def __init__(self, count: int, first: date = FIRST_DAY) -> None:
        midnights = [_midnight(first + timedelta(days=n)) for n in range(count + 1)]
        self.days = [
            Day((first + timedelta(days=n)).isoformat(), midnights[n], midnights[n + 1])
            for n in range(count)
        ]
        self._starts = midnights[:-1]
        self.end = midnights[-1]
        self._idle = [0.1 if (first.weekday() + n) % 7 > 4 else 1.0 for n in range(count)]

    def day_of(self, second: int) -> int:
        """Index of the day that holds `second`."""
        return bisect.bisect_right(self._starts, second) - 1

    def targets(self, total: int, rng: random.Random) -> list[int]:
        """How many of `total` messages should have been written at the end of each day."""
        opening = int(rng.random() * 0.2 * len(self.days))
        weights = [
            0.0 if n < opening else idle * (0.2 + 1.6 * rng.random())
            for n, idle in enumerate(self._idle)
        ]
        scale = sum(weights) or 1.0
        reached, targets = 0.0, []
        for weight in weights:
            reached += weight
            targets.append(int(total * reached / scale))
        targets[-1] = total
        return targets


def span(messages: int, conversations: int) -> int:
    """Days that give a busy conversation several messages a day, two years at most."""
    return max(14, min(730, messages // max(1, conversations) // 4))


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=PACIFIC).timestamp())
