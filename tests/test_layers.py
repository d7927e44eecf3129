"""mappings <- migrate <- adapters, the order inside migrate, and what a module owes its reader."""

from pathlib import Path

import pytest

from tests.layers import OURS, breaches

ROOT = Path(__file__).parents[1]
THIRD_PARTIES = sorted({path.parent.name for path in ROOT.glob("examples/*/pyproject.toml")})
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in [*OURS, *(f"examples/{name}" for name in THIRD_PARTIES)]
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", MODULES)
def test_every_module_keeps_the_contract(path: str) -> None:
    assert breaches(path, (ROOT / path).read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("mappings/nodes.py", "import migrate.model"),
        ("mappings/nodes.py", "from migrate import model"),
        ("mappings/nodes.py", "import adapters"),
        ("migrate/model.py", "import migrate.spi"),
        ("migrate/model.py", "from migrate.errors import Fatal"),
        ("migrate/model.py", "from . import spi"),
        ("migrate/store/ops.py", "from ..source import archive"),
        ("migrate/store/ops.py", "def late():\n    from migrate.stages import plan"),
        ("migrate/source/files.py", "from migrate import slack, model"),
        ("migrate/stages/push.py", "from migrate.runner import World"),
        ("migrate/stages/push.py", "import adapters.matrix"),
        ("migrate/cli/app.py", "from adapters.memory import adapter"),
        ("migrate/runner.py", "from migrate.cli import main"),
        ("migrate/runner.py", "import typer"),
        ("migrate/stages/push.py", "from tqdm import tqdm"),
        ("migrate/source/files.py", "import slack_sdk"),
        ("migrate/slack/web.py", "import nio"),
        ("migrate/__init__.py", "from migrate import runner"),
        ("migrate/__init__.py", "import mappings"),
        ("migrate/journal.py", "import json"),
        ("adapters/matrix/session.py", "from migrate.store import Store"),
        ("adapters/matrix/session.py", "from migrate.stages.push import STEPS"),
        ("adapters/matrix/session.py", "from adapters.memory import adapter"),
        ("adapters/matrix/session.py", "from ..memory import adapter"),
        ("adapters/matrix/session.py", "import pytest"),
        ("adapters/matrix/session.py", "import zulip"),
        ("adapters/conformance/suite.py", "from migrate.cli import main"),
        ("migrate/spi.py", "from tests.fakes import homeserver"),
        ("migrate/stages/push.py", "import sys\nsys.exit(1)"),
        ("migrate/runner.py", "raise SystemExit(1)"),
        ("migrate/store/utils.py", "import json"),
        ("adapters/helpers/__init__.py", "import json"),
        ("examples/other/chat_migrate_other.py", "from migrate.store import Store"),
        ("examples/other/chat_migrate_other.py", "from adapters.memory import adapter"),
    ],
)
def test_a_breach_is_found(path: str, line: str) -> None:
    assert len(breaches(path, f'"""What lives here."""\n\n{line}\n')) == 1


@pytest.mark.parametrize("source", ["", "import json\n", '""" """\n'])
def test_a_module_without_a_paragraph_is_found(source: str) -> None:
    assert len(breaches("mappings/nodes.py", source)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("mappings/html.py", "from mappings import nodes\nfrom .names import Names\nimport nh3"),
        ("migrate/model.py", "from mappings.nodes import Document"),
        ("migrate/spi.py", "from migrate import model\nfrom migrate.findings import Finding"),
        ("migrate/store/ops.py", "from . import schema\nfrom ..model import Key\nimport sqlite3"),
        ("migrate/slack/web.py", "import slack_sdk.errors"),
        ("migrate/stages/load.py", "from migrate import source, slack, store, config"),
        ("migrate/runner.py", "from migrate.stages.push import push\nfrom migrate import report"),
        ("migrate/cli/__init__.py", "import sys, typer\nfrom migrate import runner\nsys.exit(2)"),
        ("migrate/__init__.py", '__owner__ = "chat-migrate"'),
        ("adapters/matrix/session.py", "import nio\nfrom migrate import spi\nimport mappings.html"),
        ("adapters/matrix/__init__.py", "from adapters.matrix.session import Session"),
        ("adapters/conformance/suite.py", "import pytest\nfrom migrate import runner, spi"),
        ("examples/other/chat_migrate_other.py", "from migrate.spi import Adapter\nimport mailbox"),
    ],
)
def test_what_is_allowed_passes(path: str, line: str) -> None:
    assert breaches(path, f'"""What lives here."""\n\n{line}\n') == []
