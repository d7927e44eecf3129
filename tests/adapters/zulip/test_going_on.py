"""A directory that an organization was made of, and a project that goes on there over the API: on
the fake, which is filled from the directory as an importer would."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from adapters.conformance.migration import Migration, assert_sums
from adapters.conformance.workspace import Place, Workspace
from migrate import runner
from tests.adapters.zulip.targets import ZulipDirectory
from tests.adapters.zulip.test_journey import REGISTRY, Journey
from tests.fakes.slack_files import serve_example
from tests.fakes.zulip import Organization

PROFILES = ("9", "10")


class GoingOn(Migration):
    """A project whose `migration.toml` changes."""

    def __init__(self, folder: Path, workspace: Workspace, profile: str) -> None:
        self.way: Mapping[str, object] = {}
        settings = {"target.profile": profile, "target.email_domain": "people.example"}
        super().__init__(ZulipDirectory(), folder, workspace, settings)

    def _project(self) -> runner.Project:
        overrides: dict[str, object] = {"source.exports": [str(path) for path in self._exports]}
        return runner.open_project(self.folder, overrides | dict(self.way), self._registry)

    def go_on(self, organization: Organization) -> None:
        """Say in `migration.toml` that the way is the API now."""
        key = self.folder / "zuliprc"
        key.write_text(organization.zuliprc)
        key.chmod(0o600)
        self.way = {"target.mode": "api", "target.zuliprc": "zuliprc"}


def world() -> tuple[Workspace, Place, Place, Place, list[str]]:
    """Channels, one of them private, with threads and reactions, and direct talk."""
    workspace = Workspace()
    people = [workspace.person(name, email=f"{name}@people.example") for name in ("ann", "bob")]
    ann, bob = people
    general = workspace.channel("general", ann, bob)
    root = general.say(ann, "shall we?").react("tada", bob)
    general.say(bob, "we *shall*", root=root)
    general.say(ann, "then it is done").react("+1", ann, bob)
    board = workspace.channel("board", ann, private=True)
    board.say(ann, "for us alone")
    direct = workspace.dm(ann, bob)
    direct.say(bob, "between us")
    return workspace, general, board, direct, people


def said(organization: Organization) -> list[str]:
    """What people have said, in its order."""
    users = organization.world.users
    bots = {user.id for user in users.values() if user.email.endswith("@zulip.com")}
    every = organization.world.messages.values()
    return [message.content for message in every if message.sender not in bots]


def inactive(organization: Organization) -> set[str]:
    """The accounts that nobody can sign in to."""
    return {user.name for user in organization.world.users.values() if not user.active}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_newer_export_goes_into_the_imported_organization(
    tmp_path: Path, profile: Literal["9", "10"]
) -> None:
    workspace, general, board, direct, (ann, bob) = world()
    migration = GoingOn(tmp_path, workspace, profile)
    migration.run()
    organization = Organization.imported(migration.folder / "zulip", profile)
    with organization.running():
        migration.go_on(organization)
        before = said(organization)
        general.say(bob, "late answer", root=general.said[0], after=1_000).react("tada", ann)
        general.say(ann, "one more thing")
        direct.say(ann, "just us")
        board.say(ann, "for us alone, again")
        cat = workspace.person("cat", email="cat@people.example")
        workspace.channel("fresh", ann, cat).say(cat, "a new place").react("tada", cat)
        general.said[0].react("eyes", cat)
        migration.export_again(workspace)
        plan = migration.plan(check=True)
        assert plan.blockers == []
        found = {each.code: each.count for each in plan.findings}
        assert (found["archive-taken-over"], found["delta-sent"]) == (3, 5)
        summary = migration.resume()
        assert_sums(summary)
        assert not any(summary.failed.values())
        assert (summary.sent["messages"], summary.sent["reactions"]) == (5, 2)
        assert said(organization)[len(before) :] == [
            "late answer", "one more thing", "just us", "for us alone, again", "a new place",
        ]  # fmt: skip
        (answer,) = (
            each for each in organization.world.messages.values() if each.content == "late answer"
        )
        (root,) = (
            each for each in organization.world.messages.values() if each.content == "shall we?"
        )
        assert (answer.channel, answer.topic) == (root.channel, root.topic)
        assert len(root.reactions) == 2
        assert not any(migration.run().sent.values())
        verified = migration.verify()
        for kinds in (verified.missing, verified.different, verified.duplicate, verified.extra):
            assert not any(kinds.values())
        assert verified.audience_wider == 0
        # Direct talk of before, and the private channel's, which the importer is not in.
        assert verified.unchecked["messages"] >= 2


@pytest.mark.parametrize("profile", PROFILES)
def test_whoever_and_whatever_was_imported_goes_on(
    tmp_path: Path, profile: Literal["9", "10"]
) -> None:
    """Bots, strangers, people who left, talk of several, files; and what is archived, which a
    server of 2024 tells nobody of."""
    workspace, general, _, _, (ann, bob) = world()
    gone = workspace.person("gone", email="gone@people.example", deactivated=True)
    bot, stranger = workspace.bot("deploybot"), workspace.stranger()
    cat = workspace.person("cat", email="cat@people.example")
    group = workspace.group_dm(ann, bob, cat)
    farewell = workspace.dm(ann, gone)
    old = workspace.channel("old", ann, archived=True)
    plan = workspace.file(ann, "plan.txt", b"the plan", mimetype="text/plain")
    said_by = ((general, bot), (general, stranger), (group, cat), (farewell, gone), (old, gone))
    for place, who in said_by:
        place.say(who, f"before, in {place.id}")
    general.say(ann, "here it is").attach(plan)
    migration = GoingOn(tmp_path, workspace, profile)
    migration.fetch(plan)
    migration.run()
    organization = Organization.imported(migration.folder / "zulip", profile)
    with organization.running():
        migration.go_on(organization)
        for place, who in said_by:
            place.say(who, f"after, in {place.id}", after=100)
        farewell.say(ann, "farewell")
        closed_accounts = inactive(organization)
        general.say(bob, "once more").attach(plan)
        migration.export_again(workspace)
        shown = migration.plan(check=True)
        assert shown.blockers == []
        closed = int(profile == "9")
        told = {each.code: each.example for each in shown.findings}
        assert told.get("archive-conversation-closed") == (old.id if closed else None)
        summary = migration.resume()
        assert_sums(summary)
        assert sum(summary.failed.values()) == summary.failed["messages"] == closed
        assert summary.sent["messages"] == 7 - closed
        # One that nobody signs in to was opened for what is said to it.
        assert len(closed_accounts) > 1
        assert inactive(organization) == closed_accounts
        assert not any(migration.run().sent.values())
        verified = migration.verify()
        for kinds in (verified.missing, verified.different, verified.duplicate, verified.extra):
            assert not any(kinds.values())
        assert verified.audience_wider == 0


def test_the_example_goes_on_where_its_directory_ended(tmp_path: Path) -> None:
    """With its files: what was said up to a day is imported, all the rest comes over the API."""
    with serve_example(tmp_path) as example:
        settings = {**example.settings, "files.missing": "link", "target.profile": "10"}
        settings["target.email_domain"] = "people.example"
        journey = Journey(
            tmp_path / "project", example.export, settings, environ=example.environ
        )  # fmt: skip
        way: dict[str, object] = {}

        def project() -> runner.Project:
            return runner.open_project(journey.folder, way, REGISTRY)

        runner.fetch(project(), journey.world)
    way = {"source.until": "2024-01-15"}
    runner.plan(project(), journey.world)
    imported = runner.run(project(), journey.world)
    organization = Organization.imported(journey.folder / "zulip", "10")
    with organization.running():
        key = journey.folder / "zuliprc"
        key.write_text(organization.zuliprc)
        key.chmod(0o600)
        way = {"target.mode": "api", "target.zuliprc": "zuliprc"}
        for channel in organization.world.channels.values():
            # As the plan asks for: what is private is seen, and its files can be brought.
            organization.world.subscribe(channel, organization.importer)
        plan = runner.plan(project(), journey.world, check=True)
        assert plan.blockers == []
        summary = runner.run(project(), journey.world)
        assert_sums(summary)
        assert not any(summary.failed.values())
        assert summary.already["messages"] == imported.sent["messages"]
        assert summary.sent["messages"] > 300
        assert summary.sent["files"] > 5
        verified = runner.verify(project(), journey.world)
        for kinds in (verified.missing, verified.different, verified.duplicate, verified.extra):
            assert not any(kinds.values())
        assert verified.audience_wider == 0
        runner.plan(project(), journey.world)
        assert not any(runner.run(project(), journey.world).sent.values())
