"""The joining of parts into one archive, and the session of a project that only makes the archive.
Bringing it to a server lies elsewhere."""

import os
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from adapters.mattermost import channels, lines, pictures
from adapters.mattermost.config import Config
from adapters.mattermost.manuscript import Bites, Manuscript
from adapters.mattermost.paths import AVATARS, ROOT, body_path
from adapters.mattermost.profiles import MattermostCaps
from adapters.mattermost.reading import IMPORT, ArchiveReader
from adapters.mattermost.records import Ledger, decode_ledger
from adapters.mattermost.validator import Validator
from adapters.mattermost.zipping import ZipWriter
from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.spi import (
    Account,
    Artifact,
    Audience,
    Body,
    Capabilities,
    Context,
    Opening,
    PartFile,
    Ref,
    Seen,
)

Shelf = dict[str, tuple[str, int]]
"""Bodies by their paths within the archive: where they lie on this disk, and their size."""


class ArchiveSession:
    """Joins parts into archives in the project's folder, and reads them back."""

    against: Literal["archive", "server"] = "archive"

    def __init__(
        self, config: Config, context: Context, caps: MattermostCaps, *, makes_team: bool = True
    ) -> None:
        self.caps: Capabilities = caps
        self.fingerprint = f"mattermost archive {config.team}"
        self._caps = caps
        self._config = config
        self._context = context
        self._makes_team = makes_team
        self._held: tuple[object, ArchiveReader] | None = None

    async def check(self) -> Sequence[Finding]:
        found: list[Finding] = []
        if not self._config.url:
            found.append(Finding(code="mattermost-not-asked"))
        if not self._caps.kept.proven:
            found.append(Finding(code="profile-unproven", place=self._caps.profile))
        return found

    async def close(self) -> None:
        if self._held is not None:
            self._held[1].close()
            self._held = None

    def finish(self, parts: Sequence[PartFile], bodies: Iterable[Body], number: int) -> Artifact:
        """See `migrate.spi.BulkSession`. Raises ChatMigrateError where the archive would not be
        taken: what stands under its name stays."""
        path = self.path(number)
        try:
            unreadable = self._join(path, parts, bodies, number)
        except (OSError, zlib.error) as error:
            raise Fatal(
                "mattermost-unwritable",
                "The archive could not be written, or one of its parts or files not be read.",
                "See that the disk has room, then run again to continue.",
            ) from error
        return Artifact(path=path, next_steps=self._next_steps(path, unreadable))

    def path(self, number: int) -> Path:
        """Where the archive with this number lies, the first being 1."""
        return self._context.folder / self._config.archive(number)

    def archives(self) -> list[Path]:
        """The archives that are there, in their order."""
        found: list[Path] = []
        while (path := self.path(len(found) + 1)).is_file():
            found.append(path)
        return found

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """Everything of the target conversation, from all archives."""
        for seen in self._reader().read(opening):
            yield seen

    async def audience(self, opening: Opening) -> Audience:
        return self._reader().audience(opening)

    def sign_in(self, account: Account) -> str:
        """See `migrate.spi.Usher`. Passwords are the server's secret, and drawn by it."""
        if account.action == "map":
            return "as before"
        silent = account.action == "ghost" or account.person.kind == "bot"
        if silent or account.person.deactivated:
            return ""
        name = account.placement.name
        for ledger in self._earlier():
            address = ledger.addresses.get(name, "")
            if address and not address.endswith(f"@{self._config.email_domain}"):
                return f"with {address}, by `Forgot your password?`"
        return f"as {name}, once an admin has set a password: mmctl user change-password {name}"

    def direct_members(self, opening: Opening) -> Sequence[Ref]:
        """By whose names a direct or group message is known; nobody's for a channel."""
        return channels.members_of(opening) if channels.is_direct(opening) else ()

    def _reader(self) -> ArchiveReader:
        """Kept as long as the archives are the same: it holds an index of them."""
        stamps = tuple((path, path.stat().st_mtime_ns) for path in self.archives())
        if self._held is None or self._held[0] != stamps:
            if self._held is not None:
                self._held[1].close()
            self._held = (stamps, ArchiveReader([path for path, _ in stamps]))
        return self._held[1]

    def _join(
        self, path: Path, parts: Sequence[PartFile], bodies: Iterable[Body], number: int
    ) -> int:
        """Beside the final name, on the disk, then renamed: whole or not at all. Returns how many
        of people's pictures no server can read."""
        shelf = {body_path(body.file): (str(body.path), body.file.size) for body in bodies}
        unreadable = {
            name
            for name, (body, _) in shelf.items()
            if name.startswith(AVATARS) and not pictures.is_shown(Path(body))
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        earlier = self._earlier(number - 1)
        manuscript = Manuscript(self._config, self._caps, parts, earlier, unreadable)
        validator = Validator(self._caps.kept, self._config.team, manuscript.known)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with open(os.open(unfinished, flags, 0o600), "wb", buffering=1 << 20) as file:
            archive = ZipWriter(file)
            makes_team = self._makes_team and number == 1
            archive.add_deflated(
                IMPORT, _watched(manuscript.bites(makes_team=makes_team), validator.feed)
            )
            validator.finish(self._add_bodies(archive, shelf, validator.paths))
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        self._context.memo.set(_ledger_name(number), lines.encode(manuscript.ledger).decode())
        unfinished.replace(path)
        return len(unreadable)

    def _add_bodies(self, archive: ZipWriter, shelf: Shelf, wanted: set[str]) -> Iterator[str]:
        """Write the bodies that lines speak of; their paths. A body that is not the one of the plan
        ends the joining."""
        for name, (body, size) in shelf.items():
            if name not in wanted:
                continue
            if archive.add_stored(ROOT + name, Path(body)) != size:
                raise OSError("a body is not as it was when it was planned")
            yield name

    def _earlier(self, last: int = 1_000) -> list[Ledger]:
        """What the archives up to number `last` took."""
        found: list[Ledger] = []
        while len(found) < last and (text := self._context.memo.get(_ledger_name(len(found) + 1))):
            found.append(decode_ledger(text.encode()))
        return found

    def _next_steps(self, path: Path, unreadable: int) -> tuple[str, ...]:
        name = path.name
        steps = (
            f"On the server, set FileSettings.MaxFileSize above {path.stat().st_size} bytes and"
            " TeamSettings.MaxUsersPerTeam above the number of accounts.",
            f"Upload it: mmctl import upload {name}",
            "Import it, once and no second time, by the name that `mmctl import list available`"
            f" shows: mmctl import process <id>_{name}",
            "Wait for its end: mmctl import job list. Should it stop with an error, never import it"
            " onto what it has made: remove the team and its accounts first. A project that has"
            " `url` and a token from the start needs no such care: its `run` goes on by itself.",
            "reports/accounts.csv tells how everybody signs in.",
        )
        if not unreadable:
            return steps
        return (
            f"Left out, for no server can read them: {unreadable} of people's pictures.",
            *steps,
        )


def _watched(bites: Bites, watch: Callable[[bytes], None]) -> Bites:
    for raw, plain in bites:
        watch(plain)
        yield raw, plain


def _ledger_name(number: int) -> str:
    return f"archive.{number}"
