"""The conformance suite on Matrix: on the fake homeserver, and on a live Synapse."""

from pathlib import Path

import msgspec
import pytest

from adapters.conformance import Conformance, Target
from tests.adapters.matrix.places import Place
from tests.adapters.matrix.targets import FakeMatrix, LiveMatrix
from tests.fakes.homeserver import FakeHomeserver
from tests.live.synapse import Synapse


class TestFakeMatrix(Conformance):
    @pytest.fixture
    def target(self, fake_place: tuple[Place, FakeHomeserver], tmp_path: Path) -> Target:
        place, fake = fake_place
        registration = str(tmp_path / place.config.registration)
        return FakeMatrix(msgspec.structs.replace(place.config, registration=registration), fake)


@pytest.mark.live
class TestLiveMatrix(Conformance):
    @pytest.fixture
    def target(self, synapse: Synapse) -> Target:
        return LiveMatrix(synapse.config(), synapse)
