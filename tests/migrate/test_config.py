"""migration.toml: written with comments, filled by settings, read with one sentence for each
mistake."""

import stat
import tomllib
from pathlib import Path

import pytest

from adapters.mattermost import adapter as mattermost
from adapters.memory import adapter
from migrate.config import (
    CONFIG_NAME,
    Config,
    SourceConfig,
    fill_template,
    moment,
    open_project,
    parse_setting,
    write_config,
)
from migrate.errors import UsageError


def written(folder: Path, **settings: object) -> str:
    dotted = {key.replace("__", "."): value for key, value in settings.items()}
    write_config(folder, fill_template(adapter, ["../acme.zip"], dotted))
    return (folder / CONFIG_NAME).read_text()


def edited(folder: Path, old: str, new: str) -> Path:
    text = written(folder)
    assert old in text
    (folder / CONFIG_NAME).write_text(text.replace(old, new))
    return folder


def config(folder: Path, **overrides: object) -> Config:
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    return open_project(folder, dotted).config


def test_what_init_writes_means_the_defaults(tmp_path: Path) -> None:
    written(tmp_path)
    found = config(tmp_path)
    assert found.source == SourceConfig(exports=("../acme.zip",))
    assert found.target == adapter.Config()
    assert (found.slack, found.files) == (type(found.slack)(), type(found.files)())


def test_every_key_stands_there_with_a_comment(tmp_path: Path) -> None:
    text = written(tmp_path)
    tables = tomllib.loads(text)
    for table, kind in (("source", SourceConfig), ("target", adapter.Config)):
        assert set(tables[table]) - {"adapter"} == set(kind.__struct_fields__)
    plain = [line for line in text.splitlines() if "=" in line and "#" not in line]
    names = {line.partition("=")[0].strip() for line in plain}
    assert names <= {"adapter", "token_env", "api_url"}, "their names say it all"


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    written(tmp_path)
    assert stat.S_IMODE((tmp_path / CONFIG_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source.since", "2024-05-31"),
        ("source.include", ["public", "dm"]),
        ("source.channels", ["#general", 'a "quoted" one', "naïve — ünï", "a\nb\\"]),
        ("source.notices", "keep"),
        ("files.missing", "link"),
        ("target.mode", "archive"),
        ("target.part_messages", 7),
        ("slack.file_hosts", []),
    ],
)
def test_a_setting_is_filled_in_behind_its_key(tmp_path: Path, key: str, value: object) -> None:
    before = written(tmp_path).splitlines()
    after = written(tmp_path, **{key.replace(".", "__"): value}).splitlines()
    changed = [line for line, old in zip(after, before, strict=True) if line != old]
    assert len(changed) == 1
    assert ("#" in changed[0].rpartition('"')[2]) is ("#" in before[after.index(changed[0])])
    table, _, name = key.partition(".")
    assert tomllib.loads("\n".join(after))[table][name] == value
    kept = getattr(getattr(config(tmp_path), table), name)
    assert kept == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("source.sinse", "2024", "config-unknown-key"),
        ("target.homeserver", "x", "config-unknown-key"),
        ("nowhere", "x", "config-unknown-key"),
        ("source", {"since": "2024"}, "config-unknown-key"),
        ("source.notices", "some", "config-broken"),
        ("source.since", "yesterday", "config-broken"),
        ("source.exports", "one.zip", "config-broken"),
        ("target.part_messages", "many", "config-broken"),
        ("target.part_messages", {"a": 1}, "config-broken"),
        ("target.part_messages", float("nan"), "config-broken"),
        ("target.part_messages", None, "config-broken"),
    ],
)
def test_a_setting_that_cannot_be_writes_nothing(
    tmp_path: Path, key: str, value: object, code: str
) -> None:
    with pytest.raises(UsageError) as raised:
        fill_template(adapter, ["a.zip"], {key: value})
    assert (raised.value.code, raised.value.exit) == (code, 2)
    assert not (tmp_path / CONFIG_NAME).exists()


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("until", "untill", "config-unknown-key", "Did you mean `source.until`?"),
        ("[files]", "[fils]", "config-unknown-key", "Did you mean `files`?"),
        ("part_messages = 2000", "part_message = 2", "config-unknown-key", "target.part_messages"),
        ('notices = "drop"', "notices = drop", "config-broken", "not valid TOML"),
        ('notices = "drop"', 'notices = "all"', "config-broken", "notices"),
        ('adapter = "memory"', 'adapter = "memry"', "adapter-unknown", "memory"),
        ('adapter = "memory"', "", "config-broken", "names no target"),
        ('adapter = "memory"', "adapter = 3", "config-broken", "names no target"),
        ("[slack] ", "[[slack]] ", "config-broken", "[slack] is not a table"),
        ('since = ""', 'since = "31.5.2024"', "config-broken", "source.since is not a date"),
        ('since = ""', 'since = "2024-01-01"\nuntil = "2023-01-01"#', "config-broken", "TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(
    tmp_path: Path, old: str, new: str, code: str, told: str
) -> None:
    with pytest.raises(UsageError) as raised:
        open_project(edited(tmp_path, old, new))
    assert (raised.value.code, raised.value.exit) == (code, 2)
    assert told in f"{raised.value.message} {raised.value.advice}"


def test_a_span_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageError) as raised:
        config(tmp_path, source__since="2024-01-02", source__until="2024-01-02")
    assert "source.until is not after source.since" in raised.value.message


@pytest.mark.parametrize("content", [None, b"\xff\xfe[source]"])
def test_a_folder_that_is_no_project(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / CONFIG_NAME).write_bytes(content)
    with pytest.raises(UsageError) as raised:
        open_project(tmp_path)
    assert raised.value.code == ("no-project" if content is None else "config-broken")


def test_overrides_are_laid_over_the_file(tmp_path: Path) -> None:
    before = written(tmp_path, source__notices="keep")
    found = config(tmp_path, source__until="2030-01-01", target__piece_limit=99)
    assert (found.source.notices, found.source.until) == ("keep", "2030-01-01")
    assert found.target == adapter.Config(piece_limit=99)
    assert (tmp_path / CONFIG_NAME).read_text() == before


def test_an_override_of_no_key(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageError) as raised:
        config(tmp_path, source__sinse="2024")
    assert raised.value.advice == "Did you mean `source.since`?"


def test_paths_start_at_the_projects_folder(tmp_path: Path) -> None:
    written(tmp_path)
    project = open_project(tmp_path)
    assert [path.resolve() for path in project.exports] == [tmp_path.parent.resolve() / "acme.zip"]
    assert project.store_path == tmp_path / "state.db"


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("files.missing=link", "files.missing", "link"),
        ("source.channels=['a', 'b']", "source.channels", ["a", "b"]),
        ("target.part_messages=7", "target.part_messages", 7),
        ("target.flag = true", "target.flag", True),
        ('source.since="2024-05-31"', "source.since", "2024-05-31"),
        ("target.url=http://a/?b=c", "target.url", "http://a/?b=c"),
        ("source.workspace=", "source.workspace", ""),
    ],
)
def test_settings_are_toml_or_text(text: str, key: str, value: object) -> None:
    assert parse_setting(text) == (key, value)


@pytest.mark.parametrize("text", ["files.missing", "=link", " =x", ""])
def test_what_is_no_setting(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_setting(text)
    assert raised.value.code == "setting-broken"


@pytest.mark.parametrize("text", ["source.since=2024-05-31", "source.since=2024-05-31T12:00:00Z"])
def test_a_date_that_toml_knows_is_a_date(tmp_path: Path, text: str) -> None:
    written(tmp_path)
    key, value = parse_setting(text)
    found = open_project(tmp_path, {key: value}).config
    assert moment(found.source.since, "since") == moment(text.partition("=")[2], "since")


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("", 0),
        ("1970-01-02", 86_400_000_000),
        ("1970-01-01T00:00:01", 1_000_000),
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T00:00:01.25", 1_250_000),
        ("1969-12-31T23:59:59.5", -500_000),
    ],
)
def test_moments_are_utc_where_no_zone_is_given(text: str, micros: int) -> None:
    assert moment(text, "since") == micros


@pytest.mark.parametrize(("value", "text"), [(5.37, "5.37"), (11, "11")])
def test_a_number_without_quotes_is_the_text_that_is_wanted(
    tmp_path: Path, value: float, text: str
) -> None:
    settings = {"target.team": "acme", "target.profile": value}
    write_config(tmp_path, fill_template(mattermost, ["../acme.zip"], settings))
    assert open_project(tmp_path).config.target.profile == text


def test_a_number_is_still_no_date(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageError) as raised:
        open_project(tmp_path, {"source.since": 12})
    assert "source.since is not a date: '12'" in raised.value.message
