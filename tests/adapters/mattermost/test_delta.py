"""A newer export: a second archive that holds what is new, and of what is there only what that
hangs on, in the very words by which the server knows it again."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Migration, assert_sums, assert_verified, assert_whole
from tests.adapters.mattermost.rules import problems
from tests.adapters.mattermost.targets import ArchivedMattermost, OldMattermost, read_lines

Line = dict[str, Any]
Target = type[ArchivedMattermost]


class Team:
    """Two people who have moved: a thread with a file, a direct message, an archived channel."""

    def __init__(self, folder: Path, target: Target = ArchivedMattermost) -> None:
        self.workspace = workspace = Workspace()
        self.ann, self.bob = workspace.person("ann"), workspace.person("bob")
        self.general = workspace.channel("general", self.ann, self.bob)
        self.attic = workspace.channel("attic", self.ann, archived=True)
        self.talk = workspace.dm(self.ann, self.bob)
        self.file = workspace.file(self.ann, "plan.pdf", b"the plan")
        self.root = self.general.say(self.ann, "the plan").attach(self.file).react("eyes", self.bob)
        self.reply = self.general.say(self.bob, "first answer", root=self.root)
        self.attic.say(self.ann, "dust")
        self.talk.say(self.bob, "psst")
        self.migration = Migration(target(), folder, workspace, {"files.missing": "link"})
        self.migration.fetch(self.file)
        self.migration.run()

    def again(self) -> list[Line]:
        """Bring the newer export; the lines of the second archive."""
        old = isinstance(self.migration.target, OldMattermost)
        self.migration.export_again(self.workspace)
        assert_sums(self.migration.run())
        if not old:  # there a line in the text stands for the file
            assert_whole(self.migration, self.workspace)
        assert_verified(self.migration)
        first, second = (self.migration.folder / name for name in FILES)
        assert problems(first, old=old) == []
        people = [line["user"]["username"] for line in read_lines(first) if line["type"] == "user"]
        assert (
            problems(second, old=old, team="acme", users=people, channels=["general", "attic"])
            == []
        )
        return read_lines(second)


FILES = ("mattermost.zip", "mattermost-2.zip")


def of(lines: list[Line], kind: str) -> list[Line]:
    return [line[kind] for line in lines if line["type"] == kind]


@pytest.mark.parametrize("target", [ArchivedMattermost, OldMattermost])
def test_only_what_is_new(tmp_path: Path, target: Target) -> None:
    team = Team(tmp_path, target)
    team.general.say(team.ann, "news", after=1_000)
    team.talk.say(team.ann, "psst again")
    team.attic.say(team.ann, "more dust")
    lines = team.again()
    assert [line["type"] for line in lines] == ["version", "post", "post", "direct_post"]
    assert [post["message"] for post in of(lines, "post")] == ["news", "more dust"]


def test_late_answer_brings_its_root_as_it_was(tmp_path: Path) -> None:
    team = Team(tmp_path)
    (before,) = [post for post in _posts(team) if "replies" in post]
    late = team.general.say(team.bob, "late answer", root=team.root, after=1_000)
    (root,) = of(team.again(), "post")
    assert [reply["message"] for reply in root["replies"]] == ["late answer"]
    for field in ("message", "create_at", "props", "attachments", "reactions"):
        assert root[field] == before[field]
    assert root["replies"][0]["props"]["slack_id"] == f"{team.general.id}/{late.ts}/0"
    with zipfile.ZipFile(team.migration.folder / FILES[1]) as archive:
        # The server takes the files away from a post that is repeated without them.
        assert archive.read(f"data/{root['attachments'][0]['path']}") == b"the plan"


def test_root_that_was_edited_since_is_known_by_its_old_words(tmp_path: Path) -> None:
    team = Team(tmp_path)
    (before,) = [post for post in _posts(team) if "replies" in post]
    team.root.edit("another plan")
    team.general.say(team.bob, "late answer", root=team.root, after=1_000)
    team.migration.export_again(team.workspace)
    plan = team.migration.plan()
    assert "edit-not-sent" in {loss.code for loss in plan.losses}
    team.migration.resume()
    (root,) = of(read_lines(team.migration.folder / FILES[1]), "post")
    assert root["message"] == before["message"] == "the plan"


def test_late_reaction_and_pin(tmp_path: Path) -> None:
    team = Team(tmp_path)
    team.reply.react("rocket", team.ann)
    team.general.pin(team.reply)
    (root,) = of(team.again(), "post")
    (reply,) = root["replies"]
    assert reply["is_pinned"]
    assert [reaction["emoji_name"] for reaction in reply["reactions"]] == ["rocket"]
    holding = team.migration.holding()
    assert len(holding.marks) == 2
    assert len(holding.rooms[team.general.id].pins) == 1


def test_newcomer_enters_what_was_there(tmp_path: Path) -> None:
    team = Team(tmp_path)
    cat = team.workspace.person("cat")
    listed = team.general.record["members"]
    assert isinstance(listed, list)
    listed.append(cat)
    team.general.say(cat, "hello, I am new", after=1_000)
    lines = team.again()
    assert of(lines, "channel") == []
    (user,) = of(lines, "user")
    (seat,) = user["teams"][0]["channels"]
    assert (user["username"], seat["name"]) == ("cat", "general")
    assert (seat["msg_count"], seat["msg_count_root"]) == (3, 2)
    assert cat in team.migration.holding().rooms[team.general.id].members


def test_third_archive_knows_both(tmp_path: Path) -> None:
    team = Team(tmp_path)
    fresh = team.workspace.channel("fresh", team.ann)
    fresh.say(team.ann, "first of the second", after=1_000)
    team.again()
    fresh.say(team.ann, "second of the third", root=fresh.said[0], after=1_000)
    team.migration.export_again(team.workspace)
    team.migration.run()
    assert_whole(team.migration, team.workspace)
    assert_verified(team.migration)
    lines = read_lines(team.migration.folder / "mattermost-3.zip")
    assert [line["type"] for line in lines] == ["version", "post"]


def test_nothing_new_makes_no_archive(tmp_path: Path) -> None:
    team = Team(tmp_path)
    before = (team.migration.folder / FILES[0]).read_bytes()
    team.migration.export_again(team.workspace)
    assert not any(team.migration.run().sent.values())
    assert (team.migration.folder / FILES[0]).read_bytes() == before
    assert not (team.migration.folder / FILES[1]).exists()


def _posts(team: Team) -> list[Line]:
    return of(read_lines(team.migration.folder / FILES[0]), "post")
