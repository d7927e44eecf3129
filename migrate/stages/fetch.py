"""FETCH: what the archive only points to, brought into the project: bodies that lie in the export,
then what the Web API adds, then bodies from Slack. Each is noted the moment it is there; run again,
only what is missing is asked for."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing

import msgspec

from migrate.config import Project, moment
from migrate.errors import Fatal
from migrate.findings import Finding
from migrate.slack.bodies import (
    Downloader,
    Fetched,
    Refusal,
    Tokens,
    Wanted,
    clear_leftovers,
)
from migrate.slack.client import connect
from migrate.slack.hosts import Hosts
from migrate.slack.workspace import Workspace
from migrate.source import Export
from migrate.source.tokens import cut_tokens
from migrate.stages.brief import Losses, Span
from migrate.stages.enrich import TOPICS, Enrichment, Topic
from migrate.stages.harvest import find_days, harvest_tokens
from migrate.stages.unpack import unpack_bodies
from migrate.stages.wanted import (
    KINDS,
    Kind,
    Need,
    describe_body,
    describe_need,
    has_tokens,
    is_there,
    need_avatars,
    need_emoji,
    need_files,
)
from migrate.stages.world import World
from migrate.store import Store, files
from migrate.store.files import FOLDER, Held

STEPS = (
    *("fetch.taken", "fetch.asked", "body.part", "body.whole", "body.stored"),
    "fetch.noted",
)
"""What the world's probe is told of: a body of the export in its place, an answer of the Web API in
the store, a body on its way, complete, in its place, and noted."""

MARGIN = 256 << 20
"""Bytes that are to be free on the disk beside what is to be fetched."""

NO_TOKEN = "slack-no-token"

_SLOW: frozenset[Topic] = frozenset({"channels"})
"""What is asked last: Slack answers a question about each channel, twenty a minute."""

_TICK = 0.25
"""Seconds between two looks whether somebody wants the fetch to end."""


class Got(msgspec.Struct):
    """What a fetch found and brought: bodies by kind, the bytes of those that it brought, why some
    did not come, and what else was found."""

    found: Counter[Kind] = msgspec.field(default_factory=Counter)
    fetched: Counter[Kind] = msgspec.field(default_factory=Counter)
    already: Counter[Kind] = msgspec.field(default_factory=Counter)
    bytes: int = 0
    refused: Losses = msgspec.field(default_factory=Losses)
    findings: list[Finding] = msgspec.field(default_factory=list)


class Fetch:
    """One fetch of one project, whose lock is held. `token` is the user's, "" for none."""

    def __init__(
        self, store: Store, project: Project, export: Export, world: World, token: str
    ) -> None:
        source, slack = project.config.source, project.config.slack
        self.got = Got()
        self._store = store
        self._folder = project.folder
        self._export = export
        self._world = world
        self._token = token
        self._api_url = slack.api_url
        self._span = Span(moment(source.since, "since"), moment(source.until, "until"))
        self._hosts = Hosts(slack.file_hosts, slack.image_hosts)
        self._user = Tokens(user=token)  # a token that is none ends the fetch before it begins

    def run(self, topics: Collection[Topic]) -> None:
        """Bring all of `topics`.

        Raises UsageError for a token that cannot be one or is another workspace's, Fatal where
        Slack or the disk refuses, Interrupted; what came before is kept.
        """
        missing = self._missing_files() if "files" in topics else {}
        self._hold_disk(missing.values())
        missing = self._unpack(missing)
        foreign = [id for id, need in missing.items() if need.code]
        enrichment = self._connect(topics, foreign)
        if enrichment:
            enrichment.ask(set(topics) - _SLOW, foreign)
        needs = [describe_need(file) for id in missing if (file := files.file(self._store, id))]
        if "people" in topics:
            needs += self._absent(need_avatars(self._store))
        if "emoji" in topics:
            needs += self._absent(need_emoji(self._store))
        self._hold_disk(needs)
        self._download([need for need in needs if self._can_come(need)])
        if enrichment:
            enrichment.ask(set(topics) & _SLOW)
            self.got.findings += enrichment.findings()
        bodies = self._folder / FOLDER
        if set(topics) == set(TOPICS) and not self.got.refused.findings() and bodies.is_dir():
            clear_leftovers(str(bodies))

    def _missing_files(self) -> dict[str, Need]:
        described = (files.file(self._store, id) for id in need_files(self._store, self._span))
        return {n.id: n for n in self._absent(describe_need(file) for file in described if file)}

    def _absent(self, needs: Iterable[Need]) -> list[Need]:
        """Those whose body is not there; the others are counted."""
        absent = []
        for need in needs:
            self.got.found[need.kind] += 1
            if is_there(self._store, self._folder, need.id):
                self.got.already[need.kind] += 1
            else:
                absent.append(need)
        return absent

    def _hold_disk(self, needs: Iterable[Need]) -> None:
        wanted = sum(need.size for need in needs)
        free = shutil.disk_usage(self._folder).free
        if wanted and wanted + MARGIN > free:
            raise Fatal(
                "disk-too-small",
                f"The bodies that are missing take {_amount(wanted)} and {_amount(MARGIN)} are to"
                f" stay free, but the project's disk has {_amount(free)} left.",
                "Free some space, move the project to a larger disk, or take fewer conversations:"
                " source.include, source.channels.",
            )

    def _unpack(self, missing: dict[str, Need]) -> dict[str, Need]:
        """Take what lies in the export; returns what is still missing."""
        if self._store.meta("offline", "0") == "0" or not missing:
            return missing
        self._world.progress.begin("Taking files from the export", len(missing), "files")
        left = dict(missing)
        damaged = Losses()
        bodies = unpack_bodies(self._store, self._folder, self._export, missing, self._world)
        for taken in bodies:
            if isinstance(taken, Finding):
                damaged.add([taken.code], taken.place)
                continue
            self._count(left.pop(taken.id).kind, taken.size)
            self._world.progress.advance()
        self._world.progress.end()
        self.got.findings += damaged.findings()
        return left

    def _connect(self, topics: Collection[Topic], foreign: Collection[str]) -> Enrichment | None:
        """Whoever asks the Web API; None where there is nothing to ask, or no token for it."""
        if not (foreign or set(topics) - {"files"}):
            return None
        if not self._token:
            self.got.findings.append(Finding(code=NO_TOKEN, place=", ".join(sorted(topics))))
            return None
        workspace = Workspace(connect(self._token, self._api_url, sleep=self._pause))
        return Enrichment(self._store, workspace, self._world)

    def _can_come(self, need: Need) -> bool:
        """Whether there is any use in asking for a body; where not, the reason is noted."""
        if not need.code:
            return True
        self._refuse(need, need.code)
        return False

    def _download(self, needs: list[Need]) -> None:
        wanted = [need for need in needs if self._hosts.may_have_token(need.url)]
        tokens = self._user
        if wanted:
            days = find_days(self._store, [need.id for need in wanted])
            tokens = Tokens(harvest_tokens(self._export, days, self._hosts), self._token)
        if not tokens.choices()[0].value:
            # Nothing but sign-in pages would come.
            for need in wanted:
                self.got.refused.add([NO_TOKEN], need.id)
            closed = {need.id for need in wanted}
            needs = [need for need in needs if need.id not in closed]
        if needs:
            asyncio.run(self._bring(needs, tokens))

    async def _bring(self, needs: list[Need], tokens: Tokens) -> None:
        by_id = {need.id: need for need in needs}
        progress = self._world.progress
        progress.begin("Fetching", sum(need.size for need in needs), "bytes")
        downloader = Downloader(
            self._folder / FOLDER,
            self._hosts,
            tokens,
            sleep=self._sleep,
            probe=self._world.probe,
        )
        async with aclosing(downloader.fetch(map(_ask_for, needs))) as outcomes:
            while (outcome := await self._next(outcomes)) is not None:
                need = by_id[outcome.id]
                if isinstance(outcome, Refusal):
                    self._refuse(need, outcome.code)
                else:
                    self._note(need, outcome)
                progress.advance(need.size)
                self._world.check()
        progress.end()

    async def _next(
        self, outcomes: AsyncGenerator[Fetched | Refusal, None]
    ) -> Fetched | Refusal | None:
        """The next outcome, None after the last; raises Interrupted also while none comes."""
        coming = asyncio.ensure_future(anext(outcomes, None))
        try:
            while not (await asyncio.wait({coming}, timeout=_TICK))[0]:
                self._world.check()
        except BaseException:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            raise
        return coming.result()

    def _note(self, need: Need, fetched: Fetched) -> None:
        with self._store.transaction():
            held = describe_body(self._folder, need, fetched.sha256, fetched.size, fetched.mimetype)
            files.put_bodies(self._store, [held])
        self._world.probe("fetch.noted", need.id)
        self._count(need.kind, fetched.size)

    def _count(self, kind: Kind, size: int) -> None:
        self.got.fetched[kind] += 1
        self.got.bytes += size

    def _refuse(self, need: Need, code: str) -> None:
        with self._store.transaction():
            # It is absent: what an earlier fetch noted of it has been lost since.
            files.forget_body(self._store, need.id)
            files.put_bodies(self._store, [Held(id=need.id, code=code)])
        self.got.refused.add([code], need.id)

    async def _sleep(self, seconds: float) -> None:
        await self._world.sleep(seconds)
        self._world.check()

    def _pause(self, seconds: float) -> None:
        """The same for calls that block."""
        asyncio.run(self._sleep(seconds))


def by_kind(counter: Counter[Kind]) -> dict[str, int]:
    """Every kind with its count."""
    return {kind: counter[kind] for kind in KINDS}


def _amount(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 100_000_000 else f"{count / 1e6:.1f} MB"


def _ask_for(need: Need) -> Wanted:
    return Wanted(
        id=need.id,
        url=need.url,
        size=need.size,
        mode=need.mode,
        mimetype=need.mimetype,
        clean=cut_tokens if has_tokens(need) else None,
    )


__all__ = ["STEPS", "Fetch", "Got", "by_kind"]
