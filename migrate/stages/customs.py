"""RESOLVE, for custom emoji: which ones shall be the target's too, which are shown as something
else, and which are other names of the same. What Slack told of them lies in the store, what a
person decided in emoji.csv; images and names at the target are `bodies`."""

from collections.abc import Iterator, Mapping

import msgspec

from mappings.emoji import follow, to_unicode
from mappings.overrides import EmojiRow
from migrate.errors import UsageError
from migrate.store import Store


class Customs(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of custom emoji, by their names: `shown` is what stands for those that are
    mapped, `created` the names that others wish for at the target, `aliases` leads to one of
    these. `text` is what a person decided, as far as it has an effect."""

    shown: dict[str, str]
    created: dict[str, str]
    aliases: dict[str, str]
    text: list[EmojiRow]


def decide_emoji(store: Store, rows: Mapping[str, EmojiRow]) -> Customs:
    """emoji.csv laid over what Slack told.

    Raises UsageError where one is mapped to nothing that can be shown."""
    shown = _mapped(rows)
    left = {name for name, row in rows.items() if row.action == "skip"}
    known: dict[str, str] = dict(store.db.execute("SELECT name, alias_of FROM emoji ORDER BY name"))
    created = {
        name: (rows[name].target if name in rows else "") or name
        for name, alias_of in known.items()
        if not alias_of and name not in shown and name not in left
    }
    aliases: dict[str, str] = {}
    for name, base in known.items():
        if base and name not in shown and name not in left:
            end = _end(known, base)
            if end in created:
                aliases[name] = end
            elif (words := shown.get(end) or to_unicode(end)) is not None:
                shown[name] = words
    decided = [row for row in rows.values() if row.action != "create" or row.target]
    return Customs(shown=shown, created=created, aliases=aliases, text=decided)


def known_emoji(store: Store) -> Iterator[EmojiRow]:
    """A row for each custom emoji that Slack told of."""
    for name, alias_of in store.db.execute("SELECT name, alias_of FROM emoji ORDER BY name"):
        yield EmojiRow(name=name, note=f"another name of {alias_of}" if alias_of else "")


def _mapped(rows: Mapping[str, EmojiRow]) -> dict[str, str]:
    """What to show for each custom emoji that emoji.csv maps, in the order of their names."""
    table = {name: row.target for name, row in sorted(rows.items()) if row.action == "map"}
    shown = follow(table)
    for name in table:
        if name not in shown:
            raise UsageError(
                "mapping-emoji-target",
                f"emoji.csv maps {name!r} to {table[name]!r}, which is neither an emoji nor a name"
                " of one, or leads back to itself.",
                "Write a character or a name such as `tada` into the column `target`.",
            )
    return shown


def _end(known: Mapping[str, str], name: str) -> str:
    """Where a chain of aliases ends; a ring ends where it began."""
    seen = {name}
    while (base := known.get(name, "")) and base not in seen:
        seen.add(base)
        name = base
    return name
