"""Zips written by hand, read by others."""

import io
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from adapters.mattermost import streams, zipping
from adapters.mattermost.zipping import ZipWriter


def stretches(*texts: bytes) -> list[tuple[bytes, bytes]]:
    return [*((streams.deflate(text), text) for text in texts), (streams.END, b"")]


def written(*members: tuple[str, list[tuple[bytes, bytes]] | Path]) -> io.BytesIO:
    file = io.BytesIO()
    archive = ZipWriter(file)
    for name, content in members:
        if isinstance(content, Path):
            archive.add_stored(name, content)
        else:
            archive.add_deflated(name, content)
    archive.close()
    return file


def test_stretches_are_one_member(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(bytes(range(256)) * 5_000)
    texts = [b"first\n" * 1_000, b"", b"second \xf0\x9f\x8e\x88\n", b"first\n" * 10]
    file = written(("import.jsonl", stretches(*texts)), ("data/F1/größe.png", body))
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["import.jsonl", "data/F1/größe.png"]
        assert archive.read("import.jsonl") == b"".join(texts)
        assert archive.read("data/F1/größe.png") == body.read_bytes()
        assert archive.getinfo("import.jsonl").compress_type == zipfile.ZIP_DEFLATED


def test_other_tools_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(written(("import.jsonl", stretches(b"a line\n"))).getvalue())
    tested = subprocess.run(["unzip", "-t", path], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout


def test_empty_member_and_empty_body(tmp_path: Path) -> None:
    body = tmp_path / "nothing"
    body.touch()
    with zipfile.ZipFile(written(("a", stretches()), ("b", body))) as archive:
        assert archive.testzip() is None
        assert (archive.read("a"), archive.read("b")) == (b"", b"")


def test_the_same_members_are_the_same_bytes() -> None:
    one, other = (written(("a", stretches(b"x", b"y"))).getvalue() for _ in range(2))
    assert one == other


def test_more_members_than_the_old_limit(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"b")
    file = written(*((f"data/{number}", body) for number in range(65_540)))
    with zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == 65_540
        assert archive.read("data/65539") == b"b"


def test_beyond_four_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes and places as wide as zip64 has them, without the bytes."""
    monkeypatch.setattr(zipping, "_HUGE", 40)
    body = tmp_path / "body"
    body.write_bytes(b"0123456789" * 10)
    file = written(("import.jsonl", stretches(b"x" * 500)), ("data/F1/a", body))
    # Readers take the wide fields only where the narrow ones are full.
    data = file.getvalue().replace((40).to_bytes(4, "little"), b"\xff" * 4)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("data/F1/a") == body.read_bytes()
        assert archive.read("import.jsonl") == b"x" * 500


def test_a_stretch_that_was_damaged_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "stretch"
    path.write_bytes(b"\xff" + streams.deflate(b"words")[1:])
    with pytest.raises(zlib.error):
        list(streams.inflate(path))
