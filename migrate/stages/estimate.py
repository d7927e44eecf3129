"""How long a run will take, as the plan tells it: from what is left to do, and from what the
target's server allows."""

import math

import msgspec

from migrate.spi import Capabilities
from migrate.stages import bodies
from migrate.stages.engine import OPEN
from migrate.store import Store

SECONDS_A_CALL = 0.025
"""What a live target takes for one act."""

ROWS_A_SECOND = 20_000
BYTES_SENT_A_SECOND = 20_000_000
BYTES_COPIED_A_SECOND = 100_000_000
"""What of the bodies of files a live target takes in a second, and what goes into an archive."""


class Estimate(msgspec.Struct, frozen=True):
    """How long the run will take: here, and at the server. `calls_a_minute` is the server's bound
    where it is what the time comes from, else 0."""

    seconds: int
    server_seconds: int
    calls_a_minute: int = 0


def estimate(store: Store, caps: Capabilities) -> Estimate:
    """Of all that is planned and not done. Every act is at least one call."""
    (calls,) = store.db.execute(f"SELECT count(*) FROM op WHERE {OPEN} AND kind != 7").fetchone()
    size = bodies.count_bytes(store, open_only=True)
    if caps.delivery == "bulk":
        seconds = calls / ROWS_A_SECOND + size / BYTES_COPIED_A_SECOND
        return Estimate(seconds=math.ceil(seconds), server_seconds=0)
    working = calls * SECONDS_A_CALL
    working += size / BYTES_SENT_A_SECOND
    bound = caps.calls_a_minute
    waiting = calls * 60 / bound if bound else 0.0
    seconds = math.ceil(max(working, waiting))
    return Estimate(
        seconds=seconds,
        server_seconds=seconds,
        calls_a_minute=bound if waiting > working else 0,
    )
