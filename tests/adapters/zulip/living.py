"""A living organization as the conformance suite sees it: what it holds is looked at behind the API
(on a real server through the accounts' own keys), and damaged there. Which Slack record something
came from is told by the project's journal, for a server keeps no such mark."""

import csv
from collections.abc import Mapping
from pathlib import Path

from adapters.conformance import Holding, Post, Target
from adapters.conformance.target import Attached
from adapters.zulip import adapter
from tests.adapters.zulip.looking import Journal, Reading, digest
from tests.fakes.zulip import Organization
from tests.fakes.zulip_records import Message
from tests.fakes.zulip_world import World

_STRANGER = "stranger@example.com"
"""Somebody who has nothing to do with any of it."""


class LivingZulip(Target):
    """`version` is what is planned for: without a check the engine cannot know what the server is.
    One of 2024 keeps no channel readable that is archived."""

    adapter = adapter

    def __init__(
        self, url: str, zuliprc: str, version: str, email_domain: str = "slack.invalid"
    ) -> None:
        self._zuliprc = zuliprc
        self.lacks = frozenset({"reading"} | ({"closing"} if version == "9" else set()))
        self.settings: Mapping[str, object] = {
            "mode": "api", "url": url, "zuliprc": "zuliprc", "profile": version,
            "email_domain": email_domain,
        }  # fmt: skip

    def install(self, project: Path) -> None:
        path = project / "zuliprc"
        path.touch(0o600)
        path.write_text(self._zuliprc)

    def world(self, project: Path) -> World:
        """What the organization holds by now."""
        raise NotImplementedError

    def read_back(self, project: Path) -> Holding:
        return Reading(self.world(project), Journal(project), self.importer).holding()

    @property
    def importer(self) -> int:
        """The number of the importing account."""
        raise NotImplementedError


class FakeZulip(LivingZulip):
    """`server` is running, and this target's alone."""

    def __init__(self, server: Organization, version: str) -> None:
        super().__init__(server.url, server.zuliprc, version)
        self._server = server
        if server.world.user_with(_STRANGER) is None:
            server.world.make_user(_STRANGER, "Stranger")

    @property
    def importer(self) -> int:
        return self._server.importer.id

    def world(self, project: Path) -> World:
        return self._server.world

    def settle_in(self, project: Path, person: str) -> str:
        world, email = self._server.world, f"{person.lower()}@example.com"
        known = world.user_with(email) or world.make_user(email, f"Own {_name_of(project, person)}")
        return known.name

    def lose(self, project: Path, post: Post) -> None:
        self._server.world.delete(self._message(post))

    def alter(self, project: Path, post: Post) -> None:
        self._message(post).content = "not what was said"

    def repeat(self, project: Path, post: Post) -> None:
        held = self._message(post)
        self._write(held, held.content, held.time)

    def chat(self, project: Path, post: Post) -> None:
        held = self._message(post)
        self._write(held, "something new", self._server.world.now())

    def lose_body(self, project: Path, file: Attached) -> None:
        uploads = self._server.world.uploads
        for path in [p for p, held in uploads.items() if digest(held.body) == file.sha256]:
            del uploads[path]

    def widen(self, project: Path, conversation: str) -> None:
        ref = Journal(project).conversations[conversation]
        self._server.world.channels[int(ref)].private = False

    def _message(self, post: Post) -> Message:
        return self._server.world.messages[int(post.ref)]

    def _write(self, beside: Message, content: str, time: float) -> None:
        world = self._server.world
        made = world.add_message(
            world.users[beside.sender], content,
            channel=world.channels[beside.channel] if beside.channel is not None else None,
            people=beside.people, topic=beside.topic, time=time, client="website",
        )  # fmt: skip
        for flags in made.copies.values():
            flags.add("read")


class PeopledZulip(FakeZulip):
    """Everybody has been there for long: of direct talk nobody's key is ours."""

    def __init__(self, server: Organization, version: str) -> None:
        super().__init__(server, version)
        self.lacks = self.lacks | {"settling", "reacting"}

    def install(self, project: Path) -> None:
        super().install(project)
        sheet = project / "mappings" / "users.csv"
        with sheet.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["kind"] not in ("bot", "guest"):
                row |= {"action": "map", "target": self.settle_in(project, row["slack_id"])}
        with sheet.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def _name_of(project: Path, person: str) -> str:
    """What users.csv calls somebody."""
    with (project / "mappings" / "users.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["slack_id"]: row["name"] for row in csv.DictReader(file)}
        return rows[person] or person
