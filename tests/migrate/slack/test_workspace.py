"""What the Web API adds, read from a fake that answers as Slack's documentation says, and as its
answers look on worse days."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate.errors import Fatal, Skip
from migrate.model import File, Person, ProfileField
from migrate.slack.client import connect
from migrate.slack.workspace import Bookmark, Bot, EmojiImage, Group, Team, Workspace
from tests.fakes.slack import USER_TOKEN, FakeSlack

ANN: dict[str, Any] = {
    "id": "U1",
    "team_id": "T1",
    "name": "ann",
    "deleted": False,
    "tz": "Europe/Vienna",
    "is_bot": False,
    "profile": {
        "real_name": "Ann Example",
        "display_name": "ann.e",
        "email": "ann@acme.test",
        "title": "Baker",
        "phone": " +43 1 234",
        "skype": "",
        "image_72": "https://avatars.slack-edge.com/ann_72.png",
        "image_512": "https://avatars.slack-edge.com/ann_512.png",
        "fields": {"Xf1": {"value": "Vienna", "alt": ""}, "Xf2": {"value": "", "alt": ""}},
    },
}


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    with FakeSlack().running() as fake:
        yield fake


@pytest.fixture
def workspace(fake: FakeSlack) -> Workspace:
    return Workspace(connect(USER_TOKEN, fake.api_url, sleep=lambda seconds: None))


def test_the_workspace_itself(fake: FakeSlack, workspace: Workspace) -> None:
    assert workspace.team() == Team("T1", "Acme", "acme")
    fake.api.scopes.remove("team:read")
    assert workspace.team() == Team("T1", "Acme", "acme")
    assert [method for method, _ in fake.api.calls] == ["team.info", "team.info", "auth.test"]


def test_a_person(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.users = [ANN]
    (ann,) = workspace.people()
    assert ann == Person(
        id="U1",
        kind="member",
        name="ann",
        full_name="Ann Example",
        display_name="ann.e",
        email="ann@acme.test",
        title="Baker",
        timezone="Europe/Vienna",
        avatar_url="https://avatars.slack-edge.com/ann_512.png",
        profile=(ProfileField("phone", "+43 1 234", "Phone"), ProfileField("Xf1", "Vienna")),
    )


@pytest.mark.parametrize(
    ("flags", "kind", "deactivated"),
    [
        ({"deleted": True}, "member", True),
        ({"is_restricted": True}, "guest", False),
        ({"is_restricted": True, "is_ultra_restricted": True}, "guest", False),
        ({"is_bot": True, "profile": {"bot_id": "B1"}}, "bot", False),
        ({"is_stranger": True}, "outside", False),
        ({"id": "USLACKBOT"}, "bot", False),
    ],
)
def test_kinds_of_people(
    fake: FakeSlack, workspace: Workspace, flags: dict[str, Any], kind: str, deactivated: bool
) -> None:
    fake.api.users = [{**ANN, **flags}]
    (member,) = workspace.people()
    assert (member.kind, member.deactivated) == (kind, deactivated)
    assert member.bot_id == ("B1" if "profile" in flags else "")


def test_people_come_page_by_page(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.users = [{"id": f"U{number}", "name": f"n{number}"} for number in range(450)]
    people = workspace.people()
    assert next(people).id == "U0"
    assert len(fake.api.calls) == 1
    assert [member.id for member in people] == [f"U{number}" for number in range(1, 450)]
    assert [form for _, form in fake.api.calls] == [
        {"limit": "200"},
        {"limit": "200", "cursor": "200"},
        {"limit": "200", "cursor": "400"},
    ]


def test_a_page_that_fails_in_the_middle(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.users = [{"id": f"U{number}", "name": f"n{number}"} for number in range(450)]
    people = workspace.people()
    next(people)
    fake.api.fail("users.list", 200, body="Private words.")
    with pytest.raises(Fatal) as caught:
        list(people)
    assert caught.value.code == "slack-unreachable"


def test_cursors_that_go_round_in_a_circle_come_to_an_end(
    fake: FakeSlack, workspace: Workspace
) -> None:
    page = '{"ok": true, "members": [], "response_metadata": {"next_cursor": "again"}}'
    fake.api.fail("users.list", 200, times=9, body=page)
    assert list(workspace.people()) == []
    assert len(fake.api.calls) == 2


def test_nobody_has_an_address_without_the_scope(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.users = [ANN]
    fake.api.scopes.remove("users:read.email")
    (ann,) = workspace.people()
    assert ann.email == ""
    assert ann.full_name == "Ann Example"


def test_a_person_of_another_organisation(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.elsewhere = [{**ANN, "id": "U9", "is_stranger": True}]
    assert workspace.person("U9").kind == "outside"
    with pytest.raises(Skip) as caught:
        workspace.person("U8")
    assert caught.value.code == "slack-not-found"


def test_a_bot(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.bots = [
        {"id": "B1", "name": "Deploy", "user_id": "U2", "icons": {"image_72": "https://a.test/72"}}
    ]
    assert workspace.bot("B1") == Bot("B1", "Deploy", "U2", "https://a.test/72")
    with pytest.raises(Skip) as caught:
        workspace.bot("B2")
    assert caught.value.code == "slack-not-found"


def test_emoji_and_their_aliases(fake: FakeSlack, workspace: Workspace) -> None:
    image = "https://emoji.slack-edge.com/T1/parrot/1.gif"
    fake.api.emoji = {
        "parrot": image,
        "bird": "alias:parrot",
        "tweet": "alias:bird",
        "yes": "alias:thumbsup",
        "a": "alias:b",
        "b": "alias:a",
    }
    assert workspace.emoji() == (
        EmojiImage("parrot", image),
        EmojiImage("bird", image, "parrot"),
        EmojiImage("tweet", image, "parrot"),
        EmojiImage("yes", "", "thumbsup"),
        EmojiImage("a", "", "a"),
        EmojiImage("b", "", "b"),
    )


def test_user_groups(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.groups = [
        {"id": "S1", "handle": "bakers", "name": "Bakers", "users": ["U1", "U2"], "date_delete": 0},
        {"id": "S2", "handle": "old", "name": "Old", "users": [], "date_delete": 1_400_000_000},
    ]
    assert workspace.groups() == (
        Group("S1", "bakers", "Bakers", ("U1", "U2")),
        Group("S2", "old", "Old", (), disabled=True),
    )
    fake.api.paid = False
    with pytest.raises(Skip) as caught:
        workspace.groups()
    assert caught.value.code == "slack-plan"


def test_bookmarks(fake: FakeSlack, workspace: Workspace) -> None:
    link = {"title": "Plan", "link": "https://a.test/", "emoji": ":book:", "date_created": 1_400}
    fake.api.bookmarks = {"C1": [link, {"title": "A folder", "link": None, "type": "folder"}]}
    assert workspace.bookmarks("C1") == (Bookmark("Plan", "https://a.test/", ":book:", 1_400),)
    with pytest.raises(Skip) as caught:
        workspace.bookmarks("C2")
    assert caught.value.code == "slack-not-found"


def test_pins(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.pins = {
        "C1": [
            {"type": "message", "message": {"ts": "1400000000.000002"}},
            {"type": "file", "file": {"id": "F1"}},
            {"type": "message", "message": {"ts": "1400000000.000001"}},
            {"type": "message", "message": {"ts": "1400000000.000002"}},
        ]
    }
    assert workspace.pins("C1") == ("1400000000.000002", "1400000000.000001")


def test_labels_of_profile_fields(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.fields = [{"id": "Xf1", "label": "Town"}, {"id": "Xf2", "label": "Born"}]
    assert workspace.profile_fields() == {"Xf1": "Town", "Xf2": "Born"}


def test_a_file_that_the_export_only_names(fake: FakeSlack, workspace: Workspace) -> None:
    fake.api.files = {
        "F1": {
            "id": "F1",
            "name": "plan.png",
            "title": "Plan",
            "mimetype": "image/png",
            "filetype": "png",
            "mode": "hosted",
            "size": 123,
            "url_private": "https://files.slack.com/files-pri/T2-F1/plan.png",
            "url_private_download": "https://files.slack.com/files-pri/T2-F1/download/plan.png",
            "permalink": "https://acme.slack.com/files/U9/F1/plan.png?token=xoxe-1",
            "user": "U9",
            "original_w": 640,
            "original_h": "480",
            "alt_txt": "A plan",
            "created": 1_400_000_000,
            "file_access": "visible",
            "channels": ["C1"],
            "groups": ["G1", "C1"],
        }
    }
    assert workspace.file("F1") == File(
        id="F1",
        name="plan.png",
        title="Plan",
        mimetype="image/png",
        filetype="png",
        size=123,
        url="https://files.slack.com/files-pri/T2-F1/download/plan.png",
        permalink="https://acme.slack.com/files/U9/F1/plan.png",
        owner="U9",
        width=640,
        height=480,
        alt_text="A plan",
        created=1_400_000_000,
        conversations=("C1", "G1"),
    )


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({}, "hosted"),
        ({"mode": None}, "hosted"),
        ({"mode": "quip"}, "quip"),
        ({"mode": "external", "is_external": True}, "external"),
        ({"mode": "hosted", "is_external": True}, "external"),
        ({"mode": "tombstone", "is_external": True}, "tombstone"),
        ({"mode": "quip", "is_tombstoned": True}, "tombstone"),
    ],
)
def test_modes_of_files(
    fake: FakeSlack, workspace: Workspace, fields: dict[str, Any], mode: str
) -> None:
    fake.api.files = {"F1": {"id": "F1", **fields}}
    assert workspace.file("F1").mode == mode


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "profile", "fields", "value", "ts", "message", "link"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=JSON)
def test_records_of_any_shape_are_read_as_far_as_they_go(
    fake: FakeSlack, workspace: Workspace, record: Any
) -> None:
    api = fake.api
    api.users = [record]
    api.groups = [record] if isinstance(record, dict) else []
    api.emoji = record
    api.bookmarks = {"C1": record}
    api.pins = {"C1": [record]}
    api.fields = [record]
    api.files = {"F1": {**(record if isinstance(record, dict) else {}), "id": "F1"}}
    api.team = {"domain": record, "name": record, "id": record}
    list(workspace.people())
    workspace.groups()
    workspace.emoji()
    workspace.bookmarks("C1")
    workspace.pins("C1")
    workspace.profile_fields()
    assert workspace.file("F1").id == "F1"
    assert isinstance(workspace.team().name, str)
