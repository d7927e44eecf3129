"""What a message keeps on its way: author, time, order, thread, reactions, pins, and its words."""

from pathlib import Path

import pytest

from adapters.conformance.migration import (
    Migration,
    assert_sums,
    assert_verified,
    assert_whole,
    post_of,
)
from adapters.conformance.target import Target
from adapters.conformance.workspace import Workspace


class Messages:
    def test_authors_of_every_sort(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, gone = workspace.person("ann"), workspace.person("gone", deactivated=True)
        bot, stranger = workspace.bot("buildbot"), workspace.stranger()
        general = workspace.channel("general", ann)
        for author in (ann, gone, bot, stranger):
            general.say(author, f"by {author}")
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        assert_whole(migration, workspace)
        assert summary.sent["messages"] == 4
        assert_sums(summary)

    def test_order_within_one_millisecond(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        for number in range(6):
            general.say((ann, bob)[number % 2], f"number {number}", after=0.0001)
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        holding = assert_whole(migration, workspace)
        times = [post.time for post in holding.posts]
        assert times == sorted(times)

    def test_order_over_days(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        general, random = workspace.channel("general", ann), workspace.channel("random", ann)
        for number in range(8):
            (general, random)[number % 2].say(ann, f"day {number}", after=40_000)
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        assert_whole(migration, workspace)

    def test_threads(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        first, second = general.say(ann, "first question"), general.say(bob, "second question")
        general.say(bob, "answer to the first", root=first)
        general.say(ann, "answer to the second", root=second)
        general.say(ann, "late answer to the first", root=first, after=200_000)
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        assert_whole(migration, workspace)

    def test_reply_whose_root_is_missing(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        root = workspace.tick(1.0)
        replies = [general.say(author, f"reply of {author}", root=root) for author in (ann, bob)]
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        holding = assert_whole(migration, workspace)
        assert summary.sent["messages"] == 2
        roots = {post_of(holding, reply).root for reply in replies}
        assert len(roots) == 1
        assert len(holding.posts) == 3
        assert_verified(migration)

    def test_broadcast_is_shown_in_both_places_once(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        root = general.say(ann, "who comes along?")
        general.say(bob, "only in the thread", root=root)
        general.say(bob, "everybody does", root=root, broadcast=True)
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        assert_whole(migration, workspace)
        assert summary.sent["messages"] == 3
        assert_verified(migration)

    def test_reactions_of_one_emoji_are_merged(self, target: Target, tmp_path: Path) -> None:
        if "reacting" in target.lacks:
            pytest.skip("nobody there can react")
        workspace = Workspace()
        ann, bob, stranger = workspace.person("ann"), workspace.person("bob"), workspace.stranger()
        said = workspace.channel("general", ann, bob).say(ann, "it works")
        said.react("thumbsup", ann, bob).react("+1", bob).react("tada", bob, stranger)
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        holding = assert_whole(migration, workspace)
        assert summary.found["reactions"] == 5
        assert_sums(summary)
        marks = [(mark.author, mark.emoji) for mark in holding.marks]
        if migration.caps.reactions == "none":
            assert (marks, summary.skipped["reactions"]) == ([], 5)
            return
        assert len(marks) == len(set(marks)) == summary.sent["reactions"]
        assert {mark.post for mark in holding.marks} == {post_of(holding, said).ref}
        by = {author: {e for a, e in marks if a == author} for author, _ in marks}
        assert (len(by[ann]), len(by[bob])) == (1, 2)
        assert by[ann] < by[bob]

    def test_pins(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        general = workspace.channel("general", ann)
        house_rules, chatter = general.say(ann, "house rules"), general.say(ann, "chatter")
        menu = general.say(ann, "the menu")
        general.pin(menu)
        general.pin(house_rules)
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        holding = assert_whole(migration, workspace)
        assert_sums(summary)
        pins = list(holding.rooms[general.id].pins)
        if not migration.caps.pins:
            assert (pins, summary.skipped["pins"]) == ([], 2)
            return
        assert pins == [post_of(holding, said).ref for said in (house_rules, menu)]
        assert post_of(holding, chatter).ref not in pins
        assert summary.sent["pins"] == 2

    @pytest.mark.parametrize("notices", ["drop", "keep"])
    def test_notices(self, target: Target, tmp_path: Path, notices: str) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        general.notice(bob)
        general.say(ann, "welcome")
        migration = Migration(target, tmp_path, workspace, {"source.notices": notices})
        summary = migration.run()
        kept = notices == "keep" and "notices" not in target.lacks
        assert len(migration.holding().posts) == (2 if kept else 1)
        assert summary.found["notices"] == 1
        assert summary.sent.get("notices", 0) == kept
        assert_sums(summary)

    def test_long_message_is_split(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        limit = Migration(target, tmp_path / "limit", workspace).caps.piece_limit
        words = [f"w{number}" for number in range(limit // 3)]
        general.say(ann, "before")
        general.say(bob, " ".join(words))
        general.say(ann, "after")
        migration = Migration(target, tmp_path / "long", workspace)
        summary = migration.run()
        holding = migration.holding()
        pieces = [post for post in holding.posts if post.author == bob]
        assert len(pieces) > 1
        assert all(post.size <= limit for post in holding.posts)
        assert " ".join(post.text for post in pieces).split() == words
        assert [post.text for post in holding.posts if post.author == ann] == ["before", "after"]
        assert holding.posts[1:-1] == tuple(pieces)
        assert summary.sent["messages"] == 3
        assert_verified(migration)

    def test_final_text_alone(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        general = workspace.channel("general", ann)
        general.say(ann, "teh first try").edit("the final text")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        assert_whole(migration, workspace)

    def test_mentions_become_names(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        general.say(ann, f"ask <@{bob}> in <#{general.id}|general> about R&amp;D &lt;soon&gt;")
        migration = Migration(target, tmp_path, workspace)
        migration.run()
        (post,) = migration.holding().posts
        assert "bob" in post.text.lower()
        assert "general" in post.text
        assert "R&D <soon>" in post.text
        assert bob not in post.text

    def test_words_that_break_servers(self, target: Target, tmp_path: Path) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        general = workspace.channel("general", ann)
        for text in ("nul \x00 inside", "half a pair \ud83d here", "שלום 🏳️‍🌈"):
            general.say(ann, text)
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        posts = migration.holding().posts
        assert len(posts) == summary.sent["messages"] == 3
        assert posts[2].text == "שלום 🏳️‍🌈"
        assert "\x00" not in posts[0].text
        assert_verified(migration)

    def test_links_to_messages(self, target: Target, tmp_path: Path) -> None:
        """A link leads to what is there before it; it must read the same when it is checked later,
        when what it could not lead to has come."""
        workspace = Workspace()
        ann = workspace.person("ann")
        general, random = workspace.channel("general", ann), workspace.channel("random", ann)
        earlier = general.say(ann, "the first word")
        later = f"{1_700_000_003}.000000"
        for conversation, ts in ((general.id, earlier.ts), (general.id, later)):
            link = f"https://acme.slack.com/archives/{conversation}/p{ts.replace('.', '')}"
            random.say(ann, f"see <{link}>", after=0.5)
        assert general.say(ann, "the last word").ts == later
        migration = Migration(target, tmp_path, workspace)
        summary = migration.run()
        assert summary.sent["messages"] == 4
        assert assert_verified(migration).checked["messages"] == 4
