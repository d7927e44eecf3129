"""The conformance suite on the import directory, for each version of Zulip that it is made for."""

import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.zulip.targets import (
    NewZulipDirectory,
    OldZulipDirectory,
    TenZulipDirectory,
    ZulipDirectory,
)


class TestZulipDirectory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return ZulipDirectory()


class TestOldZulipDirectory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return OldZulipDirectory()


class TestTenZulipDirectory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return TenZulipDirectory()


class TestNewZulipDirectory(Conformance):
    @pytest.fixture
    def target(self) -> Target:
        return NewZulipDirectory()
