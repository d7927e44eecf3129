"""The example export with something behind each of its URLs: a copy whose links lead to two fakes
on loopback, one with the files and the Web API, one with the pictures, which wants no token."""

import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN, FakeSlack
from tests.fakes.slack_bodies import Body

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme-export.zip"
FOREIGN = "F02KIND0012"
"""A file that another organisation keeps: the export has its id alone."""

_LINK = "https://files.slack.com/collab-slack-blob/T02ACME/F02BLOB001"
CANVAS = f"""<h1>Roster roadmap</h1><p><img src='{_LINK}?token={EXPORT_TOKEN}'></p>
<p>For the <b>third</b> quarter, by <a>@U02AMARA001</a>:</p>
<h2>Now</h2><ul class="checklist"><li class="checked">Swap shifts</li><li>Time zones</li></ul>
<table><tr><td>Who</td><td>What</td></tr><tr><td>Priya</td><td>Backend</td></tr></table>
<blockquote>Realistic?</blockquote><p><a href="https://wiki.acme.example/roadmap">More</a></p>
"""
"""Slack writes live tokens into a canvas; what is kept of it has none."""

_POST = "<h1>Old notes</h1><p>Release every <i>Thursday</i>.</p><ol><li>Tag</li><li>Ship</li></ol>"
_SNIPPET = "def plan(week):\n    return sorted(week, key=lambda shift: shift.start)\n"

Json = dict[str, Any]


@dataclass
class Example:
    """`export` leads to `slack` and `images`; `settings` and `environ` are what a project needs.
    `bodies` are those of files by id; of pictures (`avatar-ID`) and emoji (`emoji-NAME`) see
    `images.bodies`."""

    export: Path
    slack: FakeSlack
    images: FakeSlack
    bodies: dict[str, Body] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, object]:
        return {
            "slack.api_url": self.slack.api_url,
            "slack.file_hosts": [self.slack.host],
            "slack.image_hosts": [self.images.host],
        }

    @property
    def environ(self) -> dict[str, str]:
        return {"SLACK_TOKEN": USER_TOKEN}


@contextmanager
def serve_example(folder: Path, source: Path = EXAMPLE) -> Iterator[Example]:
    """Write the copy into `folder` and serve until the block ends."""
    with FakeSlack().running() as slack, FakeSlack().running() as images:
        example = Example(folder / "example.zip", slack, images)
        members = read_members(source)
        for record in find_files(members).values():
            add_file(example, record)
        foreign = slack.add(FOREIGN, 4_242, mimetype="application/pdf")
        example.bodies[FOREIGN] = foreign
        _fill_api(example, members)
        write_members(example.export, move_urls(members, slack, images))
        yield example


def read_members(path: Path) -> dict[str, bytes]:
    """An export's members by name; Slack does not say that the names are UTF-8."""
    with zipfile.ZipFile(path) as archive:
        return {
            info.filename
            if info.flag_bits & 0x800
            else info.filename.encode("cp437").decode(): archive.read(info)
            for info in archive.infolist()
        }


def write_members(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def find_files(members: Mapping[str, bytes]) -> dict[str, Json]:
    """Every file that has a URL of Slack's, by id."""
    found: dict[str, Json] = {}

    def walk(value: object) -> None:
        if isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, dict):
            if "mode" in value and "files.slack.com" in str(value.get("url_private")):
                found.setdefault(str(value["id"]), value)
            for each in value.values():
                walk(each)

    for name, content in members.items():
        if name.endswith(".json"):
            try:
                walk(json.loads(content))
            except ValueError:
                continue
    return found


def kept(body: Body) -> tuple[str, int]:
    """sha256 and size of a body as a project keeps it: without tokens."""
    token = f"?token={EXPORT_TOKEN}".encode()
    if not body.text or token not in body.text:
        return body.sha256, body.size
    clean = body.text.replace(token, b"")
    return hashlib.sha256(clean).hexdigest(), len(clean)


def add_file(example: Example, record: Mapping[str, Any]) -> None:
    """A body for a file of the export: of the size that the export says, but for written text."""
    id, mode, size = str(record["id"]), str(record["mode"]), int(record["size"])
    mimetype = str(record["mimetype"] or "application/octet-stream")
    text = b""
    if mode == "snippet":
        text = _SNIPPET.encode()
    elif mode == "post":
        text, mimetype = json.dumps({"full": _POST, "preview": _POST}).encode(), "application/json"
    elif mode in ("space", "docs", "quip"):
        text, mimetype = CANVAS.encode(), "text/html"
    elif mimetype == "image/png":
        text = make_png(len(example.bodies), size)
    example.bodies[id] = example.slack.add(id, size, text=text, mimetype=mimetype)


def make_png(seed: int, size: int = 0) -> bytes:
    """A small picture of one colour, filled up to `size` bytes with a comment."""
    colour = bytes((seed * 37 % 256, seed * 91 % 256, seed * 53 % 256))
    pixels = (b"\0" + colour * 16) * 16

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 16, 16, 8, 2, 0, 0, 0))
    tail = chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    room = size - len(head) - len(tail) - 12
    return head + (chunk(b"tEXt", b"Comment\0".ljust(room, b"x")) if room >= 8 else b"") + tail


_SLASH = rb"\\?/"
_FILE_URL = re.compile(
    rb"https:"
    + _SLASH
    + _SLASH
    + rb"files\.slack\.com"
    + _SLASH
    + rb"files-pri"
    + _SLASH
    + rb"[A-Z0-9]+-([A-Z0-9]+)[^\"?]*(\?(?:t|token)=[^\"&]*)?"
)
_PICTURE_URL = re.compile(
    rb"https:" + _SLASH + _SLASH + rb"avatars\.slack-edge\.com[^\"]*?([A-Z0-9]+)_72\.png"
)


def move_urls(
    members: Mapping[str, bytes], slack: FakeSlack, images: FakeSlack, token: str = EXPORT_TOKEN
) -> dict[str, bytes]:
    """The members with their URLs leading to the fakes; where a token stood, there is `token`."""

    def file_url(found: re.Match[bytes]) -> bytes:
        query = f"?token={token}" if found[2] else ""
        return (slack.url_of(found[1].decode()) + query).replace("/", "\\/").encode()

    def picture_url(found: re.Match[bytes]) -> bytes:
        return images.url_of(f"avatar-{found[1].decode()}").replace("/", "\\/").encode()

    moved = {
        name: _PICTURE_URL.sub(picture_url, _FILE_URL.sub(file_url, content))
        for name, content in members.items()
    }
    manifest = json.loads(moved[".slack-manifest.json"])
    manifest["metadata"]["total_bytes"] = sum(map(len, moved.values())) // 2
    return moved | {".slack-manifest.json": json.dumps(manifest).encode()}


def _fill_api(example: Example, members: Mapping[str, bytes]) -> None:
    """What the Web API knows and the export does not."""
    api, images = example.slack.api, example.images
    users = json.loads(members["users.json"])
    for n, user in enumerate(users):
        name = f"avatar-{user['id']}"
        images.add(name, text=make_png(n), mimetype="image/png", needs=())
        user["profile"]["image_72"] = images.url_of(name)
        if user["name"] == "olga":
            user["profile"]["email"] = "olga@acme.example"
    for id in ("U07HANNA001", "U07PETRI001"):
        images.add(f"avatar-{id}", text=make_png(7), mimetype="image/png", needs=())
    for n, name in enumerate(("acme-parrot", "slack")):
        images.add(f"emoji-{name}", text=make_png(50 + n, 700), mimetype="image/png", needs=())
        api.emoji[name] = images.url_of(f"emoji-{name}")
    api.emoji["parrot"] = "alias:acme-parrot"
    api.users = users
    api.team = {"id": "T02ACME0001", "name": "Acme", "domain": "acme-roster"}
    api.groups = [
        {
            "id": "S02OPS00001",
            "handle": "ops",
            "name": "Operations",
            "users": ["U02JONAS001", "U02PRIYA001"],
            "date_delete": 0,
        }
    ]
    api.fields = [{"id": "Xf02PRON001", "label": "Pronouns"}]
    channels = [*json.loads(members["channels.json"]), *json.loads(members["groups.json"])]
    api.pins = {channel["id"]: [] for channel in channels}
    api.bookmarks = {channel["id"]: [] for channel in channels}
    api.bookmarks["C02PUB00001"] = [
        {"title": "Handbook", "link": "https://wiki.acme.example/", "emoji": ":book:"},
        {"title": "Rota", "link": "https://rota.acme.example/", "date_created": 1_700_000_000},
    ]
    api.files[FOREIGN] = {
        "id": FOREIGN,
        "name": "offer.pdf",
        "title": "offer",
        "mimetype": "application/pdf",
        "mode": "hosted",
        "size": 4_242,
        "url_private": example.slack.url_of(FOREIGN),
        "file_access": "visible",
    }
