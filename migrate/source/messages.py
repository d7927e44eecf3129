"""From a kept record to the message that it is: final text, reactions, files, wording of notices.
Total: whatever the record holds, a message comes out. Who the author is to the target, and which
thread roots exist, is known elsewhere."""

from collections.abc import Mapping, Sequence

from mappings import blocks
from mappings.nodes import Document, clean
from migrate.model import File, Key, Message, MessageKind, Reaction
from migrate.source.authors import find_author
from migrate.source.files import describe_file, gather_files
from migrate.source.filing import find_root, read_ts
from migrate.source.notices import word_comment, word_huddle, word_notice, word_tombstone
from migrate.source.subtypes import treat
from migrate.source.wire import Attachment, Content, WireReaction, coerce, decode_content

EMPTY_LOSS = "message-empty"
"""The loss of a message that has neither text nor files nor anything else to show."""

_NO_BOTS: Mapping[str, str] = {}


def parse(raw: bytes, key: Key, bot_users: Mapping[str, str] = _NO_BOTS) -> Message:
    """The message that the record `raw` of `key` is, in its final text.

    `bot_users` leads from a bot id to its user's; without it a bot's message is its bot id's.
    """
    content = decode_content(raw)
    kind = _find_kind(content)
    body, losses = _read_body(content, kind)
    files = _read_files(content)
    if not body.blocks and not files:
        losses = (*losses, EMPTY_LOSS)
    return Message(
        key=key,
        author=find_author(content, bot_users),
        kind=kind,
        body=body,
        root=_find_root(content, key),
        broadcast=content.subtype == "thread_broadcast",
        edited=(content.edited.ts or "") if content.edited is not None else "",
        reactions=merge_reactions(content.reactions) if content.reactions else (),
        files=files,
        author_name=_find_name(content),
        losses=losses,
    )


def _find_root(content: Content, key: Key) -> str:
    root = find_root(content, key.conversation)
    if not root or root == key.ts:
        return ""
    return root if read_ts(root) not in (-1, 0, read_ts(key.ts)) else ""


def _find_kind(content: Content) -> MessageKind:
    treatment, _ = treat(content.subtype)
    return treatment if treatment == "emote" or treatment == "notice" else "message"


def _read_body(content: Content, kind: MessageKind) -> tuple[Document, tuple[str, ...]]:
    if kind == "notice":
        return word_notice(content), ()
    subtype = content.subtype
    if subtype == "tombstone":
        return word_tombstone(), ()
    if subtype == "huddle_thread" and content.room is not None:
        return word_huddle(content.room), ()
    if subtype == "file_comment" and content.comment is not None:
        file = describe_file(content.file) if content.file is not None else None
        title = (file.title or file.name) if file is not None else ""
        link = file.permalink if file is not None else ""
        return word_comment(content.comment.comment, title, link), ()
    parsed = blocks.parse(content.text, content.blocks, content.attachments)
    return parsed.document, parsed.losses


def _read_files(content: Content) -> tuple[File, ...]:
    if content.subtype == "file_comment":
        # The comment names the file that it is on; another message brought it.
        return ()
    attachments = content.attachments
    if content.files is None and content.file is None and not attachments:
        return ()
    holders = [
        coerce(attachment, Attachment)
        for attachment in (attachments if isinstance(attachments, list) else ())
        if isinstance(attachment, dict) and attachment.get("files")
    ]
    described = map(describe_file, gather_files(content.files, content.file, holders))
    return tuple(file for file in described if file is not None)


def merge_reactions(reactions: Sequence[WireReaction]) -> tuple[Reaction, ...]:
    """Each emoji once, as written, with everybody who chose it once; nobody's are left out."""
    people: dict[str, dict[str, None]] = {}
    for reaction in reactions:
        if reaction.name:
            chosen = people.setdefault(reaction.name, {})
            chosen.update(dict.fromkeys(filter(None, reaction.users or ())))
    return tuple(Reaction(emoji, tuple(chosen)) for emoji, chosen in people.items() if chosen)


def _find_name(content: Content) -> str:
    """The name that a bot gave itself for this message, where it is not the bot's own."""
    name = clean(content.username or "")
    if not name or (content.user and not content.bot_id):
        return ""
    profile = content.bot_profile
    return "" if profile is not None and profile.name == name else name
