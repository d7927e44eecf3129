"""The import file of one archive, put together from its parts: what stands before the posts,
between and behind them, and what is remembered of it for the next archive. The zip around it is
`archive`'s."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from adapters.mattermost import channels, lines, people, streams
from adapters.mattermost.config import Config
from adapters.mattermost.profiles import MattermostCaps
from adapters.mattermost.records import (
    AccountRecord,
    ConversationRecord,
    Ledger,
    decode_account,
    decode_conversation,
    decode_total,
)
from adapters.mattermost.validator import Known
from migrate.spi import PartFile

Record = TypeVar("Record")
Bites = Iterator[tuple[bytes, bytes]]
"""Stretches of the file, as they lie in the zip and as they read."""


class Manuscript:
    """`earlier` is what earlier archives took, `unreadable` the paths of people's pictures that no
    server can read: an import would end at them, so that nobody has them."""

    def __init__(
        self,
        config: Config,
        caps: MattermostCaps,
        parts: Sequence[PartFile],
        earlier: Sequence[Ledger],
        unreadable: Collection[str] = (),
    ) -> None:
        self._config = config
        self._kept = caps.kept
        self._parts = parts
        self._accounts: list[AccountRecord] = [
            msgspec.structs.replace(each, image="") if each.image in unreadable else each
            for each in _read(parts, streams.ACCOUNTS, decode_account)
        ]
        self._conversations: list[ConversationRecord] = _read(
            parts, streams.CONVERSATIONS, decode_conversation
        )
        self._totals = _sum_totals(parts, earlier)
        emails = {email for ledger in earlier for email in ledger.addresses.values()}
        self._addresses = people.assign_addresses(self._accounts, config.email_domain, emails)
        self.known = Known(
            users=frozenset(
                {name for ledger in earlier for name in ledger.users}
                | {each.username for each in self._accounts if each.mapped}
            ),
            emails=frozenset(emails),
            channels=frozenset(
                {name for ledger in earlier for name in ledger.channels}
                | {each.name for each in self._conversations if each.stands and each.name}
            ),
        )

    @property
    def ledger(self) -> Ledger:
        """What the next archive has to know of this one."""
        return Ledger(
            users=tuple(each.username for each in self._accounts),
            addresses=self._addresses,
            channels=tuple(each.name for each in self._conversations if each.name),
            totals=self._totals,
        )

    def bites(self, *, makes_team: bool) -> Bites:
        """The whole file."""
        modern = self._kept.read_state
        yield _packed(self._head(makes_team=makes_team))
        yield from self._stretches(streams.POSTS)
        yield _packed(channels.direct_lines(self._conversations, self._totals, modern=modern))
        yield from self._stretches(streams.DIRECT_POSTS)
        for round in range(1, streams.rounds(n for part in self._parts for n in part.streams) + 1):
            yield _packed([self._barrier()])
            yield from self._stretches(streams.rest_of(streams.POSTS, round))
            yield from self._stretches(streams.rest_of(streams.DIRECT_POSTS, round))
        yield streams.END, b""

    def _head(self, *, makes_team: bool) -> Iterator[lines.Line]:
        yield lines.VersionLine()
        yield from _read(self._parts, streams.EMOJI, lines.decode)
        if makes_team:
            yield self._team()
        yield from channels.channel_lines(self._conversations, self._config.team, self._totals)
        yield from people.user_lines(
            self._accounts,
            self._conversations,
            self._config,
            self._totals,
            self._addresses,
            modern=self._kept.read_state,
        )
        yield from people.bot_lines(self._accounts, self._config.bot_owner)

    def _team(self) -> lines.TeamLine:
        return lines.TeamLine(
            lines.Team(name=self._config.team, display_name=self._config.shown_team, type="I")
        )

    def _barrier(self) -> lines.Line:
        """A line of another type and without effect: only when lines change their type is
        everything before them written, and the root of a thread known again. The older kind stops
        at an emoji of its own, and is told the team's name once more."""
        return lines.BARRIER if self._kept.bodies else self._team()

    def _stretches(self, stream: str) -> Bites:
        for part in self._parts:
            if stream in part.streams:
                yield from streams.inflate(part.streams[stream])


def _packed(written: Iterable[lines.Line]) -> tuple[bytes, bytes]:
    plain = lines.encode_lines(written)
    return streams.deflate(plain), plain


def _read(
    parts: Sequence[PartFile], stream: str, decode: Callable[[bytes], Record]
) -> list[Record]:
    """Every record of a stream, in the order of the parts."""
    found: list[Record] = []
    for part in parts:
        if stream in part.streams:
            with part.streams[stream].open("rb") as records:
                found += map(decode, records)
    return found


def _sum_totals(
    parts: Sequence[PartFile], earlier: Sequence[Ledger]
) -> dict[str, tuple[int, int, int]]:
    sums = dict(earlier[-1].totals) if earlier else {}
    for total in _read(parts, streams.TOTALS, decode_total):
        posts, roots, last = sums.get(total.lane, (0, 0, 0))
        sums[total.lane] = (posts + total.posts, roots + total.roots, max(last, total.last))
    return sums
