"""Findings while they are counted: one per code, with the first place where it was seen."""

from migrate.findings import Finding


class Tally:
    """Adds up findings by code."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._places: dict[str, str] = {}

    def add(self, code: str, place: str = "", count: int = 1) -> None:
        """Note `code` at `place`: a member's path, an id, or an id and a ts; never a text."""
        self._counts[code] = self._counts.get(code, 0) + count
        self._places.setdefault(code, place)

    def findings(self) -> tuple[Finding, ...]:
        """What was noted, in the order in which each code first came up."""
        return tuple(
            Finding(code=code, place=self._places[code], count=count)
            for code, count in self._counts.items()
        )
