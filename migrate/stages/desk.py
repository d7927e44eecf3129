"""The rows of a part as a composer is handed them, read from the store alone, so that any process
can do it."""

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from migrate.model import Reaction, piece_id
from migrate.spi import (
    Account,
    Adapter,
    Capabilities,
    CustomEmoji,
    Opening,
    Placement,
    Posting,
)
from migrate.stages.acts import Acts
from migrate.stages.bodies import EMOJI, picture_of
from migrate.stages.brief import HEADS
from migrate.stages.look import ALIASES
from migrate.stages.parts import OURS, PartRow
from migrate.stages.words import Words
from migrate.store import Op, OpKind, Store, ops

_BY_TIME = attrgetter("ts", "conv", "item")


def _by_thread(op: Op) -> tuple[int, int, int, int, str]:
    return (op.lane, op.root or op.ts, op.ts, op.conv, op.item)


class Desk:
    """What a worker keeps at hand from part to part."""

    def __init__(self, store: Store, caps: Capabilities) -> None:
        self._store = store
        self._caps = caps
        self._acts = Acts(store, "placed")
        self._words = Words(store, caps, self._acts)

    def rows(
        self, part: PartRow, adapter: Adapter
    ) -> Iterator[CustomEmoji | Account | Opening | Posting]:
        """A part's rows in the order in which the target wants them."""
        where = f"kind = ? AND {OURS}"
        if part.kind == "accounts":
            for op in ops.select(self._store, where, (OpKind.ACCOUNT, part.num), "ORDER BY author"):
                yield self._acts.planned_account(op.author)
        elif part.kind == "conversations":
            some = ops.select(self._store, where, (OpKind.CONVERSATION, part.num), "ORDER BY conv")
            for op in some:
                yield self._acts.opening(op.conv)
            yield from self._carried_openings(part)
        elif part.kind == "emoji":
            yield from self._emoji(part)
        elif part.kind == "messages":
            yield from self._postings(part, adapter)

    def _emoji(self, part: PartRow) -> Iterator[CustomEmoji]:
        """Custom emoji with their images, each with its other names."""
        names: dict[str, list[str]] = {}
        aliases: dict[str, str] = msgspec.json.decode(self._store.meta(ALIASES, "{}"))
        for alias, name in sorted(aliases.items()):
            names.setdefault(name, []).append(alias)
        where = f"kind = ? AND {OURS}"
        some = ops.select(self._store, where, (OpKind.FILE, part.num), "ORDER BY item")
        for op in some:
            name = op.item.removeprefix(EMOJI)
            image = picture_of(self._store, op.item)
            assert image is not None  # the plan has seen it
            yield CustomEmoji(
                name=name,
                placement=Placement(op.name),
                image=image,
                aliases=tuple(names.get(name, ())),
            )

    def _carried_openings(self, part: PartRow) -> Iterator[Opening]:
        """Conversations of an earlier archive, for those who enter them with this one."""
        carried = self._store.db.execute(
            "SELECT conv FROM carried WHERE part = ? AND ts = 0 ORDER BY conv", (part.num,)
        ).fetchall()
        query = (
            "SELECT op.item FROM op JOIN part ON part.num = op.part"
            " WHERE op.kind = 1 AND part.archive = ?"
        )
        new = {id for (id,) in self._store.db.execute(query, (part.archive,))} if carried else set()
        for (conv,) in carried:
            opening = self._acts.opening(conv)
            entering = tuple(member for member in opening.members if member.person.id in new)
            yield msgspec.structs.replace(opening, members=entering, carried=True)

    def _postings(self, part: PartRow, adapter: Adapter) -> Iterator[Posting]:
        """The part's messages, each with the reactions and the pin of this part that are acts of
        their own."""
        some: list[tuple[Op, bool]] = []
        new: dict[tuple[int, int], tuple[int, bool]] = {}
        where = f"{OURS} AND kind IN (5, 6, 7) AND piece = 0 AND state != 4"
        for op in ops.select(self._store, where, (part.num,)):
            if op.kind == OpKind.MESSAGE:
                some.append((op, False))
                continue
            reactions, pinned = new.get((op.conv, op.ts), (0, False))
            is_pin = op.kind == OpKind.PIN
            new[op.conv, op.ts] = (reactions + (not is_pin), pinned or is_pin)
        some += [(op, True) for op in self._carried(part)]
        key = _by_thread if self._caps.part_order == "thread" else _BY_TIME
        some.sort(key=lambda each: key(each[0]))
        roots: dict[tuple[int, int], tuple[Placement, str]] = {}
        for op, carried in some:
            posting = self._posting(op, adapter, roots)
            if op.item in HEADS and not op.root:
                roots[op.conv, op.ts] = (posting.placement, posting.id)
            reactions, pinned = new.get((op.conv, op.ts), (0, False))
            if op.item:
                yield msgspec.structs.replace(posting, carried=True) if carried else posting
            elif carried:
                yield self._with_additions(posting, op, part, reactions, pinned)
            else:
                yield msgspec.structs.replace(posting, pinned=pinned) if pinned else posting

    def _posting(
        self, op: Op, adapter: Adapter, roots: dict[tuple[int, int], tuple[Placement, str]]
    ) -> Posting:
        message, rendered = self._words.read(op, adapter)
        root, root_id = None, ""
        if op.root:
            root, root_id = roots.get((op.conv, op.root)) or self._root(op)
        return Posting(
            id=self._acts.id(op) if op.item else piece_id(message.key, 0),
            message=message,
            rendered=rendered,
            placement=Placement(op.name, op.time),
            opening=self._acts.opening(op.lane),
            author=self._acts.planned_account(op.author),
            look=self._words.look.before(op.ts),
            root=root,
            root_id=root_id,
        )

    def _root(self, op: Op) -> tuple[Placement | None, str]:
        """The thread's root where another part has it."""
        found = ops.select(
            self._store,
            "conv = ? AND ts = ? AND kind = 5 AND piece = 0 AND state != 4 AND item IN (?, ?)",
            (op.conv, op.root, *HEADS),
            "ORDER BY item DESC LIMIT 1",
        )
        above = next(found, None)
        if above is None:
            return None, ""
        return Placement(above.name, above.time), self._acts.id(above)

    def _carried(self, part: PartRow) -> list[Op]:
        """The messages of earlier archives that this part repeats."""
        rows = self._store.db.execute(
            "SELECT op.* FROM carried JOIN op ON op.conv = carried.conv AND op.ts = carried.ts"
            " AND op.kind = 5 AND op.item IN (?, ?) AND op.piece = 0"
            " JOIN part ON part.num = op.part AND part.archive < ?"
            " WHERE carried.part = ? AND carried.ts != 0 AND op.state = 2",
            (*HEADS, part.archive, part.num),
        )
        return [Op(*row) for row in rows]

    def _with_additions(
        self, posting: Posting, op: Op, part: PartRow, reactions: int, pinned: bool
    ) -> Posting:
        """A message that an earlier archive holds, with what later ones up to this one add."""
        late = ops.select(
            self._store,
            "conv = ? AND ts = ? AND kind IN (6, 7) AND state != 4 AND part BETWEEN 0 AND ?",
            (op.conv, op.ts, part.num),
        )
        people: dict[str, list[str]] = {
            each.emoji: list(each.people) for each in posting.message.reactions
        }
        was_pinned = False
        for each in late:
            if each.kind == OpKind.PIN:
                was_pinned = True
                continue
            person, _, emoji = each.item.partition("/")
            people.setdefault(emoji, []).append(person)
        message = msgspec.structs.replace(
            posting.message,
            reactions=tuple(Reaction(emoji, tuple(some)) for emoji, some in people.items()),
        )
        return msgspec.structs.replace(
            posting,
            message=message,
            pinned=was_pinned,
            carried=True,
            new_reactions=reactions,
            new_pin=pinned,
        )
