"""From the neutral tree to a payload: the words a reader sees, whom they mention, and the cut of
what is too long. Pure; nothing here knows a file or a session."""

from collections.abc import Iterator

import msgspec

from mappings import emoji, nodes
from mappings.losses import LINK
from mappings.names import Name
from mappings.split import split
from migrate.model import Message, MessageKind, Ref
from migrate.spi import Capabilities, Look, Piece, Pointer, Rendered

TEXT_ONLY = "memory-text-only"


class Attached(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file that hangs on a message: which body, and how it is called there."""

    ref: Ref
    name: str
    mimetype: str
    size: int


class Payload(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a memory target keeps of one piece.

    `mentions` are accounts; `links` is where the text's Slack links lead: messages here, or a
    conversation where a message is not here.
    `broadcast` shows a reply in the conversation too; `written_as` is the name that a bot chose
    for this message alone. `files` hang on the first piece. A piece may measure
    `caps.piece_limit` characters of `text`.
    """

    kind: MessageKind
    text: str
    mentions: tuple[Ref, ...] = ()
    links: tuple[Ref, ...] = ()
    broadcast: bool = False
    written_as: str = ""
    files: tuple[Attached, ...] = ()


class Shown:
    """Names as this target shows them, asked of the engine's `Look`."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def person(self, id: str, label: str) -> Name:
        face = self._look.person(id)
        return Name(f"@{face.name if face else label or id}")

    def channel(self, id: str, label: str) -> Name:
        face = self._look.conversation(id)
        # A private conversation has no name here, and Slack's label would be one.
        return Name(f"#{label or id}" if face is None else f"#{face.name or id}")

    def group(self, id: str, label: str) -> Name:
        return Name(f"@{label or self._look.group(id) or id}")

    def emoji(self, name: str) -> str | None:
        return self._look.emoji(name)

    def picture(self, name: str) -> str | None:
        return None

    def message(self, url: str) -> str | None:
        # A ref is never put into words: it is known only when the message is sent, and a text
        # must be cut at the same places when it is planned.
        return None


def render(message: Message, look: Look, caps: Capabilities) -> Rendered:
    """The payloads of a message, canonical JSON: one, or several where it is too long."""
    names = Shown(look)

    def measure(document: nodes.Document) -> int:
        return len(nodes.visible_text(document, names))

    files = tuple(_attached(message, look))
    pieces = tuple(
        Piece(
            canonical(
                Payload(
                    kind=message.kind,
                    text=nodes.visible_text(document, names),
                    mentions=_mentions(document, look),
                    links=_links(document, look),
                    broadcast=message.broadcast,
                    written_as=message.author_name,
                    files=() if number else files,
                )
            )
        )
        for number, document in enumerate(
            split(message.body, measure, caps.piece_limit) or (message.body,)
        )
    )
    return Rendered(pieces, tuple(_losses(message.body, look)))


def reaction_key(name: str, look: Look) -> str:
    """A standard emoji's first name, what a custom one is mapped to, or its own name."""
    first = emoji.canonical(name)
    return look.emoji(first) or first


def canonical(payload: Payload) -> bytes:
    """The same bytes for the same payload."""
    return msgspec.json.encode(payload, order="sorted")


def _attached(message: Message, look: Look) -> Iterator[Attached]:
    for file in message.files:
        ref = look.file(file.id)
        if ref is not None:
            name = file.name or file.title or file.id
            yield Attached(ref=ref, name=name, mimetype=file.mimetype, size=file.size)


def _mentions(document: nodes.Document, look: Look) -> tuple[Ref, ...]:
    people = dict.fromkeys(
        node.id for node in nodes.walk(document) if isinstance(node, nodes.Person)
    )
    return tuple(face.ref for id in people if (face := look.person(id)))


def _links(document: nodes.Document, look: Look) -> tuple[Ref, ...]:
    refs = (each.message or each.conversation.ref for each in _pointers(document, look))
    return tuple(dict.fromkeys(refs))


def _pointers(document: nodes.Document, look: Look) -> list[Pointer]:
    return [pointer for url in nodes.links(document) if (pointer := look.link(url))]


def _losses(document: nodes.Document, look: Look) -> Iterator[str]:
    if any(
        isinstance(node, nodes.Styled) or (isinstance(node, nodes.Link) and node.children)
        for node in nodes.walk(document)
    ):
        yield TEXT_ONLY
    if any(pointer.lost for pointer in _pointers(document, look)):
        yield LINK
