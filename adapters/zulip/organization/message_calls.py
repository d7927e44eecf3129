"""The calls on messages, reactions, files and emoji. Those on people and channels are `calls`; what
all of them add up to lies elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from adapters.zulip.organization.answers import Emoji, Message, Page
from adapters.zulip.organization.asking import Asking, converted
from adapters.zulip.organization.client import Credentials
from adapters.zulip.organization.envelope import Envelope
from adapters.zulip.organization.verdicts import Refused
from migrate.model import Ref

PAGE = 5_000
"""The most messages that one answer holds."""

MIRROR = "JabberMirror"
"""The client under whose name a server takes messages of other people."""

Narrow = Sequence[Mapping[str, object]]


class MessageCalls(Asking):
    """What is said, and what hangs on it."""

    async def send(
        self,
        *,
        sender: str,
        to: str | Sequence[str],
        topic: str,
        content: str,
        time: float,
    ) -> Ref:
        """Say something in somebody's name, at `time` in seconds: in the channel of this name, or
        to these addresses. A channel's number is not taken here, and a name that looks like one
        must be told apart."""
        direct = not isinstance(to, str)
        request: dict[str, object] = {
            "type": "direct" if direct else "stream",
            "to": msgspec.json.encode(to if direct else str(to)).decode(),
            "content": content,
            "sender": sender,
            "forged": True,
            "time": repr(time),
            "read_by_sender": True,
            "client": MIRROR,
        }
        if not direct:
            request["topic"] = topic
        answer = await self._write("POST", "messages", request)
        return str(converted(answer.get("id"), int))

    async def post(self, channel: str, topic: str, content: str) -> Ref:
        """Say something in a channel as the importer itself, now."""
        request = {
            "type": "stream",
            "to": msgspec.json.encode(channel).decode(),
            "topic": topic,
            "content": content,
        }
        return str(converted((await self._write("POST", "messages", request)).get("id"), int))

    async def delete(self, message: Ref) -> None:
        try:
            await self._write("DELETE", f"messages/{message}")
        except Refused as refused:
            if not refused.says("Invalid message"):
                raise

    async def history(
        self, narrow: Narrow, *, size: int = PAGE, by: Credentials | None = None
    ) -> AsyncIterator[Message]:
        """All that may be read of a narrow, the oldest first. What may not be read is empty."""
        anchor: object = "oldest"
        while True:
            page = await self.page(narrow, anchor, after=size, by=by)
            fresh = [each for each in page.messages if each.id != anchor]
            for message in fresh:
                yield message
            if page.found_newest or not fresh:
                return
            anchor = fresh[-1].id

    async def page(
        self,
        narrow: Narrow,
        anchor: object,
        *,
        before: int = 0,
        after: int = 0,
        by: Credentials | None = None,
    ) -> Page:
        """Messages around an anchor, which is among them: an id, `oldest` or `newest`."""
        query = {
            "narrow": list(narrow),
            "anchor": anchor,
            "num_before": before,
            "num_after": after,
            "apply_markdown": False,
            "client_gravatar": True,
            "allow_empty_topic_name": True,
        }
        return await self._read(Page, "messages", query, by)

    async def react(self, message: Ref, name: str, code: str, kind: str, by: Credentials) -> None:
        request = {"emoji_name": name, "emoji_code": code, "reaction_type": kind}
        try:
            await self._write("POST", f"messages/{message}/reactions", request, by)
        except Refused as refused:
            if refused.reason != "REACTION_ALREADY_EXISTS":
                raise

    # -- files and emoji -------------------------------------------------------------------------

    async def put_file(self, body: Envelope, by: Credentials | None = None) -> str:
        """The path under which messages speak of it: `/user_uploads/…`."""
        answer = await self._upload("user_uploads", body, by)
        return converted(answer.get("url", answer.get("uri")), str)

    async def has_file(self, path: str, by: Credentials | None = None) -> bool:
        """Whether the server has what a message shows, and lets us read it."""
        try:
            await self._read(dict[str, Any], path.removeprefix("/"), by=by)
        except Refused:
            return False
        return True

    async def put_emoji(self, name: str, image: Envelope) -> None:
        await self._upload(f"realm/emoji/{name}", image, None)

    async def emoji(self) -> list[Emoji]:
        answer = await self._read(dict[str, Any], "realm/emoji")
        return list(converted(answer.get("emoji"), dict[str, Emoji]).values())

    async def emoji_names(self, address: str) -> dict[str, list[str]]:
        """The server's names of standard emoji by their codes; none where it does not tell. Asked
        of the server itself, whatever host it names: others are none of ours."""
        path = urlsplit(address).path
        try:
            told = await self._patiently(lambda: asyncio.to_thread(self.client.fetch_static, path))
            answer = msgspec.json.decode(told, type=dict[str, Any])
            return msgspec.convert(answer.get("code_to_names"), dict[str, list[str]])
        except (Refused, msgspec.DecodeError, msgspec.ValidationError):
            return {}
