"""The major versions of Zulip that directories are made for, and in what their importers differ.
What all of them take is in `limits`."""

import msgspec

from adapters.zulip.config import Config, ProfileName
from adapters.zulip.limits import MESSAGE_CHARS, NAME_CHARS, PATH_CHARS, UPLOAD_BYTES
from migrate.spi import Capabilities


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What an importer asks for.

    `modern`: messages tell whether they are of channels, groups how many are in them, files their
    kind, and accounts that they have no power over the server (newer importers take these words
    away one by one, and stop where one is missing). `recent`: a channel may lie in a folder (where
    none is known, the word alone ends the import), the tables tell where they come from, and direct
    messages have a topic that no channel can have. `stamped`: it takes nothing without the list of
    the server's own migrations. `grouped`: one's talk with another, or with oneself, is a group as
    well, and nobody is a recipient. `stubs`: it knows people who have never signed in. `proven`:
    whether a server of this version has taken a directory.
    """

    name: ProfileName
    modern: bool
    recent: bool
    stamped: bool
    grouped: bool
    stubs: bool
    proven: bool = False

    @property
    def direct_topic(self) -> str:
        """The topic of direct messages."""
        return "\x07" if self.recent else ""

    @property
    def client(self) -> str:
        """By which program messages are said to have been sent."""
        return "ZulipDataImport" if self.modern else "populate_db"


PROFILES: dict[ProfileName, Profile] = {
    each.name: each
    for each in (
        Profile(
            name="9", modern=False, recent=False, stamped=False, grouped=False, stubs=False,
            proven=True,
        ),
        Profile(
            name="10", modern=True, recent=False, stamped=True, grouped=False, stubs=False,
            proven=True,
        ),
        Profile(name="11", modern=True, recent=True, stamped=True, grouped=False, stubs=False),
        Profile(name="12", modern=True, recent=True, stamped=True, grouped=True, stubs=True),
    )
}  # fmt: skip


class ZulipCaps(Capabilities, frozen=True, kw_only=True):
    """What the pure half has to know of the configuration besides."""

    profile: ProfileName
    main_topic: str
    topic_format: str
    idle: bool
    owner: str
    prerendered: bool = False

    @property
    def kept(self) -> Profile:
        return PROFILES[self.profile]


_FORMATS = {"single": "", "monthly": "%Y-%m", "daily": "%Y-%m-%d"}


def caps_for(config: Config) -> ZulipCaps:
    """What an organization takes."""
    return _living(config) if config.mode == "api" else _new(config)


def _living(config: Config) -> ZulipCaps:
    """One that stands, as far as its server says nothing else."""
    return ZulipCaps(
        delivery="live",
        order="global",
        lanes=1,
        reactions="each",
        pins=False,
        files="each",
        avatars=True,
        emoji=True,
        accounts=("create", "ghost", "map"),
        conversations=("create", "map"),
        ref_width=PATH_CHARS,
        piece_limit=MESSAGE_CHARS,
        file_limit=UPLOAD_BYTES,
        time_step=1_000,
        told_step=1_000_000,
        repeatable=False,
        mapped_react=False,
        mapped_files="channels",
        members="all",
        profile=config.version,
        main_topic=config.main_topic,
        topic_format=_FORMATS[config.topics],
        idle=False,
        owner="",
    )


def _new(config: Config) -> ZulipCaps:
    """One that is made of a directory."""
    return ZulipCaps(
        delivery="bulk",
        order="global",
        reactions="folded",
        pins=False,
        files="folded",
        avatars=True,
        emoji=True,
        accounts=("create", "ghost"),
        conversations=("create",),
        delta="rewrite",
        ref_width=NAME_CHARS,
        piece_limit=MESSAGE_CHARS,
        time_step=1_000,
        piece_step=0,
        members="all",
        locked="zulip-channel-unreadable",
        part_messages=config.part_messages,
        part_order="time",
        profile=config.version,
        main_topic=config.main_topic,
        topic_format=_FORMATS[config.topics],
        idle=config.user_messages == "idle",
        prerendered=config.rendering == "ready",
        owner=config.owner.strip().lower(),
    )
