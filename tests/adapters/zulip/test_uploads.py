"""Files, pictures and custom emoji into an organization that stands: by whom, who can open them,
and that what is shown for a moment is taken away again."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.conformance.enclosed import PNG
from adapters.zulip.organization.staging import NAME
from migrate.errors import Retry, Skip
from migrate.model import File
from migrate.spi import Account, Body, Entry, Opening, Placement
from tests.adapters.zulip.session import Project, account, channel, project, said, talk
from tests.fakes.zulip_records import GUEST, Upload

WORDS = b"what the file says"


@pytest.fixture(params=["9", "10"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path, request.param) as made:
        yield made


def body(
    place: Project, author: Account | None, opening: Opening | None, *, id: str = "F1",
    content: bytes = WORDS, mimetype: str = "text/plain", name: str = "plan (1).txt",
) -> Body:  # fmt: skip
    path = place.folder / hashlib.sha256(content).hexdigest()
    path.write_bytes(content)
    return Body(
        file=File(id=id, name=name, mimetype=mimetype, size=len(content)),
        path=path,
        sha256=path.name,
        author=author,
        opening=opening,
        placement=Placement(id.partition("/")[2]),
    )


def put(place: Project, wanted: Body) -> str:
    return place.ask(lambda session: session.put_file(wanted))


def share(place: Project, opening: Opening, author: Account) -> tuple[str, Upload]:
    """A file with its message."""
    path = put(place, body(place, author, opening))
    place.send(said(opening, author, f"look\n\n[plan]({path})"))
    return path, place.organization.world.uploads[path.removeprefix("/user_uploads/")]


def readers(place: Project, upload: Upload) -> set[str]:
    """The names of all who can open a file, but for the server's own bots."""
    world = place.organization.world
    return {each.name for each in world.people if world.can_open(each, upload)}


def staged(place: Project) -> list[str]:
    return [
        message.content
        for message in place.organization.world.messages.values()
        if message.topic == NAME
    ]


def mapped(place: Project, name: str = "Bob Own", id: str = "U2") -> Account:
    address = f"{name.split()[0].lower()}@acme.example"
    place.organization.world.make_user(address, name, "a password of his own")
    return place.make(account(id, name, action="map"))


def let_in(place: Project, opening: Opening, member: Account) -> None:
    place.organization.world.channels[int(opening.ref)].seats.add(int(member.ref))


@pytest.mark.parametrize("kind", ["public", "private"])
def test_by_its_author(place: Project, kind: str) -> None:
    ann, eve = place.make(account()), place.make(account("U3", "Eve E"))
    plans = place.open(channel(ann, kind=kind))  # type: ignore[arg-type]  # one of them
    path, upload = share(place, plans, ann)
    assert (upload.owner, upload.body, upload.name) == (int(ann.ref), WORDS, "plan (1).txt")
    assert upload.public == (kind == "public")
    assert (eve.person.full_name in readers(place, upload)) == (kind == "public")
    assert staged(place) == []
    found = place.ask(lambda session: session.calls.has_file(path))
    assert found


def test_in_talk_for_those_who_talk(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    place.make(account("U3", "Eve E"))
    _, upload = share(place, talk(ann, bob), ann)
    assert readers(place, upload) == {"Ann Example", "Bob B"}


def test_a_mapped_authors_file_in_public(place: Project) -> None:
    bob = mapped(place)
    plans = place.open(channel(bob))
    put(place, body(place, bob, plans))
    assert len(staged(place)) == 1
    _, upload = share(place, plans, bob)
    assert upload.public and upload.messages
    # What was put first was never shown by a message, and still stands there.
    assert len(staged(place)) == 1
    place.ask(lambda session: session.release_all())
    assert staged(place) == []
    assert upload.messages and upload.public


def test_a_mapped_members_file_in_private(place: Project) -> None:
    ann, bob = place.make(account()), mapped(place)
    mapped(place, "Eve Own", "U3")
    plans = place.open(channel(ann, bob, kind="private"))
    let_in(place, plans, bob)
    _, upload = share(place, plans, bob)
    assert not upload.public
    assert staged(place) == []
    assert readers(place, upload) == {"Ann Example", "Bob Own", place.organization.importer.name}


@pytest.mark.parametrize("belongs", [True, False])
def test_a_guest_can_show_only_what_stands_where_he_is(place: Project, belongs: bool) -> None:
    """Also in public: a message does not get the file that its author cannot read, and with what
    was staged the file itself would go."""
    bob = mapped(place)
    place.organization.world.users[int(bob.ref)].role = GUEST
    plans = place.open(channel(bob))
    if not belongs:
        with pytest.raises(Skip) as raised:
            share(place, plans, bob)
        assert raised.value.code == "zulip-file-not-shown"
        return
    place.enter(Entry(opening=plans, account=bob))
    path, upload = share(place, plans, bob)
    assert staged(place) == []
    assert upload.messages and upload.public
    assert path.removeprefix("/user_uploads/") in place.organization.world.uploads


def test_a_mapped_member_who_waits_is_let_in_for_a_file(place: Project) -> None:
    bob = mapped(place)
    plans = place.open(channel(bob, kind="private"))
    place.enter(Entry(opening=plans, account=bob))
    seats = place.organization.world.channels[int(plans.ref)].seats
    assert int(bob.ref) not in seats
    _, upload = share(place, plans, bob)
    assert int(bob.ref) in seats
    assert upload.messages and not upload.public


@pytest.mark.parametrize("direct", [True, False])
def test_what_cannot_be_shown_safely_is_not_uploaded(place: Project, direct: bool) -> None:
    """In talk there is no place for it; and whoever had left a private channel cannot claim it."""
    ann, bob = place.make(account()), mapped(place)
    opening = talk(ann, bob) if direct else place.open(channel(ann, kind="private"))
    with pytest.raises(Skip) as caught:
        put(place, body(place, bob, opening))
    assert caught.value.code == "zulip-file-not-shown"
    assert place.organization.world.uploads == {}
    assert staged(place) == []


@pytest.mark.parametrize("fault", ["drop-before", "drop-after"])
def test_what_was_staged_is_taken_away_after_a_crash(place: Project, fault: str) -> None:
    bob = mapped(place)
    plans = place.open(channel(bob))
    wanted = body(place, bob, plans)
    put(place, wanted)  # makes the channel for it
    place.organization.fail("POST messages", fault)  # type: ignore[arg-type]  # both are faults
    with pytest.raises(Retry):
        put(place, wanted)
    assert len(staged(place)) == (2 if fault == "drop-after" else 1)
    for _ in range(2):
        place.ask(lambda session: session.release_all())
        assert staged(place) == []
    closed = [c for c in place.organization.world.channels.values() if NAME in c.name]
    assert [each.archived for each in closed] == [True]


@pytest.mark.parametrize("fault", ["busy", "reset"])
def test_what_is_not_taken_away_at_once_fails_no_message(place: Project, fault: str) -> None:
    """It would be sent again, though it is there."""
    bob = mapped(place)
    plans = place.open(channel(bob))
    place.organization.fail("DELETE messages", fault)  # type: ignore[arg-type]  # both are faults
    _, upload = share(place, plans, bob)
    assert upload.messages
    assert len(staged(place)) == 1
    place.ask(lambda session: session.release_all())
    assert staged(place) == []


def test_a_channel_of_that_name_is_somebody_elses(place: Project) -> None:
    theirs = place.organization.world.make_channel(NAME, private=True)
    bob = mapped(place)
    _, upload = share(place, place.open(channel(bob)), bob)
    assert upload.public
    assert not theirs.archived and not theirs.seats


def test_one_file_in_two_conversations_is_no_wider_than_its_second(place: Project) -> None:
    """Both are private; nobody else can open it."""
    ann = place.make(account())
    place.make(account("U3", "Eve E"))
    one = place.open(channel(ann, id="C1", name="one", kind="private"))
    two = place.open(channel(ann, id="C2", name="two", kind="private"))
    path, upload = share(place, one, ann)
    place.send(said(two, ann, f"again [plan]({path})"))
    assert "Eve E" not in readers(place, upload)


def test_a_file_that_is_larger_than_the_server_takes(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    place.organization.world.realm["max_file_upload_size_mib"] = 0
    with pytest.raises(Skip) as caught:
        put(place, body(place, ann, plans))
    assert caught.value.code == "zulip-too-large"


def test_a_picture_waits_for_its_account(place: Project) -> None:
    picture = body(
        place, None, None, id="avatar/U1", content=PNG, mimetype="image/png", name="a.png"
    )
    ref = put(place, picture)
    shown = msgspec.structs.replace(account(), avatar=picture.file, avatar_ref=ref)
    ann = place.make(shown)
    assert place.organization.world.users[int(ann.ref)].picture == PNG


def test_what_is_no_picture_loses_nobody_an_account(place: Project) -> None:
    picture = body(place, None, None, id="avatar/U1", mimetype="image/png")
    ref = put(place, picture)
    shown = msgspec.structs.replace(account(), avatar=picture.file, avatar_ref=ref)
    assert place.make(shown).ref


def emoji(place: Project, name: str = "parrot") -> Body:
    return body(
        place, None, None, id=f"emoji/{name}", content=PNG, mimetype="image/png", name="a.png"
    )


def test_custom_emoji(place: Project) -> None:
    for _ in range(2):
        assert put(place, emoji(place)) == "parrot"
    assert [each.name for each in place.organization.world.emoji.values()] == ["parrot"]


def test_somebody_elses_emoji_is_left_alone(place: Project) -> None:
    assert put(place, emoji(place)) == "parrot"
    place.memo.kept.clear()
    with pytest.raises(Skip) as caught:
        put(place, emoji(place))
    assert caught.value.code == "zulip-emoji-exists"
