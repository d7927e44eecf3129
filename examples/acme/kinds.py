"""Files of every mode, and the root files that list canvases, lists and transcripts."""

from datetime import timedelta

from acme.book import Book, at
from acme.cast import TEAM, Record
from acme.uploads import NOT_A_TOKEN, make_file, make_stub

LAB = "integration-tests"
WHEN = int(at(1, 16).timestamp())


def plant_files(book: Book) -> None:
    """One message for each kind of file."""
    for n, (shape, words, file, size) in enumerate(_make_files()):
        ts = book.say(LAB, "jonas", at(1, 16, 9) + timedelta(minutes=n), words, files=[file])
        book.file(str(file["id"]), str(file["mode"]), size)
        book.plant(f"file-{shape}", LAB, ts)
    shared = make_file("F02KIND0001", "build log.pdf", "U02JONAS001", WHEN, size=5120)
    words = "The log of this morning again:"
    ts = book.say("engineering", "priya", at(1, 17), words, files=[shared])
    book.plant("file-shared-twice", "engineering", ts)
    _plant_attached(book)


def root_files(book: Book) -> dict[str, object]:
    """canvases.json, lists.json and huddle_transcripts.json; their files are counted here."""
    roadmap = make_canvas("F02CANVAS01", "Roster roadmap", 8192)
    lonely = make_canvas("F02CANVAS02", "Onboarding", 4096)
    backlog = make_file("F02LIST0001", "Backlog", "U02AMARA001", WHEN, size=2048, mode="list")
    backlog |= {"mimetype": "application/vnd.slack-list", "filetype": "list"}
    backlog["list_history_download"] = f"https://files.slack.com/lists/F02LIST0001?t={NOT_A_TOKEN}"
    spoken = make_file("F02TRANS001", "Huddle transcript", "USLACKBOT", WHEN, size=1024)
    spoken |= {"mode": "huddle_transcript", "filetype": "huddle_transcript"}
    spoken["mimetype"] = "application/vnd.slack-huddle-transcript"
    # No message points to these three: where they belong is said here alone.
    lonely["channels"] = ["C02PUB00003"]
    backlog["channels"] = ["C02PUB00007"]
    spoken["groups"] = ["C02PRV00001"]
    for file in (roadmap, lonely, backlog, spoken):
        size = file["size"]
        assert isinstance(size, int)
        book.file(str(file["id"]), str(file["mode"]), size)
    book.plant("root-canvases", "", note="canvases.json: F02CANVAS01, F02CANVAS02")
    book.plant("root-lists", "", note="lists.json: F02LIST0001")
    book.plant("root-huddle-transcripts", "", note="huddle_transcripts.json: F02TRANS001")
    return {
        "canvases.json": [roadmap, lonely],
        "lists.json": [backlog],
        "huddle_transcripts.json": [spoken],
    }


def make_canvas(ident: str, title: str, size: int) -> Record:
    """A canvas: a page of HTML behind a URL."""
    canvas = make_file(ident, title, "U02AMARA001", WHEN, size=size, mode="quip")
    canvas |= {"mimetype": "application/vnd.slack-docs", "filetype": "quip", "title": title}
    canvas["canvas_history_download"] = f"https://files.slack.com/canvas/{ident}?t={NOT_A_TOKEN}"
    canvas |= {"is_tombstoned": False, "date_delete": 0, "export_timestamp": 1725000000}
    return canvas | {"permalink": f"https://acme-roster.slack.com/docs/{TEAM}/{ident}"}


def _make_files() -> list[tuple[str, str, Record, int]]:
    """(shape, what is said, file, bytes that Slack holds)."""

    def file(number: int, name: str, size: int, mode: str = "hosted") -> Record:
        ident = f"F02KIND{number:04}"
        return make_file(ident, name, "U02JONAS001", WHEN, size=size, mode=mode)

    docs: Record = {"mimetype": "application/vnd.slack-docs"}
    code = "def plan(week):\n    return sorted(week, key=lambda shift: shift.start)\n"
    mail: Record = {"subject": "Invoice 88", "from": [{"address": "billing@host.example"}]}
    mail |= {"plain_text": "Please find the invoice attached.", "preview": "Please find"}
    drive = "https://docs.google.com/document/d/abc/edit"
    linked: Record = {"is_external": True, "external_type": "gdrive", "url_private": drive}
    video: Record = {"subtype": "slack_video", "duration_ms": 61000, "hls": "", "mp4": ""}
    snippet: Record = {"preview": code, "lines": 2, "edit_link": ""}
    nameless = file(2, "x.pdf", 700) | {"name": None, "title": None}
    kinds = [
        ("hosted", "The log of this morning's build:", file(1, "build log.pdf", 5120), 5120),
        ("name-null", "A file that forgot its name:", nameless, 700),
        ("snippet", "How we sort:", file(3, "plan.py", 74, "snippet") | snippet, 74),
        ("space", "Notes as a post:", file(4, "Notes", 900, "space") | docs, 900),
        ("post", "An older post:", file(5, "Old notes", 800, "post") | docs, 800),
        ("docs", "And a doc:", file(6, "Doc", 850, "docs") | docs, 850),
        ("quip", "The roadmap:", make_canvas("F02CANVAS01", "Roster roadmap", 8192), 8192),
        ("email", "Forwarded mail:", file(7, "Invoice 88.eml", 1300, "email") | mail, 1300),
        ("external", "The plan in Drive:", file(8, "Plan", 0, "external") | linked, 0),
        ("video", "A clip:", file(9, "clip.mp4", 900000) | video, 900000),
        ("tombstone", "This one is deleted:", make_stub("F02KIND0010", "tombstone"), 0),
        ("hidden-by-limit", "Too old:", make_stub("F02KIND0011", "hidden_by_limit"), 0),
    ]
    for n, access in enumerate(("check_file_info", "access_denied", "file_not_found"), 12):
        stub = make_stub(f"F02KIND{n:04}", "file_access", file_access=access, created=0, user="")
        kinds.append((access.replace("_", "-"), "From the other workspace:", stub, 0))
    return kinds


def _plant_attached(book: Book) -> None:
    """A file that hides in an attachment; such URLs carry no token."""
    bare = make_file("F02KIND0020", "graph.png", "U02SVEN0001", WHEN, size=3333)
    for key in ("url_private", "url_private_download", "thumb_360"):
        bare[key] = str(bare[key]).partition("?")[0]
    attachment: Record = {"fallback": "Sven's graph", "is_share": True, "is_msg_unfurl": True}
    attachment |= {"author_id": "U02SVEN0001", "author_subname": "Sven", "files": [bare]}
    attachment |= {"text": "Tickets fell :chart_with_downwards_trend:", "ts": "1705421000.000100"}
    attachment["from_url"] = "https://acme-roster.slack.com/archives/C02PUB00006/p1705421000000100"
    moment = at(1, 17, 15)
    ts = book.say("general", "amara", moment, "Look at this!", attachments=[attachment])
    book.file("F02KIND0020", "hosted", 3333)
    book.plant("file-in-attachment", "general", ts)
    book.plant("url-without-token", "general", ts)
    book.plant("url-with-token", LAB, note=f"every other file: {NOT_A_TOKEN}")
