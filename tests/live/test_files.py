"""Files from a fake Slack into a real Synapse, by the command line: fetched, planned, sent and
verified; then every body read back over plain HTTP by something that shares no code with it."""

import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from adapters.matrix.config import Config
from adapters.matrix.registration import write_registration
from adapters.matrix.sandbox import Homeserver
from tests.fakes.slack import EXPORT_TOKEN
from tests.fakes.slack_files import Example, read_members, serve_example
from tests.live.migration import Answer, Migration, assert_clean, assert_sums, nothing
from tests.live.readback import Room, download, slack_id
from tests.live.shared import read_brought, seen_files, without_time

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("files")]

SERVER_NAME = "files.test"
PRIVATE = "C02PRV00001"
PLACES = ["C02PUB00010", "C02PUB00009", "C02PUB00007", PRIVATE]
"""Those of the example's conversations that have files of every kind, and a file each that no
message mentions."""

INLINED = "F02KIND0003"
REFUSED = "F02KIND0013", "F02KIND0014"
LATE = "F02KIND0001"
"""A file that Slack does not hand out at first."""

_TOKEN = re.compile(rb"xox[a-z]-")
_IMAGE = re.compile(r'<img data-mx-emoticon src="(mxc://[^"]+)" alt=":([^"]+):"')


class Server:
    """A Synapse whose log tells of every request; `admin` is a server admin's token."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths = [folder / f"a{number}.yaml" for number in range(8)]
        self.homeserver = Homeserver(folder, SERVER_NAME, self._paths)
        for path in self._paths:
            write_registration(self._config(path), path)
        log = json.loads((folder / "log.yaml").read_text())
        log["root"]["level"] = "INFO"
        (folder / "log.yaml").write_text(json.dumps(log))
        self.homeserver.start()
        self.admin = self.homeserver.add_user("root", "root-password", admin=True)

    def config(self) -> Config:
        """The settings of a project that nobody has used yet."""
        return self._config(self._paths.pop())

    def _config(self, path: Path) -> Config:
        return Config(
            homeserver=self.homeserver.url,
            server_name=SERVER_NAME,
            registration=str(path),
            prefix=path.stem,
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("homeserver"))
    try:
        yield server
    finally:
        server.homeserver.stop()


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    with serve_example(tmp_path) as example:
        yield example


def migrate(server: Server, example: Example, folder: Path, *places: str) -> Migration:
    settings = {
        **example.settings,
        "source.channels": list(places),
        "target.members": "authors",
        "files.missing": "link",
    }
    return Migration(server.config(), folder, example.export, settings, example.environ)


def test_every_file_arrives_whole_and_nothing_else(
    server: Server, example: Example, tmp_path: Path
) -> None:
    """One test: each step starts where the one before ended."""
    example.slack.bodies[LATE].always = "sign-in"
    migration = migrate(server, example, tmp_path, *PLACES)
    answers = _arrive(migration, example, server)
    _send_nothing_twice(migration, server)
    answers += _bring_what_came_later(migration, example, server)
    for answer in answers:
        assert "xox" not in json.dumps(answer.fields) + answer.errors
    _assert_no_token(migration.folder, server, example)


def _arrive(migration: Migration, example: Example, server: Server) -> list[Answer]:
    fetched = migration.command("fetch")
    assert fetched.exit == 1, (fetched.fields, fetched.errors)
    refused = {told["code"]: told["count"] for told in fetched.fields["refused"]}
    assert refused.pop("body-sign-in") == 1
    assert sum(refused.values()) == len(REFUSED)
    planned = migration.command("plan", "--check")
    assert planned.exit in (0, 1), (planned.fields, planned.errors)
    assert planned.fields["blockers"] == []
    losses = {told["code"]: told["count"] for told in planned.fields["losses"]}
    assert losses["matrix-media-by-uri"] > 0
    ran = migration.command("run", "--plan", planned.fields["digest"])
    assert ran.exit in (0, 1), (ran.fields, ran.errors)
    assert_sums(ran.fields)
    assert nothing(ran.fields["failed"])
    assert ran.fields["sent"]["files"] == planned.fields["counts"]["files"]["send"]
    verified = migration.command("verify")
    assert_clean(verified)
    assert verified.fields["checked"]["files"] == ran.fields["sent"]["files"]
    rooms = migration.rooms(server.admin)
    _assert_files(migration, rooms, example, server, but=(LATE,))
    _assert_private(rooms, server)
    _assert_pictures(migration, rooms, example, server)
    return [fetched, planned, ran, verified]


def _send_nothing_twice(migration: Migration, server: Server) -> None:
    before, media = migration.rooms(server.admin), _media(server)
    for name in ("plan", "run"):
        again = migration.command(name)
        assert again.exit in (0, 1), (again.fields, again.errors)
    assert nothing(again.fields["sent"])
    assert_sums(again.fields)
    assert migration.rooms(server.admin) == before
    assert _media(server) == media


def _bring_what_came_later(migration: Migration, example: Example, server: Server) -> list[Answer]:
    """As a reply to the message that it belongs to."""
    before, media = migration.rooms(server.admin), _media(server)
    example.slack.bodies[LATE].always = ""
    fetched = migration.command("fetch")
    assert fetched.fields["fetched"]["files"] == 1, (fetched.fields, fetched.errors)
    planned = migration.command("plan")
    losses = {told["code"]: told["count"] for told in planned.fields["losses"]}
    assert losses["file-late"] > 0
    ran = migration.command("run")
    assert ran.fields["sent"]["files"] == 1, (ran.fields, ran.errors)
    assert_sums(ran.fields)
    assert_clean(migration.command("verify"))
    rooms = migration.rooms(server.admin)
    _assert_files(migration, rooms, example, server)
    old = {event.ref for room in before.values() for event in room.events}
    new = [event for room in rooms.values() for event in room.events if event.ref not in old]
    roots = {event.slack: event.ref for room in before.values() for event in room.events}
    assert len(new) == losses["file-late"]
    assert {event.root for event in new} == {roots[event.slack] for event in new}
    assert {event.file for event in new} != {""}
    assert len(_media(server)) == len(media) + 1
    assert nothing(migration.command("run").fields["sent"])
    return [fetched, planned, ran]


def _assert_files(
    migration: Migration,
    rooms: dict[str, Room],
    example: Example,
    server: Server,
    but: tuple[str, ...] = (),
) -> None:
    """Each in its room, with its message, by its author, of its name and type, whole."""
    absent = {INLINED, *REFUSED, *but}
    bodies = {id: body for id, body in example.bodies.items() if id not in absent}
    told = read_brought(example.export, bodies, example.slack.api.files, PLACES)
    assert sum(not ts for _, ts, *_ in told) == 2, "files that no message mentions"
    seen = seen_files(rooms, migration.config.prefix, migration.config.homeserver, server.admin)
    assert without_time(seen, {ts for _, ts, *_ in told}) == told


def _assert_private(rooms: dict[str, Room], server: Server) -> None:
    """A private room's files are spoken of nowhere else, and nobody gets one without an account."""
    inside = {event.file for event in rooms[PRIVATE].events} - {""}
    elsewhere = {event.file for id, room in rooms.items() if id != PRIVATE for event in room.events}
    assert inside
    assert inside.isdisjoint(elsewhere)
    assert rooms[PRIVATE].doors == "invite"
    for path in ("client/v1/media/download", "media/v3/download"):
        address = f"{server.homeserver.url}/_matrix/{path}/{min(inside).removeprefix('mxc://')}"
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(address), timeout=10)
        assert refused.value.code in (401, 404)


def _assert_pictures(
    migration: Migration, rooms: dict[str, Room], example: Example, server: Server
) -> None:
    """Everybody's picture in every room, and the images of custom emoji in texts and reactions."""
    url, images = migration.config.homeserver, example.images.bodies
    found: dict[str, str] = {}
    for room in rooms.values():
        for account in room.members:
            id = slack_id(account, migration.config.prefix)
            if f"avatar-{id}" in images:
                found[id] = room.pictures[account]
    assert len(found) > 10
    for id, address in found.items():
        assert download(url, server.admin, address) == images[f"avatar-{id}"].text
    emoji = {
        name: address
        for room in rooms.values()
        for event in room.events
        for address, name in _IMAGE.findall(event.html)
    }
    assert emoji.keys() == {"acme-parrot", "slack"}
    for name, address in emoji.items():
        assert download(url, server.admin, address) == images[f"emoji-{name}"].text


def _media(server: Server) -> set[str]:
    """The bodies in the homeserver's media store."""
    path = server.folder / "media" / "local_content"
    return {str(each) for each in path.rglob("*") if each.is_file()}


def _assert_no_token(project: Path, server: Server, example: Example) -> None:
    """None in anything that the homeserver was told, nor in anything that was written here."""
    members = read_members(example.export).values()
    assert any(EXPORT_TOKEN.encode() in member for member in members)
    assert any(seen.token == EXPORT_TOKEN for seen in example.slack.ledger)
    with sqlite3.connect(server.folder / "server.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for folder in (project, server.folder) for path in folder.rglob("*")]
    log = (server.folder / "homeserver.log").read_bytes()
    assert b"/_matrix/media/v3/upload" in log
    for path in files:
        if path.is_file():
            assert not _TOKEN.search(path.read_bytes()), path
    for raw in _unpacked(project / "state.db"):
        assert not _TOKEN.search(raw)


def _unpacked(path: Path) -> Iterator[bytes]:
    """Every value in the store that is compressed."""
    with sqlite3.connect(path) as database:
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        values = (
            value
            for table in tables
            for row in database.execute(f"SELECT * FROM {table}")
            for value in row
            if isinstance(value, bytes)
        )
        found = 0
        for value in values:
            try:
                yield zlib.decompress(value)
            except zlib.error:
                continue
            found += 1
        assert found


@pytest.mark.parametrize("step", ["file.intended", "file.called", "file.noted"])
def test_killed_while_files_are_uploaded(
    server: Server, example: Example, tmp_path: Path, step: str
) -> None:
    """At a picture, then at a file; one more run brings the rest."""
    migration = migrate(server, example, tmp_path, PRIVATE)
    assert migration.command("fetch").fields["fetched"]["files"] > 1
    migration.plan()
    assert migration.run_until(f"{step}=avatar/", 2)
    assert migration.run_until(f"{step}=F", 3)
    ran = migration.command("run")
    assert ran.exit in (0, 1), (ran.fields, ran.errors)
    assert nothing(ran.fields["failed"])
    assert_sums(ran.fields)
    assert_clean(migration.command("verify"))
    rooms = migration.rooms(server.admin)
    told = read_brought(example.export, example.bodies, {}, [PRIVATE])
    seen = seen_files(rooms, migration.config.prefix, migration.config.homeserver, server.admin)
    assert without_time(seen, {ts for _, ts, *_ in told}) == told
