"""Who is who in an organization: who signs in, who reads, who runs it. Pure."""

from migrate.spi import Account


def signs_in(account: Account) -> bool:
    """Whether the account's owner, or a bot, may use it once it is there."""
    return account.action == "create" and not account.person.deactivated


def reads(account: Account) -> bool:
    """Whether somebody gets a copy of each message of their channels."""
    return signs_in(account) and account.person.kind != "bot"


def owns(id: str, email: str, owner: str) -> bool:
    """Whether the owner that the configuration names is the person of this Slack id and address."""
    return bool(owner) and owner in (id.lower(), email.strip().lower())


def is_admin(account: Account) -> bool:
    """Whether an administrator or owner of the workspace becomes an administrator."""
    return account.person.admin and account.person.kind == "member" and signs_in(account)


def runs(account: Account, owner: str) -> bool:
    """Whether the importer writes to an account, as it does to all who run the organization."""
    return is_admin(account) or owns(account.person.id, account.person.email, owner)
