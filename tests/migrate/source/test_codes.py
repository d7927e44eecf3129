"""The catalogue explains every code that the reader uses, and no other."""

import ast
from pathlib import Path

import migrate.source
from migrate.source import CODES


def _strings() -> set[str]:
    """Every string constant of the reader, the catalogue's own left out."""
    files = Path(migrate.source.__file__).parent.glob("*.py")
    trees = [ast.parse(file.read_text()) for file in files if file.name != "codes.py"]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_is_used() -> None:
    assert set(CODES) - _strings() == set()


def test_every_code_that_is_used_is_explained() -> None:
    beginnings = {code.partition("-")[0] for code in CODES} - {"export", "workspace", "message"}
    used = {
        text
        for text in _strings()
        if text.partition("-")[0] in beginnings and text.replace("-", "").isalpha() and "-" in text
    }
    assert used - set(CODES) == set()


def test_a_meaning_is_one_sentence_and_trouble_comes_with_advice() -> None:
    for code, meaning in CODES.items():
        assert meaning.text.endswith("."), code
        assert ". " not in meaning.text, code
        assert meaning.severity != "error" or meaning.advice, code
