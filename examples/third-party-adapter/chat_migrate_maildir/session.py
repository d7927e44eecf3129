"""The session: mails written, lists of subscribers kept, and all of it read back. Every call may be
repeated, because a mail's file is named after the message's id."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

import msgspec

from migrate.spi import (
    Account,
    Body,
    Capabilities,
    Entry,
    Fatal,
    Finding,
    Opening,
    Ref,
    Sealing,
    Seen,
    Sending,
    Skip,
)

SUBSCRIBERS = "subscribers.json"
TOO_LARGE = "maildir-file-too-large"


class Subscribers(msgspec.Struct, kw_only=True):
    """Who gets a list's mails: addresses, with the Slack id of each. Nobody else reads them, and
    nobody subscribes by themselves."""

    slack: str
    addresses: dict[Ref, str] = {}


class MaildirSession:
    """A folder of folders. The file system is asked in threads: a call may wait for the disk."""

    def __init__(self, root: Path, domain: str, caps: Capabilities) -> None:
        self.caps = caps
        self.fingerprint = f"maildir:{domain}:{root.name}"
        self._root = root
        self._domain = domain

    async def check(self) -> Sequence[Finding]:
        return ()

    async def close(self) -> None:
        pass

    async def ensure_account(self, account: Account) -> Ref:
        return f"{account.placement.name}@{self._domain}"

    async def ensure_conversation(self, opening: Opening) -> Ref:
        await asyncio.to_thread(self._make_folder, opening)
        return opening.placement.name

    async def ensure_member(self, entry: Entry) -> None:
        await asyncio.to_thread(self._subscribe, entry.opening.ref, [entry.account], [])

    async def put_file(self, body: Body) -> Ref:
        size = (await asyncio.to_thread(body.path.stat)).st_size
        if self.caps.file_limit is not None and size > self.caps.file_limit:
            raise Skip(TOO_LARGE)
        home = self._root / "files" / body.sha256
        await asyncio.to_thread(home.parent.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread(shutil.copyfile, body.path, home)
        return body.sha256

    async def send(self, sending: Sending) -> Ref:
        mail = self._mail(sending)
        folder = self._root / sending.opening.ref
        await asyncio.to_thread(_deliver, folder, _file_name(sending.id), bytes(mail))
        return str(mail["Message-ID"])

    async def seal(self, sealing: Sealing) -> None:
        await asyncio.to_thread(self._subscribe, sealing.opening.ref, [], sealing.leavers)

    async def reopen(self, opening: Opening) -> None:
        pass

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        for seen in await asyncio.to_thread(self._read_all, opening):
            yield seen

    # ----------------------------------------------------------------------------------------------

    def _mail(self, sending: Sending) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["Message-ID"] = f"<{_file_name(sending.id)}@{self._domain}>"
        mail["Date"] = datetime.fromtimestamp(sending.time // 1000, UTC)
        mail["From"] = sending.author.ref
        mail["To"] = f"{sending.opening.ref}@{self._domain}"
        mail["X-Slack-Id"] = sending.id
        mail["X-Slack-Piece"] = str(sending.index)
        mail["X-Slack-User"] = sending.author.person.id
        if sending.root is not None and sending.piece.in_thread:
            mail["In-Reply-To"] = sending.root
        mail.set_content(sending.piece.payload, maintype="text", subtype="plain", cte="base64")
        return mail

    def _read_all(self, opening: Opening) -> list[Seen]:
        found: list[tuple[int, int, Seen]] = []
        for path in (self._root / opening.ref / "cur").glob("*"):
            mail = BytesParser(policy=SMTP).parsebytes(path.read_bytes())
            time = int(mail["Date"].datetime.timestamp()) * 1000
            content = mail.get_payload(decode=True)
            assert isinstance(content, bytes)
            seen = Seen(
                ref=str(mail["Message-ID"]),
                id=str(mail["X-Slack-Id"]),
                author=str(mail["From"]),
                time=time,
                payload=content,
                root=str(mail["In-Reply-To"]) if mail["In-Reply-To"] else None,
            )
            found.append((time, int(str(mail["X-Slack-Piece"])), seen))
        return [seen for _, _, seen in sorted(found, key=lambda each: each[:2])]

    def _make_folder(self, opening: Opening) -> None:
        folder = self._root / opening.placement.name
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        if not (folder / SUBSCRIBERS).exists():
            made = Subscribers(slack=opening.conversation.id)
            _replace(folder / SUBSCRIBERS, msgspec.json.encode(made))

    def _subscribe(
        self, list_name: Ref, comers: Sequence[Account], leavers: Sequence[Account]
    ) -> None:
        path = self._root / list_name / SUBSCRIBERS
        try:
            listed = msgspec.json.decode(path.read_bytes(), type=Subscribers)
        except OSError as error:
            raise Fatal(
                "maildir-gone", "A mail folder has gone.", "Put it back, then run again."
            ) from error
        listed.addresses |= {account.ref: account.person.id for account in comers}
        for account in leavers:
            listed.addresses.pop(account.ref, None)
        _replace(path, msgspec.json.encode(listed))


def _file_name(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()[:24]


def _deliver(folder: Path, name: str, mail: bytes) -> None:
    """A maildir's own way: whole or not at all."""
    unfinished = folder / "tmp" / name
    unfinished.write_bytes(mail)
    os.replace(unfinished, folder / "cur" / f"{name}:2,S")


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
