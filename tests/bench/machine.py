"""What the figures were taken on, said beside them, for a figure alone says nothing."""

import os
import platform
import sqlite3
from importlib.metadata import version


def say(title: str, *packages: str) -> None:
    """A heading: what is measured, on which machine, with which releases of `packages`."""
    load = os.getloadavg()[0]
    releases = ", ".join(f"{name} {version(name)}" for name in packages)
    print(f"\n\n## {title}")
    print(
        f"{os.cpu_count()} cores ({platform.machine()}), load {load:.1f} before;"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {releases}"
    )
