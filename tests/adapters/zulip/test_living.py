"""The conformance suite on a living organization, on servers of 2024 and of 2025. Every such
organization has channels of its own, so that all names bear a mark."""

from collections.abc import Iterator

import pytest

from adapters.conformance import Conformance, Target, Workspace
from adapters.conformance.checking import Checking
from adapters.conformance.conversations import Conversations
from adapters.conformance.interruption import Interruption
from adapters.conformance.limits import Limits
from adapters.conformance.messages import Messages
from adapters.conformance.repetition import Repetition
from adapters.conformance.settling import Settling
from tests.adapters.zulip.living import FakeZulip, PeopledZulip
from tests.fakes.zulip import Organization


class TestLivingZulip(Conformance):
    @pytest.fixture
    def target(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
        monkeypatch.setattr(Workspace, "mark", "one")
        with Organization("10").running() as server:
            yield FakeZulip(server, "10")


class TestLivingOldZulip(Conformance):
    @pytest.fixture
    def target(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
        monkeypatch.setattr(Workspace, "mark", "one")
        with Organization("9").running() as server:
            yield FakeZulip(server, "9")


class TestPeopledZulip(
    Conversations, Messages, Repetition, Interruption, Settling, Limits, Checking
):
    """What has to do with keys of people that we have not is left out, and tested in `mapping`."""

    @pytest.fixture
    def target(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
        monkeypatch.setattr(Workspace, "mark", "one")
        with Organization("10").running() as server:
            yield PeopledZulip(server, "10")
