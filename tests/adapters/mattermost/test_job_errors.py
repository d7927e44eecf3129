"""A job's error in words for whoever runs the migration: which record, why, what to do."""

from pathlib import Path

import pytest

from adapters.mattermost.answers import Job
from adapters.mattermost.job_errors import explain, slack_key
from tests.adapters.mattermost.served_archives import channel, post, team, user, write_archive

# As live servers wrote them, 11.6 with the words before the dash.
TOLD = "Error during job execution. — BulkImport: "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Some users not found", "an account that is named there"),
        ("Some teams not found", "a team or a channel"),
        ('Channel with name "General" could not be found', "a team or a channel"),
        (
            "Unable to import team membership because no more members are allowed in that team",
            "as many members as it may have",
        ),
        ("importUser: An account with that email already exists.", "the same e-mail address"),
        (
            "importMultiplePostLines: Unable to save the Post., failed to save Post: pq: invalid"
            ' byte sequence for encoding "UTF8": 0x00',
            "its database refused",
        ),
        ("Post Message property is longer than the maximum permitted length.", "as the server"),
        ("Username is not valid.", "as the server wants it"),
        ("Invalid file ids. Note that uploads are limited to 10 files maximum.", "a file"),
        ("Error reading the file at: data/x.png", "a file"),
    ],
)
@pytest.mark.parametrize("before", ["", TOLD])
def test_causes(tmp_path: Path, text: str, words: str, before: str) -> None:
    path = write_archive(tmp_path / "acme.zip", team())
    job = Job(id="j1", status="error", data={"error": before + text, "line_number": "0"})
    fatal = explain(job, path)
    assert words in fatal.message
    assert fatal.exit == 3
    assert "j1" in fatal.advice


def test_the_servers_own_words_are_not_passed_on(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "acme.zip", team())
    data = {"error": TOLD + 'Channel with name "salaries" could not be found', "line_number": "0"}
    fatal = explain(Job(id="j1", status="error", data=data), path)
    assert "salaries" not in fatal.message + fatal.advice


@pytest.mark.parametrize("data", [None, {}, {"line_number": "many"}, {"error": "what?"}])
def test_errors_that_say_nothing(tmp_path: Path, data: dict[str, str] | None) -> None:
    fatal = explain(Job(id="j1", status="error", data=data), tmp_path / "gone.zip")
    assert fatal.code == "mattermost-import-stopped"
    assert "without saying where" in fatal.message


def test_a_lines_slack_record(tmp_path: Path) -> None:
    path = write_archive(
        tmp_path / "acme.zip",
        team(),
        channel("plans", slack_id="C0PLANS"),
        user("ann", slack_id="U0ANN"),
        post("plans", "ann", 7),
    )
    keys = [slack_key(path, line) for line in range(8)]
    assert keys == ["", "", "", "C0PLANS", "U0ANN", "C1/7/0", "", ""]
    assert slack_key(tmp_path / "gone.zip", 3) == ""
