"""What the mapping files may ask for: what the target can do is done, all else stops the plan."""

from pathlib import Path

import pytest

from adapters.conformance.enclosed import (
    PNG,
    assert_linked,
    attached,
    carrying,
    files_at,
    pair_workspace,
)
from adapters.conformance.migration import (
    Migration,
    assert_sums,
    assert_verified,
    assert_whole,
)
from adapters.conformance.target import Target
from adapters.conformance.workspace import Workspace


class MappingFiles:
    @pytest.mark.parametrize("action", ["ghost", "create"])
    def test_accounts_of_either_kind(self, target: Target, tmp_path: Path, action: str) -> None:
        workspace = Workspace()
        ann = workspace.person("ann", email="ann@example.org")
        workspace.channel("general", ann).say(ann, "hello")
        migration = Migration(target, tmp_path, workspace)
        migration.map("users.csv", ann, action=action)
        plan = migration.plan()
        taken = action in migration.caps.accounts
        assert (
            {told.code for told in plan.blockers} == {f"person-{action}-not-taken"}
        ) is not taken
        if taken:
            assert plan.counts["accounts"][action] >= 1
            assert_sums(migration.resume())
            assert_whole(migration, workspace)

    def test_mapped_accounts_need_a_target_that_has_some(
        self, target: Target, tmp_path: Path
    ) -> None:
        workspace = Workspace()
        ann = workspace.person("ann")
        workspace.channel("general", ann).say(ann, "hello")
        migration = Migration(target, tmp_path, workspace)
        migration.map("users.csv", ann, action="map", target="annie")
        refused = "person-map-not-taken" in {told.code for told in migration.plan().blockers}
        assert refused is ("map" not in migration.caps.accounts)

    def test_mapped_accounts_react_where_they_can(self, target: Target, tmp_path: Path) -> None:
        """mapped_react: what cannot be done in their name is told beforehand and skipped."""
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        general.say(ann, "hooray").react("tada", ann, bob).react("eyes", ann)
        migration = Migration(target, tmp_path, workspace)
        _settle_in(migration, ann)
        migration.plan()
        summary = migration.resume()
        assert_sums(summary)
        kept = migration.kept_reactions(3 if migration.caps.mapped_react else 1)
        codes = {told.code: told.count for told in summary.reasons}
        assert codes.get("reaction-mapped", 0) == migration.kept_reactions(3) - kept
        holding = assert_whole(migration, workspace)
        assert len(holding.marks) == summary.sent["reactions"] == kept
        assert_verified(migration)

    def test_mapped_accounts_bring_files_where_they_can(
        self, target: Target, tmp_path: Path
    ) -> None:
        """mapped_files: a file that nobody else shares may stay behind in direct talk alone."""
        workspace, general, (ann, bob) = pair_workspace()
        board = workspace.channel("board", ann, bob, private=True)
        files = [workspace.file(ann, f"file{n}.bin", PNG + bytes([n])) for n in range(3)]
        said = [
            place.say(ann, f"look in {place.id}").attach(file)
            for place, file in zip((general, board, workspace.dm(ann, bob)), files, strict=True)
        ]
        migration = carrying(target, tmp_path, workspace)
        _settle_in(migration, ann)
        migration.fetch(*files)
        migration.plan()
        summary = migration.resume()
        assert_sums(summary)
        assert not any(summary.failed.values())
        holding = migration.holding()
        narrow = migration.caps.mapped_files == "channels"
        for each in said[: 2 if narrow else 3]:
            assert files_at(holding, each) == attached(*each.files)
        if narrow:
            assert {told.code for told in summary.reasons} == {"file-mapped-direct"}
            assert_linked(holding, said[2], files[2])
        for place in (board, said[2].place):
            assert holding.rooms[place.id].readers == {ann, bob}
        assert_verified(migration)

    @pytest.mark.parametrize("direct", [False, True])
    def test_mapped_conversations_need_a_target_that_takes_them(
        self, target: Target, tmp_path: Path, direct: bool
    ) -> None:
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        place = workspace.dm(ann, bob) if direct else workspace.channel("general", ann, bob)
        place.say(ann, "hello")
        migration = Migration(target, tmp_path, workspace)
        migration.map("channels.csv", place.id, action="map", target="elsewhere")
        refused = "conversation-map-not-taken" in {told.code for told in migration.plan().blockers}
        assert refused is (direct or "map" not in migration.caps.conversations)


def _settle_in(migration: Migration, person: str) -> None:
    """Map a person to an account that stands there already."""
    if "map" not in migration.caps.accounts:
        pytest.skip("the target maps nobody")
    try:
        name = migration.target.settle_in(migration.folder, person)
    except NotImplementedError:
        pytest.skip("nobody can make an account there from outside")
    migration.map("users.csv", person, action="map", target=name)
