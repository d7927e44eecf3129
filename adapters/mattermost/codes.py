"""What the Mattermost adapter's own codes mean: what the conversion cannot keep, what the older
kind of server loses besides, and what the making of an archive finds. A server's are beside it."""

from types import MappingProxyType

from adapters.mattermost import text
from adapters.mattermost.server_codes import SERVER_CODES
from migrate.findings import Catalogue, Meaning

CODES: Catalogue = MappingProxyType(
    {
        **SERVER_CODES,
        # What the conversion cannot keep.
        text.SPLIT: Meaning(
            "note",
            "A message is longer than a post may be (16,383 characters): it becomes several.",
        ),
        text.FILES_SPLIT: Meaning(
            "note", "A message has more files than a post may have (10): it becomes several posts."
        ),
        text.LARGE_IMAGE: Meaning(
            "note",
            "A picture has more pixels than Mattermost shows (33 millions): it is kept as a file, "
            "`.bin` behind its name.",
        ),
        text.CUSTOM_EMOJI: Meaning(
            "note",
            "A custom emoji has no image here and is shown by its name, :like_this:.",
            "Fetch the images with `chat-migrate fetch`, or map the emoji in emoji.csv.",
        ),
        text.NEW_EMOJI: Meaning(
            "note", "A reaction's emoji is younger than Mattermost's table: it has its name alone."
        ),
        text.LINK: Meaning(
            "note",
            "A link to a Slack message is put into words: its channel, and when it was written.",
        ),
        # What 5.37 loses besides.
        text.OLD_EDIT: Meaning("note", "Mattermost 5.37 does not keep that a message was edited."),
        text.OLD_KIND: Meaning(
            "note", "Mattermost 5.37 shows notices and /me messages as ordinary posts."
        ),
        text.OLD_NAME: Meaning(
            "note", "Mattermost 5.37 shows a bot's replies under the bot's own name."
        ),
        # What is found on the way.
        "mattermost-not-asked": Meaning(
            "note",
            "Without `url` no server is asked: whether it takes the archive shows at its import.",
            "Set `url` and the token's variable to have version, limits and names checked.",
        ),
        "profile-unproven": Meaning(
            "warning", "An archive of this profile was never taken by a real server of its kind."
        ),
        "mattermost-unwritable": Meaning(
            "error", "The archive could not be written.", "See that the disk has room."
        ),
        "mattermost-archive-broken": Meaning(
            "error", "The archive is gone, or is not as it was written.", "Run again."
        ),
        "mattermost-archive-invalid": Meaning(
            "error", "The archive would stop the server's import.", "Report it: it is a bug."
        ),
    }
)
