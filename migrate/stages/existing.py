"""CHECK, for targets that can be asked who and what stands there already: people who have an
account are mapped to it where nobody has decided otherwise, and the plan is held against what
stands there. Nothing is changed at the target."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from mappings.overrides import PEOPLE, PersonRow
from migrate.config import Project
from migrate.findings import Finding
from migrate.model import Ref
from migrate.spi import Capabilities, Directory, Existing, Session
from migrate.stages.acts import Acts
from migrate.stages.proposals import person_row, read_sheet, write_sheet
from migrate.stages.resolution import DIRECT, Resolution
from migrate.store import Op, OpKind, Store, ops, people

NOTE = "same e-mail address"

STAGE = "existing"

_META = "directory"


class Found(msgspec.Struct, frozen=True):
    """What stood at the target when it was last read."""

    accounts: tuple[Existing, ...] = ()
    conversations: tuple[Existing, ...] = ()


async def read_existing(session: Session) -> Found | None:
    """Everybody and everything there; None where this target cannot be asked."""
    if not isinstance(session, Directory):
        return None
    return Found(tuple(await session.accounts()), tuple(await session.conversations()))


def keep_existing(store: Store, found: Found | None) -> None:
    """Keep what stood there for the plans that follow, until the next look."""
    store.set_meta(_META, "" if found is None else msgspec.json.encode(found).decode())


def adopt_accounts(store: Store, project: Project, found: Found, caps: Capabilities) -> int:
    """Map people whose address an account has to that account, where nobody has edited their row of
    users.csv; returns how many."""
    if "map" not in caps.accounts:
        return 0
    # By name and by ref: somebody may have renamed what this project has made.
    ours = {word for op in _ours(store, OpKind.ACCOUNT) for word in (op.name, op.ref) if word}
    made = ops.select(store, f"kind = 1 AND flags & {ops.INHERITED}")
    inherited = {op.item for op in made}
    by_email = {
        each.email: each.name for each in found.accounts if each.email and each.ref not in ours
    }
    kept = read_sheet(project.mappings, PEOPLE)
    proposed = {
        person.id: person_row(person, project.adapter.caps(project.config.target)).action
        for _, person in people.people(store)
    }
    taken = {row.target for row in kept.values() if row.action == "map"} | ours
    rows: list[PersonRow] = []
    count = 0
    for row in kept.values():
        name = by_email.get(row.email.lower(), "") if row.email else ""
        unedited = row.action == proposed.get(row.slack_id) and not row.target
        unedited = unedited and row.slack_id not in inherited
        if name and unedited and name not in taken:
            taken.add(name)
            count += 1
            row = msgspec.structs.replace(row, action="map", target=name, note=NOTE)
        rows.append(row)
    write_sheet(project.mappings, PEOPLE, kept, rows)
    return count


def foreign_names(store: Store) -> set[str]:
    """The names of accounts that stand there and are not this project's."""
    kept = store.meta(_META)
    if not kept:
        return set()
    found = msgspec.json.decode(kept, type=Found)
    return {each.name for each in found.accounts} - {op.name for op in _ours(store, OpKind.ACCOUNT)}


def directory_sum(store: Store) -> str:
    """What a plan rests on of all this; "" where the target was not asked."""
    kept = store.meta(_META)
    return hashlib.sha256(kept.encode()).hexdigest() if kept else ""


def hold_existing(
    store: Store, resolution: Resolution, found: Found | None = None
) -> list[Finding]:
    """What of the plan would be made over something that stands there, and what it counts on that
    does not stand there: as `found` says, or as the last look of `plan --check` found it."""
    kept = store.meta(_META)
    if found is None and not kept:
        return []
    found = found or msgspec.json.decode(kept, type=Found)
    return [
        *_hold_accounts(store, resolution, found.accounts),
        *_barred(store, found.accounts),
        *_hold_conversations(store, resolution, found),
    ]


def _hold_accounts(
    store: Store, resolution: Resolution, accounts: Iterable[Existing]
) -> Iterator[Finding]:
    ours = {op.name for op in _ours(store, OpKind.ACCOUNT)}
    names = {each.name for each in accounts}
    emails = {each.email for each in accounts if each.email and each.name not in ours}
    for op in ops.select(store, "kind = ? AND state IN (0, 3)", (OpKind.ACCOUNT,)):
        standing = resolution.people[op.author]
        person = standing.person
        # Nobody's address goes along with an account that nobody signs in to.
        email = person.email.lower() if standing.action == "create" else ""
        if op.flags & ops.MAPPED:
            if op.name not in names:
                yield Finding(code="map-target-missing", place=person.id)
        elif op.name in names - ours or (email and email in emails):
            yield Finding(code="account-exists", place=person.id)


def _barred(store: Store, accounts: Iterable[Existing]) -> Iterator[Finding]:
    """The accounts that people are mapped to, or that an archive brought, and that cannot take what
    is theirs."""
    barred = {
        name: each
        for each in accounts
        if each.barred or each.closed
        for name in (each.name, each.ref)
    }
    if not barred:
        return
    where = f"kind = 1 AND state != 4 AND flags & {ops.MAPPED}"
    for op in ops.select(store, where):
        inherited = op.flags & ops.INHERITED
        account = barred.get(op.ref if inherited else op.name)
        # What an archive brought closed is opened for the while.
        code = account and (account.barred or ("" if inherited else account.closed))
        if code:
            yield Finding(code=code, place=op.item)


def _hold_conversations(store: Store, resolution: Resolution, found: Found) -> Iterator[Finding]:
    ours = {op.name for op in _ours(store, OpKind.CONVERSATION)}
    belonging = _Belonging(store, found.accounts)
    strangers = "audience-widened" if store.meta("widen") else "audience-would-widen"
    there = {each.name: each for each in found.conversations}
    for op in ops.select(store, "kind = ? AND state IN (0, 3)", (OpKind.CONVERSATION,)):
        destination = resolution.conversations[op.conv]
        place = destination.conversation.id
        known = there.get(op.name)
        if op.flags & ops.MAPPED:
            if known is None:
                yield Finding(code="map-target-missing", place=place)
            elif destination.private and not known.private:
                yield Finding(code="audience-would-widen", place=place)
            elif destination.private and belonging.strangers(op, known):
                yield Finding(code=strangers, place=place)
        elif destination.conversation.kind not in DIRECT and op.name in there.keys() - ours:
            yield Finding(code="conversation-exists", place=place)


class _Belonging:
    """Who is to be in a conversation. Accounts that are only mapped so far have no refs of their
    own yet: those of what stands there under their names are meant."""

    def __init__(self, store: Store, accounts: Iterable[Existing]) -> None:
        self._live, self._placed = Acts(store, "live"), Acts(store, "placed")
        self._refs = {each.name: each.ref for each in accounts}

    def strangers(self, op: Op, known: Existing) -> set[Ref]:
        """Who is in a conversation that stands there and was not in Slack's, which is mapped to
        it."""
        made = {member.ref for member in self._live.opening(op.lane).members}
        planned = {
            self._refs.get(member.ref, member.ref) if member.action == "map" else member.ref
            for member in self._placed.opening(op.lane).members
        }
        return set(known.members) - made - planned


def _ours(store: Store, kind: OpKind) -> Iterator[Op]:
    """What this project has made, which may stand there."""
    return ops.select(store, f"kind = ? AND state = 2 AND NOT flags & {ops.MAPPED}", (kind,))
