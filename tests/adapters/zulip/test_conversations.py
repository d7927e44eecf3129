"""Channels in an organization that stands: made for exactly those who belong to them, found again,
never taken from anybody, left and closed."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from migrate.errors import Skip
from migrate.spi import Account, Audience, Entry, Opening, Sealing
from tests.adapters.zulip.session import Project, account, channel, project, said, talk
from tests.fakes.zulip_records import Channel


@pytest.fixture(params=["9", "10"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path, request.param) as made:
        yield made


def held(place: Project, opening: Opening) -> Channel:
    return place.organization.world.channels[int(opening.ref)]


def audience(place: Project, opening: Opening) -> Audience:
    return place.ask(lambda session: session.audience(opening))


def seal(place: Project, opening: Opening, *leavers: Account, archived: bool = False) -> None:
    sealing = Sealing(opening=opening, leavers=leavers, archived=archived)
    place.ask(lambda session: session.seal(sealing))


@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_channel_has_its_members_and_the_importer(place: Project, kind: Any) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, bob, kind=kind))
    importer = place.organization.importer.id
    assert held(place, plans).seats == {int(ann.ref), int(bob.ref), importer}
    assert held(place, plans).private == (kind == "private")
    assert held(place, plans).history_public
    told = audience(place, plans)
    assert told.members == {ann.ref, bob.ref}
    assert told.join == ("invite" if kind == "private" else "members")
    assert told.listed == (kind == "public")


def test_nobody_is_told_that_a_channel_was_made(place: Project) -> None:
    ann = place.make(account())
    before = len(place.organization.world.messages)
    place.open(channel(ann))
    fresh = list(place.organization.world.messages.values())[before:]
    assert all(message.channel is not None for message in fresh)


def test_a_channel_is_found_again_after_a_crash(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    del place.memo.kept["zulip channel C1"]
    assert place.open(channel(ann)).ref == plans.ref


def test_a_channel_that_was_renamed_is_still_ours(place: Project) -> None:
    ann = place.make(account())
    plans = place.open(channel(ann))
    held(place, plans).name = "other plans"
    assert place.open(channel(ann)).ref == plans.ref
    assert place.send(said(plans, ann, "hello"))


@pytest.mark.parametrize("by_importer", [True, False])
def test_somebody_elses_channel_is_left_alone(place: Project, by_importer: bool) -> None:
    ann = place.make(account())
    creator = place.organization.importer.id if by_importer else None
    theirs = place.organization.world.make_channel("Plans", creator=creator)
    before = dataclasses.asdict(theirs)
    with pytest.raises(Skip) as caught:
        place.open(channel(ann))
    assert caught.value.code == "zulip-channel-exists"
    assert dataclasses.asdict(theirs) == before


def test_a_channel_that_somebody_makes_just_before_us(place: Project) -> None:
    ann = place.make(account())
    place.memo.set("zulip wanted C1", "plans")
    theirs = place.organization.world.make_channel("plans", creator=int(ann.ref))
    with pytest.raises(Skip) as caught:
        place.open(channel(ann))
    assert caught.value.code == "zulip-channel-exists"
    assert theirs.seats == set()


def test_nothing_private_goes_into_an_open_channel(place: Project) -> None:
    place.organization.world.make_channel("plans")
    with pytest.raises(Skip) as caught:
        place.open(channel(kind="private", action="map"))
    assert caught.value.code == "zulip-channel-open"


def test_a_private_channel_that_the_importer_is_not_in(place: Project) -> None:
    ann = place.make(account())
    theirs = place.organization.world.make_channel("plans", private=True)
    plans = place.open(channel(ann, kind="private", action="map"))
    with pytest.raises(Skip) as caught:
        place.enter(Entry(opening=plans, account=ann))
    assert caught.value.code == "zulip-not-in-channel"
    assert theirs.seats == set()
    assert not place.ask(lambda session: session.can_read(plans))


def test_to_write_nobody_has_to_be_in(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, kind="private"))
    place.enter(Entry(opening=plans, account=bob, stays=False))
    assert place.send(said(plans, bob, "goodbye"))
    assert audience(place, plans).members == {ann.ref}


def test_whoever_has_left_leaves(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann, bob, kind="private"))
    for _ in range(2):
        seal(place, plans, bob)
    assert audience(place, plans).members == {ann.ref}


def test_members_who_come_later_are_not_told_so(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    plans = place.open(channel(ann))
    before = len(place.organization.world.messages)
    for _ in range(2):
        place.enter(Entry(opening=plans, account=bob))
    assert audience(place, plans).members == {ann.ref, bob.ref}
    assert len(place.organization.world.messages) == before


def test_an_archived_channel_stays_readable(tmp_path: Path) -> None:
    with project(tmp_path, "10") as place:
        ann = place.make(account())
        plans = place.open(channel(ann, kind="private"))
        place.send(said(plans, ann, "hello"))
        for _ in range(2):
            seal(place, plans, archived=True)
        assert held(place, plans).archived
        assert place.ask(lambda session: session.can_read(plans))
        assert audience(place, plans).members == {ann.ref}
        assert place.send(said(plans, ann, "from a later export", second=1_700_000_005))


def test_a_server_that_would_hide_it_archives_nothing(tmp_path: Path) -> None:
    with project(tmp_path, "9") as place:
        plans = place.open(channel(place.make(account())))
        seal(place, plans, archived=True)
        assert not held(place, plans).archived


def test_a_channel_that_stood_there_is_never_closed(place: Project) -> None:
    theirs = place.organization.world.make_channel("plans")
    seal(place, place.open(channel(action="map")), archived=True)
    assert not theirs.archived


def test_talk_needs_everybody_who_is_in_it(place: Project) -> None:
    ann = place.make(account())
    missing = account("U2", "Bob B")
    with pytest.raises(Skip) as caught:
        place.open(msgspec.structs.replace(channel(ann, missing, kind="dm"), ref=""))
    assert caught.value.code == "zulip-account-missing"


def test_talk_is_known_by_who_talks(place: Project) -> None:
    ann, bob = place.make(account()), place.make(account("U2", "Bob B"))
    opening = place.open(channel(bob, ann, id="D1", name="", kind="dm"))
    assert opening.ref == talk(ann, bob).ref
    assert audience(place, opening).members == {ann.ref, bob.ref}
    assert audience(place, opening).join == "invite"
