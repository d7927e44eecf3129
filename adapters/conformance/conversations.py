"""Conversations of every kind, and the promise that nobody reads what they could not before."""

from pathlib import Path

from adapters.conformance.migration import Migration, assert_sums, assert_verified, assert_whole
from adapters.conformance.target import Target
from adapters.conformance.workspace import Workspace


class Conversations:
    def test_every_kind_of_conversation(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob, cat = (workspace.person(name) for name in ("ann", "bob", "cat"))
        workspace.channel("general", ann, bob).say(ann, "in the open")
        workspace.channel("board", ann, bob, private=True).say(bob, "behind a door")
        workspace.dm(ann, bob).say(ann, "between us")
        workspace.group_dm(ann, bob, cat).say(cat, "among us")
        workspace.canvas_talk(ann, bob).say(bob, "beside a canvas")
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        holding = assert_whole(migration, workspace)
        assert holding.rooms.keys() == {place.id for place in workspace.places}
        assert summary.sent["conversations"] == len(workspace.places)
        assert summary.sent["messages"] == len(workspace.said)
        assert_sums(summary)

    def test_plan_writes_nothing(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        workspace.channel("general", ann).say(ann, "not yet")
        migration = Migration(target, tmp_path, workspace)
        plan = migration.plan()
        assert plan.counts["messages"]["send"] == 1
        holding = migration.holding()
        assert (holding.rooms, holding.posts) == ({}, ())

    def test_private_talk_has_exactly_its_readers(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob, cat, dan = (workspace.person(name) for name in ("ann", "bob", "cat", "dan"))
        places = [
            workspace.channel("board", ann, bob, private=True),
            workspace.dm(ann, bob),
            workspace.dm(ann),
            workspace.group_dm(ann, bob, cat),
            workspace.group_dm(cat, bob, ann),
        ]
        workspace.channel("general", ann, bob, cat, dan).say(dan, "hello all")
        for number, place in enumerate(places):
            place.say(ann, f"secret {number}")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        holding = assert_whole(migration, workspace)
        for place in places:
            assert holding.rooms[place.id].members == place.members
            assert holding.rooms[place.id].readers == place.members
        assert_verified(migration)

    def test_guest_reads_only_where_they_belong(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        guest = workspace.person("gus", guest=True)
        shared = workspace.channel("shared", ann, guest)
        internal = workspace.channel("internal", ann)
        for place in (shared, internal):
            place.say(ann, f"said in {place.id}")
        shared.say(guest, "thank you")
        shared.say(bob, "passing by")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        holding = assert_whole(migration, workspace)
        assert guest in holding.rooms[shared.id].members
        assert guest not in holding.rooms[internal.id].readers

    def test_author_who_left_stays_out(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob, cat = (workspace.person(name) for name in ("ann", "bob", "cat"))
        board = workspace.channel("board", ann, cat, private=True)
        board.say(bob, "I was here once")
        board.say(ann, "and now you are not")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        holding = assert_whole(migration, workspace)
        if "leaving" not in target.lacks:
            assert holding.rooms[board.id].members == {ann, cat}
            assert holding.rooms[board.id].readers == {ann, cat}
        assert_verified(migration)

    def test_names_that_collide(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        first, second = workspace.person("Zoë Müller"), workspace.person("zoe muller")
        places = [workspace.channel("plans", first), workspace.channel("plans-", second)]
        for place, author in zip(places, (first, second), strict=True):
            place.say(author, f"plans of {author}")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        assert_whole(migration, workspace)

    def test_archived_channel_is_closed(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        old = workspace.channel("old", ann, archived=True)
        new = workspace.channel("new", ann)
        for place in (old, new):
            place.say(ann, f"written in {place.id}")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        holding = assert_whole(migration, workspace)
        if "closing" not in target.lacks:
            assert holding.rooms[old.id].closed
            assert not holding.rooms[new.id].closed

    def test_conversation_without_messages(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        quiet = workspace.channel("quiet", ann)
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        assert migration.holding().rooms[quiet.id].members == {ann}
        assert_sums(summary)
