"""What Slack says by itself, in words: who joined, what a topic became, how long a huddle took. It
comes as a document, so that people and conversations in it show under the target's names."""

from collections.abc import Iterable, Mapping, Sequence

from mappings import blocks, mrkdwn
from mappings.nodes import EMPTY, Block, Document, Inline, Link, Paragraph, Person, Text
from migrate.source.wire import Content, Room

# Fields in braces: `user` who did it, the others as in the record. A second wording serves where
# the first one's field is missing.
_WORDINGS: Mapping[str, tuple[str, ...]] = {
    "app_conversation_join": ("{user} was added to the conversation.",),
    "app_conversation_leave": ("{user} was removed from the conversation.",),
    "assistant_app_thread": ("{user} began a thread with an assistant.",),
    "bot_add": ("{user} added an integration: {bot_link}", "{user} added an integration."),
    "bot_disable": (
        "{user} disabled an integration: {bot_link}",
        "{user} disabled an integration.",
    ),
    "bot_enable": ("{user} enabled an integration: {bot_link}", "{user} enabled an integration."),
    "bot_remove": ("{user} removed an integration: {bot_link}", "{user} removed an integration."),
    "channel_archive": ("{user} archived the conversation.",),
    "channel_canvas_updated": ("{user} changed the conversation's canvas.",),
    "channel_convert_to_private": ("{user} made the conversation private.",),
    "channel_convert_to_public": ("{user} made the conversation public.",),
    "channel_join": ("{user} joined, invited by {inviter}.", "{user} joined."),
    "channel_leave": ("{user} left.",),
    "channel_name": (
        "{user} renamed the conversation from {old_name} to {name}.",
        "{user} renamed the conversation to {name}.",
    ),
    "channel_purpose": ("{user} set the purpose: {purpose}", "{user} cleared the purpose."),
    "channel_topic": ("{user} set the topic: {topic}", "{user} cleared the topic."),
    "channel_unarchive": ("{user} reopened the conversation.",),
    "document_mention": ("{user} mentioned somebody in a canvas.",),
    "mpdm_move": ("{user} turned the group message into a channel.",),
    "pinned_item": ("{user} pinned something here.",),
    "reply_broadcast": ("{user} sent a reply to the conversation, too.",),
    "tabbed_canvas_updated": ("{user} changed a canvas of the conversation.",),
    "unpinned_item": ("{user} unpinned something here.",),
}

_TWINS = ("archive", "join", "leave", "name", "purpose", "topic", "unarchive")

WORDINGS: Mapping[str, tuple[str, ...]] = {
    **_WORDINGS,
    **{f"group_{what}": _WORDINGS[f"channel_{what}"] for what in _TWINS},
}
"""Subtypes that have words of their own here; any other notice keeps Slack's text."""

_SLACKBOT = "USLACKBOT"
"""It speaks for itself, and for Slack; nobody else is ever named by it."""


def word_notice(content: Content) -> Document:
    """A notice's own words, else Slack's text after who did it, else its subtype's name."""
    subtype = content.subtype or ""
    actor = content.user or content.bot_id
    parts: dict[str, tuple[Inline, ...]] = {
        "user": _person(None if actor == _SLACKBOT else actor),
        "inviter": _person(content.inviter),
        "topic": _inline(content.topic),
        "purpose": _inline(content.purpose),
        "bot_link": _inline(content.bot_link),
        "name": _words(content.name),
        "old_name": _words(content.old_name),
    }
    said = blocks.parse(content.text, content.blocks, content.attachments).document
    for wording in WORDINGS.get(subtype, ()):
        inlines = _fill(wording, parts)
        if inlines is not None and (said == EMPTY or not _knows_less(wording, subtype)):
            return Document((Paragraph(inlines),))
    if said.blocks:
        return _led_by(parts["user"], said)
    return Document((Paragraph(_join(parts["user"], subtype.replace("_", " ") or "notice")),))


def _knows_less(wording: str, subtype: str) -> bool:
    """Where no `bot_link` names the integration, Slack's text still may."""
    return subtype.startswith("bot_") and "{bot_link}" not in wording


def word_huddle(room: Room) -> Document:
    """`Huddle, 12 min, with A and B`, as far as the record knows. Whoever called in vain is the
    author of the message, and not named in it again."""
    words = "Missed huddle" if room.was_missed else "Huddle"
    seconds = (room.date_end or 0) - (room.date_start or 0)
    if room.date_start and seconds > 0:
        words += f", {_duration(seconds)}"
    people = list(
        dict.fromkeys(
            [
                *(room.participant_history or ()),
                *(room.attended_user_ids or ()),
                *(room.participants or ()),
            ]
        )
    )
    if room.was_missed:
        people = [id for id in people if id != room.created_by]
    if not people:
        return Document((Paragraph((Text(words),)),))
    return Document((Paragraph((Text(f"{words}, with "), *_enumerate(people))),))


def word_tombstone() -> Document:
    """What stands where the root of a thread was deleted."""
    return Document((Paragraph((Text("This message was deleted."),)),))


def word_comment(text: str | None, title: str, link: str) -> Document:
    """A comment on a file, after the file that it is on."""
    label = Text(title or "a file")
    on: Inline = Link(link, (label,)) if link else label
    lead = Paragraph((Text("On "), on, Text(":")))
    return Document((lead, *mrkdwn.parse(text or "").blocks))


def _duration(seconds: int) -> str:
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _enumerate(people: Sequence[str]) -> Iterable[Inline]:
    for n, id in enumerate(people):
        if n:
            yield Text(" and " if n == len(people) - 1 else ", ")
        yield Person(id)


def _fill(wording: str, parts: Mapping[str, tuple[Inline, ...]]) -> tuple[Inline, ...] | None:
    """The wording with its braces filled; None where a part is missing."""
    inlines: list[Inline] = []
    for piece in wording.replace("}", "{").split("{"):
        if piece in parts:
            if not parts[piece]:
                return None
            inlines.extend(parts[piece])
        elif piece:
            inlines.append(Text(piece))
    return tuple(inlines)


def _led_by(user: tuple[Inline, ...], said: Document) -> Document:
    """Slack's text, with its actor before it where it does not name anybody at its start."""
    first = said.blocks[0]
    if not user or not isinstance(first, Paragraph):
        return said
    if first.children and isinstance(first.children[0], Person):
        return said
    lead: Block = Paragraph((*user, Text(" "), *first.children))
    return Document((lead, *said.blocks[1:]))


def _join(user: tuple[Inline, ...], words: str) -> tuple[Inline, ...]:
    return (*user, Text(f" {words}" if user else words))


def _person(id: str | None) -> tuple[Inline, ...]:
    return (Person(id),) if id else ()


def _words(text: str | None) -> tuple[Inline, ...]:
    return (Text(text),) if text else ()


def _inline(text: str | None) -> tuple[Inline, ...]:
    """Marked-up text on one line; of several paragraphs the words stay, with breaks between."""
    inlines: list[Inline] = []
    for block in mrkdwn.parse(text or "").blocks:
        if inlines:
            inlines.append(Text("\n"))
        inlines.extend(block.children if isinstance(block, Paragraph) else [Text(text or "")])
    return tuple(inlines)
