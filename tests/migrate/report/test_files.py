"""Reports are written whole, for their owner, over what stood there."""

import json
import stat
from pathlib import Path

import pytest

from migrate.report import write_json, write_page


def test_a_report_replaces_the_last_one(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    write_json(folder, "run.json", {"sent": {"messages": 1}})
    path = write_json(folder, "run.json", {"sent": {"messages": 2}})
    assert json.loads(path.read_text("utf-8")) == {"sent": {"messages": 2}}
    assert [each.name for each in folder.iterdir()] == ["run.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_failed_write_leaves_the_last_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_page(tmp_path, "plan.html", "before")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_page(tmp_path, "plan.html", "after")
    assert [each.name for each in tmp_path.iterdir()] == ["plan.html"]
    assert (tmp_path / "plan.html").read_text("utf-8") == "before"


def test_a_path_in_no_encoding_can_be_reported(tmp_path: Path) -> None:
    path = write_json(tmp_path, "run.json", {"artifact": "caf\udce9"})
    assert json.loads(path.read_text("utf-8")) == {"artifact": "caf\udce9"}
    assert "caf\\udce9" in write_page(tmp_path, "plan.html", "caf\udce9").read_text("utf-8")
