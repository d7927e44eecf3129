"""zulip's client with time-outs on everything and repetitions of nothing, acting as whoever is
asked for; and the one place where a server's answers become verdicts. What is said to the server
lies elsewhere."""

import contextlib
import contextvars
import http.cookiejar
import os
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn, TypeAlias
from urllib.parse import urlsplit

import msgspec
import requests
import requests.auth
import zulip
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import Retry as Patience

from migrate.errors import Fatal, Retry, Skip

Json: TypeAlias = Any  # what a server's JSON decodes to; read with care where it is read

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 120.0
"""How long the server may take to be reached, and to say its next word."""

LONGEST_PAUSE = 120.0
"""Seconds that a server may ask for before a password is tried again."""

_PASSING = frozenset({500, 502, 503, 504})


class Refused(Skip):
    """The server said no (4xx). Uncaught, it is the verdict that this one act fails.

    `reason` is the server's word for it, such as BAD_REQUEST; `words` are its sentence, read to
    tell cases apart and never passed on.
    """

    def __init__(self, status: int, reason: str, words: str) -> None:
        super().__init__(_SKIPS.get(reason) or _STATUS_SKIPS.get(status, "zulip-refused"))
        self.status = status
        self.reason = reason
        self.words = words

    def says(self, *parts: str) -> bool:
        """Whether the server's sentence holds one of these, upper and lower case being one."""
        return any(part.lower() in self.words.lower() for part in parts)


_SKIPS: Mapping[str, str] = {
    "STREAM_DOES_NOT_EXIST": "zulip-not-found",
    "CHANNEL_DOES_NOT_EXIST": "zulip-not-found",
    "UNAUTHORIZED_PRINCIPAL": "zulip-forbidden",
    "USER_DEACTIVATED": "zulip-account-closed",
}
_STATUS_SKIPS: Mapping[int, str] = {
    403: "zulip-forbidden",
    404: "zulip-not-found",
    413: "zulip-too-large",
}


class Credentials:
    """Somebody's address and key. Neither is ever shown."""

    __slots__ = ("email", "key")

    def __init__(self, email: str, key: str) -> None:
        self.email = email
        self.key = key

    def __repr__(self) -> str:
        return "Credentials(…)"


NOBODY = Credentials("", "")
"""Who asks what everybody may ask: no key goes along."""


class ServerClient(zulip.Client):
    """Every request goes through `do_api_query`. Nothing is repeated, nothing is printed, no
    redirect is followed, and neither a .netrc nor a ~/.zuliprc has a say."""

    def __init__(self, site: str, owner: Credentials, cert_bundle: str | None = None) -> None:
        # Task-local, and copied into the threads that calls run in.
        self._acting = contextvars.ContextVar[Credentials | None]("acting", default=None)
        self._owner = owner
        self.calls_a_minute = 0
        super().__init__(
            email=owner.email,
            api_key=owner.key,
            config_file=os.devnull,
            retry_on_errors=False,
            site=site,
            client="chat-migrate",
            cert_bundle=cert_bundle,
            insecure=False,
        )

    def get_server_settings(self) -> dict[str, Any]:
        """zulip's client would ask before anybody knows whether the server is there."""
        return {"zulip_version": "", "zulip_feature_level": 0}

    def ensure_session(self) -> None:
        if self.session is not None:
            return
        super().ensure_session()
        assert self.session is not None
        # A function of our own: for a pair requests would look into .netrc first.
        self.session.auth = self._sign
        self.session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            never = Patience(total=0, connect=0, read=False, redirect=0, status=0, other=0)
            self.session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=never))

    def close(self) -> None:
        if self.session is not None:
            self.session.close()

    @contextlib.contextmanager
    def acting(self, somebody: Credentials | None) -> Iterator[None]:
        """What is asked inside is asked by `somebody`; by the importer where that is None."""
        token = self._acting.set(somebody)
        try:
            yield
        finally:
            self._acting.reset(token)

    def do_api_query(
        self,
        orig_request: Mapping[str, Any],
        url: str,
        method: str = "POST",
        longpolling: bool = False,
        files: list[IO[Any]] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """One request. Raises Refused, Retry or Fatal for any answer that is not the one that was
        asked for."""
        assert not files and not longpolling  # `upload` is for files; nobody waits for events
        form = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in orig_request.items()
        }
        response = self._exchange(method, url, {"params" if method == "GET" else "data": form})
        return _decode(response)

    def upload(self, url: str, body: Any, content_type: str) -> dict[str, Any]:
        """POST a body that is made while it is sent; see `envelope.Envelope`."""
        headers = {"Content-Type": content_type}
        return _decode(self._exchange("POST", f"v1/{url}", {"data": body, "headers": headers}))

    def fetch_static(self, path: str) -> bytes:
        """What the server shows everybody. No key goes along."""
        self.ensure_session()
        parts = urlsplit(self.base_url)
        with self.acting(NOBODY):
            return self._exchange("GET", f"{parts.scheme}://{parts.netloc}{path}", {}).content

    def _exchange(self, method: str, url: str, request: Mapping[str, Any]) -> requests.Response:
        self.ensure_session()
        assert self.session is not None
        try:
            response = self.session.request(
                method,
                url if url.startswith("http") else self.base_url + url,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                # A write that is led on elsewhere would arrive there as a read, with the key.
                allow_redirects=False,
                **request,
            )
        except requests.exceptions.RequestException as error:
            _judge_failure(error)
        somebody = self._acting.get()
        told = response.headers.get("X-RateLimit-Limit", "")
        if somebody is None and told.isdecimal():
            self.calls_a_minute = int(told)
        if not response.ok or response.is_redirect:
            _judge(response, somebody)
        return response

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        somebody = self._acting.get() or self._owner
        if somebody is NOBODY:
            return request
        signed = requests.auth.HTTPBasicAuth(somebody.email.encode(), somebody.key.encode())
        return signed(request)


def _decode(response: requests.Response) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_understood() from error
    if not isinstance(answer, dict) or answer.get("result") != "success":
        raise not_understood()
    return answer


def not_understood() -> Fatal:
    """What answers is something else than the server, or a version nobody has seen."""
    return Fatal(
        "zulip-not-understood",
        "What answers at the organization's address does not speak as a Zulip server does.",
        "Is `target.url` right, and is there a proxy in between?",
    )


def unreachable() -> Fatal:
    return Fatal(
        "zulip-unreachable",
        "The Zulip server does not answer.",
        "See that it is up and that `target.url` is right, then run again to continue.",
    )


def _judge_failure(error: requests.exceptions.RequestException) -> NoReturn:
    """Raise the verdict on a call that got no answer."""
    causes = list(_causes(error))
    if any("certificate" in str(cause).lower() for cause in causes) and isinstance(
        error, requests.exceptions.SSLError
    ):
        raise Fatal(
            "zulip-certificate",
            "The server's certificate is not valid for this address.",
            "Correct `target.url`, or the certificate; name the authority's own certificate as"
            " cert_bundle in the zuliprc.",
        ) from None
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        raise not_understood() from None
    # A connection that was never made has taken nothing. What requests raises may name the address
    # of the call: it goes no further.
    never = any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes)
    raise Retry("zulip-unreachable", refused=never) from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was made of."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__]
            waiting.append(cause.__context__)


def _judge(response: requests.Response, somebody: Credentials | None) -> NoReturn:
    """Raise the verdict on an error answer to `somebody`, the importer where that is None."""
    status = response.status_code
    reason, words = _told(response)
    if status < 400:
        raise Fatal(
            "zulip-moved",
            "The server leads on to another address.",
            "Write that address into `target.url` and into the zuliprc, mostly https instead of"
            " http.",
        )
    if reason == "REALM_DEACTIVATED":
        raise Fatal(
            "zulip-organization-closed",
            "The organization is deactivated.",
            "Have it reactivated on the server, then run again to continue.",
        )
    if status == 401 and somebody is None:
        raise Fatal(
            "zulip-key",
            "The server does not accept the key of the importing account.",
            "Download a new zuliprc of that account, in Zulip under Personal settings > Account &"
            " privacy > API key.",
        )
    if status == 429:
        wait = _wait(response)
        if wait > LONGEST_PAUSE and somebody is NOBODY:
            # A password that was wrong too often: half an hour would not mend it.
            raise Refused(status, reason, words)
        raise Retry("zulip-rate-limited", wait, refused=True)
    if status in _PASSING:
        raise Retry("zulip-server-error")
    raise Refused(status, reason, words)


def _told(response: requests.Response) -> tuple[str, str]:
    """The server's word and sentence for an error; empty where it has none."""
    try:
        answer = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", ""
    if not isinstance(answer, dict):
        return "", ""
    reason, words = answer.get("code"), answer.get("msg")
    return (
        reason if isinstance(reason, str) else "",
        words if isinstance(words, str) else "",
    )


def _wait(response: requests.Response) -> float:
    """Seconds that the server asks for, one where it does not say."""
    try:
        return max(float(response.headers["Retry-After"]), 0.1)
    except (KeyError, ValueError):
        return 1.0
