"""Files: whole, with their message, seen by nobody else, each once."""

from pathlib import Path

from adapters.conformance.enclosed import (
    PNG,
    attached,
    fetched,
    files_at,
    pair_workspace,
    posts_at,
    text_at,
)
from adapters.conformance.migration import (
    assert_sums,
    assert_verified,
)
from adapters.conformance.target import Target

SNIPPET = "def answer():\n    return 42"
CANVAS = "<h1>The plan</h1><p>First we think, then we write.</p>"


class Files:
    def test_file_arrives_whole_with_its_message(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, bob) = pair_workspace()
        picture = workspace.file(ann, "cat.png", PNG, mimetype="image/png")
        said = general.say(ann, "look at her").attach(picture)
        alone = general.say(bob, "").attach(workspace.file(bob, "notes.bin", bytes(5_000)))
        migration = fetched(target, tmp_path, workspace)
        plan = migration.plan()
        assert plan.counts["files"]["send"] == 2
        assert plan.counts["file_bytes"] == len(PNG) + 5_000
        summary = migration.resume()
        assert summary.sent["files"] == 2
        assert_sums(summary)
        holding = migration.holding()
        for message in (said, alone):
            assert files_at(holding, message) == attached(*message.files)
            assert {post.text for post in posts_at(holding, message)} <= {"", message.text}
        assert assert_verified(migration).checked["files"] == 2

    def test_several_files_on_one_message(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = pair_workspace()
        files = [workspace.file(ann, f"part{n}.bin", bytes([n]) * n) for n in range(1, 6)]
        said = general.say(ann, "all five").attach(*files)
        migration = fetched(target, tmp_path, workspace)
        migration.run()
        assert files_at(migration.holding(), said) == attached(*files)
        assert_verified(migration)

    def test_one_body_for_several_messages(self, target: Target, tmp_path: Path) -> None:
        """One file shared twice, and another one with the same bytes."""
        workspace, general, (ann, bob) = pair_workspace()
        first, twin = (workspace.file(ann, f"{name}.bin", PNG) for name in ("first", "twin"))
        talk = workspace.dm(ann, bob)
        shared = [
            general.say(ann, "here").attach(first),
            talk.say(bob, "and here").attach(first),
            talk.say(ann, "the same again").attach(twin),
        ]
        migration = fetched(target, tmp_path, workspace)
        summary = migration.run()
        assert summary.sent["files"] == 2
        assert_sums(summary)
        holding = migration.holding()
        for said in shared:
            assert files_at(holding, said) == attached(*said.files)
        assert_verified(migration)

    def test_file_on_a_reply_is_in_the_thread(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, bob) = pair_workspace()
        root = general.say(ann, "the picture?")
        reply = general.say(bob, "this one", root=root).attach(workspace.file(bob, "a.bin", PNG))
        migration = fetched(target, tmp_path, workspace)
        migration.run()
        holding = migration.holding()
        (above,) = posts_at(holding, root)
        assert {post.root for post in posts_at(holding, reply)} == {above.ref}
        assert files_at(holding, reply) == attached(*reply.files)

    def test_private_file_stays_where_it_was(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, bob) = pair_workspace()
        cat = workspace.person("cat")
        secret = workspace.file(ann, "secret.bin", PNG)
        places = [workspace.channel("board", ann, bob, private=True), workspace.dm(ann, bob)]
        for place in places:
            place.say(ann, f"between us in {place.id}").attach(secret)
        general.say(cat, "nothing here")
        migration = fetched(target, tmp_path, workspace)
        migration.run()
        holding = migration.holding()
        assert {post.conversation for post in holding.posts if post.files} == {
            place.id for place in places
        }
        for place in places:
            assert holding.rooms[place.id].readers == {ann, bob}
        assert_verified(migration)

    def test_small_snippet_stands_in_the_text(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = pair_workspace()
        snippet = workspace.file(
            ann, "answer.py", SNIPPET.encode(), mode="snippet", filetype="python"
        )
        said = general.say(ann, "like this").attach(snippet)
        migration = fetched(target, tmp_path, workspace)
        plan = migration.plan()
        assert plan.counts["files"]["inlined"] == 1
        summary = migration.resume()
        assert_sums(summary)
        text = text_at(migration.holding(), said)
        assert "answer.py" in text
        for line in SNIPPET.splitlines():
            assert line.strip() in text
        assert_verified(migration)
        general.say(ann, "and so on")
        migration.export_again(workspace)
        migration.run()
        held = [post for post in migration.holding().posts if "answer.py" in post.text]
        assert len(held) == 1, "a newer export brings no text again"
        assert_verified(migration)

    def test_canvas_that_a_message_shares(self, target: Target, tmp_path: Path) -> None:
        workspace, general, (ann, _) = pair_workspace()
        canvas = workspace.file(
            ann, "plan.html", CANVAS.encode(), mode="quip", mimetype="text/html", title="Plan"
        )
        said = general.say(ann, "our plan").attach(canvas)
        migration = fetched(target, tmp_path, workspace)
        migration.run()
        holding = migration.holding()
        assert "First we think, then we write." in text_at(holding, said)
        assert files_at(holding, said) == attached(canvas)
        assert_verified(migration)
