"""Custom emoji as a plan comes across them, counted: no export lists them. What becomes of them is
written in emoji.csv and read by `resolve`."""

from collections import Counter
from collections.abc import Iterable

from mappings.emoji import split_tone, to_unicode
from mappings.overrides import EmojiRow
from migrate.stages.survey import Remark


class Sightings:
    """In how many messages' texts, and how many times as a reaction, each custom name was seen."""

    def __init__(self) -> None:
        self._texts: Counter[str] = Counter()
        self._reactions: Counter[str] = Counter()

    def add(self, remarks: Iterable[Remark]) -> None:
        for remark in remarks:
            self._texts.update(remark.emoji)
            for reaction in remark.reactions:
                name = split_tone(reaction.emoji).base
                if to_unicode(name) is None:
                    self._reactions[name] += len(reaction.people)

    def rows(self) -> list[EmojiRow]:
        """A proposal for each, the most used first."""
        total = self._texts + self._reactions
        return [
            EmojiRow(name=name, note=self._note(name))
            for name, _ in sorted(total.items(), key=lambda each: (-each[1], each[0]))
            if _is_name(name)
        ]

    def _note(self, name: str) -> str:
        counts = (
            _count(self._texts[name], "message"),
            _count(self._reactions[name], "reaction"),
        )
        return "in " + " and ".join(filter(None, counts))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""


def _is_name(name: str) -> bool:
    """Slack's custom names are in lower case; "12:45:" and "Key:" are no emoji."""
    return name == name.lower() and any(char.isalpha() for char in name) and len(name) <= 100
