"""The speed and the memory of `inspect`, which reads a whole export: thin records and fat ones, and
two sizes of the same, for memory must not grow with the export."""

import json
import sys
from pathlib import Path

import pytest

from tests.bench.machine import say
from tests.bench.measure import MEGABYTE, peak_rss
from tests.generate import write_export

pytestmark = pytest.mark.bench


def test_inspect_of_a_million_messages(tmp_path: Path) -> None:
    say("`chat-migrate inspect --json`, two workers", "msgspec")
    _inspect(tmp_path, "thin", 250_000, fat=False)
    _inspect(tmp_path, "thin", 1_000_000, fat=False)
    _inspect(tmp_path, "fat", 300_000, fat=True)
    print("aim, thin million: 40,000 messages/s, 250 MB for all processes together")


def _inspect(folder: Path, name: str, messages: int, *, fat: bool) -> None:
    export = folder / f"{name}-{messages}.zip"
    truth = write_export(
        export, messages=messages, conversations=200, seed=11, fat=fat, facts=False
    )
    size = export.stat().st_size
    peak = peak_rss([sys.executable, "-m", "migrate.cli", "inspect", str(export), "--json"])
    export.unlink()
    assert json.loads(peak.output)["counts"]["messages"] == truth.counts.messages
    print(
        f"{messages:>9,} {name} messages ({size / MEGABYTE:.0f} MB zipped):"
        f" {peak.seconds:5.1f} s, {messages / peak.seconds:7,.0f} messages/s; {peak}"
    )
