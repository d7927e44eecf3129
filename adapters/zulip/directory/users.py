"""What becomes of a person in a directory: a row of the table of users. Addresses are made present
and unique here, once all accounts are known."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import UNSET

from adapters.zulip import limits
from adapters.zulip.config import Config
from adapters.zulip.directory import tables
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.records import AccountRecord
from adapters.zulip.people import is_admin, owns, signs_in
from adapters.zulip.profiles import Profile
from mappings import names
from migrate.errors import Fatal
from migrate.spi import Account

OWNER_NAME = "Organization owner"
"""Of an account that is nobody's in Slack."""


def describe(account: Account) -> AccountRecord:
    """What a part says of an account."""
    person = account.person
    avatar = account.avatar
    seen = avatar is not None and avatar.mimetype in limits.IMAGE_TYPES
    return AccountRecord(
        name=account.placement.name,
        slack_id=person.id,
        email=person.email if account.action == "create" else "",
        signs_in=signs_in(account),
        guest=person.kind == "guest",
        admin=is_admin(account),
        bot=person.kind == "bot",
        title=names.full_name(person.title, "", limits.FIELD_CHARS),
        details=tuple((each.id, each.label, each.value) for each in person.profile),
        timezone=person.timezone if len(person.timezone) <= 40 else "",
        avatar=avatar.id if avatar is not None and seen else "",
    )


def assign_addresses(records: Iterable[AccountRecord], domain: str) -> dict[str, str]:
    """Every account's address by its name. Of several with one address, those who still sign in
    come first; all others, and whoever has none, get one to which no mail is ever sent."""
    people = list(records)
    given: dict[str, str] = {}
    used: set[str] = set()
    for record in sorted(people, key=lambda record: not record.signs_in):
        address = record.email.strip().lower()
        good = limits.EMAIL.fullmatch(address) and len(address) <= limits.EMAIL_CHARS
        if good and address not in used and not record.bot:
            used.add(address)
            given[record.name] = address
    for record in people:
        if record.name not in given:
            slug = names.slug(record.slack_id, "abcdefghijklmnopqrstuvwxyz0123456789-", 40)
            wish = f"{slug or 'somebody'}{'-bot' if record.bot else ''}"
            local = names.unique(wish, lambda name: f"{name}@{domain}" not in used, 60)
            used.add(f"{local}@{domain}")
            given[record.name] = f"{local}@{domain}"
    return given


def find_owner(records: Sequence[AccountRecord], owner: str) -> AccountRecord:
    """The account that the configuration names by Slack id or address. An address of nobody who
    signs in gives one more account.

    Raises Fatal where it is the id of nobody who signs in.
    """
    wanted = owner.strip().lower()
    for record in records:
        mine = owns(record.slack_id, record.email, wanted)
        if mine and record.signs_in and not record.bot:
            return record
    if "@" not in wanted:
        raise Fatal(
            "zulip-owner-unknown",
            "The owner of the organization is nobody who will sign in.",
            "Set `owner` in migration.toml to an e-mail address, or to the Slack id of somebody"
            " whose action in mappings/users.csv is `create`.",
        )
    taken = {record.name.casefold() for record in records}
    name = names.unique(OWNER_NAME, lambda name: name.casefold() not in taken, limits.NAME_CHARS)
    return AccountRecord(name=name, slack_id="", email=wanted, signs_in=True)


def user_rows(
    records: Iterable[AccountRecord],
    owner: str,
    addresses: Mapping[str, str],
    pictured: Collection[str],
    config: Config,
    kept: Profile,
    joined: float,
) -> list[tables.User]:
    """A row for each account. `owner` is the name of the one that owns the organization, `pictured`
    are the names of those whose picture is there."""
    idle = config.user_messages == "idle"
    powerless = False if kept.modern else UNSET
    return [
        tables.User(
            id=user_number(record.name),
            email=addresses[record.name],
            delivery_email=addresses[record.name],
            full_name=record.name,
            is_active=record.signs_in,
            role=_role(record, owner),
            date_joined=joined,
            is_bot=record.bot,
            bot_type=limits.GENERIC_BOT if record.bot else None,
            timezone=record.timezone,
            avatar_source="U" if record.name in pictured else "G",
            # With 1, Zulip makes all of somebody's copies when they come.
            last_active_message_id=1 if idle and _sleeps(record, owner) else None,
            long_term_idle=idle and _sleeps(record, owner),
            is_imported_stub=(record.signs_in and not record.bot) if kept.stubs else UNSET,
            is_staff=powerless,
            is_superuser=powerless,
            can_forge_sender=powerless,
            can_create_users=powerless,
            can_change_user_emails=powerless,
        )
        for record in records
    ]


def _sleeps(record: AccountRecord, owner: str) -> bool:
    """Whether somebody's copies may be made when they come back. The importer itself writes to
    those who run the organization, and so would wake them at once."""
    runs = record.admin or record.name == owner
    return record.signs_in and not record.bot and not runs


def _role(record: AccountRecord, owner: str) -> int:
    if record.name == owner:
        return limits.OWNER
    if record.admin:
        return limits.ADMINISTRATOR
    return limits.GUEST if record.guest else limits.MEMBER
