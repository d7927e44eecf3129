"""The project's SQLite file: the neutral model, the ops and the findings, read and written by typed
functions alone. What the rows mean for a migration is the stages' affair."""

from migrate.store.connection import Store, open_store
from migrate.store.lock import ProjectLock
from migrate.store.ops import Op, OpKind, State

__all__ = ["Op", "OpKind", "ProjectLock", "State", "Store", "open_store"]
