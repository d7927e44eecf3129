"""What stands in a mail: the words of a message, and nothing of its markup."""

from mappings import nodes
from mappings.names import Name
from mappings.split import split
from migrate.spi import Capabilities, Look, Message, Piece, Rendered

TEXT_ONLY = "maildir-text-only"


class MailNames:
    """People and conversations by the names that the engine knows them by."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def person(self, id: str, label: str) -> Name:
        face = self._look.person(id)
        return Name(face.name if face else label or id)

    def channel(self, id: str, label: str) -> Name:
        face = self._look.conversation(id)
        # A private conversation has no name here, and Slack's label would be one.
        return Name(label or id if face is None else face.name or id)

    def group(self, id: str, label: str) -> Name:
        return Name(label or id)

    def emoji(self, name: str) -> str | None:
        return None

    def picture(self, name: str) -> str | None:
        return None

    def message(self, url: str) -> str | None:
        return None


def render(message: Message, look: Look, caps: Capabilities) -> Rendered:
    """A mail for each piece of the text; of a broadcast reply, one beside the thread after each."""
    names = MailNames(look)

    def measure(document: nodes.Document) -> int:
        return len(nodes.visible_text(document, names))

    pieces: list[Piece] = []
    for document in split(message.body, measure, caps.piece_limit) or (message.body,):
        words = nodes.visible_text(document, names).encode()
        pieces.append(Piece(words))
        if message.broadcast:
            pieces.append(Piece(words, in_thread=False))
    styled = any(isinstance(node, nodes.Styled) for node in nodes.walk(message.body))
    return Rendered(tuple(pieces), (TEXT_ONLY,) if styled else ())
