"""A project whose export leads to a fake Slack: files are added one by one, each with a body behind
it, and then fetched."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from migrate import runner
from migrate.model import File
from migrate.runner import TOPICS, FetchSummary, Topic, World
from migrate.store import files, open_store
from migrate.store.files import Held, body_path
from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN, FakeSlack
from tests.fakes.slack_bodies import Body, Fault
from tests.migrate.source.build import Members, members, message, write_zip

Json = dict[str, Any]


def _unwatched(step: str, subject: str) -> None: ...


class Fetching:
    """One project in `folder`, its export made when it is first needed. `slack` has the files and
    the API, `images` the pictures; `records` are the channel's messages."""

    def __init__(self, folder: Path, slack: FakeSlack, images: FakeSlack) -> None:
        self.folder = folder / "project"
        self.slack = slack
        self.images = images
        self.records: list[Json] = []
        self.more: Members = {}
        self.users: Sequence[Json] | None = None
        self._export = folder / "export.zip"
        slack.api.team = {"id": "T0TEAM", "name": "Team", "domain": "team"}
        slack.api.pins = {"C0GENERAL": []}
        slack.api.bookmarks = {"C0GENERAL": []}

    def file(
        self,
        id: str,
        size: int = 1_000,
        *,
        token: str = EXPORT_TOKEN,
        faults: Sequence[Fault] = (),
        always: Fault = "",
        text: bytes = b"",
        served: str = "application/octet-stream",
        said: int = 0,
        **fields: object,
    ) -> Body:
        """A message with a file whose body is there; `said` is a size that the record has instead
        of the body's own."""
        body = self.slack.add(
            id, size, faults=faults, always=always, text=text, mimetype=served, retry_after="0"
        )
        url = self.slack.url_of(id) + (f"?t={token}" if token else "")
        record = {
            "id": id,
            "mode": "hosted",
            "size": said or body.size,
            "url_private": url,
        } | fields
        self.say(files=[record])
        return body

    def say(self, **fields: object) -> None:
        self.records.append(message(len(self.records), **fields))

    @property
    def settings(self) -> dict[str, object]:
        return {
            "slack.api_url": self.slack.api_url,
            "slack.file_hosts": [self.slack.host],
            "slack.image_hosts": [self.images.host],
        }

    def project(self, **overrides: object) -> runner.Project:
        """The project, made if it is not there yet; `source__until=...` is laid over it."""
        if not self.folder.exists():
            users = {} if self.users is None else {"users": self.users}
            content = members(self.records, **users) | self.more
            write_zip(self._export, content)
            world = World(environ={}, workers=1)
            runner.init(self.folder, [self._export], "memory", self.settings, world)
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        return runner.open_project(self.folder, dotted)

    def fetch(
        self,
        topics: Collection[Topic] = TOPICS,
        *,
        token: str = USER_TOKEN,
        probe: Callable[[str, str], None] = _unwatched,
        stopped: Callable[[], bool] = lambda: False,
        **overrides: object,
    ) -> FetchSummary:
        """Fetch with this token; waits take no time."""

        async def sleep(seconds: float) -> None: ...

        world = World(
            environ={"SLACK_TOKEN": token} if token else {},
            workers=1,
            probe=probe,
            stopped=stopped,
            sleep=sleep,
        )
        return runner.fetch(self.project(**overrides), world, topics)

    def held(self, id: str) -> Held | None:
        """What the store says of a body."""
        store = open_store(self.folder / "state.db", read_only=True)
        try:
            return files.body(store, id)
        finally:
            store.close()

    def known(self, id: str) -> File:
        """What the store says of a file."""
        store = open_store(self.folder / "state.db", read_only=True)
        try:
            found = files.file(store, id)
        finally:
            store.close()
        assert found is not None
        return found

    def meta(self, name: str) -> str:
        store = open_store(self.folder / "state.db", read_only=True)
        try:
            return store.meta(name)
        finally:
            store.close()

    def is_whole(self, id: str) -> bool:
        """Whether the body lies in the project as the fake has it."""
        body = {**self.images.bodies, **self.slack.bodies}[id.replace("/", "-")]
        held = self.held(id)
        if held is None or held.code or (held.sha256, held.size) != (body.sha256, body.size):
            return False
        return body_path(self.folder, held.sha256).stat().st_size == body.size


def refused(summary: FetchSummary) -> dict[str, int]:
    return {told.code: told.count for told in summary.refused}


def found(summary: FetchSummary) -> dict[str, int]:
    return {told.code: told.count for told in summary.findings}
