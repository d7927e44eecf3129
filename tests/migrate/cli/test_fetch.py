"""`fetch` as it is typed: what it brings of the example export, what it says to a person and to a
script, how it ends, and that no token is left anywhere."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from migrate.model import File
from migrate.store import ProjectLock, files, messages, open_store
from migrate.store.files import body_path
from tests.fakes.slack import EXPORT_TOKEN, USER_TOKEN
from tests.fakes.slack_api import SCOPES
from tests.fakes.slack_bodies import Fault
from tests.fakes.slack_files import FOREIGN, Example, kept, make_png, serve_example
from tests.migrate.cli.terminal import Ended, command, spawn, type_in
from tests.migrate.source.build import Members, members, message, write_folder, write_zip

TOKEN = re.compile(rb"xox[a-z]-", re.IGNORECASE)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Example]:
    with serve_example(tmp_path) as example:
        for name, value in example.environ.items():
            monkeypatch.setenv(name, value)
        yield example


@pytest.fixture
def project(example: Example, tmp_path: Path) -> Path:
    folder = tmp_path / "team"
    settings = [
        word
        for key, value in example.settings.items()
        for word in ("--set", f"{key}={json.dumps(value)}")
    ]
    made = type_in("init", folder, example.export, "--to", "memory", *settings)
    assert made.exit == 0, made.err
    return folder


def fetch(project: Path, *more: str) -> dict[str, Any]:
    return type_in("fetch", project, "--json", *more).object


def known_files(project: Path) -> dict[str, File]:
    store = open_store(project / "state.db", read_only=True)
    try:
        return {file.id: file for file in files.files(store)}
    finally:
        store.close()


def test_everything_behind_the_example_is_brought(example: Example, project: Path) -> None:
    ended = type_in("fetch", project, "--json")
    summary = ended.object
    # Two files of another organisation are denied and gone: something was refused.
    assert (ended.exit, summary["ok"], summary["exit"]) == (1, True, 1)
    refused = {told["code"]: told["count"] for told in summary["refused"]}
    assert refused == {"file-access-denied": 1, "file-not-found": 1}
    assert summary["fetched"] == {"files": len(example.bodies), "avatars": 20, "emoji": 2}
    assert sum(summary["found"].values()) == sum(summary["fetched"].values()) + 2
    store = open_store(project / "state.db", read_only=True)
    for id, body in example.bodies.items():
        held = files.body(store, id)
        assert held is not None
        assert (held.sha256, held.size, held.code) == (*kept(body), "")
        assert body_path(project, held.sha256).stat().st_size == held.size
    store.close()
    assert known_files(project)[FOREIGN].name == "offer.pdf"
    assert json.loads((project / "reports" / "fetch.json").read_text())["found"]


def test_a_second_time_nothing_is_asked_for_that_is_here(example: Example, project: Path) -> None:
    first = fetch(project)
    example.slack.ledger.clear()
    example.images.ledger.clear()
    second = fetch(project)
    assert not any(second["fetched"].values())
    assert second["already"] == first["fetched"]
    assert second["bytes"] == 0
    assert example.slack.ledger == example.images.ledger == []


def test_the_whole_way_with_files(example: Example, project: Path) -> None:
    before = type_in("plan", project, "--json").object
    assert [told["code"] for told in before["blockers"]] == ["files-missing"]
    fetch(project)
    plan = type_in("plan", project, "--json").object
    assert plan["blockers"] == []
    assert plan["counts"]["files"]["send"] >= 30
    ran = type_in("run", project, "--plan", plan["digest"], "--json")
    assert ran.exit in (0, 1), ran.out
    assert not any(ran.object["failed"].values())
    assert ran.object["sent"]["files"] == plan["counts"]["files"]["send"]
    assert type_in("verify", project, "--json").exit == 0


def test_a_plan_from_before_is_not_run(project: Path) -> None:
    plan = type_in("plan", project, "--set", "files.missing=link", "--json").object
    fetch(project)
    ran = type_in("run", project, "--set", "files.missing=link", "--json")
    assert ran.exit == 4
    assert "what was fetched" in ran.object["error"]["message"]
    again = type_in("plan", project, "--set", "files.missing=link", "--json").object
    assert again["digest"] != plan["digest"]
    fetch(project)
    same = type_in("plan", project, "--set", "files.missing=link", "--json").object
    assert same["digest"] == again["digest"]


def test_the_plan_says_how_to_get_what_is_missing(project: Path) -> None:
    ended = type_in("plan", project)
    assert ended.exit == 4
    assert "chat-migrate fetch" in ended.out


def test_a_plan_tells_each_thing_once(project: Path) -> None:
    fetch(project)
    plan = type_in("plan", project, "--json").object
    codes = [told["code"] for told in (*plan["findings"], *plan["blockers"])]
    assert sorted(codes) == sorted(set(codes))
    assert {"file-access-denied", "file-not-found"} <= set(codes)


def test_a_person_is_told_what_came_and_what_did_not(project: Path) -> None:
    ended = type_in("fetch", project)
    assert re.search(r"^Fetched \d+ bodies, [\d.]+ MB, in \d+ s\.$", ended.out, re.M)
    assert re.search(r"^  files +\d+ +\d+ +0$", ended.out, re.M)
    assert "Not fetched" in ended.out
    assert f"chat-migrate plan {project}" in ended.out
    again = type_in("fetch", project, "--only", "emoji")
    assert again.exit == 0
    assert again.out.startswith("Everything is here already.")
    assert "Fetching: " in ended.err


def test_a_part_of_it_can_be_fetched(example: Example, project: Path) -> None:
    summary = fetch(project, "--only", "emoji", "--only", "groups")
    assert summary["found"] == {"files": 0, "avatars": 0, "emoji": 2}
    asked = {method for method, _ in example.slack.api.calls}
    assert asked == {"team.info", "emoji.list", "usergroups.list"}
    assert example.slack.ledger == []


def test_what_has_no_bodies_is_not_called_nothing(
    example: Example, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = type_in("fetch", project, "--only", "groups")
    assert ended.exit == 0
    assert ended.out.startswith("There are no bodies to fetch; all else that was asked for is in")
    monkeypatch.delenv("SLACK_TOKEN")
    without = type_in("fetch", project, "--only", "groups")
    assert without.exit == 1
    assert without.out.startswith("There are no bodies to fetch, and not all else came")
    assert "slack-no-token" in without.out


def test_status_says_that_a_fetch_is_under_way(project: Path) -> None:
    with ProjectLock(project):
        assert "A command is working on it at this moment." in type_in("status", project).out
    assert "Nothing is planned yet." in type_in("status", project).out


def test_what_cannot_be_fetched_is_said(project: Path) -> None:
    ended = type_in("fetch", project, "--only", "wishes", "--json")
    assert ended.exit == 2
    assert ended.object["error"]["code"] == "topic-unknown"
    assert "emoji" in ended.object["error"]["advice"]


def test_without_a_token_the_exports_own_brings_the_files(
    example: Example, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_TOKEN")
    ended = type_in("fetch", project, "--json")
    assert ended.exit == 1
    summary = ended.object
    assert summary["fetched"]["files"] == len(example.bodies) - 1
    assert summary["fetched"]["avatars"] == 20
    assert {told["code"] for told in summary["findings"]} == {"slack-no-token"}
    assert example.slack.api.calls == []
    assert "slack-app-manifest.yaml" in type_in("fetch", project).out


@pytest.mark.parametrize("write", [write_zip, write_folder], ids=["zip", "folder"])
@pytest.mark.parametrize("layout", ["__uploads/F1/a b.png", "general/attachments/F1-a b.png"])
def test_an_export_with_its_files_needs_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path, Members], Path],
    layout: str,
) -> None:
    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.delenv("SLACK_TOKEN", raising=False)
    body = make_png(3, 5_000)
    url = "https://files.slack.com/files-pri/T1-F1/a.png"
    record = {"id": "F1", "mode": "hosted", "size": 5_000, "name": "a b.png", "url_private": url}
    export = write(tmp_path / "export", members([message(files=[record])]) | {layout: body})
    project = tmp_path / "team"
    assert type_in("init", project, export, "--to", "memory").exit == 0
    told = type_in("plan", project, "--json").object
    assert told["blockers"][0]["code"] == "files-missing"
    assert "files-in-export" in [each["code"] for each in told["findings"]]
    ended = type_in("fetch", project, "--only", "files", "--json")
    assert ended.exit == 0, ended.out
    assert ended.object["fetched"]["files"] == 1
    assert ended.object["bytes"] == len(body)
    assert type_in("plan", project, "--json").object["counts"]["files"]["send"] == 1
    assert type_in("run", project, "--json").object["sent"]["files"] == 1
    assert type_in("verify", project).exit == 0


def test_a_bad_line_is_survived(example: Example, project: Path) -> None:
    troubles: tuple[Fault, ...] = ("cut", "busy", "range-ignored", "error-503", "drop", "drip")
    for n, body in enumerate(list(example.slack.bodies.values())[::5]):
        body.faults = [troubles[n % len(troubles)]]
        body.retry_after = "0"
    summary = fetch(project, "--only", "files")
    assert summary["fetched"]["files"] == len(example.bodies)
    assert {told["code"] for told in summary["refused"]} == {"file-access-denied", "file-not-found"}


@pytest.mark.parametrize(
    ("break_it", "exit", "code"),
    [
        ("unreachable", 3, "slack-unreachable"),
        ("token", 3, "slack-token-refused"),
        ("workspace", 2, "slack-workspace-other"),
        ("address", 2, "config-broken"),
        ("hosts", 2, "config-broken"),
        ("locked", 2, "project-locked"),
    ],
)
def test_how_it_ends_where_it_cannot_go_on(
    example: Example,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_it: str,
    exit: int,
    code: str,
) -> None:
    more: tuple[str, ...] = ()
    if break_it == "unreachable":
        more = ("--set", "slack.api_url=http://127.0.0.1:9/api/")
        monkeypatch.setattr("migrate.slack.client.MOST_TRIES", 1)
    elif break_it == "token":
        monkeypatch.setenv("SLACK_TOKEN", "xoxp-ended")
    elif break_it == "workspace":
        example.slack.api.team["id"] = "T0OTHER"
    elif break_it == "address":
        more = ("--set", "slack.api_url=http://host.example/api/")
    elif break_it == "hosts":
        more = ("--set", 'slack.file_hosts=["not a host"]')
    if break_it == "locked":
        with ProjectLock(project):
            ended = type_in("fetch", project, "--json", *more)
    else:
        ended = type_in("fetch", project, "--json", *more)
    assert (ended.exit, ended.object["ok"]) == (exit, False), ended.out
    assert ended.object["error"]["code"] == code
    assert ended.object["error"]["advice"]
    assert "xox" not in ended.out + ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_ends_in_good_order(
    example: Example, project: Path, number: signal.Signals
) -> None:
    last = max(example.bodies)
    example.slack.bodies[last].always = "stall"
    process = subprocess.Popen(
        command("fetch", project, "--only", "files", "--json"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not example.slack.seen(last):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    process.send_signal(number)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors.decode()
    assert json.loads(out)["error"]["code"] == "interrupted"
    example.slack.bodies[last].always = ""
    again = fetch(project, "--only", "files")
    assert again["already"]["files"] > 0
    assert again["already"]["files"] + again["fetched"]["files"] == len(example.bodies)


def test_no_token_is_left_anywhere(example: Example, project: Path) -> None:
    environ = {"SLACK_TOKEN": USER_TOKEN}
    plan = [spawn("fetch", project, environ=environ), spawn("plan", project)]
    said: list[Ended] = [*plan, spawn("run", project), spawn("verify", project)]
    said.append(spawn("fetch", project, "--json", environ=environ))
    assert [ended.exit for ended in said] == [1, 1, 1, 0, 1], said
    for ended in said:
        assert not TOKEN.search((ended.out + ended.err).encode())
    # The search can fail: the tokens were at work.
    ways = {(seen.way, seen.token) for seen in example.slack.ledger}
    assert ways == {("token", EXPORT_TOKEN)}
    assert TOKEN.search(example.slack.url_of("F1").encode() + b"?t=" + EXPORT_TOKEN.encode())
    held = [path for path in project.rglob("*") if path.is_file()]
    assert {"state.db", "memory.jsonl", "plan.html", "fetch.json"} <= {path.name for path in held}
    for path in held:
        assert not TOKEN.search(path.read_bytes()), path
    for raw in _raw_records(project):
        assert not re.search(rb"files\.slack\.com[^\"]*xox", raw)
        assert EXPORT_TOKEN.encode() not in raw


def _raw_records(project: Path) -> Iterator[bytes]:
    """What the compressed pages hold."""
    store = open_store(project / "state.db", read_only=True)
    reader = messages.PageReader(store)
    for page, idx in store.db.execute("SELECT page, idx FROM message").fetchall():
        yield reader.raw(page, idx)
    store.close()


def test_the_app_asks_for_the_scopes_that_are_used_and_no_others() -> None:
    path = Path(__file__).parents[3] / "examples" / "slack-app-manifest.yaml"
    manifest = yaml.safe_load(path.read_text("utf-8"))
    asked = manifest["oauth_config"]["scopes"]
    assert set(asked) == {"user"}
    needed = {scope for scope in SCOPES.values() if scope} | {"users:read.email"}
    assert set(asked["user"]) == needed
    assert len(asked["user"]) == len(needed)
