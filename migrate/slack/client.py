"""The Slack Web API's client as this program needs it: patient, silent, and with errors that are
ours. What is asked for lies in `workspace`."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, cast
from urllib.error import URLError
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from migrate.errors import Fatal, Skip, UsageError
from migrate.slack.hosts import is_safe_api
from migrate.slack.tokens import clean_token

TIMEOUT = 60
"""Seconds without an answer; a page of two hundred people may take ten."""

MOST_WAITS = 10
"""How often one call may be told to come back later."""

LONGEST_WAIT = 900.0
"""Seconds. Whoever is told to wait longer had better run again tomorrow."""

MOST_TRIES = 4

Sleep = Callable[[float], None]
Fields = Mapping[str, object]

_TOKEN_REFUSED = {
    *("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"),
    *("org_login_required", "two_factor_setup_required", "user_removed_from_team"),
}
_SKIPPED = {
    **dict.fromkeys(("missing_scope", "no_permission", "access_denied"), "slack-scope-missing"),
    **dict.fromkeys(
        ("plan_upgrade_required", "paid_teams_only", "paid_only", "feature_not_enabled"),
        "slack-plan",
    ),
    **dict.fromkeys(("not_allowed_token_type", "user_is_bot"), "slack-token-kind"),
    **dict.fromkeys(
        ("user_not_found", "user_not_visible", "users_not_found", "bot_not_found"),
        "slack-not-found",
    ),
    **dict.fromkeys(
        ("file_not_found", "file_deleted", "channel_not_found", "not_in_channel"),
        "slack-not-found",
    ),
}
# What the SDK makes of answers that are none of Slack's.
_STRANGE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)

_ERROR_NAME = re.compile(r"[a-z0-9_]{2,60}")


def connect(token: str, api_url: str, *, sleep: Sleep = time.sleep) -> WebClient:
    """A client that waits as Slack asks it to, and tries again what the network broke.

    Raises UsageError where `api_url` is neither https nor this machine, or `token` is none.
    """
    if not is_safe_api(api_url):
        raise UsageError(
            "config-broken",
            "slack.api_url is no address that a token may be sent to.",
            'Write "https://slack.com/api/".',
        )
    client = _Client(
        token=clean_token(token),
        base_url=api_url,
        timeout=TIMEOUT,
        # Of its own and above every level: what the SDK logs has whole answers in it.
        logger=logging.Logger("chat-migrate.slack", logging.CRITICAL + 1),
        retry_handlers=[
            _Connections(MOST_TRIES - 1, sleep),
            _Limits(MOST_WAITS, sleep),
            _Servers(MOST_TRIES - 1, sleep),
        ],
    )
    # The SDK takes a proxy from the environment without looking at NO_PROXY; urllib looks.
    client.proxy = None
    return client


def ask(request: Callable[[], SlackResponse]) -> Fields:
    """The answer's object.

    Raises Fatal where Slack cannot be reached or refuses the token, Skip where it refuses this
    call. No error carries the SDK's, for those hold whole answers.
    """
    trouble: Exception
    try:
        data = request().data
    except SlackApiError as error:
        trouble = _judge(error)
    except (SlackClientError, OSError, HTTPException, *_STRANGE):
        trouble = _unreachable()
    else:
        if isinstance(data, dict):
            return cast(Fields, data)
        trouble = _unreachable()
    raise trouble


def _judge(error: SlackApiError) -> Exception:
    response: Any = error.response
    status, data = response.status_code, response.data
    name = data.get("error") if isinstance(data, dict) else None
    if not isinstance(name, str) or not _ERROR_NAME.fullmatch(name):
        return _unreachable()
    if name in _TOKEN_REFUSED:
        return Fatal(
            "slack-token-refused",
            "Slack refuses the token: it has ended, or is none.",
            "Copy the app's token again into the environment variable that slack.token_env names.",
        )
    if name in _SKIPPED:
        return Skip(_SKIPPED[name])
    if status >= 429 or name in ("ratelimited", "rate_limited"):
        return _unreachable()
    return Skip("slack-refused")


def _unreachable() -> Fatal:
    return Fatal(
        "slack-unreachable",
        "Slack's Web API cannot be reached, or does not answer as it should.",
        "Look at the network and at slack.api_url, then run again to continue.",
    )


class _Client(WebClient):
    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        # A redirect, wherever it leads, is followed without the token.
        if token := req.headers.pop("Authorization", None):
            req.add_unredirected_header("Authorization", token)
        return super()._perform_urllib_http_request_internal(url, req)


class _Patient(RetryHandler):
    """What the SDK's handlers lack: a count of its own for each, where they share one, and waits
    that can be handed in."""

    def __init__(self, most: int, sleep: Sleep) -> None:
        super().__init__(max_retry_count=most)
        self._sleep = sleep

    def can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        return self._count(state) < self.max_retry_count and self._can_retry(
            state=state, request=request, response=response, error=error
        )

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        count = self._count(state)
        state.custom_values = {**(state.custom_values or {}), type(self).__name__: count + 1}
        state.next_attempt_requested = True
        state.increment_current_attempt()
        self._sleep(_read_wait(response) or 2.0**count)

    def _count(self, state: RetryState) -> int:
        return int((state.custom_values or {}).get(type(self).__name__, 0))


class _Connections(_Patient, ConnectionErrorRetryHandler):
    def __init__(self, most: int, sleep: Sleep) -> None:
        super().__init__(most, sleep)
        # Without the last three an answer that breaks off or stalls would end the call.
        self.error_types_to_do_retries = [URLError, ConnectionError, TimeoutError, HTTPException]


class _Limits(_Patient, RateLimitErrorRetryHandler):
    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        limited = super()._can_retry(state=state, request=request, response=response, error=error)
        return limited and _read_wait(response) <= LONGEST_WAIT


class _Servers(_Patient, ServerErrorRetryHandler):
    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        # The SDK's own leaves out what a gateway says: 502 and 504.
        return response is not None and response.status_code >= 500


def _read_wait(response: HttpResponse | None) -> float:
    """Seconds out of Retry-After, 0 where there is none."""
    for name, values in (response.headers if response else {}).items():
        if name.lower() == "retry-after":
            value = str(values[0] if isinstance(values, list) else values).strip()
            return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0.0
    return 0.0
