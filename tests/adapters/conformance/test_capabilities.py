"""Every capability is held to its word: a field that no test of the suite asks for has no business
in the interface."""

from pathlib import Path

import pytest

import adapters.conformance
from migrate.spi import Capabilities

SUITE = "".join(
    path.read_text("utf-8") for path in sorted(Path(adapters.conformance.__path__[0]).glob("*.py"))
)


@pytest.mark.parametrize("field", Capabilities.__struct_fields__)
def test_the_suite_asks_for_every_field(field: str) -> None:
    assert f"caps.{field}" in SUITE
