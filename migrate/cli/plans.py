"""A plan in words: the screen that a person sees first, and the page in the project's reports."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from migrate.cli.progress import size, words_of
from migrate.cli.reply import Problem
from migrate.cli.screens import (
    HONESTY,
    findings,
    lines_of,
    number,
    page,
    paragraph,
    table,
    written,
)
from migrate.findings import Catalogue
from migrate.report import PlanPage, Section, write_json, write_page
from migrate.report import render_plan as render
from migrate.runner import PlanSummary, Project

_FINE = "None."

SHOWN = 10
"""Renamed conversations on the screen."""


def show_plan(summary: PlanSummary, known: Catalogue, reports: Sequence[Path], next: str) -> str:
    """The screen. `next` is the command that would carry the plan out."""
    return page(
        _verdict(summary),
        paragraph(HONESTY),
        table(_facts(summary)),
        table(_counts(summary.counts)),
        _renames(summary),
        findings("Blockers", lines_of(summary.blockers, known), ""),
        findings("Lost or changed on the way", lines_of(summary.losses, known), ""),
        findings("Findings", lines_of(summary.findings, known), ""),
        written(reports),
        "" if summary.blockers else f"Nothing has been sent. To carry it out:\n  {next}",
    )


def write_plan(
    project: Project, summary: PlanSummary, known: Catalogue, fields: Mapping[str, object]
) -> list[Path]:
    """Write plan.html and plan.json into the project's reports."""
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    shown = PlanPage(
        title=f"The plan for {project.folder.resolve().name}",
        verdict=_verdict(summary),
        honesty=HONESTY,
        facts=[*_facts(summary), ("made", made)],
        counts=[(name, value) for name, value, *_ in _counts(summary.counts)],
        renames=[(rename.name, rename.target) for rename in summary.renames],
        sections=[
            Section("Blockers", lines_of(summary.blockers, known), _FINE),
            Section("Lost or changed on the way", lines_of(summary.losses, known), _FINE),
            Section("Findings", lines_of(summary.findings, known), _FINE),
        ],
    )
    return [
        write_page(project.reports, "plan.html", render(shown)),
        write_json(project.reports, "plan.json", fields),
    ]


def blocked(summary: PlanSummary, known: Catalogue) -> Problem | None:
    """What a script is told of a plan that cannot be run."""
    if not summary.blockers:
        return None
    first = lines_of(summary.blockers, known)[0]
    return Problem(first.code, first.text, first.advice)


def _verdict(summary: PlanSummary) -> str:
    if summary.blockers:
        return "This plan cannot be run yet: see the blockers."
    return "This is the plan. Nothing has been sent."


def _facts(summary: PlanSummary) -> list[tuple[str, str]]:
    return [
        ("target", summary.target),
        ("digest", summary.digest),
        ("will take about", _time(summary)),
    ]


def _time(summary: PlanSummary) -> str:
    """How long it takes, and why where it is the server that bids to wait."""
    estimate = summary.estimate
    words = words_of(estimate.seconds)
    if not estimate.calls_a_minute:
        return words
    return (
        f"{words}, at the {number(estimate.calls_a_minute)} calls a minute that the server allows"
    )


def _renames(summary: PlanSummary) -> str:
    """The first of the renamed conversations; the page has them all."""
    if not summary.renames:
        return ""
    rows = [(rename.name, f"becomes {rename.target}") for rename in summary.renames[:SHOWN]]
    more = len(summary.renames) - SHOWN
    rest = f"\n  and {number(more)} more, in plan.html" if more > 0 else ""
    return f"Renamed\n{table(rows)}{rest}"


def _counts(counts: Mapping[str, object]) -> list[tuple[str, str]]:
    """The plan's counts as rows; what has parts shows those that are not zero."""
    rows = []
    for name, value in counts.items():
        if isinstance(value, Mapping):
            parts = [
                f"{number(count)} {_PARTS.get(part, part)}"
                for part, count in value.items()
                if count
            ]
            rows.append((name, ", ".join(parts) or "none"))
        elif isinstance(value, int) and (value or name != "file_bytes"):
            shown = size(value) if name == "file_bytes" else number(value)
            rows.append((_NAMES.get(name, name), shown))
    return rows


_NAMES = {"pieces": "in pieces", "file_bytes": "size of files"}
_PARTS = {
    "create": "made",
    "map": "mapped",
    "merge": "merged",
    "ghost": "that nobody can sign in to",
    "skip": "skipped",
    "made_private": "made private",
    "send": "sent",
    "change": "changed",
    "already": "already there",
    "link": "as links",
}
