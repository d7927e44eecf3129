"""Mapping files and filters: who stands for whom, which conversations go where, and what is wrong
with a file that a person has edited."""

from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums
from adapters.conformance.workspace import Workspace
from migrate import runner
from migrate.errors import BlockedError, UsageError
from migrate.runner import PlanSummary, World
from tests.migrate.stages.trial import Trial, small_workspace


def authors(trial: Trial) -> dict[str, str]:
    return {post.text: post.author for post in trial.holding().posts}


def reasons(trial: Trial) -> dict[str, int]:
    summary = trial.run()
    assert_sums(summary)
    return {told.code: told.count for told in summary.reasons}


def test_a_merged_person_writes_as_the_other(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one").react("tada", ann, bob)
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace)
    trial.map("users.csv", bob, action="merge", target=ann)
    assert reasons(trial) == {"person-merged": 1, "reaction-merged": 1}
    assert authors(trial) == {"one": ann, "two": ann}


def test_merges_in_a_chain_end_at_one_account(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    cat = workspace.person("cat")
    for person in (ann, bob, cat):
        general.say(person, f"by {person}")
    trial = Trial(tmp_path, workspace)
    trial.map("users.csv", ann, action="merge", target=bob)
    trial.map("users.csv", bob, action="merge", target=cat)
    assert reasons(trial) == {"person-merged": 2}
    assert set(authors(trial).values()) == {cat}


def test_merged_into_somebody_who_is_skipped(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    general.say(bob, "two")
    trial = Trial(tmp_path, workspace)
    trial.map("users.csv", ann, action="merge", target=bob)
    trial.map("users.csv", bob, action="skip")
    assert reasons(trial) == {"person-merged": 1, "person-skipped": 3}
    assert authors(trial) == {}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ({1: ("merge", 2), 2: ("merge", 1)}, "mapping-ring"),
        ({1: ("merge", 1)}, "mapping-ring"),
        ({1: ("merge", 2), 2: ("merge", 3), 3: ("merge", 1)}, "mapping-ring"),
        # Ann does not stand in the ring herself; she ends in it.
        ({1: ("merge", 2), 2: ("merge", 3), 3: ("merge", 2)}, "mapping-ring"),
        ({1: ("merge", 9)}, "mapping-unknown-id"),
        ({1: ("merge", None)}, "mapping-unknown-id"),
    ],
)
def test_merges_that_lead_nowhere(
    tmp_path: Path, rows: dict[int, tuple[str, int | None]], code: str
) -> None:
    workspace, _, _, _ = small_workspace()
    workspace.person("cat")
    trial = Trial(tmp_path, workspace)
    for number, (action, target) in rows.items():
        wanted = "" if target is None else f"U{target:08d}"
        trial.map("users.csv", f"U{number:08d}", action=action, target=wanted)
    with pytest.raises(UsageError) as raised:
        trial.plan()
    assert (raised.value.code, raised.value.exit) == (code, 2)


def test_a_skipped_person_takes_along_what_is_theirs(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    root = general.say(bob, "root").react("tada", ann)
    general.pin(root)
    general.say(ann, "reply", root=root).react("tada", bob)
    trial = Trial(tmp_path, workspace)
    trial.map("users.csv", bob, action="skip")
    summary = trial.run()
    assert_sums(summary)
    assert summary.skipped | {"files": 0} == {
        "accounts": 1, "conversations": 0, "messages": 1, "notices": 0,
        "reactions": 2, "pins": 1, "files": 0,
    }  # fmt: skip
    placeholder, reply = trial.holding().posts
    assert "not part of the import" in placeholder.text
    assert (reply.text, reply.root) == ("reply", placeholder.ref)


def test_a_skipped_conversation_is_accounted_for(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.pin(general.say(ann, "one").react("tada", bob))
    workspace.dm(ann, bob).say(ann, "two")
    trial = Trial(tmp_path, workspace)
    trial.map("channels.csv", general.id, action="skip")
    summary = trial.run()
    assert_sums(summary)
    assert [summary.skipped[kind] for kind in ("conversations", "messages", "reactions", "pins")] \
        == [1, 1, 1, 1]  # fmt: skip
    assert authors(trial) == {"two": ann}


def test_a_target_renames(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace)
    trial.map("channels.csv", general.id, target="Town Square")
    trial.map("users.csv", ann, target="annie")
    counts = trial.plan().counts
    assert counts["conversations"]["renamed"] == 1
    trial.resume()
    names = {op.name for op in trial.ops("kind IN (1, 2)")}
    assert {"town-square", "annie"} <= names


def test_private_may_be_turned_on(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    cat = workspace.person("cat")
    trial = Trial(tmp_path, workspace)
    trial.map("channels.csv", general.id, private="yes")
    assert trial.plan().counts["conversations"]["made_private"] == 1
    trial.resume()
    assert trial.holding().rooms[general.id].readers == {ann, bob}
    assert cat not in trial.holding().rooms[general.id].readers


@pytest.mark.parametrize("kind", ["private", "dm", "group_dm", "file"])
def test_private_may_not_be_turned_off(tmp_path: Path, kind: str) -> None:
    workspace, _, ann, bob = small_workspace()
    place = {
        "private": lambda: workspace.channel("secret", ann, private=True),
        "dm": lambda: workspace.dm(ann, bob),
        "group_dm": lambda: workspace.group_dm(ann, bob),
        "file": lambda: workspace.canvas_talk(ann),
    }[kind]()
    place.say(ann, "between us")
    trial = Trial(tmp_path, workspace)
    trial.map("channels.csv", place.id, private="no")
    assert [told.code for told in trial.plan().blockers] == ["audience-would-widen"]
    with pytest.raises(BlockedError):
        trial.resume()
    assert not trial.holding().posts


def test_a_widened_plan_holds_only_while_it_is_asked_for(tmp_path: Path) -> None:
    workspace, _, ann, _ = small_workspace()
    secret = workspace.channel("secret", ann, private=True)
    secret.say(ann, "between us")
    trial = Trial(tmp_path, workspace)
    trial.map("channels.csv", secret.id, private="no")

    def plan(widen: bool) -> PlanSummary:
        return runner.plan(trial.project(), World(workers=1), widen=widen)

    refused = plan(widen=False)
    widened = plan(widen=True)
    assert [told.code for told in refused.blockers] == ["audience-would-widen"]
    assert not widened.blockers and widened.digest != refused.digest
    again = plan(widen=False)
    assert again.digest == refused.digest and again.blockers
    with pytest.raises(BlockedError):
        trial.resume()
    assert not trial.holding().posts


def test_a_skipped_message_takes_its_reactions_along_and_says_so(tmp_path: Path) -> None:
    workspace, _, ann, bob = small_workspace()
    aside = workspace.channel("aside", ann, bob)
    aside.say(ann, "left behind").react("tada", ann, bob)
    trial = Trial(tmp_path, workspace)
    trial.map("channels.csv", aside.id, action="Skip")
    summary = trial.run()
    assert (summary.skipped["messages"], summary.skipped["reactions"]) == (1, 2)
    assert sum(told.count for told in summary.reasons) == sum(summary.skipped.values())


@pytest.mark.parametrize("sheet", ["users.csv", "channels.csv"])
def test_an_id_that_no_export_holds(tmp_path: Path, sheet: str) -> None:
    workspace, _, _, _ = small_workspace()
    trial = Trial(tmp_path, workspace)
    path = trial.folder / "mappings" / sheet
    row = path.read_text().splitlines()[1].split(",")
    path.write_text(path.read_text() + ",".join(["X999", *row[1:]]) + "\n")
    with pytest.raises(UsageError) as raised:
        trial.plan()
    assert raised.value.code == "mapping-unknown-id"
    assert "X999" in raised.value.message


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {"public", "secret", "dm"}),
        ({"source.include": ["private", "dm"]}, {"secret", "dm"}),
        ({"source.channels": ["general"]}, {"public"}),
        ({"source.channels": ["#general", "D00000003"]}, {"public", "dm"}),
        ({"source.exclude": ["secret"]}, {"public", "dm"}),
        ({"source.channels": ["general", "secret"], "source.exclude": ["general"]}, {"secret"}),
        ({"source.include": ["public"], "source.channels": ["general", "secret"]}, {"public"}),
    ],
)
def test_filters_leave_out_and_account_for(
    tmp_path: Path, settings: dict[str, object], sent: set[str]
) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "public")
    workspace.channel("secret", ann, private=True).say(ann, "secret")
    workspace.dm(ann, bob).say(ann, "dm")
    trial = Trial(tmp_path, workspace, settings=settings)
    summary = trial.run()
    assert_sums(summary)
    assert set(authors(trial)) == sent
    told = {told.code: told.count for told in summary.reasons}
    assert told.get("excluded", 0) == 2 * (3 - len(sent))


@pytest.mark.parametrize("key", ["channels", "exclude"])
def test_a_filter_that_names_nothing(tmp_path: Path, key: str) -> None:
    workspace, _, _, _ = small_workspace()
    trial = Trial(tmp_path, workspace, settings={f"source.{key}": ["genral"]})
    with pytest.raises(UsageError) as raised:
        trial.plan()
    assert raised.value.code == "config-unknown-conversation"


def test_edits_are_kept_when_new_rows_are_proposed(tmp_path: Path) -> None:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, "one")
    trial = Trial(tmp_path, workspace)
    trial.map("users.csv", bob, action="skip", note="left; see ticket")
    trial.map("channels.csv", general.id, target="lobby", note="ours")
    before = {
        sheet: (trial.folder / "mappings" / sheet).read_text()
        for sheet in ("users.csv", "channels.csv")
    }
    cat = workspace.person("cat")
    fresh = workspace.channel("fresh", cat)
    fresh.say(cat, "two")
    trial.export_again(workspace)
    trial.plan()
    for sheet, id in (("users.csv", cat), ("channels.csv", fresh.id)):
        after = (trial.folder / "mappings" / sheet).read_text()
        assert after.startswith(before[sheet])
        added = after.removeprefix(before[sheet]).splitlines()
        assert [line.split(",")[0] for line in added] == [id]


def test_a_plan_that_proposes_nothing_leaves_the_files_alone(tmp_path: Path) -> None:
    workspace, _, _, _ = small_workspace()
    trial = Trial(tmp_path, workspace)
    path = trial.folder / "mappings" / "users.csv"
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    before = path.read_bytes()
    trial.plan()
    assert path.read_bytes() == before


def test_mapping_files_are_the_owners_alone(tmp_path: Path) -> None:
    trial = Trial(tmp_path, Workspace())
    modes = {path.stat().st_mode & 0o777 for path in (trial.folder / "mappings").iterdir()}
    assert modes == {0o600}
