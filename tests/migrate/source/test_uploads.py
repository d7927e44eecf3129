"""Bodies that lie in the export itself: where they are found, and that their bytes come whole or
not at all."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.source import Damaged, Upload, find_uploads, read_upload
from migrate.source.members import BLOCK
from tests.migrate.source.build import members, message, write_folder, write_zip

CONTENT = members([message()]) | {
    "__uploads/F1/a.png": b"one",
    "general/attachments/F2-notes.json": b"two",
    "team/__uploads/F3/Grüße.txt": b"three",
    "random/attachments/F1-a.png": b"one",
    "__MACOSX/__uploads/F9/._a.png": b"junk",
    "../__uploads/F9/a.png": b"outside",
    "__uploads/readme.txt": b"no file's",
    "general/attachments/notes.txt": b"no file's",
}


def read_whole(upload: Upload) -> bytes:
    return b"".join(read_upload(upload))


@pytest.mark.parametrize("write", [write_zip, write_folder], ids=["zip", "folder"])
def test_bodies_are_found_by_their_names(
    tmp_path: Path, write: Callable[[Path, dict[str, object]], Path]
) -> None:
    inside = {name: body for name, body in CONTENT.items() if not name.startswith("..")}
    path = write(tmp_path / "export", CONTENT if write is write_zip else inside)
    found = list(find_uploads(path))
    assert sorted(each.file for each in found) == ["F1", "F1", "F2", "F3"]
    bodies = {each.file: read_whole(each) for each in found}
    assert bodies == {"F1": b"one", "F2": b"two", "F3": b"three"}
    assert {each.size for each in found if each.file == "F3"} == {5}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
@pytest.mark.parametrize("dull", [True, False])
def test_a_body_of_any_size_comes_in_blocks(
    tmp_path: Path, method: int, size: int, dull: bool
) -> None:
    body = bytes(size) if dull else os.urandom(size)
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("__uploads/F1/body", body)
    (upload,) = find_uploads(path)
    blocks = list(read_upload(upload))
    assert b"".join(blocks) == body
    assert max(map(len, blocks), default=0) <= BLOCK


def broken(path: Path, change: Callable[[bytearray], None]) -> Upload:
    """The upload of a zip whose bytes were changed behind its table's back."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__uploads/F1/body", b"words " * 50_000)
    (upload,) = find_uploads(path)
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return upload


def flip(at: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[at] ^= 0xFF

    return change


def cut(data: bytearray) -> None:
    del data[60:]


@pytest.mark.parametrize("change", [flip(0), flip(60), flip(100), cut])
def test_a_damaged_body_is_none(tmp_path: Path, change: Callable[[bytearray], None]) -> None:
    upload = broken(tmp_path / "export.zip", change)
    with pytest.raises(Damaged) as caught:
        read_whole(upload)
    assert caught.value.code == "member-damaged"


def test_a_body_never_grows_beyond_what_the_table_says(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__uploads/F1/body", bytes(50 * BLOCK))
    (upload,) = find_uploads(path)
    small = Upload(upload.file, path, type(upload.member)(*_claim(upload, 2 * BLOCK)))
    taken = 0
    with pytest.raises(Damaged):
        for block in read_upload(small):
            taken += len(block)
    assert taken <= 2 * BLOCK


def _claim(upload: Upload, size: int) -> tuple[str, int, int, int, int, int]:
    member = upload.member
    return (member.name, member.offset, member.packed, size, member.method, member.crc)


def test_a_body_in_a_method_of_its_own_is_none(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("__uploads/F1/body", b"x" * 1_000)
    (upload,) = find_uploads(path)
    with pytest.raises(Damaged) as caught:
        read_whole(upload)
    assert caught.value.code == "member-method"


def test_a_body_that_went_away_is_none(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "export", {"__uploads/F1/a": b"x"})
    (upload,) = find_uploads(path)
    (path / "__uploads/F1/a").unlink()
    with pytest.raises(Damaged) as caught:
        read_whole(upload)
    assert caught.value.code == "member-unreadable"
