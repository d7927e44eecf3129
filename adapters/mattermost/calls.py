"""The calls that everything else is made of, each in a thread since the driver blocks, each answer
as the record that it is. What they add up to, and in which order, lies elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from mattermostdriver import Driver

from adapters.mattermost.answers import (
    Channel,
    Configuration,
    Job,
    License,
    Limits,
    Member,
    PostPage,
    Settings,
    Team,
    Total,
    Upload,
    User,
    UserStats,
)
from adapters.mattermost.client import Json, Refused, ServerClient, not_understood

PAGE = 200
"""The most that one page of anything holds."""

IMPORT = "import_process"

_T = TypeVar("_T")


class Calls:
    """Reads raise Fatal or Refused, writes Retry too; see `client`."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        client = driver.client
        assert isinstance(client, ServerClient)  # `open_driver` made it
        self._client = client

    async def close(self) -> None:
        await asyncio.to_thread(self._client.close)

    # -- the server ------------------------------------------------------------------------------

    async def settings(self) -> Settings:
        """Needs no token."""
        query = {"format": "old"}
        return await self._ask(Settings, self._driver.system.get_client_configuration, query)

    async def configuration(self) -> Configuration:
        return await self._ask(Configuration, self._driver.system.get_configuration)

    async def license(self) -> License:
        return await self._ask(
            License, self._client.get, "/license/client", None, {"format": "old"}
        )

    async def limits(self) -> Limits:
        """5.37 knows of none."""
        return await self._found(Limits, self._client.get, "/limits/server") or Limits()

    # -- people ----------------------------------------------------------------------------------

    async def me(self) -> User:
        return await self._ask(User, self._driver.users.get_user, "me")

    def users(self, team: str = "") -> AsyncIterator[User]:
        """Everybody on the server, or in one team, bots and the deactivated among them."""
        return self._pages(User, "/users", {"in_team": team} if team else {})

    async def user(self, name: str) -> User | None:
        return await self._found(User, self._driver.users.get_user_by_username, name)

    async def totals(self) -> tuple[int, ...]:
        """How many accounts and how many posts of any kind the server has, as far as it tells: a
        large one does not count its posts."""
        users = await self._found(UserStats, self._client.get, "/users/stats")
        query = {"name": "standard"}
        rows = await self._found(list[Total], self._client.get, "/analytics/old", None, query)
        posts = next((row.value for row in rows or () if row.name == "post_count"), 0)
        return (users.total_users_count if users else 0, int(posts))

    # -- teams and channels ----------------------------------------------------------------------

    async def team(self, name: str) -> Team | None:
        return await self._found(Team, self._driver.teams.get_team_by_name, name)

    async def is_team_member(self, team: str, user: str) -> bool:
        member = await self._found(Member, self._driver.teams.get_team_member, team, user)
        return member is not None and not member.delete_at

    async def join_team(self, team: str, user: str) -> None:
        """Harmless where the account is in the team already."""
        body = {"team_id": team, "user_id": user}
        await self._ask(Member, self._driver.teams.add_user_to_team, team, body)

    def channels(self) -> AsyncIterator[Channel]:
        """Every team's public and private channels, archived ones among them."""
        return self._pages(Channel, "/channels", {"include_deleted": "true"})

    async def channel(self, team: str, name: str) -> Channel | None:
        """A team's channel, archived or not, or a conversation between people under its own name,
        which is made of their ids."""
        path = f"/teams/{team}/channels/name/{name}"
        return await self._found(Channel, self._client.get, path, None, {"include_deleted": "true"})

    def channel_members(self, channel: str) -> AsyncIterator[Member]:
        return self._pages(Member, f"/channels/{channel}/members", {})

    async def is_member(self, channel: str, user: str) -> bool:
        get = self._driver.channels.get_channel_member
        return await self._found(Member, get, channel, user) is not None

    async def join_channel(self, channel: str, user: str) -> None:
        await self._ask(Member, self._driver.channels.add_user, channel, {"user_id": user})

    async def archive_channel(self, channel: str) -> None:
        await self._ask(Any, self._driver.channels.delete_channel, channel)

    async def restore_channel(self, channel: str) -> None:
        await self._ask(Channel, self._client.post, f"/channels/{channel}/restore")

    async def view_channel(self, channel: str, user: str) -> None:
        """Let this account have read all that is in the channel."""
        await self._ask(Any, self._driver.channels.view_channel, user, {"channel_id": channel})

    # -- posts -----------------------------------------------------------------------------------

    async def posts(self, channel: str, query: Mapping[str, str]) -> PostPage:
        """A page of a channel's posts: `page` counted from the newest, or `after` a post, or those
        changed `since` a time."""
        params = {"per_page": str(PAGE), **query}
        return await self._ask(PostPage, self._driver.posts.get_posts_for_channel, channel, params)

    async def delete_post(self, post: str) -> None:
        await self._ask(Any, self._driver.posts.delete_post, post)

    # -- uploads and jobs ------------------------------------------------------------------------

    async def open_upload(self, name: str, size: int) -> Upload:
        body = {"type": "import", "filename": name, "file_size": size}
        return await self._ask(Upload, self._client.post, "/uploads", body)

    async def upload(self, id: str) -> Upload | None:
        """An upload that is under way; None once it is whole, or gone."""
        return await self._found(Upload, self._client.get, f"/uploads/{id}")

    async def uploads(self) -> list[Upload]:
        """This account's uploads that are under way."""
        return await self._ask(list[Upload], self._client.get, "/users/me/uploads")

    async def put_chunk(self, id: str, chunk: bytes) -> None:
        """The next bytes of an upload; the first chunk must not be smaller than 5 MiB, unless it
        is the whole."""
        await self._ask(Any, self._client.post, f"/uploads/{id}", None, None, chunk)

    async def imports(self) -> list[str]:
        """The stored names of whole uploads that no job has taken yet."""
        return await self._ask(list[str], self._client.get, "/imports")

    async def drop_import(self, name: str) -> None:
        """Delete a whole upload. 5.37 keeps it for a month."""
        try:
            await self._ask(Any, self._client.delete, f"/imports/{name}")
        except Refused as refused:
            if refused.status != 404:
                raise

    async def start_import(self, data: Mapping[str, str]) -> Job:
        return await self._ask(
            Job, self._client.post, "/jobs", {"type": IMPORT, "data": dict(data)}
        )

    async def job(self, id: str) -> Job | None:
        return await self._found(Job, self._client.get, f"/jobs/{id}")

    def import_jobs(self) -> AsyncIterator[Job]:
        """Every import job that the server remembers, the newest first."""
        return self._pages(Job, f"/jobs/type/{IMPORT}", {})

    # -- how -------------------------------------------------------------------------------------

    async def _ask(self, kind: type[_T] | Any, call: Callable[..., Json], *args: Json) -> _T:
        answer = await asyncio.to_thread(call, *args)
        try:
            converted: _T = msgspec.convert(answer, kind)
        except msgspec.ValidationError as error:
            raise not_understood() from error
        return converted

    async def _found(self, kind: type[_T], call: Callable[..., Json], *args: Json) -> _T | None:
        try:
            return await self._ask(kind, call, *args)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def _pages(
        self, kind: type[_T], path: str, query: Mapping[str, str]
    ) -> AsyncIterator[_T]:
        number = 0
        while True:
            params = {"page": str(number), "per_page": str(PAGE), **query}
            page: list[_T] = await self._ask(list[kind], self._client.get, path, None, params)  # type: ignore[valid-type]  # a type at run time
            for each in page:
                yield each
            if len(page) < PAGE:
                return
            number += 1
