"""What stands in a line of a canvas or a post: styles, links, and Quip's `<control>` elements,
which show people, conversations, emoji and dates. The blocks around it are `canvas`."""

import re
from collections.abc import Iterable, Iterator

from mappings import emoji
from mappings.elements import Element
from mappings.inline import parse_token
from mappings.names import SlackNames
from mappings.nodes import (
    Channel,
    Code,
    Emoji,
    Inline,
    Link,
    Person,
    Styled,
    StyleName,
    Text,
    inline_text,
)

_STYLES: dict[str, StyleName] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strike",
    "del": "strike",
    "strike": "strike",
    "u": "underline",
    "ins": "underline",
    "mark": "highlight",
}
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff]")
_BLANKS = re.compile(r"[ \t\r\n\f\v\xa0]+")
_AROUND_BREAK = re.compile(r" ?\n ?")
# Mentions as in messages, and names of emoji that stand free.
_SIGN = re.compile(r"<([@#!][^<>\s][^<>]*)>|(?<![\w:]):([a-z0-9_+'-]+):(?![\w:])")
_MENTION = re.compile(r"([@#])([UWBCDG][A-Z0-9]{2,})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLACEHOLDER = "_SLACK_FILE_ALT_PLACEHOLDER_"  # between a picture's name and its id, in its `alt`
_TOKEN = re.compile(r"(?<=[?&])\w+=xox[a-z]-[^&#]*&?")


def read_inlines(children: Iterable[Element | str], linked: bool = False) -> Iterator[Inline]:
    """`linked`: within a link, where no second one can stand."""
    for child in children:
        if isinstance(child, str):
            yield from _words(child)
        elif child.tag == "br":
            yield Text("\n")
        elif child.tag in _STYLES:
            if within := tuple(_merged(read_inlines(child.children, linked))):
                yield Styled(_STYLES[child.tag], within)
        elif child.tag in _CODE:
            if text := _collapsed(child.text()):
                yield Code(text)
        elif child.tag == "img":
            yield from _picture(child, linked)
        elif child.tag == "control" and (named := _control(child)) is not None:
            yield named
        elif child.tag in {"a", "lnk"}:
            yield from _link(child, linked)
        elif child.tag == "input" and child.get("type") == "checkbox":
            checked = "checked" in child.attributes
            yield Text("\N{BALLOT BOX WITH CHECK} " if checked else "\N{BALLOT BOX} ")
        else:
            yield from read_inlines(child.children, linked)


def _words(text: str) -> Iterator[Inline]:
    text = _collapsed(text)
    position = 0
    for match in _SIGN.finditer(text):
        node = parse_token(match[1]) if match[1] else _emoji(match[2], only_known=True)
        if node is None:
            continue
        if match.start() > position:
            yield Text(text[position : match.start()])
        yield node
        position = match.end()
    if position < len(text):
        yield Text(text[position:])


def _collapsed(text: str) -> str:
    return _BLANKS.sub(" ", _INVISIBLE.sub("", text))


def _control(element: Element) -> Inline | None:
    """Somebody, a conversation, an emoji; None: a date, a link, or another thing in words."""
    picture = element.find("img")
    if picture is not None and (name := emoji_name(picture)):
        return _emoji(name)
    return _mention(element.text())


def _mention(text: str) -> Inline | None:
    found = _MENTION.fullmatch(text.strip())
    if found is None:
        return None
    return Person(found[2]) if found[1] == "@" else Channel(found[2])


def _link(element: Element, linked: bool) -> Iterator[Inline]:
    url = address(element.get("href"))
    if not url and (named := _mention(element.text())) is not None:
        yield named
        return
    label = tuple(_merged(read_inlines(element.children, True)))
    if not url or linked:
        yield from label
        return
    words = inline_text(label, SlackNames()).strip()
    yield Link(url, label if words and words != url else ())


def _picture(element: Element, linked: bool) -> Iterator[Inline]:
    """A picture in a line: an emoji, or a link to it."""
    if name := emoji_name(element):
        if (node := _emoji(name)) is not None:
            yield node
        return
    url, title = address(element.get("src")), picture_title(element)
    if url and not linked:
        yield Link(url, (Text(title),) if title else ())
    elif title:
        yield Text(title)


def emoji_name(picture: Element) -> str:
    """The emoji that a picture shows, "" where it shows none."""
    drawn = "data-is-slack" in picture.attributes or "emoji" in picture.get("src").split("?")[0]
    return picture.get("alt").strip(": ") if drawn else ""


def picture_title(picture: Element) -> str:
    """The name under which a picture was put into a canvas."""
    return picture.get("alt").partition(_PLACEHOLDER)[0].strip()


def _emoji(written: str, only_known: bool = False) -> Inline | None:
    name, skin = emoji.split_tone(written)
    char = emoji.to_unicode(name, skin)
    return None if char is None and only_known else Emoji(name, char, skin)


def address(url: str) -> str:
    """An address without a live token in it; "" for one that leads nowhere by itself."""
    url = url.strip()
    return _TOKEN.sub("", url).rstrip("?&") if _SCHEME.match(url) else ""


def _merged(inlines: Iterable[Inline]) -> Iterator[Inline]:
    """Texts side by side as one, blanks around line breaks taken away."""
    text = ""
    for node in inlines:
        if isinstance(node, Text):
            text += node.text
            continue
        if text:
            yield Text(_AROUND_BREAK.sub("\n", text))
        text = ""
        yield node
    if text:
        yield Text(_AROUND_BREAK.sub("\n", text))


def tidy(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
    """A paragraph's inlines, without blanks at its ends; () where nothing is to be seen."""
    nodes = list(_merged(inlines))
    if nodes and isinstance(nodes[0], Text):
        nodes[0] = Text(nodes[0].text.lstrip())
    if nodes and isinstance(last := nodes[-1], Text):
        nodes[-1] = Text(last.text.rstrip())
    kept = tuple(node for node in nodes if not isinstance(node, Text) or node.text)
    return kept if inline_text(kept, SlackNames()).strip() else ()


def visible(text: str) -> str:
    """Text that keeps its line breaks, without characters that show nothing."""
    return _INVISIBLE.sub("", text).replace("\xa0", " ")
