"""`stamp` as it is typed: what it takes, what it refuses, and how it ends."""

import json
from pathlib import Path

import pytest

from tests.migrate.cli.terminal import type_in


@pytest.fixture
def zulip(export: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "team"
    settings = ("target.subdomain=acme", 'target.profile="11"', "target.owner=o@acme.example")
    words = [word for setting in settings for word in ("--set", setting)]
    made = type_in("init", folder, export, "--to", "zulip", *words)
    assert made.exit == 0, made.err
    return folder


def server_file(folder: Path, version: str) -> Path:
    path = folder / "migration_status.json"
    applied = {"zerver": ["[X] 0001_initial"]}
    path.write_text(json.dumps({"zulip_version": version, "migrations_by_app": applied}))
    return path


def test_stamp_is_taken(zulip: Path, tmp_path: Path) -> None:
    ended = type_in("stamp", zulip, server_file(tmp_path, "11.4"))
    assert (ended.exit, ended.err) == (0, "")
    assert "Zulip 11.4" in ended.out
    assert (zulip / "migration_status.json").exists()
    scripted = type_in("stamp", zulip, server_file(tmp_path, "11.4"), "--json")
    assert scripted.object["said"]


def test_other_version_is_refused(zulip: Path, tmp_path: Path) -> None:
    ended = type_in("stamp", zulip, server_file(tmp_path, "10.3"), "--json")
    assert ended.exit == 2
    assert ended.object["error"]["code"] == "zulip-stamp-other"
    assert not (zulip / "migration_status.json").exists()


def test_file_that_is_not_there(zulip: Path, tmp_path: Path) -> None:
    ended = type_in("stamp", zulip, tmp_path / "nothing.json", "--json")
    assert (ended.exit, ended.object["error"]["code"]) == (2, "stamp-unreadable")


def test_target_that_asks_for_nothing(project: Path, tmp_path: Path) -> None:
    ended = type_in("stamp", project, server_file(tmp_path, "11.4"), "--json")
    assert (ended.exit, ended.object["error"]["code"]) == (2, "stamp-needless")
