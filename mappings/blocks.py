"""A message's words: its blocks, else its text, and its attachments, as one neutral tree.

Block Kit lives here; `rich_text` is `richtext`, attachments are `attachments`. Everything comes
as plain JSON objects from exports, apps and other tools, so every shape must be survived: what is
missing is empty, what is unknown shows its fallback words and is reported as a loss.
"""

from collections.abc import Callable, Mapping

import msgspec

from mappings import attachments as cards
from mappings import commonmark, kit, mrkdwn, richtext
from mappings.nodes import EMPTY, Block, Document
from mappings.shape import records, string

UNKNOWN = "block-unknown"


_READERS: Mapping[str, Callable[[Mapping[str, object]], list[Block]]] = {
    "section": kit.section,
    "header": kit.header,
    "context": kit.context,
    "divider": kit.divider,
    "image": kit.image,
    "video": kit.video,
    "actions": kit.actions,
    "context_actions": kit.actions,
    "input": kit.form,
    "table": kit.table,
    "markdown": commonmark.read,
    "call": kit.call,
    "contact_card": kit.contact_card,
    "alert": kit.words,
    "card": kit.words,
}


class Parsed(msgspec.Struct, frozen=True):
    """A message's tree, and the codes of what could not be shown as it was, each once."""

    document: Document
    losses: tuple[str, ...] = ()


def parse(text: str | None, blocks: object = None, attachments: object = None) -> Parsed:
    """`text` is shown only where `blocks` show nothing: it is their shadow, or a notification."""
    if not blocks and not attachments:
        return Parsed(mrkdwn.parse(text) if text else EMPTY)
    losses: list[str] = []
    shown = read_blocks(blocks, losses)
    if not shown and text:
        shown = mrkdwn.parse(text).blocks
    if attachments:
        shown += cards.read(attachments, losses, read_blocks)
    return Parsed(Document(shown), tuple(dict.fromkeys(losses)))


def read_blocks(blocks: object, losses: list[str]) -> tuple[Block, ...]:
    """The blocks of an array of Block Kit objects; appends to `losses` what it does not know."""
    shown: list[Block] = []
    for block in records(blocks):
        kind = string(block, "type")
        if kind == "rich_text":
            rich = richtext.read(block)
            shown += rich.blocks
            losses += [UNKNOWN] if rich.unknown else []
        elif kind in _READERS:
            shown += _READERS[kind](block)
        elif kind != "file":
            losses.append(UNKNOWN)
            shown += kit.words(block)
        # A `file` block only says where a file stands that the message itself lists.
    return tuple(shown)
