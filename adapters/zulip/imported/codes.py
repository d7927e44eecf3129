"""The meanings of what is found when a directory is held against its server."""

from types import MappingProxyType

from adapters.zulip.imported.comparison import (
    ACCOUNT,
    COPY,
    EMOJI,
    NOT_FOUND,
    ORDER,
    PICTURE,
    SIGN_POST,
)
from migrate.findings import Catalogue, Meaning

SERVED_CODES: Catalogue = MappingProxyType(
    {
        NOT_FOUND: Meaning(
            "error",
            "The organization has no such channel, or not all who talk with one another there.",
            "See that the export, or the server, is of the organization that was imported.",
        ),
        ACCOUNT: Meaning(
            "error",
            "The organization has no account of this address, nor of this name.",
            "See that the export, or the server, is of the organization that was imported.",
        ),
        PICTURE: Meaning(
            "error", "An account has not the picture that was imported, or another by now."
        ),
        EMOJI: Meaning(
            "error", "A custom emoji is missing, or its image is not the one that was imported."
        ),
        COPY: Meaning(
            "error",
            "Fewer people than planned have a copy of a message of their own; without one a"
            " direct message cannot be read, and another is nobody's to star or to be told of.",
        ),
        SIGN_POST: Meaning(
            "warning",
            "A message that leads from a channel's main topic to a thread is gone, or was edited.",
        ),
        ORDER: Meaning("error", "Messages stand in another order than that of their times."),
        "zulip-export-unreadable": Meaning(
            "error",
            "What `export` names in migration.toml is no export of an organization, or only a part"
            " of one.",
            "Make it on the server with manage.py export, and bring it here whole.",
        ),
    }
)
