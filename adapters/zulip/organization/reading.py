"""Reading an organization back: every message of a conversation with its reactions, the oldest
first, and which of its files are there. What nobody lets us read is not read."""

import re
from collections.abc import AsyncIterator

from adapters.zulip.addresses import direct_members
from adapters.zulip.channels import is_direct
from adapters.zulip.organization.answers import Message
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.client import Credentials
from adapters.zulip.organization.conversations import Conversations
from adapters.zulip.organization.sending import Sender, direct_narrow, without_pointer
from adapters.zulip.placing import RESOLVED, is_thread_topic
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Opening, Seen

_FILE = re.compile(r"\]\((/user_uploads/[^\s()]+)\)")


class ServerReading:
    """One session's."""

    def __init__(self, calls: Calls, conversations: Conversations, sender: Sender) -> None:
        self._calls = calls
        self._conversations = conversations
        self._sender = sender
        self._files: dict[str, bool] = {}

    async def can_read(self, opening: Opening) -> bool:
        if not is_direct(opening):
            return await self._conversations.is_readable(opening.ref)
        try:
            await self._sender.reader(opening)
        except Skip:
            return False
        return True

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """A thread's root is the first message of its topic."""
        key: Credentials | None = None
        if is_direct(opening):
            reader, key = await self._sender.reader(opening)
            narrow = [direct_narrow(opening.ref, reader)]
        else:
            channel = await self._conversations.channel(opening.ref)
            narrow = [{"operator": "channel", "operand": channel.stream_id}]
        roots: dict[str, Ref] = {}
        async for message in self._calls.history(narrow, by=key):
            topic = message.subject.removeprefix(RESOLVED).casefold()
            root = None
            if not direct_members(opening.ref) and is_thread_topic(topic):
                root = roots.setdefault(topic, message.ref)
            yield await self._seen(message, root if root != message.ref else None, key)
            for reaction in message.reactions:
                yield Seen(
                    ref=f"{message.id}/{reaction.user_id}/{reaction.emoji_code}",
                    id="",
                    author=str(reaction.user_id),
                    time=message.timestamp * 1_000,
                    message=message.ref,
                    emoji=reaction.key,
                )

    async def _seen(self, message: Message, root: Ref | None, key: Credentials | None) -> Seen:
        content = without_pointer(message.content)
        paths = dict.fromkeys(_FILE.findall(content))
        return Seen(
            ref=message.ref,
            id="",
            author=str(message.sender_id),
            time=message.timestamp * 1_000,
            payload=content.encode("utf-8", "replace"),
            root=root,
            files=tuple([path for path in paths if await self._has_file(path, key)]),
        )

    async def _has_file(self, path: str, key: Credentials | None) -> bool:
        if path not in self._files:
            self._files[path] = await self._calls.has_file(path, key)
        return self._files[path]
