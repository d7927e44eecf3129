"""Every field of `Capabilities` held to its word, and the purity of what must be pure."""

from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import (
    Migration,
    assert_verified,
    assert_whole,
    live_migration,
    tampered,
)
from adapters.conformance.repetition import everyday_workspace
from adapters.conformance.target import Target
from adapters.conformance.workspace import Workspace
from migrate.errors import Skip
from migrate.model import File
from migrate.spi import (
    Body,
    BulkSession,
    Capabilities,
    Composer,
    Finder,
    LiveSession,
    Posting,
    Reactor,
    Reader,
    Recognizer,
    Sending,
)


class Limits:
    def test_session_is_of_the_kind_that_caps_say(self, target: Target, tmp_path: Path) -> None:
        """delivery, reactions, repeatable: each asks for a type."""
        migration = Migration(target, tmp_path, everyday_workspace()[0])
        caps = migration.caps
        sessions: list[object] = []
        with tampered(target.adapter, sessions.append):
            migration.run()
        assert sessions
        for session in sessions:
            assert isinstance(session, LiveSession) == (caps.delivery == "live")
            assert isinstance(session, BulkSession) == (caps.delivery == "bulk")
            assert isinstance(session, Reader)
            if caps.delivery == "live":
                assert isinstance(session, Reactor) == (caps.reactions == "each")
            if caps.delivery == "live" and not caps.repeatable:
                assert isinstance(session, Finder) != isinstance(session, Recognizer)
        if caps.delivery == "bulk":
            assert isinstance(target.adapter, Composer)
            assert caps.reactions in ("folded", "none")

    def test_calls_in_flight(self, target: Target, tmp_path: Path) -> None:
        """lanes, order: how many sends at once, in all and in one conversation."""
        workspace = Workspace()
        ann = workspace.person("ann")
        for place in [workspace.channel(f"room-{number}", ann) for number in range(6)]:
            for number in range(3):
                place.say(ann, f"{number} in {place.id}")
        migration = live_migration(target, tmp_path, workspace)
        caps = migration.caps
        flying: list[str] = []
        times: list[int] = []
        most = 0

        def watch(session: Any) -> None:
            send = session.send

            async def watched(sending: Any) -> str:
                nonlocal most
                lane = sending.opening.ref
                assert lane not in flying, "two sends at once in one lane"
                flying.append(lane)
                times.append(sending.time)
                most = max(most, len(flying))
                try:
                    ref: str = await send(sending)
                    return ref
                finally:
                    flying.remove(lane)

            session.send = watched

        with tampered(target.adapter, watch):
            migration.run()
        assert most <= (caps.lanes if caps.order == "lane" else 1)
        assert caps.order == "lane" or times == sorted(times)
        assert_whole(migration, workspace)

    def test_refs_are_no_wider_than_planned(self, target: Target, tmp_path: Path) -> None:
        """ref_width, and refs that nobody shares."""
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        caps = migration.caps
        refs: dict[str, list[str]] = {}

        def collect(session: Any) -> None:
            for name in ("ensure_account", "ensure_conversation", "send", "react"):
                if hasattr(session, name):
                    setattr(session, name, _noting(getattr(session, name), refs, name))

        with tampered(target.adapter, collect):
            migration.run()
        for name, given in refs.items():
            assert all(0 < len(ref) <= caps.ref_width for ref in given), name
            assert len(set(given)) == len(given), name

    def test_private_channel_without_readers_is_told(self, target: Target, tmp_path: Path) -> None:
        """locked: nobody could ever enter it."""
        workspace = Workspace()
        ann = workspace.person("ann", email="ann@acme.example")
        bob = workspace.person("bob", email="bob@acme.example", deactivated=True)
        lost = workspace.channel("lost", bob, private=True)
        rooms = (lost, workspace.channel("kept", ann, bob, private=True))
        for room in (*rooms, workspace.channel("open", bob), workspace.dm(bob)):
            room.say(bob, "who reads this?")
        migration = Migration(target, tmp_path, workspace)
        if not migration.caps.locked:
            pytest.skip("administrators can enter every channel of the target")
        told = [each for each in migration.plan().findings if each.code == migration.caps.locked]
        assert [(each.count, each.example) for each in told] == [(1, lost.id)]

    def test_times_are_multiples_of_the_step(self, target: Target, tmp_path: Path) -> None:
        """time_step."""
        migration = Migration(target, tmp_path, everyday_workspace()[0])
        caps = migration.caps
        migration.run()
        assert all(post.time * 1000 % caps.time_step == 0 for post in migration.holding().posts)

    def test_times_as_they_are_told(self, target: Target, tmp_path: Path) -> None:
        """told_step: what a reader says of times, and that nothing finer is kept from anybody."""
        workspace = Workspace()
        ann = workspace.person("ann")
        workspace.channel("general", ann).say(ann, "three quarters past", after=0.75)
        migration = live_migration(target, tmp_path, workspace)
        migration.run()
        times: list[int] = []

        def listen(session: Any) -> None:
            read = session.read

            async def heard(opening: Any) -> AsyncIterator[Any]:
                async for seen in read(opening):
                    times.append(seen.time)
                    yield seen

            session.read = heard

        with tampered(target.adapter, listen):
            assert_verified(migration)
        (kept,) = (post.time for post in migration.holding().posts)
        step = max(1_000, migration.caps.told_step)
        wanted = kept * 1_000 // step * step // 1_000
        # What a server says by itself, it says today.
        assert [time for time in times if abs(time - kept) < 60_000] == [wanted]

    def test_pieces_follow_each_other(self, target: Target, tmp_path: Path) -> None:
        """piece_step: how far apart the pieces of one message are, and nobody's in between."""
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        caps = Migration(target, tmp_path / "limit", workspace).caps
        general.say(ann, "word " * (caps.piece_limit // 2))
        general.say(bob, "at the same time", after=0.001)
        migration = Migration(target, tmp_path / "long", workspace)
        migration.run()
        posts = migration.holding().posts
        times = [post.time for post in posts if post.author == ann]
        assert len(times) > 1
        assert [time - times[0] for time in times] == [
            n * caps.piece_step for n in range(len(times))
        ]
        assert caps.piece_step == 0 or len({post.time for post in posts}) == len(posts)
        assert_verified(migration)

    def test_repeated_send(self, target: Target, tmp_path: Path) -> None:
        """repeatable: the same id again makes no second message."""
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        caps = migration.caps
        if not caps.repeatable:
            pytest.skip("the target has to be asked before a repeat")

        def twice(session: Any) -> None:
            send = session.send

            async def sent_twice(sending: Any) -> str:
                ref: str = await send(sending)
                assert await send(sending) == ref
                return ref

            session.send = sent_twice

        with tampered(target.adapter, twice):
            migration.run()
        assert_whole(migration, workspace)

    def test_finder_finds_what_is_there_and_nothing_else(
        self, target: Target, tmp_path: Path
    ) -> None:
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        asked = 0

        def ask(session: Any) -> None:
            send = session.send

            async def asked_about(sending: Any) -> str:
                nonlocal asked
                asked += 1
                assert await session.find(sending.opening, [sending.id]) == {}
                ref: str = await send(sending)
                found = await session.find(sending.opening, [sending.id, "nobody's"])
                assert found == {sending.id: ref}
                return ref

            if hasattr(session, "find"):
                session.send = asked_about

        with tampered(target.adapter, ask):
            summary = migration.run()
        assert asked in (0, summary.sent["messages"])

    def test_file_that_is_too_large(self, target: Target, tmp_path: Path) -> None:
        """file_limit."""
        workspace, _, _ = everyday_workspace()
        migration = live_migration(target, tmp_path, workspace)
        small, large = tmp_path / "small", tmp_path / "large"
        small.write_bytes(b"small")
        tried = 0

        def put(session: Any) -> None:
            send = session.send
            with large.open("wb") as sparse:
                # A session may know better than the plan, made without asking its server.
                sparse.truncate((session.caps.file_limit or 0) + 1)

            async def put_first(sending: Any) -> str:
                nonlocal tried
                tried += 1
                ref: str = await session.put_file(_body(small, sending))
                assert len(ref) <= session.caps.ref_width
                if session.caps.file_limit is not None:
                    with pytest.raises(Skip):
                        await session.put_file(_body(large, sending))
                ref = await send(sending)
                return ref

            session.send = put_first

        with tampered(target.adapter, put):
            migration.run()
        assert tried

    def test_silent_members(self, target: Target, tmp_path: Path) -> None:
        """members: whether those who wrote nothing are brought into a conversation."""
        workspace = Workspace()
        ann, bob = workspace.person("ann"), workspace.person("bob")
        general = workspace.channel("general", ann, bob)
        general.say(ann, "you are quiet, bob")
        migration = Migration(target, tmp_path, workspace)
        caps = migration.caps
        migration.run()
        expected = {ann, bob} if caps.members == "all" else {ann}
        assert migration.holding().rooms[general.id].members == expected

    def test_parts(self, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """part_messages, part_order: what one part holds, and in which order."""
        workspace = Workspace()
        ann = workspace.person("ann")
        for place in (workspace.channel("one", ann), workspace.channel("two", ann)):
            root = place.say(ann, f"root in {place.id}")
            for number in range(4):
                place.say(ann, f"{number} in {place.id}")
            place.say(ann, f"reply in {place.id}", root=root)
        migration = Migration(target, tmp_path, workspace)
        caps = migration.caps
        if caps.delivery == "live":
            pytest.skip("only an archive has parts")
        kind = type(target.adapter)
        compose = kind.compose  # type: ignore[attr-defined]  # a bulk adapter is a Composer
        parts: list[list[Posting]] = []

        def watched(self: Any, part: Any, rows: Any, caps: Any) -> Any:
            held = list(rows)
            if part.kind == "messages":
                parts.append(held)
            return compose(self, part, held, caps)

        monkeypatch.setattr(kind, "compose", watched)
        migration.run()
        assert sum(map(len, parts)) == len(workspace.said)
        assert len(parts) >= len(workspace.said) // caps.part_messages
        for part in parts:
            threads = [posting.message.root or posting.message.key.ts for posting in part]
            assert len(part) <= caps.part_messages or len(set(threads)) == 1
        _assert_order(caps, [posting for part in parts for posting in part])
        assert_whole(migration, workspace)


def _noting(call: Any, notes: dict[str, list[str]], name: str) -> Any:
    async def noting(act: Any) -> str:
        ref: str = await call(act)
        notes.setdefault(name, []).append(ref)
        return ref

    return noting


def _body(path: Path, sending: Sending) -> Body:
    """A body that comes with this message."""
    digest = sha256(path.name.encode()).hexdigest()
    file = File(id=f"F-{path.name}-{sending.id}", name=path.name)
    return Body(file=file, path=path, sha256=digest, author=sending.author, opening=sending.opening)


def _assert_order(caps: Capabilities, postings: Sequence[Posting]) -> None:
    """`time`: by time over everything (`global`) or within each lane; `thread`: a thread's messages
    in one run, the threads of a lane by their roots' time."""
    lanes: dict[str, list[Posting]] = {}
    for posting in postings:
        lane = posting.opening.placement.name if caps.order == "lane" else ""
        lanes.setdefault(lane, []).append(posting)
    for held in lanes.values():
        if caps.part_order == "time":
            order = [(posting.message.key.ts, "") for posting in held]
        else:
            order = [(p.message.root or p.message.key.ts, p.message.key.ts) for p in held]
        assert order == sorted(order)
