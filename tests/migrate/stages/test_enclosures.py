"""What a message shows of its files: those that travel, short texts, and lines for all others."""

from pathlib import Path

import pytest

from adapters.conformance.workspace import Said, Shared, Workspace
from mappings.names import SlackNames
from mappings.nodes import Heading, Link, Paragraph, Preformatted, Text, visible_text
from migrate.model import Message
from migrate.stages.bodies import body_of
from migrate.stages.reading import MessageReader
from migrate.store import messages, people
from tests.migrate.stages.trial import Trial, small_workspace

LINK = {"files.missing": "link"}


def read(trial: Trial, said: Said) -> Message:
    """The message as it is planned."""
    with trial.store() as store:
        number = people.conversation_numbers(store)[said.place.id]
        row = messages.row(store, number, said.micros)
        assert row is not None
        return MessageReader(store, "T00000001").read(row, said.place.id)


def planned(
    folder: Path, *fetched: bool, content: bytes = b"body", **record: object
) -> tuple[Message, list[Shared]]:
    """A message with a file for each of `fetched`, which tells whether its body is there."""
    workspace, general, ann, _ = small_workspace()
    files = [
        workspace.file(ann, f"file{n}.py", content, **record)  # type: ignore[arg-type]  # one of them is `mimetype`
        for n in range(len(fetched))
    ]
    said = general.say(ann, "look").attach(*files)
    trial = Trial(folder, workspace, settings=LINK)
    trial.fetch(*(file for file, there in zip(files, fetched, strict=True) if there))
    trial.plan()
    return read(trial, said), files


def test_files_that_travel_stay_with_the_message(tmp_path: Path) -> None:
    message, files = planned(tmp_path, True, False, True)
    assert [file.id for file in message.files] == [files[0].id, files[2].id]
    assert message.files[0].size == len(b"body")
    assert visible_text(message.body, SlackNames()) == "look\n\N{PAPERCLIP} file1.py"
    _, line = message.body.blocks
    assert line == Paragraph(
        (
            Text("\N{PAPERCLIP} "),
            Link(str(files[1].record["permalink"]), (Text("file1.py"),)),
        )
    )


@pytest.mark.parametrize(
    ("filetype", "language"),
    [("python", "python"), ("text", ""), ("c++", "c++"), ("Not A Word", ""), ("", "")],
)
def test_short_snippet_is_a_block_of_its_own(tmp_path: Path, filetype: str, language: str) -> None:
    message, _ = planned(
        tmp_path, True, content=b"a = 1\r\nb = 2\n", mode="snippet", filetype=filetype
    )
    assert message.files == ()
    assert message.body.blocks[1:] == (
        Paragraph((Text("\N{PAPERCLIP} file0.py"),)),
        Preformatted("a = 1\nb = 2", language),
    )


def test_long_snippet_travels(tmp_path: Path) -> None:
    message, _ = planned(tmp_path, True, content=b"x" * 8_001, mode="snippet")
    assert len(message.files) == 1
    assert len(message.body.blocks) == 1


def test_canvas_stands_in_the_text_and_travels(tmp_path: Path) -> None:
    message, _ = planned(
        tmp_path, True, content=b"<h1>Plan</h1><p>First.</p>", mode="quip", title="The plan"
    )
    assert len(message.files) == 1
    assert message.body.blocks[1] == Heading((Text("The plan"),))
    assert "First." in visible_text(message.body, SlackNames())


@pytest.mark.parametrize(
    ("name", "mode", "called"),
    [
        ("", "quip", "Plan 1.2.html"),
        ("notes", "post", "notes.html"),
        ("notes.txt", "post", "notes.txt"),
        ("Makefile", "hosted", "Makefile"),
    ],
)
def test_written_text_gets_a_name_to_open_it_by(
    tmp_path: Path, name: str, mode: str, called: str
) -> None:
    workspace, general, ann, _ = small_workspace()
    file = workspace.file(ann, name, b"<p>", mode=mode, title="Plan 1.2", mimetype="text/html")
    said = general.say(ann, "look").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    trial.plan()
    (travelling,) = read(trial, said).files
    assert travelling.name == called
    with trial.store() as store:
        body = body_of(store, file.id)
        assert body is not None
        assert body.file.name == called


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("tombstone", "file0.py (deleted in Slack)"),
        ("hidden_by_limit", "file0.py (hidden by Slack's limit)"),
        ("external", "file0.py"),
        ("list", "file0.py"),
        ("a-mode-of-tomorrow", "file0.py"),
    ],
)
def test_line_of_a_file_that_does_not_travel(tmp_path: Path, mode: str, line: str) -> None:
    message, _ = planned(tmp_path, False, mode=mode)
    assert message.files == ()
    assert visible_text(message.body, SlackNames()) == f"look\n\N{PAPERCLIP} {line}"


def test_what_slack_told_later_wins_over_a_stub(tmp_path: Path) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    stub = workspace.file(ann, "", b"body", mode="file_access", file_access="check_file_info")
    for name in ("name", "title", "mimetype"):
        stub.record[name] = None
    said = workspace.channel("general", ann).say(ann, "from afar").attach(stub)
    trial = Trial(tmp_path, workspace)
    trial.fetch_body(stub.id, b"body", "image/png")
    with trial.storing() as store:
        store.db.execute(
            "UPDATE file SET data = json_set(data, '$.name', 'far.png') WHERE id = ?", (stub.id,)
        )
    trial.plan()
    (file,) = read(trial, said).files
    assert (file.name, file.mimetype, file.size) == ("far.png", "image/png", 4)
