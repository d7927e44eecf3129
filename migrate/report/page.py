"""The plan as one HTML page: no script, nothing loaded from anywhere, readable on paper. What it
says is handed in as words and numbers; all of it is escaped."""

from collections.abc import Iterator, Sequence
from html import escape

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A finding or a loss in words: `text` is its sentence, `example` the place of the first."""

    code: str
    severity: str
    count: int
    text: str
    advice: str = ""
    example: str = ""


class Section(msgspec.Struct, frozen=True):
    """A headed list of findings; `empty` is what stands there where there are none."""

    title: str
    lines: Sequence[Line]
    empty: str


class PlanPage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page. `facts` and `counts` are rows of a name and its value, `renames` of a
    name in Slack and the one at the target."""

    title: str
    verdict: str
    honesty: str
    facts: Sequence[tuple[str, str]]
    counts: Sequence[tuple[str, str]]
    renames: Sequence[tuple[str, str]]
    sections: Sequence[Section]


_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
.verdict { font-weight: 600; }
.honesty { border-left: 4px solid #888; padding-left: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid #ccc; }
th[scope=row] { font-weight: normal; width: 16rem; }
.count { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.place { color: #555; font-size: .85rem; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_plan(page: PlanPage) -> str:
    """The whole page, from doctype to the end."""
    title = escape(page.title)
    body = [
        f"<h1>{title}</h1>",
        f'<p class="verdict">{escape(page.verdict)}</p>',
        f'<p class="honesty">{escape(page.honesty)}</p>',
        *_rows("The plan", page.facts),
        *_rows("What it brings", page.counts),
    ]
    if page.renames:
        body += _rows("Renamed", page.renames)
    for section in page.sections:
        body += _findings(section)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _rows(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2>\n<table>"
    for name, value in rows:
        yield f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
    yield "</table>"


def _findings(section: Section) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>"
    if not section.lines:
        yield f"<p>{escape(section.empty)}</p>"
        return
    yield (
        "<table>\n<thead><tr><th>Severity</th>"
        '<th class="count">Count</th><th>What</th></tr></thead>'
    )
    for line in section.lines:
        what = escape(line.text)
        if line.advice:
            what += f" {escape(line.advice)}"
        place = f"<code>{escape(line.code)}</code>"
        if line.example:
            place += f" first at {escape(line.example)}"
        yield (
            f'<tr><td>{escape(line.severity)}</td><td class="count">{line.count:,}</td>'
            f'<td>{what}<div class="place">{place}</div></td></tr>'
        )
    yield "</table>"
