"""The Matrix adapter on Synapses of the tests' own: killed in the middle, set up wrongly, and
started by the sandbox."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from adapters.matrix import adapter
from adapters.matrix.config import Config
from adapters.matrix.registration import write_registration
from adapters.matrix.sandbox import Homeserver
from migrate.errors import Fatal, Retry, UsageError
from migrate.spi import Opening, Reacting, Sending
from tests.adapters.matrix.stage import START, Stage, act, context
from tests.live import readback

pytestmark = pytest.mark.live


def build(folder: Path, extra: dict[str, object] | None = None) -> tuple[Homeserver, Config]:
    """A homeserver that is not started yet, and a project whose registration it has."""
    server = Homeserver(folder, "own.test", [folder / "appservice.yaml"], extra)
    config = Config(homeserver=server.url, server_name="own.test")
    write_registration(config, folder / "appservice.yaml")
    return server, config


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Homeserver, Config]]:
    server, config = build(tmp_path)
    try:
        server.start()
        yield server, config
    finally:
        server.stop()


def test_homeserver_killed_in_the_middle(own: tuple[Homeserver, Config], tmp_path: Path) -> None:
    """What was acknowledged is there, what is sent again is there once, and in order."""
    server, config = own
    token = server.add_user("root", "password", admin=True)
    acknowledged: dict[str, str] = {}

    async def play(stage: Stage) -> tuple[list[list[Sending]], list[Reacting]]:
        people = await stage.accounts("U1", "U2", "U3")
        rooms = [await stage.open(f"C{number}", "public", *people) for number in range(4)]
        lanes = [
            [
                stage.sendings(room, people[number % 3], f"message {number}")[0]
                for number in range(40)
            ]
            for room in rooms
        ]
        first = [await stage.session.send(lane[0]) for lane in lanes]
        reactions = [
            stage.reacting(room, person, message, "tada")
            for room, message in zip(rooms, first, strict=True)
            for person in people
        ]

        enough = asyncio.Event()

        async def push(lane: list[Sending]) -> None:
            for sending in lane:
                try:
                    acknowledged[sending.id] = await stage.session.send(sending)
                except Retry:
                    return
                if len(acknowledged) == 40:
                    enough.set()

        async def kill() -> None:
            await enough.wait()
            await asyncio.to_thread(server.kill)

        await asyncio.gather(*map(push, lanes), kill())
        return lanes, reactions

    lanes, reactions = act(config, tmp_path, play)
    assert 40 <= len(acknowledged) < 160
    server.start()

    async def resend(stage: Stage) -> None:
        for lane in lanes:
            for sending in lane:
                ref = await stage.session.send(sending)
                assert acknowledged.get(sending.id, ref) == ref
            found = await stage.session.find(lane[0].opening, [sending.id for sending in lane])
            assert len(found) == 40
        for _ in range(2):
            await asyncio.gather(*map(stage.session.react, reactions))

    act(config, tmp_path, resend)
    rooms = readback.read_rooms(server.url, token, "slack")
    assert rooms.keys() == {"SPACE", "C0", "C1", "C2", "C3"}
    for number, lane in enumerate(lanes):
        room = rooms[f"C{number}"]
        assert [event.slack for event in room.events] == [sending.key.ts for sending in lane]
        assert [event.author for event in room.events] == [one.author.ref for one in lane]
        assert [event.time for event in room.events] == [sending.time for sending in lane]
        assert len(room.marks) == 3


def test_join_dates_and_members_are_slacks(own: tuple[Homeserver, Config], tmp_path: Path) -> None:
    server, config = own
    token = server.add_user("root", "password", admin=True)

    async def play(stage: Stage) -> tuple[Opening, list[int]]:
        ann, bob, cat = await stage.accounts("U1", "U2", "U3")
        guest = await stage.account("U4", "guest")
        opening = await stage.open("C1", "public", ann, bob, guest)
        await stage.enter(opening, cat, stays=False)
        await stage.open("D1", "dm", ann, bob)
        await stage.seal(opening, cat)
        path = ["rooms", opening.ref, "members"]
        seats = await stage.session.calls.read.call("GET", path)
        sender = config.sender
        return opening, [
            seat["origin_server_ts"] for seat in seats["chunk"] if seat["state_key"] != sender
        ]

    opening, dates = act(config, tmp_path, play)
    assert sorted(dates) == [START, START, START, START + 9_000_000]
    rooms = readback.read_rooms(server.url, token, "slack")
    members = {readback.slack_id(user, "slack") for user in rooms["C1"].members}
    assert members == {"U1", "U2", "U4", ""}  # the last one is the importer
    assert {readback.slack_id(user, "slack") for user in rooms["D1"].members} == {"U1", "U2"}
    assert rooms["C1"].open_to == {rooms["SPACE"].ref}
    assert rooms["C1"].ref == opening.ref


@pytest.mark.parametrize(
    ("extra", "limited", "codes", "fatal"),
    [
        ({}, True, ["matrix-rate-limited", "matrix-seen-at-start"], ""),
        (
            {"retention": {"enabled": True, "default_policy": {"max_lifetime": "30d"}}},
            False,
            ["matrix-seen-at-start"],
            "matrix-retention",
        ),
        (
            {
                "retention": {"enabled": True, "default_policy": {"max_lifetime": "30d"}},
                "experimental_features": {"msc1763_enabled": True},
            },
            False,
            ["matrix-retention", "matrix-seen-at-start"],
            "matrix-retention",
        ),
        (
            {"encryption_enabled_by_default_for_room_type": "all"},
            False,
            ["matrix-seen-at-start"],
            "matrix-encrypts",
        ),
    ],
)
def test_homeserver_set_up_wrongly(
    tmp_path: Path, extra: dict[str, object], limited: bool, codes: list[str], fatal: str
) -> None:
    server, config = build(tmp_path, extra)
    if limited:
        path = tmp_path / "appservice.yaml"
        path.write_text(path.read_text().replace("rate_limited: false\n", ""))

    async def check(stage: Stage) -> list[str]:
        return [finding.code for finding in await stage.session.check()]

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        await stage.say(opening, ann, "hello")

    try:
        server.start()
        assert act(config, tmp_path, check) == codes
        if fatal:
            with pytest.raises(Fatal) as error:
                act(config, tmp_path, play)
            assert error.value.code == fatal
    finally:
        server.stop()


def test_token_of_an_account(own: tuple[Homeserver, Config], tmp_path: Path) -> None:
    server, config = own
    token = server.add_user("ann", "password")
    path = tmp_path / "account.yaml"
    path.write_text(f"as_token: {token}\nhs_token: {token}\n")
    config = msgspec.structs.replace(config, registration="account.yaml")

    async def check(stage: Stage) -> list[str]:
        return [finding.code for finding in await stage.session.check()]

    assert act(config, tmp_path, check) == ["matrix-token-other"]


def test_admin_token_lists_the_accounts(own: tuple[Homeserver, Config], tmp_path: Path) -> None:
    server, config = own
    token = server.add_user("root", "password", admin=True)
    server.add_user("ann", "password")
    config = msgspec.structs.replace(config, admin_token_env="ADMIN")

    async def look() -> tuple[list[str], set[str]]:
        session = await adapter.connect(config, context(tmp_path, {"ADMIN": token}))
        try:
            codes = [finding.code for finding in await session.check()]
            return codes, {face.ref for face in await session.accounts()}
        finally:
            await session.close()

    codes, accounts = asyncio.run(look())
    assert codes == ["matrix-seen-at-start"]
    assert accounts == {"@root:own.test", "@ann:own.test"}


def test_sandbox_takes_an_import_and_lets_its_admin_in(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with adapter.sandbox(tmp_path / "homeserver", project) as sandbox:
        config = msgspec.convert(dict(sandbox.settings), Config)
        adapter.prepare(config, context(project))
        assert list(project.iterdir()) == []

        async def play(stage: Stage) -> str:
            ann, bob = await stage.accounts("U1", "U2")
            opening = await stage.open("C1", "public", ann, bob)
            await stage.say(opening, ann, "hello")
            space = await stage.session.rooms.find_space()
            assert space is not None
            return space

        space = act(config, project, play)
        password = next(
            note.split("password ")[1].split(",")[0] for note in sandbox.notes if "password" in note
        )
        signed_in = _post(
            f"{config.homeserver}/_matrix/client/v3/login",
            {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": "admin"},
                "password": password,
            },
        )
        token = str(signed_in["access_token"])
        _post(f"{config.homeserver}/_matrix/client/v3/rooms/{space}/join", {}, token)
        room = f"{config.homeserver}/_matrix/client/v3/join/%23slack_c1%3A{config.server_name}"
        _post(room, {}, token)
        started = {child.pid for child in psutil.Process().children(recursive=True)} - before
        assert started
    assert not any(psutil.pid_exists(pid) for pid in started)


def test_sandbox_without_synapse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError) as error, adapter.sandbox(tmp_path, tmp_path):
        pass
    assert error.value.code == "synapse-missing"
    assert "chat-migrate[synapse]" in error.value.advice


def test_sandbox_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    server, _ = build(tmp_path, {"database": {"name": "nonsense"}})
    with pytest.raises(Fatal) as error:
        server.start()
    assert error.value.code == "synapse-failed"
    assert (tmp_path / "homeserver.log").stat().st_size > 0
    assert "homeserver.log" in error.value.advice


def _post(url: str, body: dict[str, object], token: str = "") -> dict[str, object]:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, object] = json.load(response)
        return answer
