"""The conformance suite on the import directory, for a server of today and for one of 2024."""

import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.zulip.targets import OldZulipDirectory, ZulipDirectory


class TestZulipDirectory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return ZulipDirectory()


class TestOldZulipDirectory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return OldZulipDirectory()
