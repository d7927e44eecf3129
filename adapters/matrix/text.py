"""A message as Matrix events: body, HTML, files, the splitting of what is larger than an event may
be, and names for accounts. Pure; sending lies elsewhere."""

import re
import string
from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote

from adapters.matrix import files
from adapters.matrix.config import LOCALPART_LIMIT
from adapters.matrix.reading import canonical
from mappings import emoji, html, names
from mappings.losses import HTML, LINK
from mappings.losses import find as find_losses
from mappings.nodes import Document, clean, visible_text
from mappings.split import split
from migrate.model import File, Message, Ref
from migrate.spi import Capabilities, Look, Piece, Placement, Rendered, Wish

_PLAIN_ID = re.compile(r"[A-Za-z0-9]+")
_NO_TEXT = "(no text)"
PROFILE = "com.beeper.per_message_profile"


def render(message: Message, look: Look, caps: Capabilities) -> Rendered:
    """One event per piece, as canonical JSON of its type and content; relation and identity are
    added when it is sent. One text and one file are one event, the text its caption; else the text
    comes first, then each file.

    A broadcast comes twice: in its thread, then in the room itself, as Slack shows it.
    """
    names_ = _Names(look)
    uploaded = [(file, ref) for file in message.files if (ref := look.file(file.id)) is not None]
    captioned = _captioned(message, uploaded, names_, caps)
    payloads = [captioned] if captioned else _payloads(message, uploaded, names_, caps)
    losses = list[str]()
    if len(payloads) - len(uploaded) > 1:
        losses.append("matrix-split")
    if uploaded:
        losses.append("matrix-media-by-uri")
    if names_.custom:
        losses.append("matrix-custom-emoji")
    if any(_image(reaction.emoji, look) for reaction in message.reactions):
        losses.append("matrix-reaction-image")
    if names_.lost:
        losses.append(LINK)
    losses += find_losses(message.body, names_, HTML)
    if message.edited:
        losses.append("matrix-edit-mark")
    pieces = [Piece(payload) for payload in payloads]
    if message.broadcast and message.root:
        pieces += [Piece(payload, in_thread=False) for payload in payloads]
    return Rendered(tuple(pieces), tuple(losses))


def place(wish: Wish, free: Callable[[str], bool]) -> Placement:
    """An account's name is the part of its localpart behind the prefix, a conversation's is the
    room's name. Matrix would take the same name twice; readers would be lost. Two messages of
    one millisecond stay as they are: a room's order is that of arrival. Custom emoji are images in
    their messages and keep their names."""
    if wish.kind == "message":
        return Placement(time=wish.time)
    if wish.kind == "emoji":
        return Placement(name=clean(wish.name)[:100])
    if wish.kind == "conversation":
        name = names.full_name(wish.name, "", 255, fallback=wish.id.lower())
        return Placement(name=names.unique(name, free, 255))
    if _PLAIN_ID.fullmatch(wish.id):
        name = wish.id.lower()
    else:
        # A bot without an id is known by its name alone. Slack's ids hold no hyphen.
        allowed = string.ascii_lowercase + string.digits
        name = "name-" + names.slug(wish.id.partition(":")[2], allowed, 40, fallback="bot")
    return Placement(name=names.unique(name, free, LOCALPART_LIMIT))


def matrix_to(*refs: Ref) -> str:
    """The address of an account, a room, or a room's event, which every client understands."""
    return "https://matrix.to/#/" + "/".join(quote(ref, safe="@:!$#=.~-_") for ref in refs)


def reaction_key(name: str, look: Look) -> str:
    """The character of Slack's emoji, skin tone included; of a custom one the address of its image,
    what it is mapped to, or its `:name:`."""
    custom = emoji.split_tone(name).base
    shown = emoji.to_unicode(name) or _image(name, look) or look.emoji(custom)
    return shown or f":{clean(name).strip(':')[:200]}:"


def _image(name: str, look: Look) -> Ref | None:
    """The address of a custom emoji's image; None for all others."""
    custom = emoji.split_tone(name).base
    return None if emoji.to_unicode(custom) else look.file(f"emoji/{custom}")


def _captioned(
    message: Message,
    uploaded: list[tuple[File, Ref]],
    names_: "_Names",
    caps: Capabilities,
) -> bytes | None:
    """The one event of one text and one file; None where they do not fit into one."""
    if len(uploaded) != 1 or message.kind != "message":
        return None
    ((file, ref),) = uploaded
    document = Document((*message.body.blocks, *files.caption(file, _said(message))))
    widest = names_.widest(caps)
    # Measured at its widest, so that the plan and the push decide alike.
    measured = _payload(message, document, widest, files.describe(file, widest.dummy))
    if len(measured) > caps.piece_limit:
        return None
    return _payload(message, document, names_, files.describe(file, ref))


def _payloads(
    message: Message,
    uploaded: list[tuple[File, Ref]],
    names_: "_Names",
    caps: Capabilities,
) -> list[bytes]:
    """The text, in as many events as it needs, and an event for each file."""
    said = _said(message) if uploaded else ""
    shown = [
        _payload(message, Document(files.caption(file, said)), names_, files.describe(file, ref))
        for file, ref in uploaded
    ]
    if shown and not message.body.blocks:
        return shown
    whole = _payload(message, message.body, names_)
    if len(whole) + names_.refs * _link_width(caps) <= caps.piece_limit:
        return [whole, *shown]
    # Measured with links of the greatest width, so that the plan and the push, which know different
    # ids, cut at the same places.
    widest = names_.widest(caps)
    parts = split(message.body, lambda part: len(_payload(message, part, widest)), caps.piece_limit)
    return [*(_payload(message, part, names_) for part in parts), *shown]


def _said(message: Message) -> str:
    return visible_text(message.body, names.SlackNames())


def _payload(
    message: Message,
    document: Document,
    names_: "_Names",
    file: Mapping[str, object] | None = None,
) -> bytes:
    """One event; `file` is what `files.describe` says of one, `document` then its caption."""
    text = html.render(document, names_)
    plain, formatted = text.plain or _NO_TEXT, text.html
    content: dict[str, object] = {"msgtype": _MSGTYPES[message.kind], "m.mentions": {}}
    content |= file or {}
    name = clean(message.author_name)[:200]
    profile: dict[str, object] = {"id": name, "displayname": name}
    if file is not None and not document.blocks:
        # A body that is the file's name is no caption.
        plain, formatted = str(file["filename"]), None
    elif name:
        # Clients that know the profile show the name above the message and take the fallback away.
        formatted = f"<strong data-mx-profile-fallback>{escape(name, quote=False)}: </strong>" + (
            formatted or escape(plain, quote=False).replace("\n", "<br>")
        )
        plain = f"{name}: {plain}"
        profile["has_fallback"] = True
    if name:
        content[PROFILE] = profile
    content["body"] = plain
    if formatted is not None:
        content |= {"format": "org.matrix.custom.html", "formatted_body": formatted}
    return canonical({"type": "m.room.message", "content": content})


# A bot speaks in Slack as loudly as a person does, so it writes m.text too; m.notice, which clients
# show in grey, is for the lines that Slack itself writes.
_MSGTYPES = {
    "message": "m.text",
    "emote": "m.emote",
    "notice": "m.notice",
    "placeholder": "m.notice",
}


class _Names(names.SlackNames):
    """Mentions as links that clients show as pills, custom emoji as images. `refs` counts both;
    `custom` tells whether a custom emoji was seen that nothing stands for, `lost` whether a link
    leads to the room of a message that is not there. With `dummy` every ref has the same, greatest
    width."""

    def __init__(self, look: Look, dummy: Ref = "") -> None:
        self._look = look
        self.dummy = dummy
        self.refs = 0
        self.custom = False
        self.lost = False

    def person(self, id: str, label: str) -> names.Name:
        face = self._look.person(id)
        if face is None:
            return names.Name(f"@{label or id}")
        return names.Name(f"@{face.name}", self._link(face.ref))

    def channel(self, id: str, label: str) -> names.Name:
        face = self._look.conversation(id)
        if face is None:
            return names.Name(f"#{label or id}")
        if not face.name:  # a private one: its label is a name too
            return names.Name(f"#{id}")
        return names.Name(f"#{face.name}", self._link(face.ref))

    def group(self, id: str, label: str) -> names.Name:
        return names.Name(f"@{label or self._look.group(id) or id}")

    def widest(self, caps: Capabilities) -> "_Names":
        """The same, with refs as wide as any may be."""
        return _Names(self._look, "x" * caps.ref_width)

    def emoji(self, name: str) -> str | None:
        shown = self._look.emoji(name)
        self.custom |= shown is None and self._look.file(f"emoji/{name}") is None
        return shown

    def picture(self, name: str) -> str | None:
        ref = self._look.file(f"emoji/{name}")
        if ref is None:
            return None
        self.refs += 1
        return self.dummy or ref

    def message(self, url: str) -> str | None:
        pointer = self._look.link(url)
        if pointer is None:
            return None
        self.lost |= pointer.lost
        room = pointer.conversation.ref
        return self._link(room, pointer.message) if pointer.message else self._link(room)

    def _link(self, *refs: Ref) -> str:
        self.refs += 1
        if self.dummy:
            refs = (self.dummy, self.dummy)
        return matrix_to(*refs)


def _link_width(caps: Capabilities) -> int:
    """By how much the widest link, or image, may exceed a real one: a link stands twice in HTML and
    once in plain."""
    return 3 * (2 * caps.ref_width + len("https://matrix.to/#//"))
