"""What a Zulip server answers, as far as the importer reads it. Times are Unix seconds. Only shapes
are here."""

from collections.abc import Mapping

import msgspec

from adapters.zulip.limits import GUEST, MEMBER, OWNER
from migrate.model import Ref

EVERYBODY, ADMINISTRATORS = 1, 3
"""`email_address_visibility`: who may read an account's address."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /server_settings`, told to everybody. The address is `realm_url` since Zulip 9."""

    zulip_version: str
    zulip_feature_level: int = 0
    realm_url: str = ""
    realm_uri: str = ""
    realm_name: str = ""
    authentication_methods: Mapping[str, bool] = {}

    @property
    def url(self) -> str:
        return (self.realm_url or self.realm_uri).rstrip("/")


class User(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`email` is what others see, `delivery_email` where mail goes, None where we may not know."""

    user_id: int
    email: str
    full_name: str
    delivery_email: str | None = None
    is_active: bool = True
    is_bot: bool = False
    role: int = MEMBER

    @property
    def ref(self) -> Ref:
        return str(self.user_id)

    @property
    def address(self) -> str:
        """Its address in lower case, "" where we may not know it."""
        if self.delivery_email:
            return self.delivery_email.lower()
        return self.email.lower() if self.is_bot else ""

    @property
    def is_open(self) -> bool:
        """Whether it can be named as a sender: its address is there for everybody to read."""
        return bool(self.address) and self.address == self.email.lower()

    @property
    def is_guest(self) -> bool:
        return self.role == GUEST

    @property
    def administers(self) -> bool:
        return OWNER <= self.role <= 200


class Channel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    stream_id: int
    name: str
    invite_only: bool = False
    is_web_public: bool = False
    is_archived: bool = False
    history_public_to_subscribers: bool = True
    creator_id: int | None = None

    @property
    def ref(self) -> Ref:
        return str(self.stream_id)


class Reaction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    emoji_name: str
    emoji_code: str
    reaction_type: str
    user_id: int

    @property
    def key(self) -> str:
        """As `Adapter.reaction` gives it."""
        return self.emoji_code if self.reaction_type != "realm_emoji" else f":{self.emoji_name}:"


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`subject` is the topic; `content` the words as they were written."""

    id: int
    sender_id: int
    content: str
    timestamp: int
    subject: str = ""
    stream_id: int | None = None
    reactions: tuple[Reaction, ...] = ()

    @property
    def ref(self) -> Ref:
        return str(self.id)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    messages: tuple[Message, ...]
    found_newest: bool = False
    found_oldest: bool = False


class Emoji(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    deactivated: bool = False


class Domain(msgspec.Struct, frozen=True):
    domain: str


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """Of a person's settings, those that the importer holds back while history comes in. The
    defaults are Zulip's own, as it ships."""

    email_address_visibility: int = EVERYBODY
    enable_offline_email_notifications: bool = True
    enable_offline_push_notifications: bool = True
    enable_online_push_notifications: bool = True
    enable_digest_emails: bool = True
    enable_stream_email_notifications: bool = False
    enable_stream_push_notifications: bool = False
    enable_followed_topic_email_notifications: bool = True
    enable_followed_topic_push_notifications: bool = True
    automatically_follow_topics_policy: int = 1
    automatically_unmute_topics_in_muted_streams_policy: int = 2
    automatically_follow_topics_where_mentioned: bool = True


QUIET = Preferences(
    email_address_visibility=EVERYBODY,
    enable_offline_email_notifications=False,
    enable_offline_push_notifications=False,
    enable_online_push_notifications=False,
    enable_digest_emails=False,
    enable_stream_email_notifications=False,
    enable_stream_push_notifications=False,
    enable_followed_topic_email_notifications=False,
    enable_followed_topic_push_notifications=False,
    automatically_follow_topics_policy=4,
    automatically_unmute_topics_in_muted_streams_policy=4,
    automatically_follow_topics_where_mentioned=False,
)
"""Nobody is told of anything, and no topic is followed because its author wrote there once."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of people; the server's own are called `role:…`."""

    id: int
    name: str


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What `POST /register` tells of the organization, and of the account that asks. The defaults
    are those of a server that tells nothing."""

    max_file_upload_size_mib: int = 25
    max_message_length: int = 10_000
    realm_emails_restricted_to_domains: bool = False
    realm_invite_required: bool = True
    realm_message_retention_days: int | None = None
    realm_signup_announcements_stream_id: int | None = None
    realm_private_message_policy: int = 1
    realm_direct_message_permission_group: int | Mapping[str, object] = 0
    realm_user_groups: tuple[Group, ...] = ()
    realm_user_settings_defaults: Preferences = Preferences()
    user_settings: Preferences | None = None
    server_emoji_data_url: str = "/static/generated/emoji/emoji_api.json"

    @property
    def is_direct_off(self) -> bool:
        """Whether nobody may write direct messages: before Zulip 10 a policy, since then a group in
        which nobody is."""
        nobody = {group.id for group in self.realm_user_groups if group.name == "role:nobody"}
        may = self.realm_direct_message_permission_group
        return self.realm_private_message_policy == 2 or (isinstance(may, int) and may in nobody)

    @property
    def deletes(self) -> bool:
        """Whether messages are deleted when they are old; "for ever" is a negative number."""
        return (self.realm_message_retention_days or 0) > 0

    @property
    def announces_people(self) -> bool:
        """Whether a channel is told of everybody for whom an account is made."""
        return (self.realm_signup_announcements_stream_id or 0) > 0
