"""The keys of accounts that this project makes. Their passwords follow from a secret file of the
project, so that no crash loses one; a key is asked for when it is needed, and lives in memory
alone."""

import base64
import contextlib
import hmac
import os
import secrets
from pathlib import Path

from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.client import Credentials
from adapters.zulip.organization.verdicts import Refused
from migrate.errors import Fatal
from migrate.model import Ref

SECRET_FILE = "zulip-secret"
"""Beside migration.toml. Whoever has it can sign in to the accounts whose owners have not set a
password of their own yet."""

_SECRET_BYTES = 32


class Keys:
    """`folder` is the project's."""

    def __init__(self, calls: Calls, folder: Path) -> None:
        self._calls = calls
        self._path = folder / SECRET_FILE
        self._secret = b""
        self._keys: dict[Ref, Credentials | None] = {}

    def password(self, address: str) -> str:
        """The password of an account that this project makes; the secret is made at the first
        call."""
        return self._derive(self._read() or self._make(), address)

    async def of(self, ref: Ref, address: str) -> Credentials | None:
        """Somebody's credentials; None for an account that is not ours, whose owner has set a
        password since, or that is deactivated."""
        if ref not in self._keys:
            secret = self._read()
            self._keys[ref] = await self._fetch(secret, address) if secret and address else None
        return self._keys[ref]

    def forget(self, ref: Ref) -> None:
        """Ask again next time: the account was opened, closed or made."""
        self._keys.pop(ref, None)

    async def _fetch(self, secret: bytes, address: str) -> Credentials | None:
        try:
            key = await self._calls.fetch_key(address, self._derive(secret, address))
        except Refused:
            return None
        return Credentials(address, key)

    @staticmethod
    def _derive(secret: bytes, address: str) -> str:
        digest = hmac.digest(secret, address.lower().encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _read(self) -> bytes:
        if not self._secret:
            with contextlib.suppress(FileNotFoundError):
                self._secret = self._path.read_bytes()
            if self._secret and len(self._secret) < _SECRET_BYTES:
                raise Fatal(
                    "zulip-secret",
                    f"The file {SECRET_FILE} beside migration.toml is damaged.",
                    "Bring it back from a copy. Without it the accounts that were made can do"
                    " nothing for the importer any more.",
                )
        return self._secret

    def _make(self) -> bytes:
        """On the disk, whole and nobody else's, before any account depends on it."""
        self._secret = secrets.token_bytes(_SECRET_BYTES)
        part = self._path.with_name(f"{SECRET_FILE}.part")
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self._secret)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._secret
