"""What the Matrix adapter's own codes mean: findings of its check, losses of its conversion, and
the reasons for which a single act fails."""

from types import MappingProxyType

from migrate.findings import Catalogue, Meaning

CODES: Catalogue = MappingProxyType(
    {
        # What `check` finds.
        "matrix-token-unknown": Meaning(
            "blocker",
            "The homeserver does not know the token in the registration.",
            "Install appservice.yaml on the homeserver and restart it; if it is installed already, "
            "the two files differ.",
        ),
        "matrix-token-other": Meaning(
            "blocker",
            "The token in the registration belongs to an account, not to this application service.",
            "Put back the appservice.yaml that `plan` wrote, and install that one.",
        ),
        "matrix-server-name": Meaning(
            "blocker",
            "The homeserver's accounts end in another name than `server_name` says.",
            "Set `server_name` to the part behind the colon of an account on this homeserver.",
        ),
        "matrix-namespace": Meaning(
            "blocker",
            "The installed registration does not let the importer act as the people it brings.",
            "Install the present appservice.yaml and restart the homeserver.",
        ),
        "matrix-rate-limited": Meaning(
            "blocker",
            "The homeserver slows the importer down to a message every few seconds.",
            "The installed registration must say `rate_limited: false`; restart the homeserver.",
        ),
        "matrix-retention": Meaning(
            "blocker",
            "The homeserver has a retention policy and hides messages older than that.",
            "Switch `retention` off in homeserver.yaml, or choose `source.since` accordingly.",
        ),
        "matrix-room-version": Meaning(
            "blocker",
            "The homeserver knows no room version with rooms for a space's members (8 or later).",
            "Update the homeserver.",
        ),
        "matrix-admin-token": Meaning(
            "blocker",
            "The environment variable named by `admin_token_env` is empty or its token is refused.",
            "Put the access token of a server admin into that variable, or empty the setting.",
        ),
        "matrix-admin": Meaning(
            "blocker",
            "The account named by `admin` is not on the homeserver.",
            "Create it, correct its spelling, or empty the setting.",
        ),
        "matrix-plain-http": Meaning(
            "warning",
            "The homeserver is reached over plain http from another computer: the token is open.",
            "Use https, or run chat-migrate on the homeserver itself.",
        ),
        "matrix-seen-at-start": Meaning(
            "note",
            "Whether the homeserver keeps dates and old messages shows only once it is written to.",
            "The run looks at the first message of every room and stops if either is wrong.",
        ),
        # What the conversion cannot keep.
        "matrix-custom-emoji": Meaning(
            "note",
            "A custom emoji without an image is shown by its name, :like_this:.",
            "`chat-migrate fetch` brings the images.",
        ),
        "matrix-reaction-image": Meaning(
            "note",
            "A reaction with a custom emoji is an image, which not every client shows.",
            "Element Web shows it where its configuration has `feature_render_reaction_images`.",
        ),
        "matrix-media-by-uri": Meaning(
            "note",
            "A file can be fetched by every account of the homeserver that knows its address, also "
            "one of a private room.",
            "The addresses cannot be guessed and stand in the room's own messages alone.",
        ),
        "matrix-edit-mark": Meaning(
            "note", "A message is brought in its final text, without the mark that it was edited."
        ),
        "matrix-split": Meaning(
            "note", "A message is larger than an event may be and becomes several.", ""
        ),
        # Why one act fails.
        "matrix-too-large": Meaning(
            "error", "The homeserver takes no event or file of this size.", "Raise its limit."
        ),
        "matrix-upload-cut": Meaning(
            "error",
            "Each time that a file was uploaded the connection was cut, although the homeserver "
            "answers.",
            "Look for a limit on bodies in the proxy before it, such as nginx's "
            "`client_max_body_size`, then run again.",
        ),
        "matrix-forbidden": Meaning(
            "error",
            "The homeserver does not allow this act in this room.",
            "Look whether somebody removed the importer or the author from it, then run again.",
        ),
        "matrix-account-gone": Meaning(
            "error",
            "The account was deactivated on the homeserver.",
            "Activate it again, then run again.",
        ),
        "matrix-not-found": Meaning(
            "error", "The homeserver does not know the room or event any more.", ""
        ),
        "matrix-refused": Meaning(
            "error", "The homeserver refuses this record.", "Report it with the record's place."
        ),
        "matrix-action": Meaning(
            "error", "The adapter cannot yet use existing accounts.", "Choose the action `ghost`."
        ),
    }
)
