"""The meanings of the Zulip adapter's own findings and losses."""

from types import MappingProxyType

from adapters.zulip.directory.stamping import COMMAND
from adapters.zulip.imported.codes import SERVED_CODES
from adapters.zulip.organization.codes import SERVER_CODES
from adapters.zulip.text import BOT_NAME, CUSTOM_EMOJI, EDIT_MARK, SKIN_TONE, SPLIT
from migrate.findings import Catalogue, Meaning

CODES: Catalogue = MappingProxyType(
    {
        **SERVER_CODES,
        **SERVED_CODES,
        SPLIT: Meaning("note", "A message is longer than Zulip takes and becomes several."),
        CUSTOM_EMOJI: Meaning(
            "note",
            "A custom emoji without an image stands as its name, and as a question mark where"
            " somebody reacted with it.",
            "Run `chat-migrate fetch`, or name what stands for it in mappings/emoji.csv.",
        ),
        SKIN_TONE: Meaning("note", "Zulip keeps no skin tones of reactions."),
        BOT_NAME: Meaning(
            "note",
            "The name that a bot wrote under for one message stands before its words: Zulip shows"
            " one name for everything that a bot writes.",
        ),
        EDIT_MARK: Meaning(
            "note",
            "That a message was edited is not marked: over the API nobody can say so. Its last"
            " words are there.",
        ),
        "profile-unproven": Meaning(
            "warning",
            "The directory is written by what this version of Zulip says of itself; no server of it"
            " has taken one of ours yet, and an import that stops half-way leaves an organization"
            " behind that has to be deleted.",
            "Import into a test server of the same version first.",
        ),
        "zulip-profile-missing": Meaning(
            "blocker",
            "Nothing says which version of Zulip will import the directory, and each takes its own"
            " tables alone.",
            "Set `profile` in migration.toml to the server's major version.",
        ),
        "delta-rewritten": Meaning(
            "note",
            "A directory was finished before: it is made anew as a whole, for a fresh"
            " organization.",
            "An organization that was made of the earlier one goes on without it: set mode ="
            ' "api" and `zuliprc` in migration.toml, leave `subdomain` as it is, and run'
            " `chat-migrate plan --check`.",
        ),
        "zulip-user-messages-full": Meaning(
            "note",
            "Everybody gets a copy of each message of their channels, marked as read; the import"
            " takes about half as long again as with user_messages = \"idle\" (27 seconds in place"
            " of 19 were seen for 20,000 messages).",
        ),
        "zulip-user-messages-idle": Meaning(
            "note",
            "Messages of channels have no personal copies; Zulip makes them when somebody comes"
            " back, and shows them as unread then.",
            "Set user_messages = \"full\" to import everything as read.",
        ),
        "zulip-no-owner": Meaning(
            "blocker",
            "Nobody would own the new organization, and its import would end with an error.",
            "Set `owner` in migration.toml to the e-mail address of whoever is to own it, or to the"
            " Slack id of somebody whose action in mappings/users.csv is `create`.",
        ),
        "zulip-owner-unknown": Meaning(
            "error",
            "The owner is a Slack id of nobody who will sign in.",
            "Set `owner` in migration.toml to an e-mail address, or to the Slack id of somebody"
            " whose action in mappings/users.csv is `create`.",
        ),
        "zulip-channel-unreadable": Meaning(
            "warning",
            "Nobody who signs in belongs to this private channel, and not even an owner of the"
            " organization can enter it: what was said there is kept, and nobody can read it.",
            "Set the action of somebody who was in it to `create` in mappings/users.csv, or leave"
            " the channel out: `skip` in mappings/channels.csv.",
        ),
        "zulip-stamp-missing": Meaning(
            "warning",
            "The directory lacks migration_status.json, which this version of Zulip asks for.",
            f"Make it on the server, as the user zulip ({COMMAND}), and bring it here with"
            " `chat-migrate stamp`.",
        ),
        "zulip-stamp-unreadable": Meaning(
            "blocker",
            "migration_status.json beside migration.toml is no such file of a Zulip server.",
            "Take it from the server anew, with `chat-migrate stamp`.",
        ),
        "zulip-stamp-unfinished": Meaning(
            "blocker",
            "migration_status.json names migrations that the server has not carried out.",
            "Finish the server's upgrade, then take the file anew, with `chat-migrate stamp`.",
        ),
        "zulip-stamp-other": Meaning(
            "blocker",
            "migration_status.json is of another version of Zulip than the profile.",
            "Take the file from the server that will import, or set `profile` to its version.",
        ),
        "zulip-unwritable": Meaning(
            "error",
            "The directory could not be written, or one of its parts or files not be read.",
            "See that the disk has room, then run again to continue.",
        ),
        "zulip-parts-outdated": Meaning(
            "error",
            "The parts of the directory were written by an earlier version of chat-migrate.",
            "Remove the folder `parts` in the project, then run again: they are written anew.",
        ),
        "zulip-broken": Meaning(
            "error",
            "The directory is gone, or is not as it was written.",
            "Run `chat-migrate run` again: it is joined anew from its parts.",
        ),
        "zulip-invalid": Meaning(
            "error",
            "The directory would not be taken; it was not finished.",
            "This is a bug in chat-migrate.",
        ),
    }
)  # fmt: skip
