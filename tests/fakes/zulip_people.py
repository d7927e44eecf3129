"""A fake Zulip's calls about the server, the organization and its people."""

import re
from datetime import UTC, datetime

from tests.fakes.zulip_calls import Call, Route, routes_of
from tests.fakes.zulip_realm import SETTINGS
from tests.fakes.zulip_records import (
    ADMIN,
    EVERYBODY,
    GUEST,
    MEMBER,
    MODERATOR,
    OWNER,
    Json,
    Refusal,
    User,
)
from tests.fakes.zulip_world import WELCOMER

TABLE = """
GET users/me me
GET users users client_gravatar=bool include_custom_profile_fields=bool user_ids=list+
POST users make_user email! password! full_name!
GET users/{who} user client_gravatar=bool include_custom_profile_fields=bool
PATCH users/{id:\\d+} change_user full_name role=int profile_data=list new_email
DELETE users/{id:\\d+} deactivate deactivation_notification_comment
POST users/{id:\\d+}/reactivate reactivate
GET bots bots
POST bots make_bot full_name! short_name! bot_type=int
DELETE bots/{id:\\d+} close_bot
POST fetch_api_key fetch_key open username! password!
PATCH settings settings full_name email old_password new_password email_address_visibility=int \
 SETTINGS
GET users/{id:\\d+}/subscriptions/{channel:\\d+} is_subscribed
"""
_NOT_IN_NAMES = re.compile(r'[*`\\>"@\x00-\x1f]')
_SHORT_TEXT = 1
_ADDRESS = re.compile(r"[^@\s,<>()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def me(call: Call) -> Json:
    user = call.user
    newest = max((m.id for m in call.world.readable(user)), default=-1)
    return _shown(call, user, fields=True, gravatar=False) | {"max_message_id": newest}


def users(call: Call) -> Json:
    wanted = call.form.get("user_ids")
    listed = [u for u in call.world.people if wanted is None or u.id in wanted]
    return {"members": [_listed(call, user) for user in listed]}


def user(call: Call) -> Json:
    who = call.path["who"]
    if who.isdecimal():
        found = call.world.users.get(int(who))
    else:
        known = (u for u in call.world.people if call.world.shown_email(u).lower() == who.lower())
        found = next(known, None)
    if found is None:
        raise Refusal("No such user")
    return {"user": _listed(call, found)}


def make_user(call: Call) -> Json:
    admin = call.need_admin()
    if not admin.can_create:
        raise Refusal("User not authorized to create users")
    email, password = call.form["email"], call.form["password"]
    name = _full_name(call.form["full_name"])
    if not _ADDRESS.fullmatch(email):
        raise Refusal("Bad name or username")
    if email.endswith("@mailinator.com"):
        raise Refusal("Disposable email addresses are not allowed in this organization")
    if call.world.user_with(email) is not None:
        raise Refusal("Email is already in use." if call.world.modern
                      else f"Email '{email}' already in use")  # fmt: skip
    if len(password) < 6 or password.lower() in ("password", "secret"):
        raise Refusal("The password is too weak.")
    made = call.world.make_user(email, name, password)
    call.world.add_message(
        call.world.users[WELCOMER], "Hello, and welcome to Zulip!", people=[made.id]
    )
    return {"user_id": made.id}


def change_user(call: Call) -> Json:
    changed = _target(call)
    role, name = call.form.get("role"), call.form.get("full_name")
    if role is not None:
        if role not in (OWNER, ADMIN, MODERATOR, MEMBER, GUEST):
            end = ": Value error, Not in the list of possible values" if call.world.modern else ""
            raise Refusal(f"Invalid role{end}")
        if OWNER in (role, changed.role) and call.user.role != OWNER:
            raise Refusal("Must be an organization owner", "UNAUTHORIZED_PRINCIPAL")
        changed.role = role
    if name is not None and name.strip():
        changed.name = _full_name(name)
    for each in call.form.get("profile_data", ()):
        if each["id"] not in call.world.fields:
            raise Refusal(f"Field id {each['id']} not found.")
        field = call.world.fields[each["id"]]
        if field["type"] == _SHORT_TEXT and len(each["value"]) > 50:
            raise Refusal(f"{field['name']} is too long (limit: 50 characters)")
        changed.profile[each["id"]] = each["value"]
    return {}


def deactivate(call: Call) -> Json:
    gone = _target(call)
    if not gone.active:
        raise Refusal("User is deactivated")
    owners = [u for u in call.world.people if u.role == OWNER and u.active]
    if owners == [gone]:
        raise Refusal("Cannot deactivate the only organization owner")
    gone.active = False
    return {}


def reactivate(call: Call) -> Json:
    back = _target(call)
    if back.dummy:
        raise Refusal("Cannot activate a placeholder account; ask the user to sign up, instead.")
    back.active = True
    return {}


def fetch_key(call: Call) -> Json:
    found = call.world.user_with(call.form["username"])
    if found is None or not found.password or found.password != call.form["password"]:
        raise Refusal("Your username or password is incorrect", "AUTHENTICATION_FAILED", 401)
    if not found.active:
        raise Refusal("Account is deactivated", "USER_DEACTIVATED", 401)
    return {"api_key": found.key, "email": found.email, "user_id": found.id}


def bots(call: Call) -> Json:
    mine = [u for u in call.world.people if u.bot is not None and u.owner == call.user.id]
    return {"bots": [{"user_id": u.id, "full_name": u.name, "api_key": u.key} for u in mine]}


def make_bot(call: Call) -> Json:
    world = call.world
    name = _full_name(call.form["full_name"])
    email = f"{call.form['short_name']}-bot@{world.bot_domain}"
    if world.user_with(email) is not None:
        raise Refusal("Email is already in use." if world.modern else "Username already in use")
    if any(u.bot is not None and u.active and u.name == name for u in world.people):
        raise Refusal("Name is already in use." if world.modern else "Name is already in use!")
    made = world.make_user(email, name, bot=call.form.get("bot_type", 1), owner=call.user.id)
    return {
        "user_id": made.id, "api_key": made.key, "avatar_url": picture_of(made, gravatar=False),
        "default_sending_stream": None, "default_events_register_stream": None,
        "default_all_public_streams": False,
    }  # fmt: skip


def close_bot(call: Call) -> Json:
    bot = call.world.users.get(call.number("id"))
    if bot is None or bot.bot is None:
        raise Refusal("No such bot")
    bot.active = False
    return {}


def settings(call: Call) -> Json:
    form = dict(call.form)
    if "email_address_visibility" in form:
        if form["email_address_visibility"] not in range(1, 6):
            raise Refusal("Invalid email_address_visibility")
        call.user.visibility = form.pop("email_address_visibility")
    if "full_name" in form:
        call.user.name = _full_name(form.pop("full_name"))
    call.user.settings |= form
    return {}


def is_subscribed(call: Call) -> Json:
    channel = call.world.channels[call.number("channel")]
    return {"is_subscribed": call.number("id") in channel.seats}


def _target(call: Call) -> User:
    call.need_admin()
    found = call.world.users.get(call.number("id"))
    if found is None:
        raise Refusal("No such user")
    return found


def _full_name(told: str) -> str:
    name = told.strip()
    if len(name) > 100:
        raise Refusal("Name too long!")
    if len(name) < 2:
        raise Refusal("Name too short!")
    if _NOT_IN_NAMES.search(name):
        raise Refusal("Invalid characters in name!")
    if re.fullmatch(r".+\|\d+", name):
        raise Refusal("Invalid format!")
    return name


def _listed(call: Call, user: User) -> Json:
    return _shown(
        call, user,
        fields=call.form.get("include_custom_profile_fields", False),
        gravatar=call.form.get("client_gravatar", True),
    )  # fmt: skip


def _shown(call: Call, user: User, *, fields: bool, gravatar: bool) -> Json:
    world = call.world
    joined = datetime.fromtimestamp(user.joined, UTC)
    told: Json = {
        "email": world.shown_email(user), "user_id": user.id, "avatar_version": user.pictures,
        "is_admin": user.is_admin, "is_owner": user.role == OWNER, "is_guest": user.is_guest,
        "role": user.role, "is_bot": user.bot is not None, "full_name": user.name, "timezone": "",
        "is_active": user.active,
        "date_joined": joined.isoformat(timespec="minutes" if world.modern else "microseconds"),
        "delivery_email": _told_email(call, user),
        "avatar_url": picture_of(user, gravatar=gravatar),
    }  # fmt: skip
    if not world.modern:
        told["is_billing_admin"] = False
    if user.bot is not None:
        told |= {"bot_type": user.bot, "bot_owner_id": user.owner}
    if fields and user.bot is None:
        told["profile_data"] = {
            str(id): {"value": value, "rendered_value": f"<p>{value}</p>"}
            for id, value in user.profile.items()
        }
    return told


def _told_email(call: Call, user: User) -> str | None:
    """1 everybody, 2 members, 3 admins, 4 nobody, 5 moderators."""
    lowest = {1: GUEST, 2: MEMBER, 3: ADMIN, 4: 0, 5: MODERATOR}[user.visibility]
    asked = call.user
    return user.email if asked.id == user.id or asked.role <= lowest else None


def picture_of(user: User, *, gravatar: bool) -> str | None:
    if user.picture is not None:
        return f"/user_avatars/2/{user.id}.png?version={user.pictures}"
    if gravatar and user.visibility == EVERYBODY:
        return None
    return f"https://secure.gravatar.com/avatar/{user.id}?d=identicon&version={user.pictures}"


def people_routes() -> list[Route]:
    return routes_of(TABLE.replace("SETTINGS", SETTINGS.replace("\n", " ")), globals())
