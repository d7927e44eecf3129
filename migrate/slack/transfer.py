"""One try at one body: the request, its redirects, the answer judged and written down. Whether to
try again, and with which token, is decided in `tries`."""

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from migrate.slack.hosts import Hosts
from migrate.slack.partial import Partial, Tag
from migrate.slack.signin import (
    HEAD_BYTES,
    is_html_type,
    is_sign_in_address,
    is_sign_in_page,
    looks_like_html,
    wants_html,
)
from migrate.slack.tokens import Credential, carries_token

MOST_REDIRECTS = 5

_REDIRECTS = (301, 302, 303, 307, 308)
_DENIED = (401, 403)
_GONE = (404, 410)
_BUSY = (408, 425, 429)
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Wanted(msgspec.Struct, frozen=True):
    """A body to bring. `id` is the caller's, `url` without its token; `size` in bytes and
    `mimetype` as Slack says, 0 and "" where it does not; `mode` as in `model.File`; `token` is the
    value of the export's token that this very URL carried, "" if it had none; `clean` makes of a
    whole body what may be kept of it."""

    id: str
    url: str
    size: int = 0
    mode: str = "hosted"
    mimetype: str = ""
    token: str = ""
    clean: Callable[[bytes], bytes] | None = None

    def __repr__(self) -> str:
        return f"Wanted({self.id})"

    @property
    def exact_size(self) -> int:
        """The size that the body must have, 0 where Slack's figure is only about right."""
        return self.size if self.mode == "hosted" else 0


class Whole(msgspec.Struct, frozen=True):
    """All of the body is in the partial, and it is no sign-in page."""


class No(msgspec.Struct, frozen=True):
    """Asked in this way, Slack does not give the body: `code` says why."""

    code: str


class Trouble(msgspec.Struct, frozen=True):
    """It may go better in a while, not before `after` seconds. `reached` says whether there
    was a server at all; `busy` that it asked everybody to wait."""

    code: str = "body-failing"
    after: float = 0.0
    reached: bool = True
    busy: bool = False


Outcome = Whole | No | Trouble


class Transfer:
    """Tries, over one session. `begun` is told the id when a body's first bytes have come."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        hosts: Hosts,
        begun: Callable[[str], None],
    ) -> None:
        self._session = session
        self._hosts = hosts
        self._begun = begun

    async def attempt(self, wanted: Wanted, way: Credential, partial: Partial) -> Outcome:
        """Ask once, from where `partial` stands. Raises Fatal where the disk refuses."""
        if partial.tag is not None and partial.tag.size == partial.size > 0:
            # An earlier process was stopped between the last byte and the final name.
            return self._judge(wanted, partial, partial.tag.mimetype)
        # What the library raises names the URL, and so the token: none of it goes on from here.
        try:
            return await self._follow(wanted, way, partial)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Trouble(reached=False)
        except (aiohttp.ClientError, TimeoutError):
            return Trouble()

    async def _follow(self, wanted: Wanted, way: Credential, partial: Partial) -> Outcome:
        url = wanted.url
        for followed in range(MOST_REDIRECTS + 1):
            if not self._may_ask(url):
                return No("body-redirect" if followed else "body-host")
            address, headers = url, _conditions(partial)
            if self._hosts.may_have_token(url):
                address, headers = way.address(url), {**headers, **way.headers()}
            async with self._session.get(
                address, headers=headers, allow_redirects=False
            ) as response:
                if response.status not in _REDIRECTS:
                    return await self._answer(wanted, response, partial)
                location = _lead(url, response.headers.get("Location", ""))
            if is_sign_in_address(location, at_slack=self._hosts.may_have_token(location)):
                return No("body-sign-in")
            url = location
        return No("body-redirect")

    def _may_ask(self, url: str) -> bool:
        return self._hosts.may_have_token(url) or (
            self._hosts.may_fetch(url) and not carries_token(url)
        )

    async def _answer(
        self, wanted: Wanted, response: aiohttp.ClientResponse, partial: Partial
    ) -> Outcome:
        status = response.status
        if status in (200, 206):
            return await self._accept(wanted, response, partial)
        if status in _DENIED:
            return No("body-denied")
        if status in _GONE:
            return No("body-gone")
        if status == 416:
            partial.drop()
            return Trouble()
        if status in _BUSY or status >= 500:
            return Trouble(after=_read_wait(response), busy=status == 429)
        return No("body-refused")

    async def _accept(
        self, wanted: Wanted, response: aiohttp.ClientResponse, partial: Partial
    ) -> Outcome:
        served_as = response.headers.get("Content-Type", "")
        if is_html_type(served_as) and not wants_html(wanted.mimetype, wanted.mode):
            return No("body-sign-in")
        tag, start = _describe(response)
        # What is small enough to be the sign-in page is looked at first.
        if wanted.exact_size and tag.size > HEAD_BYTES and tag.size != wanted.exact_size:
            return Trouble("body-size")
        if response.status == 206:
            known = partial.tag
            if known is None or start != partial.size or not known.agrees(tag):
                # Other bytes than those that were asked for, or of a newer body.
                partial.drop()
                return Trouble()
        else:
            partial.begin(tag)
        limit = max(wanted.exact_size, HEAD_BYTES) if wanted.exact_size else 0
        cut = await self._receive(wanted, response, partial, limit)
        return cut or self._judge(wanted, partial, served_as)

    async def _receive(
        self, wanted: Wanted, response: aiohttp.ClientResponse, partial: Partial, limit: int
    ) -> Trouble | None:
        """Take down what comes; None where all of it came.

        Hashed and written here and not in a thread: that is 0.2 ms for each chunk, while its bytes
        are still at hand; handing it over cost more, and was slower by a third on two cores.
        """
        fresh = partial.size == 0
        try:
            async for chunk in response.content.iter_any():
                partial.append(chunk)
                if limit and partial.size > limit:
                    return Trouble("body-size")
                if fresh:
                    self._begun(wanted.id)
                    fresh = False
        except (aiohttp.ClientError, TimeoutError):
            return Trouble()
        finally:
            partial.pause()
        return None

    def _judge(self, wanted: Wanted, partial: Partial, served_as: str) -> Outcome:
        """Look at a body that came to its end; what is not one is dropped."""
        said = partial.tag.size if partial.tag else -1
        exact = wanted.exact_size
        if looks_like_html(partial.opening, served_as):
            head = partial.head(HEAD_BYTES)
            fits = exact > 0 and partial.size == exact
            if is_sign_in_page(head, served_as, wanted.mimetype, wanted.mode, size_fits=fits):
                partial.drop()
                return No("body-sign-in")
        fits = partial.size == exact if exact else (partial.size > 0 or wanted.size == 0)
        if not fits or (said >= 0 and partial.size != said):
            partial.drop()
            return Trouble("body-size")
        return Whole()


def _conditions(partial: Partial) -> dict[str, str]:
    """The headers that ask for the rest of what is there already."""
    if not partial.size or partial.tag is None:
        return {}
    headers = {"Range": f"bytes={partial.size}-"}
    if condition := partial.tag.condition:
        headers["If-Range"] = condition
    return headers


def _describe(response: aiohttp.ClientResponse) -> tuple[Tag, int]:
    """What the answer says of the whole body, and at which byte it begins (-1: it does not say)."""
    headers = response.headers
    size, start = -1, 0
    if response.status == 206:
        found = _RANGE.fullmatch(headers.get("Content-Range", "").strip().lower())
        start = int(found[1]) if found else -1
        size = int(found[3]) if found and found[3] != "*" else -1
    elif headers.get("Content-Encoding", "identity").lower() == "identity":
        # Of a packed body it would be the packed size.
        size = response.content_length if response.content_length is not None else -1
    tag = Tag(
        size=size,
        etag=headers.get("ETag", ""),
        modified=headers.get("Last-Modified", ""),
        mimetype=headers.get("Content-Type", ""),
    )
    return tag, start


def _read_wait(response: aiohttp.ClientResponse) -> float:
    """Seconds out of Retry-After; 0 where it is missing or a date, which Slack does not send."""
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0.0


def _lead(url: str, location: str) -> str:
    """Where a redirect leads, "" where nobody can tell."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def host_of(url: str) -> str:
    """Scheme, host and port of a URL that `Hosts` let through."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
