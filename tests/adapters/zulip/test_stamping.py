"""What the server tells of its migrations: taken, refused, and laid into the directory."""

import json
from pathlib import Path

import pytest

from adapters.conformance.migration import Migration
from adapters.zulip.config import Config
from adapters.zulip.directory.stamping import STAMP_FILE, find_stamp, keep_stamp
from migrate import runner
from migrate.errors import UsageError
from migrate.registry import Registry
from migrate.runner import World
from tests.adapters.zulip.targets import ZulipDirectory
from tests.adapters.zulip.test_directory import small_workspace


def told(version: str = "11.4", *lines: str) -> bytes:
    applied = {
        "zerver": list(lines or ("[X] 0001_initial", "[X] 0002_more")),
        "auth": ["[X] 0001"],
        "two_factor": ["(no migrations)"],
    }
    return json.dumps({"zulip_version": version, "migrations_by_app": applied}).encode()


def config(profile: str = "11") -> Config:
    return Config(subdomain="acme", profile=profile, owner="o@acme.example")  # type: ignore[arg-type]  # as TOML gives it


@pytest.mark.parametrize("version", ["11.0", "11.4", "11.5-dev+git", "11.0-rc1"])
def test_stamp_of_the_profiles_version_is_kept(tmp_path: Path, version: str) -> None:
    data = told(version)
    keep_stamp(config(), tmp_path, data)
    assert find_stamp(config(), tmp_path) == (data, "")
    assert (tmp_path / STAMP_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("data", "profile", "code"),
    [
        (told("10.3"), "11", "zulip-stamp-other"),
        (told("12.0"), "11", "zulip-stamp-other"),
        (told("11.4"), "9", "zulip-stamp-other"),
        (told("11.4"), "", "zulip-profile-missing"),
        (told("11.4", "[X] 0001", "[ ] 0002"), "11", "zulip-stamp-unfinished"),
        (told("main"), "11", "zulip-stamp-unreadable"),
        (b"", "11", "zulip-stamp-unreadable"),
        (b"{}", "11", "zulip-stamp-unreadable"),
        (b'{"zulip_version":"11.4","migrations_by_app":{}}', "11", "zulip-stamp-unreadable"),
        (b'{"zulip_version":11,"migrations_by_app":[]}', "11", "zulip-stamp-unreadable"),
    ],
)
def test_stamp_that_would_stop_the_import_is_refused(
    tmp_path: Path, data: bytes, profile: str, code: str
) -> None:
    (tmp_path / STAMP_FILE).write_bytes(told())
    with pytest.raises(UsageError) as caught:
        keep_stamp(config(profile), tmp_path, data)
    assert caught.value.code == code
    assert (tmp_path / STAMP_FILE).read_bytes() == told()


def test_stamp_that_fits_no_more_is_named(tmp_path: Path) -> None:
    assert find_stamp(config("9"), tmp_path) == (None, "")
    assert find_stamp(config(), tmp_path) == (None, "zulip-stamp-missing")
    (tmp_path / STAMP_FILE).write_bytes(told("10.0"))
    assert find_stamp(config(), tmp_path) == (None, "zulip-stamp-other")
    (tmp_path / STAMP_FILE).write_bytes(b"no json")
    assert find_stamp(config(), tmp_path) == (None, "zulip-stamp-unreadable")


def test_stamped_directory_needs_no_word_of_it(tmp_path: Path) -> None:
    migration = Migration(ZulipDirectory(), tmp_path, small_workspace())
    first = migration.run().artifact
    assert first is not None
    steps = " ".join(first["next_steps"])
    assert "do_common_export_processes" in steps
    assert "chat-migrate stamp project migration_status.json" in steps
    file = tmp_path / "from-the-server.json"
    file.write_bytes(told())
    registry = Registry({"zulip": ZulipDirectory.adapter})
    project = runner.open_project(migration.folder, {}, registry)
    said = runner.stamp(project, file, World(environ={})).said
    assert said == ["It is of a Zulip 11.4, and goes into the directory."]
    again = migration.resume().artifact
    assert again is not None
    assert "stamp" not in " ".join(again["next_steps"])
    assert (migration.folder / "zulip" / STAMP_FILE).read_bytes() == told()


def test_api_mode_asks_for_the_importing_account() -> None:
    with pytest.raises(ValueError, match="zuliprc must name"):
        Config(subdomain="acme", mode="api")
