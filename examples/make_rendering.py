"""Writes rendering.md: every construct that Slack's messages are made of, its source in an export,
and what the targets show of it, side by side. It needs chat-migrate installed.

python examples/make_rendering.py             # writes examples/rendering.md
python examples/make_rendering.py --out FILE
"""

import argparse
import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from constructs import GROUPS, Case, Record
from mappings import html as matrix
from mappings import markdown
from mappings.losses import HTML, LINK, MARKDOWN, find
from mappings.names import Name, SlackNames
from migrate.model import Key
from migrate.source import parse

INTRO = """\
# How Slack's messages are rendered

Made by `make_rendering.py`; a test holds that it is fresh. Each row is a construct as it stands in
a Slack export, and what each target is sent for it. `U1` is Ann and `C1` the channel general at the
target, `S2` is told by a `usergroups.json`; `U9`, `C9`, `S9` and `:ohayo:` are known to nobody.
`:ship:` is mapped to a character in `mappings/emoji.csv`. The message of 29 July 2016 is at the
target, that of 30 July is left out. Where a target has no means for something, the last column
names the loss that the plan reports.
"""


class Target(SlackNames):
    """Names at one target. Broadcasts and mentions call nobody anywhere."""

    def __init__(self, kind: Literal["matrix", "mattermost", "zulip"]) -> None:
        self._kind = kind
        self.lost = False

    def person(self, id: str, label: str) -> Name:
        if id != "U1":
            return super().person(id, label)
        if self._kind == "matrix":
            return Name("@Ann", "https://matrix.to/#/@slack_u1:example.org")
        return Name("@Ann", markup="@ann" if self._kind == "mattermost" else "@_**Ann**")

    def channel(self, id: str, label: str) -> Name:
        if id != "C1":
            return super().channel(id, label)
        if self._kind == "matrix":
            return Name("#general", "https://matrix.to/#/!general")
        return Name("#general", markup="~general" if self._kind == "mattermost" else "#**general**")

    def group(self, id: str, label: str) -> Name:
        return super().group(id, label or ("devs" if id == "S2" else ""))

    def emoji(self, name: str) -> str | None:
        return "🚢" if name == "ship" else None

    def message(self, url: str) -> str | None:
        if not any(place in url for place in ("/archives/C1/", "/archives/general/", "id=C1")):
            return None
        exact = "1469781868" in url
        self.lost = self.lost or not exact
        if self._kind == "matrix":
            return "https://matrix.to/#/!general" + ("/$event" if exact else "")
        place = "https://chat.example.org/general"
        return f"{place}/1469781868" if exact else place


def write_page() -> str:
    """The page as it has to be."""
    return INTRO + "".join(line for title, cases in GROUPS.items() for line in _part(title, cases))


def _part(title: str, cases: list[Case]) -> Iterator[str]:
    yield f"\n## {title}\n\n<table>\n<tr>"
    for column in (
        "Construct",
        "Slack",
        "Matrix, HTML",
        "Matrix, plain",
        "Mattermost",
        "Zulip",
        "Losses",
    ):
        yield f"<th>{column}</th>"
    yield "</tr>\n"
    for name, record in cases:
        yield f'<tr valign="top"><td>{html.escape(name)}</td>'
        yield "".join(map(_cell, (_source(record), *_renderings(record))))
        yield "</tr>\n"
    yield "</table>\n"


def _renderings(record: Record) -> tuple[str, ...]:
    message = parse(json.dumps(record).encode(), Key("T1", "C1", "1469781868.000005"))
    body = message.body
    room = Target("matrix")
    shown = matrix.render(body, room)
    losses = [*message.losses, *([LINK] if room.lost else [])]
    here, there = (find(body, Target("matrix"), lacks) for lacks in (HTML, MARKDOWN))
    losses += [code if code in there else f"{code} (Matrix)" for code in here]
    losses += [f"{code} (Markdown)" for code in there if code not in here]
    return (
        shown.html or "(none: the plain text says it all)",
        shown.plain,
        markdown.render(body, Target("mattermost"), markdown.MATTERMOST),
        markdown.render(body, Target("zulip"), markdown.ZULIP),
        "\n".join(losses),
    )


def _source(record: Record) -> str:
    """The text alone where there is nothing else to tell; the fields that say something."""
    told = {
        key: value for key, value in record.items() if value and key not in ("type", "user", "ts")
    }
    if told.keys() == {"text"}:
        return json.dumps(record["text"], ensure_ascii=False)[1:-1].replace("\\n", "\n")
    return json.dumps(told, indent=1, ensure_ascii=False)


def _cell(text: str) -> str:
    # A blank line would end the table for a Markdown parser.
    shown = html.escape(text, quote=False).replace("\n\n", "\n&#10;").replace("\n\n", "\n&#10;")
    return f"<td><pre>{_safe(shown)}</pre></td>" if text else "<td></td>"


def _safe(text: str) -> str:
    """Characters that no page should hold, spelled out."""
    return "".join(
        char if char.isprintable() or char == "\n" else f"\\u{ord(char):04x}" for char in text
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("rendering.md"))
    arguments = parser.parse_args()
    arguments.out.write_text(write_page(), encoding="utf-8")
    print(f"Wrote {arguments.out}")


if __name__ == "__main__":
    main()
