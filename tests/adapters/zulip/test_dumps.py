"""Exports of a server read row by row, however they are cut into blocks."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.zulip.imported import export_files as dumps

TABLES: dict[str, Any] = {
    "zerver_realm": [{"id": 1, "name": 'a "\n    },\n" b'}],
    "empty": [],
    "number": 3,
    "nested": {"zerver_row": [{"id": 99}]},
    "zerver_row": [
        {"id": at, "text": "}],\n  ]" * at, "messages": [1, 2], "more": {"a": [{}]}}
        for at in range(40)
    ],
    "zerver_other": [{"id": 7}],
    "sort_by_date": True,
}


def read(data: bytes, *names: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in names}

    def keep(name: str, rows: bytes) -> None:
        found[name] += json.loads(rows)

    takers = {name: lambda rows, name=name: keep(name, rows) for name in names}
    dumps.read_rows(io.BytesIO(data), takers)
    return found


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("indent", [2, None])
def test_rows_of_the_tables_asked_for_and_of_no_other(
    monkeypatch: pytest.MonkeyPatch, block: int, indent: int | None
) -> None:
    monkeypatch.setattr(dumps, "_BLOCK", max(block, 5))
    data = json.dumps(TABLES, indent=indent).encode()
    wanted = ("zerver_realm", "empty", "zerver_row", "zerver_other", "nowhere")
    assert read(data, *wanted) == {name: TABLES.get(name, []) for name in wanted}


def test_rows_come_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps, "_BLOCK", 4_096)
    rows = [{"id": at, "text": "x" * 50} for at in range(2_000)]
    sizes: list[int] = []
    data = json.dumps({"zerver_row": rows}, indent=2).encode()
    dumps.read_rows(io.BytesIO(data), {"zerver_row": lambda some: sizes.append(len(some))})
    assert max(sizes) < 6_000
    assert len(sizes) > 20


@pytest.mark.parametrize("indent", [2, None])
@pytest.mark.parametrize("cut", [1, 40, 500])
def test_one_that_breaks_off_is_no_export(indent: int | None, cut: int) -> None:
    data = json.dumps(TABLES, indent=indent).encode()
    with pytest.raises(msgspec.DecodeError):
        read(data[:-cut], "zerver_row")


@pytest.mark.parametrize("packed", [False, True])
def test_files_of_a_folder_and_of_an_archive_are_the_same(tmp_path: Path, packed: bool) -> None:
    folder = tmp_path / "export"
    (folder / "uploads" / "1").mkdir(parents=True)
    (folder / "realm.json").write_bytes(b"{}")
    (folder / "uploads" / "1" / "a b.png").write_bytes(b"body")
    source = folder
    if packed:
        source = tmp_path / "export.tar.gz"
        with tarfile.open(source, "w:gz") as archive:
            archive.add(folder, "anything")
    found = {name: dumps.sum_of(file)[0] for name, file in dumps.files_of(source)}
    assert found == {"realm.json": 2, "uploads/1/a b.png": 4}
