"""The tokens that open file bodies, and how each is shown: the export's own in the URL, the user's
in a header. To which hosts they may go is said in `hosts`."""

from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

import msgspec

from migrate.errors import UsageError


class ExportToken(msgspec.Struct, frozen=True):
    """A token out of an archive's URLs (`xoxe-…`) and the query parameter that it was found under:
    `t` in exports up to 2019 and in transcodes, `token` in today's."""

    parameter: str
    value: str

    def __repr__(self) -> str:
        return f"ExportToken({self.parameter})"


class Credential(msgspec.Struct, frozen=True):
    """One way to ask: with `parameter` in the URL; where that is "", as a bearer; where there is no
    value either, with nothing."""

    parameter: str = ""
    value: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.parameter or ('bearer' if self.value else 'none')})"

    def address(self, url: str) -> str:
        """`url` with the token in its query, where this one goes there."""
        if not (self.parameter and self.value):
            return url
        bare = url.partition("#")[0]
        query = urlsplit(bare).query
        if any(part.startswith(f"{self.parameter}=") for part in query.split("&")):
            return bare
        return f"{bare}{'&' if '?' in bare else '?'}{self.parameter}={quote(self.value, safe='')}"

    def headers(self) -> dict[str, str]:
        """The header that carries the token, where this one goes there."""
        if self.parameter or not self.value:
            return {}
        return {"Authorization": f"Bearer {self.value}"}


NOTHING = Credential()


class Tokens:
    """The tokens at hand, the one that opened a body last before the others."""

    def __init__(self, export: Sequence[ExportToken] = (), user: str = "") -> None:
        ways = [Credential(token.parameter, token.value) for token in export if token.value]
        if user := clean_token(user):
            ways.append(Credential("", user))
        self._ways = list(dict.fromkeys(ways))

    def __repr__(self) -> str:
        return f"Tokens({len(self._ways)})"

    def choices(self, own: str = "") -> list[Credential]:
        """In which order to try: first `own`, the token that this very URL carried in the archive;
        then the rest. Without any token: once with nothing."""
        first = [way for way in self._ways if way.value == own]
        if own and not first:
            first = [Credential("token", own)]
        return list(dict.fromkeys([*first, *self._ways])) or [NOTHING]

    def remember(self, way: Credential) -> None:
        """This one works; try it first from now on."""
        if way in self._ways[1:]:
            self._ways.remove(way)
            self._ways.insert(0, way)


def clean_token(token: str) -> str:
    """`token` without the white space around it.

    Raises UsageError, without the token, where it could not stand in a header.
    """
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "slack-token-broken",
            "The Slack token is not one: it holds white space or letters that no token has.",
            "Copy it again into the environment variable that slack.token_env names.",
        )
    return token


def carries_token(url: str) -> bool:
    """Whether a Slack token stands anywhere in `url`, however often it is escaped."""
    for _ in range(4):
        if "xox" in url.lower():
            return True
        url = unquote(url)
    return False
