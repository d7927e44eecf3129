"""A throwaway Synapse on loopback and SQLite: configured, started, waited for and stopped. It
serves the demo and the live tests, and is no way to run a homeserver for people."""

import hashlib
import hmac
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from adapters.matrix.config import Config
from adapters.matrix.registration import write_registration
from migrate.errors import Fatal, UsageError
from migrate.spi import Sandbox

_SERVER_NAME = "demo.test"
_PATIENCE = 120.0  # seconds; two are usual, a busy machine takes ten
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """A Synapse with a registration of its own, and an admin to sign in as.

    Its settings name that registration by its absolute path, so that `prepare` finds and keeps it.
    """
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = Homeserver(folder, _SERVER_NAME, [folder / "appservice.yaml"])
    settings = {
        "homeserver": server.url,
        "server_name": server.server_name,
        "registration": str(folder / "appservice.yaml"),
        "space": "Acme Slack",
        "admin": f"@admin:{server.server_name}",
    }
    write_registration(msgspec.convert(settings, Config), folder / "appservice.yaml")
    server.start()
    try:
        password = secrets.token_urlsafe(12)
        server.add_user("admin", password, admin=True)
        notes = (
            f"The homeserver is {server.url}; its files are in {folder}.",
            "In Element (https://app.element.io or the desktop app) choose Sign in, Edit the "
            f"homeserver, and give it {server.url}.",
            f"Sign in as admin with the password {password}, and accept the invitation to the "
            f"space “{settings['space']}”.",
        )
        yield Sandbox(settings=settings, notes=notes)
    finally:
        server.stop()


class Homeserver:
    """One Synapse process: `folder` holds its configuration, database, media and log.

    `extra` is merged into homeserver.yaml. A stopped or killed one can be started again.
    """

    def __init__(
        self,
        folder: Path,
        server_name: str,
        registrations: Sequence[Path],
        extra: dict[str, Any] | None = None,
    ) -> None:
        if importlib.util.find_spec("synapse") is None:
            raise UsageError(
                "synapse-missing",
                "Synapse is not installed here, so no homeserver can be started.",
                "Install it beside chat-migrate: pip install 'chat-migrate[synapse]'",
            )
        self.folder = folder
        self.server_name = server_name
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._secret = secrets.token_urlsafe(32)
        self._process: subprocess.Popen[bytes] | None = None
        self._configure(registrations, extra or {})

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it answers. Raises Fatal, naming the log, where it does not."""
        # Synapse fails at once over an empty SYNAPSE_ASYNC_IO_REACTOR.
        environ = {name: value for name, value in os.environ.items() if value}
        with open(self.folder / "homeserver.log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "synapse.app.homeserver", "-c", self._config_path],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environ,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask it to end, and end it after ten seconds. Harmless where it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash does."""
        self._end(signal.SIGKILL)

    def add_user(self, name: str, password: str, *, admin: bool = False) -> str:
        """Register an account by the shared secret; returns its access token."""
        url = f"{self.url}/_synapse/admin/v1/register"
        nonce = _json(url)["nonce"]
        parts = (nonce, name, password, "admin" if admin else "notadmin")
        mac = hmac.new(self._secret.encode(), "\0".join(parts).encode(), hashlib.sha1)
        body = {
            "nonce": nonce,
            "username": name,
            "password": password,
            "admin": admin,
            "mac": mac.hexdigest(),
        }
        return str(_json(url, body)["access_token"])

    @property
    def _config_path(self) -> Path:
        return self.folder / "homeserver.yaml"

    def _configure(self, registrations: Sequence[Path], extra: dict[str, Any]) -> None:
        seed = b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        log = {
            "version": 1,
            "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "disable_existing_loggers": False,
        }
        config = {
            "server_name": self.server_name,
            "report_stats": False,
            "signing_key": f"ed25519 a_{secrets.token_hex(3)} {seed}",
            "macaroon_secret_key": secrets.token_urlsafe(32),
            "registration_shared_secret": self._secret,
            "suppress_key_server_warning": True,
            "trusted_key_servers": [],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "server.db")}},
            "listeners": [
                {
                    "port": self.port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client"]}],
                }
            ],
            "media_store_path": str(self.folder / "media"),
            "log_config": str(self.folder / "log.yaml"),
            "app_service_config_files": [str(path) for path in registrations],
        }
        # JSON is YAML, and Synapse reads both files as YAML.
        (self.folder / "log.yaml").write_text(json.dumps(log), encoding="utf-8")
        self._config_path.touch(mode=0o600)
        self._config_path.write_text(json.dumps(config | extra, indent=1), encoding="utf-8")

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError):
                _json(f"{self.url}/_matrix/client/versions")
                return
            time.sleep(0.1)
        raise Fatal(
            "synapse-failed",
            "The homeserver did not start.",
            f"Its log says why: {self.folder / 'homeserver.log'}",
        )

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # The group too, for a homeserver may have children.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _json(url: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with _NO_PROXY.open(request, timeout=30) as response:
        return json.load(response)
