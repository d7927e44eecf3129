"""Every code that the program uses is explained, and nothing is explained that nobody uses."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.matrix import adapter as matrix
from adapters.memory import adapter as memory
from migrate.catalogue import CORE, catalogue, meaning
from migrate.findings import SEVERITIES
from migrate.slack.codes import CODES as SLACK_CODES
from migrate.source.codes import CODES as SOURCE_CODES
from migrate.spi import Adapter

ROOT = Path(__file__).parents[2]


def strings(*folders: str) -> set[str]:
    """Every string in the code, the catalogue's own keys left out."""
    return {
        node.value
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if path.name not in ("catalogue.py", "codes.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def told_codes() -> Iterator[str]:
    """The codes of findings, skips and failures in migrate: what a report may have to explain."""
    for path in (ROOT / "migrate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            said = [*node.args, *(k.value for k in node.keywords if k.arg == "code")]
            place = {"Skip": 0, "failed": 1, "waiting": 1, "_skipped": 1, "_give_up": 1}.get(name)
            if name == "Finding":
                said, place = said[-1:], 0
            if place is None or place >= len(said):
                continue
            code = said[place]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value


def test_every_code_that_is_told_is_explained() -> None:
    told = set(told_codes())
    assert {"author-failed", "conversation-failed", "seal-waits", "files-missing"} <= told
    assert told - {*CORE, *SOURCE_CODES, *SLACK_CODES} == set()


def test_no_code_is_explained_that_nobody_tells() -> None:
    used = strings("migrate", "mappings", "adapters")
    # Put together from an action: person-map-not-taken and the like.
    made = {f"person-{action}-not-taken" for action in ("map", "create")}
    assert {*CORE, *SLACK_CODES} - used - made == set()


@pytest.mark.parametrize("adapter", [None, memory, matrix], ids=["none", "memory", "matrix"])
def test_every_meaning_is_one_calm_sentence(adapter: Adapter | None) -> None:
    for code, means in catalogue(adapter).items():
        assert means.severity in SEVERITIES
        # A sentence may begin with a file's name.
        assert means.text[0].isupper() or means.text.partition(" ")[0].endswith(".csv"), code
        assert means.text.endswith("."), code
        assert not means.advice or means.advice.endswith((".", "!")), code
        assert "!" not in means.text, code
        assert code == code.lower(), code
        assert " " not in code, code


def test_what_stops_people_says_what_to_do() -> None:
    for code, means in {**SOURCE_CODES, **SLACK_CODES, **CORE, **matrix.codes}.items():
        assert means.severity != "blocker" or means.advice, code


def test_an_adapter_brings_its_own() -> None:
    assert set(memory.codes) <= set(catalogue(memory))
    assert not set(memory.codes) & set(catalogue())
    assert not set(memory.codes) & {*CORE, *SOURCE_CODES, *SLACK_CODES}
    assert not set(matrix.codes) & {*CORE, *SOURCE_CODES, *SLACK_CODES}


def test_a_code_that_nobody_explains_is_a_warning() -> None:
    means = meaning("never-heard-of", catalogue())
    assert means.severity == "warning"
    assert "never-heard-of" in means.text
