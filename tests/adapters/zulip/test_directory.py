"""The session: what it asks before a run, and the directory that stands or does not."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.migration import Crash, Migration
from adapters.zulip.config import Config
from adapters.zulip.directory.session import DirectorySession
from migrate.errors import BlockedError, ChatMigrateError
from migrate.spi import Context, PartFile
from tests.adapters.zulip.rules import problems
from tests.adapters.zulip.targets import ZulipDirectory


class NoMemo:
    def get(self, name: str) -> str | None:
        return None

    def set(self, name: str, value: str) -> None:
        raise AssertionError("nothing is to be remembered")


def session(folder: Path, **settings: str) -> DirectorySession:
    config = Config(**{"subdomain": "acme", "profile": "11", "owner": "o@acme.example"} | settings)  # type: ignore[arg-type]  # strings, as TOML gives them
    return DirectorySession(config, Context(folder=folder, environ={}, memo=NoMemo()))


def codes(asked: DirectorySession) -> list[str]:
    return [finding.code for finding in asyncio.run(asked.check())]


def small_workspace() -> Workspace:
    workspace = Workspace()
    ann = workspace.person("ann")
    general = workspace.channel("general", ann)
    for number in range(5):
        general.say(ann, f"number {number}")
    return workspace


def test_check_names_what_is_missing(tmp_path: Path) -> None:
    assert codes(session(tmp_path, profile="", owner="")) == [
        "zulip-user-messages-full", "zulip-profile-missing", "zulip-no-owner",
        "zulip-stamp-missing",
    ]  # fmt: skip
    assert codes(session(tmp_path, profile="9", user_messages="idle")) == [
        "zulip-user-messages-idle",
    ]  # fmt: skip
    assert "profile-unproven" in codes(session(tmp_path, profile="11"))
    assert "profile-unproven" in codes(session(tmp_path, profile="12"))
    assert "profile-unproven" not in codes(session(tmp_path, profile="10"))


def test_a_file_that_is_shared_twice_is_as_public_as_either_place(tmp_path: Path) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    board = workspace.channel("board", ann, private=True)
    general = workspace.channel("general", ann)
    shared = workspace.file(ann, "plan.txt", b"the plan", mimetype="text/plain")
    secret = workspace.file(ann, "key.txt", b"the key", mimetype="text/plain")
    board.say(ann, "for us").attach(shared)
    board.say(ann, "for us alone").attach(secret)
    general.say(ann, "for all").attach(shared)
    migration = Migration(ZulipDirectory(), tmp_path, workspace)
    for file in (shared, secret):
        migration.fetch(file)
    migration.run()
    told = json.loads((migration.folder / "zulip" / "attachment.json").read_bytes())
    public = {each["file_name"]: each["is_realm_public"] for each in told["zerver_attachment"]}
    assert public == {"plan.txt": True, "key.txt": False}


@pytest.mark.parametrize("missing", ["owner", "profile"])
def test_run_stops_where_the_import_would(tmp_path: Path, missing: str) -> None:
    migration = Migration(ZulipDirectory(), tmp_path, small_workspace(), {f"target.{missing}": ""})
    migration.plan()
    with pytest.raises(BlockedError):
        migration.resume()
    assert not (migration.folder / "zulip").exists()


def test_owner_who_does_not_sign_in_is_named(tmp_path: Path) -> None:
    migration = Migration(
        ZulipDirectory(), tmp_path, small_workspace(), {"target.owner": "U00000001"}
    )
    with pytest.raises(ChatMigrateError) as caught:
        migration.run()
    assert caught.value.code == "zulip-owner-unknown"
    assert not (migration.folder / "zulip").exists()


@pytest.mark.parametrize("step", ["part.written", "part.noted", "archive.joined"])
def test_killed_at_any_step_it_is_finished_by_the_next_run(tmp_path: Path, step: str) -> None:
    whole = Migration(ZulipDirectory(), tmp_path / "whole", small_workspace())
    whole.run()
    killed = Migration(ZulipDirectory(), tmp_path / "killed", small_workspace())
    killed.plan()

    def die(at: str, subject: str) -> None:
        if at == step:
            raise Crash

    with pytest.raises(Crash):
        killed.resume(die)
    killed.resume()
    assert problems(killed.folder / "zulip") == []
    assert contents(killed.folder / "zulip") == contents(whole.folder / "zulip")


def test_parts_of_an_earlier_version_are_told_and_written_anew(tmp_path: Path) -> None:
    """They told nothing of what their rows rest on."""
    whole = Migration(ZulipDirectory(), tmp_path / "whole", small_workspace())
    whole.run()
    stopped = Migration(ZulipDirectory(), tmp_path / "stopped", small_workspace())
    stopped.plan()

    def die(at: str, subject: str) -> None:
        if at == "archive.joined":
            raise Crash

    with pytest.raises(Crash):
        stopped.resume(die)
    with closing(sqlite3.connect(stopped.folder / "state.db")) as db, db:
        for num, streams in db.execute("SELECT num, streams FROM part").fetchall():
            kept = {name: each for name, each in json.loads(streams).items() if name != "claims"}
            db.execute(
                "UPDATE part SET streams = ? WHERE num = ?", (json.dumps(kept).encode(), num)
            )
    with pytest.raises(ChatMigrateError) as caught:
        stopped.resume()
    assert caught.value.code == "zulip-parts-outdated"
    shutil.rmtree(stopped.folder / "parts")
    stopped.resume()
    assert contents(stopped.folder / "zulip") == contents(whole.folder / "zulip")


def test_what_was_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    migration = Migration(ZulipDirectory(), tmp_path, small_workspace())
    for name in ("zulip.part", "zulip.old"):
        (migration.folder / name).mkdir()
        (migration.folder / name / "realm.json").write_text("{")
    migration.run()
    assert problems(migration.folder / "zulip") == []
    assert not (migration.folder / "zulip.part").exists()
    assert not (migration.folder / "zulip.old").exists()


def test_disk_that_refuses_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = Migration(ZulipDirectory(), tmp_path, small_workspace())
    migration.run()
    before = contents(migration.folder / "zulip")
    asked = session(migration.folder)

    def refuse(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("os.fsync", refuse)
    parts: Sequence[PartFile] = ()
    with pytest.raises(ChatMigrateError) as caught:
        asked.finish(parts, (), 1)
    assert caught.value.code == "zulip-unwritable"
    assert contents(migration.folder / "zulip") == before


@pytest.mark.parametrize(
    "settings",
    [
        {"subdomain": "ab"}, {"subdomain": "Acme"}, {"path": "/tmp/zulip"}, {"path": "../zulip"},
        {"main_topic": ""}, {"main_topic": "x" * 61}, {"email_domain": "localhost"},
        {"owner": "no@address"},
    ],
)  # fmt: skip
def test_settings_that_no_server_takes(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must"):
        session(tmp_path, **settings)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
