"""The commands. Each opens what it is given, calls the runner once and returns a reply; how replies
are printed is in `program`, what they say in `screens`."""

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from migrate import runner
from migrate.catalogue import catalogue
from migrate.cli import demonstration, plans, screens
from migrate.cli.installed import describe, explain_code, list_adapters
from migrate.cli.program import PROJECT, Program
from migrate.cli.reply import Problem, Reply, summarized
from migrate.cli.work import at_work
from migrate.config import parse_setting
from migrate.errors import UsageError
from migrate.report import write_json

app = typer.Typer(
    name="chat-migrate",
    cls=Program,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Moves a team's whole Slack history into a chat server that it hosts itself.",
    epilog="Every command takes --json: one object on stdout and nothing else there.",
)


def _note(context: typer.Context, project: Path) -> Path:
    context.meta[PROJECT] = project
    return project


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"chat-migrate {metadata.version('chat-migrate')}")
        raise typer.Exit


ProjectFolder = Annotated[
    Path, typer.Argument(metavar="PROJECT", help="The project's folder.", callback=_note)
]
Exports = Annotated[
    list[Path], typer.Argument(metavar="EXPORT...", help="Zips or folders, any number of them.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A key of migration.toml; repeatable."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")
]


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """What stands before a command."""


@app.command()
def inspect(
    exports: Exports,
    workspace: Annotated[
        str, typer.Option(metavar="ID", help="Which workspace of an Enterprise Grid export.")
    ] = "",
    json: AsJson = False,
) -> Reply:
    """Say what is in these archives. Needs no configuration and no network.

    \b
    chat-migrate inspect acme-export.zip
    """
    with at_work() as world:
        summary = runner.inspect(exports, world, workspace)
    return summarized(summary, summary.exit, screens.show_inspect(summary, catalogue()))


@app.command()
def init(
    project: ProjectFolder,
    exports: Exports,
    to: Annotated[str, typer.Option(metavar="ADAPTER", help="The target: see `adapters`.")],
    settings: Settings = None,
    json: AsJson = False,
) -> Reply:
    """Make a project. It holds a commented migration.toml and mapping files to look through.

    \b
    chat-migrate init acme acme-export.zip --to memory --set files.missing=link
    """
    with at_work() as world:
        summary = runner.init(project, exports, to, _parse(settings), world)
    text = screens.page(
        f"Made {project}: {summary.people} people, {summary.conversations} conversations.",
        f"Look through {project / 'migration.toml'} and the files in {project / 'mappings'}.",
        screens.numbered([*summary.next_steps, f"chat-migrate plan {project}"]),
    )
    return summarized(summary, summary.exit, text)


@app.command()
def fetch(
    project: ProjectFolder,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help=f"Fetch this alone: {', '.join(runner.TOPICS)}; repeatable.",
        ),
    ] = None,
    settings: Settings = None,
    json: AsJson = False,
) -> Reply:
    """Bring files, pictures and custom emoji from Slack. Run again, it goes on where it stopped.

    \b
    chat-migrate fetch acme
    """
    opened = _open(project, settings)
    topics = _choose(only or ())
    with at_work() as world:
        summary = runner.fetch(opened, world, topics)
    known = catalogue(opened.adapter)
    reply = summarized(summary, summary.exit, "")
    reports = [write_json(opened.reports, "fetch.json", reply.as_object())]
    text = screens.page(
        screens.show_fetch(summary, known, reports), f"Next:\n  chat-migrate plan {project}"
    )
    return msgspec.structs.replace(reply, text=text)


@app.command()
def plan(
    project: ProjectFolder,
    check: Annotated[
        bool, typer.Option("--check", help="Read the target too, and only read it.")
    ] = False,
    widen_audience: Annotated[
        bool,
        typer.Option("--widen-audience", help="Let mappings open private channels to everybody."),
    ] = False,
    settings: Settings = None,
    json: AsJson = False,
) -> Reply:
    """Show everything that `run` would do. Nothing is sent.

    \b
    chat-migrate plan acme
    """
    opened = _open(project, settings)
    with at_work() as world:
        summary = runner.plan(opened, world, check=check, widen=widen_audience)
    known = catalogue(opened.adapter)
    reply = summarized(summary, summary.exit, "", plans.blocked(summary, known))
    reports = plans.write_plan(opened, summary, known, reply.as_object())
    then = f"chat-migrate run {project} --plan {summary.digest}"
    text = plans.show_plan(summary, known, reports, then)
    return msgspec.structs.replace(reply, text=text)


@app.command()
def run(
    project: ProjectFolder,
    digest: Annotated[
        str, typer.Option("--plan", metavar="DIGEST", help="Carry out this plan and no other.")
    ] = "",
    stop_at: Annotated[
        str, typer.Option(metavar="HH:MM", help="End in good order at this local time.")
    ] = "",
    settings: Settings = None,
    json: AsJson = False,
) -> Reply:
    """Send what is planned. It can be stopped at any time and run again to continue.

    \b
    chat-migrate run acme
    """
    with at_work(stop_at=stop_at) as world:
        opened = _open(project, settings)
        summary = runner.run(opened, world, digest=digest)
    known = catalogue(opened.adapter)
    reply = summarized(summary, summary.exit, "")
    reports = [write_json(opened.reports, "run.json", reply.as_object())]
    return msgspec.structs.replace(reply, text=screens.show_run(summary, known, reports))


@app.command()
def verify(project: ProjectFolder, settings: Settings = None, json: AsJson = False) -> Reply:
    """Compare the target with what was sent. It is read back, record by record.

    \b
    chat-migrate verify acme
    """
    with at_work() as world:
        opened = _open(project, settings)
        summary = runner.verify(opened, world)
    known = catalogue(opened.adapter)
    problem = None
    if summary.exit:
        problem = Problem("verify-differs", screens.verify_verdict(summary), "See the findings.")
    reply = summarized(summary, summary.exit, "", problem)
    reports = [write_json(opened.reports, "verify.json", reply.as_object())]
    return msgspec.structs.replace(reply, text=screens.show_verify(summary, known, reports))


@app.command()
def stamp(
    project: ProjectFolder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the server wrote.")],
    settings: Settings = None,
    json: AsJson = False,
) -> Reply:
    """Take what only the target's server can tell, for the archive. Zulip asks for it from 10 on.

    \b
    chat-migrate stamp acme migration_status.json
    """
    with at_work() as world:
        summary = runner.stamp(_open(project, settings), file, world)
    text = screens.page(*summary.said, f"Next:\n  chat-migrate run {project}")
    return summarized(summary, summary.exit, text)


@app.command()
def status(project: ProjectFolder, settings: Settings = None, json: AsJson = False) -> Reply:
    """Say where a project stands. Works while a run is under way, too.

    \b
    chat-migrate status acme
    """
    with at_work() as world:
        summary = runner.status(_open(project, settings), world)
    return summarized(summary, summary.exit, screens.show_status(summary))


@app.command()
def adapters(json: AsJson = False) -> Reply:
    """List the targets and what each keeps.

    \b
    chat-migrate adapters
    """
    found = list_adapters()
    return Reply(fields={"adapters": msgspec.to_builtins(found)}, text=describe(found))


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="As a report or --json shows it.")],
    json: AsJson = False,
) -> Reply:
    """Say what a finding or a loss means.

    \b
    chat-migrate explain files-missing
    """
    means = explain_code(code)
    text = screens.page(
        f"{code}: {means.severity}", screens.paragraph(f"{means.text} {means.advice}".strip())
    )
    return Reply(fields={"code": code, **msgspec.structs.asdict(means)}, text=text)


@app.command()
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the homeserver running until Ctrl-C.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Work here, and leave everything there afterwards.")
    ] = None,
    json: AsJson = False,
) -> Reply:
    """Try it all. An example export goes into a Matrix homeserver that starts itself.

    \b
    chat-migrate demo
    """
    return demonstration.show(app, keep=keep, folder=folder, as_json=json)


def _open(project: Path, settings: list[str] | None) -> runner.Project:
    try:
        return runner.open_project(project, _parse(settings))
    except PermissionError as error:
        raise UsageError(
            "project-unreadable",
            f"{project} cannot be read: {error.strerror}.",
            "Run chat-migrate as the user who made the project.",
        ) from error


def _choose(words: Sequence[str]) -> tuple[runner.Topic, ...]:
    """The topics that --only names; all of them where it names none."""
    for word in words:
        if word not in runner.TOPICS:
            raise UsageError(
                "topic-unknown",
                f"--only {word} is nothing that could be fetched.",
                f"Choose from: {', '.join(runner.TOPICS)}.",
            )
    return tuple(topic for topic in runner.TOPICS if not words or topic in words)


def _parse(settings: list[str] | None) -> dict[str, object]:
    return dict(parse_setting(text) for text in settings or ())
