"""What a message of an archive says: as the plan drafted it, so that it reads alike when it is
composed, carried into a later archive and held against what was taken. What no plan drafted (a
placeholder, a list of bookmarks) is rendered here."""

import msgspec

from mappings.nodes import EMPTY
from migrate.model import Key, Message, micros_ts
from migrate.spi import Adapter, Capabilities, Rendered
from migrate.stages.acts import Acts, read_message
from migrate.stages.look import StoreLook
from migrate.stages.reading import MessageReader
from migrate.store import Op, Store, people
from migrate.store.drafts import DraftReader

_FEWEST_PAGES, _MOST_PAGES = 48, 1_024
"""How many pages of drafts are kept unpacked, of some 35 kB each."""


class Words:
    """Messages without their bodies, and what they were rendered to."""

    def __init__(self, store: Store, caps: Capabilities, acts: Acts) -> None:
        self._store = store
        self._caps = caps
        self._acts = acts
        self.look = StoreLook(store, "placed", caps.ref_width)
        self._reader = MessageReader(store, acts.workspace)
        # In the order of time every conversation has a page that is being read.
        pages = min(len(people.conversation_numbers(store)), _MOST_PAGES)
        self._drafts = DraftReader(store, keep=max(pages, _FEWEST_PAGES))

    def read(self, op: Op, adapter: Adapter) -> tuple[Message, Rendered]:
        """The message of an op; `adapter` renders what has no draft."""
        if not op.item:
            draft = self._drafts.find(op.conv, op.ts)
            if draft is not None:
                ts = draft.slack_ts or micros_ts(op.ts)
                key = Key(self._acts.workspace, self._acts.conversation_id(op.conv), ts)
                return draft.message(key), draft.rendered()
        message = read_message(self._store, self._reader, self._acts, op)
        rendered = adapter.render(message, self.look.before(op.ts), self._caps)
        return msgspec.structs.replace(message, body=EMPTY), rendered
