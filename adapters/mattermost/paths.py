"""Where a body lies within the archive: each in a folder of its own, under the clean name that
people will read. Pure: whoever writes a line and whoever joins the bodies ask the same question."""

import mimetypes
import re
import unicodedata

from adapters.mattermost.limits import IMAGE_TYPES, MOST_PIXELS
from migrate.model import File

ROOT = "data/"
"""The folder of the archive that paths start from."""

_ESCAPED = re.compile("=([0-9a-f]+)=")
AVATARS = "avatars/"
EMOJI = "emoji/"

_NAME_BYTES = 180
_ENDINGS = mimetypes.MimeTypes()
"""Those that Python knows; what else this computer knows would make another archive elsewhere."""

_AVATAR, _EMOJI = "avatar/", "emoji/"


def body_path(file: File) -> str:
    """The path of a file below `ROOT`: `F0123/report.pdf`, `avatars/U0123.png`, `emoji/oh.gif`."""
    ending = IMAGE_TYPES.get(file.mimetype, "png")
    if file.id.startswith(_AVATAR):
        return f"{AVATARS}{_escape(file.id.removeprefix(_AVATAR))}.{ending}"
    if file.id.startswith(_EMOJI):
        return f"{EMOJI}{_escape(file.id.removeprefix(_EMOJI))}.{ending}"
    return f"{_escape(file.id)}/{body_name(file)}"


def file_id(path: str) -> str:
    """The id of the file that lies at a path."""
    folder = path.partition("/")[0]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), folder)


def body_name(file: File) -> str:
    """The name that people read: letters of every script stay, what parts a path or cannot be read
    does not."""
    name = unicodedata.normalize("NFC", file.name.encode("utf-8", "replace").decode())
    kept = "".join(
        "_" if char in '/\\:*?"<>|' or unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}
        else char
        for char in name
    )  # fmt: skip
    kept = " ".join(kept.split()).strip(". ") or file.id
    if "." not in kept:
        # Canvases and the like have titles for names; a client goes by the ending.
        kept += _ENDINGS.guess_extension(file.mimetype) or ""
    if is_too_large(file):
        kept += ".bin"
    stem, dot, ending = kept.rpartition(".")
    if not stem or len(ending) > 12:
        stem, dot, ending = kept, "", ""
    room = _NAME_BYTES - len((dot + ending).encode())
    return _cut(stem, room) + dot + ending


def is_too_large(file: File) -> bool:
    """Whether a server would take the file for a picture larger than it shows, and lose it without
    a word: as no picture it is kept."""
    return file.mimetype.startswith("image/") and file.width * file.height > MOST_PIXELS


def _cut(text: str, size: int) -> str:
    data = text.encode()
    return text if len(data) <= size else data[:size].decode("utf-8", "ignore").rstrip()


def _escape(id: str) -> str:
    """An id in characters that every file system takes, the same for no other id."""
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "-_") else f"={ord(char):x}="
        for char in id
    )
