"""The mapping files on the disk: read, and written with a proposal for everybody and every
conversation that is new in them. What the rows mean is `resolve`'s affair."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

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
from migrate.model import Conversation, Person
from migrate.spi import Capabilities
from migrate.stages.customs import known_emoji
from migrate.store import Store, people

GHOST = "ghost"
"""What is proposed for whoever does not get an account of their own."""


def propose(store: Store, project: Project) -> None:
    """Write the mapping files, keeping what stands in them and adding whoever is new, and an
    address where a row has none."""
    project.mappings.mkdir(mode=0o700, exist_ok=True)
    caps = project.adapter.caps(project.config.target)
    everybody = [person_row(person, caps) for _, person in people.people(store)]
    # Most exports have no addresses: those that Slack told later are put beside whoever they are.
    kept = read_sheet(project.mappings, PEOPLE)
    rows = PEOPLE.propose(_with_accounts(kept, everybody), everybody, fill=("email",))
    write_sheet(project.mappings, PEOPLE, kept, rows)
    _write(
        project.mappings,
        CONVERSATIONS,
        (_conversation_row(each) for _, each in people.conversations(store)),
    )
    propose_emoji(project, known_emoji(store))


def propose_emoji(project: Project, seen: Iterable[EmojiRow]) -> None:
    """Add to emoji.csv the custom emoji that are new in it. No export lists them: they are known by
    what Slack told `fetch`, and by what a plan has seen of them."""
    _write(project.mappings, EMOJI, seen)


def read_sheet(folder: Path, sheet: Sheet[AnyRow]) -> dict[str, AnyRow]:
    """The rows of a mapping file, none where there is no such file.

    Raises UsageError where it cannot be used."""
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
    kept = read_sheet(folder, sheet)
    write_sheet(folder, sheet, kept, sheet.propose(kept, proposed))


def write_sheet(
    folder: Path, sheet: Sheet[AnyRow], kept: Mapping[str, AnyRow], rows: Sequence[AnyRow]
) -> None:
    """Write a mapping file whose rows are others than those that stand in it."""
    path = folder / sheet.name
    if list(rows) != list(kept.values()) or not path.exists():
        _save(path, sheet.write(rows))


def _save(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def person_row(person: Person, caps: Capabilities) -> PersonRow:
    """Whoever may still come gets an account of their own where the target makes them."""
    comes = person.kind in ("member", "guest") and not person.deactivated and person.email
    return PersonRow(
        slack_id=person.id,
        name=person.name,
        full_name=person.full_name or person.display_name,
        email=person.email,
        kind=f"{person.kind}, deactivated" if person.deactivated else person.kind,
        action="create" if comes and "create" in caps.accounts else GHOST,
    )


def _with_accounts(
    kept: Mapping[str, PersonRow], proposed: Iterable[PersonRow]
) -> dict[str, PersonRow]:
    """The rows that stand, an account of their own in those of people whose address has only become
    known now."""
    rows = dict(kept)
    for row in proposed:
        stands = rows.get(row.slack_id)
        if stands is None or stands.email or row.action != "create":
            continue
        if (stands.action, stands.target) == (GHOST, ""):
            rows[row.slack_id] = msgspec.structs.replace(stands, action=row.action)
    return rows


def _conversation_row(conversation: Conversation) -> ConversationRow:
    kind = conversation.kind
    return ConversationRow(
        slack_id=conversation.id,
        name=conversation.name,
        kind=f"{kind}, archived" if conversation.archived else kind,
        members=str(len(conversation.members)),
        private="yes" if conversation.private else "no",
    )
