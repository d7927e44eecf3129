"""Small exports for the reader's tests: members by path, written as a zip file or a folder, read
back. What a test is about stands in the test; everything else is here."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mappings.names import SlackNames
from mappings.nodes import visible_text
from migrate.model import Key, Message, Person, micros_ts
from migrate.source import CODES, Export, Haul, Record, open_export, parse, read_run

Members = dict[str, object]
"""Path to content: bytes as they are, anything else as JSON."""

TEAM = "T0TEAM"
DAY = "2023-11-14.json"

ANN = {"id": "U0ANN", "team_id": TEAM, "name": "ann", "profile": {"real_name": "Ann Ames"}}
BOB = {"id": "U0BOB", "team_id": TEAM, "name": "bob", "profile": {"real_name": "Bob Burr"}}
HAL = {"id": "U0HAL", "name": "hal", "is_bot": True, "profile": {"bot_id": "B0HAL"}}
GENERAL = {"id": "C0GENERAL", "name": "general", "created": 1600000000, "members": ["U0ANN"]}


def message(n: int = 0, /, **fields: object) -> dict[str, object]:
    """A message by Ann, `n` seconds after the first; a field that is ... is left out."""
    record = {"type": "message", "user": "U0ANN", "text": "hello", "ts": ts(n)} | fields
    return {name: value for name, value in record.items() if value is not ...}


def ts(n: int) -> str:
    return f"{1_700_000_000 + n}.000100"


def members(
    records: object = (),
    *,
    users: object = (ANN, BOB, HAL),
    channels: object = (GENERAL,),
    **more: object,
) -> Members:
    """A whole export: one channel with one day. `more` are root files by name without `.json`."""
    return {
        "users.json": users,
        "channels.json": channels,
        **{f"{name}.json": content for name, content in more.items()},
        f"general/{DAY}": records,
    }


def encode(content: object) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


class _Unflagged(zipfile.ZipInfo):
    """Writes its name in UTF-8 and does not say so, as Slack does."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode(), self.flag_bits & ~0x800


def write_zip(path: Path, content: Mapping[str, object], *, flagged: bool = True) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, each in content.items():
            info = (zipfile.ZipInfo if flagged else _Unflagged)(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, encode(each))
    return path


def write_folder(path: Path, content: Mapping[str, object]) -> Path:
    for name, each in content.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(each))
    return path


class Read(msgspec.Struct):
    """An export that was opened and read through."""

    export: Export
    hauls: list[Haul]

    @property
    def records(self) -> list[Record]:
        return [record for haul in self.hauls for record in haul.records]

    @property
    def rejects(self) -> list[str]:
        return [code for haul in self.hauls for code, _ in haul.rejects]

    @property
    def codes(self) -> dict[str, int]:
        """Every finding but the notes on conversations that a small export does not list."""
        counts: dict[str, int] = {}
        for finding in (*self.export.findings, *(f for haul in self.hauls for f in haul.findings)):
            if finding.code not in ("root-file-absent", "conversation-empty"):
                assert finding.code in CODES
                counts[finding.code] = counts.get(finding.code, 0) + finding.count
        return counts

    def messages(self) -> list[Message]:
        return [
            parse(
                record.raw,
                Key(
                    self.export.workspace, haul.conversation, record.ts_text or micros_ts(record.ts)
                ),
                self.export.bot_users,
            )
            for haul in self.hauls
            for record in haul.records
        ]

    def people(self) -> dict[str, Person]:
        return {person.id: person for haul in self.hauls for person in haul.people}


def read(*paths: Path, workspace: str = "") -> Read:
    export = open_export(paths, workspace)
    return Read(export, [read_run(run, export.bot_users) for run in export.runs()])


def read_day(tmp_path: Path, *records: object) -> Read:
    """An export of one channel whose one day holds these records."""
    return read(write_zip(tmp_path / "export.zip", members(records)))


def texts(messages: Sequence[Message]) -> list[str]:
    return [visible_text(each.body, SlackNames()) for each in messages]
