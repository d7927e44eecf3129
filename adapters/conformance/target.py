"""What an adapter's test class brings to the suite: a fresh target, and an eye on it that does not
look through the adapter. The same answers are asked of a log, an archive and a server."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from migrate.spi import Adapter


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file as whoever reads the post gets it, the body read whole."""

    name: str
    mimetype: str
    sha256: str


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One piece as the target holds it.

    `ref` is anything that tells posts apart; `root` the ref of the thread's root, "" outside
    threads; `time` milliseconds since the epoch. `conversation` and `author` are Slack ids: every
    target keeps a trace of them. `size` is what `caps.piece_limit` measures. A broadcast reply may
    be one post with `also_shown`, or a post in the thread and another beside it. `files` hang on
    it; one that brings files and no words has the text "".
    """

    ref: str
    conversation: str
    author: str
    time: int
    text: str
    size: int
    root: str = ""
    also_shown: bool = False
    files: tuple[Attached, ...] = ()


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One person's reaction: under which post (`ref`), by whom (Slack id), and the target's key."""

    post: str
    author: str
    emoji: str


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation, people by Slack id. `readers`: the members, and whoever else may read it
    or enter it unasked. `pins` are refs of posts."""

    members: frozenset[str]
    readers: frozenset[str]
    pins: tuple[str, ...] = ()
    closed: bool = False


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """All that a target holds: rooms by Slack id, posts in each room's own order; people's pictures
    by Slack id and the images of custom emoji by their names in Slack, each as its sha256; the
    accounts (Slack ids) of which something is held back while history comes in."""

    rooms: Mapping[str, Room] = {}
    posts: tuple[Post, ...] = ()
    marks: tuple[Mark, ...] = ()
    avatars: Mapping[str, str] = {}
    emoji: Mapping[str, str] = {}
    held_back: frozenset[str] = frozenset()


class Target:
    """One throwaway target. Subclass it; each test has one of its own.

    `settings` fill the `[target]` table. `lacks` names what the target cannot do and the suite
    leaves out, where no capability says so: any of `closing`, `leaving`, `notices`; `settling`,
    where nobody sees other people's direct talk: whether a message arrived of which no answer came,
    nobody can tell, and `verify` leaves it unchecked; `reacting`, where all people are mapped to
    accounts that cannot react; and `reading`, where that is seen while a run
    goes on, and by `verify` no more.
    """

    adapter: Adapter
    settings: Mapping[str, object] = {}
    environ: Mapping[str, str] = {}
    lacks: frozenset[str] = frozenset()
    told_step: int = 0
    """Microseconds: what `read_back` sees of times where they are kept finer than they are told."""

    def install(self, project: Path) -> None:
        """What the target's administrator does between `init` and `run`."""

    def read_back(self, project: Path) -> Holding:
        """What the target holds, read without the adapter's session; empty before the first run."""
        raise NotImplementedError

    def settle_in(self, project: Path, person: str) -> str:
        """Let a person (a Slack id) have an account there, as people come by one without a
        migration; returns what users.csv calls it."""
        raise NotImplementedError

    # -- what may become of a target later; a test is left out where this cannot be done
    # ------------

    def lose(self, project: Path, post: Post) -> None:
        """Take a post away behind everybody's back."""
        raise NotImplementedError

    def alter(self, project: Path, post: Post) -> None:
        """Change a post's words."""
        raise NotImplementedError

    def repeat(self, project: Path, post: Post) -> None:
        """Put a second copy of a post there, the importer's mark on it too."""
        raise NotImplementedError

    def lose_body(self, project: Path, file: Attached) -> None:
        """Take a file's bytes away, and leave the posts that it hangs on."""
        raise NotImplementedError

    def widen(self, project: Path, conversation: str) -> None:
        """Open a private conversation (a Slack id) to everybody."""
        raise NotImplementedError

    def chat(self, project: Path, post: Post) -> None:
        """Let this post's author write something new beside it, as people do."""
        raise NotImplementedError
