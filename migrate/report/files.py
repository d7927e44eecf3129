"""Writing a report so that a reader never meets half of one: beside its name, then renamed, and for
its owner alone (0600 in a folder of 0700)."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_json(folder: Path, name: str, value: Mapping[str, object]) -> Path:
    """Write builtins as indented JSON to `folder/name`; returns the path. Raises OSError."""
    # ASCII, because a path in it may hold what no encoding has.
    return _write(folder / name, json.dumps(value, indent=2) + "\n")


def write_page(folder: Path, name: str, page: str) -> Path:
    """Write a whole HTML page to `folder/name`; returns the path. Raises OSError."""
    return _write(folder / name, page)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    return path
