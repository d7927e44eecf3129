"""A message as Matrix events: body, HTML, the splitting of what is larger than an event may be, and
names for accounts. Pure; sending lies elsewhere."""

import re
import string
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from adapters.matrix.config import LOCALPART_LIMIT
from adapters.matrix.reading import canonical
from mappings import emoji, html, names
from mappings.losses import HTML, LINK
from mappings.losses import find as find_losses
from mappings.nodes import Document, clean
from mappings.split import split
from migrate.model import Message, Ref
from migrate.spi import Capabilities, Look, Piece, Placement, Rendered, Wish

_PLAIN_ID = re.compile(r"[A-Za-z0-9]+")
_NO_TEXT = "(no text)"
PROFILE = "com.beeper.per_message_profile"


def render(message: Message, look: Look, caps: Capabilities) -> Rendered:
    """One event per piece, as canonical JSON of its type and content; relation and identity are
    added when it is sent.

    A broadcast comes twice: in its thread, then in the room itself, as Slack shows it.
    """
    names_ = _Names(look)
    document, losses = message.body, list[str]()
    whole = _payload(message, document, names_)
    if len(whole) + names_.refs * _link_width(caps) <= caps.piece_limit:
        payloads = [whole]
    else:
        # Measured with links of the greatest width, so that the plan and the push, which know
        # different ids, cut at the same places.
        widest = _Names(look, "x" * caps.ref_width)
        parts = split(document, lambda part: len(_payload(message, part, widest)), caps.piece_limit)
        payloads = [_payload(message, part, names_) for part in parts]
    if len(payloads) > 1:
        losses.append("matrix-split")
    if names_.custom:
        losses.append("matrix-custom-emoji")
    if names_.lost:
        losses.append(LINK)
    losses += find_losses(document, names_, HTML)
    if message.edited:
        losses.append("matrix-edit-mark")
    pieces = [Piece(payload) for payload in payloads]
    if message.broadcast and message.root:
        pieces += [Piece(payload, in_thread=False) for payload in payloads]
    return Rendered(tuple(pieces), tuple(losses))


def place(wish: Wish, free: Callable[[str], bool]) -> Placement:
    """An account's name is the part of its localpart behind the prefix, a conversation's is the
    room's name. Matrix would take the same name twice; readers would be lost. Two messages of
    one millisecond stay as they are: a room's order is that of arrival."""
    if wish.kind == "message":
        return Placement(time=wish.time)
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
    """The character of Slack's emoji, skin tone included; what a custom one is mapped to, or its
    `:name:`."""
    custom = emoji.split_tone(name).base
    return emoji.to_unicode(name) or look.emoji(custom) or f":{clean(name).strip(':')[:200]}:"


def _payload(message: Message, document: Document, names_: "_Names") -> bytes:
    text = html.render(document, names_)
    plain, formatted = text.plain or _NO_TEXT, text.html
    content: dict[str, object] = {"msgtype": _MSGTYPES[message.kind], "m.mentions": {}}
    if message.author_name:
        name = clean(message.author_name)[:200]
        # Clients that know the profile show the name above the message and take the fallback away.
        formatted = f"<strong data-mx-profile-fallback>{escape(name, quote=False)}: </strong>" + (
            formatted or escape(plain, quote=False).replace("\n", "<br>")
        )
        plain = f"{name}: {plain}"
        content[PROFILE] = {"id": name, "displayname": name, "has_fallback": True}
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
    """Mentions as links that clients show as pills. `refs` counts them; `custom` tells whether a
    custom emoji was seen that nothing stands for, `lost` whether a link leads to the room of a
    message that is not there. With `dummy` every link has the same, greatest width."""

    def __init__(self, look: Look, dummy: Ref = "") -> None:
        self._look = look
        self._dummy = dummy
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

    def emoji(self, name: str) -> str | None:
        shown = self._look.emoji(name)
        self.custom |= shown is None
        return shown

    def message(self, url: str) -> str | None:
        pointer = self._look.link(url)
        if pointer is None:
            return None
        self.lost |= pointer.lost
        room = pointer.conversation.ref
        return self._link(room, pointer.message) if pointer.message else self._link(room)

    def _link(self, *refs: Ref) -> str:
        self.refs += 1
        if self._dummy:
            refs = (self._dummy, self._dummy)
        return matrix_to(*refs)


def _link_width(caps: Capabilities) -> int:
    """By how much the widest link may exceed a real one: twice in HTML and once in plain."""
    return 3 * (2 * caps.ref_width + len("https://matrix.to/#//"))
