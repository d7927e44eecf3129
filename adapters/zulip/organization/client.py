"""zulip's client with time-outs on everything and repetitions of nothing, acting as whoever is
asked for. What its answers mean is `verdicts`, and what is said to the server lies elsewhere."""

import contextlib
import contextvars
import http.cookiejar
import os
from collections.abc import Iterator, Mapping
from typing import IO, Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
import requests
import requests.auth
import zulip
from urllib3.util import Retry as Patience

from adapters.zulip.organization.verdicts import Asker, judge, judge_failure, not_understood

Json: TypeAlias = Any  # what a server's JSON decodes to; read with care where it is read

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 120.0
"""How long the server may take to be reached, and to say its next word."""


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
            judge_failure(error)
        somebody = self._acting.get()
        told = response.headers.get("X-RateLimit-Limit", "")
        if somebody is None and told.isdecimal():
            self.calls_a_minute = int(told)
        if not response.ok or response.is_redirect:
            judge(response, self._asker())
        return response

    def _asker(self) -> Asker:
        somebody = self._acting.get()
        if somebody is None:
            return "importer"
        return "nobody" if somebody is NOBODY else "other"

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
