"""One suite that every adapter passes, on a fake as on a real server.

A test class inherits `Conformance` and supplies a fixture called `target`, a fresh
`adapters.conformance.target.Target` for each test. Every test builds a tiny workspace of its own,
drives the engine through `migrate.runner`, and reads the target back without the adapter.
`workspace` builds exports, `target` is what an adapter brings, `migration` drives; the other
modules are the tests.
"""

import pytest

_TESTS = (
    "checking",
    "conversations",
    "enclosed",
    "extras",
    "files",
    "interruption",
    "limits",
    "mapping",
    "messages",
    "migration",
    "missing",
    "purity",
    "repetition",
    "settling",
)
# Before they are imported, so that a failing assert shows its values.
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _TESTS))

from adapters.conformance.checking import Checking  # noqa: E402
from adapters.conformance.conversations import Conversations  # noqa: E402
from adapters.conformance.extras import Extras  # noqa: E402
from adapters.conformance.files import Files  # noqa: E402
from adapters.conformance.interruption import Interruption  # noqa: E402
from adapters.conformance.limits import Limits  # noqa: E402
from adapters.conformance.mapping import MappingFiles  # noqa: E402
from adapters.conformance.messages import Messages  # noqa: E402
from adapters.conformance.missing import MissingFiles  # noqa: E402
from adapters.conformance.purity import Purity  # noqa: E402
from adapters.conformance.repetition import Repetition  # noqa: E402
from adapters.conformance.settling import Settling  # noqa: E402
from adapters.conformance.target import (  # noqa: E402
    Attached,
    Holding,
    Mark,
    Post,
    Room,
    Target,
)
from adapters.conformance.workspace import Workspace  # noqa: E402

__all__ = ["Attached", "Conformance", "Holding", "Mark", "Post", "Room", "Target", "Workspace"]


class Conformance(
    Conversations,
    Messages,
    Files,
    MissingFiles,
    Extras,
    MappingFiles,
    Repetition,
    Interruption,
    Settling,
    Limits,
    Purity,
    Checking,
):
    """All the tests."""
