"""Opening one archive: where its export begins, which workspace is meant, when it was made, what
the root files say. Bringing several archives together is `export`'s."""

from collections import Counter
from pathlib import Path

import msgspec

from migrate.errors import UsageError
from migrate.source.archive import Archive, open_archive
from migrate.source.filing import read_ts
from migrate.source.grid import choose_roots, claim_shared, first_team
from migrate.source.layout import Contents, Root, base_name, find_base, survey_archive
from migrate.source.loose import Broken, read_rows
from migrate.source.members import Damaged
from migrate.source.people import User, find_workspace
from migrate.source.roots import RootFiles, find_hosts, lacks_members, made_at, read_root_files
from migrate.source.tally import Tally
from migrate.source.wire import decode_heads


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """One archive, opened and closed again.

    `roots` are its exports with what their root files say: one, or two of an Enterprise Grid
    export, what is shared before what is the workspace's own. `made` is a Unix second.
    """

    path: Path
    contents: Contents
    roots: tuple[tuple[Root, RootFiles], ...]
    workspace: str
    made: int
    hosts: Counter[str]

    @property
    def users(self) -> list[User]:
        """The records of users.json, or of org_users.json where that stands in its place."""
        own = self.roots[-1][1]
        return own.users or own.organisation


def open_one(path: Path, number: int, workspace: str, tally: Tally) -> Opened:
    """Read everything of the archive at `path` but its day files.

    Raises UsageError where it is no archive, holds no export, or several workspaces.
    """
    with open_archive(path) as archive:
        contents = survey_archive(archive, tally)
        base = find_base(contents)
        if base is None:
            raise _no_export(path, contents)
        roots = choose_roots(archive, contents, number, base, workspace)
        _note_strays(contents, base, roots, tally)
        files = [read_root_files(archive, root, tally) for root in roots]
        own = find_workspace(files[-1].users or files[-1].organisation)
        own = own or _first_team(archive, roots[-1])
        if len(roots) > 1:
            roots = (claim_shared(archive, roots[0], files[0], own, tally), roots[1])
        manifest = files[0].manifest or files[-1].manifest
        made = made_at(manifest)
        hosts = sum((found.hosts for found in files), Counter[str]())
        if not (made and hosts):
            newest, named = _look_at_newest(archive, roots)
            made, hosts = made or newest, hosts or named
        if lacks_members(manifest, contents.files, contents.total):
            tally.add("manifest-mismatch", str(path.name))
    return Opened(
        path=path,
        contents=contents,
        roots=tuple(zip(roots, files, strict=True)),
        workspace=own or roots[-1].team,
        made=made,
        hosts=hosts,
    )


def _note_strays(contents: Contents, base: str, roots: tuple[Root, ...], tally: Tally) -> None:
    """Report what lies beside the export, and count what lies in conversations' folders."""
    known = {id(member) for root in roots for member in root.files.values()}
    shelved = {id(shelf) for root in roots for shelf in root.folders.values()}
    teams = f"{base}/teams/".lstrip("/") if len(roots) > 1 else None
    for path, member in contents.rest.items():
        name = base_name(path)
        if id(member) in known or (teams and path.startswith(teams)):
            continue
        if name == "canvas_in_the_conversation.json":
            contents.canvases += 1
        elif "/content_flags/" in f"/{path}":
            contents.flags += 1
        else:
            tally.add("member-unknown", path)
    for path, shelf in contents.folders.items():
        if id(shelf) not in shelved and not (teams and path.startswith(teams)):
            tally.add("day-misplaced", path, len(shelf.names))


def _first_team(archive: Archive, root: Root) -> str:
    return next(filter(None, (first_team(archive, shelf) for shelf in root.folders.values())), "")


def _look_at_newest(archive: Archive, roots: tuple[Root, ...]) -> tuple[int, Counter[str]]:
    """The Unix second of the last message, and the hosts that permalinks of its day name."""
    shelves = [shelf for root in roots for shelf in root.folders.values()]
    day = max((shelf.newest_day() for shelf in shelves), default="")
    newest, hosts = 0, Counter[str]()
    for shelf in shelves:
        if shelf.newest_day() != day:
            continue
        for member in list(shelf.members())[-1:]:
            try:
                data = archive.read(member)
                heads = decode_heads(data, read_rows(data) or [])
            except (Damaged, Broken):
                continue
            hosts.update(find_hosts(data))
            newest = max([newest, *(read_ts(head.ts) for head in heads if head is not None)])
    return newest // 1_000_000, hosts


def _no_export(path: Path, contents: Contents) -> UsageError:
    endings = contents.endings
    if endings["sqlite"] or endings["gz"]:
        what = "a slackdump archive in another form than an export"
        advice = "Convert it with `slackdump convert -f export`."
    elif endings["txt"]:
        what = "an export in TXT form"
        advice = "Ask Slack for the export in JSON form: only that has authors' ids and times."
    elif endings["zip"]:
        what = "a folder of zip files"
        advice = "Name the zip files themselves, any number of them."
    else:
        what = "no Slack export: it has neither users.json nor any day of messages"
        advice = "Name the .zip file that Slack gave you, or the folder it was unpacked to."
    return UsageError("export-unusable", f"{path} is {what}.", advice)
