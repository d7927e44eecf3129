"""Whole ways into a real Zulip organization over its API: the example export, killed while it goes
in, read back, and once more with a newer one; and people who were there before. Needs one:
ZULIP_URL, and ZULIP_EMAIL and ZULIP_KEY of an owner who may forge senders and make accounts.
Accounts and channels of their own are made there and stay. With the rate limit that Zulip ships,
200 calls a minute, the example alone takes a quarter of an hour."""

import csv
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Migration, assert_sums, assert_verified
from migrate import runner
from migrate.runner import World
from tests.adapters.zulip.looking import Journal
from tests.fakes.slack_files import Example, read_members, serve_example, write_members
from tests.live.zulip import RealZulip
from tests.live.zulip_server import Server

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("zulip")]

URL, EMAIL, KEY = (os.environ.get(f"ZULIP_{word}", "") for word in ("URL", "EMAIL", "KEY"))
CHECKOUT = Path(__file__).parents[2]
GENERAL = "C02PUB00001"

needs_server = pytest.mark.skipif(
    not (URL and EMAIL and KEY),
    reason="ZULIP_URL, ZULIP_EMAIL and ZULIP_KEY name no organization",
)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> RealZulip:
    mark = secrets.token_hex(3)
    monkeypatch.setattr(Workspace, "mark", mark)
    return RealZulip(Server(URL, EMAIL, KEY), mark)


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    with serve_example(tmp_path) as example:
        yield example


class Journey:
    """The example's project. All that it makes bears the target's mark, and stands for nobody who
    could sign in, for earlier runs have left their own there."""

    def __init__(self, folder: Path, example: Example, target: RealZulip) -> None:
        self.folder = folder
        self.target = target
        self._exports = [example.export]
        self._world = World(environ=example.environ, workers=1)
        settings = {f"target.{name}": value for name, value in target.settings.items()}
        settings |= {**example.settings, "files.missing": "link", "source.notices": "keep"}
        runner.init(folder, [example.export], "zulip", settings, self._world)
        target.install(folder)
        runner.fetch(self.project, self._world)
        # The names of emoji are known once they were fetched.
        runner.plan(self.project, self._world)
        self._mark("users.csv", lambda row: {"action": "ghost", "target": _marked(row, target)})
        self._mark("channels.csv", lambda row: {"target": _marked(row, target)})
        self._mark("emoji.csv", lambda row: {"target": _marked(row, target)})

    @property
    def project(self) -> runner.Project:
        newer: dict[str, object] = {}
        if len(self._exports) > 1:
            newer = {"source.exports": [str(path) for path in self._exports]}
        return runner.open_project(self.folder, newer)

    def plan(self) -> runner.PlanSummary:
        return runner.plan(self.project, self._world, check=True)

    def run(self) -> runner.RunSummary:
        return runner.run(self.project, self._world)

    def verify(self) -> runner.VerifySummary:
        return runner.verify(self.project, self._world)

    def run_until(self, step: str, nth: int) -> bool:
        """Run in a process that gets SIGKILL at the n-th such step; whether it came so far."""
        process = subprocess.run(
            [sys.executable, "-m", "tests.live.importer", str(self.folder), step, str(nth), "0"],
            stdin=subprocess.DEVNULL, capture_output=True, cwd=CHECKOUT, timeout=1_800,
        )  # fmt: skip
        assert process.returncode in (0, -signal.SIGKILL), process.stderr.decode()
        return process.returncode != 0

    def export_again(self, export: Path) -> None:
        self._exports.append(export)

    def _mark(self, name: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        path = self.folder / "mappings" / name
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["action"] not in ("skip", "merge", "drop"):
                row |= {k: v for k, v in change(row).items() if v}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def _marked(row: dict[str, str], target: RealZulip) -> str:
    name = row.get("full_name") or row["name"] or row.get("slack_id", "")
    direct = row.get("kind") in ("dm", "group_dm")
    return "" if direct or row.get("target") else f"{target.mark}-{name}"


@needs_server
def test_the_example_arrives_whole_however_often_it_is_killed(
    example: Example, target: RealZulip, tmp_path: Path
) -> None:
    """One test: each step starts where the one before ended."""
    journey = Journey(tmp_path / "project", example, target)
    assert journey.plan().blockers == []
    for step, nth in (
        ("account.called", 4), ("conversation.called", 3), ("file.called", 2),
        ("message.called", 60), ("message.intended", 90), ("message.called", 200),
        ("reaction.called", 12), ("account.released", 3),
    ):  # fmt: skip
        assert journey.run_until(step, nth), step
    summary = journey.run()
    assert_sums(summary)
    assert not any(summary.failed.values()), summary.reasons
    _assert_clean(journey)
    first = _hold_all(journey)
    assert not any(journey.run().sent.values())
    assert target.email_domain not in _domains(target), "let in for the while alone"
    journey.export_again(_newer(example, tmp_path))
    assert journey.plan().blockers == []
    assert journey.run().sent["messages"] == 2
    _assert_clean(journey)
    assert _hold_all(journey) > first, "what was there is what it was"


@needs_server
def test_people_who_were_there_before(target: RealZulip, tmp_path: Path) -> None:
    workspace = Workspace()
    ann, mia, ben = (workspace.person(name) for name in ("ann", "mia", "ben"))
    general = workspace.channel("plans", ann, mia, ben)
    root = general.say(mia, "shall we?")
    general.say(ann, "we shall", root=root)
    board = workspace.channel("board", ann, mia, private=True)
    file = workspace.file(mia, "secret.bin", b"for two")
    board.say(mia, "behind a door").attach(file)
    workspace.dm(mia, ben).say(ben, "between us")
    migration = Migration(target, tmp_path, workspace)
    migration.fetch(file)
    for person in (mia, ben):
        own = target.settle_in(migration.folder, person)
        migration.map("users.csv", person, action="map", target=own)
    before = _people(target)
    assert migration.plan(check=True).blockers == []
    summary = migration.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert_verified(migration)
    _hold_said(migration, workspace)
    general.say(mia, "and now?", root=root, after=1_000)
    workspace.dm(ann, mia).say(ann, "you and me")
    migration.export_again(workspace)
    assert migration.plan(check=True).blockers == []
    assert migration.resume().sent["messages"] == 2
    _hold_said(migration, workspace)
    after = _people(target)
    assert {id: after[id] for id in before} == before, "nothing of anybody was changed"


def _assert_clean(journey: Journey) -> None:
    verified = journey.verify()
    assert verified.against == "server"
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    assert verified.audience_wider == 0


def _hold_all(journey: Journey) -> frozenset[str]:
    """Every message that the journal knows is there, once, and nothing else by these people."""
    holding = journey.target.read_back(journey.folder)
    refs = [post.ref for post in holding.posts]
    assert len(refs) == len(set(refs))
    assert set(refs) == Journal(journey.folder).messages.keys()
    twins = [(p.conversation, p.author, p.time, p.text) for p in holding.posts]
    assert len(twins) - len(set(twins)) < len(twins) // 50
    assert not holding.held_back
    return frozenset(refs)


def _hold_said(migration: Migration, workspace: Workspace) -> None:
    posts = {(post.conversation, post.text): post for post in migration.holding().posts}
    for said in workspace.said:
        post = posts[said.place.id, said.text]
        assert post.author == said.author
        assert post.time == said.micros // 1_000_000 * 1_000


def _domains(target: RealZulip) -> set[str]:
    told = target.server.ask("GET", "realm/domains")["domains"]
    return {each["domain"] for each in told}


def _people(target: RealZulip) -> dict[int, object]:
    told = target.server.ask("GET", "users", {"client_gravatar": False})["members"]
    return {each["user_id"]: each for each in told}


def _newer(example: Example, folder: Path) -> Path:
    """An export of a day later, with a message and a late reply more."""
    members = read_members(example.export)
    channels = {c["id"]: c["name"] for c in json.loads(members["channels.json"])}
    name = channels[GENERAL]
    days = sorted(key for key in members if key.startswith(f"{name}/"))
    root = next(m for day in days for m in json.loads(members[day]) if m.get("reply_count"))
    last = max(float(m["ts"]) for day in days for m in json.loads(members[day]))
    made = [
        {"type": "message", "user": root["user"], "text": "one more", "ts": f"{last + 90:.6f}"},
        {"type": "message", "user": root["user"], "text": "late", "ts": f"{last + 95:.6f}",
         "thread_ts": root["ts"]},
    ]  # fmt: skip
    members[f"{name}/2030-01-01.json"] = json.dumps(made).encode()
    path = folder / "newer.zip"
    write_members(path, members)
    return path
