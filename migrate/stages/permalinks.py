"""The table of old links and new ones, so that a wiki full of Slack links can be rewritten too.
Links inside messages are the renderer's affair."""

import csv
import os
from pathlib import Path
from typing import Literal

from migrate.model import micros_ts
from migrate.spi import Linker
from migrate.stages.acts import Acts
from migrate.store import Store, ops

NAME = "permalinks.csv"


def write_permalinks(
    store: Store, linker: Linker, folder: Path, refs: Literal["live", "placed"] = "live"
) -> int:
    """Write `permalinks.csv` (0600): the Slack address of every message that the target has, and
    its new one; returns how many. Where no export tells the workspace's host, the old address is
    the path alone.
    """
    acts = Acts(store, refs)
    host = store.meta("domain")
    start = f"https://{host}/archives" if host else "/archives"
    folder.mkdir(mode=0o700, exist_ok=True)
    beside = folder / f"{NAME}.new"
    count = 0
    with open(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline=""
    ) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("slack", "target"))
        where = "kind = 5 AND state = 2 AND piece = 0 AND item = '' AND ref != ''"
        for op in ops.select(store, where, (), "ORDER BY conv, ts"):
            id = acts.conversation_id(op.conv)
            old = f"{start}/{id}/p{micros_ts(op.ts).replace('.', '')}"
            table.writerow((old, linker.link(acts.opening(op.lane), op.ref)))
            count += 1
    beside.replace(folder / NAME)
    return count
