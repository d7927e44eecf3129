"""Driving the engine from a test: a project, its runs and re-runs, sessions that misbehave, and the
comparison of what was said with what a target holds."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.target import Holding, Post, Target
from adapters.conformance.workspace import Said, Shared, Workspace
from migrate import runner
from migrate.model import RECORD_KINDS
from migrate.registry import Registry
from migrate.runner import World
from migrate.spi import Adapter, Capabilities, Session
from migrate.store import Store, open_store
from migrate.store.files import Held, body_path, put_bodies

Line = tuple[str, str, str, str]
"""Conversation, author, text, and the text of the thread's root ("" outside threads)."""

Probe = Callable[[str, str], None]

PLACEHOLDER = "(a root that the export does not hold)"

_TEXTS = ("snippet", "post", "quip", "space")


def _unwatched(step: str, subject: str) -> None:
    pass


class Crash(BaseException):
    """The process ends here, as far as the engine can tell."""


class Migration:
    """One project, from a workspace to a target."""

    def __init__(
        self,
        target: Target,
        folder: Path,
        workspace: Workspace,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.target = target
        self.folder = folder / "project"
        self._exports = [workspace.write(folder / "export-1")]
        self._registry = Registry({target.adapter.name: target.adapter})
        wanted = {f"target.{key}": value for key, value in target.settings.items()}
        runner.init(
            self.folder,
            self._exports,
            target.adapter.name,
            wanted | dict(settings or {}),
            self._world(),
            self._registry,
        )
        target.install(self.folder)

    def export_again(self, workspace: Workspace) -> None:
        """A newer export of the same workspace beside the older ones."""
        folder = self._exports[0].parent / f"export-{len(self._exports) + 1}"
        self._exports.append(workspace.write(folder))

    def fetch(self, *files: Shared) -> None:
        """Bring these bodies into the project, as `fetch` does."""
        for file in files:
            assert file.content is not None
            text = file.content.decode() if file.record["mode"] in _TEXTS else None
            self.fetch_body(file.id, file.content, file.mimetype, text)

    def fetch_body(
        self, id: str, content: bytes, mimetype: str = "image/png", text: str | None = None
    ) -> None:
        """Bring one body: a file's, or a picture by an id that begins with `avatar/` or
        `emoji/`."""
        digest = hashlib.sha256(content).hexdigest()
        path = body_path(self.folder, digest)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
        held = Held(id=id, sha256=digest, size=len(content), mimetype=mimetype, text=text)
        with self.storing() as store:
            put_bodies(store, [held])

    def refuse_body(self, id: str, code: str) -> None:
        """Note why a body cannot be brought."""
        with self.storing() as store:
            put_bodies(store, [Held(id=id, code=code)])

    @contextmanager
    def storing(self) -> Iterator[Store]:
        """The project's store, for what `fetch` would write into it."""
        store = open_store(self.folder / "state.db")
        try:
            with store.transaction():
                yield store
        finally:
            store.close()

    def map(self, sheet: str, id: str, **cells: str) -> None:
        """Edit the row of `id` in a mapping file as a spreadsheet would."""
        path = self.folder / "mappings" / sheet
        header, *rows = [line.split(",") for line in path.read_text().splitlines()]
        for row in rows:
            if row[0] == id:
                for column, value in cells.items():
                    row[header.index(column)] = value
        path.write_text("".join(",".join(row) + "\n" for row in [header, *rows]))

    def plan(self, *, check: bool = False) -> runner.PlanSummary:
        return runner.plan(self._project(), self._world(), check=check)

    def run(self) -> runner.RunSummary:
        """Plan and run, as the next evening's administrator does."""
        self.plan()
        return self.resume()

    def resume(
        self, probe: Probe = _unwatched, stopped: Callable[[], bool] = lambda: False
    ) -> runner.RunSummary:
        """Run on with the plan that stands."""
        return runner.run(self._project(), self._world(probe, stopped))

    def verify(self) -> runner.VerifySummary:
        return runner.verify(self._project(), self._world())

    def holding(self) -> Holding:
        return self.target.read_back(self.folder)

    @property
    def caps(self) -> Capabilities:
        return self.target.adapter.caps(self._project().config.target)

    def kept_reactions(self, count: int, under_replies: int = 0) -> int:
        """How many of `count` different reactions this target has a place for, of which so many are
        under replies."""
        if self.caps.reactions == "none" or "reacting" in self.target.lacks:
            return 0
        return count if self.caps.reply_reactions else count - under_replies

    def _project(self) -> runner.Project:
        overrides = {"source.exports": [str(path) for path in self._exports]}
        return runner.open_project(self.folder, overrides, self._registry)

    def _world(
        self, probe: Probe = _unwatched, stopped: Callable[[], bool] = lambda: False
    ) -> World:
        # One process: what a test has changed in this one is what is run.
        return World(environ=dict(self.target.environ), probe=probe, stopped=stopped, workers=1)


def live_migration(target: Target, folder: Path, workspace: Workspace) -> Migration:
    """A migration whose acts a test can watch; the test ends here where there are none."""
    migration = Migration(target, folder, workspace)
    if migration.caps.delivery == "bulk":
        pytest.skip("an archive is composed, not sent")
    return migration


@contextmanager
def tampered(adapter: Adapter, change: Callable[[Any], None]) -> Iterator[None]:
    """Sessions that are changed as soon as they are connected.

    The method is replaced on the class, so that the adapter itself can still be pickled.
    """
    kind = type(adapter)
    connect = kind.connect

    async def connect_and_change(self: Adapter, config: Any, context: Any) -> Session:
        session = await connect(self, config, context)
        change(session)
        return session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "connect", connect_and_change)
        yield


def told(workspace: Workspace) -> Counter[Line]:
    """Every message as a line; a broadcast is one in its thread and one beside it."""
    lines: Counter[Line] = Counter()
    for said in workspace.said:
        lines += lines_of(said)
    return lines


def lines_of(said: Said) -> Counter[Line]:
    """One message as lines."""
    texts = {each.ts: each.text for each in said.place.said}
    thread = said.record.get("thread_ts", said.ts)
    root = "" if thread == said.ts else texts.get(str(thread), PLACEHOLDER)
    lines = Counter([(said.place.id, said.author, said.text, root)])
    if said.record.get("subtype") == "thread_broadcast":
        lines[said.place.id, said.author, said.text, ""] += 1
    return lines


def unsure(migration: Migration, workspace: Workspace) -> list[Said]:
    """The messages of which the project says that nobody can tell whether they arrived. Direct ones
    alone may be so, and only where the target says that it cannot settle them."""
    with migration.storing() as store:
        rows = store.db.execute(
            "SELECT c.id, op.ts FROM op JOIN conversation c ON c.num = op.conv"
            " WHERE op.kind = 5 AND op.state = 3 AND op.code = 'unsure'"
        ).fetchall()
    found = [said for said in workspace.said if (said.place.id, said.micros) in rows]
    assert len(found) == len(rows)
    assert not found or "settling" in migration.target.lacks
    assert all(said.place.kind in ("dm", "group_dm") for said in found)
    return found


def held(holding: Holding, workspace: Workspace) -> Counter[Line]:
    """What the target holds, as lines; a root that nobody said is a placeholder."""
    known = {said.text for said in workspace.said}
    texts = {p.ref: p.text if p.text in known else PLACEHOLDER for p in holding.posts}
    lines: Counter[Line] = Counter()
    for post in holding.posts:
        if texts[post.ref] == PLACEHOLDER and not post.root:
            continue
        root = texts[post.root] if post.root else ""
        lines[post.conversation, post.author, post.text, root] += 1
        if post.also_shown:
            lines[post.conversation, post.author, post.text, ""] += 1
    return lines


def post_of(holding: Holding, said: Said) -> Post:
    """The one post that holds this message (of a broadcast: the one in the thread)."""
    found = [
        post
        for post in holding.posts
        if (post.conversation, post.text) == (said.place.id, said.text)
    ]
    threaded = [post for post in found if post.root] or found
    assert len(threaded) == 1
    return threaded[0]


def assert_whole(migration: Migration, workspace: Workspace) -> Holding:
    """Everything is there once, by its author, in its thread, at its time, in order. A direct
    message of which nobody can tell whether it arrived is there once or not at all."""
    holding = migration.holding()
    doubtful = unsure(migration, workspace)
    missing = told(workspace)
    missing.subtract(held(holding, workspace))
    for said in doubtful:
        for line, count in lines_of(said).items():
            missing[line] -= count * (missing[line] > 0)
    assert not +missing, "something is not there"
    assert not -missing, "something is there that nobody said, or twice"
    assert not holding.held_back
    step = max(migration.caps.time_step, migration.target.told_step)
    for place in workspace.places:
        there = {post.text for post in holding.posts if post.conversation == place.id}
        arrived = [said for said in place.said if said not in doubtful or said.text in there]
        posts = [post_of(holding, said) for said in arrived]
        for post, said in zip(posts, arrived, strict=True):
            kept = said.micros // step * step // 1000
            bumps = (post.time - kept) * 1000 // step
            assert 0 <= bumps < len(posts), "a time may be bumped, and no further than it must"
        order = [post.ref for post in holding.posts if post in posts]
        assert order == [post.ref for post in posts]
    return holding


def assert_settled(migration: Migration, workspace: Workspace, summary: runner.RunSummary) -> None:
    """Nothing failed but what nobody can settle."""
    failed = Counter(messages=len(unsure(migration, workspace)))
    assert +Counter(summary.failed) == +failed


def assert_verified(migration: Migration) -> runner.VerifySummary:
    """`verify` finds nothing amiss."""
    verified = migration.verify()
    assert verified.audience_wider == 0
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    return verified


def assert_sums(summary: runner.RunSummary) -> None:
    """Every record of the export is accounted for."""
    for kind in RECORD_KINDS:
        ends = (summary.sent, summary.already, summary.skipped, summary.failed)
        assert summary.found.get(kind, 0) == sum(end.get(kind, 0) for end in ends), kind
