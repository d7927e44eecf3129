"""Whole exports on their way into an archive that a server would take: held against rules that were
written apart from the adapter, and read back."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Migration, assert_sums, assert_verified
from adapters.mattermost import adapter
from migrate import runner
from migrate.registry import Registry
from migrate.runner import World
from tests.adapters.mattermost.rules import problems
from tests.adapters.mattermost.targets import ArchivedMattermost, OldMattermost, read_lines
from tests.fakes.slack_files import kept, serve_example
from tests.generate import write_export

EXAMPLE = Path(__file__).parents[3] / "examples" / "acme-export.zip"
REGISTRY = Registry({"mattermost": adapter})


class Journey:
    """One project, from an export to an archive."""

    def __init__(
        self, folder: Path, export: Path, settings: Mapping[str, object], workers: int = 1,
        environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.world = World(environ=environ or {}, workers=workers)
        chosen = {"target.team": "acme", "source.notices": "keep", **settings}
        runner.init(folder, [export], "mattermost", chosen, self.world, REGISTRY)

    @property
    def project(self) -> runner.Project:
        return runner.open_project(self.folder, {}, REGISTRY)

    def run(self) -> runner.RunSummary:
        runner.plan(self.project, self.world)
        return runner.run(self.project, self.world)

    def verify(self) -> runner.VerifySummary:
        return runner.verify(self.project, self.world)

    def text(self) -> bytes:
        with zipfile.ZipFile(self.folder / "mattermost.zip") as archive:
            return archive.read("import.jsonl")


def assert_taken(journey: Journey, *, old: bool = False) -> runner.RunSummary:
    """The archive breaks no rule, and holds all that the run says."""
    summary = journey.run()
    assert problems(journey.folder / "mattermost.zip", old=old) == []
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
    with zipfile.ZipFile(journey.folder / "mattermost.zip") as archive:
        bodies = [name for name in archive.namelist() if name.startswith("data/F")]
        assert len(bodies) == summary.sent["files"]
        for name in bodies:
            told = example.bodies[name.split("/")[1]]
            assert hashlib.sha256(archive.read(name)).hexdigest() == kept(told)[0]
    lines = read_lines(journey.folder / "mattermost.zip")
    assert any("profile_image" in line.get("user", {}) for line in lines)
    assert any(line["type"] == "emoji" for line in lines)


@pytest.mark.parametrize("profile", ["11", "5.37"])
def test_example_export_without_files(tmp_path: Path, profile: str) -> None:
    settings = {"target.profile": profile, "files.missing": "link"}
    assert_taken(Journey(tmp_path / "project", EXAMPLE, settings), old=profile == "5.37")


def test_generated_export(tmp_path: Path) -> None:
    truth = write_export(tmp_path / "export.zip", messages=8_000, conversations=40, seed=5)
    journey = Journey(tmp_path / "project", tmp_path / "export.zip", {})
    summary = assert_taken(journey)
    assert summary.sent["messages"] == truth.counts.messages


def test_the_same_text_however_it_was_made(tmp_path: Path) -> None:
    """Neither how many composed it shows, nor a second making."""
    settings = {"files.missing": "link", "target.part_messages": 50}
    texts: list[bytes] = []
    for workers in (1, 2):
        journey = Journey(tmp_path / str(workers), EXAMPLE, settings, workers)
        journey.run()
        texts.append(journey.text())
        runner.run(journey.project, journey.world)
        texts.append(journey.text())
    assert len(set(texts)) == 1


LONG = "word " * 8_000
TEXTS = (
    "",
    " ",
    "\n\n",
    "nul \x00 inside",
    "half a pair \ud83d here",
    "@channel and <!channel> and <@UNOBODY>",
    "```\nfence without an end",
    "\u2028\u2029 line ends of another kind",
    "a" * 40_000,
    LONG,
    "🎈" * 17_000,
    "\\" * 100,
    "&lt;script&gt;",
    "<https://acme.slack.com/archives/C00000001/p1700000000000100|there>",
    "<https://example.org/" + "x" * 20_000 + ">",
)
NAMES = (
    "all", "channel", "System", "ann", "Ann", "ANN", "ann.", "Zoë Müller", "山田太郎", "...",
    "x" * 90, "a b c", "", "here",
)  # fmt: skip
CHANNELS = (
    "general", "town-square", "off-topic", "z", "größe", "日本語", "-x-", "a__b", "x" * 80, "Plans",
    "plans", "post",
)  # fmt: skip
EMOJI = ("+1", "thumbsup::skin-tone-2", "日本", "it's", "melting_face", "a" * 90, "x::y", "tada")


def nasty_workspace() -> Workspace:
    """Everything that was ever seen to stop an import, in one workspace."""
    workspace = Workspace()
    people = [workspace.person(name) for name in NAMES]
    people.append(workspace.person("gus", guest=True))
    people.append(workspace.person("gone", deactivated=True))
    robot, stranger = workspace.bot("Deploy Bot"), workspace.stranger()
    ann, bob, cat = people[3:6]
    places = [workspace.channel(name, *people) for name in CHANNELS]
    places += [
        workspace.channel("board", ann, private=True, archived=True),
        workspace.dm(ann, bob),
        workspace.dm(ann),
        workspace.dm(ann, robot),
        workspace.dm(),
        workspace.group_dm(ann, bob, cat),
        workspace.group_dm(cat, bob, ann),
        workspace.group_dm(*people[:8]),
        workspace.group_dm(*people[:9]),
        workspace.canvas_talk(ann, bob),
    ]
    for place in places:
        root = place.say(ann, "the root")
        for number, text in enumerate(TEXTS):
            said = place.say((ann, bob, cat)[number % 3], text, after=0.0001)
            if number % 2:
                place.say(bob, text, root=root, after=0.0001, broadcast=number % 4 == 1)
            said.react(EMOJI[number % len(EMOJI)], ann, ann, bob, stranger)
        place.say(robot, "from a bot").record["username"] = "A Name\nof its own " + "x" * 90
        place.say(cat, "an answer to nothing", root=workspace.tick(1.0)).edit("edited", after=-5)
        place.notice(bob)
        place.pin(root)
    return workspace


@pytest.mark.parametrize("target", [ArchivedMattermost, OldMattermost])
def test_workspace_full_of_what_stops_imports(
    tmp_path: Path, target: type[ArchivedMattermost]
) -> None:
    settings = {"source.notices": "keep"}
    migration = Migration(target(), tmp_path, nasty_workspace(), settings)
    summary = migration.run()
    assert problems(migration.folder / "mattermost.zip", old=target is OldMattermost) == []
    assert_sums(summary)
    assert not any(summary.failed.values())
    assert_verified(migration)


def test_nothing_that_was_said_is_in_what_is_written_elsewhere(tmp_path: Path) -> None:
    """Findings and memo tell keys and names of accounts, never words."""
    workspace = Workspace()
    ann = workspace.person("ann")
    workspace.channel("general", ann).say(ann, "between the two of us")
    migration = Migration(ArchivedMattermost(), tmp_path, workspace)
    summary = migration.run()
    assert "between" not in json.dumps([str(told) for told in summary.reasons])
