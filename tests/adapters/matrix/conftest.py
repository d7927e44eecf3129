"""Fixtures of the Matrix adapter's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.matrix.places import Place, fake_homeserver
from tests.fakes.homeserver import FakeHomeserver
from tests.live.synapse import synapse

__all__ = ["synapse"]


@pytest.fixture
def fake_place(tmp_path: Path) -> Iterator[tuple[Place, FakeHomeserver]]:
    with fake_homeserver(tmp_path) as both:
        yield both


@pytest.fixture(params=["fake", pytest.param("synapse", marks=pytest.mark.live)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A fake homeserver, then a live one."""
    if request.param == "synapse":
        return Place(request.getfixturevalue("synapse").config(), tmp_path)
    found: tuple[Place, FakeHomeserver] = request.getfixturevalue("fake_place")
    return found[0]
