"""From day files to records: when each was written, whose it is, in which thread, with which
reactions. Texts are carried along unread; `messages` reads them. Runs in worker processes, and
never raises for what an export holds."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from migrate.model import File, micros_ts, ts_micros
from migrate.source.authors import NOBODY, Encounters, find_author
from migrate.source.files import ACCESS_CODES, describe_file, gather_files, shared_at
from migrate.source.loose import Broken, get_text, read_fields, read_rows, write_json
from migrate.source.members import Damaged, Member, read_file, read_packed, spell
from migrate.source.records import (
    BROADCAST,
    PINNED,
    THREAD,
    TOMBSTONE,
    Haul,
    Kind,
    Record,
    Run,
)
from migrate.source.subtypes import treat
from migrate.source.tally import Tally
from migrate.source.tokens import cut_tokens
from migrate.source.wire import COPIES, Content, Edited, Head, decode_head, decode_heads

_SUBTYPE_FLAGS = {"thread_broadcast": BROADCAST, "tombstone": TOMBSTONE}


def read_run(run: Run, bot_users: Mapping[str, str]) -> Haul:
    """File every record of the run's day files."""
    filing = _Filing(run, bot_users)
    for path, data in read_members(Path(run.path), run.members, filing.tally):
        filing.file_day(path, data)
    return filing.finish()


def show_path(name: str) -> str:
    """A member's path for a finding. The folder of a group direct message is made of people's
    names, and those do not belong there."""
    *above, folder, file = ["", *spell(name).split("/")]
    return "/".join([*above, "mpdm-*" if folder.startswith("mpdm-") else folder, file]).lstrip("/")


def read_members(
    archive: Path, members: Iterable[Member], tally: Tally
) -> Iterator[tuple[str, bytes]]:
    """Path and content of each member that can be read; the others become findings."""
    try:
        file = None if archive.is_dir() else archive.open("rb", buffering=0)
    except OSError:
        for member in members:
            tally.add("member-unreadable", show_path(member.name))
        return
    try:
        for member in members:
            path = show_path(member.name)
            try:
                if file is None:
                    data = read_file(archive, member)
                else:
                    data = read_packed(file.fileno(), member)
            except Damaged as damaged:
                tally.add(damaged.code, path)
            else:
                yield path, data
    finally:
        if file is not None:
            file.close()


class _Filing:
    """A run's haul while it grows."""

    def __init__(self, run: Run, bot_users: Mapping[str, str]) -> None:
        self.tally = Tally()
        self._haul = Haul(conversation=run.conversation, generation=run.generation)
        self._bot_users = bot_users
        self._encounters = Encounters()
        self._files: dict[str, File] = {}

    def finish(self) -> Haul:
        self._haul.people = self._encounters.people()
        self._haul.files = list(self._files.values())
        self._haul.findings = list(self.tally.findings())
        return self._haul

    def file_day(self, path: str, data: bytes) -> None:
        try:
            rows = read_rows(data)
        except Broken:
            self.tally.add("day-broken", path)
            return
        if not rows:
            self.tally.add("day-empty", path)
            return
        for n, head in enumerate(decode_heads(data, rows)):
            if head is None:
                self._haul.rejects.append(("record-no-object", f"{path}[{n}]"))
            else:
                self._file(head, rows[n], f"{path}[{n}]")

    def _file(self, head: Head, raw: msgspec.Raw | bytes, place: str) -> None:
        kind = "message" if head.subtype is None else self._treat(head, place)
        if kind is None:
            return
        if head.root is not None and not head.thread_ts:
            head, raw = _restore_thread(head, raw)
        ts = read_ts(head.ts)
        if ts <= 0:
            self._haul.rejects.append(("ts-missing" if not head.ts else "ts-invalid", place))
            return
        held = head.files or head.file is not None or head.attachments
        files = self._note_files(head) if held else ()
        root = self._find_root(head, ts)
        ts_text = head.ts or ""
        self._haul.records.append(
            Record(
                ts,
                root,
                self._note_author(head),
                kind,
                self._note_flags(head, ts, root),
                max(0, read_ts(head.edited.ts)) if head.edited is not None else 0,
                self._note_reactions(head) if head.reactions else 0,
                compact(head, raw),
                "" if _is_canonical(ts_text, ts) else ts_text,
                files,
            )
        )

    def _treat(self, head: Head, place: str) -> Kind | None:
        """What becomes of a record with a subtype; None where it belongs to the log of edits."""
        treatment, known = treat(head.subtype)
        if not known:
            self.tally.add("subtype-unknown", self._name(head))
        if treatment == "message" or treatment == "emote" or treatment == "notice":
            return treatment
        self._haul.log_entries += 1
        if treatment == "changed":
            self._file_change(head, place)
        elif treatment == "deleted":
            self._note_deletion(head, place)
        return None

    def _file_change(self, entry: Head, place: str) -> None:
        """An edit carries the whole new message; where it does not, the message's own record, which
        always has the final text, is all there is."""
        if not isinstance(entry.message, dict):
            self.tally.add("edit-without-text", place)
            return
        raw = write_json(entry.message)
        head = decode_head(raw)
        if head is None or head.subtype in ("message_changed", "message_deleted"):
            self.tally.add("edit-without-text", place)
            return
        if head.edited is None or read_ts(head.edited.ts) <= 0:
            head = msgspec.structs.replace(head, edited=Edited(entry.ts))
        # The message's own record, where there is one of the same edit, knows its reactions and
        # files too: the entry's copy counts as a hair older.
        edited = micros_ts(max(1, read_ts(head.edited.ts) - 1)) if head.edited else ""
        self._file(msgspec.structs.replace(head, edited=Edited(edited)), raw, place)

    def _note_deletion(self, entry: Head, place: str) -> None:
        previous = entry.previous_message or entry.previous or entry.original
        inside = get_text(previous, "ts") if isinstance(previous, dict) else ""
        ts = read_ts(entry.deleted_ts or entry.original_ts or inside)
        if ts > 0:
            self._haul.deleted.append(ts)
        else:
            self.tally.add("deletion-without-ts", place)

    def _note_author(self, head: Head) -> str:
        author = find_author(head, self._bot_users)
        self._encounters.meet_author(author, head)
        if author == NOBODY:
            self.tally.add("author-missing", self._name(head))
        return author

    def _note_flags(self, head: Head, ts: int, root: int) -> int:
        flags = 0 if head.subtype is None else _SUBTYPE_FLAGS.get(head.subtype, 0)
        if root == 0 and (head.reply_count or (head.thread_ts and read_ts(head.thread_ts) == ts)):
            flags |= THREAD
        if head.pinned_to:
            flags |= PINNED
            self._haul.pins.append(ts)
        return flags

    def _note_files(self, head: Head) -> tuple[str, ...]:
        ids: list[str] = []
        for wire in gather_files(head.files, head.file, head.attachments):
            file = describe_file(wire)
            if file is None:
                self.tally.add("file-without-id", self._name(head))
                continue
            ids.append(file.id)
            known = self._files.get(file.id)
            if known is None or (file.url and not known.url):
                self._files[file.id] = file
            if wire.file_access in ACCESS_CODES:
                self.tally.add(ACCESS_CODES[wire.file_access], file.id)
        # A comment names the file that it is on; another message brought it.
        return tuple(ids) if head.subtype != "file_comment" else ()

    def _note_reactions(self, head: Head) -> int:
        """How many pairs of emoji and person there are; the people are met."""
        pairs: set[tuple[str, str]] = set()
        count = 0
        reactions = head.reactions or ()
        for reaction in reactions:
            if not reaction.name:
                continue
            users = reaction.users or ()
            people = set(users)
            people.discard("")
            if (reaction.count or 0) > len(users):
                self.tally.add("reaction-people-missing", self._name(head))
            self._encounters.meet(people)
            count += len(people)
            if len(reactions) > 1:
                pairs.update((reaction.name, person) for person in people)
        return len(pairs) if pairs else count

    def _find_root(self, head: Head, ts: int) -> int:
        """The ts of the thread's root, 0 outside threads and for a root."""
        found = find_root(head, self._haul.conversation)
        if not found or found == head.ts:
            return 0
        root = read_ts(found)
        if root <= 0:
            self.tally.add("thread-ts-invalid", self._name(head))
        return root if root > 0 and root != ts else 0

    def _name(self, head: Head) -> str:
        return f"{self._haul.conversation} {head.ts or ''}"


def find_root(head: Head | Content, conversation: str) -> str:
    """The ts of the thread's root as written, a root's own ts, or "" outside threads."""
    if not head.thread_ts and head.subtype == "file_comment":
        return shared_at(head.file, conversation)
    return head.thread_ts or ""


def read_ts(ts: str | None) -> int:
    """Microseconds since the epoch, 0 where there is no ts and -1 where it is none."""
    if not ts:
        return 0
    if len(ts) == 17 and ts[10] == ".":
        digits = ts[:10] + ts[11:]
        if digits.isdigit() and digits.isascii():
            return int(digits)
    try:
        return ts_micros(ts)
    except ValueError:
        return -1


def _is_canonical(text: str, ts: int) -> bool:
    """Whether the ts can be written again from its number; all of this century's are 17 long."""
    if len(text) == 17 and text[10] == "." and text[0] != "0":
        return True
    return micros_ts(ts) == text


def compact(head: Head, raw: msgspec.Raw | bytes) -> bytes:
    """A record's JSON as it is kept: no white space, no tokens, no other text than its own."""
    if (
        head.root is not None
        or head.previous is not None
        or head.previous_message is not None
        or head.original is not None
        or head.original_message is not None
    ):
        raw = _drop_copies(bytes(raw))
    return cut_tokens(msgspec.json.format(raw, indent=-1))


def _drop_copies(raw: bytes) -> bytes:
    fields = read_fields(raw)
    kept = {name: value for name, value in fields.items() if name not in COPIES}
    return write_json(kept)


def _restore_thread(head: Head, raw: msgspec.Raw | bytes) -> tuple[Head, msgspec.Raw | bytes]:
    """A broadcast that names its thread only in the root's copy, which is not kept."""
    thread_ts = get_text(head.root, "ts") if isinstance(head.root, dict) else ""
    if not thread_ts:
        return head, raw
    fields = {**read_fields(raw), "thread_ts": thread_ts}
    return msgspec.structs.replace(head, thread_ts=thread_ts), write_json(fields)
