"""The builder writes what the reader takes for a Slack export, and remembers what it wrote."""

import json
from pathlib import Path

from adapters.conformance import Workspace
from migrate.source import open_export


def test_export_reads_as_it_was_built(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, gus = workspace.person("ann"), workspace.person("gus", guest=True)
    bot = workspace.bot("buildbot")
    places = [
        workspace.channel("general", ann, gus),
        workspace.channel("board", ann, private=True, archived=True),
        workspace.dm(ann, gus),
        workspace.group_dm(ann, gus),
        workspace.canvas_talk(ann),
    ]
    for place in places:
        place.say(ann, f"in {place.id}")
    export = open_export([workspace.write(tmp_path / "export")])
    people = {person.id: person.kind for person in export.people}
    assert (people[ann], people[gus], people[bot]) == ("member", "guest", "bot")
    found = {each.id: each for each in export.conversations}
    assert {id: each.kind for id, each in found.items()} == {p.id: p.kind for p in places}
    assert all(frozenset(found[place.id].members) == place.members for place in places)
    assert [place.id for place in places if found[place.id].archived] == [places[1].id]


def test_day_files_follow_los_angeles(tmp_path: Path) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    general = workspace.channel("general", ann)
    # The clock starts at 2023-11-14 22:13:20 UTC, which is 14:13:20 there.
    general.say(ann, "that afternoon", after=1)
    general.say(ann, "late that night", after=8 * 3600)
    general.say(ann, "the next morning", after=8 * 3600)
    folder = workspace.write(tmp_path / "export") / "general"
    days = {path.name: len(json.loads(path.read_text())) for path in folder.iterdir()}
    assert days == {"2023-11-14.json": 2, "2023-11-15.json": 1}


def test_threads_and_reactions_are_written_as_slack_writes_them() -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    root = general.say(ann, "root").react("tada", bob)
    reply = general.say(bob, "reply", root=root, broadcast=True)
    assert root.record["thread_ts"] == root.ts
    assert root.record["reply_count"] == 1
    assert root.record["reactions"] == [{"name": "tada", "users": [bob], "count": 1}]
    assert (reply.record["thread_ts"], reply.record["subtype"]) == (root.ts, "thread_broadcast")
    assert workspace.said == [root, reply]
