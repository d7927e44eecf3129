"""A fake Zulip's calls that read messages: by anchor and narrow, as a reader sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.zulip_calls import Call, Route, routes_of
from tests.fakes.zulip_messages import message_of
from tests.fakes.zulip_people import picture_of
from tests.fakes.zulip_records import Channel, Json, Message, Refusal, User

TABLE = """
GET messages messages anchor num_before=int! num_after=int! narrow=list client_gravatar=bool \
 apply_markdown=bool include_anchor=bool use_first_unread_anchor=bool \
 allow_empty_topic_name=bool+ message_ids=list+
GET messages/{id:\\d+} message apply_markdown=bool allow_empty_topic_name=bool+
"""
_MOST = 5_000
_NEWEST = 10_000_000_000_000_000
Test = Callable[[Message], bool]


@dataclass
class Found:
    messages: list[Message]
    anchor: int
    has_anchor: bool
    oldest: bool
    newest: bool


def messages(call: Call) -> Json:
    found = select(call)
    return {
        "messages": [_shown(call, message) for message in found.messages],
        "found_anchor": found.has_anchor, "found_oldest": found.oldest,
        "found_newest": found.newest, "history_limited": False, "anchor": found.anchor,
    }  # fmt: skip


def message(call: Call) -> Json:
    found = message_of(call)
    return {"message": _shown(call, found), "raw_content": found.content}


def select(call: Call) -> Found:
    """The messages that a call asks for, the oldest first."""
    before, after = call.form["num_before"], call.form["num_after"]
    anchor = _anchor(call)
    if before + after > _MOST:
        raise Refusal(f"Too many messages requested (maximum {_MOST}).")
    narrowed = _narrowed(call)
    earlier = [m for m in narrowed if m.id < anchor]
    here = [m for m in narrowed if m.id == anchor]
    later = [m for m in narrowed if m.id > anchor]
    first = earlier[-before:] if before else []
    last = later[:after]
    return Found(
        messages=first + (here if call.form.get("include_anchor", True) else []) + last,
        anchor=anchor,
        has_anchor=bool(here) and call.form.get("include_anchor", True),
        # What was not asked for is only known where the anchor stands at the end.
        oldest=anchor == 0 or (before > 0 and len(first) < before),
        newest=anchor == _NEWEST or (after > 0 and len(last) < after),
    )


def _anchor(call: Call) -> int:
    told = call.form.get("anchor")
    if told == "oldest":
        return 0
    if told == "newest":
        return _NEWEST
    if told == "first_unread":
        unread = (m.id for m in call.world.readable(call.user) if "read" not in _flags(call, m))
        return next(unread, _NEWEST)
    if told is None:
        raise Refusal("Missing 'anchor' argument.")
    if not told.lstrip("-").isdecimal():
        raise Refusal("Invalid anchor")
    return min(max(int(told), 0), _NEWEST)


def _narrowed(call: Call) -> list[Message]:
    wanted = call.form.get("message_ids")
    narrow = call.form.get("narrow", [])
    tests: list[Test] = []
    public: Channel | None = None
    for term in narrow:
        operator, operand, negated = _term(term)
        if operator in ("channel", "stream"):
            channel = _channel(call, operand)
            if not negated and _has_history(call.user, channel):
                public = channel
        test = _test(call, operator, operand)
        tests.append(_opposite(test) if negated else test)
    if public is not None:
        seen = list(call.world.messages.values())
    else:
        seen = list(call.world.readable(call.user))
    if wanted is not None:
        seen = [m for m in seen if m.id in wanted]
    return sorted((m for m in seen if all(test(m) for test in tests)), key=lambda m: m.id)


def _term(term: Any) -> tuple[str, Any, bool]:
    if isinstance(term, list) and len(term) == 2:
        return str(term[0]), term[1], False
    if not isinstance(term, dict) or not {"operator", "operand"} <= term.keys():
        raise Refusal("element is not a string or a dict")
    return term["operator"], term["operand"], bool(term.get("negated", False))


def _test(call: Call, operator: str, operand: Any) -> Test:
    if operator in ("channel", "stream"):
        id = _channel(call, operand).id
        return lambda m: m.channel == id
    if operator in ("sender", "from"):
        sender = _user(call, operand).id
        return lambda m: m.sender == sender
    if operator in ("dm", "pm-with"):
        people = frozenset(_user(call, each).id for each in operand) | {call.user.id}
        return lambda m: m.channel is None and m.people == people
    if operator == "id":
        return lambda m: m.id == int(operand)
    if not isinstance(operand, str):
        where = "operand" if call.world.modern else 'elem["operand"]'
        raise Refusal(f"{where} is not a string")
    if operator in ("topic", "subject"):
        topic = operand.strip().lower()
        if call.world.modern and topic == "general chat":
            topic = ""
        return lambda m: m.channel is not None and m.topic.lower() == topic
    if (operator, operand) in (("is", "dm"), ("is", "private")):
        return lambda m: m.channel is None
    if (operator, operand) == ("is", "unread"):
        return lambda m: "read" not in _flags(call, m)
    raise _bad_narrow("unknown operator")


def _opposite(test: Test) -> Test:
    return lambda message: not test(message)


def _bad_narrow(words: str) -> Refusal:
    return Refusal(f"Invalid narrow operator: {words}", "BAD_NARROW", desc=words)


def _channel(call: Call, operand: int | str) -> Channel:
    if isinstance(operand, int):
        channel = call.world.channels.get(operand)
    else:
        channel = call.world.channel_named(operand)
    if channel is None:
        raise _bad_narrow(f"unknown channel {operand}")
    return channel


def _user(call: Call, operand: int | str) -> User:
    if isinstance(operand, int):
        user = call.world.users.get(operand)
    else:
        known = (u for u in call.world.users.values() if call.world.shown_email(u) == operand)
        user = next(known, None)
    if user is None:
        raise _bad_narrow(f"unknown user {operand}")
    return user


def _has_history(user: User, channel: Channel) -> bool:
    """Whether somebody may read there what was said before."""
    if user.id in channel.seats:
        return channel.history_public or not channel.private
    return not channel.private and not user.is_guest


def _flags(call: Call, message: Message) -> list[str]:
    copy = message.copies.get(call.user.id)
    # What nobody has a copy of counts as read, and is called so.
    return sorted(copy) if copy is not None else ["historical", "read"]


def _shown(call: Call, message: Message) -> Json:
    sender = call.world.users[message.sender]
    topic = message.topic
    if message.channel is not None and not topic and not call.form.get("allow_empty_topic_name"):
        topic = "general chat"
    told: Json = {
        "id": message.id, "sender_id": sender.id, "content": message.content,
        "recipient_id": message.channel or max(message.people), "timestamp": int(message.time // 1),
        "client": message.client, "subject": topic, "topic_links": [], "is_me_message": False,
        "reactions": [_reaction(call, each) for each in message.reactions], "submessages": [],
        "flags": sorted(_flags(call, message), reverse=True), "sender_full_name": sender.name,
        "sender_email": call.world.shown_email(sender), "sender_realm_str": call.world.name,
        "display_recipient": _recipient(call, message),
        "type": "private" if message.channel is None else "stream",
        "avatar_url": picture_of(sender, gravatar=call.form.get("client_gravatar", True)),
        "content_type": "text/x-markdown",
    }  # fmt: skip
    if call.form.get("apply_markdown", True):
        told |= {"content": f"<p>{message.content}</p>", "content_type": "text/html"}
    if message.channel is not None:
        told["stream_id"] = message.channel
    return told


def _reaction(call: Call, reaction: Any) -> Json:
    user = call.world.users[reaction.user]
    told: Json = {"emoji_name": reaction.name, "emoji_code": reaction.code,
                  "reaction_type": reaction.kind, "user_id": user.id}  # fmt: skip
    if not call.world.modern:
        told["user"] = {"email": call.world.shown_email(user), "id": user.id,
                        "full_name": user.name}  # fmt: skip
    return told


def _recipient(call: Call, message: Message) -> Json | list[Json] | str:
    if message.channel is not None:
        return call.world.channels[message.channel].name
    people = [call.world.users[id] for id in sorted(message.people)]
    return [
        {"id": user.id, "email": call.world.shown_email(user), "full_name": user.name,
         "is_mirror_dummy": user.dummy}
        for user in people
    ]  # fmt: skip


def reading_routes() -> list[Route]:
    return routes_of(TABLE, globals())
