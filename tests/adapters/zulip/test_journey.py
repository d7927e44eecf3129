"""Whole exports on their way into a directory that a server would import: held against rules that
were written apart from the adapter, and read back."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Migration, assert_sums, assert_verified
from adapters.zulip import adapter
from migrate import runner
from migrate.registry import Registry
from migrate.runner import World
from migrate.store import open_store
from tests.adapters.zulip.rules import problems
from tests.adapters.zulip.targets import Organization, ZulipDirectory, pages_of
from tests.fakes.slack_files import serve_example
from tests.generate import write_export

EXAMPLE = Path(__file__).parents[3] / "examples" / "acme-export.zip"
REGISTRY = Registry({"zulip": adapter})


class Journey:
    """One project, from an export to a directory."""

    def __init__(
        self, folder: Path, export: Path, settings: Mapping[str, object], workers: int = 1,
        environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.world = World(environ=environ or {}, workers=workers)
        chosen = {
            "target.subdomain": "acme",
            "target.profile": "11",
            "target.owner": "owner@acme.example",
            "source.notices": "keep",
            **settings,
        }
        runner.init(folder, [export], "zulip", chosen, self.world, REGISTRY)

    @property
    def project(self) -> runner.Project:
        return runner.open_project(self.folder, {}, REGISTRY)

    def run(self) -> runner.RunSummary:
        runner.plan(self.project, self.world)
        return runner.run(self.project, self.world)

    def verify(self) -> runner.VerifySummary:
        return runner.verify(self.project, self.world)

    def sums(self) -> dict[str, str]:
        """Every file of the directory with its sha256."""
        folder = self.folder / "zulip"
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def assert_taken(journey: Journey, *, version: int = 11) -> runner.RunSummary:
    """The directory breaks no rule, and holds all that the run says."""
    summary = journey.run()
    assert problems(journey.folder / "zulip", version=version) == []
    assert_sums(summary)
    assert not any(summary.failed.values())
    verified = journey.verify()
    for found in (verified.missing, verified.different, verified.duplicate, verified.extra):
        assert not any(found.values())
    assert verified.audience_wider == 0
    for kind in ("messages", "notices", "reactions", "files"):
        assert verified.checked[kind] == summary.sent[kind]
    return summary


def test_example_export_with_all_its_files(tmp_path: Path) -> None:
    with serve_example(tmp_path) as example:
        journey = Journey(
            tmp_path / "project", example.export,
            {**example.settings, "files.missing": "link"}, environ=example.environ,
        )  # fmt: skip
        runner.fetch(journey.project, journey.world)
        summary = assert_taken(journey)
    assert summary.sent["files"] > 20
    told = json.loads((journey.folder / "zulip/attachment.json").read_bytes())
    assert len(told["zerver_attachment"]) == summary.sent["files"]
    assert {row["is_realm_public"] for row in told["zerver_attachment"]} == {True, False}


@pytest.mark.parametrize(
    ("profile", "topics", "copies"),
    [
        ("9", "daily", "idle"),
        ("10", "monthly", "full"),
        ("11", "single", "idle"),
        ("12", "single", "full"),
    ],
)
def test_example_export_without_files(
    tmp_path: Path, profile: str, topics: str, copies: str
) -> None:
    settings = {
        "target.profile": profile,
        "target.topics": topics,
        "target.user_messages": copies,
        "files.missing": "link",
    }
    assert_taken(Journey(tmp_path / "project", EXAMPLE, settings), version=int(profile))


def test_generated_export_threads_are_neither_split_nor_mixed(tmp_path: Path) -> None:
    truth = write_export(
        tmp_path / "export.zip", messages=60_000, conversations=20, people=30, threads=0.95,
        reactions=0.05, kinds={"public": 0.6, "private": 0.4}, facts=False,
    )  # fmt: skip
    assert truth.counts.threads >= 10_000
    journey = Journey(
        tmp_path / "project", tmp_path / "export.zip", {"target.user_messages": "idle"}, workers=2
    )
    summary = assert_taken(journey)
    assert summary.sent["messages"] == truth.counts.messages
    topics: dict[str, set[tuple[int, str]]] = {}
    threads: dict[tuple[int, str], set[str]] = {}
    organization = Organization(journey.folder / "zulip")
    roots = {root for _, _, root in organization.rows() if root}
    direct = {row["id"] for row, _, _ in organization.rows() if not row["is_channel_message"]}
    copied: set[str] = set()
    for row, id, root in organization.rows():
        if row["id"] in direct or not id or id in copied:
            continue
        thread = root or (id if id in roots else "")
        place = (row["recipient"], row["subject"].casefold())
        threads.setdefault(place, set()).add(thread)
        copied.add(id)
        if thread:
            topics.setdefault(thread, set()).add(place)
    assert len(topics) == truth.counts.threads
    assert all(len(places) == 1 for places in topics.values())
    assert all(len(held) == 1 for held in threads.values())


def test_directory_is_the_same_each_time(tmp_path: Path) -> None:
    sums: list[dict[str, str]] = []
    for workers in (1, 2):
        settings = {"files.missing": "link", "target.part_messages": 200}
        journey = Journey(tmp_path / str(workers), EXAMPLE, settings, workers)
        journey.run()
        sums.append(journey.sums())
    assert sums[0] == sums[1]


def test_thread_is_found_from_the_main_topic(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    root = general.say(ann, "who comes along?")
    general.say(bob, "I do", root=root)
    general.say(bob, "everybody does", root=root, broadcast=True)
    general.say(ann, "something else")
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    migration.run()
    organization = Organization(migration.folder / "zulip")
    held = [(row["subject"], row["content"]) for row, _, _ in organization.rows()]
    topic, main = "2023-11-14 who comes along?", "imported from Slack"
    assert held == [
        (topic, "who comes along?"),
        (main, f"#**general>{topic}**"),
        (topic, "I do"),
        (topic, "everybody does"),
        (main, f"everybody does\n\n#**general>{topic}**"),
        (main, "something else"),
    ]
    assert len(organization.sign_posts()) == 1
    assert problems(migration.folder / "zulip") == []


def test_thread_that_begins_in_a_newer_export_gets_its_topic(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = workspace.person("ann"), workspace.person("bob")
    general = workspace.channel("general", ann, bob)
    root = general.say(ann, "shall we?")
    general.say(bob, "by the way")
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    migration.run()
    general.say(bob, "let us", root=root, after=90_000)
    migration.export_again(workspace)
    migration.run()
    rows = Organization(migration.folder / "zulip").rows()
    topic, main = "2023-11-14 shall we?", "imported from Slack"
    assert [(row["subject"], row["content"]) for row, _, _ in rows] == [
        (topic, "shall we?"),
        (main, f"#**general>{topic}**"),
        (main, "by the way"),
        (topic, "let us"),
    ]
    assert_verified(migration)
    assert not any(migration.run().sent.values())
    assert problems(migration.folder / "zulip") == []


def test_link_leads_to_the_topic_of_its_message(tmp_path: Path) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    general, random = workspace.channel("general", ann), workspace.channel("random", ann)
    board = workspace.channel("board", ann, private=True)
    root, alone = general.say(ann, "a question"), general.say(ann, "a remark")
    general.say(ann, "an answer", root=root)
    secret = board.say(ann, "behind a door")
    for said in (root, alone, secret):
        link = f"https://acme.slack.com/archives/{said.place.id}/p{said.ts.replace('.', '')}"
        random.say(ann, f"see <{link}|this>")
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    migration.run()
    rows = Organization(migration.folder / "zulip").rows()
    held = [row["content"] for row, _, _ in rows if row["content"].startswith("see")]
    assert held == [
        "see this (#**general>2023-11-14 a question**, 2023-11-14 22:13 UTC)",
        "see this (#**general>imported from Slack**, 2023-11-14 22:13 UTC)",
        "see this (a private conversation, 2023-11-14 22:13 UTC)",
    ]


def test_people_of_one_name_are_told_apart(tmp_path: Path) -> None:
    workspace = Workspace()
    first, second = workspace.person("sam"), workspace.person("Sam")
    general = workspace.channel("general", first, second)
    general.say(first, f"<@{second}> is not <@{first}>, and not <!channel>")
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    migration.run()
    ((row, _, _),) = Organization(migration.folder / "zulip").rows()
    assert row["content"] == "@_**Sam Smith (Sam)** is not @_**Sam Smith**, and not @channel"


def test_everybody_who_signs_in_has_a_copy_of_their_channels_messages(tmp_path: Path) -> None:
    workspace = Workspace()
    ann, bob = (workspace.person(name, email=f"{name}@acme.example") for name in ("ann", "bob"))
    guest = workspace.person("gus", guest=True, email="gus@acme.example")
    quiet = workspace.person("quiet")
    general = workspace.channel("general", ann, bob, quiet)
    general.say(ann, f"<@{bob}> look")
    general.say(bob, "yes")
    workspace.dm(ann, guest).say(guest, "between us")
    migration = Migration(ZulipDirectory(), tmp_path, workspace, {"target.owner": ann})
    migration.run()
    folder = migration.folder / "zulip"
    assert problems(folder) == []
    realm = json.loads((folder / "realm.json").read_bytes())
    users = {row["id"]: row for row in realm["zerver_userprofile"]}
    roles = {row["full_name"]: (row["role"], row["is_active"]) for row in users.values()}
    assert roles == {
        "Ann Smith": (100, True), "Bob Smith": (400, True), "Gus Smith": (600, True),
        "Quiet Smith": (400, False), "Slackbot": (400, False),
    }  # fmt: skip
    copies: list[tuple[str, int]] = []
    for path in pages_of(folder):
        for row in json.loads(path.read_bytes())["zerver_usermessage"]:
            copies.append((users[row["user_profile"]]["full_name"], row["flags_mask"]))
    assert sorted(copies) == [
        ("Ann Smith", 1), ("Ann Smith", 1), ("Ann Smith", 2049), ("Bob Smith", 1), ("Bob Smith", 9),
        ("Gus Smith", 2049),
    ]  # fmt: skip


def test_owner_has_copies_even_where_others_sleep(tmp_path: Path) -> None:
    """The importer writes to the owner, which would wake them with everything unread."""
    workspace = Workspace()
    ann, bob = (workspace.person(name, email=f"{name}@acme.example") for name in ("ann", "bob"))
    workspace.channel("general", ann, bob).say(bob, "hello")
    settings = {"target.owner": "Ann@acme.example", "target.user_messages": "idle"}
    migration = Migration(ZulipDirectory(), tmp_path, workspace, settings)
    migration.run()
    folder = migration.folder / "zulip"
    realm = json.loads((folder / "realm.json").read_bytes())
    users = {row["id"]: row for row in realm["zerver_userprofile"]}
    idle = {row["full_name"]: row["long_term_idle"] for row in users.values()}
    assert (idle["Ann Smith"], idle["Bob Smith"]) == (False, True)
    (page,) = pages_of(folder)
    copies = json.loads(page.read_bytes())["zerver_usermessage"]
    assert [users[copy["user_profile"]]["full_name"] for copy in copies] == ["Ann Smith"]


def test_what_people_say_of_themselves_is_kept(tmp_path: Path) -> None:
    workspace = Workspace()
    said: dict[str, object] = {
        "title": "Baker",
        "phone": "+43 1",
        "fields": {"Xf1": {"value": "Vienna", "alt": ""}},
    }
    ann = workspace.person("ann", profile=said)
    bob = workspace.person("bob", deactivated=True, profile={"fields": [], "phone": "+43 2"})
    workspace.channel("general", ann, bob).say(ann, "hello")
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    migration.plan()
    store = open_store(migration.folder / "state.db")
    with store.transaction():
        store.set_meta("profile_fields", '{"Xf1": "Town"}')  # as `fetch` leaves them
    store.close()
    migration.run()
    folder = migration.folder / "zulip"
    assert problems(folder) == []
    realm = json.loads((folder / "realm.json").read_bytes())
    users = {row["id"]: row["full_name"] for row in realm["zerver_userprofile"]}
    fields = {row["id"]: row["name"] for row in realm["zerver_customprofilefield"]}
    told = [
        (users[row["user_profile"]], fields[row["field"]], row["value"])
        for row in realm["zerver_customprofilefieldvalue"]
    ]
    assert told == [
        ("Ann Smith", "Title", "Baker"), ("Ann Smith", "Phone", "+43 1"),
        ("Bob Smith", "Phone", "+43 2"), ("Ann Smith", "Town", "Vienna"),
    ]  # fmt: skip


def test_administrators_stay_administrators(tmp_path: Path) -> None:
    """Those who sign in; and they have copies even where others sleep, for the importer writes to
    them as it does to the owner."""
    workspace = Workspace()
    people = {
        name: workspace.person(name, admin=name != "bob", email=f"{name}@acme.example",
                               deactivated=name == "old")
        for name in ("ann", "adi", "bob", "old")
    }  # fmt: skip
    ghost = workspace.person("ghost", admin=True)
    general = workspace.channel("general", *people.values(), ghost)
    general.say(people["bob"], "hello")
    settings = {"target.owner": people["ann"], "target.user_messages": "idle"}
    migration = Migration(ZulipDirectory(), tmp_path, workspace, settings)
    migration.run()
    folder = migration.folder / "zulip"
    assert problems(folder) == []
    realm = json.loads((folder / "realm.json").read_bytes())
    users = {row["id"]: row for row in realm["zerver_userprofile"]}
    told = {u["full_name"]: (u["role"], u["long_term_idle"]) for u in users.values()}
    assert told == {
        "Ann Smith": (100, False), "Adi Smith": (200, False), "Bob Smith": (400, True),
        "Old Smith": (400, False), "Ghost Smith": (400, False), "Slackbot": (400, False),
    }  # fmt: skip
    (page,) = pages_of(folder)
    copies = json.loads(page.read_bytes())["zerver_usermessage"]
    readers = {users[copy["user_profile"]]["full_name"] for copy in copies}
    assert readers == {"Ann Smith", "Adi Smith"}


def test_description_holds_purpose_and_topic_as_they_read(tmp_path: Path) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    general = workspace.channel("general", ann)
    general.record["purpose"] = {"value": f"Tea &amp; cake with <@{ann}>"}
    general.record["topic"] = {"value": "*Now*: <https://x.example|the menu>"}
    general.say(ann, "hello")
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    migration.run()
    realm = json.loads((migration.folder / "zulip" / "realm.json").read_bytes())
    assert realm["zerver_stream"][0]["description"] == (
        "Tea & cake with @Ann Smith · **Now**: [the menu](https://x.example)"
    )
