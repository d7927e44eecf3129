"""From a stored row to the message that an adapter renders: the raw record parsed, and what the
target will not get as a file said in words."""

import msgspec

from mappings.nodes import Document, Link, Paragraph, Text, plain
from migrate.model import File, Key, Message, micros_ts
from migrate.source import parse
from migrate.store import Store, messages

PLACEHOLDER_TEXT = "(The first message of this thread is not part of the import.)"


class MessageReader:
    """Messages by their rows, with the pages around them kept unpacked."""

    def __init__(self, store: Store, workspace: str, keep: int = 48) -> None:
        self._pages = messages.PageReader(store, keep)
        self._workspace = workspace

    def read(self, row: messages.Row, conversation: str) -> Message:
        key = Key(self._workspace, conversation, row.slack_ts)
        return _with_files(parse(self._pages.raw(row.page, row.idx), key))


def placeholder(workspace: str, conversation: str, ts: int, author: str) -> Message:
    """What stands for a thread root that is not brought over: it carries no word of anybody's."""
    return Message(
        key=Key(workspace, conversation, micros_ts(ts)),
        author=author,
        kind="placeholder",
        body=plain(PLACEHOLDER_TEXT),
    )


def file_code(mode: str) -> str:
    """Why a file's body is not sent: the skip code of its op."""
    if mode == "tombstone":
        return "file-deleted"
    if mode == "hidden_by_limit":
        return "file-hidden-by-limit"
    if mode == "external":
        return "file-external"
    return "file-linked"


def _with_files(message: Message) -> Message:
    """The message with a line for each file: bodies do not travel yet, so a link or a word does."""
    if not message.files:
        return message
    lines = tuple(_file_line(file) for file in message.files)
    body = Document(blocks=(*message.body.blocks, *lines))
    return msgspec.structs.replace(message, body=body, files=())


def _file_line(file: File) -> Paragraph:
    name = file.title or file.name or file.id
    code = file_code(file.mode)
    if code == "file-deleted":
        return Paragraph((Text(f"\N{PAPERCLIP} {name} (deleted in Slack)"),))
    if code == "file-hidden-by-limit":
        return Paragraph((Text(f"\N{PAPERCLIP} {name} (hidden by Slack's limit)"),))
    url = file.permalink or file.url
    if not url:
        return Paragraph((Text(f"\N{PAPERCLIP} {name}"),))
    return Paragraph((Text("\N{PAPERCLIP} "), Link(url, (Text(name),))))
