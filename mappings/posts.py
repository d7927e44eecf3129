"""Slack's posts, which came before canvases: JSON, HTML or plain text, read as elements. Which of
the three a post is has changed over the years, and so have the names of its lines."""

import json
import re

from mappings.elements import Element, read
from mappings.shape import record, string

_DEEPEST = 16

# What a post calls its lines where HTML has another name.
_TAGS = {
    "bullet": "li",
    "code": "pre",
    "divider": "hr",
    "heading": "h3",
    "link": "a",
    "paragraph": "p",
    "quote": "blockquote",
}


def read_post(text: str) -> Element:
    """The elements of a body, whatever it is written in. Any text gives some."""
    if text.startswith(("{", "[")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return read_lines(text)
        return _from_json(value)
    return read(text) if "<" in text else read_lines(text)


def read_lines(text: str) -> Element:
    """Plain text: a paragraph ends where a line is empty."""
    root = Element("div")
    for words in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
        paragraph = Element("p")
        for index, line in enumerate(words.strip().split("\n")):
            paragraph.children += [Element("br"), line] if index else [line]
        root.children.append(paragraph)
    return root


def _from_json(value: object) -> Element:
    """`full` is the whole as HTML; without it `root` holds the lines."""
    given = record(value)
    if full := string(given, "full"):
        return read(full) if "<" in full else read_lines(full)
    root = Element("div")
    root.children += [_line(line, 0) for line in _children(given.get("root", value))]
    return root


def _line(value: object, depth: int) -> Element | str:
    """One line or a part of one: its type, its text, then what lies below it."""
    if isinstance(value, str):
        return value
    given = record(value)
    kind = string(given, "type").lower() or "p"
    element = Element(_TAGS.get(kind, kind), {"href": string(given, "url", "href")})
    if given.get("checked") is True:
        element.attributes["class"] = "checked"
    if words := string(given, "text"):
        element.children.append(words)
    if depth < _DEEPEST:
        element.children += [_line(child, depth + 1) for child in _children(given)]
    return element


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        value = value.get("children")
    return value if isinstance(value, list) else []
