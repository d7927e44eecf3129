"""A fake Zulip's calls about files: uploads and who may open them, pictures of people, custom
emoji."""

import json
import re
import struct
import zlib

from aiohttp import web

from tests.fakes.zulip_calls import Call, File, Route, routes_of
from tests.fakes.zulip_emoji import CODES
from tests.fakes.zulip_records import Emoji, Json, Refusal, Upload

TABLE = """
POST user_uploads upload
GET user_uploads/{path:.+} address
GET attachments attachments
DELETE attachments/{id:\\d+} remove
POST users/me/avatar picture
DELETE users/me/avatar no_picture
GET realm/emoji emoji
POST realm/emoji/{name} add_emoji
DELETE realm/emoji/{name} remove_emoji
"""
STATIC = """
GET user_uploads/{path:.+} body api_key
GET user_avatars/{realm:\\d+}/{id:\\d+}{ending:.*} shown_picture open version
GET user_avatars/{realm:\\d+}/emoji/images/{id:\\d+}{ending:.*} shown_emoji open
GET static/generated/emoji/emoji_api.json emoji_table open
"""
_MIB = 1024 * 1024
_EMOJI_NAME = re.compile(r"[0-9a-z\-_ ]+")


def upload(call: Call) -> Json:
    if not call.files:
        raise Refusal("You must specify a file to upload")
    if len(call.files) != 1:
        raise Refusal("You may only upload one file at a time")
    (file,) = call.files
    most = call.world.realm.get("max_file_upload_size_mib", 100 if call.world.modern else 25)
    if len(file.body) > most * _MIB:
        raise Refusal(f"Uploaded file is larger than the allowed limit of {most} MiB")
    made = call.world.upload(call.user, file.name, file.mimetype, file.body)
    address = f"/user_uploads/{made.path}"
    return {"uri": address} | ({"url": address, "filename": file.name} if call.world.modern else {})


def address(call: Call) -> Json | web.Response:
    """Where a file can be had for a while without a key."""
    found = _opened(call)
    if isinstance(found, web.Response):
        return found
    return {"url": f"/user_uploads/temporary/{found.path}"}


def body(call: Call) -> Json | web.Response:
    path = call.path["path"].removeprefix("temporary/")
    if path != call.path["path"]:
        return _served(call.world.uploads[path])
    found = _opened(call)
    return found if isinstance(found, web.Response) else _served(found)


def attachments(call: Call) -> Json:
    mine = [each for each in call.world.uploads.values() if each.owner == call.user.id]
    told = [
        {
            "id": each.id, "name": each.name, "path_id": each.path, "size": len(each.body),
            "create_time": each.created * 1000,
            "messages": [
                {"id": id, "date_sent": int(call.world.messages[id].time) * 1000}
                for id in sorted(each.messages)
            ],
        }
        for each in mine
    ]  # fmt: skip
    used = sum(len(each.body) for each in call.world.uploads.values())
    return {"attachments": told, "upload_space_used": used}


def remove(call: Call) -> Json:
    for path, each in list(call.world.uploads.items()):
        if each.id == call.number("id") and each.owner == call.user.id:
            del call.world.uploads[path]
            return {}
    raise Refusal("Invalid attachment")


def picture(call: Call) -> Json:
    if len(call.files) != 1:
        raise Refusal("You must upload exactly one avatar.")
    call.user.picture = _image(call.files[0], 5)
    call.user.pictures += 1
    return {"avatar_url": f"/user_avatars/2/{call.user.id}.png?version={call.user.pictures}"}


def no_picture(call: Call) -> Json:
    call.user.picture = None
    call.user.pictures += 1
    return {"avatar_url": f"https://secure.gravatar.com/avatar/{call.user.id}"}


def emoji(call: Call) -> Json:
    return {"emoji": {str(each.id): _shown(each) for each in call.world.emoji.values()}}


def add_emoji(call: Call) -> Json:
    name = call.path["name"].strip()
    if name and name[-1] in "-_ ":
        raise Refusal("Emoji names must end with either a letter or digit.")
    if not _EMOJI_NAME.fullmatch(name):
        raise Refusal("Emoji names must contain only lowercase English letters, digits, spaces,"
                      " dashes, and underscores.")  # fmt: skip
    if any(each.name == name and not each.deactivated for each in call.world.emoji.values()):
        raise Refusal("A custom emoji with this name already exists.")
    if len(call.files) != 1:
        raise Refusal("You must upload exactly one file.")
    made = Emoji(call.world.id("emoji"), name, _image(call.files[0], 5), call.user.id)
    call.world.emoji[made.id] = made
    return {}


def remove_emoji(call: Call) -> Json:
    for each in call.world.emoji.values():
        if each.name == call.path["name"] and not each.deactivated:
            each.deactivated = True
            return {}
    raise Refusal(f"Emoji '{call.path['name']}' does not exist")


def shown_picture(call: Call) -> Json | web.Response:
    user = call.world.users.get(call.number("id"))
    if user is None or user.picture is None:
        return web.Response(status=404)
    return web.Response(body=user.picture, content_type="image/png")


def shown_emoji(call: Call) -> Json | web.Response:
    return web.Response(body=call.world.emoji[call.number("id")].image, content_type="image/png")


def emoji_table(call: Call) -> Json | web.Response:
    return web.Response(text=json.dumps({"code_to_names": CODES}), content_type="application/json")


def _opened(call: Call) -> Upload | web.Response:
    found = call.world.uploads.get(call.path["path"])
    if found is None:
        return web.Response(status=404, text="<p>File not found.</p>", content_type="text/html")
    if not call.world.can_open(call.user, found):
        words = "<p>You are not authorized to view this file.</p>"
        return web.Response(status=403, text=words, content_type="text/html")
    return found


def _served(found: Upload) -> web.Response:
    return web.Response(body=found.body, headers={"Content-Type": found.mimetype})


def _image(file: File, most: int) -> bytes:
    if len(file.body) > most * _MIB:
        raise Refusal(f"Uploaded file is larger than the allowed limit of {most} MiB")
    body = file.body
    header = body[:33]
    whole = len(header) == 33 and header[:8] == b"\x89PNG\r\n\x1a\n" and header[12:16] == b"IHDR"
    if not whole or zlib.crc32(header[12:29]) != struct.unpack(">I", header[29:])[0]:
        raise Refusal("Could not decode image; did you upload an image file?", "BAD_IMAGE")
    return body


def _shown(each: Emoji) -> Json:
    return {
        "id": str(each.id), "name": each.name,
        "source_url": f"/user_avatars/2/emoji/images/{each.id}.png",
        "deactivated": each.deactivated, "author_id": each.author, "still_url": None,
    }  # fmt: skip


def file_routes() -> list[Route]:
    return routes_of(TABLE, globals())


def static_routes() -> list[Route]:
    return routes_of(STATIC, globals())
