"""From the light markup of the dialogues to what Slack keeps of a message: the `text` with its
escapes and <...> tokens, and beside it the `rich_text` blocks."""

import re
from collections.abc import Mapping

from acme.cast import Person, Place, Record

_TOKEN = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<url>https?://[^|>\s]+)(?:\|(?P<label>[^>]+))?>"
    r"|(?<![\w&])@(?P<user>[a-z.]+[a-z])"
    r"|(?<![\w&])#(?P<place>[a-z][a-z-]+)"
    r"|!(?P<range>here|channel|everyone)\b"
    r"|:(?P<emoji>[a-z+][a-z0-9_+-]*|100):"
    r"|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
    r"|(?<!\w)~(?P<strike>[^~\n]+)~(?!\w)"
)
_FENCE = re.compile(r"\n?```(.+?)```\n?", re.DOTALL)
_STYLES = {"bold": "*", "italic": "_", "strike": "~", "code": "`"}
_BULLET, _NUMBER, _QUOTE = "• ", re.compile(r"\d+\. "), "> "


class Composer:
    """Composes messages that mention the given people and conversations."""

    def __init__(self, people: Mapping[str, Person], places: Mapping[str, Place]) -> None:
        self._people = people
        self._places = places

    def compose(self, markup: str) -> tuple[str, list[Record]]:
        """The `text` and the `blocks` of a message."""
        texts: list[str] = []
        elements: list[Record] = []
        for n, piece in enumerate(_FENCE.split(markup)):
            if n % 2:
                texts.append(f"```{escape(piece)}```")
                elements.append(_element("preformatted", [_text(piece)], border=0))
            elif piece:
                text, more = self._compose_lines(piece.split("\n"))
                texts.append(text)
                elements += more
        return "\n".join(texts), [{"type": "rich_text", "block_id": "Qx1", "elements": elements}]

    def _compose_lines(self, lines: list[str]) -> tuple[str, list[Record]]:
        texts: list[str] = []
        elements: list[Record] = []
        for line in lines:
            kind, rest, mark = _sort_line(line)
            text, inline = self._compose_inline(rest)
            texts.append(mark + text)
            last = elements[-1] if elements else {}
            if kind in ("bullet", "ordered"):
                item = _element("section", inline)
                items = last.get("elements")
                if last.get("style") == kind and isinstance(items, list):
                    items.append(item)
                else:
                    elements.append(_element("list", [item], style=kind, indent=0, border=0))
            elif last.get("type") == f"rich_text_{kind}":
                held = last["elements"]
                assert isinstance(held, list)
                held += [_text("\n"), *inline]
            else:
                elements.append(_element(kind, inline))
        return "\n".join(texts), elements

    def _compose_inline(self, words: str) -> tuple[str, list[Record]]:
        texts: list[str] = []
        elements: list[Record] = []
        end = 0
        for match in _TOKEN.finditer(words):
            made = self._compose_token(match)
            if made is None:
                continue
            if plain := words[end : match.start()]:
                texts.append(escape(plain))
                elements.append(_text(plain))
            texts.append(made[0])
            elements.append(made[1])
            end = match.end()
        if plain := words[end:]:
            texts.append(escape(plain))
            elements.append(_text(plain))
        return "".join(texts), elements

    def _compose_token(self, match: re.Match[str]) -> tuple[str, Record] | None:
        kind, value = match.lastgroup or "", match.group(match.lastgroup or 0)
        if kind == "label":
            kind, value = "url", match["url"]
        if kind == "user" and value in self._people:
            person = self._people[value].id
            return f"<@{person}>", {"type": "user", "user_id": person}
        if kind == "place" and value in self._places:
            place = self._places[value].id
            return f"<#{place}|{value}>", {"type": "channel", "channel_id": place}
        if kind == "range":
            return f"<!{value}>", {"type": "broadcast", "range": value}
        if kind == "emoji":
            return f":{value}:", {"type": "emoji", "name": value}
        if kind == "url":
            label = match["label"]
            link: Record = {"type": "link", "url": value} | ({"text": label} if label else {})
            return f"<{escape(value)}{'|' + escape(label) if label else ''}>", link
        if mark := _STYLES.get(kind):
            return f"{mark}{escape(value)}{mark}", _text(value) | {"style": {kind: True}}
        return None


def escape(text: str) -> str:
    """Slack escapes these three and nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _sort_line(line: str) -> tuple[str, str, str]:
    """What kind of line it is, its words, and the mark that `text` shows before them."""
    if line.startswith(_BULLET):
        return "bullet", line[len(_BULLET) :], _BULLET
    if number := _NUMBER.match(line):
        return "ordered", line[number.end() :], number.group()
    if line.startswith(_QUOTE):
        return "quote", line[len(_QUOTE) :], "&gt; "
    return "section", line, ""


def _element(kind: str, elements: list[Record], **more: object) -> Record:
    return {"type": f"rich_text_{kind}", "elements": elements} | more


def _text(words: str) -> Record:
    return {"type": "text", "text": words}
