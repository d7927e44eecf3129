"""The whole way into a real Mattermost server and back, once, again, and with a newer export. Needs
one: MATTERMOST_URL, and MATTERMOST_TOKEN with a system admin's access token. A team and accounts of
their own are made there and stay."""

import csv
import hashlib
import os
import secrets
from pathlib import Path

import pytest

from adapters.conformance import Target, Workspace
from adapters.conformance.migration import Migration, assert_sums, assert_verified
from adapters.conformance.workspace import Place, Said
from adapters.mattermost import adapter
from tests.live.mattermost import Json, Post, Server

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("mattermost")]

URL, TOKEN = os.environ.get("MATTERMOST_URL", ""), os.environ.get("MATTERMOST_TOKEN", "")
PASSWORD, OTHER = "Passw0rd-of-mia", "Passw0rd-of-ann"

needs_server = pytest.mark.skipif(
    not (URL and TOKEN), reason="MATTERMOST_URL and MATTERMOST_TOKEN name no server"
)


class Acme:
    """A workspace whose names nobody else has on the server, for teams and accounts of earlier
    runs stay there."""

    def __init__(self) -> None:
        self.mark = secrets.token_hex(4)
        self.workspace = Workspace()
        self.names: dict[str, str] = {}
        self.ann, self.bob = self.person("ann"), self.person("bob")
        self.gone = self.person("gone", deactivated=True)
        self.gus = self.person("gus", guest=True)
        # Who writes as an account that stood there before.
        self.mia = self.person("mia")
        self.robot = self.workspace.bot(f"robot-{self.mark}")
        self.names[self.robot] = f"robot-{self.mark}"
        self._say()

    def person(self, name: str, *, deactivated: bool = False, guest: bool = False) -> str:
        own = f"{name}-{self.mark}"
        id = self.workspace.person(own, deactivated=deactivated, guest=guest)
        self.names[id] = own
        return id

    @property
    def team(self) -> str:
        return f"acme-{self.mark}"

    def _say(self) -> None:
        workspace, ann, bob, mia = self.workspace, self.ann, self.bob, self.mia
        self.general = workspace.channel("plans", ann, bob, mia, self.gus)
        root = self.general.say(ann, "shall we?").react("tada", bob, self.gone)
        self.general.say(self.gone, "we shall", root=root).react("+1", ann)
        self.general.say(mia, "then it is done", root=root)
        self.general.say(self.robot, "build 7 is green")
        self.general.say(bob, "teh draft").edit("the final text")
        picture = workspace.file(ann, "cat.bin", bytes(range(256)) * 40)
        self.general.say(ann, "look at her").attach(picture)
        notes = workspace.file(bob, "notes.bin", b"some notes")
        self.general.say(bob, "and read this", root=root).attach(notes)
        self.general.pin(self.general.said[0])
        for number in range(250):
            self.general.say((ann, bob, mia)[number % 3], f"word {number}", after=0.0004)
        self.board = workspace.channel("board", ann, mia, private=True)
        self.board.say(ann, "behind a door")
        self.old = workspace.channel("old", ann, bob, archived=True)
        self.old.say(bob, "long ago")
        self.pair = workspace.dm(ann, mia)
        self.pair.say(ann, "between us").react("eyes", mia)
        self.own = workspace.dm(bob)
        self.own.say(bob, "to myself")
        self.few = workspace.group_dm(ann, bob, mia)
        self.few.say(mia, "among us")

    def say_more(self) -> None:
        """What a newer export brings."""
        ann, bob = self.ann, self.bob
        first = self.general.said[0]
        self.general.say(bob, "late answer", root=first)
        first.react("rocket", ann)
        self.cat = self.person("cat")
        self.general.say(self.cat, "I am new here")
        extra = self.workspace.file(ann, "extra.bin", b"one more file")
        self.general.say(ann, "one more thing", after=100_000).attach(extra)
        self.old.say(bob, "once more")
        self.pair.say(self.mia, "still between us")
        fresh = self.workspace.channel("fresh", self.cat, self.mia)
        fresh.say(self.cat, "a new place")


class RealMattermost(Target):
    adapter = adapter

    def __init__(self, team: str) -> None:
        self.settings = {"team": team, "url": URL, "part_messages": 50}
        self.environ = {"MATTERMOST_TOKEN": TOKEN}


@needs_server
def test_an_export_arrives_whole_stays_and_grows(tmp_path: Path) -> None:
    """One test: each step starts where the one before ended."""
    acme, server = Acme(), Server(URL, TOKEN)
    mia = server.make_user(acme.names[acme.mia], PASSWORD)
    migration = Migration(RealMattermost(acme.team), tmp_path, acme.workspace)
    migration.fetch(*acme.workspace.files)
    _fill_in(migration.folder, acme.mia, {"action": "map", "target": acme.names[acme.mia]})
    ann = {"action": "create", "email": f"{acme.names[acme.ann]}@example.org"}
    _fill_in(migration.folder, acme.ann, ann)
    # Every workspace has one, and an earlier run's may stand there.
    _fill_in(migration.folder, "USLACKBOT", {"target": f"slackbot-{acme.mark}"})
    first = _arrive(migration, acme, server)
    server.set_password(acme.names[acme.ann], OTHER)
    _send_nothing_twice(migration, acme, server, first)
    _bring_what_is_new(migration, acme, server, first)
    after = server.user(acme.names[acme.mia])
    assert after["roles"] == mia["roles"]
    assert after["email"] == mia["email"]
    assert server.sign_in(acme.names[acme.mia], PASSWORD), "nobody is locked out"
    assert server.sign_in(acme.names[acme.ann], OTHER), "nobody is locked out later either"


def _arrive(migration: Migration, acme: Acme, server: Server) -> dict[str, str]:
    plan = migration.plan(check=True)
    assert plan.blockers == []
    assert plan.counts["accounts"]["map"] == 1
    summary = migration.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert assert_verified(migration).against == "server"
    return _hold(acme, server)


def _send_nothing_twice(
    migration: Migration, acme: Acme, server: Server, first: dict[str, str]
) -> None:
    summary = migration.run()
    assert not any(summary.sent.values())
    assert_verified(migration)
    assert _hold(acme, server) == first


def _bring_what_is_new(
    migration: Migration, acme: Acme, server: Server, first: dict[str, str]
) -> None:
    acme.say_more()
    migration.fetch(acme.workspace.files[-1])
    migration.export_again(acme.workspace)
    assert migration.plan(check=True).blockers == []
    summary = migration.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert summary.sent["messages"] == 6
    assert_verified(migration)
    ids = _hold(acme, server)
    assert ids.items() >= first.items(), "what was there is what it was"


def _fill_in(project: Path, person: str, columns: dict[str, str]) -> None:
    """What the administrator writes into a person's row of users.csv."""
    sheet = project / "mappings" / "users.csv"
    with sheet.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["slack_id"] == person:
            row |= columns
    with sheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def _hold(acme: Acme, server: Server) -> dict[str, str]:
    """Everything is there once, by its author, in its place; the posts' ids by Slack's ts."""
    ids: dict[str, str] = {}
    for place in acme.workspace.places:
        channel = _channel(acme, server, place)
        assert channel is not None, place.id
        people = {acme.names[id] for id in place.members}
        if place.kind in ("private", "dm", "group_dm"):
            assert channel["type"] == {"private": "P", "dm": "D", "group_dm": "G"}[place.kind]
            assert server.members(channel["id"]) == people
        else:
            assert channel["type"] == "O"
            assert people <= server.members(channel["id"])
        assert bool(channel["delete_at"]) == bool(place.record.get("is_archived"))
        listed = server.posts(channel["id"])
        if not server.modern:  # what 5.37 says of an archiving cannot be taken away
            listed = [post for post in listed if not post.type.startswith("system_channel_")]
        # Where a file cannot travel, a line below the words tells of it.
        posts = {post.text.partition("\n")[0]: post for post in listed}
        assert len(listed) == len(posts) == len(place.said), "nothing twice, nothing of the server"
        times = [posts[said.text].time for said in place.said]
        assert times == sorted(set(times)), "in order, each at a time of its own"
        for said in place.said:
            _hold_post(acme, server, said, posts)
            ids[said.ts] = posts[said.text].id
    return ids


def _hold_post(acme: Acme, server: Server, said: Said, posts: dict[str, Post]) -> None:
    post = posts[said.text]
    assert post.author == acme.names[said.author]
    assert 0 <= post.time - said.micros // 1_000 < len(posts), "bumped no further than it must"
    root = str(said.record.get("thread_ts", said.ts))
    if root == said.ts:
        assert post.root == ""
    else:
        assert post.root == next(posts[s.text].id for s in said.place.said if s.ts == root)
    if server.modern:
        bodies = [(file.record["name"], file.content or b"") for file in said.files]
        assert post.files == {(n, hashlib.sha256(body).hexdigest()) for n, body in bodies}
        assert post.pinned == ("pinned_to" in said.record)
        assert post.edited == ("edited" in said.record)
    if server.modern or not post.root:
        assert post.reactions == {(acme.names[who], emoji) for emoji, who in said.reactions}


def _channel(acme: Acme, server: Server, place: Place) -> Json:
    if place.kind in ("dm", "group_dm"):
        return server.direct_channel(acme.team, [acme.names[id] for id in place.members])
    return server.channel(acme.team, str(place.record["name"]))
