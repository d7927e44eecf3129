"""Whole exports on their way into an organization that stands: with people who were there before,
with files, and over a network that loses answers."""

import csv
import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import assert_sums
from adapters.zulip import adapter
from adapters.zulip.organization import asking
from adapters.zulip.organization.keys import SECRET_FILE
from migrate import runner
from migrate.errors import Fatal
from migrate.registry import Registry
from migrate.runner import World
from tests.fakes.serving import Fault
from tests.fakes.slack_files import serve_example
from tests.fakes.zulip import Organization
from tests.generate import write_export

REGISTRY = Registry({"zulip": adapter})


class Journey:
    """One project, from an export into an organization."""

    def __init__(
        self, folder: Path, export: Path, organization: Organization, environ: Any = None,
        **settings: object,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.organization = organization
        self.world = World(environ=environ or {}, workers=1)
        chosen = {f"target.{name}": value for name, value in settings.items() if name[0] != "_"}
        chosen |= {"target.mode": "api", "target.zuliprc": "zuliprc", "source.notices": "keep"}
        runner.init(folder, [export], "zulip", chosen, self.world, REGISTRY)
        path = folder / "zuliprc"
        path.touch(0o600)
        path.write_text(organization.zuliprc)

    @property
    def project(self) -> runner.Project:
        return runner.open_project(self.folder, {}, REGISTRY)

    def rename(self) -> None:
        """What stands there already keeps its name."""
        taken = {channel.name for channel in self.organization.world.channels.values()}
        path = self.folder / "mappings" / "channels.csv"
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["name"] in taken:
                row["target"] = f"slack-{row['name']}"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    def run(self, *, check: bool = False) -> runner.RunSummary:
        runner.plan(self.project, self.world)
        self.rename()
        runner.plan(self.project, self.world, check=check)
        summary = runner.run(self.project, self.world)
        assert_sums(summary)
        return summary

    def verify(self) -> runner.VerifySummary:
        summary = runner.verify(self.project, self.world)
        for found in (summary.missing, summary.different, summary.duplicate, summary.extra):
            assert not any(found.values())
        assert summary.audience_wider == 0
        return summary


@pytest.fixture
def organization(monkeypatch: pytest.MonkeyPatch) -> Iterator[Organization]:
    monkeypatch.setattr(asking, "BACKOFF_SECONDS", 0.0)
    with Organization("10").running() as running:
        yield running


def assert_nothing_left(organization: Organization) -> None:
    """Nothing was made up, and nothing that stood there for the while is left."""
    world = organization.world
    assert not any(user.dummy for user in world.users.values())
    assert not any("[file](" in message.content for message in world.messages.values())
    assert world.domains == {}
    assert all(upload.messages for upload in world.uploads.values())
    for user in world.people:
        if user.active and user.email.endswith("@acme.example") and user.settings:
            assert user.settings.get("enable_offline_email_notifications", True)


def test_the_example_among_people_who_were_there(
    organization: Organization, tmp_path: Path
) -> None:
    world = organization.world
    own = [
        world.make_user(f"{name}@acme.example", f"{name.title()} Own", "a password of their own")
        for name in ("mara", "jonas")
    ]
    with serve_example(tmp_path) as example:
        journey = Journey(tmp_path / "acme", example.export, organization, example.environ)
        settings = {**example.settings, "files.missing": "link"}
        project = runner.open_project(journey.folder, settings, REGISTRY)
        runner.fetch(project, journey.world)
        runner.plan(project, journey.world)
        journey.rename()
        plan = runner.plan(project, journey.world, check=True)
        assert plan.blockers == []
        assert plan.counts["accounts"]["map"] == 2
        first = runner.run(project, journey.world)
        assert_sums(first)
        assert not any(first.failed.values())
        assert first.sent["files"] > 30
        verified = runner.verify(project, journey.world)
        again = runner.run(project, journey.world)
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    assert verified.audience_wider == 0
    assert verified.checked["files"] == first.sent["files"]
    assert not any(again.sent.values())
    assert_nothing_left(organization)
    for user in own:
        assert user.password == "a password of their own"
        unread = {
            world.channels[m.channel].name
            for m in world.messages.values()
            if m.channel is not None and "read" not in m.copies.get(user.id, {"read"})
        }
        # There one of them shows a file, which takes a member.
        assert unread <= {"leadership"}
    assert_no_secret(journey, [user.key for user in world.users.values()])


def test_an_account_of_ours_that_was_renamed_is_still_ours(
    organization: Organization, tmp_path: Path
) -> None:
    export = tmp_path / "export"
    write_export(export, messages=30, conversations=3, people=4, facts=False)
    journey = Journey(tmp_path / "project", export, organization)
    journey.run(check=True)
    sheet = journey.folder / "mappings" / "users.csv"
    before = sheet.read_text()
    made = next(each for each in organization.world.people if each.email.endswith("@example.com"))
    made.name = "Another Name"
    plan = runner.plan(journey.project, journey.world, check=True)
    assert "accounts-found" not in {finding.code for finding in plan.findings}
    assert sheet.read_text() == before


def test_who_is_mapped_to_an_account_that_is_closed_is_told(
    organization: Organization, tmp_path: Path
) -> None:
    export = tmp_path / "export"
    write_export(export, messages=30, conversations=3, people=4, facts=False)
    journey = Journey(tmp_path / "project", export, organization)
    sheet = journey.folder / "mappings" / "users.csv"
    with sheet.open(newline="") as file:
        first = next(row for row in csv.DictReader(file) if row["action"] == "create")
    closed = organization.world.make_user(first["email"], "Long Gone", "a password of their own")
    closed.active = False
    plan = runner.plan(journey.project, journey.world, check=True)
    told = {finding.code: finding for finding in plan.findings}
    assert told["zulip-mapped-deactivated"].example == first["slack_id"]
    assert told["zulip-mapped-deactivated"].count == 1


@pytest.mark.parametrize("change", ["can_forge", "active"])
def test_a_permission_that_is_taken_away_ends_the_run(
    organization: Organization, tmp_path: Path, change: str
) -> None:
    """At once, and nothing is lost, not even of direct talk into which nobody can look; once it is
    given back, `run` goes on."""
    export = tmp_path / "export"
    write_export(export, messages=90, conversations=6, people=5, facts=False)
    journey = Journey(tmp_path / "project", export, organization)
    with (journey.folder / "mappings" / "users.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["action"] == "create":
                world = organization.world
                world.make_user(row["email"], row["full_name"], "a password of their own")

    def probe(step: str, item: str) -> None:
        if step == "message.called":
            setattr(organization.importer, change, False)

    journey.world = dataclasses.replace(journey.world, probe=probe)
    with pytest.raises(Fatal) as raised:
        journey.run(check=True)
    assert raised.value.code in {"zulip-may-not-forge", "zulip-importer-closed"}
    setattr(organization.importer, change, True)
    journey.world = dataclasses.replace(journey.world, probe=lambda step, item: None)
    summary = runner.run(journey.project, journey.world)
    assert_sums(summary)
    assert not any(summary.failed.values())
    journey.verify()
    assert_nothing_left(organization)


def assert_no_secret(journey: Journey, keys: list[str]) -> None:
    known = [key.encode() for key in keys if key]
    known += [
        user.password.encode()
        for user in journey.organization.world.users.values()
        if user.password
    ]
    for path in journey.folder.rglob("*"):
        if path.is_file() and path.name not in ("zuliprc", SECRET_FILE):
            content = path.read_bytes()
            assert not any(key in content for key in known), path.name


@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "reset", "busy", "failed"])
def test_over_a_network_that_loses_answers(
    organization: Organization, tmp_path: Path, fault: Fault
) -> None:
    """Everything arrives, and nothing twice: what nobody heard of is known again."""
    export = tmp_path / "export"
    write_export(export, messages=90, conversations=6, people=5, facts=False)
    for number in range(25):
        organization.fail("POST messages", fault, after=7 + number % 3)
    for match in ("POST users/me/subscriptions", "POST fetch_api_key", "PATCH settings"):
        organization.fail(match, fault, after=1)
    journey = Journey(tmp_path / "project", export, organization)
    summary = journey.run()
    assert not any(summary.failed.values())
    journey.verify()
    assert_nothing_left(organization)
    said = Counter(
        (m.sender, m.channel, m.people, m.time, m.topic, m.content)
        for m in organization.world.messages.values()
        if m.client == "JabberMirror"
    )
    assert max(said.values()) == 1


def test_as_fast_as_the_server_allows(organization: Organization, tmp_path: Path) -> None:
    """What is too much at once is asked again when the server says so, and nobody else's."""
    export = tmp_path / "export"
    write_export(export, messages=60, conversations=4, people=4, facts=False)
    organization.limit, organization.window = 20, 0.3
    journey = Journey(tmp_path / "project", export, organization)
    plan = runner.plan(journey.project, journey.world, check=True)
    assert "zulip-rate-limited" in {finding.code for finding in plan.findings}
    assert plan.estimate.calls_a_minute == 20
    summary = journey.run(check=True)
    assert not any(summary.failed.values())
    journey.verify()
