"""The two kinds of server that archives are made for, and what each keeps. The figures that both
share are in `limits`; which one a running server is, its version says."""

from typing import Literal

import msgspec

from adapters.mattermost.config import Config
from adapters.mattermost.limits import MESSAGE_RUNES
from migrate.spi import Capabilities

ProfileName = Literal["11", "5.37"]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a server keeps of an archive.

    `bots`: whether there are lines for bots; they become deactivated accounts otherwise. `bodies`:
    whether files, pictures and images of emoji are looked for in the archive wherever they are
    named. The older kind looks for those of posts outside threads alone, and stops the import at
    any other, so that for it none is named. `marks`: whether posts have a type, a time of editing
    and a pin, and replies reactions and props. `read_state`: whether it is taken how far everybody
    has read. `proven`: whether a real server of this kind has taken an archive, and given it back
    whole.
    """

    name: ProfileName
    bots: bool
    bodies: bool
    marks: bool
    read_state: bool
    proven: bool


PROFILES: dict[str, Profile] = {
    "11": Profile(name="11", bots=True, bodies=True, marks=True, read_state=True, proven=True),
    "5.37": Profile(
        name="5.37", bots=False, bodies=False, marks=False, read_state=False, proven=True
    ),
}
DEFAULT: ProfileName = "11"


class MattermostCaps(Capabilities, frozen=True, kw_only=True):
    """What the pure half has to know of the configuration besides: the team's name, and the name
    of the profile."""

    team: str
    profile: ProfileName

    @property
    def kept(self) -> Profile:
        return PROFILES[self.profile]


def caps_for(config: Config, profile: ProfileName | None = None) -> MattermostCaps:
    """What a server of this profile takes; without one, of the configured one."""
    name = profile or config.profile or DEFAULT
    kept = PROFILES[name]
    return MattermostCaps(
        delivery="bulk",
        order="lane",
        reactions="folded",
        reply_reactions=kept.marks,
        pins=kept.marks,
        files="folded" if kept.bodies else "none",
        avatars=kept.bodies,
        emoji=kept.bodies,
        accounts=("create", "ghost", "map") if config.url else ("create", "ghost"),
        conversations=("create", "map") if config.url else ("create",),
        delta="append",
        ref_width=64,
        piece_limit=MESSAGE_RUNES,
        time_step=1_000,
        piece_step=1,
        members="all",
        late_members=bool(config.url),
        lanes=4,
        part_messages=config.part_messages,
        part_order="thread",
        team=config.team,
        profile=name,
    )


def profile_of(version: str) -> ProfileName:
    """The profile for a server's version, as "11.6.0". What is older than 9 is taken for 5.37: it
    loses more than it might, and nothing stops the import."""
    major = version.partition(".")[0]
    return "11" if major.isdigit() and int(major) >= 9 else "5.37"
