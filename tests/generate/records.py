"""The records of day files, composed as text: several times faster than building objects and
encoding them. Indentation and key order are those of real exports."""

import random

import msgspec

from tests.generate.cast import WORKSPACE
from tests.generate.talk import Line, escaped, indented
from tests.generate.truth import Person

_GAP = ",\n        "
_NOTICES = (
    ("channel_join", "<@{id}> has joined the channel", ""),
    ("channel_leave", "<@{id}> has left the channel", ""),
    ("channel_topic", "<@{id}> set the channel topic: next steps", '"topic": "next steps"'),
    ("channel_purpose", "<@{id}> set the channel purpose: all of it", '"purpose": "all of it"'),
)


class Voice(msgspec.Struct, frozen=True, gc=False):
    """Somebody who writes, with the constant fields of their records ready as JSON."""

    person: Person
    fields: str
    human: bool


class Post(msgspec.Struct, frozen=True, gc=False):
    """What a record needs to know. `extra` are further fields as JSON, each followed by a gap."""

    voice: Voice
    ts: str
    line: Line
    marker: str
    extra: str = ""


def make_voice(person: Person, fat: bool) -> Voice:
    """The voice of a person, an app with a bot user, a bot, or a bare webhook."""
    if person.bot_id is not None:
        if person.name == "calendar":
            fields = [f'"user": "{person.id}"', f'"bot_id": "{person.bot_id}"']
        else:
            fields = [
                '"subtype": "bot_message"',
                f'"bot_id": "{person.bot_id}"',
                f'"username": "{person.real_name}"',
            ]
        return Voice(person, _GAP.join(fields), human=False)
    team = "T05ELSEWHER" if person.outside else WORKSPACE
    fields = [f'"user": "{person.id}"', f'"team": "{team}"']
    if fat or person.outside:
        fields += [f'"user_team": "{team}"', f'"source_team": "{team}"']
        fields.append(f'"user_profile": {indented(_profile(person, team), 2)}')
    return Voice(person, _GAP.join(fields), human=True)


def write_post(post: Post, fat: bool, rng: random.Random) -> str:
    """The record of one message."""
    line = post.line
    blocks = ident = ""
    if post.voice.human:
        bits = f"{rng.getrandbits(128):032x}"
        ident = (
            f'"client_msg_id": "{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"'
            f"{_GAP}"
        )
        if fat:
            blocks = f'"blocks": {line.blocks_head}{post.marker}{line.blocks_tail}{_GAP}'
    return (
        f"    {{\n        {ident}"
        f'"type": "message"{_GAP}"text": "{line.text_json}{post.marker}"{_GAP}'
        f'{post.voice.fields}{_GAP}{blocks}{post.extra}"ts": "{post.ts}"\n    }}'
    )


def write_notice(n: int, person: str, private: bool, ts: str) -> str:
    """A join, a leave, a new topic or a new purpose."""
    subtype, words, more = _NOTICES[n % len(_NOTICES)]
    if private:
        subtype = subtype.replace("channel_", "group_")
    fields = [
        '"type": "message"',
        f'"subtype": "{subtype}"',
        f'"user": "{person}"',
        f'"text": "{escaped(words.format(id=person))}"',
        *([more] if more else []),
        f'"ts": "{ts}"',
    ]
    return f"    {{\n        {_GAP.join(fields)}\n    }}"


def thread_fields(ts: str, replies: list[tuple[str, str]]) -> str:
    """What a thread's parent says of its replies, given as (ts, person or bot)."""
    people = list(dict.fromkeys(person for _, person in replies))
    return (
        f'"thread_ts": "{ts}"{_GAP}"reply_count": {len(replies)}{_GAP}'
        f'"reply_users_count": {len(people)}{_GAP}"latest_reply": "{max(replies)[0]}"{_GAP}'
        f'"reply_users": {indented(people, 2)}{_GAP}"is_locked": false{_GAP}'
    )


def reply_fields(root: Post, broadcast: bool) -> str:
    """What a reply says of its thread; a broadcast carries a copy of the parent besides."""
    person = root.voice.person
    parent = person.id if root.voice.human else person.bot_id
    fields = f'"thread_ts": "{root.ts}"{_GAP}"parent_user_id": "{parent}"{_GAP}'
    if not broadcast:
        return fields
    copy = f'"user": "{parent}", "type": "message", "ts": "{root.ts}", "thread_ts": "{root.ts}"'
    words = f'"text": "{root.line.text_json}{root.marker}"'
    return f'{fields}"subtype": "thread_broadcast"{_GAP}"root": {{{copy}, {words}}}{_GAP}'


def reaction_fields(reactions: list[tuple[str, list[str]]]) -> str:
    """Reactions given as (emoji, people)."""
    records = [{"name": name, "users": people, "count": len(people)} for name, people in reactions]
    return f'"reactions": {indented(records, 2)}{_GAP}'


def edited_fields(person: Person, second: int) -> str:
    """The mark of an edit; Slack writes whole seconds here."""
    return f'"edited": {{"user": "{person.id}", "ts": "{second}.000000"}}{_GAP}'


def pinned_fields(place: str) -> str:
    """The mark of a pinned message."""
    return f'"pinned_to": ["{place}"]{_GAP}'


def file_fields(ident: str, person: str, second: int, size: int) -> str:
    """One hosted file, with a token that is plainly none."""
    url = f"https://files.slack.com/files-pri/{WORKSPACE}-{ident}/report.pdf"
    record = {
        "id": ident,
        "created": second,
        "timestamp": second,
        "name": "report.pdf",
        "title": "Report",
        "mimetype": "application/pdf",
        "filetype": "pdf",
        "user": person,
        "mode": "hosted",
        "is_external": False,
        "size": size,
        "url_private": f"{url}?t=xoxe-0-GeneratedNotAToken",
        "url_private_download": f"{url}?t=xoxe-0-GeneratedNotAToken",
    }
    return f'"files": {indented([record], 2)}{_GAP}"upload": true{_GAP}'


def _profile(person: Person, team: str) -> dict[str, object]:
    return {
        "avatar_hash": "f00dfeed0001",
        "image_72": f"https://avatars.slack-edge.com/{person.id}_72.png",
        "first_name": person.real_name.split()[0],
        "real_name": person.real_name,
        "display_name": person.name.split(".")[0],
        "team": team,
        "name": person.name,
        "is_restricted": person.guest,
        "is_ultra_restricted": False,
    }
