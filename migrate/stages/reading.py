"""From a stored row to the message that an adapter renders: the raw record parsed, and its files as
they are sent."""

import msgspec

from mappings.nodes import EMPTY, Document, Inline, Item, Link, List, Paragraph, Text, clean, plain
from migrate.model import Key, Message, micros_ts
from migrate.source import parse
from migrate.stages.enclosures import Enclosures, file_line
from migrate.store import Op, Store, messages

PLACEHOLDER_TEXT = "(The first message of this thread is not part of the import.)"


class MessageReader:
    """Messages by their rows, with the pages around them kept unpacked. With `uploaded` only those
    files travel that the target has."""

    def __init__(
        self, store: Store, workspace: str, keep: int = 48, *, uploaded: bool = False
    ) -> None:
        self._pages = messages.PageReader(store, keep)
        self._workspace = workspace
        self._enclosures = Enclosures(store, uploaded=uploaded)

    def read(self, row: messages.Row, conversation: str) -> Message:
        """The message as it is sent."""
        message = self._parse(row, conversation)
        return self._enclosures.enclose(message, row.conv, row.ts) if message.files else message

    def read_late(self, row: messages.Row, conversation: str, file: str) -> Message:
        """The reply that brings one file of a message after it: by its author, and nothing else."""
        return self.read_alone(self._parse(row, conversation), file)

    def read_alone(self, message: Message, file: str) -> Message:
        """What brings one file, in the name and at the time of `message`."""
        return self._enclosures.alone(message, file)

    def nobodys(self, conversation: str, ts: str, author: str) -> Message:
        """A message that nobody wrote, without words yet, in somebody's name."""
        key = Key(self._workspace, conversation, ts)
        return Message(key=key, author=author, kind="message", body=EMPTY)

    def read_without_files(self, row: messages.Row, conversation: str) -> Message:
        """The message as it is sent where no body could be brought."""
        message = self._parse(row, conversation)
        lines = tuple(file_line(file) for file in message.files)
        body = Document((*message.body.blocks, *lines))
        return msgspec.structs.replace(message, body=body, files=())

    def _parse(self, row: messages.Row, conversation: str) -> Message:
        key = Key(self._workspace, conversation, row.slack_ts)
        return parse(self._pages.raw(row.page, row.idx), key)


def read_bookmarks(store: Store, message: Message, op: Op) -> Message:
    """The list of a conversation's bookmarks, those left out that an earlier op has listed."""
    (before,) = store.db.execute(
        "SELECT coalesce(max(edited), -1) FROM op WHERE conv = ? AND ts < ? AND kind = ?"
        " AND item = ? AND piece = 0 AND state != 4",
        (op.conv, op.ts, op.kind, op.item),
    ).fetchone()
    rows = store.db.execute(
        "SELECT title, url FROM bookmark WHERE conv = ? AND created > ? AND created <= ?"
        " ORDER BY position",
        (op.conv, before, op.edited),
    )
    items = tuple(Item((Paragraph((_bookmark(*row),)),)) for row in rows)
    title = Paragraph((Text("\N{BOOKMARK} Bookmarks of this conversation in Slack"),))
    body = Document((title, List(ordered=False, items=items)))
    return msgspec.structs.replace(message, body=body)


def _bookmark(title: str, url: str) -> Inline:
    name = clean(title) or clean(url)
    return Link(url, (Text(name),)) if url else Text(name)


def placeholder(workspace: str, conversation: str, ts: int, author: str) -> Message:
    """What stands for a thread root that is not brought over: it carries no word of anybody's."""
    return Message(
        key=Key(workspace, conversation, micros_ts(ts)),
        author=author,
        kind="placeholder",
        body=plain(PLACEHOLDER_TEXT),
    )
