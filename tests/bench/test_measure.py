"""The measure is held against commands whose cost is known."""

import subprocess
import sys

import pytest

from tests.bench.measure import peak_rss

MB = 1_000_000


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


HOLD = "import time; held = bytearray(b'x' * 150_000_000); time.sleep(0.4)"


def test_what_a_command_holds_is_seen() -> None:
    little = peak_rss(python("import time; time.sleep(0.4)"))
    much = peak_rss(python(HOLD))
    assert 140 * MB < much.parent_bytes - little.parent_bytes < 320 * MB
    assert much.tree_bytes == much.parent_bytes
    assert 0.4 <= little.seconds < 10


def test_children_count_for_the_tree_alone() -> None:
    peak = peak_rss(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])")
    )
    assert peak.parent_bytes < 100 * MB
    assert peak.tree_bytes > 140 * MB


def test_what_grandchildren_spend_counts_too() -> None:
    busy = "import time; end = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    peak = peak_rss(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])")
    )
    assert 0.4 <= peak.cpu_seconds < 3


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        peak_rss(python("import sys; sys.exit('no such thing')"))
    assert b"no such thing" in raised.value.stderr
