"""A Matrix homeserver as the conformance suite sees it: the fake's own store, or a Synapse read
over its admin API. Neither uses a line of the adapter's reading."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from adapters.conformance import Attached, Holding, Mark, Post, Room, Target
from adapters.matrix import adapter
from adapters.matrix.config import Config
from tests.fakes.homeserver import FakeHomeserver
from tests.fakes.homeserver_rooms import Room as FakeRoom
from tests.live import readback
from tests.live.readback import slack_id
from tests.live.synapse import Synapse

_IMAGE = re.compile(r'<img data-mx-emoticon src="([^"]+)" alt=":([^"]+):"')


class MatrixTarget(Target):
    adapter = adapter

    def __init__(self, config: Config) -> None:
        self.prefix = config.prefix
        self.settings: Mapping[str, object] = {
            "homeserver": config.homeserver,
            "server_name": config.server_name,
            "registration": config.registration,
            "prefix": config.prefix,
            "space": config.space,
        }

    def rooms(self) -> dict[str, readback.Room]:
        raise NotImplementedError

    def body(self, address: str) -> bytes:
        raise NotImplementedError

    def read_back(self, project: Path) -> Holding:
        rooms = self.rooms()
        space = rooms.pop("SPACE", None)
        if space is None:
            return Holding()
        return Holding(
            rooms={id: self._room(room, space) for id, room in rooms.items()},
            posts=tuple(
                self._post(id, event) for id, room in rooms.items() for event in room.events
            ),
            marks=tuple(
                Mark(post=mark.event, author=slack_id(mark.author, self.prefix), emoji=mark.key)
                for room in rooms.values()
                for mark in room.marks
            ),
            avatars={
                slack_id(account, self.prefix): self._digest(address)
                for room in rooms.values()
                for account, address in room.pictures.items()
            },
            emoji={
                name: self._digest(address) for address, name in _images(rooms.values()).items()
            },
        )

    def _digest(self, address: str) -> str:
        return sha256(self.body(address)).hexdigest()

    def _room(self, room: readback.Room, space: readback.Room) -> Room:
        readers = room.members | room.invited
        if room.doors == "restricted" and space.ref in room.open_to:
            readers |= space.members | space.invited
        elif room.doors != "invite":
            readers |= {f"@{self.prefix}_everybody"}
        return Room(
            members=self._people(room.members),
            readers=self._people(readers),
            pins=room.pins,
            closed=room.floor >= 50,
        )

    def _people(self, accounts: frozenset[str]) -> frozenset[str]:
        """Slack ids; whoever is none of the project's accounts is left out."""
        return frozenset(id for account in accounts if (id := slack_id(account, self.prefix)))

    def _post(self, conversation: str, event: readback.Event) -> Post:
        return Post(
            ref=event.ref,
            conversation=conversation,
            author=slack_id(event.author, self.prefix),
            time=event.time,
            text=event.body,
            size=event.size,
            root=event.root,
            files=(self._file(event),) if event.file else (),
        )

    def _file(self, event: readback.Event) -> Attached:
        return Attached(name=event.name, mimetype=event.mimetype, sha256=self._digest(event.file))


def _images(rooms: Iterable[readback.Room]) -> dict[str, str]:
    """The names of the images of custom emoji, by their addresses: as texts call them, else as
    reactions do."""
    names: dict[str, str] = {}
    for room in rooms:
        for event in room.events:
            for address, name in _IMAGE.findall(event.html):
                names.setdefault(address, name)
    for room in rooms:
        for mark in room.marks:
            if mark.key.startswith("mxc://"):
                names.setdefault(mark.key, mark.name)
    return names


class FakeMatrix(MatrixTarget):
    def __init__(self, config: Config, fake: FakeHomeserver) -> None:
        super().__init__(config)
        self._fake = fake

    def rooms(self) -> dict[str, readback.Room]:
        return {
            id: readback.room_of(ref, list(room.state.values()), room.events)
            for id, (ref, room) in self._own().items()
        }

    def body(self, address: str) -> bytes:
        return self._fake.media.held[address].body

    def lose(self, project: Path, post: Post) -> None:
        self._fake.world.redact(self._home(post), post.ref)

    def lose_body(self, project: Path, file: Attached) -> None:
        media = self._fake.media
        for address in [each for each in media.held if self._digest(each) == file.sha256]:
            del media.held[address]

    def alter(self, project: Path, post: Post) -> None:
        event = self._home(post).find(post.ref)
        assert event is not None
        event["content"]["body"] = "not what was said"

    def repeat(self, project: Path, post: Post) -> None:
        self._fake.world.copy(self._home(post), post.ref)

    def _own(self) -> dict[str, tuple[str, FakeRoom]]:
        world = self._fake.world
        return {
            slack_id(alias, self.prefix): (ref, world.rooms[ref])
            for alias, ref in world.aliases.items()
        }

    def _home(self, post: Post) -> FakeRoom:
        return self._own()[post.conversation][1]


class LiveMatrix(MatrixTarget):
    """Nobody can change an event behind Synapse's back, so no damage is done but to media."""

    lacks = frozenset({"damage"})

    def __init__(self, config: Config, synapse: Synapse) -> None:
        super().__init__(config)
        self._synapse = synapse

    def rooms(self) -> dict[str, readback.Room]:
        return readback.read_rooms(self._synapse.server.url, self._synapse.admin, self.prefix)

    def body(self, address: str) -> bytes:
        return readback.download(self._synapse.server.url, self._synapse.admin, address)

    def lose_body(self, project: Path, file: Attached) -> None:
        """As an admin takes media away."""
        for room in self.rooms().values():
            for event in room.events:
                if event.file and event.name == file.name:
                    url = self._synapse.server.url
                    readback.delete_media(url, self._synapse.admin, event.file)
