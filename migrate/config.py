"""The project's folder and its `migration.toml`: what the keys are called, how they are read,
filled from the command line and explained when they are wrong. Adapters bring their own `[target]`
keys."""

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from migrate.errors import UsageError
from migrate.model import ConversationKind
from migrate.registry import Registry
from migrate.spi import Adapter

CONFIG_NAME = "migration.toml"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SourceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[source]` table: which exports, and what of them."""

    exports: tuple[str, ...] = ()
    workspace: str = ""
    include: tuple[ConversationKind, ...] = ("public", "private", "dm", "group_dm", "file")
    channels: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    notices: Literal["drop", "keep"] = "drop"


class SlackConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[slack]` table, which `fetch` alone uses. `image_hosts` are never shown a token."""

    token_env: str = "SLACK_TOKEN"
    api_url: str = "https://slack.com/api/"
    file_hosts: tuple[str, ...] = ("slack.com", "files.slack.com")
    image_hosts: tuple[str, ...] = ("slack-edge.com", "gravatar.com", "wp.com")


class FilesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[files]` table: what happens to bodies that were not fetched."""

    missing: Literal["stop", "link"] = "stop"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A whole `migration.toml`. `target` is the adapter's own struct."""

    source: SourceConfig
    slack: SlackConfig
    files: FilesConfig
    target: Any


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """An opened project: its folder, its configuration and the adapter that this names."""

    folder: Path
    config: Config
    adapter: Adapter

    @property
    def exports(self) -> list[Path]:
        return [self.folder / path for path in self.config.source.exports]

    @property
    def mappings(self) -> Path:
        return self.folder / "mappings"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def store_path(self) -> Path:
        return self.folder / "state.db"


TEMPLATE = """\
# What chat-migrate moves, where, and how. Paths start at this file's folder; secrets are named by
# the environment variable that holds them and never stand here.

[source]
exports = {exports}  # zips or folders, any number
workspace = ""           # Enterprise Grid: which workspace
include = ["public", "private", "dm", "group_dm", "file"]  # kinds of conversation
channels = []            # names or ids; empty: all of these kinds
exclude = []             # names or ids left out
since = ""               # inclusive, ISO 8601, UTC where no zone is given
until = ""               # exclusive
notices = "drop"         # drop | keep: joins, topic changes and the like

[slack]                  # for `fetch` alone
token_env = "SLACK_TOKEN"
api_url = "https://slack.com/api/"
file_hosts = ["slack.com", "files.slack.com"]  # the token goes to these hosts and no other
image_hosts = ["slack-edge.com", "gravatar.com", "wp.com"]  # pictures and emoji, asked without it

[files]
missing = "stop"         # stop | link: bodies that were not fetched

[target]
adapter = {adapter}
{target}"""


def fill_template(adapter: Adapter, exports: Sequence[str], settings: Mapping[str, object]) -> str:
    """A commented `migration.toml` with `settings` (dotted keys) filled in.

    Raises UsageError where a setting names no key, or has a value that its key cannot hold.
    """
    text = TEMPLATE.format(
        exports=_toml(list(exports)), adapter=_toml(adapter.name), target=adapter.template
    )
    for key, value in settings.items():
        text = _fill(text, key, value)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            "config-broken",
            "A setting is of a kind that migration.toml has no place for.",
            "Give a text, a number, true, false or a list of texts.",
        ) from error
    _decode(table, adapter)
    return text


def write_config(folder: Path, text: str) -> None:
    """Write `migration.toml` (0600)."""
    path = folder / CONFIG_NAME
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def open_project(
    folder: Path, overrides: Mapping[str, object] | None = None, registry: Registry | None = None
) -> Project:
    """Read a project's configuration.

    Raises UsageError, in one sentence, for a missing folder or file, TOML that does not parse,
    unknown keys (naming the nearest known one), wrong values, and adapters that are not installed.
    """
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise UsageError(
            "no-project",
            f"{folder} is no chat-migrate project: it has no {CONFIG_NAME}.",
            "Make one with `chat-migrate init PROJECT EXPORT --to ADAPTER`.",
        )
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            "config-broken", f"{path} is not valid TOML: {error}.", "Mend that line, run again."
        ) from error
    for key, value in (overrides or {}).items():
        _put(table, key, value)
    target = table.get("target")
    name = target.get("adapter") if isinstance(target, dict) else None
    if not isinstance(name, str):
        raise UsageError(
            "config-broken",
            f'{path} names no target: `adapter = "..."` is missing in [target].',
            "Add it; `chat-migrate adapters` lists what is installed.",
        )
    adapter = (registry or Registry()).get(name)
    return Project(folder=folder, config=_decode(table, adapter), adapter=adapter)


def parse_setting(text: str) -> tuple[str, object]:
    """Split `KEY=VALUE`; the value is TOML where it parses as such, else a string."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(
            "setting-broken", f"`--set {text}` is not KEY=VALUE.", "Write --set files.missing=link."
        )
    try:
        parsed: object = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    return key.strip(), parsed


def moment(text: str, key: str) -> int:
    """Microseconds since the epoch of an ISO 8601 moment, UTC where it has no zone; 0 for ""."""
    if not text:
        return 0
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "config-broken",
            f"source.{key} is not a date: {text!r}.",
            "Write ISO 8601, such as 2024-05-31 or 2024-05-31T12:00:00+02:00.",
        ) from error
    since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - _EPOCH
    return since // timedelta(microseconds=1)


def _decode(table: dict[str, Any], adapter: Adapter) -> Config:
    known: dict[str, type[msgspec.Struct]] = {
        "source": SourceConfig,
        "slack": SlackConfig,
        "files": FilesConfig,
        "target": adapter.Config,
    }
    for name in table:
        if name not in known:
            raise _unknown_key(name, list(known))
    parts: dict[str, Any] = {}
    for name, kind in known.items():
        values = table.get(name, {})
        if not isinstance(values, dict):
            raise UsageError("config-broken", f"[{name}] is not a table.", "Mend migration.toml.")
        values = {
            key: _unquoted(value, kind, key)
            for key, value in values.items()
            if (name, key) != ("target", "adapter")
        }
        for key in values:
            if key not in kind.__struct_fields__:
                raise _unknown_key(f"{name}.{key}", [f"{name}.{k}" for k in kind.__struct_fields__])
        try:
            parts[name] = msgspec.convert(values, kind)
        except msgspec.ValidationError as error:
            raise UsageError(
                "config-broken", f"[{name}] in migration.toml: {error}.", "Mend it, run again."
            ) from error
    config = Config(**parts)
    since = moment(config.source.since, "since")
    until = moment(config.source.until, "until")
    if until and until <= since:
        raise UsageError(
            "config-broken", "source.until is not after source.since.", "Mend migration.toml."
        )
    return config


def _unquoted(value: object, kind: type[msgspec.Struct], key: str) -> object:
    """What TOML takes for a date or a number where somebody left the quotes of a text away."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        wanted = get_type_hints(kind).get(key)
        options = get_args(wanted) if get_origin(wanted) is Literal else ()
        if wanted is str or (options and all(isinstance(each, str) for each in options)):
            return str(value)
    return value


def _unknown_key(key: str, known: Sequence[str]) -> UsageError:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    advice = f"Did you mean `{near[0]}`?" if near else f"Known are: {', '.join(known)}."
    return UsageError("config-unknown-key", f"migration.toml has no key `{key}`.", advice)


def _put(table: dict[str, Any], dotted: str, value: object) -> None:
    *parents, last = dotted.split(".")
    for parent in parents:
        child = table.setdefault(parent, {})
        if not isinstance(child, dict):
            raise _unknown_key(dotted, [])
        table = child
    table[last] = value


def _toml(value: object) -> str:
    """TOML's writing of a bool, a number, a string or a list of them: JSON's, as it happens."""
    return msgspec.json.encode(value).decode()


def _fill(text: str, dotted: str, value: object) -> str:
    """Put a value behind its key, keeping the line's comment."""
    table, _, key = dotted.rpartition(".")
    lines = text.splitlines()
    here = ""
    for number, line in enumerate(lines):
        if line.startswith("["):
            here = line.partition("]")[0][1:]
        name, sign, rest = line.partition("=")
        if here == table and sign and name.strip() == key:
            comment = rest.partition("  # ")[2] or rest.partition("   # ")[2]
            lines[number] = f"{key} = {_toml(value)}" + (
                f"  # {comment.strip()}" if comment else ""
            )
            return "\n".join(lines) + "\n"
    known = [f"{t}.{k}" for t, keys in _keys(text).items() for k in keys]
    raise _unknown_key(dotted, known)


def _keys(text: str) -> dict[str, list[str]]:
    return {table: list(keys) for table, keys in tomllib.loads(text).items()}
