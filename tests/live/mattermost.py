"""A Mattermost server read and prepared over plain HTTP, sharing no code with the adapter."""

import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import msgspec

Json = Any


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One post as its readers see it. `reactions` are (account, emoji); `files` (name, sha256)."""

    id: str
    author: str
    time: int
    text: str
    root: str
    type: str
    pinned: bool
    edited: bool
    reactions: frozenset[tuple[str, str]]
    files: frozenset[tuple[str, str]]


class Server:
    """`token` is a system admin's."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._token = token

    @property
    def modern(self) -> bool:
        version: str = self.ask("GET", "/config/client?format=old")["Version"]
        return int(version.partition(".")[0]) >= 9

    def ask(self, method: str, path: str, body: Json = None) -> Json:
        """An answer's JSON; None where there is no such thing."""
        try:
            return json.loads(self._send(method, path, body).read())
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def sign_in(self, name: str, password: str) -> bool:
        """Whether somebody with this password is let in."""
        try:
            self._send("POST", "/users/login", {"login_id": name, "password": password})
        except urllib.error.HTTPError as error:
            assert error.code == 401
            return False
        return True

    def user(self, name: str) -> Json:
        return self.ask("GET", f"/users/username/{name}")

    def make_user(self, name: str, password: str) -> Json:
        email = f"{name}@example.org"
        body = {"username": name, "email": email, "password": password}
        return self.ask("POST", "/users", body)

    def set_password(self, name: str, password: str) -> None:
        user = self.user(name)["id"]
        self._send("PUT", f"/users/{user}/password", {"new_password": password})

    def channel(self, team: str, name: str) -> Json:
        id = self.ask("GET", f"/teams/name/{team}")["id"]
        return self.ask("GET", f"/teams/{id}/channels/name/{name}?include_deleted=true")

    def direct_channel(self, team: str, names: list[str]) -> Json:
        """The conversation of exactly these accounts, whose name is made of their ids."""
        ids = sorted({self.user(name)["id"] for name in names})
        name = f"{ids[0]}__{ids[-1]}"
        if len(ids) > 2:
            name = hashlib.sha1("".join(ids).encode()).hexdigest()
        return self.channel(team, name)

    def members(self, channel: str) -> set[str]:
        listed = self.ask("GET", f"/channels/{channel}/members?per_page=200")
        return {self._name(member["user_id"]) for member in listed}

    def posts(self, channel: str) -> list[Post]:
        """All of a channel, the oldest first."""
        found: list[Post] = []
        for number in range(1_000):
            page = self.ask("GET", f"/channels/{channel}/posts?per_page=60&page={number}")
            if not page["order"]:
                break
            found += [self._post(page["posts"][id]) for id in page["order"]]
        return found[::-1]

    def _post(self, post: Json) -> Post:
        reactions = self.ask("GET", f"/posts/{post['id']}/reactions") or ()
        infos = self.ask("GET", f"/posts/{post['id']}/files/info") if post.get("file_ids") else ()
        return Post(
            id=post["id"],
            author=self._name(post["user_id"]),
            time=post["create_at"],
            text=post["message"],
            root=post["root_id"],
            type=post["type"],
            pinned=post["is_pinned"],
            edited=bool(post["edit_at"]),
            reactions=frozenset((self._name(r["user_id"]), r["emoji_name"]) for r in reactions),
            files=frozenset((info["name"], self._sum(info["id"])) for info in infos),
        )

    def _name(self, user: str) -> str:
        name: str = self.ask("GET", f"/users/{user}")["username"]
        return name

    def _sum(self, file: str) -> str:
        return hashlib.sha256(self._send("GET", f"/files/{file}", None).read()).hexdigest()

    def _send(self, method: str, path: str, body: Json) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v4{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}"},
        )
        return urllib.request.urlopen(request, timeout=60)
