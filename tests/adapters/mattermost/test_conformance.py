"""The conformance suite on the archive, for a server of today and for one of 2021."""

import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.mattermost.targets import ArchivedMattermost, OldMattermost


class TestArchivedMattermost(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return ArchivedMattermost()


class TestOldMattermost(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return OldMattermost()
