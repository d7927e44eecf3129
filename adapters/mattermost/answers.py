"""What a Mattermost server answers, as far as the importer reads it. Times are milliseconds since
the epoch, 0 where there is none. Only shapes are here."""

from collections.abc import Mapping

import msgspec


class User(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    id: str
    username: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    nickname: str = ""
    roles: str = ""
    delete_at: int = 0

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.nickname

    @property
    def administers(self) -> bool:
        """Whether this account may import, and read what is private."""
        return "system_admin" in self.roles.split()


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """`allow_open_invite` lets every account of the server in."""

    id: str
    name: str
    allow_open_invite: bool = False
    delete_at: int = 0


class Channel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`type` is O (public), P (private), D (direct) or G (group)."""

    id: str
    name: str
    type: str
    team_id: str = ""
    display_name: str = ""
    delete_at: int = 0
    total_msg_count: int = 0


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody's membership of a team or a channel; one of a team that ended has `delete_at`."""

    user_id: str
    delete_at: int = 0


class Reaction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    user_id: str
    emoji_name: str
    create_at: int = 0


class FileInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    name: str
    size: int = 0


class Metadata(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a page of posts says beside each post itself."""

    reactions: tuple[Reaction, ...] = ()
    files: tuple[FileInfo, ...] = ()


class Post(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    id: str
    create_at: int
    user_id: str
    message: str
    edit_at: int = 0
    root_id: str = ""
    type: str = ""
    props: Mapping[str, object] | None = None
    metadata: Metadata | None = None


class PostPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some posts of a channel; `order` has the newest first. `posts` holds others too."""

    order: tuple[str, ...] = ()
    posts: Mapping[str, Post] = {}


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A body on its way; `file_offset` bytes of it are there."""

    id: str
    filename: str
    file_size: int
    file_offset: int = 0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: pending, in_progress, success, error, cancel_requested, canceled or warning."""

    id: str
    status: str
    data: Mapping[str, str] | None = None

    @property
    def import_file(self) -> str:
        return (self.data or {}).get("import_file", "")


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Of the settings that every client is told, those that an import depends on. All are texts."""

    version: str = ""
    max_post_size: str = ""
    max_file_size: str = ""
    enable_file_attachments: str = ""
    enable_custom_emoji: str = ""
    enable_post_username_override: str = ""


class TeamSettings(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    max_users_per_team: int = 0
    max_channels_per_team: int = 0


class JobSettings(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    run_jobs: bool = True


class Configuration(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Of the settings that an admin alone may read, those that an import depends on."""

    team_settings: TeamSettings = TeamSettings()
    job_settings: JobSettings = JobSettings()


class License(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    cloud: str = "false"


class Limits(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a licence, or the lack of one, allows; 0 where it sets no bound."""

    max_users_hard_limit: int = 0
    post_history_limit: int = 0


class UserStats(msgspec.Struct, frozen=True):
    total_users_count: int = 0


class Total(msgspec.Struct, frozen=True):
    """One of the server's own counts."""

    name: str = ""
    value: float = 0
