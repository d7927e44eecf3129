"""What Zulip takes: lengths, roles, kinds of recipient and flags, the same for every version that
directories are made for. Seen on a running server; where its importer is silent, what its
clients hold to."""

import re

NAME_CHARS = 100
CHANNEL_CHARS = 60
TOPIC_CHARS = 60
DESCRIPTION_CHARS = 1_024
MESSAGE_CHARS = 10_000
FIELD_CHARS = 50
LONG_FIELD_CHARS = 500
FIELD_NAME_CHARS = 40
HINT_CHARS = 80
LINK_CHARS = 2_000
EMAIL_CHARS = 254

PATH_CHARS = 260
"""Of the address of an upload, with a name of the length that ours have."""

UPLOAD_BYTES = 25 * 1024 * 1024
"""The largest upload that a server takes as it ships."""

OWNER, ADMINISTRATOR, MEMBER, GUEST = ROLES = 100, 200, 400, 600

PERSONAL, CHANNEL, GROUP = 1, 2, 3
"""Kinds of recipient."""

READ, MENTIONED, PRIVATE = 1, 8, 2_048
"""Flags of a person's own copy of a message."""

GENERIC_BOT = 1
SHORT_TEXT, LONG_TEXT, DAY, LINK, PERSON, PRONOUNS = 1, 2, 4, 5, 6, 8
"""Kinds of custom profile fields."""

UNICODE, CUSTOM = "unicode_emoji", "realm_emoji"
"""Kinds of reaction."""

IMAGE_TYPES = {
    "image/png": "png",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/webp": "webp",
}
"""Images that every version takes as avatars and custom emoji, with their endings."""

EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]"
)
"""Addresses in lower case: what the importer takes, less a few spellings that nobody uses."""

SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

WILDCARDS = frozenset({"all", "everyone", "channel", "stream", "topic"})
"""Mentions of these mean everybody."""
