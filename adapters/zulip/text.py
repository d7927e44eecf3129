"""A message as Zulip's: Markdown, the cut of what is longer than a message may be, the lines of its
files, and the keys of reactions. Where a link leads is marked, and written once topics are known.
Pure."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from adapters.zulip.limits import CHANNEL_CHARS, NAME_CHARS, TOPIC_CHARS
from adapters.zulip.paths import link_to
from adapters.zulip.placing import emoji_name
from adapters.zulip.profiles import ZulipCaps
from mappings import emoji, losses, markdown, names
from mappings.links import SlackLink, parse
from mappings.nodes import (
    Channel,
    Document,
    Inline,
    Link,
    Paragraph,
    Text,
    links,
    visible_text,
)
from mappings.relink import replace_links
from mappings.split import split
from migrate.model import Message, ts_micros
from migrate.spi import Look, Piece, Pointer, Rendered

SPLIT = "zulip-split"
CUSTOM_EMOJI = "zulip-custom-emoji"
SKIN_TONE = "zulip-skin-tone"
BOT_NAME = "zulip-bot-name"

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
    names_ = _Names(look)
    body = _mark_links(message.body, look)
    before, behind = _head(message, look), _tail(message, look)
    room = len(before) + len(behind) + 2 + (_POINTER_CHARS + 2 if message.broadcast else 0)
    limit = max(caps.piece_limit - room, caps.piece_limit // 2)

    def written(document: Document) -> str:
        return markdown.render(document, names_, markdown.ZULIP)

    texts = [written(body)]
    if _measure(texts[0]) > limit:
        texts = [written(part) for part in split(body, lambda part: _measure(written(part)), limit)]
    texts[0] = before + texts[0]
    # Without a blank line a quote or a list would take the files in.
    texts[-1] = "\n\n".join(filter(None, (texts[-1], behind)))
    pieces = [Piece(text.encode("utf-8", "replace")) for text in texts]
    if message.broadcast and message.root:
        pieces += [Piece(each.payload, in_thread=False) for each in pieces]
    lost = [
        *([SPLIT] if len(texts) > 1 else ()),
        *([BOT_NAME] if before and message.kind != "emote" else ()),
        *([CUSTOM_EMOJI] if names_.custom else ()),
        *_lost_reactions(message, look),
        *_lost_links(message.body, look),
        *losses.find(body, names_, losses.MARKDOWN),
    ]
    return Rendered(tuple(pieces), tuple(dict.fromkeys(lost)), _snippet(body, names_))


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


def _tail(message: Message, look: Look) -> str:
    """A line for each file that travels."""
    return "\n".join(link_to(file) for file in message.files if look.file(file.id) is not None)


def _measure(text: str) -> int:
    return len(_MARKS.sub("x" * _POINTER_CHARS, text)) if MARK in text else len(text)


def _snippet(body: Document, names_: names.Names) -> str:
    """The first words, for a topic."""
    if len(body.blocks) == 1 and isinstance(paragraph := body.blocks[0], Paragraph):
        children = paragraph.children
        if len(children) == 1 and isinstance(text := children[0], Text):
            return " ".join(text.text[: 2 * _SNIPPET_CHARS].split())[:_SNIPPET_CHARS]
    text_ = visible_text(Document(body.blocks[:2]), names_).replace(MARK, "")
    return " ".join(text_[: 2 * _SNIPPET_CHARS].split())[:_SNIPPET_CHARS]


# -- links -----------------------------------------------------------------------------------------


def _mark_links(body: Document, look: Look) -> Document:
    """The body with a mark, or words, in place of every link to the workspace's own."""
    if losses.is_quiet(body):
        return body
    own = {url: pointer for url in links(body) if (pointer := look.link(url)) is not None}
    if not own:
        return body

    def change(link: Link) -> tuple[Inline, ...] | None:
        pointer = own.get(link.url)
        return None if pointer is None else _words(link, pointer)

    return replace_links(body, change)


def _words(link: Link, pointer: Pointer) -> tuple[Inline, ...]:
    slack = parse(link.url)
    where: tuple[Inline, ...]
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


def _lost_links(body: Document, look: Look) -> tuple[str, ...]:
    if losses.is_quiet(body):
        return ()
    lost = any(found.lost for url in links(body) if (found := look.link(url)) is not None)
    return (losses.LINK,) if lost else ()


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
