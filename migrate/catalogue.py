"""What every code of ours means, whichever stage finds it; adapters bring the meanings of their
own."""

from migrate.findings import Catalogue, Meaning
from migrate.slack.codes import CODES as SLACK_CODES
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
    "member-late": Meaning(
        "warning",
        "Somebody belongs to a conversation now whom no further archive can bring into it.",
        "Let them in at the target by hand.",
    ),
    "leaving-not-sent": Meaning(
        "warning",
        "Somebody has left a conversation in Slack since an archive brought them into it.",
        "Take them out at the target by hand.",
    ),
    "deletion-not-sent": Meaning(
        "warning",
        "A message that the target has was deleted in Slack since.",
        "Delete it at the target by hand where it must go.",
    ),
    "late-order": Meaning(
        "warning",
        "The target shows messages in the order in which they come, and has later ones of the same"
        " conversation already: these will stand behind them, each with its right time.",
    ),
    "delta-rewritten": Meaning(
        "note",
        "An archive was finished before: it is made anew as a whole, for a target that has taken"
        " nothing yet.",
        "A target that has taken the earlier one must be emptied first, or it gets everything"
        " twice. If it is to live on and its adapter can go on there, say so in migration.toml"
        " before the next run: afterwards it is the new archive alone that can be gone on from.",
    ),
    "delta-sent": Meaning(
        "note",
        "What is new since the archive is sent message by message into the living target that has"
        " taken it.",
    ),
    # What goes on from an archive to a living target.
    "archive-unchecked": Meaning(
        "blocker",
        "This project made an archive and is to go on at a living target, where nobody has looked"
        " yet what stands of it.",
        "Once the archive is imported, run `chat-migrate plan --check`.",
    ),
    "archive-unfinished": Meaning(
        "blocker",
        "The archive of this project is not finished, so that nobody can go on from it.",
        "Put the way of migration.toml back as it was and run once more; or make a new project.",
    ),
    "archive-left": Meaning(
        "blocker",
        "This project has gone on at the living target: what was sent there is in no archive.",
        "Put the way of migration.toml back as it was, or make a new project for a fresh target.",
    ),
    "archive-directory-closed": Meaning(
        "blocker",
        "The target does not tell who and what is there, so that nobody can find again what the"
        " archive brought.",
        "Mend what the other findings say, then run `chat-migrate plan --check`.",
    ),
    "archive-account-missing": Meaning(
        "blocker",
        "The target lacks an account that the archive brought, or has several of its name.",
        "Give it back the name or the address that it came with, then run `chat-migrate plan"
        " --check`; or make a new project.",
    ),
    "archive-conversation-missing": Meaning(
        "blocker",
        "The target lacks a conversation that the archive brought, or it has another name there.",
        "Give it back the name that it came with, then run `chat-migrate plan --check`; or make a"
        " new project.",
    ),
    "archive-conversation-closed": Meaning(
        "warning",
        "The target does not tell of a conversation that came archived, so that nothing new can"
        " come into it.",
        "Open it at the target, then run `chat-migrate plan --check`, if it is to go on.",
    ),
    "archive-conversation-opened": Meaning(
        "blocker",
        "A private conversation that the archive brought has been opened to everybody since, and"
        " what is new in Slack would be open too.",
        "Close it at the target, then run `chat-migrate plan --check`.",
    ),
    "archive-taken-over": Meaning(
        "note", "Messages that the archive brought were found again at the target."
    ),
    "archive-unseen": Meaning(
        "note",
        "Messages that the archive brought stand where the importing account cannot look: they"
        " count as done, links lead to their conversation, and verify leaves them unchecked.",
        "Let the importing account into the private conversations, then run `chat-migrate plan"
        " --check`; nobody can let it into direct talk.",
    ),
    "archive-message-missing": Meaning(
        "warning",
        "Messages of the archive are not at the target, where the rest of their conversation is:"
        " people have deleted or changed them there, or another archive was imported than the last"
        " one that this project made. They count as done and are not sent again.",
        "Are they more than people can have changed, import the last archive into a fresh target,"
        " or make a new project for one.",
    ),
    "message-unseen": Meaning(
        "warning",
        "Something new belongs to a message of the archive that the importing account cannot see.",
    ),
    "files-missing": Meaning(
        "blocker",
        "Bodies of files have not been fetched from Slack.",
        'Run `chat-migrate fetch`, or set files.missing = "link" to bring links instead.',
    ),
    "files-in-export": Meaning(
        "note",
        "Bodies of files lie in the export itself.",
        "`chat-migrate fetch` takes them without any network.",
    ),
    "audience-would-widen": Meaning(
        "blocker",
        "mappings/channels.csv opens a private conversation to everybody, or leads it into one that"
        " people can read who could not read it in Slack.",
        "Take the `no` out of its column `private`, or map it elsewhere. If you mean it and it is"
        " no direct conversation, write `no` there and plan with --widen-audience.",
    ),
    "audience-widened": Meaning(
        "warning", "A private channel is opened to more people, as --widen-audience asked for."
    ),
    "conversation-turned-private": Meaning(
        "blocker",
        "A conversation that is open to everybody at the target has become private since.",
        "Close it at the target and write `skip` into its row of mappings/channels.csv.",
    ),
    "accounts-found": Meaning(
        "note",
        "People whose e-mail address an account at the target has were mapped to it in users.csv;"
        " the column `note` says so.",
        "Look through these rows. An account is used as it is, nothing of it is changed.",
    ),
    "account-exists": Meaning(
        "blocker",
        "An account stands at the target under the name or the e-mail address of one that would be"
        " made; nobody's account is written over.",
        "Write `map` and its name into the row of mappings/users.csv, or another name into the"
        " column `target`; then plan with --check.",
    ),
    "conversation-exists": Meaning(
        "blocker",
        "A conversation stands at the target under the name of one that would be made.",
        "Write `map` and its name into the row of mappings/channels.csv, or another name into the"
        " column `target`; then plan with --check.",
    ),
    "map-target-missing": Meaning(
        "blocker",
        "A mapping file names an account or a conversation that the target does not have.",
        "Mend the column `target`, or make what it names; then plan with --check.",
    ),
    "person-map-not-taken": Meaning(
        "blocker",
        "users.csv maps a person to an existing account, which this target cannot do as it is"
        " configured.",
        "Write `ghost`, `merge` or `skip` into the column `action`, or give migration.toml what the"
        " target needs for it.",
    ),
    "person-create-not-taken": Meaning(
        "blocker",
        "users.csv asks for an account that its owner can sign in to, which this target cannot"
        " make.",
        "Write `ghost`, `merge` or `skip` into the column `action`.",
    ),
    "conversation-map-not-taken": Meaning(
        "blocker",
        "channels.csv maps a conversation onto an existing one, which this target cannot do as it"
        " is configured, or not with a direct conversation.",
        "Write `create` or `skip` into the column `action`.",
    ),
    # Why a record is skipped.
    "excluded": Meaning("note", "Left out by the filters of migration.toml."),
    "conversation-skipped": Meaning("note", "Left out by mappings/channels.csv."),
    "person-skipped": Meaning("note", "Left out with its author, by mappings/users.csv."),
    "conversation-merged": Meaning(
        "note", "At the target this conversation is one with another; its messages are there."
    ),
    "person-merged": Meaning("note", "This person writes as the one they are merged into."),
    "notice-dropped": Meaning(
        "note", "Joins, topic changes and the like stay behind.", 'Set source.notices = "keep".'
    ),
    "deleted": Meaning("note", "Deleted in Slack."),
    "reactions-not-kept": Meaning("warning", "The target does not keep these reactions."),
    "pins-not-kept": Meaning("warning", "The target has no pinned messages."),
    "reaction-merged": Meaning(
        "note", "The same person's reaction with what is the same emoji at the target."
    ),
    "reaction-mapped": Meaning(
        "warning",
        "A reaction of somebody who has an account at the target already: there, nobody but its"
        " owner can react with it.",
        "Nothing can be done, unless users.csv has `create` for them and they go without that"
        " account.",
    ),
    "file-linked": Meaning(
        "warning", "The body was not fetched; the message links to it.", "The link ends with Slack."
    ),
    "file-external": Meaning("note", "Slack never had the body; the message links to its place."),
    "file-deleted": Meaning("note", "Deleted in Slack; the message says so."),
    "file-hidden-by-limit": Meaning(
        "warning", "Hidden by the limit of Slack's free plan; the message says so."
    ),
    "file-inlined": Meaning("note", "A short text: it stands in its message, whole."),
    "file-unused": Meaning("note", "The messages that had it stay behind, and so does the file."),
    "file-too-large": Meaning(
        "warning",
        "A file is larger than the target takes; the message links to it.",
        "Raise the target's limit and run `chat-migrate plan --check` before the link ends with"
        " Slack.",
    ),
    "files-not-kept": Meaning(
        "warning",
        "The target takes no files; the messages link to them.",
        "The links end with Slack.",
    ),
    "file-mapped-direct": Meaning(
        "warning",
        "A file that people shared in direct talk alone who have accounts at the target already:"
        " there, nobody but they could bring it, so its messages link to it.",
        "Let them upload it before the link ends with Slack; its body lies in the project's folder"
        " `files`.",
    ),
    "file-without-place": Meaning(
        "warning",
        "No message mentions a file, such as a canvas, and the export does not say where it"
        " belongs; it stays behind.",
        "`chat-migrate fetch` keeps its body in the project's folder `files`.",
    ),
    "avatar-late": Meaning(
        "note",
        "A picture came after its account was brought, and no further archive may change it.",
    ),
    # What comes beside the messages.
    "file-late": Meaning(
        "note", "A file comes after its message was sent: as a reply in the message's thread."
    ),
    "bookmarks-listed": Meaning(
        "note", "The bookmarks of a conversation are listed there in a message of their own."
    ),
    "bookmarks-not-kept": Meaning(
        "warning", "Nobody belongs to a conversation in whose name its bookmarks could be listed."
    ),
    "group-members-not-kept": Meaning(
        "note",
        "User groups keep their names in the text; who belonged to them is not brought over.",
    ),
    # Why a body is not there, and what else `fetch` finds.
    "file-without-url": Meaning(
        "warning", "The export names a file without saying where it lies, so it was not fetched."
    ),
    "upload-differs": Meaning(
        "warning",
        "A body that lies in the export has another size than Slack says; it was not taken.",
        "Slack itself is asked for it, where there is a token.",
    ),
    "slack-no-token": Meaning(
        "warning",
        "No Slack token is at hand, so what needs one was not fetched.",
        "Make the app of examples/slack-app-manifest.yaml, put its token into the environment"
        " variable that slack.token_env names, and run fetch again.",
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
    "message-unsure": Meaning(
        "error",
        "A reaction's message may have arrived or not, and the target cannot be asked.",
        "Look for the message at the target.",
    ),
    "pieces-unplanned": Meaning(
        "error",
        "A message needs more pieces than were planned for it; nothing of it was sent.",
        "Run `chat-migrate plan` and then run again; if it stays so, please report it.",
    ),
    "file-failed": Meaning(
        "error",
        "The target did not take a file; its message was sent without it.",
        "Run again: the file comes as a reply to its message.",
    ),
    "body-lost": Meaning(
        "error",
        "A body has gone from the project's folder `files`, or was changed there.",
        "Run `chat-migrate fetch`, `plan` and `run`.",
    ),
    "piece-failed": Meaning("error", "An earlier piece of the message failed.", "Run again."),
    "seal-waits": Meaning(
        "error",
        "A message failed, so the conversation's pins and its closing wait.",
        "Run again.",
    ),
    # Findings of verify.
    "record-missing": Meaning("error", "Something that was sent is not at the target."),
    "record-different": Meaning("error", "Something at the target is not as it was sent."),
    "record-duplicate": Meaning("error", "Something is at the target twice."),
    "record-extra": Meaning("error", "Something at the target bears our mark, and was not sent."),
    "file-missing": Meaning(
        "error", "A file that was sent is not at the target, or not with its message."
    ),
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
    return {**SOURCE_CODES, **SLACK_CODES, **CORE, **(adapter.codes if adapter else {})}


def meaning(code: str, known: Catalogue) -> Meaning:
    """The meaning of a code; one that nobody explains is a warning that says so."""
    return known.get(code) or Meaning("warning", f"No explanation for {code!r} is installed.")
