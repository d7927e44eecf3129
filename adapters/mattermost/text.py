"""A message as Mattermost's posts: Markdown, the kind of post, the cut of what is longer than a
post may be, and the names of reactions. Pure."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from adapters.mattermost.limits import FILES_A_POST, NAME_RUNES
from adapters.mattermost.linking import put_links_into_words
from adapters.mattermost.paths import body_name, is_too_large
from adapters.mattermost.placing import emoji_name
from adapters.mattermost.profiles import MattermostCaps
from mappings import emoji, losses, markdown, names
from mappings.nodes import Document
from mappings.split import split
from migrate.model import File, Message
from migrate.spi import Look, Piece, Rendered

SPLIT = "mattermost-split"
FILES_SPLIT = "mattermost-files-split"
LARGE_IMAGE = "mattermost-large-image"
CUSTOM_EMOJI = "mattermost-custom-emoji"
NEW_EMOJI = "mattermost-new-emoji"
LINK = "mattermost-link"
OLD_EDIT = "mattermost-old-edit-mark"
OLD_KIND = "mattermost-old-notice"
OLD_NAME = "mattermost-old-reply-name"

_TYPES = {"notice": "system_generic", "emote": "me"}


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What both an archive and a server can tell of a post. `name` is what a bot called itself for
    this message; `files` are names and sizes in bytes, sorted, for a server keeps no order."""

    message: str
    type: str = ""
    name: str = ""
    files: tuple[tuple[str, int], ...] = ()


_encode = msgspec.json.Encoder().encode
read_payload = msgspec.json.Decoder(Payload).decode


def payload(
    message: str, type: str = "", name: str = "", files: Sequence[tuple[str, int]] = ()
) -> bytes:
    """The same bytes for the same post, wherever it was read."""
    return _encode(Payload(message=message, type=type, name=name, files=tuple(sorted(files))))


def render(message: Message, look: Look, caps: MattermostCaps) -> Rendered:
    """One post a piece. A reply that Slack shows in the channel, too, comes a second time there."""
    kept = caps.kept
    lost: list[str] = []
    body = message.body
    quiet = losses.is_quiet(body)
    if not quiet:
        body, to_messages = put_links_into_words(body, look)
        if to_messages:
            lost.append(LINK)
    files = message.files
    names_ = _Names(look)
    texts = _texts(message, body, names_, caps.piece_limit)
    if len(texts) > 1:
        lost.append(SPLIT)
    if len(files) > FILES_A_POST:
        lost.append(FILES_SPLIT)
    if files and any(map(is_too_large, files)):
        lost.append(LARGE_IMAGE)
    if names_.custom:
        lost.append(CUSTOM_EMOJI)
    if message.reactions and any(_is_unknown(each.emoji) for each in message.reactions):
        lost.append(NEW_EMOJI)
    if not kept.marks:
        lost += _lost_by_old(message)
    if not quiet:
        lost += losses.find(body, names_, losses.MARKDOWN)
    type = _TYPES.get(message.kind, "") if kept.marks else ""
    name = shown_name(message) if kept.marks or not message.root else ""
    if files or len(texts) > 1:
        pieces = [
            Piece(payload(words, type, name, [(body_name(file), file.size) for file in some]))
            for words, some in zip(*_level(texts, chunk_files(files)), strict=True)
        ]
    else:
        pieces = [Piece(payload(texts[0], type, name))]
    if message.broadcast and message.root:
        pieces += [Piece(each.payload, in_thread=False) for each in pieces]
    return Rendered(tuple(pieces), tuple(dict.fromkeys(lost)) if lost else ())


def chunk_files(files: Sequence[File]) -> list[tuple[File, ...]]:
    """As many as a post may have to each of a message's pieces."""
    starts = range(0, len(files), FILES_A_POST)
    return [tuple(files[start : start + FILES_A_POST]) for start in starts]


def shown_name(message: Message) -> str:
    """The name that a bot wrote under; "" where it is its own."""
    if not message.author_name:
        return ""
    return names.full_name(message.author_name, "", NAME_RUNES)


def reaction_key(name: str, look: Look) -> str:
    """The name of Slack's emoji on a server: a standard one's with its tone, what a custom one is
    mapped to or placed as, else Slack's own in characters that a server takes."""
    standard = _standard(name)
    if standard is not None:
        return standard
    base = emoji.split_tone(name).base
    shown = look.emoji(base)
    if shown is None:
        return emoji_name(emoji.canonical(base))
    if shown.startswith(":") and shown.endswith(":"):
        return emoji_name(shown.strip(":"))
    return _standard(emoji.name_of(shown) or "") or emoji_name(base)


@lru_cache(maxsize=4_096)
def _standard(name: str) -> str | None:
    return emoji.mattermost_name(name)


@lru_cache(maxsize=4_096)
def _is_unknown(name: str) -> bool:
    """Whether a standard emoji is younger than the server's table of them."""
    return _standard(name) is None and emoji.to_unicode(emoji.split_tone(name).base) is not None


def _texts(message: Message, body: Document, names_: "_Names", limit: int) -> list[str]:
    def written(document: Document) -> str:
        text = markdown.render(document, names_, markdown.MATTERMOST)
        return _slanted(text) if message.kind == "emote" else text

    whole = written(body)
    if len(whole) <= limit:
        return [whole]
    return [written(part) for part in split(body, lambda part: len(written(part)), limit)]


def _slanted(text: str) -> str:
    """As clients write what `/me` says, where one pair of marks can hold it."""
    simple = text and text == text.strip() and "\n" not in text and "*" not in text
    return f"*{text}*" if simple else text


def _level(
    texts: list[str], chunks: list[tuple[File, ...]]
) -> tuple[list[str], list[tuple[File, ...]]]:
    """Both of the same length, filled up with nothing."""
    length = max(len(texts), len(chunks))
    return (
        texts + [""] * (length - len(texts)),
        chunks + [()] * (length - len(chunks)),
    )


def _lost_by_old(message: Message) -> list[str]:
    lost: list[str] = []
    if message.edited:
        lost.append(OLD_EDIT)
    if message.kind in _TYPES:
        lost.append(OLD_KIND)
    if message.root and message.author_name:
        lost.append(OLD_NAME)
    return lost


class _Names(names.SlackNames):
    """Mentions as clients read them: `@account`, `~channel`. `custom` tells whether a custom emoji
    was seen that nothing stands for."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.custom = False

    def person(self, id: str, label: str) -> names.Name:
        face = self._look.person(id)
        if face is None:
            return names.Name(f"@{label or id}")
        return names.Name(f"@{face.ref}", markup=f"@{face.ref}")

    def channel(self, id: str, label: str) -> names.Name:
        face = self._look.conversation(id)
        if face is None:
            return names.Name(f"#{label or id}")
        if not face.name:  # a private one: its label is a name too
            return names.Name(f"#{id}")
        return names.Name(f"~{face.ref}", markup=f"~{face.ref}")

    def group(self, id: str, label: str) -> names.Name:
        return names.Name(f"@{label or self._look.group(id) or id}")

    def emoji(self, name: str) -> str | None:
        shown = self._look.emoji(name)
        if shown is None:
            self.custom = True
            # Its own name, which shows the emoji as soon as the server has one of this name.
            return f":{name}:" if emoji_name(name) == name else None
        return shown
