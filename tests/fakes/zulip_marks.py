"""A fake Zulip's calls about what people do with messages of others: reactions, and the flags of
their own copies."""

from collections.abc import Callable

from tests.fakes.zulip_calls import Call, Route, routes_of
from tests.fakes.zulip_emoji import NAMES
from tests.fakes.zulip_messages import message_of
from tests.fakes.zulip_reading import select
from tests.fakes.zulip_records import Json, Message, Reaction, Refusal

TABLE = """
POST messages/{id:\\d+}/reactions react emoji_name! emoji_code reaction_type
DELETE messages/{id:\\d+}/reactions unreact emoji_name emoji_code reaction_type
POST messages/flags flag messages=list! op! flag!
POST messages/flags/narrow flag_narrow anchor! num_before=int! num_after=int! narrow=list! op! \
 flag! include_anchor=bool
POST mark_all_as_read mark_all
POST mark_stream_as_read mark_stream stream_id=int!
"""


def react(call: Call) -> Json:
    message = message_of(call)
    name = call.form["emoji_name"]
    code, kind = call.form.get("emoji_code"), call.form.get("reaction_type")
    if code is None or kind is None:
        code, kind = _emoji(call, name)
    if any((r.user, r.code, r.kind) == (call.user.id, code, kind) for r in message.reactions):
        raise Refusal("Reaction already exists.", "REACTION_ALREADY_EXISTS")
    same = next((r for r in message.reactions if (r.code, r.kind) == (code, kind)), None)
    if same is not None:
        name = same.name
    else:
        _check_emoji(call, name, code, kind)
    message.reactions.append(Reaction(call.user.id, name, code, kind))
    return {}


def unreact(call: Call) -> Json:
    message, form = message_of(call), call.form
    code, kind = form.get("emoji_code"), form.get("reaction_type")
    if code is None or kind is None:
        code, kind = _emoji(call, form.get("emoji_name", ""))
    mine = [r for r in message.reactions if (r.user, r.code, r.kind) == (call.user.id, code, kind)]
    if not mine:
        raise Refusal("Reaction doesn't exist.", "REACTION_DOES_NOT_EXIST")
    message.reactions.remove(mine[0])
    return {}


def flag(call: Call) -> Json:
    changed = _flag(call, [call.world.messages[id] for id in call.form["messages"]
                           if id in call.world.messages])  # fmt: skip
    return {"messages": [m.id for m in changed]} | _passed_over(call)


def flag_narrow(call: Call) -> Json:
    found = select(call)
    changed = _flag(call, found.messages)
    ids = [m.id for m in found.messages]
    return {
        "processed_count": len(ids), "updated_count": len(changed),
        "first_processed_id": ids[0] if ids else None,
        "last_processed_id": ids[-1] if ids else None,
        "found_oldest": found.oldest, "found_newest": found.newest,
    } | _passed_over(call)  # fmt: skip


def mark_all(call: Call) -> Json:
    for message in call.world.readable(call.user):
        message.copies[call.user.id].add("read")
    return {"complete": True}


def mark_stream(call: Call) -> Json:
    for message in call.world.readable(call.user):
        if message.channel == call.form["stream_id"]:
            message.copies[call.user.id].add("read")
    return {}


def _flag(call: Call, messages: list[Message]) -> list[Message]:
    op, name = call.form["op"], call.form["flag"]
    if op not in ("add", "remove"):
        raise Refusal("Invalid message flag operation: 'add' or 'remove' are needed")
    if name not in ("read", "starred", "collapsed"):
        raise Refusal(f"Flag not editable: '{name}'")
    change: dict[str, Callable[[set[str], str], None]] = {"add": set.add, "remove": set.discard}
    changed: list[Message] = []
    for message in messages:
        copy = message.copies.get(call.user.id)
        if copy is not None and (name in copy) != (op == "add"):
            change[op](copy, name)
            changed.append(message)
    return changed


def _passed_over(call: Call) -> Json:
    return {"ignored_because_not_subscribed_channels": []} if call.world.modern else {}


def _emoji(call: Call, name: str) -> tuple[str, str]:
    for emoji in call.world.emoji.values():
        if emoji.name == name and not emoji.deactivated:
            return str(emoji.id), "realm_emoji"
    if name == "zulip":
        return "zulip", "zulip_extra_emoji"
    if name in NAMES:
        return NAMES[name], "unicode_emoji"
    raise Refusal(f"Emoji '{name}' does not exist")


def _check_emoji(call: Call, name: str, code: str, kind: str) -> None:
    if kind == "realm_emoji":
        emoji = call.world.emoji.get(int(code)) if code.isdecimal() else None
        if emoji is None:
            raise Refusal("Invalid custom emoji.")
        if emoji.name != name:
            raise Refusal("Invalid custom emoji name.")
        if emoji.deactivated:
            raise Refusal("This custom emoji has been deactivated.")
    elif kind == "unicode_emoji":
        if code not in NAMES.values():
            raise Refusal("Invalid emoji code.")
        if NAMES.get(name) != code:
            raise Refusal("Invalid emoji name.")
    elif (name, code, kind) != ("zulip", "zulip", "zulip_extra_emoji"):
        raise Refusal("Invalid emoji type.")


def mark_routes() -> list[Route]:
    return routes_of(TABLE, globals())
