"""Adapters are found by their entry points, the built-in ones too."""

from importlib.metadata import EntryPoint

import pytest

from adapters.memory import adapter as memory
from migrate import registry
from migrate.errors import UsageError
from migrate.registry import GROUP, Registry


def test_the_built_in_ones_are_installed_like_any_other() -> None:
    found = Registry()
    assert {"matrix", "memory"} <= set(found.names)
    assert found.get("memory") is memory
    assert found.get("matrix").name == "matrix"


def test_an_extra_one_stands_before_an_installed_one() -> None:
    class Other:
        name = "memory"

    other = Other()
    found = Registry({"memory": other, "zz": other})  # type: ignore[dict-item]  # only its name is asked
    assert found.get("memory") is other  # type: ignore[comparison-overlap]  # as put in
    assert found.names.count("memory") == 1
    assert found.names[-1] == "zz"


def test_a_name_that_is_not_installed_is_answered_with_those_that_are() -> None:
    with pytest.raises(UsageError) as raised:
        Registry().get("matrx")
    assert (raised.value.code, raised.value.exit) == ("adapter-unknown", 2)
    assert "matrx" in raised.value.message
    assert "matrix, mattermost, memory, zulip" in raised.value.advice


def test_a_third_party_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "adapters.memory:adapter", GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == GROUP else [])
    assert Registry().names == ["mine"]
    assert Registry().get("mine") is memory
