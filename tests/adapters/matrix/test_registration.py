"""appservice.yaml: written, kept, read by us and by any YAML reader."""

import stat
from pathlib import Path

import msgspec
import pytest
import yaml

from adapters.matrix import adapter
from adapters.matrix.config import Config
from adapters.matrix.registration import Tokens, read_tokens, write_registration
from migrate.errors import UsageError
from migrate.spi import Preparer, SandboxMaker
from tests.adapters.matrix.stage import context

CONFIG = Config(homeserver="https://matrix.example.org", server_name="example.org")


def test_prepare_writes_a_registration_for_its_owner_alone(tmp_path: Path) -> None:
    steps = adapter.prepare(CONFIG, context(tmp_path))
    path = tmp_path / "appservice.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    registration = yaml.safe_load(path.read_text())
    assert registration["rate_limited"] is False
    assert registration["url"] is None
    assert registration["sender_localpart"] == "slackimport"
    assert registration["namespaces"] == {
        "users": [{"exclusive": True, "regex": r"@slack_.*:example\.org"}],
        "aliases": [{"exclusive": True, "regex": r"#slack_.*:example\.org"}],
        "rooms": [],
    }
    tokens = read_tokens(path)
    assert tokens == Tokens(registration["as_token"], registration["hs_token"])
    assert len(tokens.appservice) >= 40
    assert tokens.appservice != tokens.homeserver
    # What a person is told holds the path and no secret.
    assert str(path) in steps[0]
    assert "app_service_config_files" in "\n".join(steps)
    for token in (tokens.appservice, tokens.homeserver):
        assert token not in "\n".join(steps)
        assert token not in repr(tokens)


def test_prepare_again_keeps_the_tokens(tmp_path: Path) -> None:
    adapter.prepare(CONFIG, context(tmp_path))
    path = tmp_path / "appservice.yaml"
    before, tokens = path.read_bytes(), read_tokens(path)
    path.chmod(0o644)
    adapter.prepare(CONFIG, context(tmp_path))
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = msgspec.structs.replace(CONFIG, server_name="other.org")
    assert write_registration(other, path)
    assert read_tokens(path) == tokens
    assert "other" in yaml.safe_load(path.read_text())["namespaces"]["users"][0]["regex"]
    assert list(tmp_path.iterdir()) == [path]


def test_two_projects_have_two_pairs_of_tokens(tmp_path: Path) -> None:
    write_registration(CONFIG, tmp_path / "one.yaml")
    write_registration(CONFIG, tmp_path / "two.yaml")
    assert read_tokens(tmp_path / "one.yaml") != read_tokens(tmp_path / "two.yaml")


def test_registration_that_somebody_rewrote_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "appservice.yaml"
    path.write_text("hs_token: 'abcdefghijklmnop'\nid: x\nas_token: qrstuvwxyz012345  # ours\n")
    assert read_tokens(path) == Tokens("qrstuvwxyz012345", "abcdefghijklmnop")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "as_token: qrstuvwxyz012345\n",
        "as_token: short\nhs_token: short\n",
        "as_token: qrstuvwxyz012345\nas_token: qrstuvwxyz012345\nhs_token: abcdefghijklmnop\n",
        "# as_token: qrstuvwxyz012345\n# hs_token: abcdefghijklmnop\n",
    ],
)
def test_broken_registration_is_a_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "appservice.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        read_tokens(path)
    assert error.value.code == "matrix-registration-unreadable"
    assert str(path) in error.value.message
    assert "qrstuvwxyz" not in str(error.value)


def test_adapter_offers_its_files_and_a_sandbox() -> None:
    assert isinstance(adapter, Preparer)
    assert isinstance(adapter, SandboxMaker)
