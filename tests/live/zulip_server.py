"""A Zulip server asked over plain HTTP, sharing no code with the adapter."""

import base64
import json
import urllib.parse
import urllib.request

from tests.fakes.zulip_records import Json, User

_FIRST_OF_10 = 300
"""A feature level: servers of before say less of archived channels."""


class Server:
    """`email` and `key` are those of an owner who may forge senders and make accounts."""

    def __init__(self, url: str, email: str, key: str) -> None:
        self.url = url.rstrip("/")
        self.email = email
        self.key = key
        told = self.ask("GET", "server_settings")
        self.version = "10" if told["zulip_feature_level"] >= _FIRST_OF_10 else "9"

    def ask(self, verb: str, path: str, form: Json | None = None, by: User | None = None) -> Json:
        """An answer's JSON. Raises urllib.error.HTTPError for any other than 200."""
        answer = self.fetch(verb, f"/api/v1/{path}", form, by)
        told: Json = json.loads(answer)
        return told

    def fetch(
        self, verb: str, path: str, form: Json | None = None, by: User | None = None
    ) -> bytes:
        encoded = urllib.parse.urlencode(
            {k: v if isinstance(v, str) else json.dumps(v) for k, v in (form or {}).items()}
        )
        address = f"{self.url}{path}"
        if verb == "GET" and encoded:
            address, encoded = f"{address}?{encoded}", ""
        email, key = (by.email, by.key) if by else (self.email, self.key)
        signed = base64.b64encode(f"{email}:{key}".encode()).decode()
        request = urllib.request.Request(
            address,
            method=verb,
            data=encoded.encode() if verb != "GET" else None,
            headers={"Authorization": f"Basic {signed}"},
        )
        is_read = verb == "GET" or path.endswith(("/register", "/fetch_api_key"))
        for patience in (20, 60, 120) if is_read else (60,):
            try:
                with urllib.request.urlopen(request, timeout=patience) as response:
                    body: bytes = response.read()
                return body
            except TimeoutError:
                continue  # a server under load
        raise TimeoutError(path)

    def make_user(self, email: str, name: str, password: str) -> int:
        form = {"email": email, "full_name": name, "password": password}
        id: int = self.ask("POST", "users", form)["user_id"]
        return id

    def fetch_key(self, email: str, password: str) -> str:
        form = {"username": email, "password": password}
        key: str = self.ask("POST", "fetch_api_key", form)["api_key"]
        return key

    def messages(self, narrow: list[Json], by: User | None = None) -> list[Json]:
        """The last 5,000 of them."""
        told = self.ask(
            "GET",
            "messages",
            {"anchor": "newest", "num_before": 5_000, "num_after": 0, "narrow": narrow,
             "apply_markdown": False, "allow_empty_topic_name": True},
            by,
        )  # fmt: skip
        found: list[Json] = told["messages"]
        return found
