"""What no message says: a canvas that nobody mentions, bookmarks, people's pictures, emoji."""

from collections import Counter
from pathlib import Path

import pytest

from adapters.conformance.enclosed import (
    PNG,
    attached,
    digest,
    fetched,
    pair_workspace,
    text_at,
)
from adapters.conformance.migration import (
    Migration,
    assert_sums,
    assert_verified,
)
from adapters.conformance.target import Target
from adapters.conformance.workspace import Place

CANVAS = "<h1>The plan</h1><p>First we think, then we write.</p>"


class Extras:
    def test_canvas_that_nobody_mentions(self, target: Target, tmp_path: Path) -> None:
        """It is where it belonged; one that belonged nowhere is a counted loss."""
        workspace, general, (ann, _) = pair_workspace()
        canvas, stray = (
            workspace.file(ann, f"{name}.html", CANVAS.encode(), mode="quip", mimetype="text/html")
            for name in ("known", "stray")
        )
        workspace.leave(canvas, general)
        workspace.leave(stray, None)
        general.say(ann, "on with the day")
        migration = fetched(target, tmp_path, workspace)
        summary = migration.run()
        assert summary.sent["files"] == 1
        assert {told.code: told.count for told in summary.reasons}["file-without-place"] == 1
        assert_sums(summary)
        holding = migration.holding()
        bringing = [post for post in holding.posts if post.files]
        assert {(post.conversation, post.author) for post in bringing} == {(general.id, ann)}
        assert Counter(each for post in bringing for each in post.files) == attached(canvas)
        assert_verified(migration)
        assert not any(migration.run().sent.values())
        assert migration.holding() == holding

    def test_bookmarks_are_listed_where_they_were(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = pair_workspace()
        general.say(ann, "good morning")
        migration = Migration(target, tmp_path, workspace)
        _bookmark(migration, general, "Handbook", "https://example.org/handbook", 1_700_000_100)
        summary = migration.run()
        assert_sums(summary)
        assert_verified(migration)
        _bookmark(migration, general, "Menu", "https://example.org/menu", 1_700_000_200)
        assert_sums(migration.run())
        texts = [post.text for post in migration.holding().posts]
        assert sum("Handbook" in text for text in texts) == 1
        assert sum("Menu" in text for text in texts) == 1
        assert_verified(migration)

    def test_pictures_of_people(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, bob) = pair_workspace()
        general.say(ann, "hello")
        migration = Migration(target, tmp_path, workspace)
        if not migration.caps.avatars:
            pytest.skip("the target keeps no pictures of people")
        migration.fetch_body(f"avatar/{ann}", PNG)
        assert_sums(migration.run())
        assert dict(migration.holding().avatars) == {ann: digest(PNG)}
        if migration.caps.delivery == "live" or migration.caps.delta == "rewrite":
            migration.fetch_body(f"avatar/{bob}", PNG + b"bob")
            migration.run()
            assert migration.holding().avatars[bob] == digest(PNG + b"bob")
        assert_verified(migration)

    def test_custom_emoji(self, target: Target, tmp_path: Path) -> None:
        """In the words and as reactions, by an alias too; one without an image keeps its name."""
        workspace, general, (ann, bob) = pair_workspace()
        party, yay, other, unseen = map(workspace.marked, ("party", "yay", "other", "unseen"))
        said = general.say(ann, f"hooray :{party}: :{yay}: :{unseen}:")
        said.react(party, ann).react(yay, bob).react(other, ann)
        migration = Migration(target, tmp_path, workspace)
        if not migration.caps.emoji:
            pytest.skip("the target keeps no custom emoji")
        with migration.storing() as store:
            store.db.executemany(
                "INSERT INTO emoji VALUES (?, ?, ?)",
                [(party, "x", ""), (other, "x", ""), (yay, "", party), (unseen, "x", "")],
            )
        for name in (party, other):
            migration.fetch_body(f"emoji/{name}", PNG + name.encode())
        summary = migration.run()
        assert_sums(summary)
        assert summary.sent["reactions"] == migration.kept_reactions(3)
        holding = migration.holding()
        assert dict(holding.emoji) == {name: digest(PNG + name.encode()) for name in (party, other)}
        assert f":{unseen}:" in text_at(holding, said)
        keys = {mark.author: set[str]() for mark in holding.marks}
        for mark in holding.marks:
            keys[mark.author].add(mark.emoji)
        if migration.kept_reactions(1):
            assert len(keys[ann]) == 2
            assert keys[bob] < keys[ann]
        assert_verified(migration)


def _bookmark(migration: Migration, place: Place, title: str, url: str, created: int) -> None:
    with migration.storing() as store:
        (conv,) = store.db.execute(
            "SELECT num FROM conversation WHERE id = ?", (place.id,)
        ).fetchone()
        (position,) = store.db.execute("SELECT count(*) FROM bookmark").fetchone()
        store.db.execute(
            "INSERT INTO bookmark VALUES (?, ?, ?, ?, ?)", (conv, position, title, url, created)
        )
