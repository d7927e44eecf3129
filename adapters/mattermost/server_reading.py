"""Reading a team back from the server: every post of a channel with its reactions, the oldest
first, and who can read it. Which record a post stands for is told by the mark in its props; a
version that drops the props of replies is helped out by the archive, where every time in a channel
is unique."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from adapters.mattermost import text
from adapters.mattermost.amending import direct_name
from adapters.mattermost.answers import Channel, Post, PostPage, Team
from adapters.mattermost.calls import PAGE, Calls
from adapters.mattermost.channels import is_direct, members_of
from migrate.errors import Fatal, Skip
from migrate.model import Ref
from migrate.spi import Audience, Opening, Seen


class Archive(Protocol):
    """What was brought to the server."""

    def read(self, opening: Opening) -> AsyncIterator[Seen]: ...


Bodies = tuple[tuple[str, int], ...]
"""Names and sizes in bytes, sorted: a server tells no more of a file, and keeps no order."""


class Ids(msgspec.Struct):
    """What the archive calls the posts of a channel by their time, the files of a post, and the
    reactions under it by account and emoji."""

    posts: dict[int, str] = msgspec.field(default_factory=dict)
    files: dict[str, tuple[Bodies, tuple[Ref, ...]]] = msgspec.field(default_factory=dict)
    reactions: dict[tuple[str, Ref, str], str] = msgspec.field(default_factory=dict)


class ServerReading:
    """One team of the server that `calls` leads to."""

    def __init__(self, calls: Calls, team: str, archive: Archive) -> None:
        self._calls = calls
        self._team_name = team
        self._archive = archive
        self._team: Team | None = None
        self._names: dict[str, Ref] = {}
        self._gone: frozenset[Ref] = frozenset()
        self._me = ""

    async def read(self, opening: Opening) -> AsyncIterator[Seen]:
        """Raises Skip where the server does not have the conversation."""
        channel = await self._locate(opening)
        ids = await self._ids(opening)
        async for post in self._posts(channel.id):
            seen = self._seen(post, ids)
            yield seen
            for reaction in post.metadata.reactions if post.metadata else ():
                author = self._name(reaction.user_id)
                yield Seen(
                    ref=f"{post.id}/{author}/{reaction.emoji_name}",
                    id=ids.reactions.get((seen.id, author, reaction.emoji_name), ""),
                    author=author,
                    time=reaction.create_at,
                    message=post.id,
                    emoji=reaction.emoji_name,
                )

    async def audience(self, opening: Opening) -> Audience:
        channel = await self._locate(opening)
        team = await self._find_team()
        members = [
            self._name(member.user_id)
            async for member in self._calls.channel_members(channel.id)
            if not member.delete_at
        ]
        expected = {member.ref for member in opening.members}
        # Bots write where they like and belong nowhere; who is deactivated reads nothing.
        silent = frozenset(
            each.ref
            for each in opening.members
            if each.person.kind == "bot" or each.ref in self._gone
        )
        anyone = "anyone" if team.allow_open_invite else "members"
        return Audience(
            members=silent.union(name for name in members if name != self._me or name in expected),
            join=anyone if channel.type == "O" else "invite",  # type: ignore[arg-type]  # both are
            listed=channel.type == "O",
        )

    # -- where -----------------------------------------------------------------------------------

    async def _find_team(self) -> Team:
        if self._team is None:
            self._team = await self._calls.team(self._team_name)
        if self._team is None:
            raise Skip("mattermost-not-found")
        return self._team

    async def _locate(self, opening: Opening) -> Channel:
        await self._learn_names()
        team = await self._find_team()
        name = self._direct_name(opening) if is_direct(opening) else opening.placement.name
        channel = await self._calls.channel(team.id, name) if name else None
        if channel is None:
            raise Skip("mattermost-not-found")
        return channel

    def _direct_name(self, opening: Opening) -> str:
        known = {name: id for id, name in self._names.items()}
        return direct_name(tuple(members_of(opening)), known)

    async def _learn_names(self) -> None:
        if not self._names:
            me = await self._calls.me()
            if not me.administers:  # who would be told that most of it is missing
                raise Fatal(
                    "mattermost-no-admin",
                    "The account of the access token is no system admin, and sees only a part.",
                    "Use the token of a system admin, then verify again.",
                )
            users = [user async for user in self._calls.users()]
            self._names = {user.id: user.username for user in users}
            self._gone = frozenset(user.username for user in users if user.delete_at)
            self._me = me.username

    def _name(self, user: str) -> Ref:
        """An account's name; its id for one that was made since we looked."""
        return self._names.get(user, user)

    # -- what ------------------------------------------------------------------------------------

    async def _ids(self, opening: Opening) -> Ids:
        ids = Ids()
        names: dict[Ref, str] = {}
        async for seen in self._archive.read(opening):
            if seen.emoji:
                ids.reactions[names.get(seen.message, ""), seen.author, seen.emoji] = seen.id
            else:
                names[seen.ref] = seen.id
                ids.posts[seen.time] = seen.id
                if seen.files:
                    ids.files[seen.id] = text.read_payload(seen.payload).files, seen.files
        return ids

    def _seen(self, post: Post, ids: Ids) -> Seen:
        props = post.props or {}
        id = _text(props.get("slack_id")) or ids.posts.get(post.create_at, "")
        infos = post.metadata.files if post.metadata else ()
        bodies = tuple(sorted((info.name, info.size) for info in infos))
        brought, files = ids.files.get(id, ((), ()))
        return Seen(
            ref=post.id,
            id=id,
            author=self._name(post.user_id),
            time=post.create_at,
            payload=text.payload(
                message=post.message,
                type=post.type,
                name=_text(props.get("override_username")),
                files=bodies,
            ),
            root=post.root_id or None,
            files=files if bodies == brought else (),
        )

    async def _posts(self, channel: str) -> AsyncIterator[Post]:
        """All of a channel's posts, the oldest first. Pages are counted from the newest, so the
        last page is looked for; from there each page is the one after."""
        page = await self._page(channel, 0)
        if len(page.order) == PAGE:
            page = await self._oldest(channel)
        while page.order:
            for id in reversed(page.order):
                yield page.posts[id]
            page = await self._calls.posts(channel, {"after": page.order[0]})

    async def _oldest(self, channel: str) -> PostPage:
        """The last page that holds anything, found by doubling and halving. Page 0 is full."""
        low, high = 0, 1
        found = await self._page(channel, 0)
        while (page := await self._page(channel, high)).order:
            low, high, found = high, high * 2, page
        while high - low > 1:
            middle = (low + high) // 2
            page = await self._page(channel, middle)
            if page.order:
                low, found = middle, page
            else:
                high = middle
        return found

    async def _page(self, channel: str, number: int) -> PostPage:
        return await self._calls.posts(channel, {"page": str(number)})


def _text(value: object) -> str:
    """A property that is a text; "" for one that is missing or is something else."""
    return value if isinstance(value, str) else ""
