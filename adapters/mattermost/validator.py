"""A reading of the finished import file as the server will read it, so that what would stop the
import never leaves the house: the importer stops at the first bad line, takes nothing back, and
often does not say which line it was. Holds for both profiles what both refuse."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from adapters.mattermost import limits, lines
from adapters.mattermost.profiles import Profile
from migrate.errors import ChatMigrateError

_ORDER = (
    "version", "emoji", "team", "channel", "user", "bot", "post", "direct_channel", "direct_post",
)  # fmt: skip
# A post's own key stands in its props, before those of its reactions and replies.
_KEYS = (
    re.compile(rb'"props":\s*\{"slack_id":\s*"((?:[^"\\]|\\.)*)"'),
    re.compile(rb'"slack_id":\s*"((?:[^"\\]|\\.)*)"'),
)
_NUL = rb"\u0000"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at the server already, by earlier archives or mapped: lines may speak of it."""

    users: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


class Invalid(Exception):
    """Why a line would stop the import."""


class Validator:
    """Fed with the import file in bites of any length, in order.

    Raises ChatMigrateError at the first line that would stop the import, with its number and the
    Slack key that it carries.
    """

    def __init__(self, kept: Profile, team: str, known: Known) -> None:
        self.paths: set[str] = set()
        self.lines = 0
        self._kept = kept
        self._team = team
        self._users = set(known.users)
        self._emails = set(known.emails)
        self._channels = set(known.channels)
        self._direct: set[frozenset[str]] = set()
        self._emoji: set[str] = set()
        self._segment = -1
        self._resting = False
        self._lane: object = None
        self._times: set[int] = set()
        self._rest = b""

    def feed(self, bite: bytes) -> None:
        """The next bite."""
        data = self._rest + bite if self._rest else bite
        ends = data.rfind(b"\n") + 1
        self._rest = data[ends:]
        if len(self._rest) > limits.LINE_BYTES:
            self._refuse(self._rest, "the line is longer than the importer reads")
        for line in data[: ends - 1].split(b"\n") if ends else ():
            self._take(line)

    def finish(self, bodies: Iterable[str]) -> None:
        """After the last bite, with the paths of all bodies in the archive."""
        if self._rest:
            self._refuse(self._rest, "the last line has no end")
        missing = self.paths.difference(bodies)
        if missing:
            raise _error(f"The archive speaks of {len(missing)} files that it does not hold.")

    def _take(self, line: bytes) -> None:
        self.lines += 1
        try:
            if len(line) >= limits.LINE_BYTES:
                raise Invalid("it is longer than the importer reads")
            if not line.strip():
                raise Invalid("it is empty")
            if _NUL in line and re.search(rb"(?<!\\)(?:\\\\)*\\u0000", line):
                raise Invalid("it holds a NUL, which the database refuses")
            self._read(lines.decode(line))
        except msgspec.DecodeError as error:
            # Without the value: it may be somebody's words.
            self._refuse(line, str(error).partition(" - ")[0])
        except Invalid as error:
            self._refuse(line, str(error))

    def _read(self, line: lines.Line) -> None:
        kind = str(type(line).__struct_config__.tag)
        self._hold_order(kind)
        if isinstance(line, lines.PostLine):
            self._post(line.post)
        elif isinstance(line, lines.DirectPostLine):
            self._direct_post(line.direct_post)
        elif isinstance(line, lines.UserLine):
            self._user(line.user)
        elif isinstance(line, lines.BotLine):
            self._bot(line.bot)
        elif isinstance(line, lines.ChannelLine):
            self._channel(line.channel)
        elif isinstance(line, lines.DirectChannelLine):
            self._direct_channel(line.direct_channel)
        elif isinstance(line, lines.EmojiLine):
            if line != lines.BARRIER:
                self._custom_emoji(line.emoji)
        elif isinstance(line, lines.TeamLine):
            _require(line.team.type in {"I", "O"}, "a team is of type I or O")
            _require(line.team.name == self._team, "it is of another team")

    def _hold_order(self, kind: str) -> None:
        """What a line speaks of must be in an earlier stretch of lines of one type. The rest of
        threads that were too long for a line begins with a line that does nothing."""
        place = _ORDER.index(kind)
        if self.lines == 1:
            _require(kind == "version", "the first line must give the version")
        elif kind == "version":
            raise Invalid("only the first line gives the version")
        if place < self._segment:
            barrier = kind in {"emoji", "team"}
            rest = barrier or (self._resting and kind in {"post", "direct_post"})
            _require(rest, f"lines of type {kind} come too late")
            self._resting = True
        self._segment = place

    def _user(self, user: lines.User) -> None:
        self._name(user.username)
        email = user.email
        address = 0 < len(email.encode()) <= limits.EMAIL_BYTES and email.count("@") == 1
        _require(address and email == email.lower(), "the address is none")
        _require(email not in self._emails, "the address is another account's")
        self._emails.add(email)
        guest = user.roles == "system_guest"
        for team in user.teams:
            _require(team.name == self._team, "it is of another team")
            _require((team.roles == "team_guest") == guest, "a guest must be one everywhere")
            for seat in team.channels:
                _require(seat.name in self._channels, "it names an unknown channel")
                _require((seat.roles == "channel_guest") == guest, "a guest must be one everywhere")
        self._body(user.profile_image)

    def _bot(self, bot: lines.Bot) -> None:
        _require(self._kept.bots, "the server knows no lines for bots")
        self._name(bot.username)
        _require(bot.owner != "", "a bot needs an owner")
        self._body(bot.profile_image)

    def _name(self, name: str) -> None:
        whole = limits.USERNAME.fullmatch(name) and len(name) <= limits.USERNAME_BYTES
        _require(bool(whole) and name not in limits.USERNAME_RESERVED, "the account's name is none")
        _require(name not in self._users, "the account's name is another's")
        self._users.add(name)

    def _channel(self, channel: lines.Channel) -> None:
        name = channel.name
        whole = limits.CHANNEL_NAME.fullmatch(name) and len(name) <= limits.CHANNEL_NAME_BYTES
        _require(bool(whole), "the channel's name is none")
        _require(name not in self._channels, "the channel's name is another's")
        _require(channel.team == self._team, "it is of another team")
        _require(channel.type in {"O", "P"}, "a channel is of type O or P")
        self._channels.add(name)

    def _direct_channel(self, channel: lines.DirectChannel) -> None:
        named = [each.username for each in channel.participants] or list(channel.members)
        _require(2 <= len(named) <= limits.DIRECT_MEMBERS, "direct talk is among 2 to 8 people")
        self._known_users(named)
        people = frozenset(named)
        _require(people not in self._direct, "the same people have a line already")
        self._direct.add(people)

    def _custom_emoji(self, emoji: lines.Emoji) -> None:
        whole = limits.EMOJI_NAME.fullmatch(emoji.name)
        _require(bool(whole) and len(emoji.name) <= limits.EMOJI_NAME_BYTES, "the name is none")
        self._body(emoji.image)

    def _post(self, post: lines.Post) -> None:
        _require(post.team == self._team, "it is of another team")
        _require(post.channel in self._channels, "it names an unknown channel")
        self._said(post, post.channel)

    def _direct_post(self, post: lines.DirectPost) -> None:
        self._known_users(post.channel_members)
        self._said(post, post.channel_members)

    def _said(self, post: lines.Post | lines.DirectPost, lane: object) -> None:
        if lane != self._lane:
            self._lane = lane
            self._times = set()
        self._one(post)
        if not self._resting:
            _require(post.create_at not in self._times, "two posts share a millisecond")
            self._times.add(post.create_at)
        replies = len(post.replies) <= limits.REPLIES_A_LINE
        _require(replies, "the thread has more replies than are saved at once")
        moments = {post.create_at}
        for reply in post.replies:
            self._one(reply)
            _require(reply.create_at >= post.create_at, "a reply is before its root")
            _require(reply.create_at not in moments, "two posts of a thread share a millisecond")
            moments.add(reply.create_at)
        if post.thread_followers:
            self._known_users([follower.user for follower in post.thread_followers])

    def _one(self, post: lines.Post | lines.DirectPost | lines.Reply) -> None:
        if post.user not in self._users:
            raise Invalid("its author has no account")
        if post.type and post.type not in limits.POST_TYPES:
            raise Invalid("the server knows no posts of this type")
        if post.edit_at and post.edit_at < post.create_at:
            raise Invalid("it was edited before it was written")
        for attachment in post.attachments:
            self._body(attachment.path)
        if not post.reactions:
            return
        chosen: set[tuple[str, str]] = set()
        for reaction in post.reactions:
            _require(reaction.user in self._users, "a reaction is of nobody")
            _require(reaction.create_at >= post.create_at, "a reaction is before its post")
            self._hold_emoji(reaction.emoji_name)
            chosen.add((reaction.user, reaction.emoji_name))
        _require(len(chosen) == len(post.reactions), "a reaction is there twice")

    def _hold_emoji(self, name: str) -> None:
        if name not in self._emoji:
            whole = limits.EMOJI_NAME.fullmatch(name) and len(name) <= limits.EMOJI_NAME_BYTES
            _require(bool(whole), "a reaction's emoji has no name")
            self._emoji.add(name)

    def _known_users(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._users:
                raise Invalid("it names somebody without an account")

    def _body(self, path: str) -> None:
        if path:
            _require(self._kept.bodies, "the server does not look for files everywhere")
            _require(".." not in path.split("/"), "a path leads out of the archive")
            self.paths.add(path)

    def _refuse(self, line: bytes, why: str) -> None:
        found = next(filter(None, (pattern.search(line) for pattern in _KEYS)), None)
        key = f" ({found[1].decode('utf-8', 'replace')})" if found else ""
        raise _error(f"Line {self.lines} of the archive{key} would stop the import: {why}.")


def _require(held: bool, why: str) -> None:
    if not held:
        raise Invalid(why)


def _error(message: str) -> ChatMigrateError:
    return ChatMigrateError(
        "mattermost-archive-invalid",
        message,
        "This is a bug in chat-migrate; the archive was not written. Report the line above.",
    )
