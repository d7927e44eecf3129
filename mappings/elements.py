"""HTML to a tree of elements, for reading and not for showing: every text gives one, of bounded
depth, in time that grows with its length alone. What the elements mean is `canvas`.

Not the standard library's parser: it takes minutes over a quarter of a megabyte of tags that never
end. What Slack serves is plain enough for two patterns.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

# Every part is possessive, and none reaches over a "<": no character is looked at often.
_TAG = re.compile(r"""<(/?)([A-Za-z][\w:-]*+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?""")
_DECLARATION = re.compile(r"<[!?][A-Za-z\[][^<>]*+>")
# Slack writes mentions as it does in messages, unescaped: `<@U123>`, `<!subteam^S1|@ops>`.
_TOKEN = re.compile(r"<(?=[@#]\w|!(?:here|channel|everyone|group|subteam|date)\b)")

_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_SILENT = frozenset("head noscript script style template title".split())
"""Elements whose text is not for readers."""

BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td "
    "tfoot th thead tr ul".split()
)
# What a tag ends that nobody ended, and where the search for it stops.
_ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "p": (frozenset({"p"}), BLOCKS),
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "tr": (frozenset({"tr", "td", "th"}), frozenset({"table"})),
    "td": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
    "th": (frozenset({"td", "th"}), frozenset({"table", "tr"})),
}

# Slack's own canvases stay below twenty. What lies deeper belongs to the deepest that is kept.
_DEEPEST = 32


class Element:
    """`children` are elements and texts, these with their character references undone. `blocky`
    tells whether anything below is a block."""

    __slots__ = ("attributes", "blocky", "children", "tag")

    def __init__(self, tag: str, attributes: dict[str, str] | None = None) -> None:
        self.tag = tag
        self.attributes = attributes or {}
        self.children: list[Element | str] = []
        self.blocky = False

    def get(self, name: str) -> str:
        """An attribute, "" where there is none."""
        return self.attributes.get(name, "")

    def find(self, tag: str) -> "Element | None":
        """The first element of this tag below, at any depth."""
        return next((each for each in self.walk() if each.tag == tag), None)

    def walk(self) -> "Iterator[Element]":
        """Every element below, in reading order."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def text(self) -> str:
        """All words below; `<br>` as a line break."""
        words = (
            child if isinstance(child, str) else "\n" if child.tag == "br" else child.text()
            for child in self.children
        )
        return "".join(words)


def read(html: str) -> Element:
    """The whole text below one element without a tag."""
    html = _DECLARATION.sub("", _TOKEN.sub("&lt;", _without_comments(html)))
    builder = _Builder()
    position = 0
    for match in _TAG.finditer(html):
        if match.start() > position:
            builder.words(html[position : match.start()])
        position = match.end()
        tag = match[2].lower()
        if match[1]:
            builder.end(tag)
        else:
            builder.start(tag, match[3])
    builder.words(html[position:])
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        self._too_deep = Counter[str]()
        self._silent = 0

    def start(self, tag: str, attributes: str) -> None:
        ends, barrier = _ENDS.get(tag, (frozenset(), frozenset()))
        if ends:
            self._close(ends, barrier)
        if len(self._open) > _DEEPEST and tag not in _VOID:
            self._too_deep[tag] += 1
            return
        element = Element(tag, _attributes(attributes))
        if not self._silent:
            self._open[-1].children.append(element)
        if tag in BLOCKS:
            self._mark_blocky()
        if tag not in _VOID:
            self._open.append(element)
            self._silent += tag in _SILENT

    def end(self, tag: str) -> None:
        """Ends the nearest element of this tag, and all that is open in it."""
        if self._too_deep[tag]:
            self._too_deep[tag] -= 1
            return
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at].tag == tag:
                self._cut(at)
                return

    def words(self, text: str) -> None:
        if text and not self._silent:
            self._open[-1].children.append(unescape(text))

    def _close(self, tags: frozenset[str], barrier: frozenset[str]) -> None:
        at = len(self._open)
        for index in range(len(self._open) - 1, 0, -1):
            tag = self._open[index].tag
            if tag in tags:
                at = index
            elif tag in barrier:
                break
        self._cut(at)

    def _cut(self, at: int) -> None:
        self._silent -= sum(element.tag in _SILENT for element in self._open[at:])
        del self._open[at:]

    def _mark_blocky(self) -> None:
        for element in reversed(self._open):
            if element.blocky:
                return
            element.blocky = True


def _attributes(text: str) -> dict[str, str]:
    """The last of one name counts; one without a value is its own."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found[name.lower()] = unescape(double or single or bare or "")
    return found


def _without_comments(html: str) -> str:
    kept, position = list[str](), 0
    while (start := html.find("<!--", position)) >= 0:
        end = html.find("-->", start + 4)
        if end < 0:
            break
        kept.append(html[position:start])
        position = end + 3
    return "".join((*kept, html[position:]))
