"""What the tests of files share: workspaces with files, their bodies as `fetch` leaves them in a
project, and what a target holds of each message."""

import struct
import zlib
from collections import Counter
from pathlib import Path

import pytest

from adapters.conformance.migration import Migration, assert_verified
from adapters.conformance.target import Attached, Holding, Post, Target
from adapters.conformance.workspace import Place, Said, Shared, Workspace


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(32 * (b"\0" + 32 * b"\x20\x80\xe0")))
    + _chunk(b"IEND", b"")
)
"""A picture, 32 by 32, for servers that look at what they are given."""


def pair_workspace() -> tuple[Workspace, Place, list[str]]:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    return workspace, workspace.channel("general", ann, bob), [ann, bob]


def files_workspace() -> tuple[Workspace, list[Said]]:
    """Messages with files of their own and shared ones, in two conversations."""
    workspace, general, (ann, bob) = pair_workspace()
    files = [workspace.file(ann, f"file{n}.bin", PNG + bytes([n])) for n in range(4)]
    root = general.say(ann, "two of them").attach(files[0], files[1])
    said = [
        root,
        general.say(bob, "and one below", root=root).attach(files[2]),
        workspace.dm(ann, bob).say(ann, "again").attach(files[1], files[3]),
        general.say(bob, "no file here"),
    ]
    return workspace, said


def carrying(
    target: Target,
    folder: Path,
    workspace: Workspace,
    settings: dict[str, object] | None = None,
) -> Migration:
    """A migration to a target that keeps files; the test ends here where it keeps none."""
    migration = Migration(target, folder, workspace, settings)
    if migration.caps.files == "none":
        pytest.skip("the target keeps no files")
    return migration


def fetched(target: Target, folder: Path, workspace: Workspace) -> Migration:
    """The same, with every body that there is."""
    migration = carrying(target, folder, workspace)
    fetch_all(migration, workspace)
    return migration


def fetch_all(migration: Migration, workspace: Workspace) -> None:
    if migration.caps.files == "none":
        pytest.skip("the target keeps no files")
    migration.fetch(*(file for file in workspace.files if file.content is not None))


def is_added_to(migration: Migration) -> bool:
    """Whether what is at the target stays, and news come after it."""
    return migration.caps.delivery == "live" or migration.caps.delta == "append"


def posts_at(holding: Holding, said: Said) -> list[Post]:
    """What stands for a message: its author's posts of its second, late files among them."""
    return [
        post
        for post in holding.posts
        if (post.conversation, post.author) == (said.place.id, said.author)
        and post.time // 1_000 == said.micros // 1_000_000
    ]


def files_at(holding: Holding, said: Said) -> Counter[Attached]:
    return Counter(file for post in posts_at(holding, said) for file in post.files)


def text_at(holding: Holding, said: Said) -> str:
    return "\n".join(post.text for post in posts_at(holding, said))


def attached(*files: Shared) -> Counter[Attached]:
    return Counter(
        Attached(name=file.name, mimetype=file.mimetype, sha256=file.sha256) for file in files
    )


def assert_linked(holding: Holding, said: Said, file: Shared) -> None:
    """The message is there, and says which file it lacks."""
    text = text_at(holding, said)
    assert said.text in text
    assert file.name in text
    assert not any(each.name == file.name for each in files_at(holding, said))


def assert_everything(migration: Migration, said: list[Said]) -> None:
    holding = migration.holding()
    for each in said:
        assert files_at(holding, each) == attached(*each.files)
        assert sum(post.text == each.text for post in posts_at(holding, each)) == 1
    assert_verified(migration)


def digest(content: bytes) -> str:
    return Shared({}, content).sha256
