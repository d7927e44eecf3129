"""Every command on the way from an export to a verified target, for a person and for a script."""

import json
import re
import stat
from pathlib import Path

import pytest

from tests.generate import write_export
from tests.migrate.cli.terminal import type_in

KINDS = ["accounts", "conversations", "messages", "notices", "reactions", "pins", "files"]


def test_inspect_counts_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    truth = write_export(path, messages=80, conversations=9, files=0.1, seed=5)
    ended = type_in("inspect", path, "--json")
    found = ended.object
    assert ended.exit == found["exit"] == 0
    assert found["ok"] is True
    assert found["counts"]["messages"] == truth.counts.messages == 80
    assert found["counts"]["channels"]["public"] == truth.counts.channels.public
    assert found["counts"]["reactions"] == truth.counts.reactions
    assert found["range"] == {"first": truth.first, "last": truth.last}
    assert found["findings"] == []


def test_inspect_tells_a_person_the_same(export: Path) -> None:
    ended = type_in("inspect", export)
    assert ended.exit == 0
    assert re.search(r"^  messages +60 ", ended.out, re.M)
    assert "Nothing found amiss." in ended.out


def test_init_makes_a_project_for_its_owner_alone(project: Path, pristine: Path) -> None:
    assert stat.S_IMODE(pristine.stat().st_mode) == 0o700
    for name in ("migration.toml", "state.db", "mappings/users.csv", "mappings/channels.csv"):
        assert stat.S_IMODE((pristine / name).stat().st_mode) & 0o077 == 0, name


def test_init_says_what_to_do_next(export: Path, tmp_path: Path) -> None:
    ended = type_in("init", tmp_path / "team", export, "--to", "memory")
    assert ended.exit == 0
    assert f"chat-migrate plan {tmp_path / 'team'}" in ended.out


def test_init_fills_in_settings(export: Path, tmp_path: Path) -> None:
    args = ("--set", "source.notices=keep", "--set", "target.piece_limit=900")
    assert type_in("init", tmp_path / "team", export, "--to", "memory", *args).exit == 0
    text = (tmp_path / "team" / "migration.toml").read_text("utf-8")
    assert re.search(r'^notices = "keep" +#', text, re.M)
    assert re.search(r"^piece_limit = 900 +#", text, re.M)


def test_a_plan_is_shown_and_nothing_sent(project: Path) -> None:
    ended = type_in("plan", project, "--json")
    assert ended.exit in (0, 1)
    assert ended.object["counts"]["messages"]["send"] == 60
    assert ended.object["blockers"] == []
    assert not (project / "memory.jsonl").exists()


def test_the_first_screen_of_a_plan_says_what_a_target_can_read(project: Path) -> None:
    ended = type_in("plan", project)
    first = " ".join(ended.out.split("\n\n")[1].split())
    assert first.startswith("Imported history is stored as the target stores it, readable by that")
    digest = type_in("plan", project, "--json").object["digest"]
    assert f"chat-migrate run {project} --plan {digest}" in ended.out


def test_check_reads_the_target(project: Path) -> None:
    assert type_in("plan", project, "--check", "--json").exit in (0, 1)
    assert type_in("status", project, "--json").object["target"] == "memory:live:memory.jsonl"


def test_the_whole_way(project: Path) -> None:
    digest = type_in("plan", project, "--json").object["digest"]
    ran = type_in("run", project, "--plan", digest, "--json")
    assert ran.exit in (0, 1), ran.out
    assert ran.object["sent"]["messages"] == 60
    for kind in KINDS:
        ended = sum(ran.object[fate][kind] for fate in ("sent", "already", "skipped", "failed"))
        assert ran.object["found"][kind] == ended
    checked = type_in("verify", project, "--json")
    assert checked.exit == 0
    assert checked.object["checked"]["messages"] == 60
    assert checked.object["audience_wider"] == 0
    state = type_in("status", project, "--json").object
    assert state["sent"]["messages"] == 60
    assert not any(state["open"].values())


def test_a_second_run_sends_nothing(sent: Path) -> None:
    again = type_in("run", sent, "--json").object
    assert not any(again["sent"].values())
    assert again["already"]["messages"] == 60


def test_verify_ends_with_5_when_a_message_is_gone(sent: Path) -> None:
    log = sent / "memory.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    last = max(at for at, line in enumerate(lines) if b'"payload"' in line or b'"text"' in line)
    log.write_bytes(b"".join(lines[:last] + lines[last + 1 :]))
    ended = type_in("verify", sent, "--json")
    assert ended.exit == ended.object["exit"] == 5
    assert ended.object["ok"] is False
    assert ended.object["error"]["code"] == "verify-differs"
    assert sum(ended.object["missing"].values()) >= 1
    assert "does not hold what was sent" in type_in("verify", sent).out


def test_a_plan_with_blockers_is_shown_whole_and_is_no_success(
    tmp_path: Path, project: Path
) -> None:
    path = tmp_path / "files.zip"
    write_export(path, messages=60, conversations=8, files=0.3, seed=3)
    config = project.parent / "other"
    assert type_in("init", config, path, "--to", "memory").exit == 0
    ended = type_in("plan", config, "--json")
    assert ended.exit == ended.object["exit"] == 4
    assert ended.object["ok"] is False
    assert ended.object["error"]["code"] == "files-missing"
    assert [each["code"] for each in ended.object["blockers"]] == ["files-missing"]
    assert ended.object["counts"]["messages"]["send"] == 60
    spoken = type_in("plan", config)
    assert "This plan cannot be run yet" in spoken.out
    assert "chat-migrate run" not in spoken.out


@pytest.mark.parametrize("name", ["plan.json", "run.json", "verify.json", "plan.html"])
def test_reports_are_written_for_their_owner(sent: Path, name: str) -> None:
    assert type_in("verify", sent).exit == 0
    assert stat.S_IMODE((sent / "reports" / name).stat().st_mode) == 0o600


def test_a_report_is_the_object_of_its_command(sent: Path) -> None:
    ended = type_in("verify", sent, "--json")
    assert json.loads((sent / "reports" / "verify.json").read_text("utf-8")) == ended.object


def test_no_report_holds_a_message_or_a_name(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    truth = write_export(path, messages=60, conversations=8, seed=4)
    folder = tmp_path / "team"
    type_in("init", folder, path, "--to", "memory", "--set", "files.missing=link")
    for name in ("plan", "run", "verify"):
        assert type_in(name, folder).exit in (0, 1)
    reports = list((folder / "reports").iterdir())
    # accounts.csv tells the administrator whose account is whose.
    told = "".join(each.read_text("utf-8") for each in reports if each.name != "accounts.csv")
    assert [fact.marker for fact in truth.facts if fact.marker in told] == []
    assert [person.real_name for person in truth.people if person.real_name in told] == []


def test_status_before_anything_is_planned(project: Path) -> None:
    ended = type_in("status", project)
    assert ended.exit == 0
    assert "Nothing is planned yet." in ended.out


def test_adapters_says_what_each_keeps() -> None:
    found = type_in("adapters", "--json").object["adapters"]
    by_name = {each["name"]: each for each in found}
    assert {"memory", "matrix"} <= set(by_name)
    assert set(by_name["matrix"]["keeps"]) == set(KINDS)
    assert "nobody can sign in" in type_in("adapters").out


def test_explain_knows_the_codes_of_adapters_too() -> None:
    assert type_in("explain", "files-missing", "--json").object["severity"] == "blocker"
    assert type_in("explain", "memory-text-only", "--json").object["severity"] == "note"


def test_settings_of_one_command_change_its_plan(project: Path) -> None:
    before = type_in("plan", project, "--json").object
    after = type_in("plan", project, "--set", "source.notices=keep", "--json").object
    assert before["digest"] != after["digest"]


@pytest.mark.parametrize(
    "name",
    ["inspect", "init", "plan", "run", "verify", "status", "adapters", "explain", "demo"],
)
def test_each_command_is_explained_with_an_example(name: str) -> None:
    ended = type_in(name, "--help")
    assert ended.exit == 0
    assert re.search(rf"^  chat-migrate {name}\b", ended.out, re.M)
    assert "--json" in ended.out


def test_without_a_command_the_help_is_shown() -> None:
    ended = type_in()
    assert ended.exit == 0
    assert "Usage: chat-migrate" in ended.out


def test_version() -> None:
    assert re.fullmatch(r"chat-migrate \d+\.\d+\.\d+\S*\n", type_in("--version").out)
