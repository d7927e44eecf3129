"""What is left of an archive whose import stopped halfway. A server must not read the lines of
accounts and channels a second time: it would promote guests, give everybody a new password, and
stop at the first archived channel. Posts it knows again, so all of them stay."""

import shutil
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from adapters.mattermost.lines import Channel, ChannelLine, Line, User, UserLine, decode
from migrate.errors import Fatal


def write_remainder(
    whole: Path, into: Path, users: Collection[str], channels: Collection[str]
) -> None:
    """Write the archive `whole` without the lines of these accounts and channels, by name, which
    stand at the server already. Raises Fatal where the disk refuses."""
    try:
        with (
            zipfile.ZipFile(whole) as source,
            zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as target,
        ):
            into.chmod(0o600)
            for member in source.infolist():
                copy = zipfile.ZipInfo(member.filename, member.date_time)
                if member.filename.endswith(".jsonl") and "/" not in member.filename:
                    copy.compress_type = zipfile.ZIP_DEFLATED
                    _copy_lines(source, member, target, copy, users, channels)
                    continue
                with (
                    source.open(member) as body,
                    target.open(copy, "w", force_zip64=True) as written,
                ):
                    shutil.copyfileobj(body, written, 1024 * 1024)
    except (OSError, zipfile.BadZipFile) as error:
        raise Fatal(
            "mattermost-remainder",
            "What is left of the archive cannot be written beside it.",
            "See that the disk has room for a second copy, then run again.",
        ) from error


def heads(path: Path) -> Iterator[User | Channel]:
    """The accounts and channels that an archive speaks of."""
    with zipfile.ZipFile(path) as archive, archive.open(jsonl_of(archive)) as lines:
        for line in lines:
            match _head(line):
                case UserLine(user=user):
                    yield user
                case ChannelLine(channel=channel):
                    yield channel


def jsonl_of(archive: zipfile.ZipFile) -> str:
    """The member that a server reads the lines from."""
    return next(n for n in archive.namelist() if n.endswith(".jsonl") and "/" not in n)


def _copy_lines(
    source: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    target: zipfile.ZipFile,
    copy: zipfile.ZipInfo,
    users: Collection[str],
    channels: Collection[str],
) -> None:
    with source.open(member) as lines, target.open(copy, "w", force_zip64=True) as written:
        for line in lines:
            match _head(line):
                case UserLine(user=user) if user.username in users:
                    continue
                case ChannelLine(channel=channel) if channel.name in channels:
                    continue
                case _:
                    written.write(line)


def _head(line: bytes) -> Line | None:
    """The line of an account or a channel; None for the many others, which need no reading."""
    if line.startswith((b'{"type":"user"', b'{"type":"channel"')):
        return decode(line)
    return None
