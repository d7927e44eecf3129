"""What `plan --check` says of an organization, by reading alone; and the zuliprc."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.zulip import adapter
from adapters.zulip.config import Config
from adapters.zulip.organization import checks
from adapters.zulip.organization.keys import SECRET_FILE
from migrate.errors import Fatal, UsageError
from tests.adapters.zulip.session import Project, project
from tests.fakes.zulip import Organization
from tests.fakes.zulip_records import ADMIN, MEMBER

ALWAYS = {"zulip-domains-added", "zulip-seen-as-new", "zulip-mails", "zulip-importer-stays"}


@pytest.fixture(params=["9", "10"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    with project(tmp_path, request.param) as made:
        yield made


def codes(place: Project) -> set[str]:
    return {each.code for each in place.ask(lambda session: session.check())}


def test_nothing_in_the_way(place: Project) -> None:
    assert codes(place) == ALWAYS


def test_looking_changes_nothing(place: Project) -> None:
    world = place.organization.world
    before = [dataclasses.asdict(each) for each in world.users.values()]
    count = len(world.messages)
    codes(place)
    assert [dataclasses.asdict(each) for each in world.users.values()] == before
    assert len(world.messages) == count
    assert not world.domains


def _set(**values: object) -> Callable[[Organization], None]:
    def change(organization: Organization) -> None:
        for name, value in values.items():
            setattr(organization.importer, name, value)

    return change


def _shut(organization: Organization) -> None:
    organization.world.realm |= {
        "realm_emails_restricted_to_domains": True,
        "realm_invite_required": False,
    }


def _without_direct_talk(organization: Organization) -> None:
    """A policy before Zulip 10, since then the group of those who may, in which nobody is."""
    organization.world.realm |= (
        {
            "realm_direct_message_permission_group": 7,
            "realm_user_groups": [{"id": 7, "name": "role:nobody", "members": []}],
        }
        if organization.world.modern
        else {"realm_private_message_policy": 2}
    )


def _realm(name: str, value: object) -> Callable[[Organization], None]:
    def change(organization: Organization) -> None:
        organization.world.realm[name] = value

    return change


def _slow(organization: Organization) -> None:
    organization.limit = 200


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_set(can_forge=False), {"zulip-may-not-forge"}),
        (_set(can_create=False), {"zulip-may-not-create"}),
        (_set(can_create=False, can_forge=False), {"zulip-may-not-create", "zulip-may-not-forge"}),
        (_set(role=ADMIN), set()),
        (_set(role=MEMBER), {"zulip-not-admin", "zulip-may-not-create"}),
        (_shut, {"zulip-domains-closed"}),
        (_slow, {"zulip-rate-limited"}),
        (_without_direct_talk, {"zulip-direct-off"}),
        (_realm("realm_direct_message_permission_group", {"direct_members": [5]}), set()),
        (_realm("realm_message_retention_days", 400), {"zulip-retention"}),
        (_realm("realm_message_retention_days", -1), set()),
        (_realm("realm_signup_announcements_stream_id", 9), {"zulip-announced"}),
        (_realm("realm_signup_announcements_stream_id", -1), set()),
    ],
)
def test_each_condition_by_itself(
    place: Project, change: Callable[[Organization], None], found: set[str]
) -> None:
    change(place.organization)
    assert codes(place) - ALWAYS == found
    for code in found:
        assert adapter.codes[code].advice


def test_a_zuliprc_that_others_can_read(place: Project) -> None:
    (place.folder / "zuliprc").chmod(0o644)
    assert codes(place) - ALWAYS == {"zulip-zuliprc-open"}


def test_every_code_has_a_meaning() -> None:
    spoken: set[str] = set()
    for path in Path(checks.__file__).parent.rglob("*.py"):
        spoken.update(re.findall(r'"(zulip-[a-z-]+)"', path.read_text()))
    assert spoken - adapter.codes.keys() == {SECRET_FILE} - adapter.codes.keys()


def test_the_server_tells_its_limits(place: Project) -> None:
    place.organization.limit = 200
    place.organization.world.realm["max_file_upload_size_mib"] = 7

    async def caps(session: object) -> tuple[object, ...]:
        told = session.caps  # type: ignore[attr-defined]  # a session's
        return told.file_limit, told.calls_a_minute, told.piece_limit

    assert place.ask(caps) == (7 * 1024 * 1024, 200, 10_000)


# -- the zuliprc ----------------------------------------------------------------------------------

KEY = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"key={KEY}\n",
        f"[api]\nkey={KEY}\n",
        f"[api]\nemail=a@example.org\nkey={KEY}\n",
        f"[api]\n{KEY}\n{KEY}\n",
        f"[api]\nkey={KEY}\nkey={KEY}\n",
    ],
)
def test_what_is_no_zuliprc(tmp_path: Path, text: str) -> None:
    (tmp_path / "zuliprc").write_text(text)
    with pytest.raises(UsageError) as caught:
        checks.read_zuliprc(Config(mode="api", zuliprc="zuliprc"), tmp_path)
    assert caught.value.code == "zulip-zuliprc"
    assert KEY not in str(caught.value) + caught.value.advice
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "site", "found"),
    [
        ("", "https://chat.example.org", "https://chat.example.org"),
        ("", "chat.example.org/", "https://chat.example.org"),
        ("http://127.0.0.1:9991", "https://chat.example.org", "http://127.0.0.1:9991"),
    ],
)
def test_where_the_organization_is(tmp_path: Path, url: str, site: str, found: str) -> None:
    (tmp_path / "zuliprc").write_text(f"[api]\nemail=a@example.org\nkey={KEY}%\nsite={site}\n")
    rc = checks.read_zuliprc(Config(mode="api", zuliprc="zuliprc", url=url), tmp_path)
    assert rc.site == found
    assert (rc.credentials.email, rc.credentials.key) == ("a@example.org", f"{KEY}%")
    assert KEY not in repr(rc)


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    with project(tmp_path) as place:
        path = tmp_path / "zuliprc"
        path.write_text(path.read_text() + "cert_bundle=missing.pem\n")
        with pytest.raises(UsageError) as caught:
            place.ask(lambda session: session.check())
    assert caught.value.code == "zulip-zuliprc"


@pytest.mark.parametrize(
    ("site", "open"),
    [
        ("https://chat.example.org", False),
        ("http://chat.example.org", True),
        ("http://10.0.0.5:9991", True),
        ("http://127.0.9.3:8590", False),
        ("http://localhost:9991", False),
        ("http://[::1]:9991", False),
    ],
)
def test_keys_on_an_open_wire(site: str, open: bool) -> None:
    assert checks.is_open_wire(site) == open


def test_nobody_answers(tmp_path: Path) -> None:
    with project(tmp_path) as place:
        pass
    with pytest.raises(Fatal) as caught:
        place.ask(lambda session: session.check())
    assert caught.value.code == "zulip-unreachable"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "api"}, "zuliprc must name"),
        ({"mode": "api", "zuliprc": "x", "url": "ftp://x"}, "url must be"),
        ({"mode": "api", "zuliprc": "x", "url": "https://a:b@x"}, "url must be"),
        ({"mode": "api", "zuliprc": "x", "main_topic": "2024-01"}, "main_topic"),
        ({"mode": "api", "zuliprc": "x", "main_topic": "General Chat"}, "main_topic"),
        ({"mode": "import"}, "subdomain must be"),
    ],
)
def test_settings_that_no_server_takes(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Config(**settings)  # type: ignore[arg-type]  # as a person may write them
