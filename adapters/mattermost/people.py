"""What becomes of a person: an account's line, or a bot's. Addresses are made present and unique
here, and who belongs where is laid beside each account; passwords are never written, so that the
server draws one that nobody knows."""

import re
from collections.abc import Iterable, Iterator, Mapping

from adapters.mattermost import limits, lines
from adapters.mattermost.channels import Totals
from adapters.mattermost.config import Config
from adapters.mattermost.paths import body_path
from adapters.mattermost.profiles import Profile
from adapters.mattermost.records import AccountRecord, ConversationRecord
from mappings import names
from migrate.spi import Account

_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)


def describe(account: Account, kept: Profile) -> AccountRecord:
    """What a part says of an account."""
    person = account.person
    bot = person.kind == "bot"
    silent = account.action == "ghost"
    first, last = _halves(person.full_name or ("" if person.name else person.id))
    avatar = account.avatar
    seen = avatar is not None and avatar.mimetype in limits.IMAGE_TYPES
    return AccountRecord(
        username=account.placement.name,
        slack_id=person.id,
        bot=bot and kept.bots,
        guest=person.kind == "guest",
        mapped=account.action == "map",
        silent=silent or (bot and not kept.bots),
        deactivated=person.deactivated,
        email="" if silent or bot else person.email,
        nickname=names.full_name(person.display_name, "", limits.NAME_RUNES),
        first_name=first,
        last_name=last,
        position=names.full_name(person.title, "", limits.POSITION_RUNES),
        image=body_path(avatar) if avatar is not None and seen else "",
    )


def assign_addresses(
    records: Iterable[AccountRecord], domain: str, taken: Iterable[str]
) -> dict[str, str]:
    """Every account's address by its username. Of several with one address, those who still sign in
    come first; all others, and whoever has none, get one to which no mail is ever sent."""
    used, given = set(taken), dict[str, str]()
    people = [record for record in records if not (record.mapped or record.bot)]
    for record in sorted(people, key=lambda record: record.deactivated):
        address = record.email.strip().lower()
        whole = _ADDRESS.fullmatch(address) and len(address) <= limits.EMAIL_BYTES
        if whole and address not in used:
            used.add(address)
            given[record.username] = address
    for record in people:
        if record.username not in given:
            # No dots: two in a row would be no address.
            wish = record.username.replace(".", "-")
            local = names.unique(wish, lambda name: f"{name}@{domain}" not in used, 64)
            used.add(f"{local}@{domain}")
            given[record.username] = f"{local}@{domain}"
    return given


def user_lines(
    records: Iterable[AccountRecord],
    conversations: Iterable[ConversationRecord],
    config: Config,
    totals: Totals,
    addresses: Mapping[str, str],
    *,
    modern: bool,
) -> Iterator[lines.UserLine]:
    """A line for each account that is new at the server, with all that it belongs to."""
    writable = {each.username: each for each in records if not (each.mapped or each.bot)}
    seats = _seats(writable, conversations, totals if modern else {})
    last_of_all = max((last for _, _, last in totals.values()), default=1)
    for username, account in writable.items():
        team = lines.TeamSeat(
            name=config.team,
            roles="team_guest" if account.guest else "team_user",
            channels=tuple(seats[username]),
        )
        yield lines.UserLine(
            lines.User(
                username=username,
                email=addresses[username],
                nickname=account.nickname,
                first_name=account.first_name,
                last_name=account.last_name,
                position=account.position,
                # Nobody's roles are named who need not be: an account of this name that stood there
                # unknown to us keeps its own.
                roles="system_guest" if account.guest else "",
                delete_at=last_of_all if account.silent or account.deactivated else 0,
                profile_image=account.image,
                teams=(team,),
                slack_id=account.slack_id,
            )
        )


def _seats(
    accounts: Mapping[str, AccountRecord],
    conversations: Iterable[ConversationRecord],
    totals: Totals,
) -> dict[str, list[lines.ChannelSeat]]:
    """What each account belongs to, everything read."""
    seats: dict[str, list[lines.ChannelSeat]] = {username: [] for username in accounts}
    for conversation in conversations:
        if not conversation.name:
            continue
        posts, threads, last = totals.get(conversation.name, (0, 0, 0))
        as_guest, as_user = (
            lines.ChannelSeat(
                name=conversation.name,
                roles=roles,
                msg_count=posts,
                msg_count_root=threads,
                last_viewed_at=last,
            )
            for roles in ("channel_guest", "channel_user")
        )
        for member in conversation.members:
            account = accounts.get(member.username)
            if account is not None:
                seats[member.username].append(as_guest if account.guest else as_user)
    return seats


def bot_lines(records: Iterable[AccountRecord], owner: str) -> Iterator[lines.BotLine]:
    """A line for each bot that is new at the server."""
    for record in records:
        if record.bot and not record.mapped:
            shown = record.nickname or f"{record.first_name} {record.last_name}".strip()
            yield lines.BotLine(
                lines.Bot(
                    username=record.username,
                    owner=owner,
                    display_name=(shown or record.username)[: limits.NAME_RUNES],
                    profile_image=record.image,
                    slack_id=record.slack_id,
                )
            )


def _halves(full_name: str) -> tuple[str, str]:
    """A first and a last name, as far as a space tells."""
    words = names.full_name(full_name, "", 2 * limits.NAME_RUNES)
    first, _, last = words.partition(" ")
    return first[: limits.NAME_RUNES], last[: limits.NAME_RUNES]
