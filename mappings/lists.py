"""Flat list entries with a level each, as Slack writes them, to nested lists."""

from collections.abc import Sequence
from typing import NamedTuple

from mappings.nodes import Block, Item, List

# Slack's own editor stops at nine levels; a deeper one can only be damage.
_DEEPEST = 8


class Entry(NamedTuple):
    """One line of a list. `number` is what Slack shows before it, where `ordered`."""

    level: int
    ordered: bool
    number: int
    blocks: tuple[Block, ...]


def nest(entries: Sequence[Entry]) -> tuple[List, ...]:
    """Each deeper entry goes below the last higher one; a change of kind or count opens a list."""
    return _lists([entry._replace(level=min(entry.level, _DEEPEST)) for entry in entries])


def _lists(entries: Sequence[Entry]) -> tuple[List, ...]:
    heads: list[tuple[Entry, list[Entry]]] = []
    for entry in entries:
        if heads and entry.level > heads[-1][0].level:
            heads[-1][1].append(entry)
        else:
            heads.append((entry, []))
    lists: list[List] = []
    run: list[tuple[Entry, list[Entry]]] = []
    for head, below in heads:
        if run and not _continues(run[-1][0], head):
            lists.append(_list(run))
            run = []
        run.append((head, below))
    if run:
        lists.append(_list(run))
    return tuple(lists)


def _continues(last: Entry, entry: Entry) -> bool:
    if last.ordered != entry.ordered:
        return False
    return not entry.ordered or entry.number == last.number + 1


def _list(run: Sequence[tuple[Entry, list[Entry]]]) -> List:
    first = run[0][0]
    items = tuple(Item(head.blocks + _lists(below)) for head, below in run)
    return List(first.ordered, items, first.number if first.ordered else 1)
