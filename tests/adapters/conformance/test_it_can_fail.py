"""A suite that nothing fails proves nothing: here the memory adapter is spoilt, one way at a time,
and the test that watches over it must say so."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.conformance import Conformance
from adapters.memory.adapter import MemoryAdapter
from adapters.memory.live import LiveSession
from migrate.spi import Rendered
from tests.adapters.memory.targets import LiveMemory

Patch = pytest.MonkeyPatch
Test = Callable[[Any, Any, Path], None]


def change_sendings(patch: Patch, **changes: object) -> None:
    send = LiveSession.send

    async def changed(self: LiveSession, sending: Any) -> str:
        return await send(self, msgspec.structs.replace(sending, **changes))

    patch.setattr(LiveSession, "send", changed)


def lose_threads(patch: Patch) -> None:
    change_sendings(patch, root=None)


def lose_times(patch: Patch) -> None:
    change_sendings(patch, time=1_700_000_000_000)


def lose_a_message(patch: Patch) -> None:
    send, numbers = LiveSession.send, itertools.count()

    async def careless(self: LiveSession, sending: Any) -> str:
        if next(numbers) == 1:
            return "m-nowhere"
        return await send(self, sending)

    patch.setattr(LiveSession, "send", careless)


def find_nothing(patch: Patch) -> None:
    async def blind(self: LiveSession, opening: Any, ids: Any) -> dict[str, str]:
        return {}

    patch.setattr(LiveSession, "find", blind)


def open_every_door(patch: Patch) -> None:
    ensure = LiveSession.ensure_conversation

    async def generous(self: LiveSession, opening: Any) -> str:
        return await ensure(self, msgspec.structs.replace(opening, private=False))

    patch.setattr(LiveSession, "ensure_conversation", generous)


def keep_leavers(patch: Patch) -> None:
    seal = LiveSession.seal

    async def forgetful(self: LiveSession, sealing: Any) -> None:
        await seal(self, msgspec.structs.replace(sealing, leavers=()))

    patch.setattr(LiveSession, "seal", forgetful)


def render_by_chance(patch: Patch) -> None:
    render, numbers = MemoryAdapter.render, itertools.count()

    def moody(self: MemoryAdapter, message: Any, look: Any, caps: Any) -> Rendered:
        rendered = render(self, message, look, caps)
        mark = str(next(numbers)).encode()
        pieces = tuple(
            msgspec.structs.replace(piece, payload=piece.payload + mark)
            for piece in rendered.pieces
        )
        return msgspec.structs.replace(rendered, pieces=pieces)

    patch.setattr(MemoryAdapter, "render", moody)


def keep_aliases_apart(patch: Patch) -> None:
    patch.setattr(MemoryAdapter, "reaction", lambda self, emoji, look: emoji)


@pytest.mark.parametrize(
    ("spoil", "test"),
    [
        (lose_threads, Conformance.test_threads),
        (lose_threads, Conformance.test_broadcast_is_shown_in_both_places_once),
        (lose_times, Conformance.test_order_over_days),
        (lose_a_message, Conformance.test_every_kind_of_conversation),
        (lose_a_message, Conformance.test_verify_is_clean_after_a_run),
        (find_nothing, Conformance.test_finder_finds_what_is_there_and_nothing_else),
        (find_nothing, Conformance.test_answer_that_was_lost),
        (open_every_door, Conformance.test_private_talk_has_exactly_its_readers),
        (keep_leavers, Conformance.test_author_who_left_stays_out),
        (keep_aliases_apart, Conformance.test_reactions_of_one_emoji_are_merged),
    ],
)
def test_a_spoilt_live_adapter_is_caught(
    tmp_path: Path, monkeypatch: Patch, spoil: Callable[[Patch], None], test: Test
) -> None:
    spoil(monkeypatch)
    with pytest.raises(AssertionError):
        test(Conformance(), LiveMemory(), tmp_path)


def test_a_crash_is_caught_where_nothing_can_be_found(tmp_path: Path, monkeypatch: Patch) -> None:
    find_nothing(monkeypatch)
    with pytest.raises(AssertionError):
        Conformance().test_crash_at_every_step(LiveMemory(), tmp_path, "message.called")


def test_rendering_by_chance_is_caught(tmp_path: Path, monkeypatch: Patch) -> None:
    render_by_chance(monkeypatch)
    with pytest.raises(AssertionError):
        Conformance().test_render_is_deterministic_and_agrees_with_survey(
            LiveMemory(), tmp_path, "plain words"
        )
