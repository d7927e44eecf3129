"""What can go wrong, in two families: errors that end a command with one sentence and an exit code,
and the three verdicts by which an adapter decides what the engine does with a failed call."""


class ChatMigrateError(Exception):
    """Ends a command. `message` says what is wrong, `advice` what to do next.

    `code` is stable and for scripts; `exit` is the command's exit code.
    """

    exit = 70

    def __init__(self, code: str, message: str, advice: str = "") -> None:
        # All of them, so that an error crosses from one process into another.
        super().__init__(code, message, advice)
        self.code = code
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return self.message


class UsageError(ChatMigrateError):
    """Wrong usage, configuration or mapping file, an unreadable export: nothing was done."""

    exit = 2


class BlockedError(ChatMigrateError):
    """The plan has blockers, was never shown, or has changed since; nothing was written."""

    exit = 4


class Fatal(ChatMigrateError):
    """Verdict: the target, Slack or the local disk refuses; the run stops and can be continued.
    `refused`, which an adapter may set, says that the target has certainly not taken the call."""

    exit = 3
    refused = False


class Interrupted(ChatMigrateError):
    """Ctrl-C, SIGTERM or the hour that the user set; run again to continue."""

    exit = 130


class Retry(Exception):
    """Verdict: try the same call again, not before `after` seconds. `code` names the cause;
    `refused` says that the target has certainly not taken the call, so that nobody need ask."""

    def __init__(self, code: str, after: float = 0.0, refused: bool = False) -> None:
        super().__init__(code, after, refused)
        self.code = code
        self.after = after
        self.refused = refused


class Skip(Exception):
    """Verdict: this one act cannot be done; it fails with `code` and the run goes on."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
