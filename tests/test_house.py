"""What an installed copy carries, and what the checkout must not: the metadata, the wheel, the lock
file and the tracked files."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import import_module, metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.layers import OURS, imports

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ADAPTERS = PROJECT["project"]["entry-points"]["chat_migrate.adapters"]
RUNTIME = PROJECT["project"]["dependencies"]
EXTRAS = [name for names in PROJECT["project"]["optional-dependencies"].values() for name in names]
DEV = PROJECT["dependency-groups"]["dev"]

# Where this very checkout and its user live, and what only a real secret looks like.
STRAYS = re.compile(
    "|".join(
        [
            re.escape(f"{ROOT}/"),
            *(re.escape(f"{home}/") for home in [Path.home()] if home.name),
            r"xox[a-z]-\d{10,}-\d{10,}-\w{20,}",
            r"BEGIN [A-Z ]*PRIVATE KEY-+\s+\w",
            r"gh[ps]_\w{36}",
        ]
    )
)


def distribution(requirement: str) -> str:
    """`matrix-nio>=0.26; marker` to `matrix-nio`, in the one spelling that indices use."""
    name = re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(requirements: Iterable[str]) -> set[str]:
    return {distribution(requirement) for requirement in requirements}


def files_of_the_checkout() -> list[Path]:
    """All that is committed or would be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = {ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name}
    return sorted(path for path in paths if path.is_file())


def test_the_installed_version_is_this_checkouts() -> None:
    assert metadata.version("chat-migrate") == PROJECT["project"]["version"]


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_each_built_in_adapter_is_found_by_entry_point(name: str) -> None:
    (point,) = metadata.entry_points(group="chat_migrate.adapters", name=name)
    assert point.value == ADAPTERS[name]
    assert point.load().name == name


def test_the_command_is_found() -> None:
    (point,) = metadata.entry_points(group="console_scripts", name="chat-migrate")
    assert callable(point.load())


@pytest.mark.parametrize("package", sorted(OURS))
def test_each_package_bears_the_owner_mark(package: str) -> None:
    assert import_module(package).__owner__ == "chat-migrate"


def test_the_wheel_holds_the_three_packages_whole(tmp_path: Path) -> None:
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", build, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(ZipFile(wheel).namelist())
    info = f"chat_migrate-{PROJECT['project']['version']}.dist-info"
    paths = [path for package in OURS for path in (ROOT / package).rglob("*") if path.is_file()]
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in paths
        if not any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
    }
    assert {f"{package}/py.typed" for package in OURS} <= ours
    assert {name for name in held if not name.startswith(info)} == {
        *ours,
        "migrate/cli/acme-export.zip",  # for `demo`, where there is no checkout
    }
    assert f"{info}/licenses/LICENSE" in held


def test_the_lock_pins_all_that_is_asked_for_by_hash_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    entries = re.findall(r"^\S.*(?:\n .*)*", re.sub(r"^\s*#.*\n", "", lock, flags=re.M), re.M)
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    pinned = names_of(entries)
    assert names_of([*RUNTIME, *EXTRAS, *DEV]) <= pinned
    assert "://" not in lock


@pytest.mark.parametrize(
    ("folders", "declared"),
    [
        (("mappings", "migrate", "adapters"), RUNTIME),
        (("tests",), [*RUNTIME, *EXTRAS, *DEV]),
        (("examples",), ["pytest", "msgspec"]),
    ],
)
def test_every_import_is_a_declared_dependency(
    folders: tuple[str, ...], declared: list[str]
) -> None:
    providers = metadata.packages_distributions()
    known = OURS | {"tests", "examples"} | sys.stdlib_module_names
    if folders == ("examples",):  # scripts, which find what lies beside them
        known |= {path.stem for path in ROOT.glob("examples/**/*")}
    known |= {name for name, dists in providers.items() if names_of(dists) & names_of(declared)}
    strangers = {
        f"{path.relative_to(ROOT)}: {target}"
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for _, target in imports(ast.parse(path.read_text("utf-8")), path.name)
        if (top := target.partition(".")[0]) not in known
        # The suite is for pytest, and runs where pytest is.
        and (top != "pytest" or path.parent != ROOT / "adapters" / "conformance")
    }
    assert strangers == set()


def test_no_file_names_a_machine_or_holds_a_secret() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {stray[0]!r}"
        for path in files_of_the_checkout()
        if (stray := STRAYS.search(path.read_text("utf-8", "replace")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        f"see {ROOT}/notes",
        f"{Path.home()}/.config",
        "xoxp-" + "123456789012-123456789012-0123456789abcdef0123456789abcdef",
        "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIE",
    ],
)
def test_a_stray_is_found(text: str) -> None:
    assert STRAYS.search(text)


def test_the_changelog_speaks_of_this_version() -> None:
    headings = re.findall(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] in {"Unreleased", PROJECT["project"]["version"]}
