"""File objects as messages carry them. Their URLs hold a token that is plainly none: in a real
export it opens every file of the workspace."""

from acme.cast import TEAM, Record

NOT_A_TOKEN = "xoxe-1-ExampleNotAToken"
_TYPES = {
    "pdf": ("application/pdf", "PDF"),
    "jpg": ("image/jpeg", "JPEG"),
    "png": ("image/png", "PNG"),
    "tif": ("image/tiff", "TIFF"),
    "zip": ("application/zip", "Zip"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel"),
    "mp4": ("video/mp4", "MPEG 4 Video"),
    "py": ("text/plain", "Python"),
    "eml": ("message/rfc822", "Email"),
}


def make_file(
    ident: str, name: str, person: str, when: int, *, size: int, mode: str = "hosted"
) -> Record:
    """A file whose body Slack keeps."""
    ending = name.rpartition(".")[2]
    mimetype, pretty = _TYPES.get(ending, ("application/octet-stream", "Binary"))
    url = f"https://files.slack.com/files-pri/{TEAM}-{ident}"
    last = name.lower().replace(" ", "_")
    record: Record = {
        "id": ident,
        "created": when,
        "timestamp": when,
        "name": name,
        "title": name.rpartition(".")[0],
        "mimetype": mimetype,
        "filetype": ending,
        "pretty_type": pretty,
        "user": person,
        "user_team": TEAM,
        "editable": False,
        "size": size,
        "mode": mode,
        "is_external": False,
        "external_type": "",
        "is_public": True,
        "public_url_shared": False,
        "url_private": f"{url}/{last}?token={NOT_A_TOKEN}",
        "url_private_download": f"{url}/download/{last}?token={NOT_A_TOKEN}",
        "permalink": f"https://acme-roster.slack.com/files/{person}/{ident}/{last}",
        "permalink_public": f"https://slack-files.com/{TEAM}-{ident}-0123456789",
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": "visible",
    }
    if mimetype.startswith("image/"):
        thumb = f"https://files.slack.com/files-tmb/{TEAM}-{ident}-1a2b3c4d5e"
        record |= {"thumb_360": f"{thumb}/thumb_360.png?token={NOT_A_TOKEN}"}
        record |= {"original_w": 1600, "original_h": 1200}
    return record


def make_stub(ident: str, mode: str, **more: object) -> Record:
    """A file of which only the id is left: deleted, or over a plan's limit."""
    return {"id": ident, "mode": mode} | more
