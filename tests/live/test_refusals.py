"""A homeserver that is not as the configuration says, or not there: `plan --check` and `run` each
end with one clear sentence and the right exit code, and nothing is written."""

import json
import socket
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.matrix.config import Config
from adapters.matrix.registration import write_registration
from adapters.matrix.sandbox import Homeserver
from tests.generate import write_export
from tests.live.migration import Answer, Migration
from tests.live.synapse import SERVER_NAME, Synapse

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("synapse")]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("refused") / "export.zip"
    write_export(path, messages=12, conversations=3, people=5, seed=3)
    return path


class Limiting:
    """A homeserver whose registrations leave the importer under its limits."""

    def __init__(self, folder: Path) -> None:
        self.spoken = folder / "spoken.yaml"
        self.silent = folder / "silent.yaml"
        self.server = Homeserver(folder, SERVER_NAME, [self.spoken, self.silent])
        for path, line in ((self.spoken, "rate_limited: true\n"), (self.silent, "")):
            write_registration(self.config(path), path)
            path.write_text(path.read_text().replace("rate_limited: false\n", line))
        self.server.start()
        self.admin = self.server.add_user("root", "root-password", admin=True)

    def config(self, path: Path) -> Config:
        return Config(
            homeserver=self.server.url,
            server_name=SERVER_NAME,
            registration=str(path),
            prefix=path.stem,
        )


@pytest.fixture(scope="module")
def limiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Limiting]:
    limiting = Limiting(tmp_path_factory.mktemp("limiting"))
    try:
        yield limiting
    finally:
        limiting.server.stop()


def wrong_token(config: Config, folder: Path) -> Config:
    """The registration that the homeserver has, with other tokens."""
    path = folder / "other.yaml"
    write_registration(config, path)
    return msgspec.structs.replace(config, registration=str(path))


def not_installed(config: Config, folder: Path) -> Config:
    """A fresh project whose registration nobody has given to the homeserver."""
    return msgspec.structs.replace(config, registration="appservice.yaml", prefix="fresh")


def wrong_server_name(config: Config, folder: Path) -> Config:
    path = folder / "copy.yaml"
    path.write_text(Path(config.registration).read_text())
    return msgspec.structs.replace(config, registration=str(path), server_name="wrong.test")


def not_there(config: Config, folder: Path) -> Config:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    return msgspec.structs.replace(config, homeserver=url)


@pytest.mark.parametrize(
    ("spoil", "exit", "code"),
    [
        (not_there, 3, "matrix-unreachable"),
        (wrong_token, 4, "matrix-token-unknown"),
        (not_installed, 4, "matrix-token-unknown"),
        (wrong_server_name, 4, "matrix-server-name"),
    ],
)
def test_set_up_wrongly(
    synapse: Synapse,
    export: Path,
    tmp_path: Path,
    spoil: Callable[[Config, Path], Config],
    exit: int,
    code: str,
) -> None:
    right = synapse.config()
    migration = Migration(spoil(right, tmp_path), tmp_path, export)
    assert_refused(migration.command("plan", "--check"), exit, code)
    assert migration.command("plan").exit == exit or exit == 3
    assert_refused(migration.command("run"), exit, code)
    prefix = migration.config.prefix
    assert written(synapse.server.url, synapse.admin, prefix) == []


def test_run_looks_without_being_asked(synapse: Synapse, export: Path, tmp_path: Path) -> None:
    """A plan that was made without --check does not let a wrong setting through; once it is
    corrected, the same project goes on."""
    right = synapse.config()
    migration = Migration(wrong_server_name(right, tmp_path), tmp_path, export)
    assert migration.command("plan").exit == 0
    assert_refused(migration.command("run"), 4, "matrix-server-name")
    assert written(synapse.server.url, synapse.admin, right.prefix) == []
    correct = ["--set", f"target.server_name={SERVER_NAME}"]
    assert migration.command("plan", *correct).exit == 0
    ran = migration.command("run", *correct)
    assert ran.exit == 0, (ran.fields, ran.errors)


@pytest.mark.parametrize("kind", ["spoken", "silent"])
@pytest.mark.parametrize("checked", [True, False])
def test_rate_limited(
    limiting: Limiting, export: Path, tmp_path: Path, kind: str, checked: bool
) -> None:
    """The registration says `rate_limited: true`, or says nothing, which means the same."""
    path = limiting.spoken if kind == "spoken" else limiting.silent
    config = limiting.config(path)
    copy = tmp_path / "copy.yaml"
    copy.write_text(path.read_text())
    copied = msgspec.structs.replace(config, registration=str(copy))
    migration = Migration(copied, tmp_path, export)
    if checked:
        assert_refused(migration.command("plan", "--check"), 4, "matrix-rate-limited")
    else:
        assert migration.command("plan").exit == 0
    assert_refused(migration.command("run"), 4, "matrix-rate-limited")
    assert written(limiting.server.url, limiting.admin, config.prefix) == []


def test_homeserver_is_something_else(export: Path, synapse: Synapse, tmp_path: Path) -> None:
    """An address at which something answers, and no homeserver."""
    elsewhere = f"{synapse.server.url}/_matrix/client"
    config = msgspec.structs.replace(synapse.config(), homeserver=elsewhere)
    migration = Migration(config, tmp_path, export)
    assert_refused(migration.command("plan", "--check"), 3, "matrix-not-a-homeserver")
    assert migration.command("plan").exit == 0
    assert_refused(migration.command("run"), 3, "matrix-not-a-homeserver")


def assert_refused(answer: Answer, exit: int, code: str) -> None:
    """One sentence and what to do next; no traceback, no token."""
    assert answer.exit == exit, answer
    error = answer.fields["error"]
    assert (answer.fields["ok"], answer.fields["exit"]) == (False, exit)
    assert error["code"] == code, error
    assert error["message"].endswith(".") and "\n" not in error["message"]
    assert error["advice"]
    assert "Traceback" not in answer.errors
    assert "as_token" not in answer.errors


def written(url: str, admin: str, prefix: str) -> list[str]:
    """Accounts and rooms of the project with this prefix, as a server admin lists them."""
    users = _get(f"{url}/_synapse/admin/v2/users?limit=500&name={prefix}_", admin)["users"]
    rooms = _get(f"{url}/_synapse/admin/v1/rooms?limit=500", admin)["rooms"]
    mine = f"#{urllib.parse.quote(prefix)}_"
    aliases = [room["canonical_alias"] or "" for room in rooms]
    names = [str(user["name"]) for user in users]
    return [*names, *(alias for alias in aliases if alias.startswith(mine))]


def _get(url: str, token: str) -> dict[str, list[dict[str, str]]]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, list[dict[str, str]]] = json.load(response)
        return answer
