"""The root files of one export inside an archive, read: people, conversations, the manifest, and
what no message points to. Merging several of them is `export`'s."""

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from mappings.shape import record, records, string
from migrate.model import Conversation, File
from migrate.source.archive import Archive
from migrate.source.conversations import KINDS, Register, read_conversation
from migrate.source.files import describe_file
from migrate.source.layout import MANIFEST, PEOPLE_FILES, Root
from migrate.source.loose import (
    EMPTY,
    Broken,
    Fields,
    get_fields,
    get_number,
    read_fields,
    read_json,
    read_rows,
)
from migrate.source.members import Damaged, Member, spell
from migrate.source.people import User, read_user
from migrate.source.tally import Tally
from migrate.source.wire import WireFile, coerce

COUNTED = (
    "canvases.json",
    "content_flags.json",
    "huddle_transcripts.json",
    "integration_logs.json",
    "lists.json",
)
"""Root files whose records are counted: no message points to most of them."""

OF_FILES = ("canvases.json", "huddle_transcripts.json", "lists.json")
"""Those of them whose records are files."""

# Written by Slack or other tools, and of no use here.
_TOLERATED = (
    MANIFEST,
    ".slackviewer_archive_info.json",
    "emoji.json",
    "ref-channels.json",
)

_GROUPS = "usergroups.json"

_HOST = re.compile(
    rb"https:(?:\\?/){2}((?!files\.|app\.|api\.|hooks\.)[\w-]+(?:\.enterprise)?\.slack\.com)"
    rb"\\?/(?:archives|docs|files|team)\b"
)


class RootFiles(msgspec.Struct, kw_only=True):
    """What the root files say. `people_read` is False where there is no readable users.json.
    `groups` are user groups' handles by id, `pages` the conversations that name a file as theirs,
    by the file's id."""

    users: list[User] = msgspec.field(default_factory=list)
    organisation: list[User] = msgspec.field(default_factory=list)
    people_read: bool = False
    conversations: dict[str, Conversation] = msgspec.field(default_factory=dict)
    register: Register = msgspec.field(default_factory=Register)
    files: list[File] = msgspec.field(default_factory=list)
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    hosts: Counter[str] = msgspec.field(default_factory=Counter)
    groups: dict[str, str] = msgspec.field(default_factory=dict)
    pages: dict[str, list[str]] = msgspec.field(default_factory=dict)
    manifest: Fields = EMPTY


def read_root_files(archive: Archive, root: Root, tally: Tally) -> RootFiles:
    """Read all root files of an open archive; what is broken becomes a finding."""
    read = _Reading(archive, root, tally)
    for name in PEOPLE_FILES:
        read.people(name)
    for name in KINDS:
        read.conversations(name)
    for name in COUNTED:
        read.count(name)
    read.groups()
    if (manifest := root.files.get(MANIFEST)) is not None:
        read.found.manifest = read_fields(read.bytes_of(manifest) or b"")
    known = {*PEOPLE_FILES, *KINDS, *COUNTED, *_TOLERATED, _GROUPS}
    for name, member in root.files.items():
        if name not in known:
            tally.add("root-file-unknown", spell(member.name))
    return read.found


class _Reading:
    """The root files of one export while they are read."""

    def __init__(self, archive: Archive, root: Root, tally: Tally) -> None:
        self.found = RootFiles()
        self._archive = archive
        self._root = root
        self._tally = tally

    def people(self, name: str) -> None:
        rows = self._rows(name)
        if rows is None:
            return
        self.found.people_read = True
        users = self.found.users if name == "users.json" else self.found.organisation
        for row in rows:
            user = read_user(read_fields(row))
            if user is None:
                self._tally.add("person-without-id", name)
            else:
                users.append(user)

    def conversations(self, name: str) -> None:
        rows = self._rows(name)
        if rows is None and name != "file_conversations.json" and name not in self._root.files:
            self._tally.add("root-file-absent", name)
        for row in rows or ():
            listed = read_conversation(read_fields(row), name, self._tally)
            if listed is not None:
                self.found.conversations[listed.conversation.id] = listed.conversation
                self.found.register.add(listed, self._tally)
                for file in listed.pages:
                    self.found.pages.setdefault(file, []).append(listed.conversation.id)

    def count(self, name: str) -> None:
        rows = self._rows(name)
        if rows is not None:
            self.found.counts[name.removesuffix(".json")] += len(rows)
            if name in OF_FILES:
                wires = (coerce(read_fields(row), WireFile) for row in rows)
                self.found.files.extend(filter(None, map(describe_file, wires)))

    def groups(self) -> None:
        """User groups, which no export of Slack's lists but some tools do: the answer of
        usergroups.list or the array within it."""
        member = self._root.files.get(_GROUPS)
        if member is None:
            return
        try:
            value = read_json(self.bytes_of(member) or b"[]")
        except Broken:
            self._tally.add("root-file-broken", spell(member.name))
            return
        listed = record(value).get("usergroups", value)
        for group in records(listed):
            id, handle = string(group, "id"), string(group, "handle", "name")
            if id and handle:
                self.found.groups[id] = handle.removeprefix("@")

    def _rows(self, name: str) -> list[msgspec.Raw] | None:
        """The records of a root file; None where there is none to be read."""
        member = self._root.files.get(name)
        data = self.bytes_of(member) if member is not None else None
        if member is None or data is None:
            return None
        self.found.hosts.update(find_hosts(data))
        try:
            rows = read_rows(data)
        except Broken:
            self._tally.add("root-file-broken", spell(member.name))
            return None
        if not rows:
            self._tally.add("root-file-empty", spell(member.name))
        return rows or []

    def bytes_of(self, member: Member) -> bytes | None:
        try:
            return self._archive.read(member)
        except Damaged as damaged:
            self._tally.add(damaged.code, spell(member.name))
            return None


def find_hosts(data: bytes) -> Counter[str]:
    """The workspace's own hosts that permalinks name, and how often."""
    if b".slack.com" not in data:
        return Counter()
    return Counter(host.decode().lower() for host in _HOST.findall(data))


def made_at(manifest: Fields) -> int:
    """The Unix second in which Slack made the archive, 0 where the manifest does not say."""
    made = get_number(get_fields(manifest, "metadata"), "created_at")
    # Milliseconds, as some of Slack's other times are.
    return made // 1_000 if made > 100_000_000_000 else max(made, 0)


def lacks_members(manifest: Fields, files: int, total: int) -> bool:
    """Whether the archive holds less than its manifest counts: `files`, and `total` bytes."""
    said: Mapping[str, object] = get_fields(manifest, "metadata")
    return files < get_number(said, "file_count") or total < get_number(said, "total_bytes")
