"""Text as it was, on a real Synapse: a message of every construct that exports hold, brought in by
the command line, read back as an admin, its HTML parsed by other people's parsers. What a reader
sees there is what the message's tree says, and no client would take anything out of it."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.conformance.workspace import Said, Workspace
from mappings.names import Name, SlackNames
from mappings.nodes import visible_text
from migrate.model import Key, Message
from migrate.source import parse
from tests.live.migration import Migration, assert_clean, assert_sums
from tests.live.readback import Event, Room
from tests.live.synapse import Synapse
from tests.mappings.readers import html_words, squeeze
from tests.mappings.test_html import sanitized, structure

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("synapse")]

CONSTRUCTS = Path(__file__).parents[2] / "examples" / "constructs.py"
MISSING = "a message that its author's row in users.csv leaves out"


class Told(Workspace):
    """Beside it lies what some tools add: a list of the user groups."""

    def write(self, folder: Path) -> Path:
        path = super().write(folder)
        groups = [{"id": "S2", "handle": "devs"}]
        (path / "usergroups.json").write_text(json.dumps(groups), encoding="utf-8")
        return path


class Brought(msgspec.Struct, frozen=True):
    """What was planned, and the channel as the homeserver holds it. `known` is a message that links
    lead to; `records` are the constructs as they stand in the export, by ts."""

    migration: Migration
    losses: dict[str, int]
    room: Room
    known: Said
    records: dict[str, Message]

    def event(self, ts: str) -> Event:
        (event,) = [event for event in self.room.events if event.slack == ts]
        return event


@pytest.fixture(scope="module")
def brought(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    folder = tmp_path_factory.mktemp("text")
    workspace = Told()
    ann, gone = workspace.person("ann"), workspace.person("gone")
    general = workspace.channel("general", ann, gone)
    known, left_out = general.say(ann, "the first word"), general.say(gone, MISSING)
    stamps = {"1469781868": known.ts, "1469868268": left_out.ts, "U1": ann, "C1": general.id}
    records: dict[str, Message] = {}
    for record in _constructs(stamps):
        said = general.say(ann, "")
        said.record.update(record | {"ts": said.ts})
        if record.get("subtype") != "tombstone":
            key = Key("T00000001", general.id, said.ts)
            records[said.ts] = parse(json.dumps(said.record).encode(), key)
    migration = Migration(synapse.config(), folder, workspace.write(folder / "export"))
    _configure(migration.folder, gone)
    planned = migration.command("plan")
    assert planned.exit in (0, 1), planned.fields
    ran = migration.command("run")
    assert ran.exit in (0, 1), (ran.fields, ran.errors)
    assert_sums(ran.fields)
    assert_clean(migration.command("verify"))
    losses = {loss["code"]: loss["count"] for loss in planned.fields["losses"]}
    room = migration.rooms(synapse.admin)[general.id]
    return Brought(migration, losses, room, known, records)


def _constructs(stand_ins: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The records of the page of renderings, with this workspace's own ids and times."""
    spec = importlib.util.spec_from_file_location("constructs", CONSTRUCTS)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for cases in module.GROUPS.values():
        for _, record in cases:
            yield json.loads(
                re.sub(r"p?14698?\d+[.]?000005|\b[UC]1\b", _Put(stand_ins), json.dumps(record))
            )


class _Put:
    """Writes an id, a ts or a permalink's stamp of this workspace for one of the page's."""

    def __init__(self, stand_ins: dict[str, str]) -> None:
        self._stand_ins = stand_ins

    def __call__(self, match: re.Match[str]) -> str:
        found = match[0]
        if found in self._stand_ins:
            return self._stand_ins[found]
        ts = self._stand_ins[found.lstrip("p")[:10]]
        return f"p{ts.replace('.', '')}" if found.startswith("p") else ts


def _configure(project: Path, gone: str) -> None:
    toml = project / "migration.toml"
    text = toml.read_text()
    assert 'notices = "drop"' in text
    toml.write_text(text.replace('notices = "drop"', 'notices = "keep"'))
    (project / "mappings" / "emoji.csv").write_text(
        "name,action,target,note\nship,map,\N{SHIP},\n", encoding="utf-8"
    )
    users = project / "mappings" / "users.csv"
    lines = users.read_text().splitlines()
    lines = [line.replace(",ghost,", ",skip,") if gone in line else line for line in lines]
    users.write_text("\n".join(lines) + "\n")


class There(SlackNames):
    """What everybody and everything is called at the homeserver, found out without the adapter."""

    def __init__(self, brought: Brought) -> None:
        self._room = brought.room.ref
        self._place = brought.known.place.id
        self._person = brought.known.author
        self._stamp = brought.known.ts.replace(".", "")
        self._event = brought.event(brought.known.ts).ref

    def person(self, id: str, label: str) -> Name:
        return Name("@ann") if id == self._person else super().person(id, label)

    def channel(self, id: str, label: str) -> Name:
        return Name("#general") if id == self._place else super().channel(id, label)

    def group(self, id: str, label: str) -> Name:
        return super().group(id, label or {"S2": "devs"}.get(id, ""))

    def emoji(self, name: str) -> str | None:
        return "\N{SHIP}" if name == "ship" else None

    def message(self, url: str) -> str | None:
        places = (f"/archives/{self._place}", "/archives/general", f"id={self._place}")
        if not any(place in url for place in places):
            return None
        room = f"https://matrix.to/#/{self._room}"
        return f"{room}/{self._event}" if self._stamp in url.replace(".", "") else room


def test_every_construct_arrived(brought: Brought) -> None:
    assert len(brought.records) > 55
    assert {event.slack for event in brought.room.events} == {brought.known.ts, *brought.records}


def test_what_is_seen_is_what_the_tree_says(brought: Brought) -> None:
    names = There(brought)
    for ts, message in brought.records.items():
        event = brought.event(ts)
        # A name that a bot chose for one message stands before it, for clients that know no better.
        lead = squeeze(f"{message.author_name}: ") if message.author_name else ""
        seen = html_words(event.html) if event.html else squeeze(event.body)
        assert seen == lead + squeeze(visible_text(message.body, names)), (event.body, event.html)


def test_no_client_takes_anything_out(brought: Brought) -> None:
    shown = [event.html for event in brought.room.events if event.html]
    assert len(shown) > 30
    for html in shown:
        whole = f"<div>{html}</div>".replace(" data-mx-profile-fallback", "")
        assert structure(sanitized(whole)) == structure(whole), html


def test_nobody_is_called(brought: Brought) -> None:
    assert {json.dumps(event.calls) for event in brought.room.events} == {"{}"}


def test_kinds(brought: Brought) -> None:
    kinds = {
        ts: {"message": "m.text", "emote": "m.emote", "notice": "m.notice"}[message.kind]
        for ts, message in brought.records.items()
    }
    assert {ts: brought.event(ts).type for ts in brought.records} == kinds
    assert set(kinds.values()) == {"m.text", "m.emote", "m.notice"}


def test_the_plan_named_what_is_lost(brought: Brought) -> None:
    assert brought.losses["link-to-conversation"] == 1
    assert brought.losses["matrix-custom-emoji"] == 1
    assert {"date-fixed", "address-dropped", "image-linked", "color-dropped"} <= set(brought.losses)
    assert not {"underline-dropped", "columns-dropped"} & set(brought.losses)


def test_custom_emoji_were_proposed(brought: Brought) -> None:
    lines = (brought.migration.folder / "mappings" / "emoji.csv").read_text().splitlines()
    assert lines == ["name,action,target,note", "ship,map,\N{SHIP},", "ohayo,create,,in 1 message"]
