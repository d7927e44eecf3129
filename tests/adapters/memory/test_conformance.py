"""The conformance suite on the memory target, every way."""

import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.memory.targets import (
    AppendedMemory,
    ArchivedMemory,
    ForgetfulMemory,
    LiveMemory,
)


class TestLiveMemory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return LiveMemory()


class TestForgetfulMemory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return ForgetfulMemory()


class TestArchivedMemory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return ArchivedMemory()


class TestAppendedMemory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return AppendedMemory()
