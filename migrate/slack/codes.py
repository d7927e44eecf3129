"""What it means when Slack does not give what was asked of it. Where each code comes up lies with
whoever asks."""

from types import MappingProxyType

from migrate.findings import Catalogue, Meaning

_TOKEN = (
    "Put the token of an app of your own, with the scope files:read, into the variable that"
    " slack.token_env names, then run fetch again."
)

CODES: Catalogue = MappingProxyType(
    {
        # Bodies.
        "body-sign-in": Meaning(
            "error",
            "Slack shows its sign-in page instead of a file: the token in the export has ended.",
            _TOKEN,
        ),
        "body-denied": Meaning("error", "The token at hand does not open a file.", _TOKEN),
        "body-gone": Meaning("warning", "Slack has a file no more, though the export names it."),
        "body-refused": Meaning(
            "error",
            "Slack refuses to give a file, for no reason that is known.",
            "Run fetch again.",
        ),
        "body-host": Meaning(
            "warning",
            "A file lies at an address that is none of Slack's; it was not asked for.",
            "If the host is to be trusted with the token, add it to slack.file_hosts.",
        ),
        "body-redirect": Meaning(
            "warning",
            "Slack leads on to an address that is none of its own; it was not followed.",
            "If the host is to be trusted with the token, add it to slack.file_hosts.",
        ),
        "body-size": Meaning(
            "error",
            "A file came with more or fewer bytes than Slack says it has, and was not kept.",
            "Run fetch again; if it stays so, download it by hand.",
        ),
        "body-failing": Meaning(
            "error",
            "A file broke off or met errors at every try; what came of it is kept.",
            "Run fetch again to go on with it.",
        ),
        # The Web API.
        "slack-scope-missing": Meaning(
            "warning",
            "The Slack token lacks a scope, so this was not fetched.",
            "Add the scope to the app, install it again, then run fetch again.",
        ),
        "slack-plan": Meaning("note", "The workspace's plan has no such thing."),
        "slack-token-kind": Meaning(
            "warning",
            "Slack gives this to another kind of token only.",
            "Use the app's bot or user token, which begins with xoxb or xoxp.",
        ),
        "slack-not-found": Meaning("note", "Slack does not know it, or not for this token."),
        "slack-refused": Meaning(
            "warning", "Slack refuses to answer, for no reason that is known.", "Run fetch again."
        ),
    }
)
