"""How often a body is asked for, with which tokens, how long is waited between, and when to give
up: on one body, or on Slack. A single try is made in `transfer`."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from migrate.errors import Fatal
from migrate.slack.hosts import Hosts
from migrate.slack.partial import BLOCK, Partial
from migrate.slack.tokens import Credential, Tokens
from migrate.slack.transfer import No, Outcome, Transfer, Trouble, Wanted, Whole, host_of

MOST_TRIES = 6
"""In a row without progress, with waits of 1, 2, 4, 8 and 16 seconds between them."""

MOST_WAITS = 20
"""How often in a row one body may be told to come back later."""

LONGEST_WAIT = 900.0
"""Seconds. Whoever is told to wait longer had better run again tomorrow."""

MOST_FAILURES = 12
"""Bodies in a row that fail, with no other that comes: then it is Slack that fails."""

MOST_SIZES = 2
"""How often a body may come in another size than it should have; a second look may find it whole
where it was cut in silence, a third finds what the second did."""

_TELLING = ("body-gone", "body-denied", "body-sign-in")
"""Which refusal says most, where each token met with another one."""


class Tries:
    """One fetch's tries; what one body learns of a host, a token or a pause holds for the others.

    `sleep` takes seconds.
    """

    def __init__(
        self,
        transfer: Transfer,
        hosts: Hosts,
        tokens: Tokens,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._transfer = transfer
        self._hosts = hosts
        self._tokens = tokens
        self._sleep = sleep
        self._open = asyncio.Event()
        self._open.set()
        self._pauses = 0
        self._failures = 0
        self._silence: Counter[str] = Counter()  # tries in a row that found no server, by host
        self._given_up: set[str] = set()

    async def bring(self, wanted: Wanted, partial: Partial) -> Whole | No:
        """Get the whole body into `partial`. Raises Fatal where Slack cannot be reached, or the
        disk refuses."""
        if not self._hosts.may_fetch(wanted.url):
            return No("body-host")
        refusals: list[str] = []
        for way in self._choices(wanted):
            outcome = await self._insist(wanted, way, partial)
            if isinstance(outcome, Whole):
                self._tokens.remember(way)
                return outcome
            refusals.append(outcome.code)
            if outcome.code not in _TELLING:
                return outcome
        return No(next(code for code in _TELLING if code in refusals))

    def _choices(self, wanted: Wanted) -> list[Credential]:
        if self._hosts.may_have_token(wanted.url):
            return self._tokens.choices(wanted.token)
        return [Credential()]

    async def _insist(self, wanted: Wanted, way: Credential, partial: Partial) -> Whole | No:
        """Try until there is an answer, as long as it gets any further."""
        host = host_of(wanted.url)
        furthest, failures, waits, sizes = partial.size, 0, 0, 0
        while True:
            await self._open.wait()
            outcome = await self._transfer.attempt(wanted, way, partial)
            self._note(host, outcome)
            if not isinstance(outcome, Trouble):
                return outcome
            if outcome.busy and self._hosts.may_have_token(wanted.url):
                if (waits := waits + 1) == MOST_WAITS:
                    raise _unreachable()
                await self._pause(outcome.after or 2.0 ** min(waits, 6))
                continue
            if partial.size >= furthest + BLOCK:
                furthest, failures = partial.size, 0
            failures += 1
            sizes += outcome.code == "body-size"
            most = 1 if host in self._given_up else MOST_TRIES
            if failures >= most or sizes >= MOST_SIZES:
                return self._give_up(wanted, outcome)
            await self._sleep(max(min(outcome.after, LONGEST_WAIT), 2.0 ** (failures - 1)))

    def _note(self, host: str, outcome: Outcome) -> None:
        if isinstance(outcome, Trouble) and not outcome.reached:
            self._silence[host] += 1
            return
        self._silence[host] = 0
        self._given_up.discard(host)
        if not isinstance(outcome, Trouble):
            self._failures = 0

    async def _pause(self, seconds: float) -> None:
        """Slack counts all requests of a workspace together, so all of them wait."""
        if seconds > LONGEST_WAIT:
            raise Fatal(
                "slack-unreachable",
                f"Slack asks to wait {seconds / 60:.0f} minutes.",
                "Run again then; it goes on where it stopped.",
            )
        self._pauses += 1
        self._open.clear()
        try:
            await self._sleep(seconds)
        finally:
            self._pauses -= 1
            if not self._pauses:
                self._open.set()

    def _give_up(self, wanted: Wanted, trouble: Trouble) -> No:
        if trouble.code != "body-failing":
            return No(trouble.code)
        self._failures += 1
        host = host_of(wanted.url)
        silent = not trouble.reached and self._silence[host] >= MOST_TRIES - 1
        if not self._hosts.may_have_token(wanted.url):
            if silent:
                # A picture is no reason to stop; but neither to wait half a minute for each.
                self._given_up.add(host)
        elif silent or self._failures >= MOST_FAILURES:
            raise _unreachable()
        return No(trouble.code)


def _unreachable() -> Fatal:
    return Fatal(
        "slack-unreachable",
        "Slack cannot be reached, or answers with nothing but errors.",
        "Look at the network, then run again; it goes on where it stopped.",
    )
