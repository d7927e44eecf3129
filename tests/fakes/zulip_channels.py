"""A fake Zulip's calls about channels and who is in them."""

import unicodedata

from tests.fakes.zulip_calls import Call, Route, routes_of
from tests.fakes.zulip_notices import tell_described, tell_entered, tell_made
from tests.fakes.zulip_records import ADMIN, GUEST, MEMBER, Channel, Json, Refusal, User

TABLE = """
GET streams streams include_public=bool include_subscribed=bool include_all_active=bool \
 include_default=bool include_owner_subscribed=bool include_web_public=bool exclude_archived=bool+ \
 include_all=bool+ include_can_access_content=bool+
GET streams/{id:\\d+} stream
PATCH streams/{id:\\d+} change_stream description new_name is_private=bool \
 history_public_to_subscribers=bool stream_post_policy=int can_send_message_group=json+
DELETE streams/{id:\\d+} archive
GET streams/{id:\\d+}/members members
POST streams/{id:\\d+}/delete_topic delete_topic topic_name!
GET get_stream_id stream_id stream!
GET users/me/subscriptions subscriptions include_subscribers=bool
POST users/me/subscriptions subscribe subscriptions=list! invite_only=bool \
 history_public_to_subscribers=bool announce=bool principals=list authorization_errors_fatal=bool \
 message_retention_days=json is_web_public=bool is_default_stream=bool stream_post_policy=int
DELETE users/me/subscriptions unsubscribe subscriptions=list! principals=list
GET users/me/{id:\\d+}/topics topics allow_empty_topic_name=bool+
"""
_COLORS = ("#76ce90", "#a6c7e5", "#fae589")


def streams(call: Call) -> Json:
    world, user, form = call.world, call.user, call.form
    every = form.get("include_all_active", False) or (world.modern and form.get("include_all"))
    if every and not user.is_admin:
        raise Refusal("User not authorized for this query")
    listed = [
        channel
        for channel in sorted(world.channels.values(), key=lambda c: c.name)
        if (every or user.id in channel.seats or not (channel.private or user.is_guest))
        and not (channel.archived and (not world.modern or form.get("exclude_archived", True)))
    ]
    return {"streams": [_shown(call, channel) for channel in listed]}


def stream(call: Call) -> Json:
    return {"stream": _shown(call, _channel(call))}


def change_stream(call: Call) -> Json:
    channel, form = _channel(call, administer=True), call.form
    if "new_name" in form:
        taken = call.world.channel_named(form["new_name"])
        if taken is not None and taken is not channel:
            raise Refusal("Channel name already in use.")
        channel.name = _name(form["new_name"])
    if "description" in form:
        _describe(call, channel, form["description"])
    if "is_private" in form:
        if form["is_private"] is False and channel.private and call.user.id not in channel.seats:
            raise Refusal("Channel content access is required.")
        channel.private = form["is_private"]
        channel.history_public = form.get("history_public_to_subscribers", True)
    if form.get("stream_post_policy") and not call.world.modern:
        channel.posters = {1: GUEST, 2: ADMIN, 3: MEMBER, 4: 300}[form["stream_post_policy"]]
    if form.get("can_send_message_group"):
        channel.posters = ADMIN
    return {}


def archive(call: Call) -> Json:
    channel = _channel(call, administer=True)
    if channel.archived:
        raise Refusal("Channel is already deactivated")
    call.world.archive(channel)
    return {}


def members(call: Call) -> Json:
    return {"subscribers": call.world.subscribers(_channel(call))}


def delete_topic(call: Call) -> Json:
    call.need_admin()
    channel = _channel(call)
    topic = call.form["topic_name"].lower()
    for message in list(call.world.messages.values()):
        if message.channel == channel.id and message.topic.lower() == topic:
            call.world.delete(message)
    return {"complete": True}


def stream_id(call: Call) -> Json:
    channel = call.world.channel_named(call.form["stream"])
    hidden = channel is not None and channel.private and call.user.id not in channel.seats
    if channel is None or hidden:
        raise Refusal(f"Invalid channel name '{call.form['stream']}'")
    return {"stream_id": channel.id}


def subscriptions(call: Call) -> Json:
    held = [c for c in call.world.channels.values() if call.user.id in c.seats and not c.archived]
    return {"subscriptions": [_subscription(call, channel) for channel in held]}


def subscribe(call: Call) -> Json:
    names = [_name(each["name"]) for each in call.form["subscriptions"]]
    found = [call.world.channel_named(name) for name in names]
    people = _principals(call)
    for channel in found:
        if channel is not None and not _may_enter(call, channel):
            raise Refusal(f"Unable to access channel ({channel.name}).")
    if call.user.is_guest:
        raise Refusal("Not allowed for guest users")
    made: list[Channel] = []
    new: dict[int, list[str]] = {}
    told: dict[str, dict[str, list[str]]] = {"subscribed": {}, "already_subscribed": {}}
    for wish, channel in zip(call.form["subscriptions"], found, strict=True):
        place = channel or _make(call, wish)
        made += [] if channel else [place]
        for user in people:
            end = "already_subscribed" if user.id in place.seats else "subscribed"
            # The older server knows people by their addresses here.
            known = str(user.id) if call.world.modern else call.world.shown_email(user)
            told[end].setdefault(known, []).append(place.name)
            if end == "subscribed":
                call.world.subscribe(place, user)
                if channel is not None:
                    new.setdefault(user.id, []).append(place.name)
    for id, names in new.items():
        tell_entered(call, id, names)
    for place in made:
        tell_made(call, place)
    return dict(told)


def unsubscribe(call: Call) -> Json:
    people = _principals(call)
    others = people != [call.user]
    names = call.form["subscriptions"]
    found = [call.world.channel_named(name) for name in names]
    missing = [n for n, c in zip(names, found, strict=True) if c is None]
    if missing:
        raise Refusal(f"Channel(s) ({', '.join(missing)}) do not exist")
    if others and not call.user.is_admin:
        raise Refusal("Insufficient permission")
    removed: list[str] = []
    kept: list[str] = []
    for name, channel in zip(names, found, strict=True):
        assert channel is not None
        there = [user for user in people if user.id in channel.seats]
        for user in there:
            call.world.unsubscribe(channel, user.id)
        if there and channel.private and not call.world.modern and not channel.seats:
            # The older server closes what nobody could ever enter again.
            call.world.archive(channel)
        (removed if there else kept).append(name)
    return {"removed": removed, "not_removed": kept}


def topics(call: Call) -> Json:
    channel = _channel(call, read=True)
    newest: dict[str, tuple[str, int]] = {}
    for message in call.world.messages.values():
        if message.channel == channel.id:
            newest[message.topic.lower()] = (message.topic, message.id)
    ordered = sorted(newest.values(), key=lambda each: -each[1])
    empty = "" if call.form.get("allow_empty_topic_name") else "general chat"
    return {"topics": [{"name": name or empty, "max_id": id} for name, id in ordered]}


# -- what they share -------------------------------------------------------------------------------


def _channel(call: Call, *, administer: bool = False, read: bool = False) -> Channel:
    channel = call.world.channels.get(call.number("id"))
    if channel is None:
        raise Refusal("Invalid channel ID")
    seated = call.user.id in channel.seats
    if channel.archived and call.world.modern and not administer:
        raise Refusal("Invalid channel ID")
    if administer:
        call.need_admin()
    elif not seated and channel.private and (read or not call.user.is_admin):
        raise Refusal("Invalid channel ID")
    return channel


def _principals(call: Call) -> list[User]:
    wanted = call.form.get("principals") or [call.user.id]
    people: list[User] = []
    for each in wanted:
        user = call.world.users.get(each) if isinstance(each, int) else call.world.user_with(each)
        if user is None:
            raise Refusal("No such user")
        if not user.active:
            raise Refusal("User is deactivated")
        people.append(user)
    return people


def _may_enter(call: Call, channel: Channel) -> bool:
    if call.user.id in channel.seats:
        return True
    return not channel.private and not call.user.is_guest


def _make(call: Call, wish: Json) -> Channel:
    if len(wish.get("description", "")) > 1024:
        raise Refusal('subscriptions[0]["description"] is too long (limit: 1024 characters)')
    private = call.form.get("invite_only", False)
    history = call.form.get("history_public_to_subscribers")
    return call.world.make_channel(
        _name(wish["name"]),
        description=wish.get("description", "").replace("\n", " "),
        private=private,
        history_public=not private if history is None else history or not private,
        creator=call.user.id,
    )


def _name(told: str) -> str:
    name = told.strip()
    if not name:
        raise Refusal("Channel name can't be empty.")
    if len(name) > 60:
        raise Refusal("Channel name too long (limit: 60 characters).")
    for position, char in enumerate(name, 1):
        if unicodedata.category(char) in ("Cc", "Cs", "Cn"):
            raise Refusal(f"Invalid character in channel name, at position {position}.")
    return name


def _shown(call: Call, channel: Channel) -> Json:
    mine = [m.id for m in call.world.messages.values() if m.channel == channel.id]
    policy = {GUEST: 1, ADMIN: 2, MEMBER: 3, 300: 4}[channel.posters]
    told: Json = {
        "can_remove_subscribers_group": 11, "creator_id": channel.creator,
        "date_created": channel.created, "description": channel.description,
        "first_message_id": min(mine, default=None),
        "history_public_to_subscribers": channel.history_public, "invite_only": channel.private,
        "is_web_public": False, "message_retention_days": None, "name": channel.name,
        "rendered_description": f"<p>{channel.description}</p>", "stream_id": channel.id,
        "stream_post_policy": policy, "is_announcement_only": policy == 2,
        "stream_weekly_traffic": None,
    }  # fmt: skip
    if call.world.modern:
        mine_to_run: Json | int = 12
        if channel.creator is not None:
            mine_to_run = {"direct_members": [channel.creator], "direct_subgroups": []}
        told |= {
            "is_archived": channel.archived, "can_add_subscribers_group": 12,
            "can_administer_channel_group": mine_to_run, "can_send_message_group": 13,
            "can_subscribe_group": 12, "is_recently_active": True,
        }  # fmt: skip
    return told


def _subscription(call: Call, channel: Channel) -> Json:
    told = _shown(call, channel) | {
        "audible_notifications": None, "color": _COLORS[channel.id % 3],
        "desktop_notifications": None, "email_notifications": None, "in_home_view": True,
        "is_muted": False, "pin_to_top": False, "push_notifications": None,
        "wildcard_mentions_notify": None,
    }  # fmt: skip
    if call.form.get("include_subscribers"):
        told["subscribers"] = call.world.subscribers(channel)
    return told


def _describe(call: Call, channel: Channel, told: str) -> None:
    if len(told) > 1024:
        raise Refusal("description is too long (limit: 1024 characters)")
    before, channel.description = channel.description, told.replace("\n", " ")
    tell_described(call, channel, before)


def channel_routes() -> list[Route]:
    return routes_of(TABLE, globals())
