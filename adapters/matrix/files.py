"""A message's files as events: what each is shown as, and the words beside it. Pure; uploading is
the session's."""

import re

from mappings.nodes import Block, Paragraph, Text, clean
from migrate.model import File, Ref

# Images that browsers show. Of all others clients would draw a broken one.
_IMAGES = frozenset(
    f"image/{kind}" for kind in ("apng", "avif", "bmp", "gif", "jpeg", "png", "webp")
)
_MIMETYPE = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,99}/[A-Za-z0-9][\w!#$&^.+-]{0,99}", re.ASCII)
_UNNAMED = "application/octet-stream"
_LONGEST_NAME, _LONGEST_ALT = 255, 1_000
_SIGNS = re.compile(r"[\W_]+")


def mimetype(file: File) -> str:
    """What a homeserver is told that a body is. It takes ASCII alone, and answers 500 to the
    rest."""
    kind = file.mimetype.partition(";")[0].strip()
    return kind.lower() if _MIMETYPE.fullmatch(kind) else _UNNAMED


def file_name(file: File) -> str:
    return clean(file.name or file.title or file.id)[:_LONGEST_NAME]


def describe(file: File, ref: Ref) -> dict[str, object]:
    """What makes an event that of a file: everything but its words."""
    kind = mimetype(file)
    info: dict[str, object] = {"mimetype": kind, "size": file.size}
    msgtype = _msgtype(kind)
    if msgtype in {"m.image", "m.video"} and file.width and file.height:
        info |= {"w": file.width, "h": file.height}
    if msgtype in {"m.audio", "m.video"} and file.duration:
        info["duration"] = file.duration
    return {"msgtype": msgtype, "filename": file_name(file), "url": ref, "info": info}


def caption(file: File, said: str) -> tuple[Block, ...]:
    """What people wrote of a file: the title that somebody gave it, and the description for those
    who cannot see it; nothing of what is `said` already."""
    words = [file.title[:_LONGEST_NAME] if _is_titled(file) else "", file.alt_text[:_LONGEST_ALT]]
    return tuple(Paragraph((Text(each),)) for each in words if each.strip() and each not in said)


def _msgtype(kind: str) -> str:
    if kind in _IMAGES:
        return "m.image"
    major = kind.partition("/")[0]
    return f"m.{major}" if major in {"audio", "video"} else "m.file"


def _is_titled(file: File) -> bool:
    """Whether the title says more than the name, which Slack makes it of."""
    title, name = (_SIGNS.sub("", text.casefold()) for text in (file.title, file.name))
    stem = _SIGNS.sub("", file.name.casefold().rpartition(".")[0])
    return bool(name) and title not in {name, stem}
