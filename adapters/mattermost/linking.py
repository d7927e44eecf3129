"""Links to the workspace's own messages and conversations, put into words. An archive knows no
address of what it will become, so a link becomes the channel's name, which clients show as a link,
and the time by which the message is found there."""

from datetime import UTC, datetime

from mappings.links import SlackLink, parse
from mappings.nodes import Channel, Document, Inline, Link, Text, links
from mappings.relink import replace_links
from migrate.model import ts_micros
from migrate.spi import Look, Pointer


def put_links_into_words(document: Document, look: Look) -> tuple[Document, bool]:
    """The document without addresses of the workspace's own, and whether one of them was a
    message's."""
    own = {url: pointer for url in links(document) if (pointer := look.link(url)) is not None}
    if not own:
        return document, False
    to_messages = {url: link for url in own if (link := _message(url)) is not None}

    def change(link: Link) -> tuple[Inline, ...] | None:
        pointer = own.get(link.url)
        return None if pointer is None else _words(link, pointer, to_messages.get(link.url))

    return replace_links(document, change), bool(to_messages)


def _message(url: str) -> SlackLink | None:
    link = parse(url)
    return link if isinstance(link, SlackLink) and link.ts is not None else None


def _words(link: Link, pointer: Pointer, message: SlackLink | None) -> tuple[Inline, ...]:
    # A private conversation has no name for those who are not in it.
    place: Inline = Text("a private conversation")
    if pointer.conversation.name and (conversation := parse(link.url)) is not None:
        assert isinstance(conversation, SlackLink)  # nothing else has a pointer
        place = Channel(conversation.conversation, pointer.conversation.name)
    where: tuple[Inline, ...] = (place,)
    if message is not None and message.ts is not None:
        where = (place, Text(f", {_moment(message.ts)}"))
    if link.children:
        return (*link.children, Text(" ("), *where, Text(")"))
    if message is None:
        return where
    return (Text("(message in "), *where, Text(")"))


def _moment(ts: str) -> str:
    seconds = ts_micros(ts) // 1_000_000
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
