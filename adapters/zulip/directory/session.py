"""The session of a project that makes an import directory: the joining of its parts, what the
server's administrator does with it, and the reading back."""

import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from adapters.zulip.config import Config
from adapters.zulip.directory.joining import Joining
from adapters.zulip.directory.reading import DirectoryReader
from adapters.zulip.directory.stamping import COMMAND, STAMP_FILE, find_stamp
from adapters.zulip.profiles import PROFILES, caps_for
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
    Seen,
)


class DirectorySession:
    """Joins parts into the directory in the project's folder, and reads it back."""

    against: Literal["archive", "server"] = "archive"

    def __init__(self, config: Config, context: Context) -> None:
        self.caps: Capabilities = caps_for(config)
        self.fingerprint = f"zulip import {config.subdomain}"
        self._config = config
        self._context = context
        self._kept = PROFILES[config.version]
        self._held: tuple[int, DirectoryReader] | None = None

    @property
    def path(self) -> Path:
        """Where the directory lies."""
        return self._context.folder / self._config.path

    async def check(self) -> Sequence[Finding]:
        found = [Finding(code=f"zulip-user-messages-{self._config.user_messages}")]
        if not self._config.profile:
            found.append(Finding(code="zulip-profile-missing"))
        elif not self._kept.proven:
            found.append(Finding(code="profile-unproven", place=self._kept.name))
        if not self._config.owner:
            found.append(Finding(code="zulip-no-owner"))
        if code := find_stamp(self._config, self._context.folder)[1]:
            found.append(Finding(code=code, place=self._kept.name))
        return found

    async def close(self) -> None:
        if self._held is not None:
            self._held[1].close()
            self._held = None

    def finish(self, parts: Sequence[PartFile], bodies: Iterable[Body], number: int) -> Artifact:
        """See `migrate.spi.BulkSession`. Raises ChatMigrateError where the directory would not be
        taken: what stands under its name stays."""
        stamp, _ = find_stamp(self._config, self._context.folder)
        unfinished = self.path.with_name(self.path.name + ".part")
        before = self.path.with_name(self.path.name + ".old")
        try:
            _remove(unfinished)
            Joining(unfinished, parts, self._config, self._kept).write(bodies, stamp)
            _remove(before)
            if self.path.exists():
                self.path.rename(before)
            unfinished.rename(self.path)
            _remove(before)
        except (OSError, msgspec.DecodeError) as error:
            raise Fatal(
                "zulip-unwritable",
                "The directory could not be written, or one of its parts or files not be read.",
                "See that the disk has room, then run again to continue.",
            ) from error
        return Artifact(path=self.path, next_steps=self._next_steps(stamp is not None))

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """Everything of the target conversation."""
        for seen in self._reader().read(opening):
            yield seen

    async def audience(self, opening: Opening) -> Audience:
        return self._reader().audience(opening)

    def sign_in(self, account: Account) -> str:
        """See `migrate.spi.Usher`. Passwords are made by the importer, and told nobody."""
        silent = account.action != "create" or account.person.kind == "bot"
        if silent or account.person.deactivated:
            return ""
        if not account.person.email:
            return "once an owner has given the account an e-mail address"
        return f"with {account.person.email.lower()}, by `Forgot your password?`"

    def _reader(self) -> DirectoryReader:
        """Kept as long as the directory is the same."""
        try:
            made = self.path.stat().st_ino
            if self._held is None or self._held[0] != made:
                self._held = (made, DirectoryReader(self.path, self._kept))
        except (OSError, msgspec.DecodeError) as error:
            raise broken() from error
        return self._held[1]

    def _next_steps(self, stamped: bool) -> tuple[str, ...]:
        subdomain, name = self._config.subdomain, self.path.name
        steps = [f"Copy the folder {name} to the Zulip server, where the user zulip can read it."]
        if self._kept.stamped and not stamped:
            steps += [
                "Without the server's word on its migrations it takes nothing. As the user zulip,"
                f" in /home/zulip/deployments/current: {COMMAND}",
                f"Bring the file here: chat-migrate stamp {self._context.folder.name}"
                f" {STAMP_FILE}; then run again.",
            ]
        steps.append(
            f"As the user zulip: /home/zulip/deployments/current/manage.py import {subdomain}"
            f" /path/to/{name}"
        )
        steps.append(
            f"Should it stop with an error: manage.py delete_realm -r {subdomain}, mend the cause,"
            " and import again."
        )
        steps.append("reports/accounts.csv tells how everybody signs in.")
        return tuple(steps)


def broken() -> Fatal:
    """The directory cannot be read back."""
    return Fatal(
        "zulip-broken",
        "The directory is gone, or is not as it was written.",
        "Run `chat-migrate run` again: it is joined anew from its parts.",
    )


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
