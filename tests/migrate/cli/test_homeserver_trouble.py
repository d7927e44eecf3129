"""What an administrator is told when the homeserver is not as the project says. The homeserver is
the fake one; what it answers was recorded from Synapse."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.matrix.config import Config
from tests.adapters.matrix.places import installed
from tests.fakes.homeserver import FakeHomeserver
from tests.migrate.cli.terminal import Ended, type_in


@pytest.fixture
def fake() -> Iterator[FakeHomeserver]:
    homeserver = FakeHomeserver()
    with homeserver.running():
        yield homeserver


@pytest.fixture
def team(tmp_path: Path, export: Path, fake: FakeHomeserver) -> Path:
    """A planned project; its registration is installed."""
    folder = tmp_path / "team"
    settings = [f"target.homeserver={fake.url}", f"target.server_name={fake.world.server_name}"]
    sets = [word for each in [*settings, "files.missing=link"] for word in ("--set", each)]
    assert type_in("init", folder, export, "--to", "matrix", *sets).exit == 0
    fake.registrations = [installed(_config(fake), folder)]
    assert type_in("plan", folder).exit in (0, 1)
    return folder


def _config(fake: FakeHomeserver) -> Config:
    return Config(homeserver=fake.url, server_name=fake.world.server_name)


def _is_told(ended: Ended, exit: int, words: str) -> None:
    assert ended.exit == ended.object["exit"] == exit, ended.out
    error = ended.object["error"]
    assert words in f"{error['message']} {error['advice']}"
    assert error["advice"]
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", [["plan", "--check"], ["run"]])
def test_a_homeserver_that_is_down(team: Path, fake: FakeHomeserver, command: list[str]) -> None:
    fake.stop()
    try:
        ended = type_in(command[0], team, *command[1:], "--json")
    finally:
        fake.start()
    _is_told(ended, 3, fake.url)


@pytest.mark.parametrize("command", [["plan", "--check"], ["run"]])
def test_a_registration_that_is_not_installed(
    team: Path, fake: FakeHomeserver, command: list[str]
) -> None:
    fake.registrations = []
    ended = type_in(command[0], team, *command[1:], "--json")
    _is_told(ended, 4, "registration")


def test_a_registration_with_another_token(team: Path, fake: FakeHomeserver) -> None:
    (known,) = fake.registrations
    known.token = "another"
    ended = type_in("plan", team, "--check", "--json")
    _is_told(ended, 4, "registration")
    assert "another" not in ended.out


def test_a_registration_that_slows_the_import_down(team: Path, fake: FakeHomeserver) -> None:
    fake.registrations = [installed(_config(fake), team, rate_limited=True)]
    ended = type_in("plan", team, "--check", "--json")
    codes = [each["code"] for each in ended.object["findings"] + ended.object["blockers"]]
    assert any("rate" in code for code in codes), codes


def test_a_server_name_that_is_another_servers(team: Path, fake: FakeHomeserver) -> None:
    config = team / "migration.toml"
    text = config.read_text("utf-8").replace(fake.world.server_name, "other.test")
    config.write_text(text, "utf-8")
    ended = type_in("plan", team, "--check", "--json")
    _is_told(ended, 4, "server_name")


def test_a_project_without_its_registration_file(team: Path) -> None:
    (team / "appservice.yaml").unlink()
    _is_told(type_in("run", team, "--json"), 2, "appservice.yaml")


def test_a_homeserver_that_returns_is_sent_the_rest(team: Path, fake: FakeHomeserver) -> None:
    fake.stop()
    try:
        assert type_in("run", team).exit == 3
    finally:
        fake.start()
    assert type_in("run", team).exit in (0, 1)
    assert type_in("verify", team).exit == 0
