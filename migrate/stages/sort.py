"""PLAN: every message of the store sorted into chunks for the survey: which are to be sent, which
are left out and why, which the target has."""

from collections.abc import Iterator

from migrate.model import Key
from migrate.source import parse
from migrate.stages.additions import returning
from migrate.stages.brief import Brief, names_threads
from migrate.stages.resolution import Destination
from migrate.stages.survey import CHANGED, KNOWN, UNCHANGED, Chunk
from migrate.store import Op, OpKind, Store, messages, ops
from migrate.store.drafts import DraftReader


def chunks(store: Store, brief: Brief, size: int, last_joined: int) -> Iterator[Chunk]:
    """Every message of the store in chunks, each with its code; at least one chunk, empty perhaps,
    for every conversation. Parts up to `last_joined` are not written again."""
    for number, destination in brief.resolution.conversations.items():
        sorter = _Sorter(store, brief, destination, last_joined)
        rows: list[messages.Row] = []
        codes: list[str] = []
        id = destination.conversation.id
        for row in messages.rows(store, number):
            rows.append(row)
            codes.append(sorter.code(row))
            if len(rows) == size:
                yield Chunk(number, id, tuple(rows), tuple(codes), sorter.threads)
                rows, codes = [], []
        yield Chunk(number, id, tuple(rows), tuple(codes), sorter.threads)


class _Sorter:
    """Decides for each message of one conversation whether it is sent."""

    def __init__(
        self, store: Store, brief: Brief, destination: Destination, last_joined: int
    ) -> None:
        self._brief = brief
        self._last_joined = last_joined
        self._destination = destination
        number = destination.number
        self._sent = {
            op.ts: op for op in ops.select(
                store, "conv = ? AND kind = ? AND item = '' AND piece = 0", (number, OpKind.MESSAGE)
            )
        }  # fmt: skip
        self._reactions: dict[int, int] = dict(
            store.db.execute(
                "SELECT ts, count(*) FROM op WHERE conv = ? AND kind = ? GROUP BY ts",
                (number, OpKind.REACTION),
            )
        )
        self._deleted = messages.deletions(store, number)
        self.threads: frozenset[int] = frozenset()
        if names_threads(brief.adapter):
            query = "SELECT DISTINCT root FROM message WHERE conv = ? AND root != 0"
            self.threads = frozenset(root for (root,) in store.db.execute(query, (number,)))
        self._returning = returning(store, number)
        self._drafts = DraftReader(store, keep=2)
        self._pages = messages.PageReader(store, keep=2)

    def code(self, row: messages.Row) -> str:
        sent = self._sent.get(row.ts)
        if sent is not None:
            if sent.part > self._last_joined and self._differs(row, sent):
                return CHANGED
            # The same number of reactions may be others.
            known = sent.folded + self._reactions.get(row.ts, 0)
            return KNOWN if row.reactions or known or row.edited > sent.edited else UNCHANGED
        if self._destination.code:
            return self._destination.code
        if not self._brief.span.holds(row.ts):
            return "excluded"
        if row.flags & messages.FLAG_TOMBSTONE or row.ts in self._deleted:
            return "deleted"
        if row.kind == messages.NOTICE and not self._brief.keep_notices:
            return "notice-dropped"
        if self._brief.resolution.stand_in(row.author) is None:
            return "person-skipped"
        return ""

    def _differs(self, row: messages.Row, sent: Op) -> bool:
        """Whether an archive that may be written again would hold something else of a message."""
        bare = bool(row.root) and not self._brief.caps.reply_reactions
        reactions = 0 if bare else row.reactions
        if (
            (row.ts in self.threads and not sent.name)
            or row.ts in self._returning
            or row.edited > sent.edited
            or bool(reactions) != bool(sent.folded)
        ):
            return True
        if not reactions:
            return False
        draft = self._drafts.find(row.conv, row.ts)
        key = Key("", self._destination.conversation.id, row.slack_ts)
        now = parse(self._pages.raw(row.page, row.idx), key).reactions
        return draft is None or draft.reactions != tuple((each.emoji, each.people) for each in now)
