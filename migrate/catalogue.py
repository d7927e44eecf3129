"""What every code of ours means, whichever stage finds it; adapters bring the meanings of their
own."""

from migrate.findings import Catalogue, Meaning
from migrate.source.codes import CODES as SOURCE_CODES
from migrate.spi import Adapter

CORE: Catalogue = {
    # Findings of a plan.
    "duplicate-merged": Meaning(
        "note", "The same message stood in several places; the newest edit of it was kept."
    ),
    "thread-root-missing": Meaning(
        "note", "A thread's first message is not brought over; a placeholder stands for it."
    ),
    "thread-root-later": Meaning(
        "note", "A reply names a later message as its root; it is sent outside the thread."
    ),
    "edit-not-sent": Meaning(
        "warning",
        "A message that the target has was edited in Slack since.",
        "The target keeps the text that was sent; mend it there by hand where it matters.",
    ),
    "deletion-not-sent": Meaning(
        "warning",
        "A message that the target has was deleted in Slack since.",
        "Delete it at the target by hand where it must go.",
    ),
    "files-missing": Meaning(
        "blocker",
        "Bodies of files have not been fetched from Slack.",
        'Set files.missing = "link" to bring links instead of files.',
    ),
    "audience-would-widen": Meaning(
        "blocker",
        "mappings/channels.csv opens a private conversation to everybody.",
        "Take the `no` out of its column `private`, or, if you mean it and it is no direct"
        " conversation, plan with --widen-audience.",
    ),
    "audience-widened": Meaning(
        "warning", "A private channel is opened to everybody, as --widen-audience asked for."
    ),
    "conversation-turned-private": Meaning(
        "blocker",
        "A conversation that is open to everybody at the target has become private since.",
        "Close it at the target and write `skip` into its row of mappings/channels.csv.",
    ),
    "person-map-not-yet": Meaning(
        "blocker",
        "users.csv maps a person to an existing account, which this version cannot do.",
        "Write `ghost`, `merge` or `skip` into the column `action`.",
    ),
    "person-create-not-yet": Meaning(
        "blocker",
        "users.csv asks for an account that can sign in, which this version cannot make.",
        "Write `ghost`, `merge` or `skip` into the column `action`.",
    ),
    "conversation-map-not-yet": Meaning(
        "blocker",
        "channels.csv maps a conversation onto an existing one, which this version cannot do.",
        "Write `create` or `skip` into the column `action`.",
    ),
    # Why a record is skipped.
    "excluded": Meaning("note", "Left out by the filters of migration.toml."),
    "conversation-skipped": Meaning("note", "Left out by mappings/channels.csv."),
    "person-skipped": Meaning("note", "Left out with its author, by mappings/users.csv."),
    "person-merged": Meaning("note", "This person writes as the one they are merged into."),
    "notice-dropped": Meaning(
        "note", "Joins, topic changes and the like stay behind.", 'Set source.notices = "keep".'
    ),
    "deleted": Meaning("note", "Deleted in Slack."),
    "reactions-not-kept": Meaning("warning", "The target has no reactions."),
    "pins-not-kept": Meaning("warning", "The target has no pinned messages."),
    "reaction-merged": Meaning(
        "note", "The same person's reaction with what is the same emoji at the target."
    ),
    "file-linked": Meaning(
        "warning", "The body was not fetched; the message links to it.", "The link ends with Slack."
    ),
    "file-external": Meaning("note", "Slack never had the body; the message links to its place."),
    "file-deleted": Meaning("note", "Deleted in Slack; the message says so."),
    "file-hidden-by-limit": Meaning(
        "warning", "Hidden by the limit of Slack's free plan; the message says so."
    ),
    # Why an act failed.
    "root-failed": Meaning(
        "error", "The thread's first message failed, so its replies wait.", "Run again."
    ),
    "conversation-failed": Meaning(
        "error", "The conversation could not be made, so its messages wait.", "Run again."
    ),
    "author-failed": Meaning(
        "error", "The author's account could not be made or let in.", "Run again."
    ),
    "reaction-not-taken": Meaning("error", "The target takes no reactions after all."),
    "unsure": Meaning(
        "error",
        "The run ended while this was under way, and the target cannot be asked whether it came.",
        "Look for it at the target.",
    ),
    "pieces-unplanned": Meaning(
        "error",
        "A message needs more pieces than were planned for it; nothing of it was sent.",
        "Run `chat-migrate plan` and then run again; if it stays so, please report it.",
    ),
    "piece-failed": Meaning("error", "An earlier piece of the message failed.", "Run again."),
    "seal-waits": Meaning(
        "error",
        "A message failed, so the conversation's pins and its closing wait.",
        "Run again.",
    ),
    # Findings of verify.
    "member-missing": Meaning("error", "Somebody who belongs to a conversation is not in it."),
    "audience-wider": Meaning(
        "error", "Somebody can read a conversation who could not in Slack.", "Close it at once."
    ),
    "order-different": Meaning("error", "Messages stand in another order than in Slack."),
    "target-other": Meaning(
        "blocker",
        "This project was begun into another target.",
        "Point migration.toml at that one, or make a new project for this one.",
    ),
    # Losses of the text's own conversion.
    "link-to-conversation": Meaning(
        "note",
        "A link leads to a message that is not brought over; it leads to its conversation instead.",
    ),
    "underline-dropped": Meaning("note", "Underlined words are not underlined at the target."),
    "highlight-dropped": Meaning("note", "Highlighted words are not highlighted at the target."),
    "color-dropped": Meaning("note", "A card is shown as a quote, without its coloured bar."),
    "columns-dropped": Meaning("note", "Fields in two columns stand one below the other."),
    "image-linked": Meaning(
        "note", "A picture from elsewhere on the web is not fetched; there is a link to it."
    ),
    "date-fixed": Meaning(
        "note", "A time that Slack shows in each reader's own zone stands as fixed words."
    ),
    "address-dropped": Meaning(
        "note",
        "A link of a kind that the target does not allow, such as one into an app; its"
        " words are kept.",
    ),
    "block-unknown": Meaning(
        "note", "A block of a kind that Slack has added since; its fallback text is kept."
    ),
}


def catalogue(adapter: Adapter | None = None) -> Catalogue:
    """Every meaning by code, an adapter's own among them."""
    return {**SOURCE_CODES, **CORE, **(adapter.codes if adapter else {})}


def meaning(code: str, known: Catalogue) -> Meaning:
    """The meaning of a code; one that nobody explains is a warning that says so."""
    return known.get(code) or Meaning("warning", f"No explanation for {code!r} is installed.")
