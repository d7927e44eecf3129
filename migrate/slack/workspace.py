"""What Slack's Web API knows of a workspace and no export holds: its name, e-mail addresses, custom
emoji, user groups, bookmarks, pins. Calls block; what becomes of the answers is the stages'
affair."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

import msgspec
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from migrate.errors import Skip
from migrate.model import PROFILE_LABELS, File, Person, PersonKind, ProfileField
from migrate.slack.answers import flag, number, part, parts, text, texts
from migrate.slack.client import Fields, ask
from migrate.slack.tokens import carries_token

PAGE = 200
"""People in one answer. Large workspaces answer with an error where no limit is given."""

_ALIAS = "alias:"
_ACCESS = ("check_file_info", "access_denied", "file_not_found")
_AVATARS = ("image_original", "image_1024", "image_512", "image_192", "image_72")


class Team(msgspec.Struct, frozen=True):
    """The workspace: `domain` is the first part of its address, `acme` in acme.slack.com."""

    id: str
    name: str
    domain: str


class Bot(msgspec.Struct, frozen=True):
    """A bot by its B id; `user` is the account that it writes as, "" where it has none."""

    id: str
    name: str
    user: str = ""
    avatar_url: str = ""


class EmojiImage(msgspec.Struct, frozen=True):
    """A custom emoji. `alias_of` is the name that it ends at, through however many aliases, "" for
    one with a picture of its own; `url` is "" where that is one of the stock emoji."""

    name: str
    url: str
    alias_of: str = ""


class Group(msgspec.Struct, frozen=True):
    """A user group: `handle` is what follows the @, `members` are person ids."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()
    disabled: bool = False


class Bookmark(msgspec.Struct, frozen=True):
    """A link at the top of a channel; `emoji` with its colons, `created` in Unix seconds."""

    title: str
    link: str
    emoji: str = ""
    created: int = 0


class Workspace:
    """Asks one workspace. Every method raises Fatal where Slack cannot be reached or refuses the
    token, and Skip with one of `migrate.slack.codes` where it does not give this one thing."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def team(self) -> Team:
        """Which workspace the token belongs to."""
        try:
            team = part(ask(self._client.team_info), "team")
        except Skip:
            # Without `team:read` there is still whom the token belongs to.
            answer = ask(self._client.auth_test)
            host = urlsplit(text(answer, "url")).hostname or ""
            return Team(text(answer, "team_id"), text(answer, "team"), host.partition(".")[0])
        return Team(text(team, "id"), text(team, "name"), text(team, "domain"))

    def people(self) -> Iterator[Person]:
        """Everybody, deactivated ones too, page by page. Without the scope `users:read.email`
        nobody has an address."""
        for page in self._pages(lambda at: self._client.users_list(limit=PAGE, cursor=at)):
            for fields in parts(page, "members"):
                if text(fields, "id"):
                    yield _read_person(fields)

    def person(self, id: str) -> Person:
        """One person, of another organisation too if they share a channel."""
        fields = part(ask(lambda: self._client.users_info(user=id)), "user")
        return _read_person({"id": id, **fields})

    def bot(self, id: str) -> Bot:
        """A bot by its B id."""
        fields = part(ask(lambda: self._client.bots_info(bot=id)), "bot")
        icons = part(fields, "icons")
        return Bot(
            id, text(fields, "name"), text(fields, "user_id"), _first(icons, "image_72", "image_48")
        )

    def emoji(self) -> tuple[EmojiImage, ...]:
        """All custom emoji and aliases."""
        found = part(ask(self._client.emoji_list), "emoji")
        known = {name: value for name, value in found.items() if isinstance(value, str)}
        return tuple(_read_emoji(name, known) for name in known)

    def groups(self) -> tuple[Group, ...]:
        """All user groups, disabled ones too, for old messages mention them."""
        answer = ask(
            lambda: self._client.usergroups_list(include_users=True, include_disabled=True)
        )
        return tuple(
            Group(
                id=text(fields, "id"),
                handle=text(fields, "handle"),
                name=text(fields, "name"),
                members=texts(fields, "users"),
                disabled=number(fields, "date_delete") > 0,
            )
            for fields in parts(answer, "usergroups")
            if text(fields, "id")
        )

    def bookmarks(self, channel: str) -> tuple[Bookmark, ...]:
        """A channel's bookmarks that lead somewhere, in their order."""
        answer = ask(lambda: self._client.bookmarks_list(channel_id=channel))
        return tuple(
            Bookmark(
                title=text(fields, "title"),
                link=text(fields, "link"),
                emoji=text(fields, "emoji"),
                created=number(fields, "date_created"),
            )
            for fields in parts(answer, "bookmarks")
            if text(fields, "link")
        )

    def pins(self, channel: str) -> tuple[str, ...]:
        """The ts of a conversation's pinned messages, the newest pin first."""
        answer = ask(lambda: self._client.pins_list(channel=channel))
        found = (text(part(fields, "message"), "ts") for fields in parts(answer, "items"))
        return tuple(dict.fromkeys(filter(None, found)))

    def profile_fields(self) -> dict[str, str]:
        """The labels of the profile's custom fields, by id."""
        profile = part(ask(self._client.team_profile_get), "profile")
        return {text(field, "id"): text(field, "label") for field in parts(profile, "fields")}

    def file(self, id: str) -> File:
        """A file that the export only names, such as one of another organisation."""
        return _read_file(part(ask(lambda: self._client.files_info(file=id)), "file"), id)

    def _pages(self, page: Callable[[str | None], SlackResponse]) -> Iterator[Fields]:
        """By hand: the SDK's own iteration lets out errors that hold the answer."""
        cursor = ""
        seen: set[str] = set()
        while cursor not in seen:
            seen.add(cursor)
            answer = ask(partial(page, cursor or None))
            yield answer
            cursor = text(part(answer, "response_metadata"), "next_cursor") or ""


def _read_person(user: Fields) -> Person:
    profile = part(user, "profile")
    # null where nobody filled anything in, and an array in the answers of some workspaces.
    found = part(profile, "fields")
    custom = {id: value for id in found if (value := text(part(found, id), "value").strip())}
    known = {id: value for id in PROFILE_LABELS if (value := text(profile, id).strip())}
    return Person(
        id=text(user, "id"),
        kind=_read_kind(user),
        name=text(user, "name"),
        full_name=text(profile, "real_name") or text(user, "real_name"),
        display_name=text(profile, "display_name"),
        email=text(profile, "email"),
        title=text(profile, "title"),
        timezone=text(user, "tz"),
        avatar_url=_first(profile, *_AVATARS),
        deactivated=flag(user, "deleted"),
        admin=flag(user, "is_admin") or flag(user, "is_owner"),
        bot_id=text(profile, "bot_id"),
        profile=tuple(
            ProfileField(id, value, PROFILE_LABELS.get(id, ""))
            for id, value in (known | custom).items()
        ),
    )


def _read_kind(user: Fields) -> PersonKind:
    if flag(user, "is_bot") or text(user, "id") == "USLACKBOT":
        return "bot"
    if flag(user, "is_stranger"):
        return "outside"
    if flag(user, "is_restricted") or flag(user, "is_ultra_restricted"):
        return "guest"
    return "member"


def _read_emoji(name: str, known: Mapping[str, str]) -> EmojiImage:
    end, passed = name, {name}
    while (value := known.get(end, "")).startswith(_ALIAS):
        end = value.removeprefix(_ALIAS)
        if end in passed:  # Slack allows no circle, but nothing depends on that
            return EmojiImage(name, "", end)
        passed.add(end)
    return EmojiImage(name, value, "" if end == name else end)


def _read_file(fields: Fields, id: str) -> File:
    conversations = (*texts(fields, "channels"), *texts(fields, "groups"), *texts(fields, "ims"))
    return File(
        id=text(fields, "id") or id,
        name=text(fields, "name"),
        title=text(fields, "title"),
        mimetype=text(fields, "mimetype"),
        mode=_read_mode(fields),
        size=number(fields, "size"),
        url=_bare(_first(fields, "url_private_download", "url_private")),
        permalink=_bare(text(fields, "permalink")),
        owner=text(fields, "user"),
        filetype=text(fields, "filetype"),
        access=access if (access := text(fields, "file_access")) in _ACCESS else "",
        alt_text=text(fields, "alt_txt"),
        width=number(fields, "original_w"),
        height=number(fields, "original_h"),
        duration=number(fields, "duration_ms"),
        created=number(fields, "created") or number(fields, "timestamp"),
        conversations=tuple(dict.fromkeys(conversations)),
    )


def _read_mode(fields: Fields) -> str:
    mode = "tombstone" if flag(fields, "is_tombstoned") else text(fields, "mode") or "hosted"
    if flag(fields, "is_external") and mode not in ("tombstone", "hidden_by_limit"):
        return "external"
    return mode


def _bare(url: str) -> str:
    """`url` without its query where that holds a token, as a link that was made for one does."""
    return url.partition("?")[0] if carries_token(url) else url


def _first(fields: Fields, *names: str) -> str:
    return next(filter(None, (text(fields, name) for name in names)), "")
