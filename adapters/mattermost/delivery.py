"""Handing a finished archive to the server and waiting until it has taken it: upload, then job.
Every step first asks the server what an earlier run has done, so that a kill at any moment costs
nothing and no archive is imported twice. What a job's error means lies elsewhere."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from adapters.mattermost.amending import edited_words, outdated, places
from adapters.mattermost.answers import Job
from adapters.mattermost.calls import Calls
from adapters.mattermost.checks import hold_limits
from adapters.mattermost.client import Refused
from adapters.mattermost.config import Config
from adapters.mattermost.enrolling import Enrolling
from adapters.mattermost.job_errors import explain
from adapters.mattermost.lines import Channel, User
from adapters.mattermost.profiles import MattermostCaps
from adapters.mattermost.remainder import heads as read_heads
from adapters.mattermost.remainder import write_remainder
from adapters.mattermost.uploads import TRIES, Pause, Uploading, refusal
from migrate.errors import Fatal, Retry
from migrate.spi import Memo

_FAILED = ("error", "canceled")
_OVER = ("success", "warning", *_FAILED)
_FIRST_LOOK, _LAST_LOOK = 0.1, 10.0
"""Seconds between two looks at a job: the server itself looks for new jobs every fifteen."""

_ARCHIVED = "mattermost archived"
"""The memo's name for the channels that were archived over the API."""

_PATIENCE = 900.0
"""Seconds that a job may lie untaken while no other import is under way."""

_STILL = 600.0
"""Seconds for which nothing may be added at the server while a job is under way."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an archive has come: ids of its upload and job, "" where there is none yet; `base`
    how many messages the team had before. `stops` counts the jobs that ended in an error, or with
    their server; `still` is what the server held when the job was found at rest."""

    upload: str = ""
    job: str = ""
    base: int = 0
    stops: int = 0
    taken: bool = False
    still: tuple[int, ...] = ()


class Delivery:
    """Deliveries to one team. `caps` are those of the server's profile."""

    def __init__(
        self,
        calls: Calls,
        config: Config,
        caps: MattermostCaps,
        memo: Memo,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._config = config
        self._caps = caps
        self._memo = memo
        self._pause = pause

    async def run(self, path: Path, arrived: Callable[[int], None]) -> None:
        """Bring the archive in. Raises Fatal where the server stops or refuses it."""
        digest = await asyncio.to_thread(_digest, path)
        progress = self._progress(digest)
        if progress.taken:
            return
        again = f"-again-{progress.stops}" if progress.stops else ""
        name = f"{path.stem}-{digest[:16]}{again}.zip"
        sent = path.with_name(f"{path.stem}{again or '-present'}.zip")
        job = await self._job_under_way(progress, name)
        if job is not None and job.status == "in_progress" and progress.still:
            if progress.still == await self._held():
                self._note(digest, upload="", job="", stops=progress.stops + 1, still=())
                return await self.run(path, arrived)
            self._note(digest, still=())
        if job is None:
            if not sent.is_file() and not await self._amend(path, sent, leave_out=bool(again)):
                sent = path
            await hold_limits(self._config, self._calls, sent)
            await self._open_archived()
            uploading = Uploading(self._calls, sent, name, self._pause, lambda: arrived(0))
            stored = await uploading.run(progress.upload, lambda id: self._note(digest, upload=id))
            job = await self._start(digest, stored)
        job = await self._follow(job, digest, arrived)
        if job.status in _FAILED:
            self._note(digest, upload="", job="", stops=progress.stops + 1)
            with suppress(Retry, Refused):  # it would only lie there
                await self._calls.drop_import(job.import_file)
            shown = sent if sent.is_file() else path
            raise await asyncio.to_thread(explain, job, shown)
        await self._make_up(path, everything=bool(again))
        if sent != path:
            sent.unlink(missing_ok=True)
        self._note(digest, taken=True)

    async def _amend(self, path: Path, sent: Path, *, leave_out: bool) -> bool:
        """Write the archive as the server has to get it, if that is not as it is: with the present
        words of what was edited there, and where an import of it stopped, what is left of it. A
        copy that stands already is kept, for part of it may have been sent."""
        where = await asyncio.to_thread(places, path)
        words = await edited_words(self._calls, self._config.team, where)
        words = await asyncio.to_thread(outdated, path, words) if words else words
        users: set[str] = set()
        channels: set[str] = set()
        if leave_out:
            users = {user.username async for user in self._calls.users()}
            team = await self._calls.team(self._config.team)
            everywhere = self._calls.channels()
            channels = {c.name async for c in everywhere if team and c.team_id == team.id}
        if leave_out or words:
            await asyncio.to_thread(write_remainder, path, sent, users, channels, words)
        return leave_out or bool(words)

    async def _make_up(self, path: Path, *, everything: bool) -> None:
        """What the server does not take from an archive's lines, done over the API: `everything`
        that lines say which were left out, else the archiving that 5.37 knows no field for."""
        enrolling = Enrolling(self._calls, self._config.team, self._pause)
        heads = await asyncio.to_thread(lambda: list(read_heads(path)))
        for head in heads if everything else ():
            if isinstance(head, User):
                for name in (seat.name for team in head.teams for seat in team.channels):
                    await enrolling.join(name, head.username)
        closed = [h.name for h in heads if isinstance(h, Channel) and h.deleted_at]
        if self._caps.profile != "11":
            closed = sorted({*closed, *self._archived()})
        elif not everything:
            return
        for name in closed:
            await enrolling.archive(name)
        self._memo.set(_ARCHIVED, msgspec.json.encode(closed).decode())

    async def _open_archived(self) -> None:
        """5.37 finds no archived channel, and stops at a post for one: those that this project
        archived are opened until the import is over."""
        if self._caps.profile != "11":
            enrolling = Enrolling(self._calls, self._config.team, self._pause)
            for name in self._archived():
                await enrolling.restore(name)

    def _archived(self) -> list[str]:
        return msgspec.json.decode(self._memo.get(_ARCHIVED) or "[]", type=list[str])

    def _progress(self, digest: str) -> Progress:
        kept = self._memo.get(f"delivery {digest}")
        return msgspec.json.decode(kept, type=Progress) if kept else Progress()

    def _note(self, digest: str, **changes: str | int | bool | tuple[int, ...]) -> None:
        progress = msgspec.structs.replace(self._progress(digest), **changes)
        self._memo.set(f"delivery {digest}", msgspec.json.encode(progress).decode())

    async def _job_under_way(self, progress: Progress, name: str) -> Job | None:
        """The job that an earlier run began, unless it ended in an error. The server may have
        forgotten it; it deletes an archive only once it has taken the whole."""
        job = await self._calls.job(progress.job) if progress.job else None
        if job is None:
            job = await self._find_job(progress.upload, name)
        if job is not None:
            return None if job.status in _FAILED else job
        if not progress.job or await self._calls.upload(progress.upload) is not None:
            return None
        stored = await self._calls.imports()
        if any(name.startswith(f"{progress.upload}_") for name in stored):
            return None
        return Job(id=progress.job, status="success")

    async def _find_job(self, upload: str, name: str) -> Job | None:
        """A job for this archive that was begun and could not be noted. One that is over counts
        only if this project uploaded its file: the same archive may have been imported before, into
        a team that was deleted since."""
        async for job in self._calls.import_jobs():
            mine = bool(upload) and job.import_file == f"{upload}_{name}"
            under_way = job.import_file.endswith(f"_{name}") and job.status not in _OVER
            if under_way or (mine and job.status not in _FAILED):
                return job
        return None

    async def _start(self, digest: str, stored: str) -> Job:
        """Begin the job. Where the answer is lost, the server is asked whether it has begun."""
        data = {"import_file": stored}
        if self._config.workers and self._caps.profile == "11":
            data["workers"] = str(self._config.workers)
        upload, _, name = stored.partition("_")
        self._note(digest, upload=upload, base=await self._count())
        for attempt in range(TRIES):
            job = await self._find_job(upload, name) if attempt else None
            try:
                job = job or await self._calls.start_import(data)
            except Refused as refused:
                raise refusal(refused) from refused
            except Retry as verdict:
                await self._pause(max(verdict.after, 0.5 * 2**attempt))
                continue
            self._note(digest, job=job.id)
            return job
        raise Fatal(
            "mattermost-unreachable",
            f"The server did not take the order to import after {TRIES} tries.",
            "See that it is up and reachable, then run again to continue.",
        )

    async def _follow(self, job: Job, digest: str, arrived: Callable[[int], None]) -> Job:
        """Look at the job until it is over; it is returned as it ended. The server tells no
        progress of its own, so messages are counted. A job whose server has ended is under way for
        ever, by what the next one says: that shows by nothing being added any more."""
        base = self._progress(digest).base
        wait, idle, told = _FIRST_LOOK, 0.0, 0
        rest = 0.0
        held: tuple[int, ...] = ()
        while job.status not in _OVER:
            await self._pause(wait)
            idle += wait if job.status == "pending" else -idle
            wait = min(wait * 1.5, _LAST_LOOK)
            job = await self._calls.job(job.id) or job
            arrived(0)
            if job.status == "in_progress":
                count = max(await self._count() - base, told)
                arrived(count - told)
                told = count
                before, held = held, await self._held()
                rest = rest + wait if held == before else 0.0
                if rest > _STILL:
                    self._note(digest, job=job.id, still=held)
                    raise _at_rest()
            elif idle > _PATIENCE and not await self._is_busy():
                raise _untaken()
        return job

    async def _is_busy(self) -> bool:
        async for job in self._calls.import_jobs():
            if job.status == "in_progress":
                return True
        return False

    async def _held(self) -> tuple[int, ...]:
        """What grows while an import is under way."""
        return (await self._count(), *await self._calls.totals())

    async def _count(self) -> int:
        """Messages in all channels of the team; those between people are in no list."""
        team = await self._calls.team(self._config.team)
        if team is None:
            return 0
        total = 0
        async for channel in self._calls.channels():
            total += channel.total_msg_count if channel.team_id == team.id else 0
        return total


def _at_rest() -> Fatal:
    return Fatal(
        "mattermost-job-at-rest",
        "The import is under way, the server says, but nothing was added for ten minutes.",
        "If the server was stopped or restarted meanwhile, the import ended with it: run again, and"
        " the rest is brought. If it is still at work, wait for its end, then run again.",
    )


def _untaken() -> Fatal:
    return Fatal(
        "mattermost-job-untaken",
        "The server has not begun the import for a quarter of an hour.",
        "See that JobSettings.RunJobs and JobSettings.RunScheduler are on, then run again to go on"
        " waiting.",
    )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Fatal(
            "mattermost-archive-gone",
            f"The archive cannot be read: {error.strerror}.",
            "Run again: it is joined anew from its parts.",
        ) from error
