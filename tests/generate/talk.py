"""What people say in a generated export: a pool of lines, each ready as Slack's `text` and as the
`blocks` that stand beside it, so that writing a message is only joining strings."""

import json
import random
import textwrap

import msgspec

MARK = "@@mark@@"
_SUBJECTS = [
    "the login page",
    "the nightly build",
    "our staging server",
    "the invoice export",
    "search",
    "the new onboarding",
    "the customer list",
    "the billing job",
    "the mobile app",
    "the docs",
    "the cache",
    "that flaky test",
    "the queue",
    "the migration",
    "the dashboard",
    "the newsletter",
]
_VERBS = [
    "looks good to me",
    "is slow again",
    "needs a second pair of eyes",
    "went out this morning",
    "is blocked on review",
    "fails on the second run",
    "works on my machine",
    "is done",
    "should wait until Monday",
    "was rolled back",
    "is better than I thought",
    "needs an owner",
]
_TAILS = [
    "I will have a look after lunch.",
    "Anybody else seeing this?",
    "Thanks!",
    "Let us talk about it tomorrow.",
    "No rush.",
    "Numbers are in the sheet.",
    "I left comments.",
    "Good catch.",
    "Shipping it now.",
    "Can somebody confirm?",
    "Tests are green.",
    "Customers will be happy.",
]
_EMOJI = ("tada", "thinking_face", "rocket", "sweat_smile", "eyes", "coffee")
_CODE = ("make test", "git rebase -i main", "SELECT 1;", "retry=3", "user.id != null")

Element = dict[str, object]


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of the pool. A message's marker goes where each pair is cut.

    `text` is the plain value up to the marker, `text_json` the same as JSON without quotes;
    `blocks_head` and `blocks_tail` are indented JSON.
    """

    text: str
    text_json: str
    blocks_head: str
    blocks_tail: str


def write_lines(size: int, people: list[str], places: list[str], rng: random.Random) -> list[Line]:
    """A pool of `size` different lines that mention the given people and conversations."""
    return [_write_line(people, places, rng) for _ in range(size)]


def indented(value: object, depth: int) -> str:
    """`value` as Slack writes JSON: four spaces a level, slashes escaped, ASCII only."""
    encoded = json.dumps(value, indent=4).replace("/", "\\/")
    return textwrap.indent(encoded, "    " * depth).lstrip()


def escaped(text: str) -> str:
    """`text` as the inside of a JSON string, the way Slack writes it."""
    return json.dumps(text)[1:-1].replace("/", "\\/")


def _write_line(people: list[str], places: list[str], rng: random.Random) -> Line:
    parts: list[tuple[str, Element]] = []
    for n in range(rng.choice((1, 1, 1, 2, 2, 3))):
        subject, verb = rng.choice(_SUBJECTS), rng.choice(_VERBS)
        lead = "" if n == 0 else " "
        parts.append(_plain(f"{lead}{subject[0].upper()}{subject[1:]} {verb}. "))
        if rng.random() < 0.4:
            parts.append(_ornament(people, places, rng))
            parts.append(_plain(" "))
        parts.append(_plain(rng.choice(_TAILS)))
    text = "".join(part for part, _ in parts)
    spoken = [element for _, element in parts]
    shape = rng.random()
    if shape < 0.04:
        code = "\n".join(rng.choices(_CODE, k=3))
        text += f"\n```{code}```\n"
        extra: Element = {"type": "rich_text_preformatted", "elements": [_words(code)], "border": 0}
        elements = [_section(spoken), extra, _section([_words(MARK)])]
    elif shape < 0.08:
        items = rng.sample(_SUBJECTS, 3)
        text += "\n" + "".join(f"• {item}\n" for item in items)
        extra = {"type": "rich_text_list", "style": "bullet", "indent": 0, "border": 0}
        extra["elements"] = [_section([_words(item)]) for item in items]
        elements = [_section(spoken), extra, _section([_words(MARK)])]
    else:
        text += " "
        elements = [_section([*spoken, _words(f" {MARK}")])]
    blocks = [{"type": "rich_text", "block_id": f"{rng.getrandbits(24):06x}", "elements": elements}]
    head, tail = indented(blocks, 2).split(MARK)
    return Line(text, escaped(text), head, tail)


def _section(elements: list[Element]) -> Element:
    """A section with neighbouring plain texts made one, as Slack's editor leaves them."""
    joined: list[Element] = []
    for element in elements:
        if joined and joined[-1].keys() == element.keys() == {"type", "text"}:
            joined[-1] = _words(f"{joined[-1]['text']}{element['text']}")
        else:
            joined.append(element)
    return {"type": "rich_text_section", "elements": joined}


def _ornament(people: list[str], places: list[str], rng: random.Random) -> tuple[str, Element]:
    match rng.randrange(8):
        case 0:
            person = rng.choice(people)
            return f"<@{person}>", {"type": "user", "user_id": person}
        case 1:
            place = rng.choice(places)
            return f"<#{place}|>", {"type": "channel", "channel_id": place}
        case 2:
            url = f"https://wiki.example.com/page/{rng.randrange(500)}?a=1&b=2"
            label = f"page {rng.randrange(500)}"
            return f"<{url.replace('&', '&amp;')}|{label}>", _words(label) | {
                "type": "link",
                "url": url,
            }
        case 3:
            word = rng.choice(("really", "not yet", "today"))
            return f"*{word}*", _words(word) | {"style": {"bold": True}}
        case 4:
            word = rng.choice(("maybe", "again", "soon"))
            return f"_{word}_", _words(word) | {"style": {"italic": True}}
        case 5:
            code = rng.choice(_CODE)
            return f"`{code}`", _words(code) | {"style": {"code": True}}
        case 6:
            name = rng.choice(_EMOJI)
            return f":{name}:", {"type": "emoji", "name": name}
        case _:
            return _plain(f"{rng.randrange(9)} < {rng.randrange(9, 99)} & counting")


def _plain(words: str) -> tuple[str, Element]:
    text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text, _words(words)


def _words(words: str) -> Element:
    return {"type": "text", "text": words}
