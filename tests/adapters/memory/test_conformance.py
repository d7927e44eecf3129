"""The conformance suite on the memory target, both ways."""

import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.memory.targets import ArchivedMemory, LiveMemory


class TestLiveMemory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return LiveMemory()


class TestArchivedMemory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return ArchivedMemory()
