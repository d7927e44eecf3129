"""What a reading back of the target adds up to."""

from collections import Counter

from migrate.findings import Finding


class Tally:
    """Counts by kind of record, and findings with their first example."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.different: Counter[str] = Counter()
        self.extra: Counter[str] = Counter()
        self.duplicate: Counter[str] = Counter()
        self.unchecked: Counter[str] = Counter()
        self.wider = 0
        self.findings: list[Finding] = []

    def find(self, code: str, place: str) -> None:
        self.findings.append(Finding(code=code, place=place))
