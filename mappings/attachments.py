"""Attachments: the cards that apps and links hang below a message, and quoted messages.

Legacy attachments of before Block Kit (pretext, author, title, text, fields, footer), app cards
that hold blocks, and unfurls of other Slack messages, which become quotes. Files in
`attachments[].files[]` are files, and the reader's business.
"""

from collections.abc import Callable, Mapping

from mappings import mrkdwn
from mappings.inline import date, parse_inline, parse_label, unescape
from mappings.kit import control
from mappings.nodes import (
    Block,
    Card,
    Fields,
    Image,
    Inline,
    Link,
    Paragraph,
    Person,
    Quote,
    Styled,
    Text,
)
from mappings.shape import record, records, string

Json = Mapping[str, object]
ReadBlocks = Callable[[object, list[str]], tuple[Block, ...]]

_COLORS = {"good": "#2eb67d", "warning": "#ecb22e", "danger": "#e01e5a"}
_HEX = frozenset("0123456789abcdefABCDEF")


def read(attachments: object, losses: list[str], read_blocks: ReadBlocks) -> tuple[Block, ...]:
    """Every attachment of a message, in order. `read_blocks` reads the blocks within them."""
    shown: list[Block] = []
    for attachment in records(attachments):
        if _is_message(attachment):
            shown += _message(attachment, losses, read_blocks)
        else:
            shown += _card(attachment, losses, read_blocks)
    return tuple(shown)


def _is_message(attachment: Json) -> bool:
    flags = ("is_msg_unfurl", "is_share", "is_reply_unfurl")
    return any(attachment.get(flag) is True for flag in flags) or bool(
        records(attachment.get("message_blocks"))
    )


def _message(attachment: Json, losses: list[str], read_blocks: ReadBlocks) -> list[Block]:
    """Another message, shown below the one that links to it: who, what, and the link."""
    body: list[Block] = []
    for entry in records(attachment.get("message_blocks")):
        body += read_blocks(record(entry.get("message")).get("blocks"), losses)
    if not body:
        body += mrkdwn.parse(string(attachment, "text")).blocks
    if not body:
        body += mrkdwn.parse(string(attachment, "fallback")).blocks
    name = unescape(string(attachment, "author_subname", "author_name"))
    author = string(attachment, "author_id")
    head: tuple[Inline, ...] = ()
    if author or name:
        head = (Styled("bold", (Person(author, name) if author else Text(name),)),)
    url = unescape(string(attachment, "from_url", "original_url"))
    footer = parse_inline(string(attachment, "footer"))
    tail: tuple[Inline, ...] = (Link(url, _words_only(footer)),) if url else footer
    lines = [Paragraph(line) for line in (head, tail) if line]
    return [Quote((*lines[:1], *body, *lines[1:]))] if body or lines else []


def _card(attachment: Json, losses: list[str], read_blocks: ReadBlocks) -> list[Block]:
    """A card; its `pretext` stands above it, and `fallback` only where there is nothing else."""
    above = list(mrkdwn.parse(string(attachment, "pretext")).blocks)
    inner: list[Block] = list(read_blocks(attachment.get("blocks"), losses))
    inner = [*_head(attachment), *inner, *mrkdwn.parse(string(attachment, "text")).blocks]
    inner += _fields(attachment)
    for key in ("image_url", "thumb_url"):
        url = unescape(string(attachment, key))
        if url and not any(isinstance(block, Image) for block in inner):
            inner.append(Image(url))
    inner += _tail(attachment)
    if not above and not inner:
        inner += mrkdwn.parse(string(attachment, "fallback")).blocks
    return [*above, Card(tuple(inner), _color(attachment))] if inner else above


def _head(attachment: Json) -> list[Block]:
    """Who, and the title, each linked where it can be."""
    author = parse_label(string(attachment, "author_name") or string(attachment, "service_name"))
    author_url = unescape(string(attachment, "author_link", "service_url"))
    subname = string(attachment, "author_subname")
    line: tuple[Inline, ...] = _linked(author, author_url)
    if subname and subname != string(attachment, "author_name"):
        line = (*line, *((Text(" "),) if line else ()), *parse_label(subname))
    title = parse_inline(string(attachment, "title"))
    title_url = unescape(string(attachment, "title_link"))
    linked = _linked(_words_only(title) if title_url else title, title_url)
    heading: tuple[Inline, ...] = (Styled("bold", linked),) if linked else ()
    return [Paragraph(words) for words in (line, heading) if words]


def _fields(attachment: Json) -> list[Block]:
    """Short fields stand side by side in Slack; long ones, and fences, get their own lines."""
    shown: list[Block] = []
    cells: list[tuple[Inline, ...]] = []
    for field in records(attachment.get("fields")):
        label = parse_inline(string(field, "title"))
        title: tuple[Inline, ...] = (Styled("bold", label),) if label else ()
        value = mrkdwn.parse(string(field, "value")).blocks
        simple = len(value) == 1 and isinstance(value[0], Paragraph)
        if field.get("short") is True and (simple or not value):
            words = value[0].children if value and isinstance(value[0], Paragraph) else ()
            cells.append((*title, *((Text("\n"),) if title and words else ()), *words))
            continue
        shown += [Fields(tuple(cells))] if cells else []
        cells = []
        shown += [Paragraph(title)] if title else []
        shown += value
    return shown + ([Fields(tuple(cells))] if any(cells) else [])


def _tail(attachment: Json) -> list[Block]:
    """Buttons, then the footer and its time."""
    buttons: list[Inline] = []
    for action in records(attachment.get("actions")):
        shown = control(action)
        buttons += (Text(" "), *shown) if buttons and shown else shown
    footer = parse_inline(string(attachment, "footer"))
    if (ts := attachment.get("ts")) is not None and (when := date(_seconds(ts), "")):
        footer = (*footer, *((Text(" | "),) if footer else ()), when)
    return [Paragraph(line) for line in (tuple(buttons), footer) if line]


def _seconds(ts: object) -> object:
    """An attachment's `ts` is a number, or a string with a fraction."""
    return str(ts).partition(".")[0]


def _linked(words: tuple[Inline, ...], url: str) -> tuple[Inline, ...]:
    return (Link(url, words),) if url and words else words


def _words_only(children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Without links, for what stands in a link itself: their words."""
    kept: list[Inline] = []
    for node in children:
        if isinstance(node, Link):
            kept += _words_only(node.children) or (Text(node.url),)
        elif isinstance(node, Styled):
            kept.append(Styled(node.style, _words_only(node.children)))
        else:
            kept.append(node)
    return tuple(kept)


def _color(attachment: Json) -> str:
    """`36a64f`, `#36a64f`, `good`; "" for what is no colour."""
    color = string(attachment, "color")
    if color in _COLORS:
        return _COLORS[color]
    digits = color.removeprefix("#")
    return f"#{digits.lower()}" if len(digits) == 6 and _HEX.issuperset(digits) else ""
