"""The suite that every adapter passes, on the maildir target. The folders are read, and damaged,
without the adapter: as mails, by the standard library."""

import json
import mailbox
from collections.abc import Iterator, Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from chat_migrate_maildir import adapter

from adapters.conformance import Conformance, Holding, Post, Room, Target
from migrate.spi import Adapter


class Maildir(Target):
    adapter: Adapter = adapter
    settings: Mapping[str, object] = {"length": 200}
    lacks = frozenset({"closing"})

    def read_back(self, project: Path) -> Holding:
        lists = {
            path.parent: json.loads(path.read_text())
            for path in sorted((project / "mail").glob("*/subscribers.json"))
        }
        rooms: dict[str, Room] = {}
        posts: list[Post] = []
        for folder, listed in lists.items():
            members = frozenset(listed["addresses"].values())
            rooms[listed["slack"]] = Room(members=members, readers=members)
            found = [_post(mail, listed["slack"]) for _, mail in _mails(folder)]
            posts += [post for _, post in sorted(found, key=lambda each: each[0])]
        return Holding(rooms=rooms, posts=tuple(posts))

    def lose(self, project: Path, post: Post) -> None:
        self._file_of(project, post).unlink()

    def alter(self, project: Path, post: Post) -> None:
        path = self._file_of(project, post)
        head, _, _ = path.read_bytes().partition(b"\r\n\r\n")
        path.write_bytes(head + b"\r\n\r\nbm90IHdoYXQgd2FzIHNhaWQ=\r\n")

    def repeat(self, project: Path, post: Post) -> None:
        path = self._file_of(project, post)
        copy = path.read_bytes().replace(b"Message-ID: <", b"Message-ID: <again")
        path.with_name(f"again{path.name}").write_bytes(copy)

    def _file_of(self, project: Path, post: Post) -> Path:
        name = post.ref.strip("<>").partition("@")[0]
        (path,) = (project / "mail").glob(f"*/cur/{name}*")
        return path


def _mails(folder: Path) -> Iterator[tuple[str, Message]]:
    yield from mailbox.Maildir(folder, create=False).iteritems()


def _post(mail: Message, conversation: str) -> tuple[tuple[int, int], Post]:
    content = mail.get_payload(decode=True)
    assert isinstance(content, bytes)
    time = int(parsedate_to_datetime(str(mail["Date"])).timestamp()) * 1000
    index = int(str(mail["X-Slack-Piece"]))
    post = Post(
        ref=str(mail["Message-ID"]),
        conversation=conversation,
        author=str(mail["X-Slack-User"]),
        time=time,
        text=content.decode(),
        size=len(content.decode()),
        root=str(mail["In-Reply-To"] or ""),
    )
    return (time, index), post


class TestMaildir(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return Maildir()


def test_chat_migrate_finds_the_adapter_by_its_entry_point() -> None:
    (point,) = entry_points(group="chat_migrate.adapters", name="maildir")
    assert point.load() is adapter
