"""Enterprise Grid: which of an organisation's workspaces is meant, and whose the conversations are
that they share. Exports of one workspace pass through unchanged."""

from collections.abc import Iterator

from migrate.errors import UsageError
from migrate.source.archive import Archive
from migrate.source.layout import Contents, Root, Shelf, list_teams, read_root
from migrate.source.loose import Broken, get_text, read_fields, read_rows
from migrate.source.members import Damaged
from migrate.source.people import find_workspace
from migrate.source.roots import RootFiles, read_root_files
from migrate.source.tally import Tally


def choose_roots(
    archive: Archive, contents: Contents, number: int, base: str, workspace: str
) -> tuple[Root, ...]:
    """The export at `base`; of an Enterprise Grid export the wanted workspace's own one after the
    one with the conversations that several workspaces share.

    `workspace` is a folder's name or a team id. Raises UsageError where it fits no workspace.
    """
    teams = list_teams(contents, base)
    if not teams:
        return (read_root(contents, number, base),)
    inside = {team: read_root(contents, number, base, teams, team) for team in teams}
    wanted = workspace.casefold()
    for team, root in inside.items():
        if wanted == team.casefold() or (wanted and wanted == _find_id(archive, root).casefold()):
            return (read_root(contents, number, base, teams), root)
    listed = ", ".join(teams)
    if not workspace:
        raise UsageError(
            "workspace-missing",
            f"{archive.path} is an Enterprise Grid export of several workspaces: {listed}.",
            "Say which one to bring over, as `source.workspace`.",
        )
    raise UsageError(
        "workspace-unknown",
        f"{archive.path} has no workspace {workspace}; it has {listed}.",
        "Name one of these as `source.workspace`.",
    )


def _find_id(archive: Archive, root: Root) -> str:
    return find_workspace(read_root_files(archive, root, Tally()).users)


def first_team(archive: Archive, shelf: Shelf) -> str:
    """The team of the first post that names one, "" where none does."""
    for rows in _days(archive, shelf):
        for row in rows:
            fields = read_fields(row)
            team = get_text(fields, "team")
            if team:
                return team
    return ""


def _days(archive: Archive, shelf: Shelf) -> Iterator[list[bytes]]:
    for member in shelf.members():
        try:
            yield [bytes(row) for row in read_rows(archive.read(member)) or ()]
        except (Damaged, Broken):
            # Reported when the conversation itself is read.
            continue


def claim_shared(
    archive: Archive, root: Root, files: RootFiles, workspace: str, tally: Tally
) -> Root:
    """Of what several workspaces share, the conversations whose first post with a team is
    `workspace`'s; the others leave `files` too."""
    folders: dict[str, Shelf] = {}
    teams: dict[str, str] = {}
    for name, shelf in root.folders.items():
        id = files.register.find(name) or name
        team = teams.get(id) or first_team(archive, shelf)
        teams[id] = team
        if team == workspace:
            folders[name] = shelf
    for id in {**files.conversations, **teams}:
        if teams.get(id, "") != workspace:
            tally.add("shared-elsewhere" if teams.get(id) else "shared-unclaimed", id)
            files.conversations.pop(id, None)
    return Root(archive=root.archive, files=root.files, folders=folders, shared=True)
