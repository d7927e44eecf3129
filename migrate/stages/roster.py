"""The table of people and their accounts, for whoever tells them how to sign in. What an account
needs for that only the target knows."""

import csv
import os
from pathlib import Path
from typing import Literal

import msgspec

from migrate.spi import Session, Usher
from migrate.stages.acts import Acts
from migrate.store import OpKind, State, Store, ops, people

NAME = "accounts.csv"


def write_accounts(
    store: Store, session: Session, folder: Path, refs: Literal["live", "placed"]
) -> int:
    """Write `accounts.csv` (0600): everybody with what became of them, the account's name at the
    target, and a line on how its owner signs in; returns how many. Who is merged stands with the
    account that writes in their name."""
    acts = Acts(store, refs)
    made = {
        op.author: op
        for op in ops.select(store, "kind = ? AND state = ?", (OpKind.ACCOUNT, State.DONE))
    }
    stand_ins = dict(store.db.execute("SELECT num, stands_for FROM person"))
    folder.mkdir(mode=0o700, exist_ok=True)
    beside = folder / f"{NAME}.new"
    count = 0
    with open(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline=""
    ) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("slack_id", "name", "email", "action", "account", "sign_in"))
        for number, person in people.people(store):
            op = made.get(stand_ins[number])
            account = acts.account(op.author) if op else None
            if op and account and op.flags & ops.INHERITED:
                # It stands there now, and is still what the archive made of it.
                made_as: Literal["create", "ghost"] = "ghost"
                if op.flags & ops.CREATES:
                    made_as = "create"
                account = msgspec.structs.replace(account, action=made_as)
            action: str = "skip" if account is None else account.action
            if account is not None and stand_ins[number] != number:
                action = "merge"
            how = ""
            if account is not None and action != "merge" and isinstance(session, Usher):
                how = session.sign_in(account)
            shown = (account.placement.name or account.ref) if account else ""
            table.writerow((person.id, person.shown_name, person.email, action, shown, how))
            count += 1
    beside.replace(folder / NAME)
    return count
