"""A message as Zulip's: Markdown, the cut of what is longer than a message may be, the lines of its
files, and the keys of reactions. Where a link leads is marked; for a directory it is written once
topics are known, and what an organization that stands is told is `live_text`. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from adapters.zulip import live_text
from adapters.zulip.limits import CHANNEL_CHARS, NAME_CHARS, TOPIC_CHARS
from adapters.zulip.paths import link_to, shown_name
from adapters.zulip.placing import emoji_name
from adapters.zulip.profiles import ZulipCaps
from mappings import emoji, losses, markdown, names
from mappings.links import SlackLink, parse
from mappings.nodes import (
    Block,
    Channel,
    Document,
    Inline,
    Item,
    Link,
    Paragraph,
    Text,
    links_among,
    visible_text,
    walk,
)
from mappings.relink import replace_links
from mappings.split import split
from migrate.model import Message, ts_micros
from migrate.spi import Look, Piece, Pointer, Rendered

SPLIT = "zulip-split"
CUSTOM_EMOJI = "zulip-custom-emoji"
SKIN_TONE = "zulip-skin-tone"
BOT_NAME = "zulip-bot-name"
EDIT_MARK = "zulip-edit-mark"

UNKNOWN = "2754"
"""A white question mark: what stands for a custom emoji whose image is not to be had."""

MARK = "\ufdd0"
"""Around the address of a link whose topic is not known yet: a code point that is no character."""

_MARKS = re.compile(f"{MARK}([^{MARK}]*){MARK}")
_POINTER_CHARS = CHANNEL_CHARS + TOPIC_CHARS + len("#**>**")
_SNIPPET_CHARS = 80


def render(message: Message, look: Look, caps: ZulipCaps) -> Rendered:
    """One message a piece, its payload the words. A reply that Slack shows in the conversation,
    too, comes a second time there."""
    live = caps.delivery == "live"
    names_ = _LiveNames(look) if live else _Names(look)
    body = message.body
    own: dict[str, Pointer] = {}
    nodes: Sequence[Block | Item | Inline] = ()
    quiet = losses.is_quiet(body)
    if not quiet:
        nodes = walk(body)
        urls = links_among(nodes)
        own = {url: pointer for url in urls if (pointer := look.link(url)) is not None}
        if own:
            body = _mark_links(body, own, live)
            nodes = walk(body)
    width = live_text.LINK_CHARS if live else _POINTER_CHARS
    before, behind = _head(message, look), _tail(message, look, live)
    room = len(before) + len(behind) + 2 + (width + 2 if message.broadcast else 0)
    limit = max(caps.piece_limit - room, caps.piece_limit // 2)

    def written(document: Document) -> str:
        return markdown.render(document, names_, markdown.ZULIP)

    def measured(text: str) -> int:
        return len(_MARKS.sub("x" * width, text)) if MARK in text else len(text)

    texts = [written(body)]
    if measured(texts[0]) > limit:
        texts = [written(part) for part in split(body, lambda part: measured(written(part)), limit)]
    if before:
        texts[0] = before + texts[0]
    if behind:
        # Without a blank line a quote or a list would take the files in.
        texts[-1] = f"{texts[-1]}\n\n{behind}" if texts[-1] else behind
    if live:
        texts = [live_text.kept(_written_links(text, look, caps), message.kind) for text in texts]
    pieces = [Piece(text.encode("utf-8", "replace")) for text in texts]
    if message.broadcast and message.root:
        pieces += [Piece(each.payload, in_thread=False) for each in pieces]
    lost: list[str] = []
    if len(texts) > 1:
        lost.append(SPLIT)
    if before and message.kind != "emote":
        lost.append(BOT_NAME)
    if live and message.edited:
        lost.append(EDIT_MARK)
    if names_.custom:
        lost.append(CUSTOM_EMOJI)
    if message.reactions:
        lost += _lost_reactions(message, look)
    if own and any(pointer.lost for pointer in own.values()):
        lost.append(losses.LINK)
    if not quiet:
        lost += losses.find_among(nodes, names_, losses.MARKDOWN)
    return Rendered(
        tuple(pieces),
        tuple(dict.fromkeys(lost)) if lost else (),
        _snippet(body, names_) if message.thread else "",
    )


def marked_links(text: str) -> list[tuple[int, int, str]]:
    """Where a payload holds marks: from, to, and the address in between."""
    if MARK not in text:
        return []
    return [(each.start(), each.end(), each[1]) for each in _MARKS.finditer(text)]


def reaction_key(name: str, look: Look) -> str:
    """The code of Slack's emoji there: its code points, or the name of a custom one between
    colons. Skin tones are not kept. A workspace's own emoji goes before a standard one that Slack
    has given the same name since."""
    base = emoji.split_tone(name).base
    shown = look.emoji(base)
    if shown is None:
        return _code(base) or UNKNOWN
    if shown.startswith(":") and shown.endswith(":") and len(shown) > 2:
        key = shown.strip(":")
        return f":{key}:" if look.file(f"emoji/{base}") is not None else _code(key) or UNKNOWN
    return _code(emoji.name_of(shown) or "") or UNKNOWN


@lru_cache(maxsize=4_096)
def _code(name: str) -> str | None:
    return emoji.zulip_code(name) if name else None


def _head(message: Message, look: Look) -> str:
    """What stands before the words: Zulip knows no names for one message alone."""
    if message.kind == "emote":
        return "/me "
    if not message.author_name:
        return ""
    author = look.person(message.author)
    shown = names.full_name(message.author_name, "*`", NAME_CHARS)
    if not shown or (author is not None and author.name == shown):
        return ""
    return f"**{shown}:**\n"


def _tail(message: Message, look: Look, live: bool) -> str:
    """A line for each file that travels."""
    if not message.files:
        return ""
    there = [(file, ref) for file in message.files if (ref := look.file(file.id)) is not None]
    if live:
        return "\n".join(f"[{shown_name(file)}]({ref})" for file, ref in there)
    return "\n".join(link_to(file) for file, _ in there)


def _written_links(text: str, look: Look, caps: ZulipCaps) -> str:
    """A text with every mark replaced by what leads there."""
    for start, end, url in reversed(marked_links(text)):
        pointer = look.link(url)
        words = live_text.link(url, pointer, caps) if pointer is not None else ""
        text = text[:start] + words + text[end:]
    return text


def _snippet(body: Document, names_: names.Names) -> str:
    """The first words, for a topic."""
    if len(body.blocks) == 1 and isinstance(paragraph := body.blocks[0], Paragraph):
        children = paragraph.children
        if len(children) == 1 and isinstance(text := children[0], Text):
            return " ".join(text.text[: 2 * _SNIPPET_CHARS].split())[:_SNIPPET_CHARS]
    text_ = visible_text(Document(body.blocks[:2]), names_).replace(MARK, "")
    return " ".join(text_[: 2 * _SNIPPET_CHARS].split())[:_SNIPPET_CHARS]


# -- links -----------------------------------------------------------------------------------------


def _mark_links(body: Document, own: Mapping[str, Pointer], live: bool) -> Document:
    """The body with a mark, or words, in place of every link to the workspace's own."""

    def change(link: Link) -> tuple[Inline, ...] | None:
        pointer = own.get(link.url)
        return None if pointer is None else _words(link, pointer, live)

    return replace_links(body, change)


def _words(link: Link, pointer: Pointer, live: bool) -> tuple[Inline, ...]:
    slack = parse(link.url)
    where: tuple[Inline, ...]
    if live:
        where = (Channel(f"{MARK}{link.url}", ""),)
        return (*link.children, Text(" ("), *where, Text(")")) if link.children else where
    if pointer.conversation.name:
        where = (Channel(f"{MARK}{link.url}", ""),)
    else:
        # A private conversation has no name for those who are not in it.
        where = (Text("a private conversation"),)
    if isinstance(slack, SlackLink) and slack.ts is not None:
        moment = datetime.fromtimestamp(ts_micros(slack.ts) // 1_000_000, UTC)
        where = (*where, Text(f", {moment:%Y-%m-%d %H:%M} UTC"))
    if link.children:
        return (*link.children, Text(" ("), *where, Text(")"))
    return where


def _lost_reactions(message: Message, look: Look) -> tuple[str, ...]:
    lost: list[str] = []
    for reaction in message.reactions:
        tone = emoji.split_tone(reaction.emoji)
        if tone.skin:
            lost.append(SKIN_TONE)
        if reaction_key(reaction.emoji, look) == UNKNOWN and tone.base != "grey_question":
            lost.append(CUSTOM_EMOJI)
    return tuple(lost)


class _Names(names.SlackNames):
    """Mentions as clients read them: silent ones of people, so that nobody is told of what was said
    years ago. `custom` tells whether a custom emoji was seen that nothing stands for."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.custom = False

    def person(self, id: str, label: str) -> names.Name:
        face = self._look.person(id)
        if face is None:
            return names.Name(f"@{label or id}")
        return names.Name(f"@{face.ref}", markup=f"@_**{face.ref}**")

    def channel(self, id: str, label: str) -> names.Name:
        if id.startswith(MARK):
            return names.Name("#", markup=f"{id}{MARK}")
        face = self._look.conversation(id)
        if face is None:
            return names.Name(f"#{label or id}")
        if not face.name:  # a private one: its label is a name too
            return names.Name(f"#{id}")
        return names.Name(f"#{face.ref}", markup=f"#**{face.ref}**")

    def group(self, id: str, label: str) -> names.Name:
        return names.Name(f"@{label or self._look.group(id) or id}")

    def emoji(self, name: str) -> str | None:
        shown = self._look.emoji(name)
        if shown is None:
            self.custom = True
            # Its own name, which shows the emoji as soon as the server has one of this name.
            return f":{name}:" if emoji_name(name) == name else None
        return shown


class _LiveNames(_Names):
    """The same where the target has given numbers, which stay right when somebody is renamed."""

    def person(self, id: str, label: str) -> names.Name:
        face = self._look.person(id)
        if face is None:
            return names.Name(f"@{label or id}")
        return names.Name(f"@{face.name}", markup=live_text.mention(face.ref))

    def channel(self, id: str, label: str) -> names.Name:
        face = None if id.startswith(MARK) else self._look.conversation(id)
        if face is None or not face.name:
            return super().channel(id, label)
        return names.Name(f"#{face.name}", markup=live_text.channel(face.name, face.ref))
