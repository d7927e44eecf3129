"""Files as messages name them: which ones belong to a message, and what each of them is. Bodies are
fetched elsewhere."""

from collections.abc import Iterator, Mapping, Sequence

from migrate.model import File
from migrate.source.tokens import cut_token
from migrate.source.wire import Attachment, WireFile

ACCESS_CODES = {
    "check_file_info": "file-check-info",
    "access_denied": "file-access-denied",
    "file_not_found": "file-not-found",
}
"""`file_access` to the finding that it makes."""

LARGEST = 1 << 50
"""A number that no file's bytes, pixels or milliseconds reach; what says so says nothing."""


def gather_files(
    files: Sequence[WireFile] | None,
    file: WireFile | None,
    attachments: Sequence[Attachment] | None,
) -> Iterator[WireFile]:
    """A message's files wherever Slack put them, each once: `files`, the `file` of older exports,
    and those inside attachments, which a message that was shared brings along."""
    seen: set[str | None] = set()
    found = [*(files or ()), *((file,) if file is not None else ())]
    for attachment in attachments or ():
        found.extend(attachment.files or ())
    for one in found:
        if one.id not in seen:
            seen.add(one.id)
            yield one


def describe_file(wire: WireFile) -> File | None:
    """What is known of a file, None where it has no id to be known by. Slack's ids have no slash;
    those by which pictures and emoji are kept beside files have."""
    if not wire.id or "/" in wire.id:
        return None
    return File(
        id=wire.id,
        name=wire.name or "",
        title=wire.title or "",
        mimetype=wire.mimetype or "",
        mode=_read_mode(wire),
        size=_count(wire.size),
        url=cut_token(wire.url_private_download or wire.url_private or ""),
        permalink=cut_token(wire.permalink or ""),
        owner=wire.user or "",
        filetype=wire.filetype or "",
        access=wire.file_access if wire.file_access in ACCESS_CODES else "",
        alt_text=wire.alt_txt or "",
        width=_count(wire.original_w),
        height=_count(wire.original_h),
        duration=_count(wire.duration_ms),
        created=_count(wire.created),
        conversations=_places(wire),
    )


def _count(value: int | None) -> int:
    return value if value is not None and 0 <= value < LARGEST else 0


def _places(wire: WireFile) -> tuple[str, ...]:
    """The conversations that the record says the file was shared in, each once."""
    shared = (ids for ids in (wire.channels, wire.groups, wire.ims, *_shares(wire)) if ids)
    return tuple(dict.fromkeys(id for ids in shared for id in ids if id))


def _shares(wire: WireFile) -> Iterator[Mapping[str, object]]:
    return iter((wire.shares or {}).values())


def _read_mode(wire: WireFile) -> str:
    if wire.is_tombstoned:  # how the list of canvases says that one was deleted
        return "tombstone"
    if wire.is_external and wire.mode not in ("tombstone", "hidden_by_limit"):
        return "external"
    return wire.mode or "hosted"


def shared_at(wire: WireFile | None, conversation: str) -> str:
    """The ts of the message that first brought the file into `conversation`, "" if not told."""
    places = (wire.shares or {}) if wire is not None else {}
    times = [
        share.ts
        for conversations in places.values()
        for share in conversations.get(conversation, ())
        if share.ts
    ]
    return min(times, default="")
