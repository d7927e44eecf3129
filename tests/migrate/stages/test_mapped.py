"""Accounts that stood at the target before: what they cannot bring is told beforehand, and what
they can bring comes in the right name."""

from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import assert_sums, assert_verified, tampered
from adapters.conformance.workspace import Workspace
from adapters.memory import adapter
from migrate.spi import Body
from tests.migrate.stages.trial import Trial


def settled(trial: Trial, *people: str) -> None:
    """Accounts of these people stand there, and they are mapped to them."""
    for person in people:
        name = trial.target.settle_in(trial.folder, person)
        trial.map("users.csv", person, action="map", target=name)


def reasons(summary: Any) -> dict[str, int]:
    return {told.code: told.count for told in summary.reasons}


def test_reactions_of_mapped_accounts_are_told_and_skipped(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    said = general.say(ann, "hooray").react("tada", ann, bob).react("+1", ann)
    trial = Trial(tmp_path, workspace, "forgetful")
    settled(trial, ann)
    plan = trial.plan()
    assert {t.code: t.count for t in plan.findings}["reaction-mapped"] == 2
    assert plan.counts["reactions"] == 1
    summary = trial.resume()
    assert_sums(summary)
    assert reasons(summary) == {"reaction-mapped": 2}
    assert [(mark.author, mark.emoji) for mark in trial.holding().marks] == [(bob, "tada")]
    assert_verified(trial)
    said.react("eyes", ann, bob)
    trial.export_again(workspace)
    assert reasons(trial.run()) == {"reaction-mapped": 3}
    assert_verified(trial)


def test_reactions_of_mapped_accounts_where_they_can(tmp_path: Path) -> None:
    """The accounts that we make react in any case."""
    workspace = Workspace()
    ann = workspace.person("ann")
    workspace.channel("general", ann).say(ann, "hooray").react("tada", ann)
    trial = Trial(tmp_path, workspace, "forgetful")
    assert not any(trial.run().skipped.values())
    assert len(trial.holding().marks) == 1


def test_files_that_only_mapped_accounts_share_and_only_in_direct_talk(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob, cat = (workspace.person(name) for name in ("ann", "bob", "cat"))
    general = workspace.channel("general", ann, bob, cat)
    talk = workspace.dm(ann, bob)
    group = workspace.group_dm(ann, bob, cat)
    secret, shown, shared, given = (
        workspace.file(ann, f"{name}.bin", name.encode())
        for name in ("secret", "shown", "shared", "given")
    )
    talk.say(ann, "for you").attach(secret)
    group.say(bob, "for both of you").attach(secret)
    general.say(ann, "for all").attach(shown)
    talk.say(ann, "first here").attach(shared)
    general.say(bob, "then there").attach(shared)
    talk.say(ann, "by me").attach(given)
    group.say(cat, "by cat").attach(given)
    trial = Trial(tmp_path, workspace, "forgetful")
    settled(trial, ann, bob)
    trial.fetch(secret, shown, shared, given)
    plan = trial.plan()
    assert plan.counts["files"] | {"missing": 0} == plan.counts["files"]
    assert (plan.counts["files"]["send"], plan.counts["files"]["link"]) == (3, 1)
    brought: dict[str, tuple[str, str]] = {}

    def watch(session: Any) -> None:
        put = session.put_file

        async def putting(body: Body) -> str:
            assert body.author is not None
            assert body.opening is not None
            person = body.author.person.id
            brought[body.file.id] = (person, body.opening.conversation.id)
            ref: str = await put(body)
            return ref

        session.put_file = putting

    with tampered(adapter, watch):
        summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert reasons(summary) == {"file-mapped-direct": 1}
    assert brought == {
        shown.id: (ann, general.id),
        shared.id: (bob, general.id),
        given.id: (cat, group.id),
    }
    posts = {post.text.partition("\n")[0]: post for post in trial.holding().posts}
    assert "secret.bin" in posts["for you"].text
    assert not posts["for you"].files
    assert len(posts["first here"].files) == len(posts["by me"].files) == 1
    assert_verified(trial)
    assert not any(trial.run().sent.values())


@pytest.mark.parametrize("left_out", ["conversation", "person"])
def test_who_stays_behind_brings_nothing(tmp_path: Path, left_out: str) -> None:
    """A channel's message that is not brought over does not make a file possible."""
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    file = workspace.file(ann, "secret.bin", b"secret")
    general.say(bob, "in the open").attach(file)
    workspace.dm(ann, bob).say(ann, "for you").attach(file)
    trial = Trial(tmp_path, workspace, "forgetful")
    settled(trial, ann)
    if left_out == "conversation":
        trial.map("channels.csv", general.id, action="skip")
    else:
        trial.map("users.csv", bob, action="skip")
    trial.fetch(file)
    summary = trial.run()
    assert_sums(summary)
    assert reasons(summary)["file-mapped-direct"] == 1
    assert not any(post.files for post in trial.holding().posts)


def test_canvas_of_a_mapped_account_in_direct_talk(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    talk = workspace.dm(ann, bob)
    canvas = workspace.file(ann, "plan.html", b"<p>plan</p>", mode="quip", mimetype="text/html")
    workspace.leave(canvas, talk)
    talk.say(bob, "hello")
    trial = Trial(tmp_path, workspace, "forgetful")
    settled(trial, ann)
    trial.fetch(canvas)
    summary = trial.run()
    assert_sums(summary)
    assert reasons(summary) == {"file-mapped-direct": 1}


def test_pictures_and_late_files_tell_who_brings_them(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    prompt, late = (workspace.file(ann, f"{n}.bin", n.encode()) for n in ("prompt", "late"))
    general.say(bob, "see there").attach(prompt, late)
    trial = Trial(tmp_path, workspace, "forgetful", {"files.missing": "link"})
    trial.fetch_body(f"avatar/{ann}", b"picture")
    trial.fetch(prompt)
    told: dict[str, str] = {}

    def watch(session: Any) -> None:
        put = session.put_file

        async def putting(body: Body) -> str:
            told[body.file.id] = body.author.person.id if body.author else ""
            ref: str = await put(body)
            return ref

        session.put_file = putting

    with tampered(adapter, watch):
        trial.run()
        trial.fetch(late)
        trial.run()
    assert told == {f"avatar/{ann}": "", prompt.id: bob, late.id: bob}
