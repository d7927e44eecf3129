"""What the README and the help of commands tell people to type is typed here, and what the README
says of this version is held against it."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from adapters.matrix import adapter as matrix
from adapters.matrix.config import Config
from adapters.mattermost import adapter as mattermost
from adapters.zulip import adapter as zulip
from migrate.spi import Adapter
from tests.adapters.matrix.places import installed
from tests.fakes.homeserver import FakeHomeserver
from tests.fakes.slack_files import Example, serve_example
from tests.fakes.zulip import Organization
from tests.migrate.cli.terminal import Ended, type_in
from tests.test_house import distribution

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
WAY = ["inspect", "init", "fetch", "plan", "run", "verify", "status"]


def blocks(text: str, kind: str) -> list[str]:
    """Fenced code blocks of a language; of plain Markdown those that are indented."""
    if kind:
        return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)
    return re.findall(r"(?:^    .*\n?)+", text, re.M)


def commands(block: str) -> Iterator[list[str]]:
    """The lines of a block that call chat-migrate, split as a shell splits them."""
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["chat-migrate"]:
            yield words[1:]


TYPED = [args for block in blocks(README, "sh") for args in commands(block)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Example]:
    """A folder with the README's export in it, and a Slack that has its files."""
    with serve_example(tmp_path) as example, chdir(tmp_path):
        example.export.rename("acme-export.zip")
        for name, value in example.environ.items():
            monkeypatch.setenv(name, value)
        yield example


def ask_fake(project: Path, slack: Example) -> None:
    """Put the fake's addresses where a new project's configuration has Slack's own."""
    config = project / "migration.toml"
    text = config.read_text("utf-8")
    for key, value in slack.settings.items():
        name = key.partition(".")[2]
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {json.dumps(value)}", text)
        assert count == 1
    config.write_text(text, "utf-8")


def map_general(project: Path) -> None:
    """Do what the README says of a channel that stands there already."""
    sheet = project / "mappings" / "channels.csv"
    text = sheet.read_text("utf-8")
    mapped = re.sub(r"(?m)^(C\w+,general,\w+,\d+),create,,", r"\1,map,general,", text)
    assert mapped != text
    sheet.write_text(mapped, "utf-8")


def test_every_command_of_the_readme_does_what_it_says(desk: Example) -> None:
    assert {args[0] for args in TYPED} >= {*WAY, "explain"}
    fake, spoken = FakeHomeserver(), dict[str, list[str]]()
    fake.world.users[f"@you:{fake.world.server_name}"] = "you"
    with fake.running(), Organization().running() as organization:
        Path("zuliprc").touch(mode=0o600)
        Path("zuliprc").write_text(organization.zuliprc)
        for args in TYPED:
            words = [arg.replace("https://matrix.example.org", fake.url) for arg in args]
            words = [
                re.sub(r"(?<=[=:])example\.org$", fake.world.server_name, arg) for arg in words
            ]
            ended = type_in(*words)
            if args == ["plan", "acme-chat", "--check"] and ended.exit == 4:
                assert "conversation-exists, first at C02PUB00001" in ended.out
                map_general(Path("acme-chat"))
                ended = type_in(*words)
            assert ended.exit in (0, 1), f"{args}: {ended.out}{ended.err}"
            if args[0] == "init":
                ask_fake(Path(args[1]), desk)
            if args[:2] == ["init", "acme"]:
                config = Config(homeserver=fake.url, server_name=fake.world.server_name)
                fake.registrations = [installed(config, Path("acme"))]
            spoken.setdefault(args[0], []).append(ended.out)
    assert len(spoken["verify"]) == 4
    assert all(each.startswith("All is well: ") for each in spoken["verify"])


def example_of(command: str) -> list[str]:
    (example,) = re.findall(
        rf"^  chat-migrate ({command}\b.*)$", type_in(command, "--help").out, re.M
    )
    return shlex.split(example)


def test_every_example_of_a_help_works_in_turn(desk: Example) -> None:
    for name in [*WAY, "adapters", "explain"]:
        ended: Ended = type_in(*example_of(name))
        if name == "init":
            ask_fake(Path(example_of(name)[1]), desk)
        assert ended.exit in (0, 1), f"{name}: {ended.out}{ended.err}"
    assert example_of("demo") == ["demo"]  # shown in tests/live


@pytest.mark.parametrize("name", ["README.md"])
def test_commands_beside_the_examples_work_from_the_checkout(name: str) -> None:
    text = (ROOT / "examples" / name).read_text("utf-8")
    typed = [args for block in blocks(text, "") for args in commands(block)]
    assert typed
    with chdir(ROOT):
        assert [type_in(*args).exit in (0, 1) for args in typed] == [True] * len(typed)


def test_the_readme_names_what_each_target_keeps() -> None:
    table = README.split("## What a target keeps")[1].split("\n\n")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    targets: dict[str, Adapter] = {"Matrix": matrix, "Mattermost": mattermost, "Zulip": zulip}
    assert rows[0][1:] == list(targets)
    kept = {row[0]: row[1:] for row in rows[2:]}
    for column, target in enumerate(targets.values()):
        assert {kind: row[column] for kind, row in kept.items()} == dict(target.keeps)


def test_the_readme_names_every_exit_code() -> None:
    table = README.split("| code | meaning |")[1].split("\n\n")[0]
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)]
    assert codes == [0, 1, 2, 3, 4, 5, 70, 130]


def test_the_readme_says_why_of_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [each for some in project["optional-dependencies"].values() for each in some]
    table = README.split("| package | for |")[1].split("\n\n")[0]
    named = re.findall(r"^\| ([a-z][\w.-]*) \|", table, re.M)
    assert sorted(named) == sorted(map(distribution, [*project["dependencies"], *extras]))


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_makefile_has_what_the_readme_types() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"\bmake ([a-z]+)", README.split("## Why")[1]):
        assert re.search(rf"^{target}:", makefile, re.M), target
