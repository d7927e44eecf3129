"""Bodies into an organization that stands: files by their authors where the key is ours, else by
the importer, by way of `staging`; custom emoji; and pictures, which wait for their accounts."""

import asyncio

from adapters.zulip import limits
from adapters.zulip.organization.accounts import Accounts
from adapters.zulip.organization.calls import Calls
from adapters.zulip.organization.envelope import Envelope
from adapters.zulip.organization.staging import Staging
from adapters.zulip.organization.verdicts import Refused
from adapters.zulip.paths import shown_name
from migrate.errors import Skip
from migrate.model import Ref
from migrate.spi import Body, Memo

_AVATAR, _EMOJI = "avatar/", "emoji/"


class Uploads:
    """One session's."""

    def __init__(self, calls: Calls, accounts: Accounts, staging: Staging, memo: Memo) -> None:
        self._calls = calls
        self._accounts = accounts
        self._staging = staging
        self._memo = memo

    async def put(self, body: Body, limit: int | None) -> Ref:
        """What messages call the file. `limit` in bytes. Raises Skip for what is not taken."""
        size = await asyncio.to_thread(lambda: body.path.stat().st_size)
        if limit is not None and size > limit:
            raise Skip("zulip-too-large")
        if body.file.id.startswith(_AVATAR):
            return self._keep_picture(body)
        if body.file.id.startswith(_EMOJI):
            return await self._put_emoji(body)
        name = shown_name(body.file)
        envelope = await asyncio.to_thread(Envelope, body.path, name, body.file.mimetype)
        key = None if body.author is None else await self._accounts.credentials(body.author)
        if key is None:
            await self._staging.hold(body.author, body.opening)
        try:
            path = await self._calls.put_file(envelope, key)
        except Refused as refused:
            raise Skip(_why(refused)) from refused
        if key is None:
            assert body.author is not None and body.opening is not None  # `hold` has seen them
            await self._staging.show(path, body.author, body.opening)
        return path

    def _keep_picture(self, body: Body) -> Ref:
        """A picture is shown by its owner alone, whose account may not be made yet."""
        ref = f"zulip picture {body.sha256}"
        self._memo.set(ref, str(body.path))
        return ref

    async def _put_emoji(self, body: Body) -> Ref:
        name = body.placement.name
        if not name:
            raise Skip("zulip-emoji-refused")
        there = {each.name for each in await self._calls.emoji() if not each.deactivated}
        if name in there:
            if self._memo.get(f"zulip emoji {name}") != body.sha256:
                raise Skip("zulip-emoji-exists")
            return name
        self._memo.set(f"zulip emoji {name}", body.sha256)
        ending = limits.IMAGE_TYPES.get(body.file.mimetype, "png")
        envelope = await asyncio.to_thread(
            Envelope, body.path, f"{name}.{ending}", body.file.mimetype
        )
        try:
            await self._calls.put_emoji(name, envelope)
        except Refused as refused:
            raise Skip("zulip-emoji-refused") from refused
        return name


def _why(refused: Refused) -> str:
    if refused.says("larger than", "upload quota"):
        return "zulip-too-large"
    return "zulip-file-refused"
