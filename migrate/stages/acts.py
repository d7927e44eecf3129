"""From op rows to what a session is handed: accounts, openings, and the ids and refs of messages.
Read from the store alone, so that any process can do it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from migrate.model import Key, Message, Person, Ref, micros_ts, piece_id, reaction_id
from migrate.spi import Account, Opening, Placement
from migrate.stages.bodies import AVATAR, picture_of
from migrate.stages.brief import BOOKMARKS, LATE, PLACEHOLDER_ITEM
from migrate.stages.reading import MessageReader, placeholder, read_bookmarks
from migrate.stages.resolution import DIRECT
from migrate.store import Op, OpKind, Store, messages, ops, people

LABELS = "profile_fields"
"""Under which name the store keeps what Slack calls the custom fields of profiles, by their ids."""


class Acts:
    """Accounts and openings of one project. `live` gives the target's refs, "" before it gave one;
    `placed`, for an archive, gives the placement's name as the ref."""

    def __init__(self, store: Store, refs: Literal["live", "placed"]) -> None:
        self._store = store
        self._live = refs == "live"
        self.workspace = store.meta("workspace")
        labels: dict[str, str] = msgspec.json.decode(store.meta(LABELS, "{}"))
        self._people = {
            number: _labelled(person, labels) for number, person in people.people(store)
        }
        self._conversations = dict(people.conversations(store))
        self._accounts: dict[int, Account] = {}
        self.opening = lru_cache(maxsize=1_024)(self._opening)
        self.refresh()

    def refresh(self) -> None:
        """Read the accounts and conversations again, after some have been made."""
        self.opening.cache_clear()
        pictures = {
            op.item: op
            for op in ops.select(
                self._store,
                f"conv = 0 AND ts = 0 AND kind = 4 AND state != 4 AND item GLOB '{AVATAR}*'",
            )
        }
        for op in ops.select(self._store, "kind = 1 AND state != 4"):
            picture = pictures.get(f"{AVATAR}{op.item}")
            self._accounts[op.author] = Account(
                person=self._people[op.author],
                placement=Placement(op.name),
                action=_action(op.flags),
                ref=self._ref(op),
                avatar=picture_of(self._store, picture.item) if picture else None,
                avatar_ref=picture.ref if picture and self._live else "",
                dormant=bool(op.flags & ops.INHERITED) and not op.flags & ops.CREATES,
            )

    def account(self, number: int) -> Account | None:
        """The account with a person's number; None where there is none at the target."""
        account = self._accounts.get(number)
        return account if account and account.ref else None

    def planned_account(self, number: int) -> Account:
        """The account as it is planned, made or not."""
        return self._accounts[number]

    def conversation_id(self, number: int) -> str:
        return self._conversations[number].id

    def is_direct(self, number: int) -> bool:
        return self._conversations[number].kind in DIRECT

    def id(self, op: Op) -> str:
        """What a message or reaction op carries to the target."""
        key = self.key(op)
        if op.kind == OpKind.REACTION:
            return reaction_id(key, *op.item.split("/", 1))
        if op.item:
            piece = f"/{op.piece}" if op.piece else ""
            return f"{key.conversation}/{key.ts}/{op.item}{piece}"
        return piece_id(key, op.piece)

    def key(self, op: Op) -> Key:
        row = messages.row(self._store, op.conv, op.ts)
        ts = row.slack_ts if row else micros_ts(op.ts)
        return Key(self.workspace, self.conversation_id(op.conv), ts)

    def first_ref(self, conv: int, ts: int) -> Ref | None:
        """The ref of a message's first piece once it is at the target. Where a placeholder was sent
        before a later export brought the message, the thread hangs under the placeholder."""
        row = self._store.db.execute(
            "SELECT ref FROM op WHERE conv = ? AND ts = ? AND kind = 5 AND piece = 0 AND state = 2"
            " AND item IN ('', ?) ORDER BY item DESC LIMIT 1",
            (conv, ts, PLACEHOLDER_ITEM),
        ).fetchone()
        return None if row is None else str(row[0])

    def _opening(self, number: int) -> Opening:
        conversation = self._conversations[number]
        op = ops.op(self._store, number, 0, OpKind.CONVERSATION)
        assert op is not None  # every lane has its conversation's op
        entries = ops.select(
            self._store,
            f"conv = ? AND ts = 0 AND kind = 3 AND flags & {ops.LEAVES} = 0",
            (number,),
        )
        members = tuple(self._accounts[entry.author] for entry in entries)
        direct = conversation.kind in DIRECT
        return Opening(
            conversation=msgspec.structs.replace(conversation, name=self._wish(number)),
            placement=Placement(op.name),
            private=bool(op.flags & ops.PRIVATE),
            members=members,
            opener=members[0] if direct and members else None,
            ref=self._ref(op),
            action="map" if op.flags & ops.MAPPED else "create",
        )

    def _wish(self, number: int) -> str:
        (wish,) = self._store.db.execute(
            "SELECT wish FROM conversation WHERE num = ?", (number,)
        ).fetchone()
        return str(wish)

    def _ref(self, op: Op) -> Ref:
        return (op.ref if op.state == ops.State.DONE else "") if self._live else op.name


def _labelled(person: Person, labels: Mapping[str, str]) -> Person:
    profile = tuple(
        msgspec.structs.replace(field, label=field.label or labels.get(field.id, ""))
        for field in person.profile
    )
    return msgspec.structs.replace(person, profile=profile) if profile else person


def _action(flags: int) -> Literal["ghost", "create", "map"]:
    if flags & ops.MAPPED:
        return "map"
    return "create" if flags & ops.CREATES else "ghost"


def read_message(store: Store, reader: MessageReader, acts: Acts, op: Op) -> Message:
    """The message of an op: what was said, or what stands for it or comes beside it."""
    id = acts.conversation_id(op.conv)
    if op.flags & ops.PLACEHOLDER:
        return placeholder(acts.workspace, id, op.ts, acts.planned_account(op.author).person.id)
    row = messages.row(store, op.conv, op.ts)
    if not op.item:
        assert row is not None  # an op without PLACEHOLDER comes from a row
        return reader.read(row, id)
    if row is not None:
        return reader.read_late(row, id, op.item.removeprefix(LATE))
    author = acts.planned_account(op.author).person.id
    nobody_said = reader.nobodys(id, micros_ts(op.ts), author)
    if op.item == BOOKMARKS:
        return read_bookmarks(store, nobody_said, op)
    return reader.read_alone(nobody_said, op.item.removeprefix(LATE))
