"""Drafts: what is kept of a message for an archive, found again by conversation and moment."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.nodes import EMPTY, plain
from migrate.model import File, Key, Message, Reaction
from migrate.spi import Piece, Rendered
from migrate.store import Op, OpKind, State, Store, open_store, ops
from migrate.store.drafts import PAGE_BYTES, Draft, DraftReader, draft, drop_idle, pack, put_drafts

WORDS = Message(
    key=Key("T1", "C1", "1.5"),
    author="U1",
    kind="emote",
    body=plain("hello"),
    root="1.000000",
    broadcast=True,
    edited="2.000000",
    reactions=(Reaction("tada", ("U1", "U2")),),
    files=(File(id="F1", name="a.txt"),),
    author_name="a bot",
    losses=("color-dropped",),
)
RENDERED = Rendered((Piece(b"hel"), Piece(b"\xfflo", in_thread=False)), ("lost",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "state.db")


def made(ts: int, payload: bytes = b"words") -> Draft:
    return draft(ts, "", WORDS, Rendered((Piece(payload),)))


def payload(store: Store, conv: int, ts: int) -> bytes | None:
    found = DraftReader(store).find(conv, ts)
    return None if found is None else found.rendered().pieces[0].payload


def test_a_draft_is_the_message_without_its_body(store: Store) -> None:
    put_drafts(store, 7, pack([draft(1_500_000, "1.5", WORDS, RENDERED)]))
    found = DraftReader(store).find(7, 1_500_000)
    assert found is not None
    assert found.slack_ts == "1.5"
    assert found.message(WORDS.key) == Message(
        key=WORDS.key,
        author="U1",
        kind="emote",
        body=EMPTY,
        root="1.000000",
        broadcast=True,
        edited="2.000000",
        reactions=WORDS.reactions,
        files=WORDS.files,
        author_name="a bot",
        losses=("color-dropped",),
    )
    assert found.rendered() == RENDERED


def test_each_message_is_found_in_its_own_conversation(store: Store) -> None:
    put_drafts(store, 1, pack([made(10, b"one")]))
    put_drafts(store, 2, pack([made(10, b"two")]))
    assert payload(store, 1, 10) == b"one"
    assert payload(store, 2, 10) == b"two"
    assert payload(store, 3, 10) is None
    assert payload(store, 1, 11) is None


def test_long_messages_are_laid_out_in_several_pages() -> None:
    pages = pack([made(ts, b"x" * (PAGE_BYTES // 3)) for ts in range(7)])
    assert [(page.first, page.last) for page in pages] == [(0, 2), (3, 5), (6, 6)]
    assert pack([]) == []


def test_few_pages_are_kept_unpacked(store: Store) -> None:
    drafts = [made(ts, b"%d" % ts + b" " * PAGE_BYTES) for ts in range(5)]
    put_drafts(store, 1, pack(drafts))
    reader = DraftReader(store, keep=2)
    for ts in (0, 4, 1, 3, 2, 0):
        assert reader.find(1, ts) == drafts[ts]


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, unique=True), max_size=6))
def test_the_newest_draft_of_a_message_counts(
    tmp_path_factory: pytest.TempPathFactory, plans: list[list[int]]
) -> None:
    """Pages of later plans may lie within, around and across those of earlier ones."""
    store = open_store(tmp_path_factory.mktemp("drafts") / "state.db", scratch=True)
    newest: dict[int, bytes] = {}
    for number, moments in enumerate(plans):
        words = b"%d" % number
        put_drafts(store, 1, pack([made(ts, words) for ts in sorted(moments)]))
        newest |= dict.fromkeys(moments, words)
    reader = DraftReader(store)
    for ts in range(31):
        found = reader.find(1, ts)
        assert (found.pieces[0][0] if found else None) == newest.get(ts)
    store.close()


@pytest.mark.parametrize(
    ("state", "part", "kept"),
    [(State.PLANNED, -1, False), (State.SKIPPED, -1, False), (State.PLANNED, 3, True)]
    + [(state, 3, True) for state in (State.DONE, State.SENDING)],
)
def test_pages_of_which_nothing_is_in_an_archive_are_dropped(
    store: Store, state: State, part: int, kept: bool
) -> None:
    put_drafts(store, 1, pack([made(10), made(20)]))
    ops.put_ops(store, [Op(1, 20, OpKind.MESSAGE, "", 0, 1, state=state, part=part)])
    drop_idle(store)
    assert (payload(store, 1, 10) is not None) is kept
