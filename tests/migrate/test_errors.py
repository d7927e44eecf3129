"""Each family of errors with its exit code, and verdicts that are no ends."""

import pickle

import pytest

from migrate.errors import (
    BlockedError,
    ChatMigrateError,
    Fatal,
    Interrupted,
    Retry,
    Skip,
    UsageError,
)


@pytest.mark.parametrize(
    ("kind", "exit"),
    [
        (ChatMigrateError, 70),
        (UsageError, 2),
        (Fatal, 3),
        (BlockedError, 4),
        (Interrupted, 130),
    ],
)
def test_an_error_ends_with_its_code(kind: type[ChatMigrateError], exit: int) -> None:
    error = kind("code", "What is wrong.", "What to do.")
    assert (error.exit, error.code, error.message, error.advice) == (
        exit, "code", "What is wrong.", "What to do.",
    )  # fmt: skip
    assert str(error) == "What is wrong."


def test_retry_and_skip_do_not_end_a_command() -> None:
    """The engine alone catches them; were they errors of ours, they would pass as an ending."""
    assert not isinstance(Retry("busy"), ChatMigrateError)
    assert not isinstance(Skip("refused"), ChatMigrateError)
    assert (Retry("busy", 2.5).after, Retry("busy").after) == (2.5, 0.0)
    assert Skip("refused").code == "refused"


@pytest.mark.parametrize("kind", [UsageError, BlockedError, Fatal, Interrupted])
def test_an_error_crosses_from_one_process_into_another(kind: type[ChatMigrateError]) -> None:
    error = pickle.loads(pickle.dumps(kind("a-code", "What is wrong.", "What to do.")))
    assert (error.code, error.message, error.advice) == ("a-code", "What is wrong.", "What to do.")
    assert (str(error), error.exit) == ("What is wrong.", kind.exit)


def test_a_verdict_crosses_from_one_process_into_another() -> None:
    retry = pickle.loads(pickle.dumps(Retry("busy", 2.5)))
    assert (retry.code, retry.after) == ("busy", 2.5)
    assert pickle.loads(pickle.dumps(Skip("no"))).code == "no"
