"""The fake Slack that a test talks to."""

from collections.abc import Iterator

import pytest

from tests.fakes.slack import FakeSlack


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    with FakeSlack(elsewhere="http://127.0.0.1:9/somewhere").running() as fake:
        yield fake
