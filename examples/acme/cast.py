"""Who works at Acme and where they talk, with the entries of users.json and of the conversation
files. The awkward entries among them are named in the ledger by their ids."""

from dataclasses import dataclass, field
from typing import TypeAlias

TEAM = "T02ACME0001"
NORTHWIND = "T07NORTHW01"
FOUNDED = 1693929600  # 2023-09-05 in seconds: when the workspace was opened
UNKNOWN = ("U0GHOST0001", "U0GHOST0002", "U0GHOST0003")  # in no users.json, without a profile

Record: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Person:
    """One entry of users.json, or a visitor from another workspace (`team` is not Acme's)."""

    handle: str
    id: str
    name: str
    title: str = ""
    team: str = TEAM
    bot_id: str = ""
    more: Record = field(default_factory=dict)
    profile: Record = field(default_factory=dict)


@dataclass
class Place:
    """One conversation. `members` are handles, or ids that nobody knows."""

    id: str
    kind: str
    name: str
    members: list[str]
    more: Record = field(default_factory=dict)
    pins: list[Record] = field(default_factory=list)
    listed: bool = True

    @property
    def folder(self) -> str:
        """Named folders carry the name, the others the id."""
        return self.id if self.kind == "dm" else self.name


_STAFF = (
    Person("mara", "U02MARA0001", "Mara Lindqvist", "Founder", more={"is_owner": True}),
    Person("tomas", "U02TOMAS001", "Tomás Herrera", "Head of engineering"),
    Person("priya", "U02PRIYA001", "Priya Raman", "Backend"),
    Person("jonas", "U02JONAS001", "Jonas Weber", "Operations"),
    Person("keiko", "U02KEIKO001", "田中 恵子 (Keiko Tanaka)", "Frontend, Tokyo"),
    Person("liam", "U02LIAM0001", "Liam O'Connor", "Mobile"),
    Person("zoe", "U02ZOE00001", "Zoë Martin", "Design", profile={"fields": None}),
    Person("amara", "U02AMARA001", "Amara Okafor", "Product"),
    Person("sven", "U02SVEN0001", "Sven Dahl <support>", "Support"),
    Person("elif", "U02ELIF0001", "Elif Yıldız", "Sales"),
    Person("ben", "U02BEN00001", "Ben Carter", "Marketing", more={"deleted": True}),
    Person("olga", "U02OLGA0001", "Olga Petrova", "Office", profile={"fields": []}),
    Person("noor", "U02NOOR0001", "Noor Haddad", "Translation", more={"is_restricted": True}),
    Person(
        "pavel",
        "U02PAVEL001",
        "Pavel Novák",
        "Auditor",
        more={"is_restricted": True, "is_ultra_restricted": True},
    ),
    Person("elif.old", "W02ELIF0002", "Elif Yıldız", profile={"email": "ELIF@acme.example"}),
)
BOTS = (
    Person("deploybot", "U02DEPLOY01", "Deploybot", bot_id="B02DEPLOY01"),
    Person("github", "U02GITHUB01", "GitHub", bot_id="B02GITHUB01"),
    Person("roundtable", "U02ROUND001", "Roundtable", bot_id="B02ROUND001"),
)
VISITORS = (
    Person("hanna", "U07HANNA001", "Hanna Virtanen", team=NORTHWIND),
    Person("petri", "U07PETRI001", "Petri Salo", team=NORTHWIND),
)
_MOBILE = "project-roster-mobile-relaunch-autumn-2023-planning-and-daily-coordination"
_GUESTS = ["hanna", "petri"]
_ALL = ["mara", "tomas", "priya", "jonas", "keiko", "liam", "zoe", "amara", "sven", "elif", "olga"]


def hire_people() -> dict[str, Person]:
    """Everybody by handle: staff, bots and visitors."""
    return {person.handle: person for person in (*_STAFF, *BOTS, *VISITORS)}


def open_places() -> dict[str, Place]:
    """Every conversation by name; direct messages by their id."""
    places = [*_channels(), *_private(), *_direct(), *_groups(), *_files()]
    return {place.name or place.id: place for place in places}


def _channels() -> list[Place]:
    def channel(number: int, name: str, members: list[str], **more: object) -> Place:
        return Place(f"C02PUB{number:05}", "public", name, members, dict(more))

    legacy = channel(16, "Legacy-CRM", [], is_archived=True, creator=None)
    legacy.more["members"] = None
    return [
        channel(1, "general", [*_ALL, "noor"], is_general=True),
        channel(2, "random", [*_ALL, "noor"]),
        channel(3, "engineering", ["tomas", "priya", "jonas", "keiko", "liam"]),
        channel(4, "releases", ["tomas", "priya", "jonas", "liam", "amara"], created="1693929600"),
        channel(5, "incidents", ["tomas", "priya", "jonas", "sven", "mara"]),
        channel(6, "support", ["sven", "elif", "amara", "priya", "liam"]),
        channel(7, "design", ["zoe", "amara", "keiko", "liam"]),
        channel(8, "marketing", ["zoe", "elif", "mara", "amara"]),
        channel(9, "ext-northwind", ["sven", "elif", "amara", *_GUESTS], is_ext_shared=True),
        channel(10, "integration-tests", ["jonas", "priya", "tomas", UNKNOWN[2]]),
        channel(11, "チャネル", ["keiko", "noor", "zoe"]),
        channel(12, "z", ["jonas", "zoe", "olga"]),
        channel(13, _MOBILE, ["liam", "zoe", "keiko", "amara"]),
        channel(14, "_old-handbook", ["olga", "mara"], is_archived=True),
        channel(15, "-minus-one", ["jonas", "priya"]),
        legacy,
        channel(17, "brand-new", ["mara"]),
    ]


def _private() -> list[Place]:
    def group(number: int, name: str, members: list[str], **more: object) -> Place:
        return Place(f"C02PRV{number:05}", "private", name, members, dict(more))

    # No entry names it, so nobody knows its id.
    falcon = Place("project-falcon", "private", "project-falcon", [], listed=False)
    return [
        group(1, "leadership", ["mara", "tomas", "amara", "olga"]),
        group(2, "security-findings", ["tomas", "priya", "jonas"]),
        group(3, "hiring", ["mara", "tomas", "priya", "zoe", "pavel"]),
        falcon,
    ]


def _direct() -> list[Place]:
    pairs = (
        ["priya", "jonas"],
        ["mara", "tomas"],
        ["sven", "elif"],
        ["zoe", "amara"],
        ["keiko", "liam"],
        ["olga", "ben"],
        ["jonas", "jonas"],
        ["liam"],
        ["tomas", "USLACKBOT"],
        ["sven", UNKNOWN[0]],
    )
    return [
        Place(f"D02DIR{number:05}", "dm", "", pair, {"created": 1 if number == 3 else FOUNDED})
        for number, pair in enumerate(pairs, 1)
    ]


def _groups() -> list[Place]:
    sets = (
        ["amara", "elif", "zoe"],
        ["jonas", "priya", "tomas"],
        ["jonas", "priya", "tomas"],
        ["keiko", "noor", "zoe", "liam"],
    )
    return [
        Place(f"G02GRP{n:05}", "group_dm", f"mpdm-{'--'.join(members)}-{n}", members)
        for n, members in enumerate(sets, 1)
    ]


def _files() -> list[Place]:
    roadmap = Place("C02FIL00001", "file", "FC:F02CANVAS01:Roster roadmap", ["amara", "tomas"])
    roadmap.more = {"creator": "USLACKBOT"}
    return [roadmap]


def write_user(person: Person) -> Record:
    """The entry of users.json: people who left have no time zone, as in real exports."""
    profile: Record = {
        "title": person.title,
        "phone": "",
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.handle,
        "display_name_normalized": person.handle,
        "fields": {"Xf02PRON001": {"value": "they/them", "alt": ""}},
        "avatar_hash": f"a{person.id[3:].lower()}",
        "image_72": f"https://avatars.slack-edge.com/2023-09-05/{person.id}_72.png",
        "team": TEAM,
    }
    user: Record = {
        "id": person.id,
        "team_id": TEAM,
        "name": person.handle,
        "deleted": False,
        "color": "9f69e7",
        "real_name": person.name,
        "tz": "America/Los_Angeles",
        "tz_label": "Pacific Daylight Time",
        "tz_offset": -25200,
        "profile": profile,
        "is_admin": person.handle in ("mara", "tomas"),
        "is_owner": False,
        "is_primary_owner": person.handle == "mara",
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": bool(person.bot_id),
        "is_app_user": False,
        "updated": FOUNDED,
        "is_email_confirmed": True,
    }
    if person.bot_id:
        profile |= {"bot_id": person.bot_id, "api_app_id": f"A{person.bot_id[1:]}"}
    elif person.handle != "olga":  # an address may be missing
        profile["email"] = f"{person.handle}@acme.example"
    if person.id.startswith("W"):
        user["enterprise_user"] = {"id": person.id, "enterprise_id": "E02ACME0001"}
    profile |= person.profile
    user |= person.more
    if user["deleted"]:
        for key in ("tz", "tz_label", "tz_offset", "is_admin", "is_owner", "is_primary_owner"):
            del user[key]
    return user


def write_place(place: Place, people: dict[str, Person]) -> Record:
    """The entry of channels.json, groups.json, dms.json, mpims.json or file_conversations.json."""
    ids = [people[member].id if member in people else member for member in place.members]
    if place.kind == "dm":
        return {"id": place.id, "created": FOUNDED, "members": ids} | place.more
    creator = ids[0] if ids else None
    record: Record = {
        "id": place.id,
        "name": place.name,
        "created": FOUNDED,
        "creator": creator,
        "is_archived": False,
        "is_general": False,
        "members": ids,
        "topic": {"value": "", "creator": "", "last_set": "0"},
        "purpose": {"value": _PURPOSES.get(place.name, ""), "creator": creator, "last_set": 0},
    }
    if place.kind != "public":
        del record["is_general"]
    if place.pins:
        record["pins"] = place.pins
    return record | place.more


_PURPOSES = {
    "general": "News that concern all of Acme",
    "random": "Lunch, cats & bicycles",
    "engineering": "Building Roster",
    "incidents": "When something is on fire: facts first, blame never",
    "integration-tests": "Apps and bots try their messages here, the odder the better",
    "ext-northwind": "With our friends at Northwind Clinics",
    "leadership": "Numbers and plans",
}
