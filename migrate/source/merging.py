"""Several archives of one workspace brought together: people and conversations by id, folders to
conversations. The newest archive is believed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set

import msgspec

from migrate.model import Conversation, Person
from migrate.source.conversations import Register, unlisted
from migrate.source.layout import Shelf
from migrate.source.opening import Opened
from migrate.source.people import User, merge_people
from migrate.source.tally import Tally


class Slot(msgspec.Struct, frozen=True):
    """One conversation's day files in one archive."""

    archive: int
    conversation: str
    shelf: Shelf


class Places(msgspec.Struct, frozen=True):
    """Every conversation, and where its days lie: by conversation, then oldest archive first."""

    conversations: tuple[Conversation, ...]
    slots: tuple[Slot, ...]


def merge_places(archives: Sequence[Opened], tally: Tally) -> Places:
    """Bring together what the archives (oldest first) list and hold."""
    merged: dict[str, Conversation] = {}
    for archive in archives:
        for _, files in archive.roots:
            merged.update(files.conversations)
    slots: dict[str, list[Slot]] = {id: [] for id in merged}
    for number, archive in enumerate(archives):
        for folder, shelf, registers in _folders(archive, archives):
            found = next(filter(None, (each.find(folder) for each in registers)), None)
            if found is None:
                conversation = unlisted(folder)
                found = conversation.id
                if found not in merged:
                    tally.add("folder-without-entry", folder)
                    merged[found] = conversation
            slots.setdefault(found, []).append(Slot(number, found, shelf))
    for id in merged:
        if not slots.get(id):
            tally.add("conversation-empty", id)
    return Places(tuple(merged.values()), tuple(slot for each in slots.values() for slot in each))


def _folders(
    archive: Opened, archives: Sequence[Opened]
) -> Iterator[tuple[str, Shelf, list[Register]]]:
    """Each folder of an archive, and who may know whose it is: the archive's own root files.

    One that lists nothing, as when an export was cut up by hand, relies on the newest other that
    does. One that lists something does not: a folder that it leaves out may be a private
    conversation by the name of another archive's public one.
    """
    others = [files.register for one in reversed(archives) for _, files in one.roots]
    listless = not any(len(files.register) for _, files in archive.roots)
    for root, files in archive.roots:
        for folder, shelf in root.folders.items():
            yield folder, shelf, others if listless else [files.register]


def gather_people(archives: Sequence[Opened], places: Places) -> tuple[Person, ...]:
    """Everybody whom the archives (oldest first) list, and Slackbot.

    Of an organisation's people only those who have to do with this workspace.
    """
    members = {id for conversation in places.conversations for id in conversation.members}
    rows: list[list[User]] = []
    for archive in archives:
        users = archive.users
        known = {user.person.id for user in users}
        organisation = [user for _, files in archive.roots for user in files.organisation]
        rows.append(
            [
                user
                for user in organisation
                if user.person.id not in known
                and (user.person.id in members or archive.workspace in user.teams)
            ]
            + users
        )
    return merge_people(rows)


def list_people(archives: Sequence[Opened]) -> frozenset[str]:
    """The ids of everybody who stands in a users.json or org_users.json."""
    return frozenset(
        user.person.id
        for archive in archives
        for _, files in archive.roots
        for user in (*files.users, *files.organisation)
    )


def count_people(listed: Set[str], people: Sequence[Person]) -> Mapping[str, int]:
    """How many are listed: `users` (no bots), `bots`, and of the users `guests`, `deactivated`."""
    counts = Counter(users=0, bots=0, guests=0, deactivated=0)
    for person in people:
        if person.id not in listed:
            continue
        if person.kind == "bot":
            counts["bots"] += 1
            continue
        counts["users"] += 1
        counts["guests"] += person.kind == "guest"
        counts["deactivated"] += person.deactivated
    return counts
