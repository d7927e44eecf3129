"""What a message shows of its files: those that travel stay with it, short texts stand in it, and
all others are a line in its text. Which bodies travel is `bodies`."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from mappings import canvas
from mappings.nodes import Block, Document, Heading, Link, Paragraph, Preformatted, Text, clean
from migrate.model import File, Message
from migrate.stages.bodies import DOCUMENTS, INLINED, embodied
from migrate.stages.brief import LATE
from migrate.store import State, Store

_LANGUAGE = re.compile(r"[a-z][a-z0-9+#-]{0,19}")
_CLIP = "\N{PAPERCLIP}"
_DELETED = {
    "tombstone": " (deleted in Slack)",
    "hidden_by_limit": " (hidden by Slack's limit)",
}

_known = msgspec.json.Decoder(File)


class Enclosed(msgspec.Struct, frozen=True, gc=False):
    """One file of a message: what is known of it, whether its body goes with it, the text that is
    shown of it, and whether the message is, or was, sent without it."""

    file: File
    travels: bool
    text: str | None
    late: bool


class Enclosures:
    """The files of messages, asked of an open store. With `uploaded` only those travel that the
    target has. A message whose file comes after it, planned or done, is sent without it."""

    def __init__(self, store: Store, *, uploaded: bool = False) -> None:
        self._store = store
        self._uploaded = uploaded

    def enclose(self, message: Message, conv: int, ts: int) -> Message:
        """The message as it is sent: `files` are those that travel with it."""
        found = self._find(message.files, conv, ts)
        blocks: list[Block] = list(message.body.blocks)
        travelling: list[File] = []
        for file in message.files:
            known = found.get(file.id)
            if known is None or known.late:
                blocks.append(file_line(file))
                continue
            blocks.extend(_shown(file, known))
            if known.travels:
                travelling.append(known.file)
        return msgspec.structs.replace(
            message, body=Document(tuple(blocks)), files=tuple(travelling)
        )

    def alone(self, message: Message, id: str) -> Message:
        """What brings one file by itself, in the name and at the time of `message`."""
        file = next((each for each in message.files if each.id == id), File(id=id))
        known = self._find((file,), 0, 0).get(id)
        return msgspec.structs.replace(
            message,
            body=Document(tuple(_shown(file, known)) if known else (file_line(file),)),
            files=(known.file,) if known is not None and known.travels else (),
            reactions=(),
            broadcast=False,
            edited="",
            losses=(),
        )

    def _find(self, files: Sequence[File], conv: int, ts: int) -> dict[str, Enclosed]:
        marks = ", ".join("?" * len(files))
        query = (
            "SELECT f.item, f.state, f.code, file.data, b.size, b.mimetype,"
            f" CASE WHEN f.code = '{INLINED}' OR file.mode IN ({_DOCUMENTS}) THEN b.text END,"
            " EXISTS (SELECT 1 FROM op late WHERE late.conv = ? AND late.ts = ? AND late.kind = 5"
            f" AND late.item = '{LATE}' || f.item AND late.piece = 0"
            " AND late.state != 4)"
            " FROM op f LEFT JOIN file ON file.id = f.item LEFT JOIN body b ON b.id = f.item"
            " WHERE f.conv = 0 AND f.ts = 0 AND f.kind = 4 AND f.piece = 0"
            f" AND f.item IN ({marks})"
        )
        rows = self._store.db.execute(query, (conv, ts, *(file.id for file in files)))
        return {
            id: Enclosed(
                _described(id, data, size, mimetype),
                state == State.DONE if self._uploaded else state != State.SKIPPED,
                text,
                bool(late),
            )
            for id, state, code, data, size, mimetype, text, late in rows
        }


_DOCUMENTS = ", ".join(f"'{mode}'" for mode in sorted(DOCUMENTS))


def file_line(file: File) -> Paragraph:
    """The line that stands for a file: a link to it where Slack may still have it."""
    name = _title(file)
    if file.mode in _DELETED:
        return Paragraph((Text(f"{_CLIP} {name}{_DELETED[file.mode]}"),))
    url = file.permalink or file.url
    if not url:
        return Paragraph((Text(f"{_CLIP} {name}"),))
    return Paragraph((Text(f"{_CLIP} "), Link(url, (Text(name),))))


def _shown(file: File, known: Enclosed) -> Iterator[Block]:
    """What the text shows of a file: nothing of one that travels, unless it is itself a text."""
    if known.text is None:
        if not known.travels:
            yield file_line(file)
        return
    if known.file.mode in DOCUMENTS:
        yield Heading((Text(_title(known.file)),))
        yield from canvas.parse(known.text).blocks
        return
    yield Paragraph((Text(f"{_CLIP} {_title(known.file)}"),))
    yield Preformatted(_lines(known.text), _language(known.file.filetype))


def _lines(text: str) -> str:
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _language(filetype: str) -> str:
    bare = filetype.lower()
    return bare if bare != "text" and _LANGUAGE.fullmatch(bare) else ""


def _title(file: File) -> str:
    return file.title or file.name or file.id


def _described(id: str, data: bytes | None, size: int | None, mimetype: str | None) -> File:
    file = File(id=id) if data is None else _known.decode(data)
    return embodied(file, size or 0, mimetype or "")
