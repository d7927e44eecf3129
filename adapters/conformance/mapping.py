"""What the mapping files may ask for: what the target can do is done, all else stops the plan."""

from pathlib import Path

import pytest

from adapters.conformance.migration import Migration, assert_sums, assert_whole
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
