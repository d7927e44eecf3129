"""What a message's text can ask for while it is rendered, answered from the store: dummies while
planning, the target's own refs afterwards."""

from collections.abc import Callable
from typing import Literal

from migrate.model import Key, Ref, piece_id, ts_micros
from migrate.spi import Face
from migrate.store import OpKind, Store, messages, ops, people

Refs = Literal["dummy", "live", "placed"]
"""`dummy` while planning, `live` once the target has given refs, `placed` for an archive, where a
placement's name is all that is known."""


class StoreLook:
    """A `Look` over an open store. People and conversations are read once; message refs on
    demand."""

    def __init__(self, store: Store, refs: Refs, width: int) -> None:
        self._store = store
        self._refs = refs
        self._dummy = "x" * width
        self._people: dict[str, Face] = {}
        self._conversations: dict[str, Face] = {}
        self._numbers = people.conversation_numbers(store)
        self.refresh()

    def refresh(self) -> None:
        """Read people and conversations again: after their accounts and rooms have been made."""
        account = self._reader(OpKind.ACCOUNT)
        opening = self._reader(OpKind.CONVERSATION)
        for id, person in people.stand_ins(self._store):
            ref = account(0, person.id)
            if ref:
                self._people[id] = Face(person.shown_name, ref)
        lanes = dict(self._store.db.execute("SELECT num, lane FROM conversation"))
        for number, each in people.conversations(self._store):
            # A private conversation's name is not for those who are not in it.
            ref = opening(lanes[number], "") if lanes[number] and not each.private else None
            if ref:
                face = Face(each.name or each.id, ref)
                self._conversations[each.id] = face
                if each.name:
                    self._conversations.setdefault(each.name, face)

    def person(self, id: str) -> Face | None:
        return self._people.get(id)

    def conversation(self, id: str) -> Face | None:
        return self._conversations.get(id)

    def message(self, key: Key) -> Ref | None:
        number = self._numbers.get(key.conversation)
        if number is None:
            return None
        try:
            ts = ts_micros(key.ts)
        except ValueError:
            return None
        if self._refs == "dummy":
            return self._dummy if messages.row(self._store, number, ts) else None
        if self._refs == "placed":
            op = ops.op(self._store, number, ts, OpKind.MESSAGE)
            return piece_id(key, 0) if op and op.state != ops.State.SKIPPED else None
        return ops.ref(self._store, number, ts, OpKind.MESSAGE)

    def before(self, ts: int) -> "EarlierLook":
        """The same, for rendering the message of `ts` (microseconds)."""
        return EarlierLook(self, ts)

    def emoji(self, name: str) -> str | None:
        return None

    def file(self, id: str) -> Ref | None:
        return None

    def _reader(self, kind: OpKind) -> Callable[[int, str], str | None]:
        """How the ref of an account or a conversation is found, by conversation number and item."""
        if self._refs == "dummy":
            return lambda conv, item: self._dummy
        if self._refs == "placed":
            names = {
                (op.conv, op.item): op.name
                for op in ops.select(self._store, "kind = ? AND state != 4", (kind,))
            }
            return lambda conv, item: names.get((conv, item))
        refs = {
            (op.conv, op.item): op.ref
            for op in ops.select(self._store, "kind = ? AND state = 2", (kind,))
        }
        return lambda conv, item: refs.get((conv, item))


class EarlierLook:
    """What one message may see: of other messages only those before it. A link can point nowhere
    else, and so the same message is rendered alike when it is sent, sent again and read back."""

    def __init__(self, look: StoreLook, ts: int) -> None:
        self._look = look
        self._ts = ts
        self.person = look.person
        self.conversation = look.conversation
        self.emoji = look.emoji
        self.file = look.file

    def message(self, key: Key) -> Ref | None:
        try:
            if ts_micros(key.ts) >= self._ts:
                return None
        except ValueError:
            return None
        return self._look.message(key)
