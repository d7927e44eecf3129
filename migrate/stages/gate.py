"""CHECK, as `run` makes it before the first act: only what was shown is sent, to the target that it
was shown for, and only where the target takes what the plan needs."""

from collections.abc import Mapping, Sequence

import msgspec

from migrate.catalogue import catalogue, meaning
from migrate.errors import BlockedError
from migrate.findings import Finding
from migrate.spi import Adapter, Capabilities, Session
from migrate.stages.heritage import heritage
from migrate.stages.overview import Told
from migrate.stages.plan import CONVERTER, digest_of
from migrate.store import Store
from migrate.store.joined import forget_joined


def hold_to_shown(store: Store, parts: Mapping[str, str], digest: str) -> None:
    """Nothing is written before it was shown, and nothing but what was shown."""
    shown = store.meta("shown")
    if not shown or store.meta("planned") == "":
        raise BlockedError(
            "plan-not-shown",
            "No plan of this project has been shown yet.",
            "Run `chat-migrate plan`, read it, then run again.",
        )
    before: dict[str, str] = msgspec.json.decode(shown)
    changed = [name for name, value in parts.items() if before.get(name) != value]
    if changed:
        raise BlockedError(
            "plan-changed",
            f"The plan has changed since it was shown: {', '.join(changed)} differ.",
            "Run `chat-migrate plan`, read it, then run again.",
        )
    if digest and digest != digest_of(dict(parts)):
        raise BlockedError(
            "plan-other",
            f"The plan last shown is {digest_of(dict(parts))}, not {digest}.",
            "Run `chat-migrate plan` and use the digest that it prints.",
        )


def blocked(blocker: Told, adapter: Adapter) -> BlockedError:
    """The error by which a blocker of the plan ends a run."""
    known = meaning(blocker.code, catalogue(adapter))
    return BlockedError(blocker.code, known.text, known.advice)


def hold_to_check(findings: Sequence[Finding], adapter: Adapter) -> None:
    """What `plan --check` finds in the way of a run is in the way of one that was not checked."""
    known = catalogue(adapter)
    for finding in findings:
        found = meaning(finding.code, known)
        if found.severity == "blocker":
            raise BlockedError(finding.code, found.text, found.advice)


def hold_target(store: Store, session: Session) -> None:
    """The rows belong to one target: the one that was begun, or the living one that has taken over
    what was begun in an archive."""
    known, taken_over = store.meta("target"), heritage(store)
    goes_on = taken_over is not None and taken_over.into == session.fingerprint
    if known and known != session.fingerprint and not goes_on:
        raise BlockedError(
            "target-other",
            f"This project was begun into {known}, and the target is now {session.fingerprint}.",
            "Point migration.toml at the first one, or make a new project for this one.",
        )


def enter_target(store: Store, session: Session) -> None:
    """From here on something may stand at the target: no other is this project's any more."""
    hold_target(store, session)
    with store.transaction():
        if heritage(store) is not None:
            forget_joined(store)
        store.set_meta("target", session.fingerprint)


def hold_converter(store: Store, caps: Capabilities) -> None:
    """Texts that were converted otherwise would not be known again in an archive that follows
    another: a server that has taken that one would get its history twice."""
    begun = store.meta("converter", CONVERTER)
    if caps.delta == "append" and begun != CONVERTER:
        raise BlockedError(
            "converter-changed",
            "This version of chat-migrate words messages otherwise than the one that began to write"
            " archives for this project.",
            "Go on with that version, or make a new project into a new team.",
        )
    with store.transaction():
        store.set_meta("converter", CONVERTER)


def hold_caps(store: Store, planned: Capabilities, real: Capabilities) -> None:
    """The server may allow more than the plan was made for, not less of what the plan needs. What
    is no bound must be as it was planned."""
    (largest,) = store.db.execute(
        "SELECT coalesce(max(body.size), 0) FROM op JOIN body ON body.id = op.item"
        " WHERE op.conv = 0 AND op.ts = 0 AND op.kind = 4 AND op.state IN (0, 1, 3)"
    ).fetchone()
    too_large = real.file_limit is not None and largest > real.file_limit
    others = [
        name
        for name in real.__struct_fields__
        if name not in ("file_limit", "piece_limit", "lanes", "calls_a_minute")
        and getattr(real, name) != getattr(planned, name)
    ]
    if too_large or real.piece_limit < planned.piece_limit or others:
        raise BlockedError(
            "target-narrower",
            "The target takes less than the plan was made for, or other things.",
            "Run `chat-migrate plan --check`, read it, then run again.",
        )
