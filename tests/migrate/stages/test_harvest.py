"""The export's own token: found where Slack wrote it, in as few members as it takes, and never a
person's."""

from pathlib import Path

import pytest

from migrate.slack.bodies import ExportToken
from migrate.slack.hosts import Hosts
from migrate.source import open_export
from migrate.stages.harvest import ENOUGH, find_days, harvest_tokens
from migrate.stages.load import load
from migrate.stages.world import World
from migrate.store import open_store
from tests.migrate.source.build import Members, members, message, write_zip

HOSTS = Hosts(("slack.com",))
FILE = "https://files.slack.com/files-pri/T1-F1/a.png"
DAYS = {"C0GENERAL": {"2023-11-14"}}


def harvest(folder: Path, *contents: Members, days: dict[str, set[str]] = DAYS) -> list[str]:
    """`parameter=value` of each token, the exports named from the oldest to the newest."""
    paths = []
    for n, content in enumerate(contents):
        made = {".slack-manifest.json": {"metadata": {"created_at": 1_700_000_000 + n}}}
        paths.append(write_zip(folder / f"{n}.zip", content | made))
    found = harvest_tokens(open_export(paths), days, HOSTS)
    assert "xoxe" not in repr(found)
    return [f"{token.parameter}={token.value}" for token in found]


def holding(*urls: str) -> Members:
    return members([message(n, files=[{"url_private": url}]) for n, url in enumerate(urls)])


@pytest.mark.parametrize("parameter", ["t", "token"])
def test_the_token_of_the_export_is_found(tmp_path: Path, parameter: str) -> None:
    content = holding(f"{FILE}?{parameter}=xoxe-1", FILE)
    assert harvest(tmp_path, content) == [f"{parameter}=xoxe-1"]


def test_the_most_frequent_comes_first(tmp_path: Path) -> None:
    content = holding(f"{FILE}?t=xoxe-1", f"{FILE}?t=xoxe-2", f"{FILE}?t=xoxe-2")
    assert harvest(tmp_path, content) == ["t=xoxe-2", "t=xoxe-1"]


def test_what_opens_files_comes_before_what_opens_their_thumbnails(tmp_path: Path) -> None:
    thumb = FILE.replace("files-pri", "files-tmb")
    content = holding(*[f"{thumb}?t=xoxe-1"] * 5, f"{FILE}?token=xoxe-1")
    assert harvest(tmp_path, content) == ["token=xoxe-1", "t=xoxe-1"]


def test_the_newest_archives_token_comes_first(tmp_path: Path) -> None:
    old, new = holding(*[f"{FILE}?t=xoxe-old"] * 9), holding(f"{FILE}?t=xoxe-new")
    assert harvest(tmp_path, old, new) == ["t=xoxe-new", "t=xoxe-old"]


@pytest.mark.parametrize(
    "url",
    [
        "https://host.example/files-pri/T1-F1/a?t=xoxe-1",
        "https://slack.com.host.example/files-pri/T1-F1/a?t=xoxe-1",
        "http://files.slack.com/files-pri/T1-F1/a?t=xoxe-1",
        f"{FILE}?t=xoxp-1",
        f"{FILE}?t=xoxb-1",
    ],
)
def test_what_is_no_token_of_the_export_is_left_alone(tmp_path: Path, url: str) -> None:
    assert harvest(tmp_path, holding(url)) == []


def test_the_root_files_tell_it_too(tmp_path: Path) -> None:
    content = members([message()], canvases=[{"id": "F1", "url_private": f"{FILE}?t=xoxe-1"}])
    assert harvest(tmp_path, content, days={}) == ["t=xoxe-1"]


def test_only_days_with_wanted_files_are_read_and_no_more_than_it_takes(tmp_path: Path) -> None:
    content = holding(*[f"{FILE}?t=xoxe-1"] * ENOUGH)
    content |= {"general/2023-11-15.json": [message(90_000, text=f"{FILE}?t=xoxe-2")]}
    near = {"C0GENERAL": {"2023-11-14", "2023-11-15"}}
    assert harvest(tmp_path, content, days=near) == ["t=xoxe-1"]
    assert harvest(tmp_path, content, days={"C0GENERAL": {"2023-11-15"}}) == ["t=xoxe-2"]


def test_the_days_of_a_file_are_those_around_its_messages(tmp_path: Path) -> None:
    content = members([message(files=[{"id": "F1"}]), message(1, files=[{"id": "F2"}])])
    store = open_store(tmp_path / "state.db")
    export = open_export([write_zip(tmp_path / "export.zip", content)])
    load(store, export, World(environ={}, workers=1))
    # Evening in UTC, afternoon where Slack is at home.
    assert find_days(store, ["F1"]) == {"C0GENERAL": {"2023-11-13", "2023-11-14", "2023-11-15"}}
    assert find_days(store, ["F9"]) == {}
    store.close()


def test_a_token_never_shows_itself() -> None:
    assert "secret" not in repr([ExportToken("t", "xoxe-secret")])
