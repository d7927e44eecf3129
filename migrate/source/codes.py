"""What the reader's findings and losses mean. Their wording lives here alone; where they
come up lives with whoever reads the member or the record."""

from types import MappingProxyType

from migrate.findings import Catalogue, Meaning

_AGAIN = "Download the export again; if it stays so, ask Slack."

CODES: Catalogue = MappingProxyType(
    {
        # The archive.
        "member-outside": Meaning(
            "warning",
            "A file's path leads out of the archive; it was ignored.",
            "Ask whoever made the archive why: Slack writes no such paths.",
        ),
        "member-duplicate": Meaning(
            "note",
            "Files of one name lie in the archive several times; every day among them is read.",
        ),
        "member-unknown": Meaning("note", "A file that is not part of an export was left alone."),
        "member-too-large": Meaning(
            "error",
            "A file of more than 512 MB is no day of messages and was not read.",
            "Look at it; if it is one, split it into several days' files.",
        ),
        "member-unreadable": Meaning(
            "error", "A file could not be read from this disk.", "Check permissions and the disk."
        ),
        "member-damaged": Meaning(
            "error",
            "A file in the archive is damaged; what it held is not brought over.",
            _AGAIN,
        ),
        "member-method": Meaning(
            "error",
            "A file is packed in a way that is not understood, so it was not read.",
            "Unpack the archive with the tool that packed it, and name the folder.",
        ),
        "manifest-mismatch": Meaning(
            "warning", "The archive holds less than its own manifest says.", _AGAIN
        ),
        "workspace-mixed": Meaning(
            "error",
            "The archives are of different workspaces.",
            "Make a project for each workspace.",
        ),
        # Root files.
        "root-file-absent": Meaning(
            "note",
            "This kind of conversation is not in the export at all.",
            "If it should be, ask Slack for an export of all conversations.",
        ),
        "root-file-empty": Meaning("note", "A list of the export is there, but empty."),
        "root-file-broken": Meaning(
            "error",
            "A list of the export is not readable; what it listed is not known.",
            _AGAIN,
        ),
        "root-file-unknown": Meaning("note", "A root file of unknown purpose was left alone."),
        "person-without-id": Meaning("warning", "A record of a person has no id and was ignored."),
        "conversation-without-id": Meaning(
            "warning", "A record of a conversation has no id and was ignored."
        ),
        "conversation-empty": Meaning(
            "note", "A conversation is listed, but nothing was said in it."
        ),
        "members-missing": Meaning(
            "warning",
            "The export does not say who belongs to a conversation.",
            "Add an export that lists them; until then nobody is let in whom you do not name.",
        ),
        "pin-of-file": Meaning("note", "A pinned file cannot be told from the message around it."),
        "pin-unreadable": Meaning("note", "A pin does not say which message it holds."),
        "folder-shared": Meaning(
            "warning",
            "Two conversations have the same name and so the same folder; what lies there goes to "
            "the one that fewer people read.",
            "Rename one of them in Slack and export again.",
        ),
        "folder-without-entry": Meaning(
            "warning",
            "A folder of messages belongs to no listed conversation; it becomes a private one.",
            "Find out what it was, and say in channels.csv where it goes and who may read it.",
        ),
        "shared-elsewhere": Meaning(
            "note", "A conversation shared by several workspaces belongs to another one."
        ),
        "shared-unclaimed": Meaning(
            "warning",
            "A conversation shared by several workspaces does not say whose it is and is left out.",
            "If it is this workspace's, ask Slack for an export of the workspace alone.",
        ),
        # Day files.
        "day-broken": Meaning(
            "error", "A day's file is no readable JSON; its messages are not brought over.", _AGAIN
        ),
        "day-empty": Meaning("note", "A day's file holds no messages."),
        "day-misplaced": Meaning(
            "warning",
            "Days of messages lie outside the export's folders and were not read.",
            "Name the folder that holds them as an export of its own, with its users.json.",
        ),
        # Records.
        "record-no-object": Meaning("warning", "A record is no message and was left out."),
        "ts-missing": Meaning(
            "warning", "A record has no time, which is its identity; it was left out."
        ),
        "ts-invalid": Meaning(
            "warning", "A record's time is none, and it is its identity; it was left out."
        ),
        "thread-ts-invalid": Meaning(
            "warning", "A reply does not say of which thread; it stands by itself."
        ),
        "author-missing": Meaning("warning", "A message does not say who wrote it."),
        "subtype-unknown": Meaning(
            "note", "A message of a kind that is not known was taken as an ordinary one."
        ),
        "edit-without-text": Meaning(
            "note", "An entry of an edit does not carry the new text; the message itself has it."
        ),
        "deletion-without-ts": Meaning(
            "warning", "An entry of a deletion does not say which message was deleted."
        ),
        "reaction-people-missing": Meaning(
            "note", "Slack counts more people under a reaction than it names; those named are kept."
        ),
        "file-without-id": Meaning("warning", "A file has no id and was left out."),
        "file-check-info": Meaning(
            "note",
            "A file comes from another organisation, and the export does not describe it.",
            "Its body has to be asked for in Slack; the message says that a file was there.",
        ),
        "file-access-denied": Meaning("note", "Slack's export had no access to a file."),
        "file-not-found": Meaning("note", "Slack no longer has a file that a message names."),
        # Losses.
        "message-empty": Meaning(
            "note", "A message has neither words nor files nor anything else."
        ),
    }
)
