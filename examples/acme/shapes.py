"""Awkward messages without a subtype of their own: values that are null, missing or of another
type, unknown ids, damaged times, threads torn apart, and reactions that do not add up."""

from datetime import datetime, timedelta

from acme.book import Book, Fate, at, day_of, speaker_fields
from acme.cast import UNKNOWN, Record

LAB = "integration-tests"


def plant_shapes(book: Book) -> None:
    """Everything of this module."""
    _plant_nulls(book)
    _plant_strangers(book)
    _plant_times(book)
    _plant_duplicates(book)
    _plant_orphans(book)
    _plant_threads(book)
    _plant_reactions(book)
    _plant_sizes(book)


def put(
    book: Book,
    shape: str,
    place: str,
    when: datetime,
    record: Record,
    fate: Fate = "message",
    *,
    ts: str = "",
    root: str = "",
    reactions: int = 0,
    day: str = "",
) -> str:
    """Write `record` as it is, but for `type` and `ts`, and note it in the ledger."""
    ts = ts or book.stamp(place, when)
    whole = {"type": "message"} | record | {"ts": ts}
    book.write(place, whole, fate, root=root, reactions=reactions, day=day)
    book.plant(shape, place, ts)
    return ts


def _plant_nulls(book: Book) -> None:
    jonas: Record = speaker_fields(book.people["jonas"])
    shown = {"type": "section", "text": {"type": "mrkdwn", "text": "*Build 977* is _green_"}}
    nothing: Record = {"blocks": None, "attachments": None, "files": None, "reactions": None}
    go: Record = {"replace_original": False, "delete_original": False, "metadata": {}}
    go["metadata"] = {"event_type": "", "event_payload": None}
    extras: Record = {"hidden": False, "is_starred": True, "x_files": ["F02KIND0001"], "saved": {}}
    cases: tuple[tuple[str, Record], ...] = (
        ("text-null", {"text": None, "blocks": [shown]}),
        ("text-missing", {"blocks": [shown]}),
        ("text-empty", {"text": "", "blocks": [shown]}),
        ("text-and-blocks-null", {"text": None, "blocks": None}),
        ("blocks-null", nothing | {"text": "Written by a tool that writes null for nothing"}),
        ("go-struct", go | {"text": "Converted from another archive", "blocks": None}),
        ("profile-null", {"text": "My profile is not there", "user_profile": None}),
        ("fields-unknown", extras | {"text": "With fields that nobody documents"}),
    )
    for n, (shape, more) in enumerate(cases):
        put(book, shape, LAB, at(2, 12, 9, n), jonas | more)


def _plant_strangers(book: Book) -> None:
    """Authors, members and mentions whose ids stand in no users.json."""
    text = "Is this still the right channel for the old sensors?"
    ts = put(book, "author-unknown", LAB, at(2, 13, 9), {"user": UNKNOWN[0], "text": text})
    book.visit(UNKNOWN[0])
    text = f"I think <@{UNKNOWN[2]}> knew that, or <@U02NOBODY99|harold>"
    jonas: Record = {"user": book.id_of("jonas"), "text": text}
    put(book, "mention-unknown", LAB, at(2, 13, 9, 5), jonas, root=ts)
    put(
        book,
        "author-unknown-dm",
        "D02DIR00010",
        at(2, 13, 11),
        {"user": UNKNOWN[0], "text": "Thanks for the help, my account ends today."},
    )
    book.say("D02DIR00010", "sven", at(2, 13, 11, 5), "All the best to you! :wave:")
    for visitor in ("hanna", "petri"):
        book.visit(book.people[visitor].id)
        book.plant("connect-person", "ext-northwind", note=book.people[visitor].id)
    book.plant("member-unknown", LAB, note=UNKNOWN[2])
    book.plant("deactivated-author", "marketing", note=book.id_of("ben"))


def _plant_times(book: Book) -> None:
    priya: Record = {"user": book.id_of("priya"), "type": "message"}
    day = "2024-02-14"
    broken: tuple[tuple[str, Record], ...] = (
        ("ts-missing", {"text": "I have no time"}),
        ("ts-nan", {"text": "My time is not a number", "ts": "NaN"}),
        ("ts-infinite", {"text": "My time never comes", "ts": "Infinity"}),
        ("ts-null", {"text": "My time is null", "ts": None}),
    )
    for shape, more in broken:
        book.write(LAB, priya | more, "unkeyed", day=day)
        book.plant(shape, LAB, note=f"{LAB}/{day}.json")
    start = at(2, 15, 9)
    for n, words in enumerate(("first", "second, same millisecond", "third, same millisecond")):
        ts = book.stamp(LAB, start, 123_400 + 7 * n)
        put(book, "ts-same-millisecond", LAB, start, priya | {"text": words}, ts=ts)
    midnight = at(2, 15, 23, 59, 58)
    for n in range(4):
        moment = midnight + timedelta(seconds=n)
        put(book, "midnight-in-los-angeles", LAB, moment, priya | {"text": f"tick {n}"})
    evening = put(
        book, "utc-day-differs", LAB, at(2, 16, 20), priya | {"text": "Already tomorrow in UTC"}
    )
    book.unsorted.add(f"{LAB}/{day_of(evening)}.json")
    for minute in (40, 10, 25):
        moment = at(2, 16, 21, minute)
        put(book, "day-out-of-order", LAB, moment, priya | {"text": f"said at {moment:%H:%M}"})


def _plant_duplicates(book: Book) -> None:
    """One ts in two day files, once in an edited copy; the newest edit is the message."""
    tomas: Record = {"user": book.id_of("tomas"), "text": "Deploy window: 9 to 11"}
    when = at(2, 20, 16)
    ts = put(book, "duplicate-ts", LAB, when, tomas)
    edit = {"user": book.id_of("tomas"), "ts": book.edit_stamp(when + timedelta(minutes=3))}
    newer = tomas | {"type": "message", "ts": ts, "text": "Deploy window: 9 to 12", "edited": edit}
    book.write(LAB, newer, "copy", day="2024-02-21")
    book.tally.edited += 1
    book.plant("duplicate-ts-edited", LAB, ts, "the copy in 2024-02-21.json is the final text")
    root = book.say(LAB, "tomas", at(2, 20, 17), "Who is on call this week?")
    shout = book.say(LAB, "jonas", at(2, 20, 17, 5), "I am.", root=root, broadcast=True)
    again = book.find(LAB, shout)
    book.write(LAB, dict(again), "copy", day="2024-02-21")
    book.plant("broadcast-twice", LAB, shout, "also in 2024-02-21.json")


def _plant_orphans(book: Book) -> None:
    """Replies whose root the export does not hold: deleted, or older than its range."""
    root = f"{int(at(9, 5, 8).timestamp()) - 86400 * 30}.000200"
    for n, words in enumerate(("Late to this, but: yes.", "Same here.")):
        record: Record = {"user": book.id_of("sven"), "text": words}
        record["parent_user_id"] = "U02BEN00001"
        put(book, "orphan-reply", "support", at(2, 22, 9, n), record, root=root)
    for place in ("engineering", "design"):
        record = {"user": book.id_of("keiko"), "text": "An answer to something that is gone."}
        put(book, "same-root-ts-in-two-channels", place, at(2, 23, 9), record, root=root)


def _plant_threads(book: Book) -> None:
    priya, jonas = book.id_of("priya"), book.id_of("jonas")
    start = at(2, 26, 23, 30)
    root = book.say(LAB, "priya", start, "Does anybody see the answer before the question?")
    answer: Record = {"user": jonas, "text": "Yes, it lies in the file of the day before."}
    put(book, "reply-in-earlier-file", LAB, start + timedelta(hours=1), answer, root=root,
        day="2024-02-25")  # fmt: skip
    ts = book.stamp(LAB, start - timedelta(hours=2))
    answer = {"user": jonas, "text": "I even answered before you asked."}
    put(book, "reply-earlier-than-root", LAB, start, answer, ts=ts, root=root)
    root = book.say(LAB, "priya", at(2, 28, 9), "A thread that has lost some of its replies")
    answer = {"user": jonas, "text": "Mine is still here."}
    kept = put(book, "parent-user-id-missing", LAB, at(2, 28, 9, 5), answer, root=root)
    del book.find(LAB, kept)["parent_user_id"]
    parent = book.find(LAB, root)
    gone: Record = {"user": priya, "ts": f"{int(at(2, 28, 9, 30).timestamp())}.000300"}
    replies = parent["replies"]
    assert isinstance(replies, list)
    replies.append(gone)
    parent |= {"reply_count": 5, "latest_reply": gone["ts"]}
    book.plant("reply-count-too-high", LAB, root)
    book.plant("replies-list-names-the-gone", LAB, root)


def _plant_reactions(book: Book) -> None:
    mara, zoe, sven = (book.id_of(who) for who in ("mara", "zoe", "sven"))
    cases: tuple[tuple[str, list[Record], int], ...] = (
        ("reaction-unknown-person", [{"name": "eyes", "users": [UNKNOWN[1], zoe], "count": 2}], 2),
        ("reaction-fewer-users", [{"name": "heart", "users": [mara, zoe], "count": 57}], 2),
        ("reaction-no-users", [{"name": "clap", "users": [], "count": 3}], 0),
        ("reaction-users-null", [{"name": "clap", "users": None, "count": 1}], 0),
        ("reaction-person-twice", [{"name": "tada", "users": [sven, sven], "count": 2}], 1),
        ("reaction-custom", [{"name": "acme-parrot", "users": [sven], "count": 1}], 1),
        ("reaction-name-not-latin", [{"name": "ありがとう", "users": [zoe], "count": 1}], 1),
        ("reaction-alias", [{"name": "thumbsup", "users": [zoe], "count": 1}], 1),
        (
            "reaction-skin-tones",
            [
                {"name": "+1", "users": [mara, zoe], "count": 2},
                {"name": "+1::skin-tone-3", "users": [mara], "count": 1},
                {"name": "+1::skin-tone-6", "users": [sven], "count": 1},
            ],
            4,
        ),
    )
    for n, (shape, reactions, count) in enumerate(cases):
        record: Record = {"user": book.id_of("olga"), "text": f"Photo {n + 1} of the summer party"}
        moment = at(6, 24, 9, n)
        put(book, shape, "random", moment, record | {"reactions": reactions}, reactions=count)


def _plant_sizes(book: Book) -> None:
    lines = (f"{n:05} worker: shift planned, queue {n % 17}, ok" for n in range(1, 1200))
    log = "\n".join(lines)[:39_986]
    jonas: Record = {"user": book.id_of("jonas"), "text": f"The log:\n```{log}```"[:40_000]}
    put(book, "text-40000-characters", LAB, at(3, 12, 9), jonas)
    tea = "Tea 🍵 or coffee ☕? 👩‍👩‍👧‍👦 says tea. "
    put(
        book,
        "text-long-without-fence",
        "random",
        at(3, 12, 10),
        {"user": book.id_of("zoe"), "text": tea * 400},
    )
    odd: tuple[tuple[str, str], ...] = (
        ("text-lone-surrogate", "Half an emoji: \ud83d and on it goes"),
        ("text-nul", "A zero\x00in the middle"),
        ("text-controls", "Bell \x07, escape \x1b[31mred\x1b[0m, vertical tab \x0b"),
        ("text-right-to-left", "שלום \u202eolleh\u202c and مرحبا"),
        ("text-combining", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘"),
        ("text-blank", " \n\t "),
    )
    for n, (shape, text) in enumerate(odd):
        put(book, shape, LAB, at(3, 13, 9, n), {"user": book.id_of("priya"), "text": text})
