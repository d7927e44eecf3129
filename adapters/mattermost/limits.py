"""What a Mattermost server takes in a bulk import, as numbers and patterns of its own source (11.6;
5.37 is no wider). Only the facts: what is mended by them lies in `placing` and the writers, what is
refused by them in `validator`."""

import re

LINE_BYTES = 16 * 1024 * 1024
"""A line of the JSONL, a thread with all its replies; the scanner stops at a longer one."""

REPLIES_A_LINE = 3_000
"""The importer saves a thread's replies in one statement, which PostgreSQL refuses from 3,641 on
(5.37: 3,450)."""

MESSAGE_RUNES = 16_383
PROPS_RUNES = 8_000
"""11 takes 800,000 of the JSON of `props`; 5.37 these many, and nothing here needs more."""

FILES_A_POST = 10
"""The ids of a post's files may be 300 characters of JSON: ten ids."""

TEAM_NAME_BYTES = 64
TEAM_DISPLAY_RUNES = 64
TEAM_NAME = re.compile(r"[a-z0-9]+([a-z\-0-9]+|(__)?)[a-z0-9]+")
TEAM_RESERVED = (
    "admin", "api", "boards", "channel", "claim", "error", "files", "help", "landing", "login",
    "mfa", "oauth", "playbooks", "plug", "plugins", "post", "signup",
)  # fmt: skip
"""A team's name may begin with none of these."""

CHANNEL_NAME_BYTES = 64
CHANNEL_DISPLAY_RUNES = 64
CHANNEL_NAME = re.compile(r"[a-z0-9]+([a-z\-_0-9]+|(__)?)[a-z0-9]+")
"""5.37's, which wants two characters, the last no hyphen; 11 takes one."""

HEADER_RUNES = 1_024
PURPOSE_RUNES = 250
DEFAULT_CHANNELS = frozenset({"town-square", "off-topic"})
"""They stand in every team, and everybody is let into them."""

DIRECT_MEMBERS = 8
"""The most people of a group message; it has at least three, and a direct message two."""

USERNAME_BYTES = 64
USERNAME = re.compile(r"[a-z0-9.\-_]+")
USERNAME_RESERVED = frozenset({"all", "channel", "matterbot", "system"})
EMAIL_BYTES = 128
NAME_RUNES = 64
"""Of a nickname, a first name, a last name, and a bot's display name."""

POSITION_RUNES = 128
DESCRIPTION_RUNES = 1_024

EMOJI_NAME_BYTES = 64
EMOJI_NAME = re.compile(r"[a-zA-Z0-9+_-]+")
EMOJI_IMAGE_BYTES = 512 * 1024
IMAGE_TYPES = {"image/gif": "gif", "image/jpeg": "jpg", "image/png": "png"}
"""Kinds of pictures that a server reads as an emoji's or a person's."""

MOST_PIXELS = 33_177_600
"""What a server shows of a picture unless `FileSettings.MaxImageResolution` says otherwise; a
larger file it loses without a word."""

POST_TYPES = frozenset({"", "me", "system_generic"})
"""Of the types that 11 knows, those that are written here."""
