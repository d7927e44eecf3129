"""A fake Zulip's calls about messages: sending, as oneself and for others, reading, copies' flags,
and reactions."""

import json
import re
import unicodedata

from tests.fakes.zulip_calls import Call, Route, routes_of
from tests.fakes.zulip_records import ADMIN, Channel, Failure, Json, Message, Refusal, User
from tests.fakes.zulip_world import NOTIFIER, WELCOMER

TABLE = """
POST messages send type! content! to topic sender forged time=float read_by_sender=bool local_id \
 queue_id widget_content
DELETE messages/{id:\\d+} delete
PATCH messages/{id:\\d+} change topic content propagate_mode stream_id=int \
 send_notification_to_old_thread=bool send_notification_to_new_thread=bool
"""
_MIRRORS = ("jabber_mirror", "JabberMirror")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CUT = "\n[message truncated]"
_RENDERED_EMOJI = 110
"""Letters that an emoji is in HTML."""

_FOLLOWED, _NEVER = 3, 4


def send(call: Call) -> Json:
    """In the order in which the server asks."""
    form, world = call.form, call.world
    kind = {"private": "direct", "stream": "channel"}.get(form["type"], form["type"])
    if kind not in ("direct", "channel"):
        raise Refusal("Invalid type")
    to = _recipients(form.get("to"), kind)
    forged = form.get("forged") in ("yes", "true")
    if forged and not call.user.can_forge:
        raise Refusal("User not authorized for this query")
    sender = _sender(call, kind, to)
    if kind == "channel":
        topic = _topic(call, form.get("topic"))
        content = _content(call, form["content"])
        channel = _channel(call, to[0] if to else "", sender)
        begins = topic.lower() not in world.topics_of(channel)
        where: Json = {"channel": channel, "topic": topic}
    else:
        content = _content(call, form["content"])
        begins, where = False, {"people": _people(call, to, sender)}
    time = form.get("time") if forged else None
    message = world.add_message(sender, content, **where, time=time, client=call.client)
    if form.get("read_by_sender") and sender.id in message.copies:
        message.copies[sender.id].add("read")
    told = {"id": message.id}
    if begins and sender.settings.get("automatically_follow_topics_policy") != _NEVER:
        told["automatic_new_visibility_policy"] = _FOLLOWED
    return told


def delete(call: Call) -> Json:
    message = _open_message(call)
    if call.user.role > ADMIN:
        raise Refusal("You don't have permission to delete this message")
    call.world.delete(message)
    return {}


def change(call: Call) -> Json:
    message = _open_message(call)
    if "content" in call.form:
        if message.sender != call.user.id:
            raise Refusal("You don't have permission to edit this message")
        message.content = _content(call, call.form["content"])
    if "topic" in call.form:
        before, topic = message.topic.lower(), _topic(call, call.form["topic"])
        for each in call.world.messages.values():
            every = call.form.get("propagate_mode") == "change_all" and each.topic.lower() == before
            if each is message or (every and each.channel == message.channel):
                each.topic = topic
    return {"detached_uploads": []} if call.world.modern else {}


def message_of(call: Call) -> Message:
    message = call.world.messages.get(call.number("id"))
    if message is None or not call.world.can_read(call.user, message):
        raise Refusal("Invalid message(s)")
    return message


def _open_message(call: Call) -> Message:
    message = message_of(call)
    if message.channel is not None and call.world.channels[message.channel].archived:
        raise Refusal("Invalid message(s)")
    return message


# -- sending ---------------------------------------------------------------------------------------


def _recipients(raw: str | None, kind: str) -> list[str | int]:
    if raw is None:
        return []
    try:
        told = json.loads(raw)
    except ValueError:
        told = raw
    if kind == "channel":
        told = told[0] if isinstance(told, list) and len(told) == 1 else told
        if not isinstance(told, (str, int)):
            raise Refusal("Invalid data type for channel")
        return [told]
    told = told.split(",") if isinstance(told, str) else told
    if not isinstance(told, list) or (told and not isinstance(told[0], (str, int))):
        raise Refusal("Invalid data type for recipients")
    return [each.strip() if isinstance(each, str) else each for each in told if each != ""]


def _sender(call: Call, kind: str, to: list[str | int]) -> User:
    wanted, world = call.form.get("sender"), call.world
    if call.client not in _MIRRORS:
        if wanted is not None:
            raise Refusal("Invalid mirrored message")
        return call.user
    if wanted is None:
        raise Refusal("Missing sender")
    if kind == "channel" and not call.user.can_forge:
        raise Refusal("User not authorized for this query")
    if any(isinstance(each, int) for each in to):
        raise Refusal("Mirroring not allowed with recipient user IDs")
    named = {wanted.strip().lower()}
    if kind == "direct":
        named |= {str(each).lower() for each in to}
    for email in named:
        known = _ADDRESS.fullmatch(email) and email.rpartition("@")[2] in world.domains
        if not known:
            raise Refusal("Invalid mirrored message")
    for email in sorted(named):
        if world.user_with(email) is None:
            local = email.rpartition("@")[0]
            world.make_user(email, f"{local} (XMPP)", active=False, dummy=True)
            world.made_up.append(email)
    return _seen_by(call, wanted)


def _seen_by(call: Call, email: str) -> User:
    """Who goes by an address: the one that is shown."""
    user = _shown(call, email)
    if user is None:
        # Somebody is looked for under an address that nobody is shown.
        raise Failure
    return user


def _shown(call: Call, email: str) -> User | None:
    wanted = email.strip().lower()
    known = (u for u in call.world.people if call.world.shown_email(u).lower() == wanted)
    return next(known, None)


def _topic(call: Call, told: str | None) -> str:
    if told is None:
        raise Refusal("Missing topic")
    topic = told.strip()
    if not topic and not call.world.modern:
        raise Refusal("Topic can't be empty!")
    for position, char in enumerate(topic, 1):
        if unicodedata.category(char) in ("Cc", "Cs", "Cn"):
            raise Refusal(f"Invalid character in topic, at position {position}!")
    if call.world.modern and topic in ("(no topic)", "general chat"):
        return ""
    return topic if len(topic) <= 60 else topic[:57] + "..."


def _content(call: Call, told: str) -> str:
    content = told.rstrip().lstrip("\n")
    if not content:
        raise Refusal("Message must not be empty")
    if "\0" in content:
        raise Refusal("Message must not contain null bytes")
    most = call.world.max_message_chars
    if sum(_RENDERED_EMOJI for char in content if unicodedata.category(char) == "So") > 1_000_000:
        raise Refusal("Unable to render message")
    return content if len(content) <= most else content[: most - len(_CUT)] + _CUT


def _channel(call: Call, name: str | int, sender: User) -> Channel:
    if isinstance(name, int):
        channel = call.world.channels.get(name)
        if channel is None:
            raise Refusal(f"Channel with ID '{name}' does not exist", "STREAM_DOES_NOT_EXIST",
                          stream_id=name)  # fmt: skip
    else:
        channel = call.world.channel_named(name)
        if channel is None:
            raise Refusal(f"Channel '{name}' does not exist", "STREAM_DOES_NOT_EXIST", stream=name)
    if sender.role > channel.posters:
        raise Refusal(
            "You do not have permission to post in this channel." if call.world.modern
            else "Only organization administrators can send to this channel."
        )  # fmt: skip
    if sender is not call.user:
        return channel
    if channel.archived and call.world.modern:
        raise Refusal(f"Not authorized to send to channel '{channel.name}'")
    outside = sender.id not in channel.seats and (channel.private or sender.is_guest)
    if outside and not sender.can_forge:
        raise Refusal(f"Not authorized to send to channel '{channel.name}'")
    return channel


def _people(call: Call, to: list[str | int], sender: User) -> set[int]:
    if not to:
        raise Refusal("Message must have recipients")
    people: set[int] = set()
    for each in to:
        user = call.world.users.get(each) if isinstance(each, int) else _shown(call, each)
        if user is None or user.id in (NOTIFIER, WELCOMER):
            raise Refusal(f"Invalid email '{each}'")
        if not user.active and not user.dummy:
            raise Refusal(f"'{user.email}' is no longer using Zulip.")
        people.add(user.id)
    return people | {sender.id}


def message_routes() -> list[Route]:
    return routes_of(TABLE, globals())
