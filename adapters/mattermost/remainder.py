"""What is left of an archive whose import stopped halfway. A server must not read the lines of
accounts and channels a second time: it would promote guests, give everybody a new password, and
stop at the first archived channel. Posts it knows again, by their time and words, so all of them
stay; whose words were changed there since have them as they are now."""

import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from adapters.mattermost.lines import (
    Channel,
    ChannelLine,
    DirectPostLine,
    Line,
    PostLine,
    User,
    UserLine,
    decode,
    encode,
)
from migrate.errors import Fatal

_UNCHANGED: Mapping[str, str] = MappingProxyType({})


def write_remainder(
    whole: Path,
    into: Path,
    users: Collection[str],
    channels: Collection[str],
    words: Mapping[str, str] = _UNCHANGED,
) -> None:
    """Write the archive `whole` without the lines of these accounts and channels, by name, which
    stand at the server already, and with these `words` of messages, by our mark of them; whole or
    not at all. Raises Fatal where the disk refuses."""
    unfinished = into.with_name(into.name + ".part")
    try:
        with (
            zipfile.ZipFile(whole) as source,
            zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as target,
        ):
            unfinished.chmod(0o600)
            for member in source.infolist():
                copy = zipfile.ZipInfo(member.filename, member.date_time)
                if member.filename.endswith(".jsonl") and "/" not in member.filename:
                    copy.compress_type = zipfile.ZIP_DEFLATED
                    _copy_lines(source, member, target, copy, users, channels, words)
                    continue
                with (
                    source.open(member) as body,
                    target.open(copy, "w", force_zip64=True) as written,
                ):
                    shutil.copyfileobj(body, written, 1024 * 1024)
        unfinished.replace(into)
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
    words: Mapping[str, str],
) -> None:
    with source.open(member) as lines, target.open(copy, "w", force_zip64=True) as written:
        for line in lines:
            match _head(line):
                case UserLine(user=user) if user.username in users:
                    continue
                case ChannelLine(channel=channel) if channel.name in channels:
                    continue
                case _:
                    written.write(_reworded(line, words) if words else line)


def _head(line: bytes) -> Line | None:
    """The line of an account or a channel; None for the many others, which need no reading."""
    if line.startswith((b'{"type":"user"', b'{"type":"channel"')):
        return decode(line)
    return None


class Mark(msgspec.Struct, frozen=True, gc=False):
    slack_id: str = ""


class Root(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Of a message that answers no other, where it is, what it says, and our mark of it."""

    channel: str = ""
    channel_members: tuple[str, ...] = ()
    message: str
    props: Mark = Mark()


class _RootLine(msgspec.Struct, frozen=True, gc=False):
    post: Root | None = None
    direct_post: Root | None = None


_roots = msgspec.json.Decoder(_RootLine)


def read_root(line: bytes) -> Root | None:
    """The message of a line; None for lines of other kinds. What lies under it is passed over."""
    if not line.startswith((b'{"type":"post"', b'{"type":"direct_post"')):
        return None
    read = _roots.decode(line)
    return read.post or read.direct_post


def _reworded(line: bytes, words: Mapping[str, str]) -> bytes:
    root = read_root(line)
    if root is None or root.props.slack_id not in words:
        return line
    message = words[root.props.slack_id]
    match decode(line):
        case PostLine(post=post):
            return encode(PostLine(msgspec.structs.replace(post, message=message))) + b"\n"
        case DirectPostLine(direct_post=post):
            return encode(DirectPostLine(msgspec.structs.replace(post, message=message))) + b"\n"
        case _:
            return line
