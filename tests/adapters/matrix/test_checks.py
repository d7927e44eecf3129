"""What `plan --check` and the first moments of a run say of a homeserver that is not ready."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from adapters.matrix import adapter
from adapters.matrix.checks import is_open_wire, room_version
from adapters.matrix.config import Config
from adapters.matrix.registration import write_registration
from migrate.errors import ChatMigrateError, Fatal, UsageError
from tests.adapters.matrix.places import Place, installed
from tests.adapters.matrix.stage import Stage, act, context
from tests.fakes.homeserver import FakeHomeserver

Fake = tuple[Place, FakeHomeserver]


def codes_of(config: Config, folder: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """The codes of what `check` finds."""

    async def check() -> list[str]:
        session = await adapter.connect(config, context(folder, environ))
        try:
            return [finding.code for finding in await session.check()]
        finally:
            await session.close()

    return asyncio.run(check())


def test_registration_that_is_not_installed(place: Place, tmp_path: Path) -> None:
    config = msgspec.structs.replace(place.config, registration="fresh.yaml")
    write_registration(config, tmp_path / "fresh.yaml")
    assert codes_of(config, tmp_path) == ["matrix-token-unknown"]


def test_wrong_server_name(place: Place) -> None:
    config = msgspec.structs.replace(place.config, server_name="elsewhere.test")
    assert codes_of(config, place.folder) == ["matrix-server-name"]


def test_registration_installed_for_another_prefix(place: Place) -> None:
    config = msgspec.structs.replace(place.config, prefix="other")
    assert codes_of(config, place.folder) == ["matrix-namespace"]


def test_token_of_an_account(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.people[fake.registrations[0].token] = "@ann:fake.test"
    fake.registrations = []
    assert codes_of(place.config, place.folder) == ["matrix-token-other"]


def test_namespace_that_does_not_hold_the_ghosts(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.registrations[0].users = r"@somebody_.*:fake\.test"
    assert codes_of(place.config, place.folder) == ["matrix-namespace", "matrix-seen-at-start"]


def test_rate_limits(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.registrations = [installed(place.config, place.folder, rate_limited=True)]
    assert codes_of(place.config, place.folder) == ["matrix-rate-limited", "matrix-seen-at-start"]


def test_announced_retention(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.world.retention_ms, fake.announces_retention = 86_400_000, True
    assert codes_of(place.config, place.folder) == ["matrix-retention", "matrix-seen-at-start"]


def test_old_homeserver(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.world.version = 7
    assert codes_of(place.config, place.folder) == ["matrix-room-version", "matrix-seen-at-start"]


def test_admin_that_is_not_there(place: Place) -> None:
    admin = f"@nobody:{place.config.server_name}"
    config = msgspec.structs.replace(place.config, admin=admin)
    assert codes_of(config, place.folder) == ["matrix-admin", "matrix-seen-at-start"]

    async def play(stage: Stage) -> str:
        return (await stage.account("U1")).ref

    config = msgspec.structs.replace(config, admin=act(place.config, place.folder, play))
    assert codes_of(config, place.folder) == ["matrix-seen-at-start"]


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, True),
        ({"ADMIN": "wrong"}, True),
        ({"ADMIN": "plain"}, True),
        ({"ADMIN": "root"}, False),
    ],
)
def test_admin_token(fake_place: Fake, environ: dict[str, str], found: bool) -> None:
    place, fake = fake_place
    fake.people = {"root": "@root:fake.test", "plain": "@ann:fake.test"}
    fake.admins = {"@root:fake.test"}
    config = msgspec.structs.replace(place.config, admin_token_env="ADMIN")
    codes = codes_of(config, place.folder, environ)
    assert ("matrix-admin-token" in codes) == found


def test_checking_writes_nothing(fake_place: Fake) -> None:
    place, fake = fake_place
    codes_of(place.config, place.folder)
    assert {line.partition(" ")[0] for line in fake.seen} == {"GET"}
    assert (fake.world.users, fake.world.rooms) == ({}, {})


def test_every_finding_is_explained() -> None:
    for code, meaning in adapter.codes.items():
        assert code.startswith("matrix-")
        assert meaning.text.endswith(".")
        assert meaning.severity != "blocker" or meaning.advice


def test_no_registration_file(fake_place: Fake, tmp_path: Path) -> None:
    place, _ = fake_place
    config = msgspec.structs.replace(place.config, registration="nowhere.yaml")
    with pytest.raises(UsageError) as error:
        codes_of(config, tmp_path)
    assert error.value.code == "matrix-registration-missing"
    assert "plan" in error.value.advice


@pytest.mark.parametrize("answer", ["down", "error", "other"])
def test_nothing_that_is_a_homeserver(fake_place: Fake, answer: str) -> None:
    place, fake = fake_place
    config = place.config
    if answer == "down":
        fake.stop()
    elif answer == "error":
        fake.fail("versions", "error")
    else:
        config = msgspec.structs.replace(config, homeserver=f"{config.homeserver}/elsewhere")
    with pytest.raises(Fatal) as fatal:
        codes_of(config, place.folder)
    assert fatal.value.code in {"matrix-unreachable", "matrix-not-a-homeserver"}
    assert "homeserver" in fatal.value.advice


def play_and_fail(place: Place) -> ChatMigrateError:
    """The error with which a run's first moments end."""

    async def play(stage: Stage) -> None:
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "public", ann)
        await stage.say(opening, ann, "hello")

    with pytest.raises(ChatMigrateError) as error:
        act(place.config, place.folder, play)
    return error.value


def test_dates_that_are_not_kept(fake_place: Fake) -> None:
    """It shows before anything but the space is written."""
    place, fake = fake_place
    fake.world.keeps_dates = False
    assert play_and_fail(place).code == "matrix-dates-ignored"
    assert len(fake.world.rooms) == 1


def test_retention_that_nobody_announced(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.world.retention_ms = 86_400_000
    assert play_and_fail(place).code == "matrix-retention"


def test_rooms_that_are_encrypted_from_the_start(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.world.encrypts = True
    assert play_and_fail(place).code == "matrix-encrypts"
    assert len(fake.world.rooms) == 1


@pytest.mark.parametrize(
    ("default", "available", "expected"),
    [
        ("12", {"11": "stable", "12": "stable"}, "12"),
        ("6", {"6": "stable", "9": "stable", "10": "stable"}, "10"),
        ("6", {"6": "stable", "10": "unstable"}, ""),
        ("", {}, ""),
        ("org.example", {"org.example": "stable", "11": "stable"}, "11"),
    ],
)
def test_room_version(default: str, available: dict[str, str], expected: str) -> None:
    versions = {"default": default, "available": available}
    assert room_version({"m.room_versions": versions}) == expected


@pytest.mark.parametrize(
    ("homeserver", "warned"),
    [
        ("http://127.0.0.1:8008", False),
        ("http://localhost:8008", False),
        ("https://matrix.example.org", False),
        ("http://matrix.example.org", True),
        ("http://10.0.0.1:8008", True),
    ],
)
def test_plain_http_is_for_this_computer(homeserver: str, warned: bool) -> None:
    assert is_open_wire(Config(homeserver=homeserver, server_name="example.org")) == warned
