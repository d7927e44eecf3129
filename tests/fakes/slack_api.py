"""The Web API of a fake Slack: the methods that `migrate.slack` calls, and strict about scopes,
parameters and where a token stands. The workspace that it tells of is plain JSON, to be filled by
tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]

SCOPES = {
    "auth.test": "",
    "team.info": "team:read",
    "users.list": "users:read",
    "users.info": "users:read",
    "bots.info": "users:read",
    "emoji.list": "emoji:read",
    "usergroups.list": "usergroups:read",
    "bookmarks.list": "bookmarks:read",
    "pins.list": "pins:read",
    "team.profile.get": "users.profile:read",
    "files.info": "files:read",
}
"""What each method needs. `users:read.email` decides over e-mail addresses alone."""

PARAMETERS = {
    "users.list": {"limit", "cursor"},
    "users.info": {"user"},
    "bots.info": {"bot"},
    "emoji.list": {"include_categories"},
    "usergroups.list": {"include_users", "include_disabled"},
    "bookmarks.list": {"channel_id"},
    "pins.list": {"channel"},
    "files.info": {"file"},
    "team.profile.get": {"visibility"},
}


@dataclass
class Failure:
    """An answer in place of a method's own, for the next `times` calls. `body` is sent as it is."""

    method: str
    times: int
    status: int
    body: str
    headers: dict[str, str]


@dataclass
class Api:
    """A workspace as the API shows it, `calls` what was asked for, in order: method and form."""

    token: str
    scopes: set[str] = field(
        default_factory=lambda: {*filter(None, SCOPES.values()), "users:read.email"}
    )
    team: Json = field(
        default_factory=lambda: {"id": "T1", "name": "Acme", "domain": "acme", "icon": {}}
    )
    users: list[Json] = field(default_factory=list)
    elsewhere: list[Json] = field(default_factory=list)  # people whom users.info alone knows
    bots: list[Json] = field(default_factory=list)
    emoji: dict[str, str] = field(default_factory=dict)
    groups: list[Json] = field(default_factory=list)
    bookmarks: dict[str, list[Json]] = field(default_factory=dict)
    pins: dict[str, list[Json]] = field(default_factory=dict)
    fields: list[Json] = field(default_factory=list)
    files: dict[str, Json] = field(default_factory=dict)
    paid: bool = True
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def fail(
        self, method: str, status: int, *, times: int = 1, body: str = "", **headers: str
    ) -> None:
        """Answer the next calls with this instead; `Retry_After="1"` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.failures.append(Failure(method, times, status, body, named))

    async def answer(self, request: web.Request) -> web.Response:
        """One call, in the form that slack-sdk sends."""
        method = request.match_info["method"]
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.calls.append((method, form))
        failure = next((f for f in self.failures if f.method == method and f.times > 0), None)
        if failure is not None:
            failure.times -= 1
            return web.Response(status=failure.status, text=failure.body, headers=failure.headers)
        problem = self._problem(request, method, form)
        return web.json_response(problem or {"ok": True, **self._methods()[method](form)})

    def _problem(self, request: web.Request, method: str, form: dict[str, str]) -> Json | None:
        if method not in SCOPES:
            return _error("unknown_method", req_method=method)
        if request.query or set(form) - PARAMETERS.get(method, set()):
            return _error("invalid_arguments")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != self.token:
            return _error("invalid_auth" if token else "not_authed")
        if SCOPES[method] and SCOPES[method] not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            return _error("missing_scope", needed=SCOPES[method], provided=provided)
        return None

    def _methods(self) -> dict[str, Callable[[dict[str, str]], Json]]:
        return {
            "auth.test": lambda form: {
                "url": f"https://{self.team['domain']}.slack.com/",
                "team": self.team["name"],
                "team_id": self.team["id"],
                "user_id": "U1",
            },
            "team.info": lambda form: {"team": self.team},
            "users.list": self._list_users,
            "users.info": lambda form: _find(
                [*self.users, *self.elsewhere], form.get("user"), "user", "user_not_found"
            ),
            "bots.info": lambda form: _find(self.bots, form.get("bot"), "bot", "bot_not_found"),
            "emoji.list": lambda form: {"emoji": self.emoji, "cache_ts": "1"},
            "usergroups.list": self._list_groups,
            "bookmarks.list": lambda form: _at(self.bookmarks, form.get("channel_id"), "bookmarks"),
            "pins.list": lambda form: _at(self.pins, form.get("channel"), "items"),
            "team.profile.get": lambda form: {"profile": {"fields": self.fields}},
            "files.info": lambda form: _find(
                list(self.files.values()), form.get("file"), "file", "file_not_found"
            ),
        }

    def _list_users(self, form: dict[str, str]) -> Json:
        if "limit" not in form:
            return _error("limit_required")
        limit, start = int(form["limit"]), int(form.get("cursor") or 0)
        if not 0 < limit <= 1_000:
            return _error("invalid_limit")
        page = [self._shown(user) for user in self.users[start : start + limit]]
        more = start + limit < len(self.users)
        return {
            "members": page,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }

    def _shown(self, user: Json) -> Json:
        if "users:read.email" in self.scopes:
            return user
        profile = {k: v for k, v in user.get("profile", {}).items() if k != "email"}
        return {**user, "profile": profile}

    def _list_groups(self, form: dict[str, str]) -> Json:
        if not self.paid:
            return _error("plan_upgrade_required")
        members = form.get("include_users") in ("1", "true")
        return {
            "usergroups": [
                group if members else {k: v for k, v in group.items() if k != "users"}
                for group in self.groups
                if not group.get("date_delete") or form.get("include_disabled") in ("1", "true")
            ]
        }


def _error(code: str, **more: str) -> Json:
    return {"ok": False, "error": code, **more}


def _find(records: list[Json], id: str | None, name: str, missing: str) -> Json:
    found = next((record for record in records if record.get("id") == id), None)
    return {name: found} if found else _error(missing)


def _at(records: dict[str, list[Json]], channel: str | None, name: str) -> Json:
    if channel not in records:
        return _error("channel_not_found")
    return {name: records[channel]}
