"""Opening exports: one or several archives become one workspace with its people, conversations and
units of work. What one archive's root files say is read in `roots`, what was said in `filing`."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from migrate.errors import UsageError
from migrate.findings import Finding
from migrate.model import Conversation, File, Person
from migrate.source.filing import read_members
from migrate.source.layout import base_name
from migrate.source.members import Member
from migrate.source.merging import Slot, count_people, gather_people, list_people, merge_places
from migrate.source.opening import Opened, open_one
from migrate.source.records import Run
from migrate.source.roots import OF_FILES
from migrate.source.tally import Tally

RUN_BYTES = 4 << 20
"""Uncompressed bytes of day files in a run; one day file may be more by itself."""


class Export:
    """A workspace as its exports show it.

    fingerprint: changes whenever an archive's table of contents does. workspace: the team id that
    most native people have, else the Enterprise Grid folder's name, else "". domain: the
    workspace's host (acme.slack.com) where a permalink tells it, else "". people, conversations:
    merged over all archives, the newest record believed. groups: user groups' handles by id, where
    some tool has added them. listed: the ids that a users.json holds. files: canvases, lists and
    transcripts that the root files list, whether or not a message points to them. pages: file id to
    the conversations that name the file as theirs. bot_users: bot id to user id. counts: records of
    users.json by kind, of root files, and of members that are no talk. paths: the archives, newest
    first. findings: of the opening alone."""

    def __init__(
        self,
        *,
        fingerprint: str,
        workspace: str,
        domain: str,
        groups: Mapping[str, str],
        people: tuple[Person, ...],
        listed: frozenset[str],
        conversations: tuple[Conversation, ...],
        files: tuple[File, ...],
        pages: Mapping[str, tuple[str, ...]],
        bot_users: Mapping[str, str],
        counts: Mapping[str, int],
        findings: tuple[Finding, ...],
        archives: Sequence[Opened],
        slots: Sequence[Slot],
    ) -> None:
        self.fingerprint = fingerprint
        self.workspace = workspace
        self.domain = domain
        self.groups = groups
        self.people = people
        self.listed = listed
        self.conversations = conversations
        self.files = files
        self.pages = pages
        self.bot_users = bot_users
        self.counts = counts
        self.findings = findings
        self._sources = [(str(archive.path), archive.made) for archive in archives]
        self._lists = [
            [
                root.files[name]
                for root, _ in archive.roots
                for name in OF_FILES
                if name in root.files
            ]
            for archive in archives
        ]
        self._slots = slots

    @property
    def paths(self) -> list[Path]:
        return [Path(path) for path, _ in reversed(self._sources)]

    def mentions(self, days: Mapping[str, Collection[str]]) -> Iterator[Iterator[bytes]]:
        """The members that speak of files, one by one, of each archive, the newest first: the root
        files that list some, then the days (`2024-05-31`) of the conversations in `days`."""
        for number in reversed(range(len(self._sources))):
            members = chain(
                self._lists[number],
                (
                    member
                    for slot in self._slots
                    if slot.archive == number and slot.conversation in days
                    for member in slot.shelf.members()
                    if base_name(member.name)[:10] in days[slot.conversation]
                ),
            )
            yield (data for _, data in read_members(self.paths[-1 - number], members, Tally()))

    @property
    def day_files(self) -> int:
        """How many members the runs read, all archives together."""
        return sum(len(slot.shelf.names) for slot in self._slots)

    def runs(self) -> Iterator[Run]:
        """The units of work, conversation by conversation, within one archive by archive from the
        oldest to the newest, and by date; each may be read in another process."""
        for slot in self._slots:
            path, made = self._sources[slot.archive]
            for members in _cut(slot.shelf.members()):
                yield Run(
                    path=path, conversation=slot.conversation, generation=made, members=members
                )


def open_export(paths: Sequence[Path], workspace: str = "") -> Export:
    """Open the archives at `paths`, zip files or folders in any order, as one export.

    `workspace` chooses one of an Enterprise Grid export, by folder name or team id. Nothing is
    extracted, nothing is written.

    Raises UsageError where an archive cannot be used, with what to do about it.
    """
    if not paths:
        raise UsageError(
            "export-missing",
            "No export was named.",
            "Name the .zip file that Slack gave you, or the folder it was unpacked to.",
        )
    tally = Tally()
    archives = _order([open_one(path, n, workspace, tally) for n, path in enumerate(paths)])
    _check_together(archives, tally)
    places = merge_places(archives, tally)
    people = gather_people(archives, places)
    listed = list_people(archives)
    hosts = sum((archive.hosts for archive in archives), Counter[str]())
    return Export(
        fingerprint=_fingerprint(archives),
        workspace=archives[-1].workspace or workspace,
        domain=min(hosts, key=lambda host: (-hosts[host], host), default=""),
        groups={
            id: handle
            for archive in archives
            for _, files in archive.roots
            for id, handle in files.groups.items()
        },
        people=people,
        listed=listed,
        conversations=places.conversations,
        files=tuple(_gather_files(archives)),
        pages=_gather_pages(archives),
        bot_users={person.bot_id: person.id for person in people if person.bot_id},
        counts=_count(archives, listed, people),
        findings=tally.findings(),
        archives=archives,
        slots=places.slots,
    )


def _order(archives: list[Opened]) -> list[Opened]:
    """Oldest first, no two made in the same second: of such the later named counts as newer."""
    ordered: list[Opened] = []
    for archive in sorted(archives, key=lambda archive: archive.made):
        floor = ordered[-1].made + 1 if ordered else archive.made
        ordered.append(msgspec.structs.replace(archive, made=max(archive.made, floor)))
    return ordered


def _check_together(archives: Sequence[Opened], tally: Tally) -> None:
    if not any(files.people_read for archive in archives for _, files in archive.roots):
        raise UsageError(
            "export-no-people",
            f"{archives[0].path} has no readable users.json: nobody could be told apart.",
            "Download the export again; if you made the archive yourself, add users.json.",
        )
    teams = {archive.workspace for archive in archives if archive.workspace}
    if len(teams) > 1:
        tally.add("workspace-mixed", ", ".join(sorted(teams)))


def _fingerprint(archives: Sequence[Opened]) -> str:
    digests = sorted(archive.contents.fingerprint for archive in archives)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _gather_files(archives: Sequence[Opened]) -> Iterable[File]:
    """Each file that a root file lists once, as the newest archive describes it."""
    return {
        file.id: file for archive in archives for _, files in archive.roots for file in files.files
    }.values()


def _gather_pages(archives: Sequence[Opened]) -> Mapping[str, tuple[str, ...]]:
    pages: dict[str, dict[str, None]] = {}
    for archive in archives:
        for _, files in archive.roots:
            for file, conversations in files.pages.items():
                pages.setdefault(file, {}).update(dict.fromkeys(conversations))
    return {file: tuple(conversations) for file, conversations in pages.items()}


def _count(
    archives: Sequence[Opened], listed: frozenset[str], people: Sequence[Person]
) -> Mapping[str, int]:
    counts = Counter(count_people(listed, people))
    for archive in archives:
        for _, files in archive.roots:
            # Overlapping exports list the same canvases: the fullest list counts.
            counts |= files.counts
        counts["uploads"] += archive.contents.uploads
        counts["attachments"] += archive.contents.attachments
        counts["content_flags"] += archive.contents.flags
        counts["conversation_canvases"] += archive.contents.canvases
    return counts


def _cut(members: Iterable[Member]) -> Iterator[tuple[Member, ...]]:
    """Stretches of about `RUN_BYTES`."""
    stretch: list[Member] = []
    size = 0
    for member in members:
        if stretch and size + member.size > RUN_BYTES:
            yield tuple(stretch)
            stretch, size = [], 0
        stretch.append(member)
        size += member.size
    if stretch:
        yield tuple(stretch)
