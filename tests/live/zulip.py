"""A real Zulip organization as the conformance suite sees it, read over plain HTTP by the importing
account and by those that a project has made, whose passwords follow from the project's secret
file. It shares no code with the adapter, and cleans up nothing."""

import base64
import hmac
import json
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters.conformance import Holding, Post
from tests.adapters.zulip.living import LivingZulip
from tests.adapters.zulip.looking import Journal, Reading
from tests.fakes.zulip_records import Channel, Emoji, Json, Message, Reaction, Upload, User
from tests.fakes.zulip_world import World
from tests.live.zulip_server import Server

_FILES = re.compile(r"/user_uploads/([^\s)]+)")


class RealZulip(LivingZulip):
    """One organization for all tests. `mark` ends the names of this one's records."""

    told_step = 1_000_000

    def __init__(self, server: Server, mark: str) -> None:
        zuliprc = f"[api]\nemail={server.email}\nkey={server.key}\nsite={server.url}\n"
        self.email_domain = f"{mark}.slack.invalid"
        super().__init__(server.url, zuliprc, server.version, self.email_domain)
        self.server = server
        self.mark = mark
        self._settled: dict[int, str] = {}
        self._me: int = server.ask("GET", "users/me")["user_id"]

    @property
    def importer(self) -> int:
        return self._me

    def read_back(self, project: Path) -> Holding:
        journal = Journal(project)
        with self._awake(project, journal) as world:
            return Reading(world, journal, self.importer).holding()

    def settle_in(self, project: Path, person: str) -> str:
        name = f"Own {person} {self.mark}"
        email = f"{person.lower()}-{self.mark}@example.com"
        password = secrets.token_urlsafe(20)
        self._settled[self.server.make_user(email, name, password)] = password
        return name

    # -- damage ----------------------------------------------------------------------------------

    def lose(self, project: Path, post: Post) -> None:
        if Journal(project).conversations[post.conversation].startswith("dm:"):
            raise NotImplementedError  # nobody takes away what others say among themselves
        self.server.ask("DELETE", f"messages/{post.ref}")

    def repeat(self, project: Path, post: Post) -> None:
        self._say(project, post, None)

    def chat(self, project: Path, post: Post) -> None:
        self._say(project, post, "something new")

    def widen(self, project: Path, conversation: str) -> None:
        channel = Journal(project).conversations[conversation]
        self.server.ask("PATCH", f"streams/{channel}", {"is_private": False})

    def _say(self, project: Path, post: Post, words: str | None) -> None:
        held = self.server.ask("GET", f"messages/{post.ref}", {"apply_markdown": False})["message"]
        domain = held["sender_email"].rpartition("@")[2]
        self.server.ask("POST", "realm/domains", {"domain": domain, "allow_subdomains": False})
        form = {
            "type": "stream", "to": json.dumps(held["display_recipient"]), "topic": held["subject"],
            "content": words or held["content"], "sender": held["sender_email"],
            "forged": "true", "client": "JabberMirror",
        }  # fmt: skip
        if words is None:
            form["time"] = held["timestamp"]
        self.server.ask("POST", "messages", form)
        self.server.ask("DELETE", f"realm/domains/{domain}")

    # -- reading ---------------------------------------------------------------------------------

    @contextmanager
    def _awake(self, project: Path, journal: Journal) -> Iterator[World]:
        """What the organization holds of a project. Closed accounts are opened for the while, for
        nobody else can read their talk."""
        world = _World(self.server)
        for told in self.server.ask("GET", "users", {"client_gravatar": False})["members"]:
            world.users[told["user_id"]] = _user(told)
        asleep: list[User] = []
        try:
            for ref in sorted(journal.made - {""}):
                user = world.users[int(ref)]
                if not user.active:
                    self.server.ask("POST", f"users/{user.id}/reactivate")
                    asleep.append(user)
                user.key = self.server.fetch_key(user.email, _password(project, user.email))
            world.users[self._me].key = self.server.key
            for id, password in self._settled.items():
                world.users[id].key = self.server.fetch_key(world.users[id].email, password)
            self._fill(world, journal)
            yield world
        finally:
            for user in asleep:
                self.server.ask("DELETE", f"users/{user.id}")

    def _fill(self, world: "_World", journal: Journal) -> None:
        self._fill_channels(world, journal)
        ours = [world.users[int(ref)] for ref in sorted(journal.made - {""})]
        for user in ours:
            wanted = {"event_types": [], "fetch_event_types": ["user_settings"]}
            user.settings = self.server.ask("POST", "register", wanted, user)["user_settings"]
            world.take(self.server.messages([], user), user.id)
        for id in self._settled:
            world.take(self.server.messages([], world.users[id]), id)
        for ref in set(journal.conversations.values()):
            if not ref.startswith("dm:"):
                narrow = [{"operator": "channel", "operand": int(ref)}]
                world.take(self.server.messages(narrow), None)
        for channel in [c for c in world.channels.values() if c.archived and c.private]:
            # Nobody is told who is in there; whoever may read one message is.
            said = next(m for m in world.messages.values() if m.channel == channel.id)
            channel.seats = {u.id for u in world.users.values() if u.key and self._reads(said, u)}
        for user in world.users.values():
            if str(user.id) in journal.people.values():
                user.picture = world.picture_of(user)
        for told in self.server.ask("GET", "realm/emoji")["emoji"].values():
            if told["name"] in journal.emoji:
                image = self.server.fetch("GET", f"{told['source_url']}.original")
                world.emoji[int(told["id"])] = Emoji(
                    int(told["id"]), told["name"], image, None, told["deactivated"]
                )

    def _reads(self, message: Message, user: User) -> bool:
        try:
            self.server.ask("GET", f"messages/{message.id}", by=user)
        except urllib.error.HTTPError as error:
            assert error.code == 400
            return False
        return True

    def _fill_channels(self, world: "_World", journal: Journal) -> None:
        every: Json = {"include_all_active": True}
        if self.server.version != "9":
            every = {"include_all": True, "exclude_archived": False}
        for told in self.server.ask("GET", "streams", every)["streams"]:
            id = told["stream_id"]
            if str(id) not in journal.conversations.values():
                continue
            channel = Channel(
                id, told["name"], told["description"], told["invite_only"],
                told["history_public_to_subscribers"], told.get("is_archived", False),
            )  # fmt: skip
            if not channel.archived:
                listed = self.server.ask("GET", f"streams/{id}/members")["subscribers"]
                channel.seats = set(listed)
            world.channels[id] = channel


class _World(World):
    """As far as it is told. Who may open a file is asked."""

    def __init__(self, server: Server) -> None:
        super().__init__(modern=server.version != "9")
        self._server = server
        self._pictures: dict[int, str] = {}

    def take(self, told: list[Json], reader: int | None) -> None:
        """Messages as one account sees them, or as the importer does."""
        for each in told:
            message = self.messages.setdefault(each["id"], _message(each))
            if reader is not None and "historical" not in each["flags"]:
                message.copies[reader] = set(each["flags"])
            for path in _FILES.findall(message.content):
                self._take_file(message, path)

    def picture_of(self, user: User) -> bytes | None:
        told = self._server.ask("GET", f"users/{user.id}", {"client_gravatar": False})["user"]
        address = (told["avatar_url"] or "").partition("?")[0]
        if not address.startswith("/user_avatars/"):
            return None
        return self._server.fetch("GET", address.removesuffix(".png") + ".original")

    def can_open(self, user: User, upload: Upload) -> bool:
        if not user.key:
            return False  # nobody's key is at hand but those of who was in it
        try:
            self._server.fetch("GET", f"/user_uploads/{upload.path}", by=user)
        except urllib.error.HTTPError as error:
            assert error.code in (403, 404)
            return False
        return True

    def _take_file(self, message: Message, path: str) -> None:
        if path not in self.uploads:
            for user in [u for u in self.users.values() if u.key]:
                body = self._body(path, user)
                if body is not None:
                    self.uploads[path] = Upload(0, path, "", body[0], 0, body[1], 0)
                    break
        if path in self.uploads:
            self.uploads[path].messages.add(message.id)

    def _body(self, path: str, user: User) -> tuple[str, bytes] | None:
        signed = base64.b64encode(f"{user.email}:{user.key}".encode()).decode()
        request = urllib.request.Request(
            f"{self._server.url}/user_uploads/{path}", headers={"Authorization": f"Basic {signed}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.headers.get_content_type(), response.read()
        except urllib.error.HTTPError:
            return None


def _password(project: Path, email: str) -> str:
    """Of an account that a project has made."""
    secret = (project / "zulip-secret").read_bytes()
    digest = hmac.digest(secret, email.lower().encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _user(told: Json) -> User:
    return User(
        told["user_id"], told["delivery_email"] or told["email"], told["full_name"], "",
        role=told["role"], active=told["is_active"],
    )  # fmt: skip


def _message(told: Json) -> Message:
    people: Any = told["display_recipient"]
    return Message(
        told["id"], told["sender_id"], told.get("stream_id"),
        frozenset(each["id"] for each in people) if isinstance(people, list) else frozenset(),
        told["subject"], told["content"], told["timestamp"], told["client"],
        reactions=[
            Reaction(r["user_id"], r["emoji_name"], r["emoji_code"], r["reaction_type"])
            for r in told["reactions"]
        ],
    )  # fmt: skip
