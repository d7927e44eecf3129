"""The archive way: parts are pure, the joined archive is the same byte for byte, and reads back."""

import asyncio
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from adapters.memory import adapter
from adapters.memory.adapter import MemoryConfig
from adapters.memory.archive import ArchiveSession
from mappings.nodes import plain
from migrate.errors import Fatal
from migrate.model import File, Key, Message, Reaction, piece_id
from migrate.spi import (
    Account,
    AudienceReader,
    Body,
    BulkSession,
    Composed,
    Context,
    CustomEmoji,
    Face,
    Opening,
    Part,
    PartFile,
    Placement,
    Pointer,
    Posting,
    Reader,
)
from tests.adapters.memory.acts import account, opening
from tests.adapters.memory.test_live import Forgetful, collect

ANN, BOB = account("ann"), account("bob")
GENERAL = opening("general", ANN, BOB)
CONFIG = MemoryConfig(mode="archive", piece_limit=10)
CAPS = adapter.caps(CONFIG)


class Known:
    """Ann and Bob by their Slack ids, nobody and nothing else."""

    def person(self, id: str) -> Face | None:
        return {"UANN": Face("Ann", "ann"), "UBOB": Face("Bob", "bob")}.get(id)

    def conversation(self, id: str) -> Face | None:
        return None

    def group(self, id: str) -> str | None:
        return None

    def link(self, url: str) -> Pointer | None:
        return None

    def emoji(self, name: str) -> str | None:
        return None

    def file(self, id: str) -> str | None:
        return None


def posting(second: int, text: str, root: int | None = None, *, pinned: bool = False) -> Posting:
    message = Message(
        key=Key("T1", "CGENERAL", f"{second}.000000"),
        author="UANN",
        kind="message",
        body=plain(text),
        root="" if root is None else f"{root}.000000",
        reactions=(Reaction("thumbsup", ("UBOB", "UNOBODY")), Reaction("+1", ("UBOB", "UANN"))),
    )
    return Posting(
        id=piece_id(message.key, 0),
        message=message,
        rendered=adapter.render(message, Known(), CAPS),
        placement=Placement(time=second * 1000),
        opening=GENERAL,
        author=ANN,
        look=Known(),
        root=None if root is None else Placement(time=root * 1000),
        root_id="" if root is None else f"CGENERAL/{root}.000000/0",
        pinned=pinned,
    )


def compose(number: int, *rows: CustomEmoji | Account | Opening | Posting) -> Composed:
    return adapter.compose(Part(number=number, kind="messages"), rows, CAPS)


def write_parts(folder: Path, composed: Sequence[Composed]) -> list[PartFile]:
    files: list[PartFile] = []
    for number, each in enumerate(composed):
        streams = {name: folder / f"{number}.{name}" for name in each.streams}
        for name, path in streams.items():
            path.write_bytes(each.streams[name])
        files.append(PartFile(part=Part(number=number, kind="messages"), streams=streams))
    return files


def session_in(folder: Path) -> ArchiveSession:
    return ArchiveSession(folder / "memory.zip", CAPS, "memory")


@pytest.fixture
def parts(tmp_path: Path) -> list[PartFile]:
    (tmp_path / "parts").mkdir()
    composed = [
        compose(0, ANN, BOB),
        compose(1, GENERAL),
        compose(2, posting(1, "first", pinned=True), posting(2, "one two three", root=1)),
        compose(3, posting(3, "last")),
    ]
    return write_parts(tmp_path / "parts", composed)


def test_counts_are_of_records_not_of_pieces() -> None:
    composed = compose(0, posting(1, "one two three", pinned=True), posting(2, "x"))
    assert composed.counts == {"messages": 2, "reactions": 4, "pins": 1}
    assert composed.streams["messages"].count(b"\n") == 3
    assert compose(0, ANN, BOB).counts == {"accounts": 2}
    assert compose(0, GENERAL).counts == {"conversations": 1}


def test_compose_is_pure() -> None:
    assert compose(0, posting(1, "one two three")) == compose(0, posting(1, "one two three"))


def test_archive_holds_the_streams_in_their_declared_order(
    tmp_path: Path, parts: list[PartFile]
) -> None:
    artifact = session_in(tmp_path).finish(parts, (), 1)
    with zipfile.ZipFile(artifact.path) as archive:
        infos = archive.infolist()
        lines = archive.read("messages.jsonl").splitlines()
    assert [info.filename for info in infos] == [
        "emoji.jsonl",
        "accounts.jsonl",
        "conversations.jsonl",
        "messages.jsonl",
        "reactions.jsonl",
        "files.jsonl",
    ]
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    ids = [msgspec.json.decode(line)["id"] for line in lines]
    key = Key("T1", "CGENERAL", "2.000000")
    assert ids[1:3] == [piece_id(key, 0), piece_id(key, 1)]
    assert len(ids) == 4


def test_archive_is_the_same_byte_for_byte(tmp_path: Path, parts: list[PartFile]) -> None:
    session = session_in(tmp_path)
    first = session.finish(parts, (), 1).path.read_bytes()
    assert session.finish(parts, (), 1).path.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["memory.zip"]


def test_bodies_lie_in_the_archive_whole(tmp_path: Path, parts: list[PartFile]) -> None:
    content = bytes(range(256)) * 1_000
    (tmp_path / "body").write_bytes(content)
    file = File(id="avatar/UANN", name="ann.png", mimetype="image/png", size=len(content))
    digest = sha256(content).hexdigest()
    body = Body(file=file, path=tmp_path / "body", sha256=digest)
    artifact = session_in(tmp_path).finish(parts, [body], 1)
    with zipfile.ZipFile(artifact.path) as archive:
        (line,) = archive.read("files.jsonl").splitlines()
        assert archive.read("files/avatar/UANN") == content
    told = msgspec.json.decode(line)
    assert (told["name"], told["size"], told["sha256"]) == ("ann.png", len(content), digest)


def test_custom_emoji_are_a_stream_of_their_own() -> None:
    image = File(id="emoji/party", name="party.gif", mimetype="image/gif", size=3)
    party = CustomEmoji(name="party", placement=Placement("party2"), image=image, aliases=("yay",))
    composed = compose(0, party)
    assert composed.counts == {"emoji": 1}
    assert msgspec.json.decode(composed.streams["emoji"]) == {
        "act": "emoji", "ref": "party2", "slack": "party", "image": "emoji/party",
        "aliases": ["yay"],
    }  # fmt: skip


def test_archive_reads_back(tmp_path: Path, parts: list[PartFile]) -> None:
    session = session_in(tmp_path)
    session.finish(parts, (), 1)
    assert isinstance(session, BulkSession)
    assert isinstance(session, Reader)
    assert isinstance(session, AudienceReader)
    seen = collect(session.read(GENERAL))
    pieces = [each for each in seen if not each.message]
    root = piece_id(Key("T1", "CGENERAL", "1.000000"), 0)
    assert [(p.time, p.root) for p in pieces] == [
        (1000, None),
        (2000, root),
        (2000, root),
        (3000, None),
    ]
    marks = [(m.author, m.emoji) for m in seen if m.message == root]
    assert marks == [("bob", "+1"), ("ann", "+1")]
    assert asyncio.run(session.audience(GENERAL)).members == {"ann", "bob"}
    assert collect(session.read(opening("elsewhere"))) == []


def test_session_of_the_archive_mode(tmp_path: Path) -> None:
    context = Context(folder=tmp_path, environ={}, memo=Forgetful())
    session = asyncio.run(adapter.connect(CONFIG, context))
    assert isinstance(session, ArchiveSession)
    assert session.caps.delivery == "bulk"
    assert asyncio.run(session.check()) == ()


@pytest.mark.parametrize("content", [None, b"", b"PK not a zip"])
def test_archive_that_is_gone_or_broken_is_fatal(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "memory.zip").write_bytes(content)
    with pytest.raises(Fatal) as raised:
        collect(session_in(tmp_path).read(GENERAL))
    assert raised.value.code == "memory-archive-broken"


def test_archive_is_readable_by_its_owner_alone(tmp_path: Path, parts: list[PartFile]) -> None:
    path = session_in(tmp_path).finish(parts, (), 1).path
    assert path.stat().st_mode & 0o777 == 0o600


def test_disk_that_refuses_is_fatal(tmp_path: Path, parts: list[PartFile]) -> None:
    next(iter(parts[0].streams.values())).unlink()
    with pytest.raises(Fatal) as raised:
        session_in(tmp_path).finish(parts, (), 1)
    assert raised.value.code == "memory-unwritable"
    assert not (tmp_path / "memory.zip").exists()
