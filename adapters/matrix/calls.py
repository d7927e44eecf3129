"""The calls on rooms and events that everything else is made of, each as somebody and at a time.
What they add up to, and in which order, lies elsewhere."""

from collections.abc import Mapping, Sequence

from nio import Api, RoomPreset, RoomVisibility

from adapters.matrix.client import DEVICE, AppserviceClient, Json, Refused, field
from migrate.model import Ref

MARK = "org.chat_migrate.slack"
"""The key in an event's content, or the type of a state event, that holds Slack's identity."""


class Calls:
    """`write` repeats nothing by itself, for writes are the engine's to repeat; `read` does."""

    def __init__(self, write: AppserviceClient, read: AppserviceClient) -> None:
        self.write = write
        self.read = read

    async def put_state(
        self,
        actor: Ref,
        room: Ref,
        type: str,
        content: Mapping[str, Json],
        key: str = "",
        time: int | None = None,
    ) -> Ref:
        """Set a state event, dated `time` where given. The same content again writes nothing."""
        request = Api.room_put_state(self.write.access_token, room, type, dict(content), key)
        with self.write.acting(actor, time):
            answer = await self.write.ask(*request)
        return field(answer, "event_id")

    async def put_member(
        self, actor: Ref, room: Ref, account: Ref, membership: str, time: int | None
    ) -> None:
        """Invite, join or leave. The member event keeps the date; /join and /invite do not."""
        content = {"membership": membership}
        await self.put_state(actor, room, "m.room.member", content, account, time)

    async def put_event(
        self,
        author: Ref,
        room: Ref,
        type: str,
        content: Mapping[str, Json],
        identity: str,
        time: int,
    ) -> Ref:
        """Send an event through the author's device, so that the same `identity` gives the same
        event even if the homeserver was started anew in between."""
        token = self.write.access_token
        request = Api.room_send(token, room, type, dict(content), identity)
        try:
            with self.write.acting(author, time, DEVICE):
                answer = await self.write.ask(*request)
        except Refused as refused:
            if refused.errcode != "M_UNKNOWN_DEVICE":
                raise
            # Homeservers may drop devices that were not seen for long.
            await self.put_device(author)
            with self.write.acting(author, time, DEVICE):
                answer = await self.write.ask(*request)
        return field(answer, "event_id")

    async def put_device(self, account: Ref) -> None:
        with self.write.acting(account):
            await self.write.call("PUT", ["devices", DEVICE], {"display_name": "chat-migrate"})

    async def create_room(
        self,
        host: Ref,
        localpart: str,
        version: str,
        state: Sequence[Mapping[str, Json]],
        *,
        company: Sequence[Ref] = (),
        direct: bool = False,
        space: bool = False,
    ) -> Ref:
        """Make a room with an alias, unlisted. `company` is invited and, in direct messages, as
        powerful as the host."""
        preset = RoomPreset.trusted_private_chat if direct else RoomPreset.private_chat
        request = Api.room_create(
            self.write.access_token,
            visibility=RoomVisibility.private,
            alias=localpart,
            room_version=version or None,
            room_type="m.space" if space else None,
            is_direct=direct,
            preset=preset,
            invite=list(company),
            initial_state=[dict(event) for event in state],
        )
        with self.write.acting(host):
            answer = await self.write.ask(*request)
        return field(answer, "room_id")

    async def resolve(self, alias: str) -> Ref | None:
        """The room that an alias stands for."""
        try:
            answer = await self.read.ask(*Api.room_resolve_alias(alias))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        return field(answer, "room_id")

    async def drop_alias(self, alias: str) -> None:
        await self.write.call("DELETE", ["directory", "room", alias])

    async def state(self, actor: Ref, room: Ref, type: str) -> Json:
        """One state event's content. Raises Refused (404) where there is none."""
        with self.read.acting(actor):
            return await self.read.call("GET", ["rooms", room, "state", type])

    async def whole_state(self, actor: Ref, room: Ref) -> dict[tuple[str, str], Json]:
        """Every state event's content by type and key."""
        with self.read.acting(actor):
            state = await self.read.call("GET", ["rooms", room, "state"])
        return {(event["type"], event["state_key"]): event["content"] for event in state}

    async def event(self, actor: Ref, room: Ref, event: Ref) -> Json:
        with self.read.acting(actor):
            return await self.read.call("GET", ["rooms", room, "event", event])

    async def members(self, actor: Ref, room: Ref) -> dict[Ref, str]:
        """Everybody who is in the room (`join`) or invited to it (`invite`)."""
        query = {"not_membership": "leave"}
        with self.read.acting(actor):
            answer = await self.read.call("GET", ["rooms", room, "members"], query=query)
        pairs = (
            (event["state_key"], event["content"].get("membership")) for event in answer["chunk"]
        )
        return {account: how for account, how in pairs if how in {"join", "invite"}}
