"""RESOLVE: who stands for whom and which conversations go where: the mapping files and the source's
filters laid over what the store holds. Decides nothing that a target must be asked for."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from mappings.emoji import follow
from mappings.overrides import (
    CONVERSATIONS,
    EMOJI,
    PEOPLE,
    AnyRow,
    ConversationRow,
    EmojiRow,
    MappingError,
    PersonRow,
    Sheet,
)
from migrate.config import Project
from migrate.errors import UsageError
from migrate.findings import Finding
from migrate.model import Conversation, Person
from migrate.stages import look
from migrate.store import Store, people


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What happens with a person: who stands for them (their own number, or the one they are merged
    into) and the skip code where nobody does."""

    person: Person
    number: int
    stands_for: int
    wish: str
    code: str = ""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """What happens with a conversation: the name it wishes for, whether only members may read it,
    and the skip code where it is left out."""

    conversation: Conversation
    number: int
    wish: str
    private: bool
    code: str = ""


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody and every conversation by number, with what was found on the way. `text` is what
    the digest takes of the mapping files."""

    people: dict[int, Standing]
    conversations: dict[int, Destination]
    numbers: dict[str, int]
    findings: tuple[Finding, ...]
    text: bytes

    def standing(self, id: str) -> Standing | None:
        """Who stands for a Slack id; None where nobody does."""
        number = self.numbers.get(id)
        if number is None:
            return None
        return self.stand_in(number)

    def stand_in(self, number: int) -> Standing | None:
        """Who stands for a person's number; None where they are skipped."""
        standing = self.people.get(self.people[number].stands_for)
        return None if standing is None or standing.code else standing


def propose(store: Store, project: Project) -> None:
    """Write the mapping files, keeping what stands in them and adding whoever is new."""
    project.mappings.mkdir(mode=0o700, exist_ok=True)
    _write(project.mappings, PEOPLE, (_person_row(person) for _, person in people.people(store)))
    _write(
        project.mappings,
        CONVERSATIONS,
        (_conversation_row(each) for _, each in people.conversations(store)),
    )
    propose_emoji(project, ())


def propose_emoji(project: Project, seen: Iterable[EmojiRow]) -> None:
    """Add to emoji.csv the custom emoji that are new in it. No export lists them, so they are known
    by what a plan has seen of them."""
    _write(project.mappings, EMOJI, seen)


def resolve(store: Store, project: Project, *, widen: bool = False) -> Resolution:
    """Read the mapping files over the store.

    Raises UsageError for files that cannot be used, ids that no export holds, and merges in a ring.
    """
    person_rows = _read(project.mappings, PEOPLE)
    conversation_rows = _read(project.mappings, CONVERSATIONS)
    emoji = _emoji(_read(project.mappings, EMOJI))
    everybody = dict(people.people(store))
    every = dict(people.conversations(store))
    _refuse_unknown(person_rows, {p.id for p in everybody.values()}, PEOPLE.name)
    _refuse_unknown(conversation_rows, {c.id for c in every.values()}, CONVERSATIONS.name)
    findings: list[Finding] = []
    numbers = {person.id: number for number, person in everybody.items()}
    standings = {
        number: _standing(person, number, person_rows, numbers, findings)
        for number, person in everybody.items()
    }
    chosen = _chooser(project, every.values())
    destinations = {
        number: _destination(each, number, conversation_rows.get(each.id), chosen, widen, findings)
        for number, each in every.items()
    }
    resolution = Resolution(
        people=standings,
        conversations=destinations,
        numbers=numbers,
        findings=tuple(findings),
        # Of emoji.csv only what has an effect: a plan itself adds rows to it.
        text=msgspec.json.encode(
            [list(person_rows.values()), list(conversation_rows.values()), emoji]
        ),
    )
    _note(store, resolution, emoji)
    return resolution


def _emoji(rows: dict[str, EmojiRow]) -> dict[str, str]:
    """What to show for each custom emoji that emoji.csv maps, in the order of their names.

    Raises UsageError where one is mapped to nothing that can be shown."""
    table = {name: row.target for name, row in sorted(rows.items()) if row.action == "map"}
    shown = follow(table)
    for name in table:
        if name not in shown:
            raise UsageError(
                "mapping-emoji-target",
                f"emoji.csv maps {name!r} to {table[name]!r}, which is neither an emoji nor a name"
                " of one, or leads back to itself.",
                "Write a character or a name such as `tada` into the column `target`.",
            )
    return shown


def _note(store: Store, resolution: Resolution, emoji: dict[str, str]) -> None:
    """Put the outcome beside the people and conversations, where every process can read it."""
    stand_ins = {number: resolution.stand_in(number) for number in resolution.people}
    with store.transaction():
        store.set_meta(look.EMOJI, msgspec.json.encode(emoji).decode())
        people.set_stand_ins(
            store, {number: each.number if each else 0 for number, each in stand_ins.items()}
        )
        people.set_lanes(
            store,
            {
                number: (0 if each.code else number, each.wish)
                for number, each in resolution.conversations.items()
            },
        )


def _person_row(person: Person) -> PersonRow:
    return PersonRow(
        slack_id=person.id,
        name=person.name,
        full_name=person.full_name or person.display_name,
        email=person.email,
        kind=f"{person.kind}, deactivated" if person.deactivated else person.kind,
    )


def _conversation_row(conversation: Conversation) -> ConversationRow:
    kind = conversation.kind
    return ConversationRow(
        slack_id=conversation.id,
        name=conversation.name,
        kind=f"{kind}, archived" if conversation.archived else kind,
        members=str(len(conversation.members)),
        private="yes" if conversation.private else "no",
    )


def _standing(
    person: Person,
    number: int,
    rows: dict[str, PersonRow],
    numbers: dict[str, int],
    findings: list[Finding],
) -> Standing:
    row = rows.get(person.id, PersonRow(slack_id=person.id))
    if row.action in ("map", "create"):
        findings.append(Finding(code=f"person-{row.action}-not-yet", place=person.id))
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
    return Standing(person=person, number=number, stands_for=stands_for, wish=row.target, code=code)


def _destination(
    conversation: Conversation,
    number: int,
    row: ConversationRow | None,
    chosen: Callable[[Conversation], bool],
    widen: bool,
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
    if row is not None and row.action == "map":
        findings.append(Finding(code="conversation-map-not-yet", place=conversation.id))
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


def _read(folder: Path, sheet: Sheet[AnyRow]) -> dict[str, AnyRow]:
    path = folder / sheet.name
    if not path.exists():
        return {}
    try:
        return sheet.read(path.read_text(encoding="utf-8"))
    except (MappingError, UnicodeDecodeError) as error:
        problem = str(error) if isinstance(error, MappingError) else f"{sheet.name} is not UTF-8"
        raise UsageError(
            "mapping-broken", f"mappings/{problem}.", "Mend that line and run the command again."
        ) from error


def _write(folder: Path, sheet: Sheet[AnyRow], proposed: Iterable[AnyRow]) -> None:
    kept = _read(folder, sheet)
    rows = sheet.propose(kept, proposed)
    path = folder / sheet.name
    if len(rows) > len(kept) or not path.exists():
        _save(path, sheet.write(rows))


def _save(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)
