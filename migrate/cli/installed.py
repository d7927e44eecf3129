"""What is installed here: the adapters with what each keeps, and what every code means that this
program or one of them may report."""

import difflib
from typing import Literal

import msgspec

from migrate.catalogue import catalogue
from migrate.cli.screens import page, table
from migrate.errors import UsageError
from migrate.findings import Catalogue, Meaning
from migrate.registry import Registry


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter by name. One that cannot be loaded keeps nothing and says so in `state`."""

    name: str
    state: Literal["ready", "broken"] = "ready"
    keeps: dict[str, str] = {}


def list_adapters(registry: Registry | None = None) -> list[Installed]:
    """Every adapter that the entry-point group names."""
    registry = registry or Registry()
    found = []
    for name in registry.names:
        try:
            keeps = dict(registry.get(name).keeps)
        except Exception:  # a stranger's code: whatever it raises, the others are still there
            found.append(Installed(name=name, state="broken"))
        else:
            found.append(Installed(name=name, keeps=keeps))
    return found


def describe(found: list[Installed]) -> str:
    """One block for each adapter."""
    blocks = []
    for each in found:
        if each.state == "broken":
            blocks.append(f"{each.name}: cannot be loaded; install it again.")
        else:
            blocks.append(f"{each.name}\n{table(list(each.keeps.items()))}")
    return page(*blocks) or "No adapter is installed."


def explain_code(code: str, registry: Registry | None = None) -> Meaning:
    """What `code` means. Raises UsageError, naming the nearest known one, where nobody knows it."""
    registry = registry or Registry()
    known: Catalogue = catalogue()
    for each in list_adapters(registry):
        if each.state == "ready":
            known = {**known, **registry.get(each.name).codes}
    if code in known:
        return known[code]
    near = difflib.get_close_matches(code, known, n=1, cutoff=0.4)
    advice = f"Did you mean `{near[0]}`?" if near else "Codes are those of reports and --json."
    raise UsageError("code-unknown", f"No finding is called {code!r}.", advice)
