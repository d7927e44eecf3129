"""Rows of the tables that an import directory is made of. A field that only some versions know is
left out for the others. Whoever reads a directory back reads these rows, too."""

import msgspec
from msgspec import UNSET, UnsetType

from adapters.zulip.paths import REALM


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_userprofile`. A password and a key are made by the importer, and told nobody."""

    id: int
    email: str
    delivery_email: str
    full_name: str
    is_active: bool
    role: int
    date_joined: float
    is_bot: bool = False
    bot_type: int | None = None
    bot_owner: int | None = None
    # A dummy that got a direct message makes the organization one that Zulip cannot export.
    is_mirror_dummy: bool = False
    timezone: str = ""
    avatar_source: str = "G"
    realm: int = REALM
    translate_emoticons: bool = False
    last_login: float | None = None
    last_reminder: float | None = None
    default_sending_stream: int | None = None
    default_events_register_stream: int | None = None
    last_active_message_id: int | None = None
    user_permissions: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    long_term_idle: bool = False
    is_imported_stub: bool | UnsetType = UNSET
    is_staff: bool | UnsetType = UNSET
    is_superuser: bool | UnsetType = UNSET
    can_forge_sender: bool | UnsetType = UNSET
    can_create_users: bool | UnsetType = UNSET
    can_change_user_emails: bool | UnsetType = UNSET


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_stream`. Who enters a private one later reads what was said before, as in Slack."""

    id: int
    name: str
    description: str
    date_created: float
    invite_only: bool
    deactivated: bool
    creator: int | None
    history_public_to_subscribers: bool = True
    is_web_public: bool = False
    realm: int = REALM
    folder: int | UnsetType | None = UNSET


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_huddle`: direct messages of more than two."""

    id: int
    group_size: int | UnsetType = UNSET


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_recipient`: whom a message can be for."""

    id: int
    type: int
    type_id: int


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_subscription`: who is in a channel or a group, and everybody in their own."""

    id: int
    user_profile: int
    recipient: int
    active: bool = True
    is_muted: bool = False
    color: str = "#c2c2c2"
    pin_to_top: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`zerver_message`. `subject` is the topic; times are Unix seconds."""

    id: int
    sender: int
    recipient: int
    subject: str
    content: str
    date_sent: float
    last_edit_time: float | None
    has_attachment: bool
    has_image: bool
    has_link: bool
    sending_client: int = 1
    realm: int | None = None
    rendered_content: str | None = None
    rendered_content_version: int = 1
    edit_history: str | None = None
    is_channel_message: bool | UnsetType = UNSET


class UserMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`zerver_usermessage`: somebody's own copy of a message. It has no number of its own: nothing
    speaks of it, and the importer has the database make one."""

    user_profile: int
    message: int
    flags_mask: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A file of messages."""

    zerver_message: list[Message]
    zerver_usermessage: list[UserMessage]


class Reaction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`zerver_reaction`. The code of a custom emoji is its number there."""

    id: int
    message: int
    user_profile: int
    emoji_name: str
    emoji_code: str
    reaction_type: str


class Emoji(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_realmemoji`."""

    id: int
    name: str
    file_name: str
    author: int | None
    deactivated: bool = False
    realm: int = REALM


class ProfileField(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_customprofilefield`."""

    id: int
    name: str
    hint: str
    field_type: int
    order: int
    field_data: str = ""
    realm: int = REALM


class ProfileValue(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_customprofilefieldvalue`. People are a list of their numbers, as JSON."""

    id: int
    user_profile: int
    field: int
    value: str
    rendered_value: str | None = None


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """`zerver_attachment`. `is_realm_public` lets everybody of the organization read it."""

    id: int
    file_name: str
    path_id: str
    owner: int
    create_time: float
    size: int
    is_realm_public: bool
    messages: tuple[int, ...]
    scheduled_messages: tuple[int, ...] = ()
    is_web_public: bool = False
    realm: int = REALM
    content_type: str | UnsetType = UNSET


class Attachments(msgspec.Struct, frozen=True, kw_only=True):
    """`attachment.json`."""

    zerver_attachment: tuple[Attachment, ...]


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `uploads/records.json` and of `avatars/records.json`."""

    path: str
    s3_path: str
    user_profile_id: int
    size: int
    last_modified: float
    content_type: str
    realm_id: int = REALM
    avatar_version: int | UnsetType = UNSET


class EmojiImage(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `emoji/records.json`."""

    path: str
    s3_path: str
    file_name: str
    name: str
    realm_id: int = REALM


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """`realm.json` as far as it is read back."""

    zerver_userprofile: tuple[User, ...]
    zerver_stream: tuple[Channel, ...]
    zerver_huddle: tuple[Group, ...]
    zerver_recipient: tuple[Recipient, ...]
    zerver_subscription: tuple[Subscription, ...]
    zerver_realmemoji: tuple[Emoji, ...]
    zerver_reaction: tuple[Reaction, ...]


EMPTY = (
    "zerver_userprofile_mirrordummy",
    "zerver_userprofile_crossrealm",
    "zerver_realmdomain",
    "zerver_realmfilter",
    "zerver_realmplayground",
    "zerver_userpresence",
    "zerver_useractivity",
    "zerver_useractivityinterval",
)
"""Tables that `realm.json` must have, and that Slack tells nothing for."""
