"""Block Kit's blocks, one reader each: section, header, context, image, table and their kin.

A reader takes one block as it stands in JSON and gives the tree's blocks. `rich_text` is
`richtext`; which reader reads what, and what becomes of unknown blocks, is `blocks`.
"""

from collections.abc import Mapping
from typing import cast

from mappings import mrkdwn, richtext
from mappings.inline import parse_inline, parse_label, unescape
from mappings.nodes import (
    Align,
    Block,
    Divider,
    Fields,
    Heading,
    Image,
    Inline,
    Link,
    Paragraph,
    Styled,
    Table,
    Text,
)
from mappings.shape import record, records, string

Json = Mapping[str, object]

# Where blocks that Slack may add tomorrow are likely to keep their words, in reading order.
_WORDY = ("title", "subtitle", "name", "text", "body", "description", "alt_text", "fallback")


def section(block: Json) -> list[Block]:
    """Text, fields in two columns, and one accessory."""
    shown = text_blocks(block.get("text"))
    cells = [inlines(field) for field in records(block.get("fields"))]
    if any(cells):
        shown.append(Fields(tuple(cells)))
    return shown + element_blocks(block.get("accessory"))


def header(block: Json) -> list[Block]:
    words = inlines(block.get("text"))
    return [Heading(words)] if words else []


def context(block: Json) -> list[Block]:
    """Small print: texts and icons in one line."""
    line: list[Inline] = []
    below: list[Block] = []
    for element in records(block.get("elements")):
        if string(element, "type") == "image":
            url = image_url(element)
            label = unescape(string(element, "alt_text"))
            icon = Link(url, (Text(label),) if label else ())
            piece: tuple[Inline, ...] = (icon,) if url else ()
        else:
            blocks = text_blocks(element)
            single = blocks[0] if len(blocks) == 1 else None
            piece = single.children if isinstance(single, Paragraph) else ()
            below += [] if piece else blocks
        line += (Text(" "), *piece) if line and piece else piece
    return ([Paragraph(tuple(line))] if line else []) + below


def divider(block: Json) -> list[Block]:
    return [Divider()]


def image(block: Json) -> list[Block]:
    url = image_url(block)
    title = plain_words(block.get("title")) or unescape(string(block, "alt_text"))
    if url:
        return [Image(url, title)]
    return [Paragraph((Text(title),))] if title else []


def video(block: Json) -> list[Block]:
    """A linked title, whose it is, what it is about."""
    title = inlines(block.get("title")) or parse_label(string(block, "alt_text"))
    url = unescape(string(block, "title_url", "video_url"))
    first: tuple[Inline, ...] = (Styled("bold", (Link(url, title),) if url else title),)
    lines = [first if url or title else ()]
    lines.append(parse_label(string(block, "author_name", "provider_name")))
    lines.append(inlines(block.get("description")))
    return [Paragraph(line) for line in lines if line]


def actions(block: Json) -> list[Block]:
    """Buttons and menus, as the words that stand on them."""
    line: list[Inline] = []
    for element in records(block.get("elements")):
        shown = control(element)
        line += (Text(" "), *shown) if line and shown else shown
    return [Paragraph(tuple(line))] if line else []


def form(block: Json) -> list[Block]:
    """A block of type `input`: its label, then what can be entered."""
    words = inlines(block.get("label"))
    shown: list[Block] = [Paragraph(words)] if words else []
    return shown + element_blocks(block.get("element"))


def table(block: Json) -> list[Block]:
    """Cells are `raw_text` or `rich_text`; the first row is the head."""
    rows: list[tuple[tuple[Inline, ...], ...]] = []
    given = block.get("rows")
    for row in given if isinstance(given, list) else []:
        if isinstance(row, list):
            rows.append(tuple(_cell(cell) for cell in row))
    settings = block.get("column_settings")
    aligns = [
        cast(Align, align) if (align := string(record(column), "align")) in _ALIGNS else ""
        for column in (settings if isinstance(settings, list) else [])
    ]
    return [Table(tuple(rows), tuple(aligns))] if any(rows) else []


_ALIGNS = {"left", "center", "right"}


def call(block: Json) -> list[Block]:
    """A call of an app (Zoom and the like): its name, linked to where one joined."""
    details = record(record(block.get("call")).get("v1")) or record(block.get("call")) or block
    name = parse_label(string(details, "name", "display_name", "title"))
    url = unescape(string(details, "join_url", "desktop_app_join_url", "url"))
    if not url and not name:
        return []
    return [Paragraph((Link(url, name),) if url else name)]


def contact_card(block: Json) -> list[Block]:
    """A person's card: name, title, address, number."""
    card = record(block.get("contact")) or record(block.get("contact_card")) or block
    found = [string(card, key) for key in ("name", "full_name", "title", "email", "phone")]
    lines = [parse_label(words) for words in dict.fromkeys(found) if words]
    return [Paragraph(line) for line in lines] or words(block)


def words(block: Json) -> list[Block]:
    """Whatever an unknown block has to say: every text in the places where texts usually stand."""
    shown: list[Block] = []
    for key in _WORDY:
        shown += (block_ for block_ in text_blocks(block.get(key)) if block_ not in shown)
    for key in ("elements", "fields", "actions"):
        for element in records(block.get(key)):
            shown += text_blocks(element) or element_blocks(element)
    url = unescape(string(block, "url", "permalink", "image_url"))
    return shown + ([Paragraph((Link(url),))] if url else [])


def text_blocks(value: object) -> list[Block]:
    """A text object (`mrkdwn`, `plain_text`, `rich_text`) or a bare string."""
    if isinstance(value, str):
        return list(mrkdwn.parse(value).blocks)
    given = record(value)
    kind = string(given, "type")
    if kind == "rich_text":
        return list(richtext.read(given).blocks)
    text = string(given, "text")
    if kind == "plain_text":
        return [Paragraph(parse_label(text))] if text else []
    # `verbatim` only says that bare names were not made links; there is nothing to do for it.
    return list(mrkdwn.parse(text).blocks)


def inlines(value: object) -> tuple[Inline, ...]:
    """A text object as inlines: its quotes, bullets and fences, if any, stay marked as text."""
    blocks = text_blocks(value)
    if len(blocks) == 1 and isinstance(block := blocks[0], Paragraph):
        return block.children
    text = value if isinstance(value, str) else string(record(value), "text")
    return parse_inline(text) if text else ()


def element_blocks(value: object) -> list[Block]:
    """An accessory or an input's element: a picture, or a control."""
    element = record(value)
    if string(element, "type") == "image":
        return image(element)
    shown = control(element)
    return [Paragraph(shown)] if shown else []


def control(element: Json) -> tuple[Inline, ...]:
    """A button or menu: `[its words]`, linked where it led somewhere."""
    text = element.get("text")
    label = plain_words(text) or plain_words(element.get("placeholder"))
    chosen = [
        plain_words(option.get("text"))
        for option in records(element.get("initial_options"))
        or [record(element.get("initial_option"))]
    ]
    label = ", ".join(filter(None, chosen)) or label or unescape(string(element, "initial_value"))
    if not label:
        return ()
    url = unescape(string(element, "url"))
    shown = Text(f"[{label}]")
    return (Link(url, (shown,)),) if url else (shown,)


def plain_words(value: object) -> str:
    """The characters of a text object or string, without markup."""
    return unescape(value if isinstance(value, str) else string(record(value), "text"))


def image_url(element: Json) -> str:
    """Where a picture lies: on the web, or with Slack."""
    hosted = record(element.get("slack_file"))
    return unescape(string(element, "image_url") or string(hosted, "url", "permalink"))


def _cell(value: object) -> tuple[Inline, ...]:
    """A cell's inlines; several paragraphs become one with line breaks."""
    given = record(value)
    if string(given, "type") == "raw_text":
        text = string(given, "text")
        return (Text(text),) if text else ()
    line: list[Inline] = []
    for block in text_blocks(value):
        children = block.children if isinstance(block, Paragraph) else ()
        line += (Text("\n"), *children) if line and children else children
    return tuple(line)
