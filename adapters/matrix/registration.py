"""The application service's registration, `appservice.yaml`: made with fresh tokens, kept, and read
again. The homeserver's admin installs it; nothing here talks to a homeserver."""

import json
import os
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from adapters.matrix.config import Config
from migrate.errors import UsageError

_TOKEN = re.compile(r"""(as_token|hs_token)\s*:\s*(["']?)([A-Za-z0-9._~+/=-]{16,})\2\s*(?:#.*)?""")


class Tokens(msgspec.Struct, frozen=True):
    """`appservice` is what the importer shows to the homeserver; `homeserver` the way back, which
    nothing uses, for the homeserver pushes nothing to an importer."""

    appservice: str
    homeserver: str

    def __repr__(self) -> str:
        return "Tokens(...)"


def registration_path(config: Config, folder: Path) -> Path:
    return folder / Path(config.registration).expanduser()


def read_tokens(path: Path) -> Tokens:
    """The tokens of a registration.

    Raises UsageError where there is no such file, or not each token once.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            "matrix-registration-missing",
            f"There is no registration at {path}.",
            "Run `chat-migrate plan` once: it writes the file and says how to install it.",
        ) from None
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            "matrix-registration-unreadable",
            f"The registration at {path} cannot be read.",
            "Make it readable, or delete it and run `chat-migrate plan` for a fresh one.",
        ) from None
    found = [match for line in text.splitlines() if (match := _TOKEN.fullmatch(line.strip()))]
    tokens = {match[1]: match[3] for match in found}
    if len(found) != 2 or len(tokens) != 2:
        raise UsageError(
            "matrix-registration-unreadable",
            f"The registration at {path} does not hold one as_token and one hs_token.",
            "Put back the file that the homeserver has, or delete it for a fresh one.",
        )
    return Tokens(tokens["as_token"], tokens["hs_token"])


def write_registration(
    config: Config, path: Path, fresh: Callable[[], str] = lambda: secrets.token_urlsafe(32)
) -> bool:
    """Write the registration for `config`, with the tokens that stand there or fresh ones.

    Returns whether the file changed. It is readable by its owner alone, and replaced whole.
    """
    tokens = read_tokens(path) if path.exists() else Tokens(fresh(), fresh())
    text = registration_text(config, tokens)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        path.chmod(0o600)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
    return True


def registration_text(config: Config, tokens: Tokens) -> str:
    """The registration as YAML. JSON's strings are YAML's, so `json.dumps` quotes."""
    server = re.escape(config.server_name)
    prefix = re.escape(config.prefix)
    return f"""\
# Lets chat-migrate write in the names of the people it brings from Slack, and of nobody else.
# Keep it secret: whoever has the as_token can act as every one of them.
id: {json.dumps(f"chat-migrate-{config.prefix}")}
url: null
as_token: {json.dumps(tokens.appservice)}
hs_token: {json.dumps(tokens.homeserver)}
sender_localpart: {json.dumps(config.sender_localpart)}
rate_limited: false
namespaces:
  users:
    - exclusive: true
      regex: {json.dumps(f"@{prefix}_.*:{server}")}
  aliases:
    - exclusive: true
      regex: {json.dumps(f"#{prefix}_.*:{server}")}
  rooms: []
"""


def install_steps(path: Path, changed: bool) -> Sequence[str]:
    """What the homeserver's admin does with the file at `path`."""
    first = "Copy" if changed else "If you have not yet: copy"
    return (
        f"{first} {path} to the homeserver, readable by the homeserver alone.",
        "Add these lines to its homeserver.yaml:",
        "    app_service_config_files:",
        f"      - /path/on/the/homeserver/{path.name}",
        "Restart the homeserver.",
    )
