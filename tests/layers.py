"""The layer contract as a function: what one module breaks of it. `tests/test_layers.py` applies
it to every module and shows that it can fail."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

# From the lowest to the highest. A room imports from the lines above its own, never its neighbour.
ENGINE = (
    ("model", "errors", "findings"),
    ("spi",),
    ("source", "slack", "store"),
    ("registry", "catalogue"),
    ("config",),
    ("stages", "report"),
    ("summaries",),
    ("connected",),
    ("runner",),
    ("cli",),
)
RANK = {f"migrate.{room}": rank for rank, line in enumerate(ENGINE) for room in line}

ADAPTERS_SEE = {"migrate.model", "migrate.errors", "migrate.findings", "migrate.spi"}
# The suite that each adapter inherits drives whole migrations.
CONFORMANCE_SEES = ADAPTERS_SEE | {
    "migrate.config",
    "migrate.registry",
    "migrate.runner",
    "migrate.store",
}
THIRD_PARTIES_SEE = {"migrate.spi", "adapters.conformance"}

# The one room that may know each of these.
HOME = {
    "typer": "migrate.cli",
    "click": "migrate.cli",
    "rich": "migrate.cli",
    "tqdm": "migrate.cli",
    "slack_sdk": "migrate.slack",
    "nio": "adapters.matrix",
    "mattermostdriver": "adapters.mattermost",
    "zulip": "adapters.zulip",
    "pytest": "adapters.conformance",
    "tests": "",
    "examples": "",
}
VAGUE = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
OURS = {"adapters", "mappings", "migrate"}


def breaches(path: str, source: str) -> list[str]:
    """What the module at `path` (POSIX, from the checkout) breaks, one line each; empty: nothing.

    Only `mappings/`, `migrate/` and `adapters/` have rooms. A module anywhere else is a third
    party's.
    """
    tree = ast.parse(source, path)
    here = room(module_name(path))
    found = [f"{path}: {word!r} says nothing" for word in vague_names(path)]
    if not (ast.get_docstring(tree) or "").strip():
        found.append(f"{path}: opens without a paragraph on what lives here")
    if here.startswith("migrate.") and here not in RANK:
        found.append(f"{path}: {here} has no place among the layers")
    for line, target in imports(tree, path):
        if "tests" in PurePosixPath(path).parts and target.partition(".")[0] == "pytest":
            continue
        if not may_import(here, target):
            found.append(f"{path}:{line}: {here} must not import {target}")
    if here != "migrate.cli":
        found += [f"{path}:{line}: only migrate.cli ends the process" for line in exits(tree)]
    return found


def module_name(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """`migrate.store.ops` lives in `migrate.store`, all of `mappings` in one room."""
    top, _, rest = module.partition(".")
    inner = rest.partition(".")[0]
    if top not in {"adapters", "migrate"} or not inner or inner.startswith("__"):
        return top
    return f"{top}.{inner}"


def imports(tree: ast.AST, path: str) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, wherever it stands; of `from x import y` both, as `x.y`."""
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package.pop()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base += node.module.split(".") if node.module else []
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)


def may_import(here: str, target: str) -> bool:
    there, top = room(target), target.partition(".")[0]
    if top not in OURS:
        return HOME.get(top, here) == here
    if there == here:
        return True
    if here in OURS:  # `mappings`, and the two packages' own __init__
        return False
    if there in {"mappings", "migrate"}:
        return True
    if here.startswith("migrate."):
        return RANK.get(there, len(ENGINE)) < RANK.get(here, 0)
    if here.startswith("adapters."):
        return there in (CONFORMANCE_SEES if here == "adapters.conformance" else ADAPTERS_SEE)
    return there in THIRD_PARTIES_SEE


def exits(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="sys"), attr="exit"):
                yield node.lineno
            case ast.Attribute(value=ast.Name(id="os"), attr="_exit"):
                yield node.lineno
            case ast.Name(id="SystemExit", ctx=ast.Load()):
                yield node.lineno


def vague_names(path: str) -> list[str]:
    return [part for part in PurePosixPath(path).with_suffix("").parts if part in VAGUE]
