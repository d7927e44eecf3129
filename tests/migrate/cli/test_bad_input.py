"""Whatever is wrong with what a command is given ends in one sentence, advice, the right exit code
and, for scripts, one object."""

import fcntl
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.migrate.cli.terminal import Ended, command, spawn, type_in

Case = Callable[[Path, Path, Path], list[str | Path]]
"""From a folder to play in, an export and a project to what is typed."""


def _missing_export(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["inspect", folder / "none.zip"]


def _no_zip(folder: Path, export: Path, project: Path) -> list[str | Path]:
    (folder / "notes.zip").write_text("Dear team,\n")
    return ["inspect", folder / "notes.zip"]


def _truncated(folder: Path, export: Path, project: Path) -> list[str | Path]:
    (folder / "half.zip").write_bytes(export.read_bytes()[:2000])
    return ["init", folder / "team", folder / "half.zip", "--to", "memory"]


def _no_people(folder: Path, export: Path, project: Path) -> list[str | Path]:
    with zipfile.ZipFile(folder / "nobody.zip", "w") as archive:
        archive.writestr("channels.json", '[{"id": "C1", "name": "general", "members": []}]')
        archive.writestr("general/2024-01-01.json", '[{"ts": "1704067200.000100", "text": "a"}]')
    return ["inspect", folder / "nobody.zip"]


def _another_zip(folder: Path, export: Path, project: Path) -> list[str | Path]:
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        archive.writestr("cat.jpg", b"\xff\xd8")
    return ["inspect", folder / "photos.zip"]


def _unknown_adapter(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["init", folder / "team", export, "--to", "matrx"]


def _unknown_setting(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["init", folder / "team", export, "--to", "memory", "--set", "files.mising=link"]


def _setting_without_value(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["plan", project, "--set", "files.missing"]


def _project_again(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["init", project, export, "--to", "memory"]


def _project_is_a_file(folder: Path, export: Path, project: Path) -> list[str | Path]:
    (folder / "team").write_text("")
    return ["init", folder / "team", export, "--to", "memory"]


def _no_project(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["plan", folder]


def _broken_toml(folder: Path, export: Path, project: Path) -> list[str | Path]:
    (project / "migration.toml").write_text('[source]\nexports = ["a.zip"\n')
    return ["plan", project]


def _unknown_key(folder: Path, export: Path, project: Path) -> list[str | Path]:
    _edit(project / "migration.toml", "notices =", "notises =")
    return ["plan", project]


def _wrong_value(folder: Path, export: Path, project: Path) -> list[str | Path]:
    _edit(project / "migration.toml", 'missing = "link"', 'missing = "later"')
    return ["plan", project]


def _wrong_date(folder: Path, export: Path, project: Path) -> list[str | Path]:
    _edit(project / "migration.toml", 'since = ""', 'since = "last May"')
    return ["plan", project]


def _other_adapter(folder: Path, export: Path, project: Path) -> list[str | Path]:
    _edit(project / "migration.toml", 'adapter = "memory"', 'adapter = "irc"')
    return ["status", project]


def _export_gone(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["plan", project, "--set", 'source.exports=["gone.zip"]']


def _unknown_channel(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["plan", project, "--set", 'source.channels=["no-such-channel"]']


def _unknown_person(folder: Path, export: Path, project: Path) -> list[str | Path]:
    with (project / "mappings" / "users.csv").open("a") as file:
        file.write("U0NOBODY,nobody,No Body,,member,ghost,,\n")
    return ["plan", project]


def _unknown_conversation(folder: Path, export: Path, project: Path) -> list[str | Path]:
    with (project / "mappings" / "channels.csv").open("a") as file:
        file.write("C0NOWHERE,nowhere,public,0,create,,,\n")
    return ["plan", project]


def _merged_into_nobody(folder: Path, export: Path, project: Path) -> list[str | Path]:
    _edit(project / "mappings" / "users.csv", ",ghost,", ",merge,U0NOBODY")
    return ["plan", project]


def _unknown_action(folder: Path, export: Path, project: Path) -> list[str | Path]:
    _edit(project / "mappings" / "users.csv", ",ghost,", ",haunt,")
    return ["plan", project]


def _damaged_store(folder: Path, export: Path, project: Path) -> list[str | Path]:
    (project / "state.db").write_bytes(b"this is no database, whatever it is called" * 50)
    return ["plan", project]


def _run_before_plan(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["run", project]


def _verify_before_run(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["verify", project]


def _plan_changed(folder: Path, export: Path, project: Path) -> list[str | Path]:
    assert type_in("plan", project).exit in (0, 1)
    return ["run", project, "--set", "source.notices=keep"]


def _other_digest(folder: Path, export: Path, project: Path) -> list[str | Path]:
    assert type_in("plan", project).exit in (0, 1)
    return ["run", project, "--plan", "0123456789abcdef"]


def _no_hour(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["run", project, "--stop-at", "25:61"]


def _unknown_code(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["explain", "files-mising"]


def _no_command(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["migrate"]


def _no_option(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["status", project, "--loudly"]


def _no_argument(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["verify"]


def _no_target(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["init", folder / "team", export]


def _demo_folder_taken(folder: Path, export: Path, project: Path) -> list[str | Path]:
    return ["demo", "--folder", project]


def _matrix_without_homeserver(folder: Path, export: Path, project: Path) -> list[str | Path]:
    settings = ["--set", "target.homeserver=ftp://chat", "--set", "target.server_name=chat.test"]
    return ["init", folder / "team", export, "--to", "matrix", *settings]


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


CASES: list[tuple[Case, int, str, str]] = [
    (_missing_export, 2, "export-missing", "There is no export at "),
    (_no_zip, 2, "export-no-zip", "is not a zip file"),
    (_truncated, 2, "export-truncated", "breaks off"),
    (_no_people, 2, "export-no-people", "no readable users.json"),
    (_another_zip, 2, "export-unusable", "no Slack export"),
    (_unknown_adapter, 2, "adapter-unknown", "no adapter called 'matrx'"),
    (_unknown_setting, 2, "config-unknown-key", "Did you mean `files.missing`?"),
    (_setting_without_value, 2, "setting-broken", "is not KEY=VALUE"),
    (_project_again, 2, "project-exists", "is a chat-migrate project already"),
    (_project_is_a_file, 2, "not-a-folder", "is a file"),
    (_no_project, 2, "no-project", "is no chat-migrate project"),
    (_broken_toml, 2, "config-broken", "is not valid TOML"),
    (_unknown_key, 2, "config-unknown-key", "Did you mean `source.notices`?"),
    (_wrong_value, 2, "config-broken", "[files]"),
    (_wrong_date, 2, "config-broken", "source.since is not a date"),
    (_other_adapter, 2, "adapter-unknown", "no adapter called 'irc'"),
    (_export_gone, 2, "export-missing", "There is no export at "),
    (_unknown_channel, 2, "config-unknown-conversation", "no-such-channel"),
    (_unknown_person, 2, "mapping-unknown-id", "U0NOBODY"),
    (_unknown_conversation, 2, "mapping-unknown-id", "C0NOWHERE"),
    (_merged_into_nobody, 2, "mapping-unknown-id", "U0NOBODY"),
    (_unknown_action, 2, "mapping-broken", "users.csv"),
    (_damaged_store, 2, "store-damaged", "state.db"),
    (_run_before_plan, 4, "plan-not-shown", "No plan of this project has been shown"),
    (_verify_before_run, 2, "nothing-sent", "has sent nothing yet"),
    (_plan_changed, 4, "plan-changed", "migration.toml differ"),
    (_other_digest, 4, "plan-other", "not 0123456789abcdef"),
    (_no_hour, 2, "hour-broken", "25:61 is no time of day"),
    (_unknown_code, 2, "code-unknown", "Did you mean `files-missing`?"),
    (_no_command, 2, "usage", "No such command 'migrate'"),
    (_no_option, 2, "usage", "--loudly"),
    (_no_argument, 2, "usage", "Missing argument 'PROJECT'"),
    (_no_target, 2, "usage", "Missing option '--to'"),
    (_demo_folder_taken, 2, "demo-folder-taken", "is not an empty folder"),
    (_matrix_without_homeserver, 2, "config-broken", "homeserver must be a URL"),
]


@pytest.mark.parametrize(("case", "exit", "code", "words"), CASES)
def test_bad_input_ends_in_one_sentence_and_advice(
    case: Case, exit: int, code: str, words: str, tmp_path: Path, export: Path, project: Path
) -> None:
    args = case(tmp_path, export, project)
    spoken, told = type_in(*args), type_in(*args, "--json")
    assert spoken.exit == told.exit == exit, spoken.err
    assert spoken.out == ""
    error = told.object["error"]
    assert told.object["ok"] is False
    assert told.object["exit"] == exit
    assert error["code"] == code
    assert words in f"{error['message']} {error['advice']}"
    assert error["message"].endswith((".", "?"))
    assert error["advice"]
    assert "\n" not in error["message"]
    assert error["message"] in spoken.err
    assert error["advice"] in spoken.err
    assert "Traceback" not in spoken.err + told.err


@pytest.mark.parametrize("name", ["plan", "run", "verify"])
def test_a_project_that_somebody_works_on_is_left_alone(project: Path, name: str) -> None:
    assert type_in("plan", project).exit in (0, 1)
    assert type_in("run", project).exit in (0, 1)
    handle = os.open(project / "state.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        ended = type_in(name, project, "--json")
        state = type_in("status", project, "--json")
    finally:
        os.close(handle)
    assert (ended.exit, ended.object["error"]["code"]) == (2, "project-locked")
    assert state.object["running"] is True


@pytest.mark.parametrize("case", [_unknown_setting, _matrix_without_homeserver, _unknown_adapter])
def test_a_refused_init_leaves_no_project(
    case: Case, tmp_path: Path, export: Path, project: Path
) -> None:
    assert type_in(*case(tmp_path, export, project)).exit == 2
    assert not (tmp_path / "team" / "migration.toml").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_project_of_somebody_else(project: Path) -> None:
    project.chmod(0)
    try:
        ended = type_in("plan", project, "--json")
    finally:
        project.chmod(0o700)
    assert (ended.exit, ended.object["error"]["code"]) == (2, "project-unreadable")


def test_a_path_in_no_encoding(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.zip")
    told, spoken = (spawn("inspect", odd, *more, cwd=tmp_path) for more in (["--json"], []))
    assert told.exit == spoken.exit == 2
    assert told.object["error"]["code"] == "export-missing"
    assert "caf\\udce9.zip" in spoken.err


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_terminal_of_any_encoding(tmp_path: Path, locale: str) -> None:
    environ = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ended: Ended = spawn("inspect", "größe.zip", cwd=tmp_path, environ=environ)
    assert ended.exit == 2
    assert ended.err.startswith("chat-migrate: There is no export at ")


def test_a_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    ended = type_in("inspect", tmp_path / "a\x1b[2Jb.zip")
    assert "\x1b" not in ended.err
    assert "a\\x1b[2Jb.zip" in ended.err


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed(project: Path, closed: str) -> None:
    line = f'exec "$@" {closed}'
    ended = subprocess.run(
        ["sh", "-c", line, "sh", *command("status", project)], capture_output=True, timeout=120
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is full")
def test_an_answer_that_a_full_disk_refuses(project: Path) -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            command("status", project, "--json"), stdout=full, stderr=subprocess.PIPE, timeout=120
        )
    assert ended.returncode == 3
    assert ended.stderr.startswith(b"chat-migrate: The disk refused: ")
    assert b"Traceback" not in ended.stderr
