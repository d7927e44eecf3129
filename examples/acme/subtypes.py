"""Every subtype that exports are known to hold, each at a place where it could stand: notices,
bots, emotes, huddles, deleted roots, and the entries that tell of edits and deletions."""

from datetime import datetime, timedelta

from acme.book import Book, at
from acme.cast import TEAM, Record
from acme.uploads import make_file

EARLIER = "REDACTED-EARLIER-TEXT"
"""Marks every text that was edited away or deleted: it must reach no target."""

LAB = "integration-tests"
_NOTICES: tuple[tuple[str, str, str, str, Record], ...] = (
    ("channel_join", "random", "liam", "has joined the channel", {"inviter": "U02MARA0001"}),
    ("channel_leave", "random", "ben", "has left the channel", {}),
    ("channel_topic", "engineering", "tomas", "set the channel topic: 4.x", {"topic": "4.x"}),
    ("channel_purpose", "random", "olga", "set the channel purpose: Cats", {"purpose": "Cats"}),
    ("channel_archive", "_old-handbook", "olga", "archived the channel", {"members": []}),
    ("channel_unarchive", "_old-handbook", "mara", "un-archived the channel", {}),
    ("channel_posting_permissions", "general", "mara", "changed who may post", {}),
    ("channel_convert_to_private", "leadership", "mara", "made this channel private", {}),
    ("channel_convert_to_public", "marketing", "elif", "made this channel public", {}),
    ("channel_canvas_updated", "engineering", "priya", "updated the canvas", {}),
    ("tabbed_canvas_updated", "design", "zoe", "updated a canvas tab", {}),
    ("group_join", "leadership", "olga", "has joined the group", {}),
    ("group_leave", "leadership", "ben", "has left the group", {}),
    ("group_topic", "hiring", "tomas", "set the topic: two seats", {"topic": "two seats"}),
    ("group_purpose", "hiring", "tomas", "set the purpose: people", {"purpose": "people"}),
    ("group_name", "hiring", "tomas", "renamed the group", {"old_name": "jobs", "name": "hiring"}),
    ("group_archive", "hiring", "mara", "archived the group", {}),
    ("group_unarchive", "hiring", "mara", "un-archived the group", {}),
    ("bot_add", LAB, "jonas", "added an integration: GitHub", {"bot_id": "B02GITHUB01"}),
    ("bot_remove", LAB, "jonas", "removed an integration: Old CI", {"bot_id": "B02OLDCI001"}),
    ("bot_enable", LAB, "priya", "enabled an integration: GitHub", {"bot_id": "B02GITHUB01"}),
    ("bot_disable", LAB, "priya", "disabled an integration: GitHub", {"bot_id": "B02GITHUB01"}),
    ("reminder_add", "support", "sven", "set up a reminder: call Hanna", {}),
    ("joiner_notification", "general", "keiko", "joined, say hello", {}),
    ("slackbot_response", "random", "USLACKBOT", "The coffee is on the second floor.", {}),
    ("sh_room_created", "incidents", "jonas", "started a call", {"room": {"id": "R02OLD00001"}}),
    ("sh_room_shared", "incidents", "priya", "shared a call", {"room": {"id": "R02OLD00001"}}),
    ("app_conversation_join", LAB, "roundtable", "joined the conversation", {}),
    ("app_conversation_leave", LAB, "roundtable", "left the conversation", {}),
    ("share_shortcut", LAB, "tomas", "shared a shortcut", {}),
    ("emoji_changed", LAB, "zoe", "added an emoji: :ohayo:", {}),
    ("ekm_access_denied", LAB, "USLACKBOT", "This message is not available.", {}),
    ("assistant_app_thread", LAB, "priya", "New assistant thread", {"assistant_app_thread": {}}),
    ("document_mention", "design", "amara", "mentioned you in a canvas", {}),
    ("mpdm_move", "mpdm-keiko--noor--zoe--liam-4", "keiko", "moved this talk to a channel", {}),
    ("list_record_comment", LAB, "amara", "commented on a list item", {}),
    ("file_mention", LAB, "sven", "mentioned a file", {"file": {"id": "F02KIND0001"}}),
    ("file_reply", LAB, "sven", "commented on a file", {"file": {"id": "F02KIND0001"}}),
    ("reply_broadcast", "support", "elif", "", {"channel_id": "C02PUB00006", "attachments": []}),
)


def plant_subtypes(book: Book) -> None:
    """Everything that has a subtype."""
    _plant_notices(book)
    _plant_pins(book)
    _plant_bots(book)
    _plant_emote_and_unknown(book)
    _plant_file_messages(book)
    _plant_huddles(book)
    _plant_tombstone(book)
    _plant_edits_and_deletions(book)


def _plant_notices(book: Book) -> None:
    for n, (subtype, place, who, words, more) in enumerate(_NOTICES):
        when = at(3, 29, 17, n) if who == "ben" else at(10, 3, 8, 5) + timedelta(days=3 * n)
        text = words if who == "USLACKBOT" else f"<@{book.id_of(who)}> {words}".rstrip()
        ts = book.notice(place, who, when, subtype, text, **more)
        book.plant(f"subtype-{subtype}", place, ts)
    for n, who in enumerate(book.places["general"].members):
        text = f"<@{book.id_of(who)}> has joined the channel"
        book.notice("general", who, at(9, 5, 9, 5 + n), "channel_join", text)
    names: Record = {"old_name": "deployments", "name": "releases"}
    renamed = 'renamed the channel from "deployments" to "releases"'
    ts = book.notice("releases", "U00", at(1, 8), "channel_name", renamed, **names)
    book.plant("subtype-channel_name", "releases", ts, "by U00, who is nobody")


def _plant_pins(book: Book) -> None:
    place, who = "engineering", "priya"
    kept = book.say(place, who, at(11, 6, 9, 10), "House rule: no deploys on Friday after two.")
    loose = book.say(place, who, at(11, 6, 9, 20), "Pinned by mistake, never mind.")
    book.pin(place, kept, "tomas")
    for n, (subtype, target) in enumerate(
        (("pinned_item", kept), ("pinned_item", loose), ("unpinned_item", loose))
    ):
        verb = subtype.removesuffix("_item")
        item: Record = {"type": "message", "channel": book.places[place].id}
        item["message"] = {"ts": target}
        text = f"<@{book.id_of('tomas')}> {verb} a message"
        more: Record = {"item_type": "C", "item": item}
        ts = book.notice(place, "tomas", at(11, 6, 9, 30 + n), subtype, text, **more)
        book.plant(f"subtype-{subtype}", place, ts)
    book.places[place].pins.append(
        {"id": "F02KIND0001", "type": "F", "user": "U02TOMAS001", "created": 1699300000}
    )
    book.plant("pin-of-a-file", place, note="in the conversation's pins, no message")


def _plant_bots(book: Book) -> None:
    """Bots known by users.json, by their profile, by a name alone, or not at all."""
    profile: Record = {"id": "B02SENTRY01", "app_id": "A02SENTRY01", "name": "Sentry"}
    profile |= {"icons": {"image_36": "https://a.slack-edge.com/sentry.png"}, "team_id": TEAM}
    bots: tuple[tuple[str, str, Record], ...] = (
        ("bot-by-users-json", "Build 812 passed", {"bot_id": "B02GITHUB01", "username": "GitHub"}),
        ("bot-by-profile", "KeyError: 'zone'", {"bot_id": "B02SENTRY01", "bot_profile": profile}),
        ("bot-by-name", "It rains in Berlin", {"bot_id": "B02CURL0001", "username": "weather"}),
        ("bot-id-null", "Nightly backup: ok", {"bot_id": None, "username": "cron@backup"}),
        ("bot-b01", "You can ask me anything.", {"bot_id": "B01", "username": "slackbot"}),
        ("bot-nameless", "pong", {"bot_id": "B02NOBODY01"}),
    )
    for n, (shape, text, more) in enumerate(bots):
        ts = book.stamp(LAB, at(11, 14, 10, n))
        record: Record = {"type": "message", "subtype": "bot_message", "text": text}
        record["icons"] = {"emoji": ":robot_face:"}
        book.write(LAB, record | more | {"ts": ts})
        book.plant(shape, LAB, ts)
    ts = book.stamp(LAB, at(11, 14, 10, 20))
    app: Record = {"type": "message", "text": "Who joins the round?", "user": "U02ROUND001"}
    app |= {"bot_id": "B02ROUND001", "app_id": "A02ROUND001", "team": TEAM}
    app["bot_profile"] = {"id": "B02ROUND001", "name": "Roundtable", "team_id": TEAM}
    book.write(LAB, app | {"ts": ts})
    book.plant("app-with-bot-user", LAB, ts)


def _plant_emote_and_unknown(book: Book) -> None:
    ts = book.stamp("random", at(12, 1, 16, 40))
    record: Record = {"type": "message", "subtype": "me_message", "user": book.id_of("zoe")}
    book.write("random", record | {"text": "waters the plants one last time", "ts": ts})
    book.plant("subtype-me_message", "random", ts)
    ts = book.stamp(LAB, at(12, 1, 17, 0))
    record = {"type": "message", "subtype": "weather_report", "user": book.id_of("jonas")}
    book.write(LAB, record | {"text": "Sunny, 24 degrees, no deploys in sight", "ts": ts})
    book.plant("subtype-unknown", LAB, ts)


def _plant_file_messages(book: Book) -> None:
    """The file messages of old exports: one `file`, `bot_id` null, comments without a user."""
    when = at(12, 4, 11)
    seconds = int(when.timestamp())
    old = make_file("F02OLD00001", "floor-plan.png", "U02OLGA0001", seconds, size=20480)
    new = make_file("F02NEW00001", "floor-plan-2.png", "U02OLGA0001", seconds, size=20992)
    comment: Record = {"id": "Fc02COMM001", "created": seconds, "user": "U02ZOE00001"}
    comment["comment"] = "Could the plants stay by the window?"
    shared: Record = {"subtype": "file_share", "user": "U02OLGA0001"}
    shared |= {"text": "uploaded a file: floor-plan.png"}
    records: tuple[tuple[str, Record], ...] = (
        ("file-share-old", shared | {"file": old, "bot_id": None, "display_as_bot": False}),
        ("file-comment", {"subtype": "file_comment", "file": old, "comment": comment, "text": ""}),
        ("file-share-new", shared | {"files": [new], "upload": True}),
    )
    for n, (shape, record) in enumerate(records):
        ts = book.stamp("general", when + timedelta(minutes=n))
        book.write("general", {"type": "message"} | record | {"ts": ts})
        book.plant(shape, "general", ts)
    book.file("F02OLD00001", "hosted", 20480)
    book.file("F02NEW00001", "hosted", 20992)


def _plant_huddles(book: Book) -> None:
    """Slackbot signs for huddles; who began them stands in `room.created_by`."""
    place, start = "mpdm-jonas--priya--tomas-2", at(2, 6, 14)
    people = ["U02JONAS001", "U02PRIYA001", "U02TOMAS001"]
    root = _write_huddle(book, place, start, people, missed=False)
    book.say(place, "priya", start + timedelta(minutes=9), "Notes: *ship on Tuesday*", root=root)
    book.plant("subtype-huddle_thread", place, root)
    direct = _write_huddle(book, "D02DIR00001", at(2, 7, 10), ["U02PRIYA001"], missed=True)
    book.plant("huddle-missed", "D02DIR00001", direct)


def _write_huddle(
    book: Book, place: str, start: datetime, people: list[str], *, missed: bool
) -> str:
    begin, ts = int(start.timestamp()), book.stamp(place, start)
    room: Record = {"id": f"R02HUD{begin % 10**5:05}", "name": "", "created_by": people[0]}
    room |= {"date_start": begin, "date_end": begin + (0 if missed else 720)}
    room |= {"participants": [], "participant_history": people, "attended_user_ids": people}
    room |= {"has_ended": True, "is_dm_call": missed, "was_missed": missed, "thread_root_ts": ts}
    room |= {"channels": [book.places[place].id], "recording": {"can_record_summary": "no"}}
    record: Record = {"type": "message", "subtype": "huddle_thread", "user": "USLACKBOT"}
    record |= {"text": "A huddle started", "room": room, "channel": book.places[place].id}
    book.write(place, record | {"no_notifications": True, "permalink": "", "ts": ts})
    return ts


def _plant_tombstone(book: Book) -> None:
    place = "support"
    root = book.stamp(place, at(3, 5, 10))
    gone: Record = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
    book.write(place, gone | {"text": "This message was deleted.", "ts": root})
    book.say(place, "sven", at(3, 5, 10, 4), "Was that meant for the customer?", root=root)
    book.say(place, "elif", at(3, 5, 10, 9), "No! Hence deleted. :see_no_evil:", root=root)
    book.plant("subtype-tombstone", place, root)


def _plant_edits_and_deletions(book: Book) -> None:
    """Entries that workspaces keep which keep edits; they hold what was edited away."""
    place, who = "leadership", "mara"
    start = at(4, 9, 11)
    ts = book.say(place, who, start, "The offer is at 1.2, please keep it here.", edited=True)
    before: Record = {"type": "message", "user": book.id_of(who), "ts": ts}
    before["text"] = f"{EARLIER}: the offer is at 1.4"
    now = before | {"text": "The offer is at 1.2, please keep it here."}
    now["edited"] = {"user": book.id_of(who), "ts": book.edit_stamp(start + timedelta(seconds=45))}
    entries: tuple[tuple[str, str, Record], ...] = (
        ("message-changed", "message_changed", {"message": now, "previous_message": before}),
        ("message-changed-original", "message_changed", {"message": now, "original": before}),
        ("message-changed-previous", "message_changed", {"original_ts": ts, "previous": before}),
        ("message-deleted", "message_deleted", {"previous_message": before}),
        ("message-deleted-original", "message_deleted", {"original": before}),
        ("message-deleted-previous", "message_deleted", {"previous": before}),
        ("message-replied", "message_replied", {"message": now}),
    )
    for n, (shape, subtype, more) in enumerate(entries):
        when = start + timedelta(minutes=2 + n)
        record: Record = {"type": "message", "subtype": subtype, "hidden": True}
        if subtype == "message_deleted":
            lost = book.stamp(place, when - timedelta(seconds=30))
            more = {key: before | {"ts": lost} for key in more} | {"deleted_ts": lost}
        entry = book.stamp(place, when)
        book.write(place, record | more | {"channel": "C02PRV00001", "ts": entry}, "log")
        book.plant(shape, place, entry)
