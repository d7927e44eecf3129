"""An archive that a server has taken, and a project that goes on there message by message: what was
brought is found again once, nothing of it comes twice, and the way back is open until something
was sent."""

import random
from pathlib import Path

import pytest

from adapters.conformance.migration import Crash, assert_sums
from adapters.conformance.workspace import Place, Workspace
from adapters.memory import forgetful
from migrate.errors import BlockedError, UsageError
from migrate.store import ops
from tests.migrate.stages.heir import Inheritance


def small_world() -> tuple[Workspace, Place, Place, list[str]]:
    """A channel with a thread, reactions and a pin, and direct talk."""
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    root = general.say(ann, "root").react("tada", bob)
    general.say(bob, "early reply", root=root)
    general.say(ann, "beside it").react("+1", ann, bob)
    direct = workspace.dm(ann, bob)
    direct.say(bob, "between us").react("eyes", ann)
    return workspace, general, direct, [ann, bob]


def taken(folder: Path, workspace: Workspace) -> Inheritance:
    """A project whose archive was made and imported."""
    trial = Inheritance(folder, workspace)
    trial.run()
    trial.take()
    return trial


def codes(trial: Inheritance) -> dict[str, int]:
    plan = trial.plan(check=True)
    return {each.code: each.count for each in (*plan.findings, *plan.blockers, *plan.losses)}


def test_only_what_is_new_is_sent_after_the_archive(tmp_path: Path) -> None:
    workspace, general, direct, (ann, bob) = small_world()
    trial = taken(tmp_path, workspace)
    general.say(bob, "new", after=100)
    direct.say(ann, "just us")
    trial.export_again(workspace)
    plan = trial.plan(check=True)
    assert plan.counts["messages"] == {"send": 2, "change": 0, "already": 4, "skip": 0}
    found = {each.code: each.count for each in plan.findings}
    assert (found["archive-taken-over"], found["archive-unseen"]) == (3, 1)
    assert found["delta-sent"] == 2
    assert plan.target == "memory:live:memory.jsonl"
    summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert (summary.sent["messages"], summary.already["messages"]) == (2, 4)
    assert summary.already["reactions"] == 4
    assert trial.texts(general.id) == ["root", "early reply", "beside it", "new"]
    assert trial.texts(direct.id) == ["between us", "just us"]
    again = trial.run()
    assert not any(again.sent.values())
    assert trial.texts(general.id) == ["root", "early reply", "beside it", "new"]


def test_what_hangs_on_the_archive_finds_its_place(tmp_path: Path) -> None:
    """A late reply under its root; a newcomer's reaction; not those whose keys are their own."""
    workspace, general, _, (ann, bob) = small_world()
    trial = taken(tmp_path, workspace)
    cat = workspace.person("cat")
    general.record["members"] = [ann, bob, cat]
    root = general.said[0].react("rocket", cat).react("eyes", ann)
    general.say(cat, "late reply", root=root, after=100)
    trial.export_again(workspace)
    told = codes(trial)
    assert told["reaction-mapped"] == 1
    summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    (post,) = (line for line in trial.log("message") if line["payload"]["text"] == "root")
    (reply,) = (line for line in trial.log("message") if line["payload"]["text"] == "late reply")
    assert reply["root"] == post["ref"]
    marks = [(line["message"], line["emoji"]) for line in trial.log("reaction")]
    assert marks.count((post["ref"], "tada")) == 1
    assert (post["ref"], "rocket") in marks
    assert (post["ref"], "eyes") not in marks
    assert (summary.sent["reactions"], summary.skipped["reactions"]) == (1, 1)
    verified = trial.verify()
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    # What came inside the archive's messages, and what stands where nobody can look.
    assert verified.unchecked["reactions"] == 4
    assert verified.unchecked["messages"] == 1


def test_verify_finds_what_was_changed_of_the_archive(tmp_path: Path) -> None:
    workspace = small_world()[0]
    trial = taken(tmp_path, workspace)
    trial.plan(check=True)
    trial.resume()
    log = trial.folder / "memory.jsonl"
    log.write_text(log.read_text().replace("beside it", "beside the point"))
    verified = trial.verify()
    assert verified.different["messages"] == 1
    log.write_text("".join(x for x in log.read_text().splitlines(True) if "the point" not in x))
    assert trial.verify().missing["messages"] == 1


def test_a_plan_without_a_look_is_refused(tmp_path: Path) -> None:
    workspace, _, _, _ = small_world()
    trial = taken(tmp_path, workspace)
    for act in (trial.plan, trial.resume, trial.verify):
        with pytest.raises(BlockedError) as raised:
            act()
        assert raised.value.code == "archive-unchecked"
    assert trial.plan(check=True).blockers == []
    trial.plan()


def test_a_newer_plan_of_the_archive_does_not_count(tmp_path: Path) -> None:
    """What was planned into the archive after it was joined is in no archive."""
    workspace, general, _, (ann, bob) = small_world()
    trial = Inheritance(tmp_path, workspace)
    trial.run()
    general.said[0].edit("root, edited").react("rocket", ann)
    general.said[2].react("eyes", bob)
    general.say(bob, "late reply", root=general.said[0])
    general.say(ann, "new", after=50)
    trial.export_again(workspace)
    rewriting = {each.code for each in trial.plan().findings}
    assert "delta-rewritten" in rewriting
    trial.take()
    told = codes(trial)
    assert told["edit-not-sent"] == 1
    assert told["reaction-mapped"] == 2
    summary = trial.resume()
    assert_sums(summary)
    assert summary.sent["messages"] == 2
    assert summary.already["reactions"] == 4
    assert summary.skipped["reactions"] == 2
    assert sorted(trial.texts(general.id)) == sorted(
        ["root", "early reply", "beside it", "late reply", "new"]
    )


def test_a_broken_off_second_archive_does_not_count(tmp_path: Path) -> None:
    workspace, general, _, (ann, _) = small_world()
    trial = Inheritance(tmp_path, workspace)
    trial.run()
    general.said[0].edit("root, edited")
    general.say(ann, "new", after=50)
    trial.export_again(workspace)
    trial.plan()

    def probe(step: str, _: str) -> None:
        if step == "part.noted":
            raise Crash

    with pytest.raises(Crash):
        trial.resume(probe)
    trial.take()
    assert trial.plan(check=True).counts["messages"]["send"] == 1
    trial.resume()
    assert trial.texts(general.id) == ["root", "early reply", "beside it", "new"]


def test_the_way_back_is_open_until_something_was_sent(tmp_path: Path) -> None:
    workspace, general, _, (_, bob) = small_world()
    trial = Inheritance(tmp_path, workspace)
    trial.run()
    first = (trial.folder / "memory.zip").read_bytes()
    before = trial.ops()
    trial.take()
    trial.plan(check=True)
    assert all(op.flags & ops.MAPPED for op in trial.ops("kind = 1 AND state = 2"))
    trial.go_back()
    trial.plan()
    trial.resume()
    assert (trial.folder / "memory.zip").read_bytes() == first
    after = {op.key: (op.ref, op.sum, op.flags, op.state, op.folded) for op in trial.ops()}
    assert after == {op.key: (op.ref, op.sum, op.flags, op.state, op.folded) for op in before}
    general.say(bob, "new", after=50)
    trial.export_again(workspace)
    trial.go_live()
    trial.plan(check=True)
    trial.resume()
    trial.go_back()
    for act in (trial.plan, trial.resume, trial.verify):
        with pytest.raises(BlockedError) as raised:
            act()
        assert raised.value.code == "archive-left"
    trial.go_live()
    assert not any(trial.run().sent.values())


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("account", "archive-account-missing"),
        ("conversation", "archive-conversation-missing"),
        ("open", "archive-conversation-opened"),
    ],
)
def test_what_cannot_be_found_again_blocks(tmp_path: Path, act: str, code: str) -> None:
    workspace, _, _, (ann, _) = small_world()
    workspace.channel("board", ann, private=True).say(ann, "for us alone")
    trial = taken(tmp_path, workspace)
    log, listed = trial.folder / "memory.jsonl", trial.folder / "imported.json"
    good, names = log.read_text(), listed.read_text()
    if act == "open":
        log.write_text(good.replace('"private": true', '"private": false'))
    else:
        name = "ann" if act == "account" else "general"
        listed.write_text(names.replace(f'"{name}"', '"somebody"'))
    blocked = trial.plan(check=True)
    assert [each.code for each in blocked.blockers] == [code]
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert raised.value.code == "archive-unchecked"
    assert log.read_text().count("\n") == good.count("\n")
    log.write_text(good)
    listed.write_text(names)
    assert trial.plan(check=True).blockers == []
    assert not any(trial.resume().failed.values())


def test_another_archive_is_not_this_targets(tmp_path: Path) -> None:
    workspace, _, _, _ = small_world()
    trial = Inheritance(tmp_path, workspace, {"target.path": "other.zip"})
    trial.run()
    (trial.folder / "other.zip").rename(trial.folder / "memory.zip")
    trial.take()
    trial.go_live(path="")
    with pytest.raises(BlockedError) as raised:
        trial.plan(check=True)
    assert raised.value.code == "target-other"


def test_an_unfinished_archive_has_no_heir(tmp_path: Path) -> None:
    workspace, _, _, _ = small_world()
    trial = Inheritance(tmp_path, workspace)
    trial.plan()

    def probe(step: str, _: str) -> None:
        if step == "part.noted":
            raise Crash

    with pytest.raises(Crash):
        trial.resume(probe)
    (trial.folder / "imported.json").write_text('{"names": {}, "direct": {}, "ids": {}}')
    trial.go_live()
    with pytest.raises(BlockedError) as raised:
        trial.plan(check=True)
    assert raised.value.code == "archive-unfinished"
    trial.go_back()
    assert not any(trial.resume().failed.values())


def test_a_killed_take_over_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, general, _, (ann, _) = small_world()
    trial = taken(tmp_path, workspace)
    general.say(ann, "new", after=50)
    trial.export_again(workspace)
    inherit = ops.inherit
    calls = 0

    def die(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Crash
        inherit(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(ops, "inherit", die)
    with pytest.raises(Crash):
        trial.plan(check=True)
    with pytest.raises(BlockedError) as raised:
        trial.plan()
    assert raised.value.code == "archive-unchecked"
    trial.plan(check=True)
    trial.resume()
    assert trial.texts(general.id) == ["root", "early reply", "beside it", "new"]


def test_a_project_that_planned_an_archive_alone_is_free(tmp_path: Path) -> None:
    workspace, general, _, _ = small_world()
    trial = Inheritance(tmp_path, workspace)
    trial.plan()
    (trial.folder / "imported.json").write_text('{"names": {}, "direct": {}, "ids": {}}')
    trial.go_live()
    summary = trial.run()
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert trial.texts(general.id) == ["root", "early reply", "beside it"]


def test_a_file_of_the_archive_comes_again_with_a_new_message(tmp_path: Path) -> None:
    workspace, general, _, (ann, bob) = small_world()
    file = workspace.file(ann, "plan.txt", b"the plan", mimetype="text/plain")
    general.say(ann, "here").attach(file)
    trial = Inheritance(tmp_path, workspace)
    trial.fetch(file)
    trial.run()
    trial.take()
    general.say(bob, "here once more", after=50).attach(file)
    trial.export_again(workspace)
    trial.plan(check=True)
    summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    posts = {x["payload"]["text"]: x["payload"]["files"] for x in trial.log("message")}
    (again,) = posts["here once more"]
    assert again["ref"] != file.id
    verified = trial.verify()
    assert not any(verified.missing.values())
    assert not any(verified.different.values())


def test_nobody_signs_in_otherwise_after_the_archive(tmp_path: Path) -> None:
    """Who was created stays so in the table of accounts; users.csv is left as it is."""
    workspace, _, _, _ = small_world()
    trial = taken(tmp_path, workspace)
    sheet = (trial.folder / "mappings" / "users.csv").read_text()
    before = (trial.folder / "reports" / "accounts.csv").read_text()
    plan = trial.plan(check=True)
    assert "map" not in {key for key, count in plan.counts["accounts"].items() if count}
    trial.resume()
    assert (trial.folder / "mappings" / "users.csv").read_text() == sheet
    after = (trial.folder / "reports" / "accounts.csv").read_text()
    assert [x.split(",")[3] for x in after.splitlines()] == [
        x.split(",")[3] for x in before.splitlines()
    ]


def test_verify_before_the_first_run_reads_what_it_can(tmp_path: Path) -> None:
    workspace, _, _, _ = small_world()
    trial = taken(tmp_path, workspace)
    trial.plan(check=True)
    verified = trial.verify()
    assert not any(verified.missing.values())
    assert verified.checked["messages"] == 3
    trial.go_back()
    trial.plan()


def test_what_hangs_on_what_nobody_can_see(tmp_path: Path) -> None:
    """A reply in direct talk stands outside its thread, a link leads to the conversation, and a
    newcomer cannot react to a message of which nobody knows the ref."""
    workspace, general, direct, (ann, bob) = small_world()
    trial = taken(tmp_path, workspace)
    cat = workspace.person("cat")
    unseen = direct.said[0].react("rocket", cat)
    direct.say(ann, "late reply", root=unseen)
    seen = general.said[2]
    url = "https://acme.slack.com/archives"
    general.say(bob, f"see <{url}/{direct.id}/p{unseen.ts.replace('.', '')}>", after=50)
    general.say(bob, f"and <{url}/{general.id}/p{seen.ts.replace('.', '')}>")
    trial.export_again(workspace)
    assert codes(trial)["message-unseen"] == 1
    summary = trial.resume()
    assert_sums(summary)
    assert not any(summary.failed.values())
    posts = {x["payload"]["text"]: x for x in trial.log("message")}
    assert posts["late reply"]["root"] is None
    links = {text[:3]: x["payload"]["links"] for text, x in posts.items()}
    assert links["and"] == [posts["beside it"]["ref"]]
    assert links["see"] == [posts["between us"]["conversation"]]
    verified = trial.verify()
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())


def test_a_run_that_is_killed_at_every_step_goes_on(tmp_path: Path) -> None:
    """The first one over the living target, which makes it the project's own."""
    workspace, general, direct, (ann, bob) = small_world()
    trial = taken(tmp_path, workspace)
    cat = workspace.person("cat")
    general.record["members"] = [ann, bob, cat]
    general.say(cat, "late reply", root=general.said[0].react("rocket", cat))
    general.say(bob, "new", after=50)
    workspace.channel("fresh", ann).say(ann, "a new place")
    trial.export_again(workspace)
    trial.plan(check=True)
    kills = 0
    while True:
        left = kills % 7

        def probe(step: str, _: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Crash

        try:
            trial.resume(probe if kills < 28 else lambda step, subject: None)
            break
        except Crash:
            kills += 1
    assert kills > 5
    posts = [x["payload"]["text"] for x in trial.log("message")]
    assert sorted(posts) == sorted(said.text for said in workspace.said)
    assert len(trial.log("reaction")) == 5
    verified = trial.verify()
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    assert trial.texts(direct.id) == ["between us"]


def test_an_archived_conversation_that_is_not_told_stops_nobody(tmp_path: Path) -> None:
    """What is new for it waits until the target tells it, and its messages are found then."""
    workspace, general, _, (ann, _) = small_world()
    old = workspace.channel("old", ann, archived=True)
    old.say(ann, "long ago")
    trial = taken(tmp_path, workspace)
    listed = trial.folder / "imported.json"
    good = listed.read_text()
    listed.write_text(good.replace('"old"', '"closed"'))
    general.say(ann, "new", after=50)
    old.say(ann, "new here too")
    trial.export_again(workspace)
    told = codes(trial)
    assert told["archive-conversation-closed"] == 1
    assert told["archive-unseen"] == 2
    summary = trial.resume()
    assert (summary.sent["messages"], summary.failed["messages"]) == (1, 1)
    assert trial.verify().unchecked["conversations"] == 2
    listed.write_text(good)
    told = codes(trial)
    assert "archive-conversation-closed" not in told
    assert told["archive-unseen"] == 1
    assert trial.resume().sent["messages"] == 1
    assert trial.texts(old.id) == ["long ago", "new here too"]
    verified = trial.verify()
    assert not any(verified.missing.values())
    assert not any(verified.different.values())


def test_a_conversation_may_be_renamed_once_it_was_taken_over(tmp_path: Path) -> None:
    workspace, general, _, (ann, _) = small_world()
    trial = taken(tmp_path, workspace)
    trial.plan(check=True)
    trial.resume()
    listed = trial.folder / "imported.json"
    listed.write_text(listed.read_text().replace('"general"', '"chatter"'))
    general.say(ann, "new", after=50)
    trial.export_again(workspace)
    assert trial.plan(check=True).blockers == []
    trial.resume()
    assert trial.texts(general.id)[-1] == "new"


@pytest.mark.parametrize("seed", range(6))
def test_deltas_at_random_bring_everything_once(tmp_path: Path, seed: int) -> None:
    """Several archives and plans, then several exports over the living target."""
    chance = random.Random(seed)
    workspace = Workspace()
    people = [workspace.person(name) for name in ("ann", "bob", "cat")]
    places = [workspace.channel("general", *people), workspace.dm(*people[:2])]
    places.append(workspace.channel("board", *people[:2], private=True))

    def talk() -> None:
        for _ in range(chance.randrange(1, 8)):
            place = chance.choice(places)
            roots = [said for said in place.said if "thread_ts" not in said.record]
            root = chance.choice(roots) if roots and chance.random() < 0.4 else None
            members = sorted(place.members) or people
            said = place.say(chance.choice(members), f"no. {len(workspace.said)}", root=root)
            if chance.random() < 0.5:
                chance.choice(place.said).react(f"e{chance.randrange(4)}", chance.choice(members))
            if chance.random() < 0.2:
                said.edit(f"no. {len(workspace.said)}, edited")

    talk()
    trial = Inheritance(tmp_path, workspace)
    trial.run()
    for _ in range(chance.randrange(3)):
        talk()
        trial.export_again(workspace)
        trial.plan()
        if chance.random() < 0.5:
            trial.resume()
    trial.take()
    for _ in range(3):
        trial.plan(check=chance.random() < 0.5 or trial.ops("kind = 1 AND flags >= 256") == [])
        assert_sums(trial.resume())
        ids = [x["ref"] for x in trial.log("message")]
        assert len(ids) == len(set(ids)) == len(workspace.said)
        talk()
        trial.export_again(workspace)
    trial.run()
    assert len(trial.log("message")) == len(workspace.said)
    verified = trial.verify()
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    assert not any(trial.run().sent.values())


def test_a_target_nobody_knows_needs_no_way_back(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Inheritance(tmp_path, small_world()[0]).verify()


def test_what_was_one_reaction_in_the_archive_stays_one(tmp_path: Path) -> None:
    """Two of Slack's names for one emoji, chosen by one person."""
    workspace, general, _, (ann, bob) = small_world()
    general.say(ann, "agreed").react("+1", bob).react("thumbsup", bob)
    trial = Inheritance(tmp_path, workspace)
    archived = trial.run()
    assert archived.skipped["reactions"] == 1
    trial.take()
    general.say(bob, "new", after=100)
    trial.export_again(workspace)
    trial.plan(check=True)
    summary = trial.resume()
    assert summary.already["reactions"] == archived.sent["reactions"]
    assert {t.code: t.count for t in summary.reasons}["reaction-merged"] == 1


def test_another_archive_was_imported_than_the_last_one(tmp_path: Path) -> None:
    """What the last one alone held is at no target, and nobody may think that it is."""
    workspace, general, _, (ann, _) = small_world()
    trial = taken(tmp_path, workspace)
    trial.go_back()
    general.say(ann, "in the second archive", after=50)
    trial.export_again(workspace)
    trial.run()
    trial.go_live()
    plan = trial.plan(check=True)
    found = {each.code: (each.count, each.severity) for each in plan.findings}
    assert found["archive-message-missing"] == (1, "warning")
    assert found["archive-unseen"] == (1, "note")


def test_what_is_seen_later_is_planned_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The importing account was let in where it could not look: what hangs there can come now."""
    workspace, _, direct, _ = small_world()
    trial = taken(tmp_path, workspace)
    direct.said[0].react("rocket", workspace.person("cat"))
    trial.export_again(workspace)
    assert codes(trial)["message-unseen"] == 1
    monkeypatch.setattr(forgetful, "_is_readable", lambda opening: True)
    told = codes(trial)
    assert "message-unseen" not in told
    assert "archive-unseen" not in told
    assert trial.plan().counts["reactions"] == 5
