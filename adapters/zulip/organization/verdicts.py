"""What a server's answers mean to the engine, and what it means that there was none. The one place
where they become verdicts; the server's own words are read here, and never passed on."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NoReturn

import msgspec
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from adapters.zulip.organization.codes import SERVER_CODES
from migrate.errors import Fatal, Retry, Skip

LONGEST_PAUSE = 120.0
"""Seconds that a server may ask for before a password is tried again."""

_PASSING = frozenset({500, 502, 503, 504})


Asker = Literal["importer", "other", "nobody"]
"""Whose key went along."""


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


def judge_failure(error: requests.exceptions.RequestException) -> NoReturn:
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


def _certain(code: str, message: str, advice: str) -> Fatal:
    """What ends the run, of a call that was certainly not taken."""
    fatal = Fatal(code, message, advice)
    fatal.refused = True
    return fatal


def not_allowed(code: str) -> Fatal:
    """A permission that only the server can give was taken away in the middle of a run: whatever
    else would be tried fails, too."""
    known = SERVER_CODES[code]
    return _certain(code, known.text, known.advice)


def judge(response: requests.Response, asker: Asker) -> NoReturn:
    """Raise the verdict on an error answer."""
    status = response.status_code
    reason, words = _told(response)
    if status < 400:
        raise Fatal(
            "zulip-moved",
            "The server leads on to another address.",
            "Write that address into `target.url` and into the zuliprc, mostly https instead of"
            " http.",
        )
    here = "organization has been deactivated" in words
    if reason == "REALM_DEACTIVATED" or (status == 401 and here):
        raise _certain(
            "zulip-organization-closed",
            "The organization is deactivated.",
            "Have it reactivated on the server, then run again to continue.",
        )
    if status == 401 and asker == "importer" and "Account is deactivated" in words:
        raise _certain(
            "zulip-importer-closed",
            "The importing account is deactivated.",
            "Have it reactivated, in Zulip under Organization settings > Users > Deactivated; then"
            " run again to continue.",
        )
    if status == 401 and asker == "importer" and "not associated with this subdomain" in words:
        raise _certain(
            "zulip-elsewhere",
            "The importing account belongs to another organization of this server, or the server"
            " takes this address for another's.",
            "Correct `target.url`, or the site in the zuliprc: it is the organization's own"
            " address, what people open in their browsers.",
        )
    if status == 401 and asker == "importer":
        raise _certain(
            "zulip-key",
            "The server does not accept the key of the importing account.",
            "Download a new zuliprc of that account, in Zulip under Personal settings > Account &"
            " privacy > API key.",
        )
    if status == 429:
        wait = _wait(response)
        if wait > LONGEST_PAUSE and asker == "nobody":
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
