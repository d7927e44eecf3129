"""The server's own word on its migrations, which newer versions ask for inside a directory. Only
the server can give it; here it is read, held against the profile, and kept in the project."""

import os
from pathlib import Path

import msgspec

from adapters.zulip.config import Config
from adapters.zulip.profiles import PROFILES
from migrate.errors import UsageError

STAMP_FILE = "migration_status.json"

COMMAND = (
    'manage.py shell -c "from zerver.lib.export import do_common_export_processes as tell;'
    " tell('/tmp')\""
)
"""Writes the file into /tmp, on the server. Every `manage.py export` holds it, too."""

_CORE = "zerver"
_WAITING = "[ ]"
"""Before a migration that was not carried out; an app may have none, and says so in a line."""


class Stamp(msgspec.Struct, frozen=True):
    """What the file says: the server's version, and for each of its apps a line a migration."""

    zulip_version: str
    migrations_by_app: dict[str, list[str]]

    @property
    def version(self) -> str:
        """The major version: "11" of 11.4 and of 11.0-rc1."""
        return self.zulip_version.partition(".")[0]


def read_stamp(data: bytes) -> Stamp:
    """Raises UsageError where it is none, or of a server that is being upgraded."""
    try:
        stamp = msgspec.json.decode(data, type=Stamp)
    except msgspec.DecodeError as error:
        raise _unreadable() from error
    if not (stamp.version.isdecimal() and stamp.migrations_by_app.get(_CORE)):
        raise _unreadable()
    lines = (line for some in stamp.migrations_by_app.values() for line in some)
    if any(line.startswith(_WAITING) for line in lines):
        raise UsageError(
            "zulip-stamp-unfinished",
            "The server has migrations that it has not carried out.",
            "Finish its upgrade, then take the file again.",
        )
    return stamp


def keep_stamp(config: Config, folder: Path, data: bytes) -> Stamp:
    """Keep the file in the project's folder (0600), in place of an earlier one.

    Raises UsageError where it is none, or where the profile is of another version.
    """
    stamp = read_stamp(data)
    if not config.profile:
        raise UsageError(
            "zulip-profile-missing",
            f"The server is a Zulip {stamp.version}, and migration.toml names no profile.",
            f'Set `profile = "{stamp.version}"` in its [target] table, then plan again.',
        )
    if stamp.version != config.profile:
        raise UsageError(
            "zulip-stamp-other",
            f"The server is a Zulip {stamp.version}, the profile is {config.profile}.",
            "Take the file from the server that will import, or set `profile` to its version.",
        )
    beside = folder / f"{STAMP_FILE}.new"
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / STAMP_FILE)
    return stamp


def find_stamp(config: Config, folder: Path) -> tuple[bytes | None, str]:
    """The file that is kept, None where there is none that fits; and the code of what is wrong
    with it, "" where nothing is."""
    if not PROFILES[config.version].stamped:
        return None, ""
    path = folder / STAMP_FILE
    if not path.is_file():
        return None, "zulip-stamp-missing"
    data = path.read_bytes()
    try:
        fits = read_stamp(data).version == config.version
    except UsageError as error:
        return None, error.code
    return (data, "") if fits else (None, "zulip-stamp-other")


def _unreadable() -> UsageError:
    return UsageError(
        "zulip-stamp-unreadable",
        "The file is no migration_status.json of a Zulip server.",
        f"Make it on the server, as the user zulip: {COMMAND}",
    )
