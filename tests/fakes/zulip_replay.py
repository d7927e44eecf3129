"""A recording of a real Zulip server, made again call by call against the fake. What differs
between two runs (numbers, paths, keys) is led from one to the other; all else must agree."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import requests

from tests.fakes.zulip import IMPORTER, Organization
from tests.fakes.zulip_records import Json

_KINDS = {
    "user_id": "user", "sender_id": "user", "creator_id": "user", "author_id": "user",
    "bot_owner_id": "user", "subscribers": "user", "direct_members": "user",
    "display_recipient": "user", "user": "user", "stream_id": "channel", "messages": "message",
    "max_id": "message", "anchor": "message", "first_processed_id": "message",
    "last_processed_id": "message", "message": "message", "emoji": "emoji",
    "emoji_code": "emoji", "custom_fields": "field", "attachments": "upload", "uri": "path",
    "url": "path", "profile_data": "field", "subscribed": "user",
    "already_subscribed": "user",
}  # fmt: skip
"""What sort of thing a number or a path is, by the key above it."""

_OF_CALLS = (
    ("POST messages", "message"), ("POST realm/profile_fields", "field"),
)  # fmt: skip
_FREE = frozenset(
    "date_created date_joined timestamp create_time date_sent recipient_id avatar_url color"
    " rendered_description first_message_id max_message_id new_domain realm_icon order"
    " still_url source_url desc bad_value zulip_version realm_name realm_description"
    " sender_realm_str retry-after last_event_id queue_id is_recently_active stream_weekly_traffic"
    " topic_links processed_count updated_count server_emoji_data_url".split()
)
"""Fields that depend on when a call was made, or on how an organization begins."""

_CLOSED = re.compile(r"^[0-9a-f]{7}!DEACTIVATED:")
"""What the older server writes before the name of a channel that is archived."""


class Replay:
    """`accounts` are address and key by the names that the recording gives them."""

    def __init__(self, server: Organization) -> None:
        self._server = server
        self._ids = Ids()
        self._accounts = {
            "importer": (IMPORTER, server.importer.key),
            "wrong": (IMPORTER, "0" * 32),
        }
        self._keys: dict[str, str] = {}
        self.made = 0

    def read(self, line: Json) -> None:
        if "note" in line:
            if "rate limit" in line["note"]:
                self._server.forget_calls()
            if "set to 1 a minute" in line["note"]:
                self._server.limit = 1
                self._server.forget_calls()
                self._ask({"method": "GET", "path": "users/me", "by": "bob", "form": {}})
            return
        self.made += 1
        response = self._ask(line)
        where = f"{line['n']}: {line['method']} {line['path']} {line['form']} {response.text[:300]}"
        assert response.status_code == line["status"], where
        if "_html" in line["answer"] or "_body" in line["answer"]:
            return
        answer = response.json()
        self._learn_account(line, answer)
        recorded = line["answer"]
        if line["path"] in ("register", "server_settings"):
            # More is told there than anybody asks for.
            told = recorded.keys() & answer.keys()
            recorded, answer = ({key: each[key] for key in told} for each in (recorded, answer))
        for call, kind in _OF_CALLS:
            if f"{line['method']} {line['path']}" == call and "id" in answer:
                self._ids.bind(kind, recorded.pop("id"), answer.pop("id"))
        recorded = json.loads(json.dumps(recorded).replace("<url>", self._server.url))
        hold(self._ids, recorded, answer, where)
        if retry := line.get("headers", {}).get("Retry-After"):
            assert float(response.headers["Retry-After"]) > 0 < float(retry)

    def _ask(self, line: Json) -> requests.Response:
        form = {
            name: self._given(name, value, line["form"]) for name, value in line["form"].items()
        }
        files = [
            (each["field"], (each["name"], _body(each), each["type"]))
            for each in line.get("files", ())
        ]
        return requests.request(
            line["method"],
            f"{self._server.url}/api/v1/{self._ids.in_path(line['path'])}",
            auth=self._accounts[line["by"]] if line["by"] else None,
            headers={"User-Agent": line.get("agent", "chat-migrate")},
            params=form if line["method"] == "GET" else None,
            data=form if line["method"] != "GET" else None,
            files=files or None,
            allow_redirects=False,
            timeout=10,
        )

    def _given(self, name: str, value: str, form: Json) -> str:
        if name == "emoji_code" and form.get("reaction_type") != "realm_emoji":
            return value
        return self._ids.in_form(name, value)

    def _learn_account(self, line: Json, answer: Json) -> None:
        """Whose key this is: that of the account that was asked for, or of a bot just made."""
        if "api_key" not in answer:
            return
        name = line["answer"].pop("api_key").removeprefix("<key ").removesuffix(">")
        email = answer.get("email") or self._server.world.users[answer["user_id"]].email
        self._accounts[name] = (email, answer.pop("api_key"))


class Ids:
    """What stands for what, by kind; no two of a kind for one."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Any], Any] = {}

    def bind(self, kind: str, recorded: Any, answered: Any) -> None:
        known = self._known.setdefault((kind, str(recorded)), answered)
        assert str(known) == str(answered), f"{kind} {recorded} is {known}, not {answered}"
        # The server's own bots have the same numbers everywhere.
        assert type(recorded) is type(answered)

    def find(self, kind: str, recorded: Any) -> Any:
        return self._known.get((kind, str(recorded)), recorded)

    def in_path(self, path: str) -> str:
        head, _, rest = path.partition("/")
        if head == "user_uploads":
            return str(self.find("path", f"/{path}")).removeprefix("/")
        kinds = {"users": "user", "bots": "user", "streams": "channel", "messages": "message"}
        if rest.startswith("me/"):
            kinds = {"users": "channel"}
        if head not in kinds:
            return path
        return re.sub(r"\d+", lambda m: str(self.find(kinds[head], m[0])), path)

    def in_form(self, name: str, value: str) -> str:
        if name in ("content", "topic"):
            return self.in_words(value)
        if name == "emoji_code":
            return str(self.find("emoji", value))
        if name == "anchor":
            return str(self.find("message", value))
        kinds = {"principals": "user", "messages": "message", "profile_data": "field"}
        if name not in (*kinds, "to", "narrow"):
            return value
        try:
            told = json.loads(value)
        except ValueError:
            return value
        if name == "narrow":
            told = [self._in_term(term) for term in told]
        elif name == "to":
            told = self._in_recipients(told)
        elif name == "profile_data":
            told = [each | {"id": self.find("field", each["id"])} for each in told]
        else:
            told = [self.find(kinds[name], each) for each in told]
        return json.dumps(told)

    def in_words(self, words: str) -> str:
        for pattern, kind in (
            (r"(?<=\|)\d+(?=\*\*)", "user"), (r"(?<=^user)\d+(?=@)", "user"),
            (r"(?<=narrow/channel/)\d+", "channel"),
            (r"(?<=near/)\d+", "message"), (r"/user_uploads/[^\s)]+", "path"),
        ):  # fmt: skip
            words = re.sub(pattern, self._led(kind), words)
        return words

    def _led(self, kind: str) -> Callable[[re.Match[str]], str]:
        return lambda match: str(self.find(kind, match[0]))

    def _in_term(self, term: Json) -> Json:
        kind = {"channel": "channel", "sender": "user", "dm": "user"}.get(term["operator"])
        operand = term["operand"]
        if kind is None:
            return term
        if isinstance(operand, list):
            return term | {"operand": [self.find(kind, each) for each in operand]}
        return term | {"operand": self.find(kind, operand)}

    def _in_recipients(self, told: Any) -> Any:
        if isinstance(told, list):
            return [self.find("user", each) for each in told]
        return self.find("channel", told) if isinstance(told, int) else told


def hold(ids: Ids, recorded: Any, answer: Any, where: str, key: str = "") -> None:
    """Whatever was recorded is there, and of the same kind; what can be equal is."""
    assert type(recorded) is type(answer), f"{where}: {recorded}"
    if isinstance(recorded, dict):
        _hold_object(ids, recorded, answer, where, key)
    elif isinstance(recorded, list):
        assert len(recorded) == len(answer), where
        if key in ("subscribers", "flags"):
            assert {str(ids.find(_KINDS.get(key, ""), each)) for each in recorded} == {
                str(each) for each in answer
            }, f"{where}: {recorded}"
            return
        for one, other in zip(_sorted(recorded, ids), _sorted(answer, None), strict=True):
            if key in _KINDS and isinstance(one, int):
                ids.bind(_KINDS[key], one, other)
            else:
                hold(ids, one, other, where, key)
    elif isinstance(recorded, str):
        wanted, given = (_CLOSED.sub("!DEACTIVATED:", each) for each in (recorded, answer))
        assert ids.in_words(wanted) == given, f"{where}: {recorded}"
    else:
        assert recorded == answer, f"{where}: {recorded}"


def _hold_object(ids: Ids, recorded: Json, answer: Json, where: str, above: str) -> None:
    numbered = ("subscribed", "already_subscribed", "profile_data")
    if above in numbered or (above == "emoji" and "id" not in recorded):
        recorded, answer = _by_name(ids, recorded, above), _by_name(None, answer, above)
    assert recorded.keys() == answer.keys() or above, f"{where}: {recorded.keys() ^ answer.keys()}"
    for key, value in recorded.items():
        here = f"{where}: {above}.{key}"
        assert key in answer, here
        kind = _KINDS.get(above if key == "id" else key)
        if "temporary" in str(value) and key == "url":
            assert answer[key].startswith("/user_uploads/temporary/"), here
        elif key == "path_id":
            ids.bind("path", f"/user_uploads/{value}", f"/user_uploads/{answer[key]}")
        elif key in _FREE or key.endswith("_group"):
            assert type(value) is type(answer[key]) or key.endswith("_group"), here
        elif kind and isinstance(value, (int, str)):
            ids.bind(kind, value, answer[key])
        else:
            hold(ids, value, answer[key], here, "emoji" if above == "emoji" else key)


def _by_name(ids: Ids | None, told: Json, above: str) -> Json:
    """Numbers that are keys, led over; emoji by their names."""
    if above == "emoji":
        return {each["name"]: each for each in told.values()}
    kind = _KINDS[above]
    return {str(ids.find(kind, key)) if ids else key: value for key, value in told.items()}


def _sorted(values: list[Any], ids: Ids | None) -> list[Any]:
    """Lists of things with names, which come in no order."""
    if values and isinstance(values[0], str):
        return sorted(values)
    if values and isinstance(values[0], dict) and "path_id" in values[0]:
        paths = [f"/user_uploads/{value['path_id']}" for value in values]
        led = [str(ids.find("path", path)) if ids else path for path in paths]
        return [value for _, value in sorted(zip(led, values, strict=True), key=lambda p: p[0])]
    if values and isinstance(values[0], dict) and ("full_name" in values[0] or "name" in values[0]):
        return sorted(values, key=_name)
    return values


def _name(told: Json) -> str:
    """Two people may have one name."""
    return f"{told.get('full_name') or told.get('name')} {told.get('delivery_email') or ''}"


def _body(file: Json) -> bytes:
    if file["base64"] is not None:
        return base64.b64decode(file["base64"])
    return str(file["fill"]).encode() * int(file["size"])
