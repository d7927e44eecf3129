"""Doing it again: a run that finds everything done, a newer export that brings only what is new."""

from pathlib import Path

import msgspec

from adapters.conformance.migration import (
    Migration,
    assert_sums,
    assert_verified,
    assert_whole,
    held,
    live_migration,
    post_of,
    tampered,
    told,
)
from adapters.conformance.target import Target
from adapters.conformance.workspace import Place, Workspace


def everyday_workspace() -> tuple[Workspace, Place, list[str]]:
    """A channel with a thread and reactions, beside a direct message."""
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    root = general.say(ann, "shall we?").react("tada", bob)
    general.say(bob, "we shall", root=root).react("+1", ann)
    general.say(ann, "then it is done").react("+1", ann, bob)
    workspace.dm(ann, bob).say(bob, "between us")
    return workspace, general, [ann, bob]


class Repetition:
    def test_second_run_sends_nothing(self, target: Target, tmp_path: Path) -> None:
        workspace, _, _ = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        first = migration.run()
        before = migration.holding()
        second = migration.run()
        assert not any(second.sent.values())
        assert second.already == first.sent
        assert migration.holding() == before
        assert_sums(second)

    def test_newer_export_brings_what_is_new(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, bob) = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        first = migration.run()
        general.say(bob, "one more thing", after=100_000)
        general.say(ann, "late answer", root=general.said[0])
        cat = workspace.person("cat")
        workspace.channel("fresh", cat, ann).say(cat, "a new place")
        migration.export_again(workspace)
        second = migration.run()
        assert_whole(migration, workspace)
        assert_verified(migration)
        if migration.caps.delivery == "live":
            assert second.sent["messages"] == 3
            assert second.already["messages"] == first.sent["messages"]
            assert second.sent["conversations"] == 1
        assert_sums(second)

    def test_newer_export_brings_new_reactions(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (_, bob) = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        general.said[0].react("rocket", bob)
        general.say(bob, "newer", after=10)
        migration.export_again(workspace)
        summary = migration.run()
        holding = assert_whole(migration, workspace)
        assert len(holding.marks) == migration.kept_reactions(5, under_replies=1)
        assert_sums(summary)

    def test_late_reply_to_a_message_that_was_edited(self, target: Target, tmp_path: Path) -> None:
        """It hangs where its thread began, whatever that says by now; and nothing comes twice."""
        workspace, general, (ann, bob) = everyday_workspace()
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        root = general.said[0]
        before = post_of(migration.holding(), root)
        root.edit("shall we, then?").react("eyes", bob)
        reply = general.say(ann, "late answer", root=root, after=1_000)
        migration.export_again(workspace)
        first = migration.run()
        assert_sums(first)
        holding = migration.holding()
        posts = [post for post in holding.posts if post.conversation == general.id]
        assert len(posts) == len(general.said)
        (under,) = (p for p in posts if p.ref == post_of(holding, reply).root)
        assert under.text in (before.text, root.text)
        assert len(holding.marks) == migration.kept_reactions(5, under_replies=1)
        assert_verified(migration)
        again = migration.run()
        assert not any(again.sent.values())
        assert migration.holding() == holding

    def test_first_reply_to_a_message_that_stood_alone(
        self, target: Target, tmp_path: Path
    ) -> None:
        """Where threads have topics, that message has none; what hangs on it is found all the
        same."""
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        lone = general.say(ann, "what is it?")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        general.say(bob, "a late answer", root=lone, after=1_000)
        general.say(ann, "so it is", root=lone)
        migration.export_again(workspace)
        assert_sums(migration.run())
        said = [post.text for post in migration.holding().posts if post.conversation == general.id]
        assert len(said) == 3
        assert_verified(migration)
        assert not any(migration.run().sent.values())

    def test_newcomer_to_an_old_conversation(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        board = workspace.channel("board", ann, private=True)
        workspace.channel("hall", ann, bob).say(bob, "hello")
        board.say(ann, "for us alone")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        cat = workspace.person("cat")
        board.record["members"] = [ann, cat]
        board.say(cat, "may I?")
        migration.export_again(workspace)
        summary = migration.run()
        assert not any(summary.failed.values())
        assert_sums(summary)
        holding = assert_whole(migration, workspace)
        assert holding.rooms[board.id].readers == {ann, cat}
        assert_verified(migration)

    def test_somebody_known_enters_an_old_conversation(
        self, target: Target, tmp_path: Path
    ) -> None:
        """An archive may not speak of an account again; what it cannot do is told beforehand."""
        workspace = Workspace()
        ann, bob = (workspace.person(name, email=f"{name}@example.org") for name in ("ann", "bob"))
        board = workspace.channel("board", ann, private=True)
        workspace.channel("hall", ann, bob).say(bob, "hello")
        board.say(ann, "for us alone")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        board.record["members"] = [ann, bob]
        migration.export_again(workspace)
        plan = migration.plan()
        late = {loss.code for loss in plan.losses} & {"member-late"}
        assert_sums(migration.resume())
        caps = migration.caps
        if caps.delivery == "live" or caps.delta == "rewrite" or caps.late_members:
            assert not late
            assert migration.holding().rooms[board.id].readers == {ann, bob}
            assert_verified(migration)
        else:
            assert late
            assert migration.holding().rooms[board.id].readers == {ann}

    def test_what_was_mentioned_comes_later(self, target: Target, tmp_path: Path) -> None:
        """A message stays as it was sent, though the channel that it names is known by now."""
        workspace, general, (ann, _) = everyday_workspace()
        number = len(workspace.places) + 1
        general.say(ann, f"all about it in <#C{number:08d}>")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        fresh = workspace.channel("fresh", ann)
        assert fresh.id == f"C{number:08d}"
        fresh.say(ann, "here it is")
        migration.export_again(workspace)
        assert_sums(migration.run())
        verified = migration.verify()
        assert not any(verified.different.values())
        assert not any(verified.missing.values())

    def test_delta_reaches_a_sealed_conversation(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        board = workspace.channel("board", ann, private=True, archived=True)
        board.say(bob, "I will leave soon")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        board.say(bob, "one last word")
        board.say(ann, "farewell")
        migration.export_again(workspace)
        summary = migration.run()
        holding = assert_whole(migration, workspace)
        assert not any(summary.failed.values())
        if "leaving" not in target.lacks:
            assert holding.rooms[board.id].readers == {ann}
        if "closing" not in target.lacks:
            assert holding.rooms[board.id].closed

    def test_what_comes_behind_later_messages_is_told(self, target: Target, tmp_path: Path) -> None:
        """Somebody who was left out at first; where the target shows messages in the order in which
        they come, the plan says which will stand behind later ones."""
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        early = general.say(bob, "before the others")
        general.say(ann, "in between")
        general.say(bob, "behind the others")
        migration = live_migration(target, tmp_path, workspace)
        migration.map("users.csv", bob, action="skip")
        migration.run()
        known = migration.caps.accounts
        migration.map("users.csv", bob, action="ghost" if "ghost" in known else "create")
        plan = migration.plan()
        losses = {each.code: (each.count, each.example) for each in plan.losses}
        late = (1, f"{general.id} {early.ts}") if migration.caps.order == "global" else None
        assert losses.get("late-order") == late
        summary = migration.resume()
        assert summary.sent["messages"] == 2
        assert held(migration.holding(), workspace) == told(workspace)
        assert_verified(migration)

    def test_the_servers_bound_is_reckoned_with(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = everyday_workspace()
        for _ in range(20):
            general.say(ann, "and so on")
        migration = live_migration(target, tmp_path, workspace)
        plan = migration.plan(check=True)
        with migration.storing() as store:
            caps = msgspec.json.decode(store.meta("caps"), type=type(migration.caps))
        bound = caps.calls_a_minute
        acts = plan.counts["messages"]["send"] + plan.counts["reactions"]
        assert plan.estimate.calls_a_minute in (0, bound)
        assert not bound or plan.estimate.seconds >= acts * 60 // bound

    def test_every_ensure_may_be_repeated(self, target: Target, tmp_path: Path) -> None:
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)

        def twice(session: object) -> None:
            for name in ("ensure_account", "ensure_conversation", "ensure_member", "seal"):
                once = getattr(session, name)

                async def call(act: object, once=once) -> object:  # type: ignore[no-untyped-def]  # a binding, not a parameter
                    first = await once(act)
                    assert await once(act) == first
                    return first

                setattr(session, name, call)

        with tampered(target.adapter, twice):
            summary = migration.run()
        assert not any(summary.failed.values())
        assert_whole(migration, workspace)
