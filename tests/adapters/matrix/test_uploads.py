"""Bodies, pictures and custom emoji on a homeserver, the fake one and a live one alike; and what
becomes of an upload that fails."""

import dataclasses
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from adapters.matrix import adapter
from adapters.matrix.client import Json
from adapters.matrix.codes import CODES
from adapters.matrix.registration import read_tokens, registration_path
from mappings import mrkdwn
from migrate.errors import ChatMigrateError, Fatal, Retry, Skip
from migrate.model import File, Key, Message, Person, Ref
from migrate.spi import Account, Body, Opening, Wish
from tests.adapters.matrix.places import Place
from tests.adapters.matrix.stage import NoLook, Stage, act
from tests.fakes.homeserver import FakeHomeserver, Fault
from tests.live.readback import download

Fake = tuple[Place, FakeHomeserver]
SECRET_NAME = "salaries of all.xlsx"


def body(folder: Path, content: bytes, **file: object) -> Body:
    path = folder / "body"
    path.write_bytes(content)
    described = msgspec.structs.replace(File(id="F1", name=SECRET_NAME), **file)
    return Body(file=described, path=path, sha256=sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("size", "file"),
    [
        (0, {"name": "empty.txt", "mimetype": "text/plain"}),
        (1, {"name": "", "mimetype": ""}),
        (300_000, {"name": "über & 1?.txt", "mimetype": "text/plain; charset=utf-8"}),
        (3_000_000, {"name": "\ud800/../\r\nx", "mimetype": "imäge/png"}),
    ],
)
def test_body_arrives_whole(place: Place, size: int, file: Mapping[str, object]) -> None:
    content = os.urandom(size)

    async def play(stage: Stage) -> str:
        return await stage.session.put_file(body(place.folder, content, **file))

    ref = act(place.config, place.folder, play)
    assert ref.startswith(f"mxc://{place.config.server_name}/")
    assert len(ref) <= adapter.caps(place.config).ref_width
    token = read_tokens(registration_path(place.config, place.folder)).appservice
    assert download(place.config.homeserver, token, ref) == content


def test_what_is_too_large_is_not_tried(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.media.limit = 9_999

    async def play(stage: Stage) -> str:
        assert stage.session.caps.file_limit == 9_999
        with pytest.raises(Skip) as skipped:
            await stage.session.put_file(body(place.folder, bytes(10_000)))
        return skipped.value.code

    assert act(place.config, place.folder, play) == "matrix-too-large"
    assert not [line for line in fake.seen if "upload" in line]


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "busy", "error"])
def test_upload_may_be_repeated(fake_place: Fake, fault: Fault) -> None:
    """A copy that nothing leads to is the worst of it."""
    place, fake = fake_place

    async def play(stage: Stage) -> Ref:
        fake.fail("/upload", fault)
        with pytest.raises(Retry):
            await stage.session.put_file(body(place.folder, b"once"))
        return await stage.session.put_file(body(place.folder, b"once"))

    ref = act(place.config, place.folder, play)
    assert fake.media.held[ref].body == b"once"
    assert len(fake.media.held) == (2 if fault == "drop-after" else 1)


def test_proxy_that_cuts_large_bodies_off_stops_one_file_alone(fake_place: Fake) -> None:
    place, fake = fake_place
    fake.media.proxy_limit = 1_000_000

    async def play(stage: Stage) -> list[str]:
        ends = list[str]()
        for _ in range(3):
            try:
                await stage.session.put_file(body(place.folder, bytes(2_000_000)))
            except (Retry, Skip) as verdict:
                ends.append(verdict.code)
        assert await stage.session.put_file(body(place.folder, b"small"))
        return ends

    ends = act(place.config, place.folder, play)
    assert ends == ["matrix-unreachable", "matrix-unreachable", "matrix-upload-cut"]


def test_homeserver_that_is_gone_is_not_taken_for_a_proxy(fake_place: Fake) -> None:
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        fake.stop()
        for _ in range(5):
            with pytest.raises(Retry):
                await stage.session.put_file(body(place.folder, b"x"))
        fake.start()
        await stage.session.put_file(body(place.folder, b"x"))

    act(place.config, place.folder, play)


def test_refusals_are_verdicts_without_a_name_in_them(fake_place: Fake) -> None:
    place, fake = fake_place

    async def upload(stage: Stage) -> ChatMigrateError | Retry | Skip:
        try:
            await stage.session.put_file(body(place.folder, bytes(2_000)))
        except (ChatMigrateError, Retry, Skip) as verdict:
            return verdict
        raise AssertionError("it was taken")

    fake.media.proxy_limit, fake.media.proxy_answers = 1_000, True
    verdict = act(place.config, place.folder, upload)
    assert isinstance(verdict, Skip)
    assert verdict.code == "matrix-too-large"
    fake.media.proxy_limit, fake.media.quota = None, 1_000
    quota = act(place.config, place.folder, upload)
    assert isinstance(quota, Fatal)
    assert quota.code == "matrix-upload-quota"
    fake.fail("/upload", "drop-before")
    for each in (verdict, quota, act(place.config, place.folder, upload)):
        assert "salaries" not in f"{each!r} {each.__cause__!r} {each.__context__!r}"
    assert {"matrix-too-large", "matrix-upload-cut"} <= CODES.keys()


def picture_of(account: Account, ref: Ref) -> Account:
    return msgspec.structs.replace(account, avatar=File(id="avatar/U1"), avatar_ref=ref)


def test_picture_is_there_before_its_owner_enters(place: Place) -> None:
    """A later one is written into every room, with today's date."""

    async def play(stage: Stage) -> None:
        ref = await stage.session.put_file(body(place.folder, b"\x89PNG", mimetype="image/png"))
        wish = Wish(kind="account", id="U1", name="ann")
        ann = picture_of(
            Account(
                person=Person(id="U1", kind="member", name="ann"),
                placement=adapter.place(wish, None, lambda name: True),
            ),
            ref,
        )
        ann = msgspec.structs.replace(ann, ref=await stage.session.ensure_account(ann))
        opening = await stage.open("C1", "private", ann)
        first = await seat(stage, opening, ann)
        assert first["avatar_url"] == ref
        await stage.session.ensure_account(ann)
        assert await seat(stage, opening, ann) == first
        assert len(await entries(stage, opening, ann)) == 1

    act(place.config, place.folder, play)


async def seat(stage: Stage, opening: Opening, account: Account) -> dict[str, str]:
    host = stage.session.rooms.host(opening)
    state = await stage.session.calls.whole_state(host, opening.ref)
    found: dict[str, str] = state["m.room.member", account.ref]
    return found


async def entries(stage: Stage, opening: Opening, account: Account) -> list[Json]:
    """How often a room was told that somebody is in it."""
    client, query = stage.session.calls.read, {"dir": "f", "limit": "100"}
    events = list[Json]()
    while True:
        with client.acting(stage.session.rooms.host(opening)):
            page = await client.call("GET", ["rooms", opening.ref, "messages"], query=query)
        events += page["chunk"]
        if not page.get("end"):
            break
        query["from"] = page["end"]
    joins = [event for event in events if event.get("state_key") == account.ref]
    return [event for event in joins if event["content"]["membership"] == "join"]


class Uploaded(NoLook):
    """One file and one custom emoji, at their real addresses."""

    def __init__(self, refs: Mapping[str, Ref]) -> None:
        self._refs = refs

    def file(self, id: str) -> Ref | None:
        return self._refs.get(id)

    def emoji(self, name: str) -> str | None:
        return f":{name}:" if f"emoji/{name}" in self._refs else None


def test_files_and_emoji_are_read_back_as_they_were_sent(place: Place) -> None:
    async def play(stage: Stage) -> None:
        ref = await stage.session.put_file(body(place.folder, b"\x89PNG", mimetype="image/png"))
        look = Uploaded({"F1": ref, "F2": ref, "emoji/party": ref})
        ann, bob = await stage.accounts("U1", "U2")
        opening = await stage.open("C1", "private", ann, bob)
        files = tuple(
            File(id=f"F{n}", name=f"{n}.png", mimetype="image/png", size=4) for n in (1, 2)
        )
        rendered = adapter.render(
            Message(
                key=Key("T1", "C1", "1400000001.000100"),
                author="U1",
                kind="message",
                body=mrkdwn.parse("look :party:"),
                files=files,
            ),
            look,
            stage.session.caps,
        )
        refs = [
            await stage.session.send(
                stage.sending(
                    opening, ann, Key("T1", "C1", "1400000001.000100"), index, piece, None
                )
            )
            for index, piece in enumerate(rendered.pieces)
        ]
        key = adapter.reaction("party", look)
        reacting = msgspec.structs.replace(
            stage.reacting(opening, bob, refs[1], "party"), emoji=key
        )
        reaction = await stage.session.react(reacting)
        assert await stage.session.react(reacting) == reaction
        seen = await stage.seen(opening)
        assert [one.payload for one in seen[:3]] == [piece.payload for piece in rendered.pieces]
        assert [one.files for one in seen[:3]] == [(), (ref,), (ref,)]
        assert [(one.message, one.emoji) for one in seen[3:]] == [(refs[1], ref)]
        event = await stage.session.calls.event(ann.ref, opening.ref, reaction)
        assert event["content"]["shortcode"] == ":party:"
        assert event["content"]["com.beeper.reaction.shortcode"] == ":party:"
        assert [json.loads(one.payload)["content"]["msgtype"] for one in seen[:3]] == [
            "m.text",
            "m.image",
            "m.image",
        ]

    act(place.config, place.folder, play)


def test_body_that_was_taken_away_is_missed(fake_place: Fake) -> None:
    """Homeservers may be told to forget media; the messages that speak of it stay."""
    place, fake = fake_place

    async def play(stage: Stage) -> None:
        ref = await stage.session.put_file(body(place.folder, b"1234", mimetype="image/png"))
        (ann,) = await stage.accounts("U1")
        opening = await stage.open("C1", "private", ann)
        key = Key("T1", "C1", "1400000001.000100")
        said = Message(
            key=key,
            author="U1",
            kind="message",
            body=mrkdwn.parse("look"),
            files=(File(id="F1", name="1.png", size=4),),
        )
        (piece,) = adapter.render(said, Uploaded({"F1": ref}), stage.session.caps).pieces
        await stage.session.send(stage.sending(opening, ann, key, 0, piece, None))
        assert [one.files for one in await stage.seen(opening)] == [(ref,)]

    async def look_again(stage: Stage) -> None:
        ann = await stage.account("U1")
        opening = await stage.open("C1", "private", ann)
        assert [one.files for one in await stage.seen(opening)] == [()]

    act(place.config, place.folder, play)
    (stored,) = fake.media.held
    whole = fake.media.held.pop(stored)
    act(place.config, place.folder, look_again)
    fake.media.held[stored] = dataclasses.replace(whole, body=b"123")
    act(place.config, place.folder, look_again)
