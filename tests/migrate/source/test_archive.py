"""What an export may come in, and what must not be let in."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.errors import UsageError
from migrate.source import open_export, read_run
from migrate.source.archive import Zip, open_archive
from migrate.source.members import Damaged, Member, read_packed
from tests.migrate.source.build import (
    DAY,
    GENERAL,
    Members,
    encode,
    members,
    message,
    read,
    ts,
    write_folder,
    write_zip,
)

Writer = Callable[[Path, Members], Path]


@pytest.mark.parametrize("write", [write_zip, write_folder])
@pytest.mark.parametrize("top", ["", "acme export/", "a/b/"])
def test_a_zip_and_a_folder_are_read_alike_with_and_without_a_top_folder(
    tmp_path: Path, write: Writer, top: str
) -> None:
    content = {f"{top}{name}": each for name, each in members([message(), message(1)]).items()}
    found = read(write(tmp_path / "export", content))
    assert [record.ts for record in found.records] == [1700000000000100, 1700000001000100]
    assert found.codes == {}
    assert [person.id for person in found.export.people] == ["U0ANN", "U0BOB", "U0HAL", "USLACKBOT"]


@pytest.mark.parametrize("flagged", [True, False])
@pytest.mark.parametrize("folder", ["チャネル", "caf\u00e9", "cafe\u0301", "日本語\u3000部"])
def test_names_are_read_with_and_without_the_flag_and_composed(
    tmp_path: Path, flagged: bool, folder: str
) -> None:
    channel = GENERAL | {"name": folder.replace("e\u0301", "\u00e9")}
    content = members(channels=[channel]) | {f"{folder}/{DAY}": [message()]}
    del content[f"general/{DAY}"]
    found = read(write_zip(tmp_path / "export.zip", content, flagged=flagged))
    assert found.codes == {}
    assert [haul.conversation for haul in found.hauls] == ["C0GENERAL"]


def test_an_old_code_page_is_kept_where_the_name_is_no_utf8(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", members([message()]) | {"caf#/x.txt": b""})
    data = path.read_bytes().replace(b"caf#/x.txt", b"caf\x82/x.txt")
    path.write_bytes(data)
    with open_archive(path) as archive:
        assert "caf\u00e9/x.txt" in [member.name for member in archive.members()]


def test_backslashes_part_folders(tmp_path: Path) -> None:
    content = {name.replace("/", "\\"): each for name, each in members([message()]).items()}
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, each in content.items():
            info = zipfile.ZipInfo("x")
            info.filename = name
            file.writestr(info, encode(each))
    found = read(path)
    assert [len(haul.records) for haul in found.hauls] == [1]
    assert found.codes == {}


@pytest.mark.parametrize("write", [write_zip, write_folder])
def test_what_operating_systems_leave_is_ignored(tmp_path: Path, write: Writer) -> None:
    junk: Members = {
        "__MACOSX/general/._2023-11-14.json": b"\x00\x05",
        "__MACOSX/users.json": b"\x00",
        ".DS_Store": b"\x00",
        "general/.DS_Store": b"\x00",
        "general/._2023-11-15.json": b"\x00",
        "Thumbs.db": b"\x00",
    }
    found = read(write(tmp_path / "export", members([message()]) | junk))
    assert (len(found.records), found.codes) == (1, {})


@pytest.mark.parametrize(
    "name",
    ["../evil/2023-11-14.json", "general/../../x.json", "/etc/2023-11-14.json", "C:\\x\\y.json"],
)
def test_paths_that_lead_out_are_ignored_and_reported(tmp_path: Path, name: str) -> None:
    found = read(write_zip(tmp_path / "export.zip", members([message()]) | {name: [message(5)]}))
    assert len(found.records) == 1
    assert found.codes == {"member-outside": 1}
    assert not (tmp_path.parent / "evil").exists()


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    elsewhere = write_folder(tmp_path / "elsewhere", {DAY: [message(9)]})
    path = write_folder(tmp_path / "export", members([message()]))
    (path / "general" / "2023-11-15.json").symlink_to(elsewhere / DAY)
    (path / "linked").symlink_to(elsewhere)
    assert [record.ts for record in read(path).records] == [1700000000000100]


def test_the_same_day_twice_in_a_zip_is_read_twice(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", members([message()]))
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning):
        file.writestr(f"general/{DAY}", encode([message(1)]))
    found = read(path)
    assert [record.ts for record in found.records] == [1700000000000100, 1700000001000100]
    assert found.codes == {"member-duplicate": 1}


def test_more_than_65535_members(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, each in members([message()]).items():
            file.writestr(name, encode(each))
        for n in range(66_000):
            file.writestr(f"__uploads/F{n}/x", b"")
    found = read(path)
    assert found.export.counts["uploads"] == 66_000
    assert len(found.records) == 1


def test_zip64_numbers_and_bytes_before_the_zip(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, each in members([message()]).items():
            with file.open(name, "w", force_zip64=True) as member:
                member.write(encode(each))
    path.write_bytes(b"#!/bin/sh\n" * 9 + path.read_bytes())
    assert len(read(path).records) == 1


def test_zip64_offsets_are_read_from_the_extra_field(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", members([message()]))
    data = path.read_bytes()
    entry = data.rindex(b"PK\x01\x02")
    fields = list(struct.unpack_from("<4s6H3L5H2L", data, entry))
    packed, size, offset = fields[8], fields[9], fields[16]
    fields[8] = fields[9] = fields[16] = 0xFFFFFFFF
    extra = struct.pack("<HHQQQ", 1, 24, size, packed, offset)
    fields[11] = len(extra)
    end = data.rindex(b"PK\x05\x06")
    name = data[entry + 46 : end]
    tail = bytearray(data[end:])
    length = struct.unpack_from("<L", tail, 12)[0] + len(extra)
    struct.pack_into("<L", tail, 12, length)
    path.write_bytes(
        data[:entry] + struct.pack("<4s6H3L5H2L", *fields) + name + extra + bytes(tail)
    )
    assert len(read(path).records) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "export-no-zip"),
        (b"hello, I am a text file\n", "export-no-zip"),
        (b"<!DOCTYPE html><html>Sign in</html>", "export-no-zip"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "export-no-zip"),
        (b"PK\x03\x04" + bytes(100), "export-truncated"),
    ],
)
def test_what_is_no_zip_is_said_in_one_sentence(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        open_export([path])
    assert caught.value.code == code
    assert caught.value.advice
    assert str(path) in caught.value.message


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_export([tmp_path / "none.zip"])
    assert caught.value.code == "export-missing"
    with pytest.raises(UsageError, match="No export"):
        open_export([])


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_zip_is_said(tmp_path: Path, share: float) -> None:
    path = write_zip(tmp_path / "export.zip", members([message(n) for n in range(200)]))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(UsageError) as caught:
        open_export([path])
    assert caught.value.code == "export-truncated"
    assert "Download the export again" in caught.value.advice


def test_an_encrypted_zip_is_said(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", members([message()]))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        open_export([path])
    assert caught.value.code == "export-encrypted"


def test_one_member_that_bursts_is_a_bomb(tmp_path: Path) -> None:
    content = members([message()]) | {"general/2023-11-15.json": bytes(150 << 20)}
    with pytest.raises(UsageError) as caught:
        open_export([write_zip(tmp_path / "export.zip", content)])
    assert caught.value.code == "export-bomb"


def test_many_members_that_swell_are_a_bomb(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "export.zip", members([message()]) | {"general/z.json": bytes(90 << 20)}
    )
    data = path.read_bytes()
    table, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    entry = data[data.rindex(b"PK\x01\x02") : end]
    entries, length = struct.unpack_from("<HL", data, end + 10)
    tail = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        entries + 20,
        entries + 20,
        length + 20 * len(entry),
        table,
        0,
    )
    path.write_bytes(data[:end] + entry * 20 + tail)
    with pytest.raises(UsageError) as caught:
        open_export([path])
    assert caught.value.code == "export-bomb"


def test_a_member_never_gives_more_than_the_table_claims(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", {"big": bytes(50 << 20)})
    with Zip(path) as archive:
        (member,) = archive.members()
        claimed = Member(member.name, member.offset, member.packed, 1000, 8, member.crc)
        with pytest.raises(Damaged) as caught:
            archive.read(claimed)
    assert caught.value.code == "member-damaged"


@pytest.mark.parametrize(
    ("method", "size", "code"),
    [(99, 5, "member-method"), (8, 1 << 40, "member-too-large"), (0, 6, "member-damaged")],
)
def test_members_that_cannot_be_had(tmp_path: Path, method: int, size: int, code: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a", b"hello")
    with path.open("rb") as opened, pytest.raises(Damaged) as caught:
        read_packed(opened.fileno(), Member("a", 0, 5, size, method, 0))
    assert caught.value.code == code


def test_a_flipped_byte_costs_its_day_alone(tmp_path: Path) -> None:
    content = members([message()]) | {"general/2023-11-15.json": [message(86_400, text="x" * 500)]}
    path = write_zip(tmp_path / "export.zip", content)
    data = bytearray(path.read_bytes())
    at = data.index(b"general/2023-11-15.json") + len("general/2023-11-15.json") + 20
    data[at] ^= 0xFF
    path.write_bytes(data)
    found = read(path)
    assert [record.ts for record in found.records] == [1700000000000100]
    assert found.codes == {"member-damaged": 1}
    assert found.hauls[0].findings[0].place == "general/2023-11-15.json"


def test_a_run_whose_archive_is_gone_is_a_finding(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "export.zip", members([message()]))
    export = open_export([path])
    path.unlink()
    (run,) = export.runs()
    assert [finding.code for finding in read_run(run, {}).findings] == ["member-unreadable"]


def test_a_run_holds_about_four_megabytes_of_one_conversation(tmp_path: Path) -> None:
    days = {
        f"general/2023-{month:02}-01.json": [message(month, text="x" * 1_500_000)]
        for month in range(1, 8)
    }
    content = members(channels=[GENERAL, {"id": "C0B", "name": "b", "members": []}]) | days
    content |= {"b/2023-01-01.json": [message(text="y" * 6_000_000)]}
    del content[f"general/{DAY}"]
    runs = list(open_export([write_zip(tmp_path / "export.zip", content)]).runs())
    assert [(run.conversation, len(run.members)) for run in runs] == [
        ("C0GENERAL", 2),
        ("C0GENERAL", 2),
        ("C0GENERAL", 2),
        ("C0GENERAL", 1),
        ("C0B", 1),
    ]


def test_the_fingerprint_follows_the_content_and_not_the_order(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "one.zip", members([message()]))
    two = write_zip(tmp_path / "two.zip", members([message(1)]))
    other = write_zip(tmp_path / "other.zip", members([message(2)]))
    assert open_export([one, two]).fingerprint == open_export([two, one]).fingerprint
    assert open_export([one, two]).fingerprint != open_export([one, other]).fingerprint
    assert ts(0) == "1700000000.000100"
