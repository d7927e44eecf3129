"""The conformance suite on a server that takes the archive over its API and is read back."""

from collections.abc import Iterator

import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.mattermost.served import ServedMattermost
from tests.fakes.mattermost import FakeMattermost


class TestServedMattermost(Conformance):
    @pytest.fixture
    def target(self) -> Iterator[Target]:
        with FakeMattermost().running() as server:
            yield ServedMattermost(server)


class TestServedOldMattermost(Conformance):
    @pytest.fixture
    def target(self) -> Iterator[Target]:
        with FakeMattermost("5.37.0").running() as server:
            yield ServedMattermost(server, profile="5.37")
