"""CHECK: what an archive brought, looked for at the living target that has taken it: accounts and
conversations by its directory, messages by what an heir can read. What follows from it is
`heritage`'s affair."""

from collections.abc import Iterable, Iterator, Sequence, Set

from migrate.errors import Skip
from migrate.findings import Finding
from migrate.model import Ref, ts_micros
from migrate.spi import Existing, Heir, Opening
from migrate.stages.acts import Acts
from migrate.stages.existing import Found
from migrate.stages.journal import sum_of
from migrate.stages.resolution import DIRECT
from migrate.stages.world import World
from migrate.store import Op, OpKind, Store, ops, people

_BATCH = 2_000


def inherited(store: Store, kind: OpKind) -> Iterator[Op]:
    """What came with the archive."""
    return ops.select(store, "kind = ? AND state = 2 AND part >= 0", (kind,))


class Traces:
    """What a directory tells of an archive's `accounts` and conversations, each op with its ref
    there: `rooms` by their numbers; `direct` ones are in no directory. What is `missing` is told as
    blockers. Archived conversations may not be told, and nobody can go on with them: `closed`."""

    def __init__(self, store: Store, found: Found) -> None:
        self.accounts: list[tuple[Op, Ref]] = []
        self.rooms: dict[int, tuple[Op, Ref]] = {}
        self.direct: list[int] = []
        self.missing: list[Finding] = []
        self.closed: list[Finding] = []
        self._persons = dict(people.people(store))
        self._conversations = dict(people.conversations(store))
        self._find_accounts(store, found.accounts)
        self._find_conversations(store, found.conversations)

    def _find_accounts(self, store: Store, accounts: Sequence[Existing]) -> None:
        """By address and name together where they agree. Else by the address, which stays where
        somebody has taken another name; or by the name, where it is one account's alone."""
        by_email = {each.email: each for each in accounts if each.email}
        by_name: dict[str, Existing | None] = {}
        for each in accounts:
            for name in (each.full_name, each.name):
                known = by_name.setdefault(name, each)
                if known is not None and known.ref != each.ref:
                    by_name[name] = None
        waiting = {op.item: op for op in inherited(store, OpKind.ACCOUNT)}
        taken: set[Ref] = set()

        def take(op: Op, account: Existing | None) -> None:
            if account is not None and account.ref not in taken:
                taken.add(account.ref)
                self.accounts.append((op, account.ref))
                del waiting[op.item]

        for op in list(waiting.values()):
            named = by_name.get(op.name)
            agreed = named is not None and named.email in ("", self._email(op))
            take(op, named if agreed else None)
        for op in list(waiting.values()):
            take(op, by_email.get(self._email(op)))
        for op in list(waiting.values()):
            take(op, by_name.get(op.name))
        self.missing += _counted("archive-account-missing", list(waiting))

    def _email(self, op: Op) -> str:
        """The address that the account has from Slack, "" for one that nobody signs in to."""
        email = self._persons[op.author].email.strip().lower()
        return email if op.flags & ops.CREATES else ""

    def _find_conversations(self, store: Store, conversations: Iterable[Existing]) -> None:
        by_name = {each.name: each for each in conversations}
        lacking: list[str] = []
        opened: list[str] = []
        closed: list[str] = []
        for op in inherited(store, OpKind.CONVERSATION):
            conversation = self._conversations[op.conv]
            known = by_name.get(op.name)
            if conversation.kind in DIRECT:
                self.direct.append(op.conv)
            elif known is None and op.ref:
                continue  # it has another name by now
            elif known is None:
                (closed if conversation.archived else lacking).append(conversation.id)
            elif op.flags & ops.PRIVATE and not known.private:
                opened.append(conversation.id)
            else:
                self.rooms[op.conv] = (op, known.ref)
        self.missing += _counted("archive-conversation-missing", lacking)
        self.missing += _counted("archive-conversation-opened", opened)
        self.closed += _counted("archive-conversation-closed", closed)


def _counted(code: str, places: Sequence[str]) -> list[Finding]:
    return [Finding(code=code, count=len(places), place=min(places))] if places else []


async def find_messages(store: Store, session: Heir, rooms: Set[int], world: World) -> int:
    """Keep the ref of every message of these conversations that the importer can look at and that
    has none yet; returns of how many. A ref by itself says nothing, so they are written as they
    come."""
    acts = Acts(store, "placed")
    lanes: dict[int, list[int]] = {}
    total = 0
    # The mapping may lead some of them elsewhere by now.
    for lane, conv, count in store.db.execute(
        "SELECT lane, conv, count(*) FROM op WHERE kind = 5 AND state = 2 AND part >= 0"
        " AND ref = '' GROUP BY lane, conv"
    ):
        if lane in rooms:
            lanes.setdefault(lane, []).append(conv)
            total += count
    world.progress.begin("Finding what the archive brought", total, "messages")
    found = 0
    for lane, convs in lanes.items():
        world.check()
        reading = _Reading(store, {acts.conversation_id(conv): conv for conv in convs}, world)
        try:
            await reading.read(session, acts.opening(lane))
        except Skip:
            continue  # what cannot be read is as what cannot be looked at
        finally:
            reading.write()
            found += reading.count
    world.progress.end()
    return found


class _Reading:
    """The messages of one target conversation, some at a time. `convs` are the numbers of Slack's
    conversations that it holds, by their ids."""

    def __init__(self, store: Store, convs: dict[str, int], world: World) -> None:
        self._store = store
        self._convs = convs
        self._world = world
        self._found: list[tuple[Op, Ref, int]] = []
        self.count = 0

    async def read(self, session: Heir, opening: Opening) -> None:
        async for seen in session.inherit(opening):
            op = self._message(seen.id)
            if op is None or op.part < 0 or op.ref:
                continue
            self._found.append((op, seen.ref, sum_of(seen.payload, seen.root is not None)))
            self._world.progress.advance()
            if len(self._found) >= _BATCH:
                self.write()
                self._world.check()

    def write(self) -> None:
        with self._store.transaction():
            ops.recognize(self._store, self._found)
        self.count += len(self._found)
        self._found.clear()

    def _message(self, id: str) -> Op | None:
        """The op of an id as `Acts.id` makes it. A conversation that is known by its folder may
        have a slash in its own id."""
        for known, conv in self._convs.items():
            if not id.startswith(f"{known}/"):
                continue
            ts, _, rest = id.removeprefix(f"{known}/").partition("/")
            item, _, piece = rest.rpartition("/")
            try:
                moment = ts_micros(ts)
            except ValueError:
                continue
            for name, number in ((rest, "0"), (item, piece)):
                if number.isdecimal() and (op := self._op(conv, moment, name, int(number))):
                    return op
        return None

    def _op(self, conv: int, moment: int, item: str, piece: int) -> Op | None:
        return ops.op(self._store, conv, moment, OpKind.MESSAGE, item, piece)
