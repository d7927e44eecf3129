"""Where a body lies within the directory, and how a message speaks of it. Pure: whoever writes a
message and whoever joins the bodies ask the same question."""

import mimetypes
import re
import unicodedata
from hashlib import blake2b

from adapters.zulip.numbers import REALM
from migrate.model import File

_UNSAFE = re.compile(r"[^\w.-]+")
_ENDINGS = mimetypes.MimeTypes()
"""Those that Python knows; what else this computer knows would make another directory elsewhere."""

_NAME_CHARS = 80


def path_id(file: File) -> str:
    """By which path an uploaded file is known: `1/4f/0123456789ab/report.pdf`. No other file's path
    begins with it, since the importer finds it in messages as it stands there."""
    sum = blake2b(file.id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{REALM}/{sum[:2]}/{sum[2:]}/{path_name(file)}"


def path_name(file: File) -> str:
    """The end of the path: letters of every script, digits, dots and hyphens."""
    name = _UNSAFE.sub("-", shown_name(file)).strip("-.") or "file"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 12:
        stem, dot, ending = name, "", ""
    return stem[: _NAME_CHARS - len(ending)] + dot + ending


def shown_name(file: File) -> str:
    """The name that people read."""
    name = unicodedata.normalize("NFC", (file.name or file.title or file.id))
    name = name.encode("utf-8", "replace").decode()
    kept = "".join(
        " " if char in "[]\\`" or unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char
        for char in name
    )  # fmt: skip
    kept = " ".join(kept.split()) or file.id
    if "." not in kept:
        kept += _ENDINGS.guess_extension(file.mimetype) or ""
    return kept


def link_to(file: File) -> str:
    """The line that shows a file."""
    return f"[{shown_name(file)}](/user_uploads/{path_id(file)})"
