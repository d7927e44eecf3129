"""Accounts in an organization that stands: whose are made, found, kept quiet and given back; and
that nothing of anybody else's is changed, and nobody is ever made up."""

import dataclasses
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.zulip.organization.keys import SECRET_FILE
from migrate.errors import Fatal, Skip
from migrate.spi import Account, Entry
from tests.adapters.zulip.session import Project, account, channel, project, said, talk
from tests.fakes.zulip_records import GUEST, User


@pytest.fixture(params=["9", "10"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path, request.param) as made:
        yield made


def user(place: Project, made: Account) -> User:
    return place.organization.world.users[int(made.ref)]


def test_an_account_that_its_owner_signs_in_to(place: Project) -> None:
    ann = place.make(account(email="Ann@Acme.example"))
    assert user(place, ann).email == "ann@acme.example"
    assert user(place, ann).name == "Ann Example"


@pytest.mark.parametrize(
    "made",
    [
        account(action="ghost", email="ann@acme.example"),
        account(email="ann@acme.example", deactivated=True),
        account(email="not an address"),
        account(),
    ],
)
def test_no_mail_goes_to_anybody_else(place: Project, made: Account) -> None:
    assert user(place, place.make(made)).email == "u1@slack.invalid"


def test_once_more_is_the_same_account(place: Project) -> None:
    before = place.make(account(email="ann@acme.example"))
    place.memo.kept.clear()  # the answer came, and the process ended before it was noted
    assert place.make(account(email="ann@acme.example")).ref == before.ref
    assert place.organization.count("POST users") - place.organization.count("POST users/") == 1


def test_two_of_one_address(place: Project) -> None:
    """The second is known by an address that nobody else has."""
    first = place.make(account(email="ann@acme.example"))
    second = place.make(account("U2", "Ann Once More", email="ann@acme.example"))
    assert [user(place, each).email for each in (first, second)] == [
        "ann@acme.example",
        "u2@slack.invalid",
    ]


def test_an_account_that_stood_there_before_is_never_taken_for_ours(place: Project) -> None:
    theirs = place.organization.world.make_user("ann@acme.example", "Ann Example", "her own one")
    before = dataclasses.asdict(theirs)
    with pytest.raises(Skip) as caught:
        place.make(account(email="ann@acme.example"))
    assert caught.value.code == "zulip-account-exists"
    assert dataclasses.asdict(theirs) == before


def test_a_deactivated_account_of_that_address_is_not_opened(place: Project) -> None:
    theirs = place.organization.world.make_user(
        "ann@acme.example", "Ann Example", "her own one", active=False
    )
    with pytest.raises(Skip):
        place.make(account(email="ann@acme.example"))
    assert not theirs.active


@pytest.mark.parametrize("name", ["ann@acme.example", "ANN@acme.example", "Ann Own"])
def test_mapped_accounts_are_found_and_left_alone(place: Project, name: str) -> None:
    theirs = place.organization.world.make_user("ann@acme.example", "Ann Own", "her own one")
    before = dataclasses.asdict(theirs)
    ann = place.make(account(name=name, action="map"))
    assert ann.ref == str(theirs.id)
    plans = place.open(channel(ann))
    place.send(said(plans, ann, "hello"))
    place.ask(lambda session: session.release_all())
    assert dataclasses.asdict(theirs) == before


def test_several_of_one_name_are_told_apart_by_number(place: Project) -> None:
    one, two = (
        place.organization.world.make_user(f"ann{n}@acme.example", "Ann Own") for n in (1, 2)
    )
    names = {each.name for each in place.ask(lambda session: session.accounts())}
    assert {f"Ann Own|{one.id}", f"Ann Own|{two.id}", "ann1@acme.example"} <= names
    assert place.make(account(name=f"Ann Own|{two.id}", action="map")).ref == str(two.id)
    with pytest.raises(Skip) as caught:
        place.make(account(name="Ann Own", action="map"))
    assert caught.value.code == "zulip-account-missing"


def test_whose_address_is_hidden_is_no_sender(place: Project) -> None:
    """The server would make somebody up who is called so, or fall over."""
    world = place.organization.world
    theirs = world.make_user("ann@acme.example", "Ann Own", visibility=3)
    listed = place.ask(lambda session: session.accounts())
    assert {each.barred for each in listed if each.ref == str(theirs.id)} == {"zulip-sender-hidden"}
    with pytest.raises(Skip) as caught:
        place.make(account(name="Ann Own", action="map"))
    assert caught.value.code == "zulip-sender-hidden"


def test_nobody_is_ever_made_up(place: Project) -> None:
    """Not even where somebody hides an address after we have looked."""
    world = place.organization.world
    theirs = world.make_user("ann@acme.example", "Ann Own")
    ann = place.make(account(name="Ann Own", action="map"))
    plans = place.open(channel(ann))
    theirs.visibility = 3
    count = len(world.users)
    with pytest.raises(Skip) as caught:
        place.send(said(plans, ann, "hello"))
    assert caught.value.code == "zulip-sender-hidden"
    assert len(world.users) == count
    assert not any(each.dummy for each in world.users.values())


def test_accounts_are_shown_where_the_organization_hides_them(place: Project) -> None:
    world = place.organization.world
    world.defaults["email_address_visibility"] = 3
    world.realm["realm_user_settings_defaults"] = {"email_address_visibility": 3}
    ann = place.make(account(email="ann@acme.example"))
    user(place, ann).visibility = 1
    assert place.send(said(place.open(channel(ann)), ann, "hello"))


def test_quiet_until_it_is_given_back(place: Project) -> None:
    ann, bob = place.make(account(email="ann@acme.example")), place.make(account("U2", "Bob B"))
    held = user(place, ann).settings
    assert held["enable_offline_email_notifications"] is False
    assert held["automatically_follow_topics_policy"] == 4
    place.send(said(talk(ann, bob), bob, "hello"))
    place.ask(lambda session: session.release(ann))
    assert held["enable_offline_email_notifications"] is True
    assert all("read" in message.copies[int(ann.ref)] for message in copies(place, ann))


def test_what_was_given_back_is_its_owners(place: Project) -> None:
    """A later export marks nothing as read, and changes no setting."""
    ann, bob = place.make(account(email="ann@acme.example")), place.make(account("U2", "Bob B"))
    place.ask(lambda session: session.release(ann))
    user(place, ann).settings["enable_offline_email_notifications"] = False
    place.send(said(talk(ann, bob), bob, "later"))
    place.ask(lambda session: session.release(ann))
    assert user(place, ann).settings["enable_offline_email_notifications"] is False
    assert any("read" not in message.copies[int(ann.ref)] for message in copies(place, ann))


def test_an_owner_who_has_set_a_password_keeps_what_was_held(place: Project) -> None:
    ann = place.make(account(email="ann@acme.example"))
    user(place, ann).password = "her own by now"
    with pytest.raises(Skip) as caught:
        place.ask(lambda session: session.release(ann))
    assert caught.value.code == "zulip-not-released"


def test_whom_others_have_deactivated_is_opened_only_for_the_while(place: Project) -> None:
    """An administrator has closed it since: what comes later must not bring somebody back."""
    ann, bob = place.make(account(email="ann@acme.example")), place.make(account("U2", "Bob B"))
    place.ask(lambda session: session.release(ann))
    user(place, ann).active = False
    place.send(said(talk(ann, bob), bob, "later"))
    assert user(place, ann).active
    for _ in range(2):
        place.ask(lambda session: session.release(ann))
        assert not user(place, ann).active
    # Whoever is let back in by others stays.
    user(place, ann).active = True
    place.ask(lambda session: session.release(ann))
    assert user(place, ann).active


@pytest.mark.parametrize("taken", [True, False])
def test_an_account_that_is_its_owners_by_now_is_not_closed(place: Project, taken: bool) -> None:
    """Though they have left Slack since."""
    ann = place.make(account(email="ann@acme.example"))
    place.ask(lambda session: session.release(ann))
    gone = account(email="ann@acme.example", deactivated=True)
    gone = msgspec.structs.replace(gone, ref=ann.ref)
    if not taken:
        place.ask(lambda session: session.release(gone))
        assert not user(place, ann).active
        return
    user(place, ann).password = "her own by now"
    with pytest.raises(Skip) as caught:
        place.ask(lambda session: session.release(gone))
    assert caught.value.code == "zulip-account-kept"
    assert user(place, ann).active


@pytest.mark.parametrize(
    ("made", "open"),
    [
        (account(email="ann@acme.example"), True),
        (account(action="ghost"), False),
        (account(email="ann@acme.example", deactivated=True), False),
        (account(kind="bot"), False),
    ],
)
def test_what_nobody_signs_in_to_is_closed(place: Project, made: Account, open: bool) -> None:
    ann = place.make(made)
    assert user(place, ann).active
    for _ in range(2):
        place.ask(lambda session: session.release(ann))
        assert user(place, ann).active == open


def test_a_ghost_is_opened_for_a_later_export(place: Project) -> None:
    ann, bob = place.make(account(action="ghost")), place.make(account("U2", "Bob B"))
    place.ask(lambda session: session.release(ann))
    assert place.send(said(talk(ann, bob), bob, "later"))
    place.ask(lambda session: session.release(ann))
    assert not user(place, ann).active


def test_guests_are_in_nothing_by_default(place: Project) -> None:
    world = place.organization.world
    general = world.make_channel("everybody")
    world.default_channels.add(general.id)
    guest = place.make(account(kind="guest", email="ann@acme.example"))
    member = place.make(account("U2", "Bob B", email="bob@acme.example"))
    assert user(place, guest).role == GUEST
    assert int(guest.ref) not in general.seats
    assert int(member.ref) in general.seats


def test_a_guest_that_is_looked_at_again_keeps_its_channels(place: Project) -> None:
    guest = place.make(account(kind="guest", email="ann@acme.example"))
    plans = place.open(channel(guest, kind="private"))
    place.make(account(kind="guest", email="ann@acme.example"))
    assert int(guest.ref) in place.organization.world.channels[int(plans.ref)].seats


def test_the_secret_is_nobody_elses(place: Project) -> None:
    place.make(account(email="ann@acme.example"))
    path = place.folder / SECRET_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_bytes()
    place.make(account("U2", "Bob B"))
    assert path.read_bytes() == secret


def test_looking_makes_no_secret(place: Project) -> None:
    place.ask(lambda session: session.check())
    place.ask(lambda session: session.accounts())
    assert not (place.folder / SECRET_FILE).exists()


def test_a_damaged_secret_is_not_written_over(place: Project) -> None:
    (place.folder / SECRET_FILE).write_bytes(b"short")
    with pytest.raises(Fatal) as caught:
        place.make(account())
    assert caught.value.code == "zulip-secret"
    assert (place.folder / SECRET_FILE).read_bytes() == b"short"


def test_nothing_secret_is_kept_elsewhere(place: Project) -> None:
    ann, bob = place.make(account(email="ann@acme.example")), place.make(account("U2", "Bob B"))
    place.send(said(talk(ann, bob), bob, "hello"))
    place.ask(lambda session: session.release(ann))
    secrets = [user(place, each).key for each in (ann, bob)]
    secrets += [user(place, each).password for each in (ann, bob)]
    secrets.append(place.organization.importer.key)
    told = " ".join(place.memo.kept.values())
    told += " ".join(
        path.read_text(errors="replace")
        for path in place.folder.rglob("*")
        if path.is_file() and path.name not in ("zuliprc", SECRET_FILE)
    )
    assert not any(secret in told for secret in secrets)


def test_domains_are_there_as_long_as_they_are_needed(place: Project) -> None:
    domains = place.organization.world.domains
    domains["acme.example"] = False
    ann = place.make(account(email="ann@acme.example"))
    bob = place.make(account("U2", "Bob B"))
    place.send(said(talk(ann, bob), bob, "hello"))
    assert set(domains) == {"acme.example", "slack.invalid"}
    place.ask(lambda session: session.release_all())
    assert set(domains) == {"acme.example"}


def test_no_domain_lets_strangers_in(place: Project) -> None:
    place.organization.world.realm |= {
        "realm_emails_restricted_to_domains": True,
        "realm_invite_required": False,
    }
    with pytest.raises(Fatal) as caught:
        place.make(account(email="ann@acme.example"))
    assert caught.value.code == "zulip-domain"
    assert place.organization.world.domains == {}
    assert place.organization.count("POST users") == 0


def test_people_enter_their_channels_once_everything_was_said(place: Project) -> None:
    """One line from the server, and nothing unread."""
    theirs = place.organization.world.make_user("ann@acme.example", "Ann Own")
    ann = place.make(account(name="Ann Own", action="map"))
    places = [place.open(channel(ann, id=id, name=id.lower())) for id in ("C1", "C2")]
    for each in places:
        entry = Entry(opening=each, account=ann)
        place.enter(entry)
        place.send(said(each, ann, "hello"))
    assert copies(place, ann) == []
    for _ in range(2):
        place.ask(lambda session: session.release_all())
    world = place.organization.world
    assert all(theirs.id in world.channels[int(each.ref)].seats for each in places)
    assert len(copies(place, ann)) == 1


def test_pictures_wait_for_their_accounts(place: Project) -> None:
    ann = account(email="ann@acme.example")
    assert msgspec.structs.replace(ann, avatar_ref="zulip picture x")
    assert user(place, place.make(ann)).picture is None


def copies(place: Project, made: Account) -> list[Any]:
    """The messages that somebody has a copy of, but for the greeting of new accounts."""
    world = place.organization.world
    return [
        message
        for message in world.messages.values()
        if int(made.ref) in message.copies and world.users[message.sender].name != "Welcome Bot"
    ]
