"""Who and what stands at the target already: found by `plan --check`, mapped where nobody has
decided otherwise, and never written over."""

from pathlib import Path

import pytest

from adapters.conformance.migration import assert_sums
from adapters.conformance.workspace import Workspace
from migrate.errors import BlockedError
from migrate.runner import PlanSummary
from tests.migrate.stages.served import Server
from tests.migrate.stages.trial import Trial


def begun(folder: Path, mode: str = "served") -> tuple[Trial, Workspace, str, str]:
    workspace = Workspace()
    ann = workspace.person("ann", email="Ann@example.org")
    bob = workspace.person("bob", email="bob@example.org")
    general = workspace.channel("general", ann, bob)
    general.say(ann, "one")
    general.say(bob, "two")
    workspace.channel("secret", ann, private=True).say(ann, "three")
    return Trial(folder, workspace, mode), workspace, ann, bob


def stands(trial: Trial, name: str, **more: object) -> None:
    kind = "conversations" if more.pop("room", False) else "accounts"
    Server(trial.folder).add(kind, {"name": name, "ref": f"id-{name}", **more})


def codes(plan: PlanSummary) -> dict[str, int]:
    return {told.code: told.count for told in (*plan.findings, *plan.blockers)}


def row(trial: Trial, id: str) -> list[str]:
    lines = (trial.folder / "mappings" / "users.csv").read_text().splitlines()
    return next(line.split(",") for line in lines if line.startswith(id))


def test_an_account_with_the_same_address_is_mapped(tmp_path: Path) -> None:
    trial, _, ann, bob = begun(tmp_path)
    address = row(trial, bob)[3]
    stands(trial, "robert", email=address.lower())
    plan = trial.plan(check=True)
    assert row(trial, bob)[5:] == ["map", "robert", "same e-mail address"]
    assert row(trial, ann)[5] == "create"
    assert plan.counts["accounts"] == {"map": 1, "create": 1, "merge": 0, "ghost": 1, "skip": 0}
    assert codes(plan)["accounts-found"] == 1
    assert not plan.blockers
    assert_sums(trial.resume())
    assert ["general", "robert"] in Server(trial.folder).state["entries"]
    assert "robert" not in str(trial.holding().rooms)


def test_a_row_that_was_edited_is_left_alone(tmp_path: Path) -> None:
    trial, _, _, bob = begun(tmp_path)
    stands(trial, "robert", email=row(trial, bob)[3].lower())
    trial.map("users.csv", bob, target="bobby")
    plan = trial.plan(check=True)
    assert row(trial, bob)[5] == "create"
    assert codes(plan)["account-exists"] == 1
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert raised.value.code == "account-exists"
    # An address goes along with an account that somebody signs in to, and with no other.
    trial.map("users.csv", bob, action="ghost")
    assert trial.plan(check=True).blockers == []


def test_an_account_under_the_same_name_is_not_written_over(tmp_path: Path) -> None:
    trial, _, _, bob = begun(tmp_path)
    stands(trial, "bob")
    assert codes(trial.plan(check=True))["account-exists"] == 1
    trial.map("users.csv", bob, target="robert")
    plan = trial.plan()
    assert not plan.blockers, "what stood there is remembered"
    assert_sums(trial.resume())


def test_what_this_project_made_is_no_hindrance(tmp_path: Path) -> None:
    trial, workspace, ann, _ = begun(tmp_path)
    trial.run()
    stands(trial, "ann", email=row(trial, ann)[3].lower())
    stands(trial, "general", room=True)
    workspace.places[0].say(ann, "later")
    trial.export_again(workspace)
    plan = trial.plan(check=True)
    assert not plan.blockers
    assert row(trial, ann)[5] == "create"


def test_what_is_mapped_must_be_there(tmp_path: Path) -> None:
    trial, workspace, ann, _ = begun(tmp_path)
    trial.map("users.csv", ann, action="map", target="nobody")
    trial.map("channels.csv", workspace.places[0].id, action="map", target="nowhere")
    assert codes(trial.plan(check=True))["map-target-missing"] == 2


def test_a_conversation_of_the_same_name_is_not_written_into(tmp_path: Path) -> None:
    trial, workspace, _, _ = begun(tmp_path)
    stands(trial, "general", room=True)
    assert codes(trial.plan(check=True))["conversation-exists"] == 1
    trial.map("channels.csv", workspace.places[0].id, action="map", target="general")
    plan = trial.plan(check=True)
    assert not plan.blockers
    assert plan.counts["conversations"]["map"] == 1
    assert_sums(trial.resume())


@pytest.mark.parametrize("private", [True, False])
def test_what_is_private_is_not_led_into_the_open(tmp_path: Path, private: bool) -> None:
    trial, workspace, _, _ = begun(tmp_path)
    stands(trial, "vault", room=True, private=private)
    trial.map("channels.csv", workspace.places[1].id, action="map", target="vault")
    plan = trial.plan(check=True)
    assert ("audience-would-widen" in codes(plan)) is not private


def test_nobody_is_written_over_where_nobody_looked_before(tmp_path: Path) -> None:
    trial, _, _, _ = begun(tmp_path)
    assert not trial.plan().blockers
    stands(trial, "ann")
    with pytest.raises(BlockedError) as raised:
        trial.resume()
    assert raised.value.code == "account-exists"
    assert Server(trial.folder).state["uploads"] == []


@pytest.mark.parametrize(("members", "wider"), [(["ann"], False), (["ann", "eve"], True)])
def test_who_is_in_a_private_conversation_there_was_in_slacks(
    tmp_path: Path, members: list[str], wider: bool
) -> None:
    trial, workspace, _, _ = begun(tmp_path)
    stands(trial, "vault", room=True, private=True, members=members)
    trial.map("channels.csv", workspace.places[1].id, action="map", target="vault")
    plan = trial.plan(check=True)
    assert ("audience-would-widen" in [told.code for told in plan.blockers]) is wider


@pytest.mark.parametrize("stranger", [True, False])
def test_people_who_are_mapped_are_no_strangers_in_a_private_conversation(
    tmp_path: Path, stranger: bool
) -> None:
    """Members are told by their refs, which a mapped account of a first plan does not have yet."""
    trial, workspace, ann, _ = begun(tmp_path)
    stands(trial, "annie")
    members = ["id-annie", "id-eve"] if stranger else ["id-annie"]
    stands(trial, "vault", room=True, private=True, members=members)
    trial.map("users.csv", ann, action="map", target="annie")
    trial.map("channels.csv", workspace.places[1].id, action="map", target="vault")
    plan = trial.plan(check=True)
    assert ("audience-would-widen" in [told.code for told in plan.blockers]) is stranger


def test_without_a_server_nothing_can_be_mapped(tmp_path: Path) -> None:
    trial, workspace, ann, _ = begun(tmp_path, "append")
    trial.map("users.csv", ann, action="map", target="annie")
    trial.map("channels.csv", workspace.places[0].id, action="map", target="general")
    blockers = {told.code for told in trial.plan().blockers}
    assert blockers == {"person-map-not-taken", "conversation-map-not-taken"}


def test_nobodys_account_takes_another_name(tmp_path: Path) -> None:
    """Slack's own bot is in every workspace, and so at every server after the first import."""
    trial, workspace, _, _ = begun(tmp_path)
    stands(trial, "slackbot")
    plan = trial.plan(check=True)
    assert not plan.blockers
    (op,) = trial.ops("kind = 1 AND item = 'USLACKBOT'")
    assert op.name == "slackbot-2"
    assert_sums(trial.resume())
    stands(trial, "slackbot-2")
    workspace.places[0].say("USLACKBOT", "later")
    trial.export_again(workspace)
    assert not trial.plan(check=True).blockers
    assert_sums(trial.resume())


def test_an_account_that_cannot_take_what_is_mapped_to_it_is_told(tmp_path: Path) -> None:
    """By the adapter's own code, and of those accounts alone that somebody is mapped to."""
    trial, _, _, bob = begun(tmp_path)
    stands(trial, "robert", email=row(trial, bob)[3].lower(), barred="memory-no-key")
    stands(trial, "stranger", barred="memory-no-key")
    plan = trial.plan(check=True)
    told = {each.code: (each.severity, each.count, each.example) for each in plan.findings}
    assert told["memory-no-key"] == ("error", 1, bob)
    stands(trial, "bobby")
    trial.map("users.csv", bob, target="bobby", note="mine")
    assert "memory-no-key" not in codes(trial.plan(check=True))
