"""The conversations that the root files list: channels, groups, direct messages, talk about files.
Which folder is whose is decided here too; what was said lies in `records`."""

from collections.abc import Iterator, Mapping

import msgspec

from migrate.model import Conversation, ConversationKind, ts_micros
from migrate.source.layout import file_folder_id
from migrate.source.loose import (
    Fields,
    get_fields,
    get_flag,
    get_number,
    get_objects,
    get_text,
    get_texts,
)
from migrate.source.members import spell
from migrate.source.tally import Tally

KINDS: Mapping[str, ConversationKind] = {
    "channels.json": "public",
    "groups.json": "private",
    "mpims.json": "group_dm",
    "dms.json": "dm",
    "file_conversations.json": "file",
}
"""Root file to kind; a later file's entry wins where an id is listed twice, as it is narrower."""

# Slack opened in 2013; direct messages carry placeholders such as 1.
_OPENED = 1_356_998_400


class Listed(msgspec.Struct, frozen=True, gc=False):
    """A conversation as one archive lists it. `names` are those its folder may have, `pages` the
    files that belong to it without any message: its canvases, and what it talks about."""

    conversation: Conversation
    names: tuple[str, ...]
    former: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def read_conversation(fields: Fields, file: str, tally: Tally) -> Listed | None:
    """An entry of the root file `file`, None where it has no id."""
    id = get_text(fields, "id")
    if not id:
        tally.add("conversation-without-id", file)
        return None
    kind = _narrow(KINDS[file], fields)
    if not isinstance(fields.get("members"), list) and kind != "file":
        tally.add("members-missing", id)
    name = get_text(fields, "name")
    created = get_number(fields, "created")
    conversation = Conversation(
        id=id,
        kind=kind,
        name=name,
        members=get_texts(fields, "members"),
        creator=get_text(fields, "creator"),
        created=created if created >= _OPENED else 0,
        archived=get_flag(fields, "is_archived"),
        general=get_flag(fields, "is_general"),
        topic=get_text(get_fields(fields, "topic"), "value"),
        purpose=get_text(get_fields(fields, "purpose"), "value"),
        pins=tuple(dict.fromkeys(_read_pins(fields, id, tally))),
    )
    return Listed(
        conversation,
        tuple(filter(None, (name, id))),
        get_texts(fields, "previous_names"),
        tuple(dict.fromkeys(filter(None, _read_pages(fields, kind, name)))),
    )


def _read_pages(fields: Fields, kind: ConversationKind, name: str) -> Iterator[str]:
    if kind == "file":
        yield file_folder_id(name)
    properties = get_fields(fields, "properties")
    yield get_text(get_fields(properties, "canvas"), "file_id")
    for tab in get_objects(properties, "tabs"):
        yield get_text(get_fields(tab, "data"), "file_id")


def _narrow(kind: ConversationKind, fields: Fields) -> ConversationKind:
    """The file says what a conversation is; its flags may make it narrower, never wider."""
    if kind in ("public", "private"):
        if get_flag(fields, "is_im"):
            return "dm"
        if get_flag(fields, "is_mpim"):
            return "group_dm"
        if get_flag(fields, "is_private") or get_flag(fields, "is_group"):
            return "private"
    return kind


def _read_pins(fields: Fields, id: str, tally: Tally) -> Iterator[str]:
    for pin in get_objects(fields, "pins"):
        ts = get_text(pin, "id")
        try:
            ts_micros(ts)
        except ValueError:
            tally.add("pin-of-file" if ts.startswith("F") else "pin-unreadable", id)
        else:
            yield ts


class Register:
    """Who a folder's messages belong to, in one archive and over all of them."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._public: set[str] = set()
        self._private_former: dict[str, str] = {}
        self._files: dict[str, str] = {}

    def add(self, listed: Listed, tally: Tally) -> None:
        """Register a conversation's names; entries must come in the order of `KINDS`."""
        id = listed.conversation.id
        self._public.discard(id)
        if listed.conversation.kind == "public":
            self._public.add(id)
        for name in map(spell, listed.names):
            if self._ids.get(name, id) != id:
                # Two conversations of one name share one folder: the narrower kind comes later
                # and gets it, so that nothing private is shown to more people.
                tally.add("folder-shared", id)
            self._ids[name] = id
        if id not in self._public:
            # A name that a public channel gave up may be a private one's today.
            for name in map(spell, listed.former):
                self._private_former.setdefault(name, id)
        if listed.conversation.kind == "file":
            file = file_folder_id(listed.conversation.name)
            if file:
                self._files[file] = id

    def find(self, folder: str) -> str | None:
        """The id of the conversation whose folder this is, None where nobody claims it."""
        found = self._ids.get(folder)
        if found is None and (file := file_folder_id(folder)):
            # Without its colons a title may run into the id.
            found = next((id for known, id in self._files.items() if file.startswith(known)), None)
        return found or self._private_former.get(folder)

    def __len__(self) -> int:
        return len(self._ids)


def unlisted(folder: str) -> Conversation:
    """A folder that no entry claims becomes a conversation of its own, for nobody to read but whom
    the migration's owner lets in: what it was is not known, and an audience never widens."""
    file = file_folder_id(folder)
    if file:
        return Conversation(id=f"FC:{file}", kind="file", name=folder)
    if folder.startswith("D") and folder.isalnum() and folder.isupper() and len(folder) >= 8:
        return Conversation(id=folder, kind="dm")
    kind: ConversationKind = "group_dm" if folder.startswith("mpdm-") else "private"
    return Conversation(id=folder, kind=kind, name=folder)
