"""Where a body lies within the directory, and how a message speaks of it. Pure: whoever writes a
message and whoever joins the bodies ask the same question."""

import mimetypes
import re
import unicodedata
from hashlib import blake2b

from migrate.model import File

REALM = 1
"""The number of the organization within a directory; its importer gives it another."""

_DROPPED = re.compile(r"[^\w\s.-]")
_GAPS = re.compile(r"[-\s]+")
_ENDINGS = mimetypes.MimeTypes()
"""Those that Python knows; what else this computer knows would make another directory elsewhere."""

_NAME_BYTES = 200


def path_id(file: File) -> str:
    """By which path an uploaded file is known: `1/4f/0123456789ab/report.pdf`. No other file's path
    begins with it, since the importer finds it in messages as it stands there."""
    sum = blake2b(file.id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{REALM}/{sum[:2]}/{sum[2:]}/{path_name(file)}"


def path_name(file: File) -> str:
    """The end of the path: what Zulip makes of the name that people read, letter by letter, for
    newer importers hold the two against each other."""
    return sanitize(shown_name(file))


def shown_name(file: File) -> str:
    """The name that people read; a long one is cut before its ending."""
    name = unicodedata.normalize("NFC", (file.name or file.title or file.id))
    name = name.encode("utf-8", "replace").decode()
    kept = "".join(
        " " if char in "[]\\`" or unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char
        for char in name
    )  # fmt: skip
    kept = " ".join(kept.split()) or file.id
    if "." not in kept:
        kept += _ENDINGS.guess_extension(file.mimetype) or ""
    return _cut(kept)


def sanitize(name: str) -> str:
    """What Zulip makes of a file's name: letters of every script, digits, dots, hyphens and low
    lines."""
    kept = _DROPPED.sub("", unicodedata.normalize("NFKC", name)).strip()
    made = _GAPS.sub("-", kept)
    return "uploaded-file" if made in ("", ".", "..") else made


def _cut(name: str) -> str:
    """So much of a name that a disk takes what is made of it."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 12:
        stem, dot, ending = name, "", ""
    while len(sanitize(stem + dot + ending).encode()) > _NAME_BYTES:
        stem = stem[:-1].rstrip()
    return stem + dot + ending


def link_to(file: File) -> str:
    """The line that shows a file."""
    return f"[{shown_name(file)}](/user_uploads/{path_id(file)})"
