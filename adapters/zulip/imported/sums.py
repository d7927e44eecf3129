"""What a directory brings besides its messages: pictures, custom emoji and uploaded files, by the
sha256 of their bodies, and which of Slack's people an account is."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from adapters.zulip.directory import compose, tables
from adapters.zulip.directory.joining import ATTACHMENTS_FILE, TRACES
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.records import AccountRecord, read_lines
from adapters.zulip.imported.export_files import sum_of

_uploads = msgspec.json.Decoder(list[tables.Upload]).decode
_images = msgspec.json.Decoder(list[tables.EmojiImage]).decode
_attachments = msgspec.json.Decoder(tables.Attachments).decode


class Brought:
    """One directory; its bodies are read when they are asked for.

    Raises OSError or msgspec.DecodeError where it is broken.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        records = list(read_lines(folder / TRACES / f"{compose.ACCOUNTS}.jsonl", AccountRecord))
        self.slack_ids: Mapping[str, str] = {each.name: each.slack_id for each in records}
        """Slack's id of an account, by its name there."""
        self._sums: dict[str, str] = {}

    @cached_property
    def pictures(self) -> dict[str, str]:
        """The sums of pictures by the names of their accounts."""
        names = {user_number(name): name for name in self.slack_ids}
        return {
            names[each.user_profile_id]: self._sum(f"avatars/{each.path}")
            for each in _uploads((self._folder / "avatars/records.json").read_bytes())
            if each.path.endswith(".original") and each.user_profile_id in names
        }

    @cached_property
    def emoji(self) -> dict[str, str]:
        """The sums of images by the names of custom emoji."""
        path = self._folder / "emoji/records.json"
        rows = _images(path.read_bytes()) if path.exists() else []
        return {each.name: self._sum(f"emoji/{each.path}") for each in rows}

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The sums of files that not everybody of the organization may read."""
        told = _attachments((self._folder / ATTACHMENTS_FILE).read_bytes()).zerver_attachment
        public = {self.body(each.path_id) for each in told if each.is_realm_public}
        rest = {self.body(each.path_id) for each in told if not each.is_realm_public}
        return frozenset(rest - public)

    @cached_property
    def public(self) -> frozenset[str]:
        """The paths of files that everybody of the organization may read."""
        told = _attachments((self._folder / ATTACHMENTS_FILE).read_bytes()).zerver_attachment
        return frozenset(each.path_id for each in told if each.is_realm_public)

    def body(self, path: str) -> str:
        """The sum of an uploaded file by its path; "" for one whose body is gone."""
        return self._sum(f"uploads/{path}")

    def _sum(self, name: str) -> str:
        if name not in self._sums:
            try:
                with (self._folder / name).open("rb") as file:
                    self._sums[name] = sum_of(file)[1]
            except FileNotFoundError:
                self._sums[name] = ""
        return self._sums[name]
