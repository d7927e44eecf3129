"""RELEASE: what a live target holds back of new accounts while history comes in is given back once
everything was sent. That it is still to do outlives a crash."""

from functools import partial

from migrate.errors import Skip
from migrate.findings import Finding
from migrate.spi import Account, Releaser
from migrate.stages.engine import AHEAD, Engine, together
from migrate.stages.facts import RELEASE
from migrate.store import Op, State, ops

HELD = "accounts_held"
"""The name in the store's `meta` that says what is still to be released: "yes" the accounts and the
target as a whole, `_WHOLE` that alone."""

_WHOLE = "whole"


def note_held(engine: Engine) -> None:
    """Before the first act of a run: from now on accounts may be held back."""
    if isinstance(engine.session, Releaser) and engine.store.meta(HELD) != "yes":
        with engine.store.transaction():
            engine.store.set_meta(HELD, "yes")


async def release(engine: Engine) -> None:
    """After the last act: release every account that this project made, then the target as a whole.
    Where the target refuses, the reason is told, and the next run tries again."""
    session, held = engine.session, engine.store.meta(HELD)
    if not isinstance(session, Releaser) or not held:
        return
    accounts = held == _WHOLE or await _release_accounts(engine, session)
    told: list[Finding] = []
    try:
        await engine.call(session.release_all)
    except Skip as verdict:
        told.append(Finding(code=verdict.code))
    with engine.store.transaction():
        engine.store.set_findings(RELEASE, told)
        left = _WHOLE if told else ""
        engine.store.set_meta(HELD, left if accounts else "yes")


async def _release_accounts(engine: Engine, session: Releaser) -> bool:
    """Whether all were; one that the target refused keeps the reason."""
    engine.acts.refresh()
    where = f"kind = 1 AND state = {int(State.DONE)}"
    some = [
        op for op in ops.select(engine.store, where)
        if not op.flags & ops.MAPPED or engine.acts.planned_account(op.author).dormant
    ]  # fmt: skip
    refused: dict[int, str] = {}
    for start in range(0, len(some), AHEAD):
        batch = some[start : start + AHEAD]
        await together([_release(engine, session, op, refused) for op in batch])
    with engine.store.transaction():
        for op in some:
            if op.code or op.author in refused:
                ops.remark(engine.store, op, refused.get(op.author, ""))
    return not refused


async def _release(engine: Engine, session: Releaser, op: Op, refused: dict[int, str]) -> None:
    account: Account = engine.acts.planned_account(op.author)
    try:
        await engine.call(partial(session.release, account))
    except Skip as verdict:
        refused[op.author] = verdict.code
        return
    engine.world.probe("account.released", op.item)
