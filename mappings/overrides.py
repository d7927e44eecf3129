"""The three mapping files, as text: what stands in users.csv, channels.csv and emoji.csv, how they
are read with an eye for mistakes, and how new rows are proposed beside the ones a person has
edited. Which people and conversations there are is the caller's affair, and so are the files."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

PEOPLE_ACTIONS = ("map", "create", "merge", "ghost", "skip")
CONVERSATION_ACTIONS = ("create", "map", "skip")
EMOJI_ACTIONS = ("create", "map", "skip")


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of users.csv. `target` is an existing account (map), another Slack id (merge) or the
    wished name of the account (ghost, create)."""

    slack_id: str
    name: str = ""
    full_name: str = ""
    email: str = ""
    kind: str = ""
    action: str = "ghost"
    target: str = ""
    note: str = ""


class ConversationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of channels.csv. `members` is their number; `private` is yes or no; `target` renames
    (create) or names an existing room, channel or stream (map)."""

    slack_id: str
    name: str = ""
    kind: str = ""
    members: str = ""
    action: str = "create"
    target: str = ""
    private: str = ""
    note: str = ""


class EmojiRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of emoji.csv: a custom emoji of the workspace."""

    name: str
    action: str = "create"
    target: str = ""
    note: str = ""


AnyRow = TypeVar("AnyRow", bound=msgspec.Struct)


class MappingError(ValueError):
    """A mapping file that cannot be used; the message names line and column."""


class Sheet(Generic[AnyRow]):
    """One kind of mapping file: its name, its columns, and the values its columns may hold."""

    def __init__(self, name: str, row: type[AnyRow], actions: Sequence[str]) -> None:
        self.name = name
        self.columns = row.__struct_fields__
        self._row = row
        self._actions = actions

    def read(self, text: str) -> dict[str, AnyRow]:
        """Rows by their first column.

        Raises MappingError for a missing or unknown column, a row without an id or with one that
        stands twice, an unknown action, and a `private` that is neither yes nor no.
        """
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        header = [column.strip() for column in reader.fieldnames or []]
        missing = [column for column in self.columns if column not in header]
        if missing:
            raise MappingError(f"{self.name} has no column {missing[0]!r}")
        unknown = [column for column in header if column not in self.columns]
        if unknown:
            raise MappingError(f"{self.name} has an unknown column {unknown[0]!r}")
        reader.fieldnames = header
        rows: dict[str, AnyRow] = {}
        try:
            for values in reader:
                row = self._parse(values, reader.line_num)
                id = str(getattr(row, self.columns[0]))
                if id in rows:
                    raise MappingError(f"{self.name} line {reader.line_num}: {id} stands twice")
                rows[id] = row
        except csv.Error as error:
            raise MappingError(f"{self.name} line {reader.line_num}: {error}") from error
        return rows

    def write(self, rows: Iterable[AnyRow]) -> str:
        """The file's text; cells that a spreadsheet would run as a formula are not touched, since
        they are read back."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        for row in rows:
            # Python's csv does not quote a lone carriage return, and so could not read it again.
            cells: tuple[str, ...] = msgspec.structs.astuple(row)
            writer.writerow([re.sub("\r\n?", "\n", cell) for cell in cells])
        return out.getvalue()

    def propose(
        self, kept: Mapping[str, AnyRow], proposed: Iterable[AnyRow], fill: Sequence[str] = ()
    ) -> list[AnyRow]:
        """What stands in the file, as it stands but for empty cells of the columns in `fill`, then
        the proposals for whoever is new."""
        first = self.columns[0]
        rows = dict(kept)
        new = []
        for row in proposed:
            stands = rows.get(getattr(row, first))
            if stands is None:
                new.append(row)
                continue
            cells = {name: getattr(row, name) for name in fill if not getattr(stands, name)}
            if any(cells.values()):
                rows[getattr(row, first)] = msgspec.structs.replace(stands, **cells)
        return list(rows.values()) + new

    def _parse(self, values: Mapping[str, str | None], line: int) -> AnyRow:
        cells = {column: (values.get(column) or "").strip() for column in self.columns}
        cells["action"] = cells["action"].lower()
        if not cells[self.columns[0]]:
            raise MappingError(f"{self.name} line {line}: the column {self.columns[0]} is empty")
        if cells["action"] not in self._actions:
            raise MappingError(
                f"{self.name} line {line}: unknown action {cells['action']!r}"
                f" (one of {', '.join(self._actions)})"
            )
        if cells.get("private", "") not in ("", "yes", "no"):
            raise MappingError(f"{self.name} line {line}: private is neither yes nor no")
        return self._row(**cells)


PEOPLE = Sheet("users.csv", PersonRow, PEOPLE_ACTIONS)
CONVERSATIONS = Sheet("channels.csv", ConversationRow, CONVERSATION_ACTIONS)
EMOJI = Sheet("emoji.csv", EmojiRow, EMOJI_ACTIONS)
