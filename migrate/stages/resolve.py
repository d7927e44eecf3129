"""RESOLVE: who stands for whom and which conversations go where: the mapping files and the source's
filters laid over what the store holds. Decides nothing that a target must be asked for."""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from mappings.overrides import CONVERSATIONS, EMOJI, PEOPLE, ConversationRow, PersonRow
from migrate.config import Project
from migrate.errors import UsageError
from migrate.findings import Finding
from migrate.model import Conversation, Person
from migrate.spi import Capabilities
from migrate.stages import look
from migrate.stages.customs import Customs, decide_emoji
from migrate.stages.lanes import share_lanes
from migrate.stages.proposals import read_sheet
from migrate.stages.resolution import DIRECT, Destination, Resolution, Standing
from migrate.store import Store, people


def resolve(store: Store, project: Project, *, widen: bool = False) -> Resolution:
    """Read the mapping files over the store.

    Raises UsageError for files that cannot be used, ids that no export holds, and merges in a ring.
    """
    person_rows = read_sheet(project.mappings, PEOPLE)
    conversation_rows = read_sheet(project.mappings, CONVERSATIONS)
    customs = decide_emoji(store, read_sheet(project.mappings, EMOJI))
    everybody = dict(people.people(store))
    every = dict(people.conversations(store))
    _refuse_unknown(person_rows, {p.id for p in everybody.values()}, PEOPLE.name)
    _refuse_unknown(conversation_rows, {c.id for c in every.values()}, CONVERSATIONS.name)
    caps = project.adapter.caps(project.config.target)
    findings: list[Finding] = []
    numbers = {person.id: number for number, person in everybody.items()}
    standings = {
        number: _standing(person, number, person_rows, numbers, caps, findings)
        for number, person in everybody.items()
    }
    chosen = _chooser(project, every.values())
    destinations = {
        number: _destination(
            each, number, conversation_rows.get(each.id), chosen, widen, caps, findings
        )
        for number, each in every.items()
    }
    _refuse_twice(standings.values())
    resolution = Resolution(
        people=standings,
        conversations=destinations,
        numbers=numbers,
        emoji=customs.created,
        findings=tuple(findings),
        # Of emoji.csv only what has an effect: a plan itself adds rows to it.
        text=msgspec.json.encode(
            [list(person_rows.values()), list(conversation_rows.values()), customs.text]
        ),
    )
    resolution = share_lanes(store, project.adapter, resolution)
    _note(store, resolution, customs)
    return resolution


def _note(store: Store, resolution: Resolution, customs: Customs) -> None:
    """Put the outcome beside the people and conversations, where every process can read it."""
    stand_ins = {number: resolution.stand_in(number) for number in resolution.people}
    with store.transaction():
        store.set_meta(look.EMOJI, msgspec.json.encode(customs.shown).decode())
        store.set_meta(look.ALIASES, msgspec.json.encode(customs.aliases).decode())
        people.set_stand_ins(
            store, {number: each.number if each else 0 for number, each in stand_ins.items()}
        )
        people.set_lanes(
            store,
            {
                number: (0 if each.code else each.lane, each.wish)
                for number, each in resolution.conversations.items()
            },
        )


def _standing(
    person: Person,
    number: int,
    rows: dict[str, PersonRow],
    numbers: dict[str, int],
    caps: Capabilities,
    findings: list[Finding],
) -> Standing:
    row = rows.get(person.id, PersonRow(slack_id=person.id))
    action: Literal["ghost", "create", "map"] = "ghost"
    if row.action in ("map", "create"):
        action = "map" if row.action == "map" else "create"
        if action not in caps.accounts:
            findings.append(Finding(code=f"person-{action}-not-taken", place=person.id))
    if row.action == "map" and not row.target:
        raise UsageError(
            "mapping-target-empty",
            f"users.csv maps {person.id} to an account without saying which.",
            "Write the account's name into the column `target`.",
        )
    stands_for, seen = number, {person.id}
    at = row
    while at.action == "merge":
        if at.target not in numbers:
            raise UsageError(
                "mapping-unknown-id",
                f"users.csv merges {at.slack_id} into {at.target or 'nobody'}, which is no Slack id"
                " of this export.",
                "Write the Slack id of the person who stays into the column `target`.",
            )
        if at.target in seen:
            raise UsageError(
                "mapping-ring",
                f"users.csv merges {person.id} in a ring.",
                "Let one of these ids keep an account of its own.",
            )
        seen.add(at.target)
        stands_for = numbers[at.target]
        at = rows.get(at.target, PersonRow(slack_id=at.target))
    code = ""
    if row.action == "merge":
        code = "person-merged"
    elif row.action == "skip":
        code = "person-skipped"
    return Standing(
        person=person,
        number=number,
        stands_for=stands_for,
        wish=row.target,
        action=action,
        code=code,
    )


def _refuse_twice(standings: Iterable[Standing]) -> None:
    """Two people who are one account are one person."""
    mapped: dict[str, str] = {}
    for standing in standings:
        if standing.action != "map" or standing.code:
            continue
        first = mapped.setdefault(standing.wish, standing.person.id)
        if first != standing.person.id:
            raise UsageError(
                "mapping-account-twice",
                f"users.csv maps {first} and {standing.person.id} to one account.",
                "Write `merge` and the Slack id of the one who stays into the other's row.",
            )


def _destination(
    conversation: Conversation,
    number: int,
    row: ConversationRow | None,
    chosen: Callable[[Conversation], bool],
    widen: bool,
    caps: Capabilities,
    findings: list[Finding],
) -> Destination:
    private = conversation.private
    if row is not None and row.private == "yes":
        private = True
    if row is not None and row.private == "no" and private:
        if widen and conversation.kind == "private":
            private = False
            findings.append(Finding(code="audience-widened", place=conversation.id))
        else:
            findings.append(Finding(code="audience-would-widen", place=conversation.id))
    maps = row is not None and row.action == "map"
    if maps and ("map" not in caps.conversations or conversation.kind in DIRECT):
        findings.append(Finding(code="conversation-map-not-taken", place=conversation.id))
    if row is not None and maps and not row.target:
        raise UsageError(
            "mapping-target-empty",
            f"channels.csv maps {conversation.id} onto another without saying which.",
            "Write the name that it has at the target into the column `target`.",
        )
    code = ""
    if not chosen(conversation):
        code = "excluded"
    elif row is not None and row.action == "skip":
        code = "conversation-skipped"
    return Destination(
        conversation=conversation,
        number=number,
        wish=(row.target if row else "") or conversation.name,
        private=private,
        action="map" if maps else "create",
        lane=number,
        code=code,
    )


def _chooser(
    project: Project, conversations: Iterable[Conversation]
) -> Callable[[Conversation], bool]:
    source = project.config.source
    known = {each.id for each in conversations} | {each.name for each in conversations}
    for name in (*source.channels, *source.exclude):
        if name.removeprefix("#") not in known:
            raise UsageError(
                "config-unknown-conversation",
                f"migration.toml names {name!r}, which no export holds.",
                "Write names or ids as `chat-migrate inspect` and mappings/channels.csv show them.",
            )
    only = {name.removeprefix("#") for name in source.channels}
    never = {name.removeprefix("#") for name in source.exclude}

    def chosen(conversation: Conversation) -> bool:
        names = {conversation.id, conversation.name}
        return (
            conversation.kind in source.include
            and (not only or bool(names & only))
            and not names & never
        )

    return chosen


def _refuse_unknown(rows: Iterable[str], known: set[str], name: str) -> None:
    unknown = [id for id in rows if id not in known]
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise UsageError(
            "mapping-unknown-id",
            f"{name} names {unknown[0]}{more}, which no export of this project holds.",
            "Take the line out, or add the export that holds it to source.exports.",
        )
