"""Which account and which message of a directory is which of a server's, where all numbers are new:
told by addresses and names, and by who said what and when. Pure; where either lies, and how the
words are made comparable, is not known here."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

import msgspec


class Line(msgspec.Struct, frozen=True, gc=False):
    """A message as it is told from others. `time` is as fine as the server tells it, in whatever
    unit; `text` has nothing in it that an importer changes."""

    sender: str
    time: int
    text: str
    topic: str = ""


class Alignment(msgspec.Struct, frozen=True):
    """For each of their lines the index of ours that it is, None for one that is none of ours;
    `twins` are the indexes of those that are one of ours a second time."""

    partners: tuple[int | None, ...]
    twins: frozenset[int] = frozenset()


_Trait = Callable[[Line], Hashable]

_PASSES: tuple[_Trait, ...] = (
    lambda line: line,
    lambda line: (line.sender, line.time, line.text),
    lambda line: (line.sender, line.time),
    lambda line: (line.time, line.text),
    lambda line: (line.sender, line.text),
)
"""What two lines have in common that are taken for one, the surest first: then come those that were
moved, edited, or are under another's name or time."""


def align(ours: Sequence[Line], theirs: Sequence[Line]) -> Alignment:
    """Both as they stand in their conversation, of the same second. Lines that are alike keep their
    order."""
    if len(ours) == len(theirs) == 1 and ours[0] == theirs[0]:
        return Alignment((0,))
    partners: list[int | None] = [None] * len(theirs)
    free = set(range(len(ours)))
    for trait in _PASSES:
        if not free:
            break
        waiting: dict[Hashable, deque[int]] = {}
        for at in sorted(free):
            waiting.setdefault(trait(ours[at]), deque()).append(at)
        for at, line in enumerate(theirs):
            if partners[at] is None and (alike := waiting.get(trait(line))):
                partners[at] = alike.popleft()
        free.difference_update(at for at in partners if at is not None)
    return Alignment(*_with_twins(ours, theirs, partners))


def _with_twins(
    ours: Sequence[Line], theirs: Sequence[Line], partners: list[int | None]
) -> tuple[tuple[int | None, ...], frozenset[int]]:
    known = {(line.sender, line.time, line.text): at for at, line in enumerate(ours)}
    twins: set[int] = set()
    for at, line in enumerate(theirs):
        first = known.get((line.sender, line.time, line.text))
        if partners[at] is None and first is not None:
            partners[at] = first
            twins.add(at)
    return tuple(partners), frozenset(twins)


class Person(msgspec.Struct, frozen=True):
    """An account of a server; `address` in lower case, "" where nobody tells it."""

    id: int
    name: str
    address: str = ""


def align_people(ours: Mapping[str, str], theirs: Iterable[Person]) -> dict[int, str]:
    """The names of ours, whose addresses `ours` tells, by the ids of theirs. An account is known by
    its address, however it is called by now; one whose address is another or hidden by its name."""
    by_address = {address.lower(): name for name, address in ours.items() if address}
    known: dict[int, str] = {}
    rest: list[Person] = []
    for person in theirs:
        name = by_address.get(person.address) if person.address else None
        if name is None:
            rest.append(person)
        else:
            known[person.id] = name
    left = {name.casefold(): name for name in ours.keys() - set(known.values())}
    for person in rest:
        name = left.pop(person.name.casefold(), None)
        if name is not None:
            known[person.id] = name
    return known
