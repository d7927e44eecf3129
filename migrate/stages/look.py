"""What a message's text can ask for while it is rendered, answered from the store: dummies while
planning, the target's own refs afterwards. Which addresses are this workspace's own is decided
here; how they are spelled is `mappings.links`."""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Literal

import msgspec

from mappings.links import SlackLink
from mappings.links import parse as parse_link
from mappings.nodes import links
from migrate.model import Key, Message, Ref, micros_ts, piece_id, ts_micros
from migrate.spi import Face, Placement, Pointer
from migrate.store import OpKind, Store, messages, ops, people

Refs = Literal["dummy", "live", "planned", "placed"]
"""`dummy` while planning, `live` once the target has given refs. For an archive, where a
placement's name is all that is known, `planned` while its messages are planned and `placed`
afterwards."""

EMOJI = "emoji"
ALIASES = "emoji_aliases"
GROUPS = "groups"
"""Names in the store's `meta` under which JSON maps lie: what to show for a custom emoji, by its
name; which custom emoji is another name of which; and user groups' names by their ids."""

_IMAGE = "emoji/"

_ORGANIZATION = ".enterprise.slack.com"
_AT_TARGET = (ops.State.SENDING, ops.State.DONE)
_words = msgspec.json.Decoder(dict[str, str])


class Scope(msgspec.Struct, frozen=True):
    """Which messages a plan sends, as far as configuration decides it: from `since` (microseconds)
    up to and without `until` (0 for no bound), notices among them or not."""

    since: int = 0
    until: int = 0
    notices: bool = True

    def holds(self, row: messages.Row) -> bool:
        in_time = row.ts >= self.since and (not self.until or row.ts < self.until)
        return in_time and (self.notices or row.kind != messages.NOTICE)


EVERYTHING = Scope()


class StoreLook:
    """A `Look` over an open store. People, conversations and names are read once; message refs on
    demand. `scope` counts while planning alone, when nothing tells yet what will be sent."""

    def __init__(self, store: Store, refs: Refs, width: int, scope: Scope = EVERYTHING) -> None:
        self._store = store
        self._refs = refs
        self._scope = scope
        self._dummy = "x" * width
        self._workspace = store.meta("workspace")
        self._domain = store.meta("domain")
        self._people: dict[str, Face] = {}
        self._conversations: dict[str, Face] = {}
        self._numbers = people.conversation_numbers(store)
        self._ids = {number: id for id, number in self._numbers.items()}
        self._named: dict[str, str] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read people and conversations again: after their accounts and rooms have been made."""
        account = self._reader(OpKind.ACCOUNT)
        opening = self._reader(OpKind.CONVERSATION)
        self._read_emoji()
        self._groups = _words.decode(self._store.meta(GROUPS, "{}"))
        for id, person in people.stand_ins(self._store):
            ref = account(0, person.id)
            if ref:
                self._people[id] = Face(person.shown_name, ref)
        for number, each in people.conversations(self._store):
            if each.name:
                self._named.setdefault(each.name, each.id)
            lane, name = people.lane(self._store, number)
            ref = opening(lane, "") if lane else None
            if ref:
                # A private conversation's name is not for those who are not in it.
                self._conversations[each.id] = Face("" if each.private else name or each.id, ref)

    def _read_emoji(self) -> None:
        """Mapped ones as emoji.csv says, those that are the target's by their names there."""
        self._emoji = _words.decode(self._store.meta(EMOJI, "{}"))
        self._aliases = _words.decode(self._store.meta(ALIASES, "{}"))
        placed = self._store.db.execute(
            "SELECT item, name FROM op WHERE conv = 0 AND ts = 0 AND kind = 4 AND state != 4"
            f" AND item GLOB '{_IMAGE}*'"
        )
        self._emoji |= {item.removeprefix(_IMAGE): f":{name}:" for item, name in placed}
        for alias, name in self._aliases.items():
            if name in self._emoji:
                self._emoji[alias] = self._emoji[name]

    def person(self, id: str) -> Face | None:
        return self._people.get(id)

    def conversation(self, id: str) -> Face | None:
        return self._conversations.get(id) or self._conversations.get(self._named.get(id, ""))

    def group(self, id: str) -> str | None:
        return self._groups.get(id)

    def emoji(self, name: str) -> str | None:
        return self._emoji.get(name)

    def file(self, id: str) -> Ref | None:
        if id.startswith(_IMAGE):
            name = id.removeprefix(_IMAGE)
            id = f"{_IMAGE}{self._aliases.get(name, name)}"
        row = self._store.db.execute(
            "SELECT state, ref FROM op WHERE conv = 0 AND ts = 0 AND kind = 4 AND item = ?"
            " AND piece = 0",
            (id,),
        ).fetchone()
        if row is None or row[0] == ops.State.SKIPPED:
            return None
        if self._refs == "dummy":
            # Each file its own: two custom emoji are two reactions.
            return blake2b(id.encode()).hexdigest()[: len(self._dummy)].ljust(len(self._dummy), "x")
        if self._refs == "live":
            return str(row[1]) if row[0] == ops.State.DONE else None
        return id

    def link(self, url: str, before: int | None = None) -> Pointer | None:
        """As `Look.link`; with `before` (microseconds) only messages of an earlier ts are seen."""
        link = self._own(url)
        if link is None or (face := self.conversation(link.conversation)) is None:
            return None
        if link.ts is None:
            return Pointer(face)
        ts = ts_micros(link.ts)
        seen = before is None or ts < before
        number = self._numbers[link.conversation]
        ref = self._message(number, ts) if seen else None
        placement = self._placement(number, ts) if ref is not None else None
        # One that came with an archive may stand where nobody can look for it: its ref is "".
        return Pointer(face, ref or None, ref is None, placement)

    def linked(self, message: Message) -> Iterator[tuple[int, int]]:
        """The messages that a message links to, whether or not the store has them, as their
        conversation's number and their ts in microseconds."""
        for url in links(message.body):
            link = self._own(url)
            if link is not None and link.ts is not None:
                yield self._numbers[link.conversation], ts_micros(link.ts)

    def before(self, ts: int) -> "EarlierLook":
        """The same, for rendering the message of `ts` (microseconds)."""
        return EarlierLook(self, ts)

    def _own(self, url: str) -> SlackLink | None:
        """A link to a conversation of this workspace, its id in place of a name; else None.

        Ids are one workspace's own, so an id decides where no export tells the workspace's host,
        and under the host of a whole organization. A name means something under our host alone.
        """
        link = parse_link(url)
        if not isinstance(link, SlackLink):
            return None
        if link.host:
            ours = link.host == self._domain
            by_id = ours or not self._domain or link.host.endswith(_ORGANIZATION)
        else:
            ours = False
            by_id = link.team in ("", self._workspace) or link.team.startswith("E")
        if by_id and link.conversation in self._numbers:
            return link
        if ours and (id := self._named.get(link.conversation)) is not None:
            return msgspec.structs.replace(link, conversation=id)
        return None

    def _message(self, number: int, ts: int) -> Ref | None:
        """The first piece of a message, None where it is not, or will not be, at the target."""
        if self._refs == "live":
            return ops.ref(self._store, number, ts, OpKind.MESSAGE)
        op = ops.op(self._store, number, ts, OpKind.MESSAGE)
        if self._refs == "placed":
            there = op is not None and op.state != ops.State.SKIPPED
        else:
            # Ops of the plan that is being made are no answer: they come while it is asked.
            there = op is not None and op.state in _AT_TARGET
            there = there or self._will_be_sent(number, ts)
        if not there or self._refs == "dummy":
            return self._dummy if there else None
        row = messages.row(self._store, number, ts)
        slack_ts = row.slack_ts if row else micros_ts(ts)
        return piece_id(Key(self._workspace, self._ids[number], slack_ts), 0)

    def _placement(self, number: int, ts: int) -> Placement | None:
        known = self._refs in ("placed", "live")
        op = ops.op(self._store, number, ts, OpKind.MESSAGE) if known else None
        return Placement(op.name, op.time) if op is not None else None

    def _will_be_sent(self, number: int, ts: int) -> bool:
        row = messages.row(self._store, number, ts)
        if row is None or not self._scope.holds(row) or row.flags & messages.FLAG_TOMBSTONE:
            return False
        (sent,) = self._store.db.execute(
            "SELECT EXISTS (SELECT 1 FROM person WHERE num = ? AND stands_for != 0)"
            " AND NOT EXISTS (SELECT 1 FROM deletion WHERE conv = ? AND ts = ?)",
            (row.author, number, ts),
        ).fetchone()
        return bool(sent)

    def _reader(self, kind: OpKind) -> Callable[[int, str], str | None]:
        """How the ref of an account or a conversation is found, by conversation number and item."""
        if self._refs == "dummy":
            return lambda conv, item: self._dummy
        if self._refs in ("placed", "planned"):
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

    __slots__ = ("_look", "_ts")

    def __init__(self, look: StoreLook, ts: int) -> None:
        self._look = look
        self._ts = ts

    def person(self, id: str) -> Face | None:
        return self._look.person(id)

    def conversation(self, id: str) -> Face | None:
        return self._look.conversation(id)

    def group(self, id: str) -> str | None:
        return self._look.group(id)

    def emoji(self, name: str) -> str | None:
        return self._look.emoji(name)

    def file(self, id: str) -> Ref | None:
        return self._look.file(id)

    def link(self, url: str) -> Pointer | None:
        return self._look.link(url, self._ts)
