"""From a root with its replies to the lines of an import file: one, or as many as it takes. Which
posting goes where is `compose`'s."""

from collections.abc import Iterator, Sequence

from adapters.mattermost import limits, lines
from adapters.mattermost.profiles import MattermostCaps

LINE_ROOM = limits.LINE_BYTES // 2
"""Bytes of a line; what a thread has beyond goes into another."""


class Thread:
    """A post outside threads, and the replies under it as they are gathered.

    `lane` is the channel's name, `members` those who talk where it is direct. `readers` follow what
    they take part in. One that is `carried` stands at the server already; only its new replies
    follow it.
    """

    __slots__ = ("carried", "lane", "members", "readers", "replies", "root")

    def __init__(
        self,
        root: lines.Reply,
        lane: str,
        members: tuple[str, ...],
        readers: frozenset[str],
        *,
        carried: bool,
    ) -> None:
        self.root = root
        self.lane = lane
        self.members = members
        self.readers = readers
        self.carried = carried
        self.replies: list[lines.Reply] = []


def write(thread: Thread, caps: MattermostCaps, room: int = LINE_ROOM) -> Iterator[bytes]:
    """The lines of a thread, without newlines; several where one would be longer than `room` bytes
    or have more replies than are saved at once. The root stands in each, in all but the first
    without its reactions: the server knows it again."""
    followers = _followers(thread) if caps.kept.marks else ()
    if len(thread.replies) <= limits.REPLIES_A_LINE:
        whole = _line(thread, caps.team, thread.replies, followers)
        if len(whole) <= room or len(thread.replies) < 2:
            yield whole
            return
    bare = len(_line(thread, caps.team, ()))
    some: list[lines.Reply] = []
    size, first = bare, True
    for reply in thread.replies:
        length = len(lines.encode(reply)) + 1
        if some and (size + length > room or len(some) == limits.REPLIES_A_LINE):
            yield _line(thread, caps.team, some, followers if first else (), again=not first)
            some, size, first = [], bare, False
        some.append(reply)
        size += length
    yield _line(thread, caps.team, some, followers if first else (), again=not first)


def _followers(thread: Thread) -> tuple[lines.Follower, ...]:
    """Who wrote in a thread follows it, as in Slack, as long as they may read it. Of one that
    stands at the server only those who are new to it are named: what others have read there since
    is theirs."""
    if not thread.replies:
        return ()
    writers = dict.fromkeys(reply.user for reply in thread.replies)
    if not thread.carried:
        writers = {thread.root.user: None} | writers
    last = max(reply.create_at for reply in thread.replies)
    return tuple(
        lines.Follower(user=name, last_viewed=last) for name in writers if name in thread.readers
    )


def _line(
    thread: Thread,
    team: str,
    replies: Sequence[lines.Reply],
    followers: tuple[lines.Follower, ...] = (),
    *,
    again: bool = False,
) -> bytes:
    root = thread.root
    reactions = () if again else root.reactions
    if thread.members:
        return lines.encode(
            lines.DirectPostLine(
                lines.DirectPost(
                    channel_members=thread.members,
                    user=root.user,
                    type=root.type,
                    message=root.message,
                    props=root.props,
                    create_at=root.create_at,
                    edit_at=root.edit_at,
                    is_pinned=root.is_pinned,
                    reactions=reactions,
                    replies=tuple(replies),
                    attachments=root.attachments,
                    thread_followers=followers,
                )
            )
        )
    return lines.encode(
        lines.PostLine(
            lines.Post(
                team=team,
                channel=thread.lane,
                user=root.user,
                type=root.type,
                message=root.message,
                props=root.props,
                create_at=root.create_at,
                edit_at=root.edit_at,
                is_pinned=root.is_pinned,
                reactions=reactions,
                replies=tuple(replies),
                attachments=root.attachments,
                thread_followers=followers,
            )
        )
    )
