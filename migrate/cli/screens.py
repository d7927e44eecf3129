"""What a person reads when a command has ended: sentences and small tables made of its summary. The
numbers are the runner's, the meanings of codes the catalogue's."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from migrate.catalogue import meaning
from migrate.cli.progress import size, words_of
from migrate.findings import SEVERITIES, Catalogue
from migrate.report import Line
from migrate.runner import FetchSummary, InspectSummary, RunSummary, StatusSummary, VerifySummary

WIDTH = 100

HONESTY = (
    "Imported history is stored as the target stores it, readable by that server's administrators; "
    "end-to-end encryption, where it is switched on, protects what is written afterwards."
)


class Coded(Protocol):
    """What findings and losses have in common."""

    @property
    def code(self) -> str: ...

    @property
    def count(self) -> int: ...

    @property
    def example(self) -> str: ...


def lines_of(coded: Iterable[Coded], known: Catalogue) -> list[Line]:
    """Findings or losses in words, the gravest first, the most frequent first among equals."""
    lines = []
    for each in coded:
        means = meaning(each.code, known)
        lines.append(
            Line(
                code=each.code,
                severity=means.severity,
                count=each.count,
                text=means.text,
                advice=means.advice,
                example=each.example,
            )
        )
    return sorted(lines, key=lambda line: (-SEVERITIES.index(line.severity), -line.count))


def show_inspect(summary: InspectSummary, known: Catalogue) -> str:
    counts = summary.counts
    rows = [
        ("people", number(counts.users), f"{counts.guests} guests, {counts.deactivated} have left"),
        ("bots", number(counts.bots), ""),
        ("outside people", number(counts.outside), "seen in messages only"),
        *(
            (f"{kind.replace('_', ' ')} conversations", number(count), "")
            for kind, count in msgspec.structs.asdict(counts.channels).items()
            if count
        ),
        ("messages", number(counts.messages), f"{counts.edited} edited"),
        ("threads", number(counts.threads), f"{counts.replies} replies"),
        ("notices", number(counts.notices), "joins, topic changes and the like"),
        ("reactions", number(counts.reactions), ""),
        ("pins", number(counts.pins), ""),
        ("files", number(sum(counts.files.values())), size(counts.file_bytes)),
    ]
    span = f"{day(summary.range.first)} to {day(summary.range.last)}"
    extras = [
        f"{name.replace('_', ' ').replace('-', ' ')}: {number(count)}"
        for name, count in summary.extras.items()
        if count and not hasattr(counts, name)
    ]
    return page(
        f"Messages from {span}." if summary.range.first else "No messages.",
        table(rows),
        paragraph("Beside the talk: " + ", ".join(extras) + ".") if extras else "",
        findings("Findings", lines_of(summary.findings, known), "Nothing found amiss."),
    )


def show_fetch(summary: FetchSummary, known: Catalogue, reports: Sequence[Path]) -> str:
    brought, found = sum(summary.fetched.values()), sum(summary.found.values())
    verdict = f"Fetched {number(brought)} bodies, {size(summary.bytes)}, in "
    verdict += f"{words_of(summary.seconds)}."
    if not found:
        verdict = "There are no bodies to fetch; all else that was asked for is in the project."
        if summary.findings:
            verdict = "There are no bodies to fetch, and not all else came: see the findings."
    elif not brought and not summary.refused:
        verdict = "Everything is here already."
    kinds = ("found", "fetched", "already")
    return page(
        verdict,
        by_kind({kind: getattr(summary, kind) for kind in kinds}) if found else "",
        findings("Not fetched", lines_of(summary.refused, known), ""),
        findings("Findings", lines_of(summary.findings, known), ""),
        written(reports),
    )


def show_run(summary: RunSummary, known: Catalogue, reports: Sequence[Path]) -> str:
    spent = words_of(summary.seconds)
    failed = sum(summary.failed.values())
    verdict = f"Done in {spent}."
    if failed:
        verdict = f"Done in {spent}, but {number(failed)} records failed; run again to try them."
    kinds = ("found", "sent", "already", "skipped", "failed")
    steps = [str(step) for step in (summary.artifact or {}).get("next_steps", ())]
    return page(
        verdict,
        by_kind({kind: getattr(summary, kind) for kind in kinds}),
        findings("Skipped and failed", lines_of(summary.reasons, known), ""),
        f"The archive: {summary.artifact['path']}" if summary.artifact else "",
        numbered(steps),
        written(reports),
    )


def show_verify(summary: VerifySummary, known: Catalogue, reports: Sequence[Path]) -> str:
    kinds = ("checked", "missing", "different", "extra", "duplicate", "unchecked")
    return page(
        paragraph(verify_verdict(summary)),
        by_kind({kind: getattr(summary, kind) for kind in kinds}),
        findings("Findings", lines_of(summary.findings, known), ""),
        written(reports),
    )


def verify_verdict(summary: VerifySummary) -> str:
    """The one sentence that matters."""
    where = "archive" if summary.against == "archive" else "server"
    if summary.audience_wider:
        many = number(summary.audience_wider)
        return f"Conversations that more people can read at the {where} than in Slack: {many}."
    wrong = {
        word: sum(getattr(summary, word).values())
        for word in ("missing", "different", "extra", "duplicate")
    }
    if any(wrong.values()):
        parts = [f"{number(count)} {word}" for word, count in wrong.items() if count]
        return f"The {where} does not hold what was sent: {', '.join(parts)}."
    if summary.exit:
        return f"The {where} holds every record, but something is wrong: see the findings."
    checked = number(sum(summary.checked.values()))
    verdict = (
        f"All is well: {checked} records were read back from the {where}. Nothing is missing, "
        "different, extra or duplicate, and nobody can read more than before."
    )
    left = [f"{number(count)} {kind}" for kind, count in summary.unchecked.items() if count]
    return f"{verdict} Not checked: {', '.join(left)}." if left else verdict


def show_status(summary: StatusSummary) -> str:
    if summary.running:
        state = "A command is working on it at this moment."
    elif any(summary.open.values()):
        state = "Some of it is still to be sent: see `open`."
    else:
        state = "Everything planned has been dealt with."
    if not summary.planned and not summary.running:
        state = "Nothing is planned yet."
    rows = [
        ("target", summary.target),
        ("export read", "yes" if summary.loaded else "no"),
        ("plan shown", summary.digest if summary.planned else "no"),
    ]
    kinds = ("found", "sent", "skipped", "failed", "open")
    return page(
        f"{summary.project}. {state}",
        table(rows),
        by_kind({kind: getattr(summary, kind) for kind in kinds}),
    )


def findings(title: str, lines: Sequence[Line], empty: str) -> str:
    """A table of findings: severity, count, sentence, code and the place of the first."""
    if not lines:
        return empty
    shown = [title]
    for line in lines:
        head = f"  {line.severity:<8} {number(line.count):>7}  "
        words = f"{line.text} {line.advice}".strip()
        shown.append(
            textwrap.fill(
                words,
                WIDTH,
                initial_indent=head,
                subsequent_indent=" " * len(head),
                break_on_hyphens=False,
            )
        )
        place = f"{line.code}, first at {line.example}" if line.example else line.code
        shown.append(" " * len(head) + place)
    return "\n".join(shown)


def by_kind(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Kinds of record down, what became of them across."""
    names = list(columns)
    kinds = list(columns[names[0]])
    rows = [["", *names]]
    rows += [[kind, *(number(columns[name].get(kind, 0)) for name in names)] for kind in kinds]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  "
        + row[0].ljust(widths[0])
        + "".join(f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Names to the left, values beside them; a column of numbers is ranged right."""
    columns = []
    for cells in zip(*rows, strict=True):
        width = max(map(len, cells))
        numeric = all(cell.replace(",", "").isdigit() for cell in cells)
        columns.append([cell.rjust(width) if numeric else cell.ljust(width) for cell in cells])
    return "\n".join(f"  {'  '.join(row)}".rstrip() for row in zip(*columns, strict=True))


def numbered(steps: Iterable[str]) -> str:
    """Next steps for a person; one that is indented belongs to the step before it."""
    shown: list[str] = []
    at = 0
    for step in steps:
        at += not step.startswith(" ")
        shown.append(f"     {step}" if step.startswith(" ") else f"  {at}. {step}")
    return "\n".join(shown)


def page(*parts: str) -> str:
    """Paragraphs with an empty line between them; empty ones are left out."""
    return "\n\n".join(part for part in parts if part)


def paragraph(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False)


def brief(text: str, most: int = 9) -> str:
    """A screen whose lists of findings are cut short after about `most` lines."""
    shown = []
    for part in text.split("\n\n"):
        lines = part.split("\n")
        listed = len(lines) > 1 and lines[1].startswith(tuple(f"  {each}" for each in SEVERITIES))
        if listed and len(lines) > most:
            heads = [at for at, line in enumerate(lines) if at and line[2:3].strip()]
            cut = max((at for at in heads if at <= most), default=most)
            rest = sum(at >= cut for at in heads)
            lines = [*lines[:cut], f"  ... and {rest} more kinds"]
        shown.append("\n".join(lines))
    return "\n\n".join(shown)


def written(paths: Sequence[Path]) -> str:
    return f"Written: {', '.join(map(str, paths))}" if paths else ""


def number(value: int) -> str:
    return f"{value:,}"


def day(ts: str) -> str:
    """The day of a Slack ts, in UTC."""
    try:
        return datetime.fromtimestamp(float(ts), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ts
