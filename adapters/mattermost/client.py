"""mattermostdriver's client over kept connections, with the verbs, the time-outs and the care with
writes that it lacks; and the one place where a server's answers become verdicts. What is said to
the server lies elsewhere."""

from collections.abc import Mapping, Sequence
from typing import IO, Any, NoReturn, TypeAlias
from urllib.parse import urlsplit

import msgspec
import requests
import requests.adapters
from mattermostdriver import Driver
from mattermostdriver.client import Client
from urllib3.util import Retry as Patience

from migrate.errors import Fatal, Retry, Skip

Json: TypeAlias = Any  # what a server's JSON decodes to; read with care where it is read

CONNECT_SECONDS, READ_SECONDS, WRITE_SECONDS = 10.0, 60.0, 300.0
"""How long the server may take to be reached, and to say its next word: the last chunk of an upload
is answered only once the whole is in the server's file store."""

BACKOFF_SECONDS = 0.3
"""Before the second repetition of a read; twice as long before each one after."""

_READS = frozenset({"GET", "HEAD"})
_PASSING = (429, 500, 502, 503, 504)
"""What may be gone by the next try."""


class Refused(Skip):
    """The server said no. Uncaught, it is the verdict that this one act fails.

    `reason` is the server's own id of the error, such as `app.channel.get.not_found`; "" where the
    answer held none.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(_SKIPS.get(status, "mattermost-refused"))
        self.status = status
        self.reason = reason


_SKIPS: Mapping[int, str] = {
    403: "mattermost-forbidden",
    404: "mattermost-not-found",
    413: "mattermost-too-large",
    501: "mattermost-switched-off",
}


class ServerClient(Client):
    """Every request of the driver's endpoints goes through here.

    Reads are repeated when they meet a fault that passes, and end in Fatal if it does not. Nothing
    that may write is repeated: it raises Retry, and whoever called asks first what became of it.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)  # type: ignore[no-untyped-call]  # the driver is not annotated
        patience = Patience(
            total=5,
            backoff_factor=BACKOFF_SECONDS,
            status_forcelist=_PASSING,
            allowed_methods=_READS,
            raise_on_status=False,
        )
        # Writes have connections of their own without any patience: urllib3 would repeat one whose
        # connection could not be made, and it is simpler to say that nothing is repeated.
        self._reads, self._writes = requests.Session(), requests.Session()
        for session in (self._reads, self._writes):
            # Not a header: requests puts what a .netrc says in the place of one.
            session.auth = self._sign
        for scheme in ("https://", "http://"):
            self._reads.mount(scheme, requests.adapters.HTTPAdapter(max_retries=patience))

    def close(self) -> None:
        self._reads.close()
        self._writes.close()

    def make_request(
        self,
        method: str,
        endpoint: str,
        options: Json = None,
        params: Mapping[str, str] | None = None,
        data: bytes | Mapping[str, str] | None = None,
        files: Mapping[str, IO[bytes]] | None = None,
        basepath: str | None = None,
    ) -> requests.Response:
        """One request; `options` is a JSON body. Raises Refused, Retry or Fatal for any answer that
        is not the one that was asked for."""
        verb = method.upper()
        reading = verb in _READS
        session = self._reads if reading else self._writes
        headers = {"Content-Type": "application/octet-stream"} if isinstance(data, bytes) else None
        try:
            response = session.request(
                verb,
                self.url + endpoint,
                json=options,
                params=params,
                data=data,
                files=files,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS if reading else WRITE_SECONDS),
                # A write that is led on elsewhere would arrive there as a read.
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise Fatal(
                "mattermost-certificate",
                "The server's certificate is not valid for this address.",
                "Correct `target.url`, or the certificate.",
            ) from error
        except requests.exceptions.RequestException as error:
            if reading:
                raise _unreachable() from error
            raise Retry("mattermost-unreachable") from error
        if not response.ok or response.is_redirect:
            _judge(response, reading)
        return response

    def get(self, endpoint: str, options: Json = None, params: Json = None) -> Json:
        return _decode(self.make_request("get", endpoint, options, params))

    def post(
        self,
        endpoint: str,
        options: Json = None,
        params: Json = None,
        data: Json = None,
        files: Json = None,
    ) -> Json:
        return _decode(self.make_request("post", endpoint, options, params, data, files))

    def put(
        self, endpoint: str, options: Json = None, params: Json = None, data: Json = None
    ) -> Json:
        return _decode(self.make_request("put", endpoint, options, params, data))

    def patch(self, endpoint: str, options: Json = None, params: Json = None) -> Json:
        return _decode(self.make_request("patch", endpoint, options, params))

    def delete(
        self, endpoint: str, options: Json = None, params: Json = None, data: Json = None
    ) -> Json:
        return _decode(self.make_request("delete", endpoint, options, params, data))

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def open_driver(url: str, token: str) -> Driver:
    """mattermostdriver for the server at `url`, a port and a path below the host included. Nothing
    is sent yet."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    driver = Driver(  # type: ignore[no-untyped-call]  # the driver is not annotated
        {
            "scheme": parts.scheme,
            "url": f"[{host}]" if ":" in host else host,
            "port": parts.port or (443 if parts.scheme == "https" else 80),
            "basepath": f"{parts.path.rstrip('/')}/api/v4",
        },
        client_cls=ServerClient,
    )
    driver.client.token = token
    return driver


def _decode(response: requests.Response) -> Json:
    """The JSON of an answer; None for an empty one, as the server gives after a chunk."""
    if response.status_code == 204 or not response.content:
        return None
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError as error:
        raise not_understood() from error


def not_understood() -> Fatal:
    """What answers is something else than the server, or a version nobody has seen."""
    return Fatal(
        "mattermost-not-understood",
        "What answers at `target.url` does not speak as a Mattermost server does.",
        "Is `target.url` right, with its path if it has one, and is there a proxy in between?",
    )


def _unreachable() -> Fatal:
    return Fatal(
        "mattermost-unreachable",
        "The Mattermost server does not answer.",
        "See that it is up and that `target.url` is right, then run again to continue.",
    )


def _judge(response: requests.Response, reading: bool) -> NoReturn:
    """Raise the verdict on an error answer. The server's own words are read, never passed on."""
    status = response.status_code
    if status < 400:
        raise Fatal(
            "mattermost-moved",
            "The server leads on to another address.",
            "Write that address into `target.url`, mostly https instead of http.",
        )
    if status == 401:
        raise Fatal(
            "mattermost-token",
            "The server does not accept the access token.",
            "Make a personal access token for a system admin and put it into the environment"
            " variable that `target.token_env` names.",
        )
    if status in _PASSING:
        if reading:
            raise _unreachable()
        code = "mattermost-rate-limited" if status == 429 else "mattermost-server-error"
        raise Retry(code, _wait(response))
    raise Refused(status, _reason(response))


def _reason(response: requests.Response) -> str:
    try:
        answer = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return ""
    reason = answer.get("id") if isinstance(answer, dict) else None
    return reason if isinstance(reason, str) else ""


def _wait(response: requests.Response) -> float:
    """Seconds that the server asks for, one where it does not say."""
    names: Sequence[str] = ("Retry-After", "X-Ratelimit-Reset")
    for name in names:
        try:
            return min(max(float(response.headers[name]), 0.0), 60.0)
        except (KeyError, ValueError):
            continue
    return 1.0
