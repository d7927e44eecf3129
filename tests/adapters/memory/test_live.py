"""The live way: what is sent stands, is found, is read back; what the rules forbid is skipped."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from adapters.memory import adapter
from adapters.memory.adapter import MemoryConfig
from adapters.memory.live import LiveSession
from migrate.errors import Fatal, Skip, UsageError
from migrate.model import File
from migrate.spi import (
    Adapter,
    Audience,
    AudienceReader,
    Body,
    Composer,
    Context,
    Directory,
    Finder,
    Opening,
    Reacting,
    Reactor,
    Reader,
    Sealing,
    Seen,
    Sending,
)
from migrate.spi import (
    LiveSession as LiveTarget,
)
from tests.adapters.memory.acts import account, entry, opening, sending

T = TypeVar("T")

ANN, BOB = account("ann"), account("bob")
GENERAL = opening("general", ANN, BOB)
BOARD = opening("board", ANN, kind="private")


class Forgetful:
    """A memo that nobody needs."""

    def get(self, name: str) -> str | None:
        return None

    def set(self, name: str, value: str) -> None:
        raise AssertionError("the memory target keeps no memo")


def connect(folder: Path, **config: Any) -> LiveSession:
    context = Context(folder=folder, environ={}, memo=Forgetful())
    session = asyncio.run(adapter.connect(MemoryConfig(**config), context))
    assert isinstance(session, LiveSession)
    return session


def open_world(folder: Path, **config: Any) -> LiveSession:
    """A session that holds ann and bob, #general with both, and the private board with ann."""
    session = connect(folder, **config)
    for who in (ANN, BOB):
        run(session.ensure_account(who))
    for place in (GENERAL, BOARD):
        run(session.ensure_conversation(place))
        for who in place.members:
            run(session.ensure_member(entry(place, who)))
    return session


def run(act: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(act)


def collect(stream: AsyncIterator[Seen]) -> list[Seen]:
    async def drain() -> list[Seen]:
        return [seen async for seen in stream]

    return asyncio.run(drain())


def refusal(act: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(Skip) as raised:
        asyncio.run(act)
    assert raised.value.code in adapter.codes
    return raised.value.code


def test_the_adapter_and_its_session_have_all_the_powers(tmp_path: Path) -> None:
    typed: Adapter = adapter
    session = connect(tmp_path)
    live: LiveTarget = session
    assert isinstance(typed, Composer)
    for power in (LiveTarget, Finder, Reactor, Reader, AudienceReader, Directory):
        assert isinstance(live, power)


def test_what_is_sent_is_read_back_by_the_next_session(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    first = sending(GENERAL, ANN, "hello")
    root = run(session.send(first))
    reply = sending(GENERAL, BOB, "hi", second=1, root=root)
    run(session.send(reply))
    reacting = Reacting(
        id="r", opening=GENERAL, author=BOB, time=first.time, message=root, emoji="+1"
    )
    run(session.react(reacting))
    seen = collect(connect(tmp_path).read(GENERAL))
    assert [(s.id, s.author, s.time, s.root, s.message, s.emoji) for s in seen] == [
        (first.id, "ann", first.time, None, "", ""),
        (reply.id, "bob", reply.time, root, "", ""),
        ("r", "bob", first.time, None, root, "+1"),
    ]
    assert [s.payload for s in seen] == [first.piece.payload, reply.piece.payload, b""]


def test_find_answers_for_pieces_and_reactions(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    message = sending(GENERAL, ANN, "hello")
    ref = run(session.send(message))
    mark = run(
        session.react(
            Reacting(id="r", opening=GENERAL, author=ANN, time=1, message=ref, emoji="+1")
        )
    )
    assert run(session.find(GENERAL, [message.id, "r", "x"])) == {message.id: ref, "r": mark}
    assert run(session.find(BOARD, [message.id])) == {}


def test_the_same_sending_twice_makes_two_messages(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    assert not session.caps.repeatable
    refs = {run(session.send(sending(GENERAL, ANN, "again"))) for _ in range(2)}
    assert len(refs) == 2
    assert len(collect(session.read(GENERAL))) == 2


CAT = account("cat")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (sending(BOARD, BOB, "let me in"), "memory-not-a-member"),
        (sending(GENERAL, CAT, "who am I"), "memory-not-a-member"),
        (sending(GENERAL, ANN, "hi", root="m9"), "memory-unknown-message"),
        (sending(GENERAL, ANN, "x" * 41), "memory-too-long"),
        (sending(opening("nowhere"), ANN, "hi"), "memory-unknown-conversation"),
    ],
)
def test_refused_sendings(tmp_path: Path, act: Sending, code: str) -> None:
    session = open_world(tmp_path, piece_limit=40)
    assert refusal(session.send(act)) == code
    assert collect(connect(tmp_path).read(GENERAL)) == []


def test_root_must_be_a_root_of_the_same_conversation(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    elsewhere = run(session.send(sending(BOARD, ANN, "root")))
    root = run(session.send(sending(GENERAL, ANN, "root")))
    reply = run(session.send(sending(GENERAL, ANN, "reply", second=1, root=root)))
    in_reply = sending(GENERAL, ANN, "no", second=2, root=reply)
    assert refusal(session.send(in_reply)) == "memory-nested-thread"
    astray = sending(GENERAL, ANN, "no", second=2, root=elsewhere)
    assert refusal(session.send(astray)) == "memory-unknown-message"


def test_reaction_is_taken_once(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    ref = run(session.send(sending(GENERAL, ANN, "hello")))
    act = Reacting(id="r", opening=GENERAL, author=ANN, time=1, message=ref, emoji="+1")
    run(session.react(act))
    assert refusal(session.react(act)) == "memory-reacted-already"
    lost = msgspec.structs.replace(act, message="m9")
    assert refusal(session.react(lost)) == "memory-unknown-message"


def test_ensure_may_be_repeated(tmp_path: Path) -> None:
    open_world(tmp_path)
    before = (tmp_path / "memory.jsonl").read_bytes()
    open_world(tmp_path)
    assert (tmp_path / "memory.jsonl").read_bytes() == before


def test_name_of_somebody_else_is_refused(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    person = msgspec.structs.replace(ANN.person, id="U2")
    other = msgspec.structs.replace(ANN, person=person)
    assert refusal(session.ensure_account(other)) == "memory-name-taken"


def test_conversation_that_stands_open_is_not_taken_for_a_private_one(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    stricter = msgspec.structs.replace(GENERAL, private=True)
    assert refusal(session.ensure_conversation(stricter)) == "memory-open-already"


def test_leaver_is_let_in_writes_and_leaves(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    run(session.ensure_member(entry(BOARD, BOB, stays=False)))
    ref = run(session.send(sending(BOARD, BOB, "my last")))
    run(session.seal(Sealing(opening=BOARD, leavers=(BOB,), pins=(ref,), archived=True)))
    again = connect(tmp_path)
    audience = run(again.audience(BOARD))
    assert audience == Audience(members=frozenset({"ann"}), join="invite")
    assert refusal(again.send(sending(BOARD, ANN, "too late", second=1))) == "memory-closed"
    run(again.reopen(BOARD))
    run(again.send(sending(BOARD, ANN, "in time", second=1)))
    assert refusal(again.send(sending(BOARD, BOB, "no", second=2))) == "memory-not-a-member"


def test_audience_of_an_open_conversation_is_the_team(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    assert run(session.audience(GENERAL)).join == "members"
    guest = account("gus", "guest")
    run(session.ensure_account(guest))
    place: Opening = opening("lounge", guest)
    run(session.ensure_conversation(place))
    run(session.ensure_member(entry(place, guest)))
    assert run(session.audience(place)).members == {"gus"}


def test_directory_lists_accounts_and_conversations(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    assert {face.ref for face in run(session.accounts())} == {"ann", "bob"}
    assert {face.ref for face in run(session.conversations())} == {"general", "board"}


def test_file_is_stored_once(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    path = tmp_path / "body"
    path.write_bytes(b"body")
    body = Body(file=File(id="F1", name="body"), path=path, sha256="ab" * 32)
    assert run(session.put_file(body)) == run(session.put_file(body))


def test_line_of_a_killed_writer_does_not_count(tmp_path: Path) -> None:
    session = open_world(tmp_path)
    run(session.send(sending(GENERAL, ANN, "whole")))
    with (tmp_path / "memory.jsonl").open("ab") as log:
        log.write(b'{"act":"message","ref":"m0000')
    again = connect(tmp_path)
    assert len(collect(again.read(GENERAL))) == 1
    run(again.send(sending(GENERAL, ANN, "next", second=1)))
    assert len(collect(connect(tmp_path).read(GENERAL))) == 2


def test_reading_creates_nothing(tmp_path: Path) -> None:
    session = connect(tmp_path)
    assert run(session.check()) == ()
    run(session.close())
    assert list(tmp_path.iterdir()) == []


def test_file_of_somebody_else_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "memory.jsonl").write_text("dear diary\n")
    with pytest.raises(UsageError) as raised:
        connect(tmp_path)
    assert raised.value.exit == 2


@pytest.mark.parametrize("wrote", [0, 5])
def test_full_disk_is_fatal_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrote: int
) -> None:
    session = open_world(tmp_path)
    before = (tmp_path / "memory.jsonl").read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, line: write(fd, line[:wrote]))
    with pytest.raises(Fatal) as raised:
        run(session.send(sending(GENERAL, ANN, "lost")))
    assert raised.value.exit == 3
    assert (tmp_path / "memory.jsonl").read_bytes() == before


def test_log_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    open_world(tmp_path)
    assert (tmp_path / "memory.jsonl").stat().st_mode & 0o777 == 0o600
