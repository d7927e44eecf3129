"""Which member of an archive is what: where the export begins, its root files, and the day files of
each folder. Only names are looked at; no content is read."""

import hashlib
import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from sys import intern

import msgspec

from migrate.errors import UsageError
from migrate.source.archive import Archive
from migrate.source.members import Member, hash_member, spell
from migrate.source.tally import Tally

PEOPLE_FILES = ("users.json", "org_users.json")
CONVERSATION_FILES = (
    "channels.json",
    "groups.json",
    "dms.json",
    "mpims.json",
    "file_conversations.json",
)
MANIFEST = ".slack-manifest.json"

_MARKERS = frozenset((*PEOPLE_FILES, *CONVERSATION_FILES))
# A name with more behind the date is a second copy, as browsers and file managers make them.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}[^/]*\.json", re.IGNORECASE)
_JUNK = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._[^/]*$|Thumbs\.db$|desktop\.ini$)")
_UNSAFE = re.compile(r"(^|/)\.\.(/|$)|^/|^[A-Za-z]:/|\x00")
_FILE_FOLDER = re.compile(r"FC[^A-Za-z0-9]*F[A-Z0-9]{4,}")

# Offset, packed, size, method, which of the folder's spellings, checksum.
_ROW = struct.Struct("<QLLHHL")
_LONG = 0xFFFFFFFF


class Shelf:
    """One folder's day files, packed: an export may have a hundred thousand of them."""

    __slots__ = ("_folders", "_rows", "names")

    def __init__(self) -> None:
        self.names: list[str] = []
        self._folders: list[str] = []
        self._rows = bytearray()

    def add(self, member: Member) -> None:
        name = base_name(member.name)
        folder = member.name[: len(member.name) - len(name)]
        if folder not in self._folders:
            self._folders.append(folder)
        # Dates recur in every conversation.
        self.names.append(intern(name))
        self._rows += _ROW.pack(
            member.offset,
            min(member.packed, _LONG),
            min(member.size, _LONG),
            member.method,
            self._folders.index(folder),
            member.crc & _LONG,
        )

    def members(self) -> Iterator[Member]:
        """The day files by date, then in the archive's order."""
        for n in sorted(range(len(self.names)), key=self.names.__getitem__):
            offset, packed, size, method, folder, crc = _ROW.unpack_from(self._rows, n * _ROW.size)
            name = self._folders[folder] + self.names[n]
            yield Member(name, offset, packed, size, method, crc)

    def newest_day(self) -> str:
        """The last date among the names, "" where there is none."""
        return max(self.names, default="")[:10]

    def doubles(self) -> int:
        """How many names occur again."""
        return len(self.names) - len(set(self.names))


class Contents(msgspec.Struct, kw_only=True):
    """What an archive holds, by name. `files` and `total` (bytes) are over all of it.

    `folders` are those with day files, `rest` every other JSON file, by path. `endings` counts what
    is no JSON; `uploads`, `attachments`, `canvases` (of conversations) and `flags` what is known
    and no talk.
    """

    fingerprint: str = ""
    folders: dict[str, Shelf] = msgspec.field(default_factory=dict)
    rest: dict[str, Member] = msgspec.field(default_factory=dict)
    endings: Counter[str] = msgspec.field(default_factory=Counter)
    uploads: int = 0
    canvases: int = 0
    flags: int = 0
    attachments: int = 0
    files: int = 0
    total: int = 0


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """One export inside an archive: its root files by name and its folders by name.

    `shared` marks the root of an Enterprise Grid export, whose conversations belong to several
    workspaces. `team` is the folder's name under `teams/`.
    """

    archive: int
    files: dict[str, Member]
    folders: dict[str, Shelf]
    shared: bool = False
    team: str = ""


def survey_archive(archive: Archive, tally: Tally) -> Contents:
    """Sort an archive's members by what their names say. Raises UsageError from the archive."""
    contents = Contents()
    digest = hashlib.sha256()
    for member in archive.members():
        hash_member(digest, member)
        contents.files += 1
        contents.total += member.size
        path = spell(member.name)
        if _UNSAFE.search(path):
            tally.add("member-outside", path)
        elif not _JUNK.search(path):
            _sort_member(contents, path, member, tally)
    for path, shelf in contents.folders.items():
        if shelf.doubles():
            tally.add("member-duplicate", path, shelf.doubles())
    contents.fingerprint = digest.hexdigest()
    return contents


def _sort_member(contents: Contents, path: str, member: Member, tally: Tally) -> None:
    folder, _, name = path.rpartition("/")
    if "/__uploads/" in f"/{folder}/":
        contents.uploads += 1
    elif folder and _DAY.fullmatch(name):
        contents.folders.setdefault(folder, Shelf()).add(member)
    elif "/attachments/" in f"/{folder}/":
        contents.attachments += 1
    elif name.lower().endswith(".json"):
        if path in contents.rest:
            tally.add("member-duplicate", path)
        contents.rest[path] = member
    else:
        contents.endings[name.rpartition(".")[2].lower()] += 1
        tally.add("member-unknown", path)


def is_foreign(path: str) -> bool:
    """Whether a member's path, as `spell` gives it, leads out of the archive or is no part of an
    export at all."""
    return bool(_UNSAFE.search(path) or _JUNK.search(path))


def find_base(contents: Contents) -> str | None:
    """The folder in which the export begins ("" for the archive's top), None where there is none.

    Raises UsageError where several exports lie side by side.
    """
    tops = {path.rpartition("/")[0] for path in contents.rest if base_name(path) in _MARKERS}
    if not tops:
        tops = {path.rpartition("/")[0] for path in contents.folders}
    if not tops:
        return None
    depth = min(map(_depth, tops))
    highest = sorted(top for top in tops if _depth(top) == depth)
    parents = {top.rpartition("/")[0] for top in highest}
    if len(parents) == 1 and base_name(parent := parents.pop()) == "teams":
        return parent.rpartition("/")[0]
    if len(highest) > 1:
        raise UsageError(
            "export-several",
            f"Several exports lie side by side: {', '.join(highest[:5])}.",
            "Name each of them by itself.",
        )
    return highest[0]


def list_teams(contents: Contents, base: str) -> tuple[str, ...]:
    """The workspace folders of an Enterprise Grid export, () for any other export."""
    start = _join(base, "teams/")
    teams = {
        path.removeprefix(start).partition("/")[0]
        for path in contents.rest
        if path.startswith(start)
        and path.count("/", len(start)) == 1
        and base_name(path) in _MARKERS
    }
    return tuple(sorted(teams))


def read_root(
    contents: Contents, archive: int, base: str, teams: Sequence[str] = (), team: str = ""
) -> Root:
    """The export that begins at `base`; of an Enterprise Grid export the folder `team`, or, with
    `teams` and no `team`, what several workspaces share."""
    start = _join(base, f"teams/{team}/") if team else _join(base, "")
    skip = _join(base, "teams/") if teams and not team else None
    files: dict[str, Member] = {}
    folders: dict[str, Shelf] = {}
    for path, member in contents.rest.items():
        if path.startswith(start) and "/" not in path[len(start) :]:
            files[path[len(start) :]] = member
    for path, shelf in contents.folders.items():
        inside = path.startswith(start) and not (skip and path.startswith(skip))
        if inside and len(path) > len(start):
            folders[path[len(start) :]] = shelf
    return Root(
        archive=archive, files=files, folders=folders, shared=bool(teams) and not team, team=team
    )


def file_folder_id(folder: str) -> str:
    """The file's id in the folder name of a canvas's talk (`FC:F123:Title`, however the colons were
    escaped), "" for any other folder."""
    found = _FILE_FOLDER.match(folder)
    return found.group()[found.group().index("F", 1) :] if found else ""


def base_name(path: str) -> str:
    """The last part of a path, whichever way its slashes lean."""
    return path.replace("\\", "/").rpartition("/")[2]


def _depth(path: str) -> int:
    return len(path.split("/")) if path else 0


def _join(base: str, rest: str) -> str:
    return f"{base}/{rest}" if base else rest
