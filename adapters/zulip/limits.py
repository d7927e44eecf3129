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
EMAIL_CHARS = 254

OWNER, MEMBER, GUEST = 100, 400, 600
"""Roles."""

PERSONAL, CHANNEL, GROUP = 1, 2, 3
"""Kinds of recipient."""

READ, MENTIONED, PRIVATE = 1, 8, 2_048
"""Flags of a person's own copy of a message."""

GENERIC_BOT = 1
SHORT_TEXT = 1
"""The kind of a custom profile field."""

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
