"""Bodies on their way to a live target: each once, ahead of their messages, and what follows from a
refusal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import assert_sums, assert_verified, tampered
from adapters.conformance.workspace import Place, Shared, Workspace
from adapters.memory import MemoryAdapter, adapter
from migrate.spi import Look
from migrate.store.files import body_path
from tests.migrate.stages.trial import Trial, refusing, small_workspace

Events = list[tuple[str, str]]


def watching(events: Events) -> Callable[[Any], None]:
    """Sessions that write down which body and which message they take, in their order."""

    def change(session: Any) -> None:
        put, send = session.put_file, session.send

        async def put_noted(body: Any) -> Any:
            events.append(("put", body.file.id))
            return await put(body)

        async def send_noted(sending: Any) -> Any:
            events.append(("send", sending.key.ts))
            return await send(sending)

        session.put_file, session.send = put_noted, send_noted

    return change


def with_file(place: Place, ann: str, name: str) -> Shared:
    file = place.workspace.file(ann, name, name.encode())
    place.say(ann, f"message with {name}").attach(file)
    return file


def test_a_file_is_uploaded_once_however_many_messages_have_it(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    file = with_file(general, ann, "shared.bin")
    talk = workspace.dm(ann, bob)
    for place in (general, talk, talk):
        place.say(bob, "once more").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    events: Events = []
    with tampered(adapter, watching(events)):
        summary = trial.run()
    assert_sums(summary)
    assert [event for event in events if event[0] == "put"] == [("put", file.id)]
    assert sum(len(post.files) for post in trial.holding().posts) == 4


def test_bodies_go_ahead_of_the_messages_that_need_them(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    files = [with_file(general, ann, f"{n}.bin") for n in range(10)]
    trial = Trial(tmp_path, workspace)
    trial.fetch(*files)
    events: Events = []
    with tampered(adapter, watching(events)):
        trial.run()
    puts = {id: at for at, (kind, id) in enumerate(events) if kind == "put"}
    sends = [at for at, (kind, _) in enumerate(events) if kind == "send"]
    for file, sent in zip(files, sends, strict=True):
        assert puts[file.id] < sent
    assert puts[files[-1].id] < sends[4], "the last body does not wait for its own message"


def test_a_refused_file_does_not_keep_a_conversation_open(tmp_path: Path) -> None:
    """Whoever left in Slack has left at the target too, and brings the file in the next run."""
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    board = workspace.channel("board", ann, private=True, archived=True)
    file = with_file(board, bob, "minutes.bin")
    board.say(ann, "thank you")
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    with refusing("put_file", "trial-refused"):
        summary = trial.run()
    assert_sums(summary)
    assert (summary.failed["files"], summary.failed["messages"]) == (1, 0)
    room = trial.holding().rooms[board.id]
    assert (set(room.members), room.closed) == ({ann}, True)
    again = trial.resume()
    assert_sums(again)
    assert (again.sent["files"], again.sent["messages"]) == (1, 0)
    holding = trial.holding()
    room = holding.rooms[board.id]
    assert (set(room.members), room.closed) == ({ann}, True)
    (late,) = (post for post in holding.posts if post.files)
    (head,) = (post for post in holding.posts if "minutes.bin" in post.text)
    assert (late.root, late.author, late.text) == (head.ref, bob, "")
    assert late.time > head.time
    assert_verified(trial)


def test_a_file_that_stays_refused_is_tried_once_a_run(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    file = with_file(general, ann, "never.bin")
    general.say(bob, "this too").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    for run in range(3):
        events: Events = []
        with refusing("put_file", "trial-refused"), tampered(adapter, watching(events)):
            summary = trial.resume() if run == 1 else trial.run()
        assert [kind for kind, _ in events if kind == "put"] == ["put"]
        assert summary.failed["files"] == 1
        assert_sums(summary)
        assert_verified(trial)
    assert len(trial.holding().posts) == 2


def test_a_body_that_was_taken_away_since_the_plan(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    file = with_file(general, ann, "a.bin")
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    trial.plan()
    body_path(trial.folder, file.sha256).unlink()
    summary = trial.resume()
    assert (summary.sent["messages"], summary.failed["files"]) == (1, 1)
    assert "body-lost" in {told.code for told in summary.reasons}
    trial.fetch(file)
    again = trial.run()
    assert again.sent["files"] == 1
    assert_sums(again)
    assert_verified(trial)


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_a_body_that_is_not_as_it_was_fetched_is_not_sent(tmp_path: Path, harm: str) -> None:
    workspace, general, ann, _ = small_workspace()
    file = with_file(general, ann, "a.bin")
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    trial.plan()
    path = body_path(trial.folder, file.sha256)
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if harm == "cut" else bytes(len(whole)))
    summary = trial.resume()
    assert (summary.sent["messages"], summary.failed["files"]) == (1, 1)
    assert "body-lost" in {told.code for told in summary.reasons}
    assert not path.exists()  # so that `fetch` brings it again
    blocked = trial.plan()
    assert [told.code for told in blocked.blockers] == ["files-missing"]
    # The plan made without the body does not survive the body's return.
    trial.fetch(file)
    assert path.read_bytes() == whole
    assert trial.plan().counts["files"]["send"] == 1
    again = trial.run()
    assert again.sent["files"] == 1
    assert_sums(again)
    assert_verified(trial)


def test_refused_pictures_come_with_the_next_run(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello :party:")
    trial = Trial(tmp_path, workspace)
    trial.fetch_body(f"avatar/{ann}", b"a face")
    trial.fetch_body("emoji/party", b"a party")
    with trial.storing() as store:
        store.db.execute("INSERT INTO emoji VALUES ('party', 'x', '')")
    with refusing("put_file", "trial-refused"):
        summary = trial.run()
    assert summary.sent["messages"] == 1
    assert summary.exit == 1, "what was refused is told of, though no record of Slack's is missing"
    assert dict(trial.holding().avatars) == {}
    trial.resume()
    holding = trial.holding()
    assert ann in holding.avatars
    assert "party" in holding.emoji


def test_the_key_of_a_reaction_may_be_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known only when the image is uploaded, and differs from emoji to emoji before."""

    def reaction(self: MemoryAdapter, emoji: str, look: Look) -> str:
        return look.file(f"emoji/{emoji}") or emoji

    monkeypatch.setattr(MemoryAdapter, "reaction", reaction)
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "hooray").react("party", bob).react("parrot", bob).react("tada", bob)
    trial = Trial(tmp_path, workspace)
    names = ("party", "parrot")
    with trial.storing() as store:
        store.db.executemany("INSERT INTO emoji VALUES (?, 'x', '')", [(name,) for name in names])
    for name in names:
        trial.fetch_body(f"emoji/{name}", name.encode())
    summary = trial.run()
    assert_sums(summary)
    assert summary.sent["reactions"] == 3
    keys = {mark.emoji for mark in trial.holding().marks}
    assert "tada" in keys
    assert {key[0] for key in keys - {"tada"}} == {"f"}
    assert len(keys) == 3
    assert_verified(trial)
