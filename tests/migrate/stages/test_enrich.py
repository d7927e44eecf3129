"""What Slack's Web API adds to an export, and how little is asked a second time."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.model import Person
from migrate.store import files, messages, open_store, people
from tests.fakes.slack import FakeSlack
from tests.migrate.source.build import ANN, BOB, GENERAL, TEAM, ts
from tests.migrate.stages.fetching import Fetching, Json, found


@pytest.fixture
def fetching(tmp_path: Path) -> Iterator[Fetching]:
    with FakeSlack().running() as slack, FakeSlack().running() as images:
        fetching = Fetching(tmp_path, slack, images)
        fetching.say()
        yield fetching


def person(fetching: Fetching, id: str) -> Person:
    store = open_store(fetching.folder / "state.db", read_only=True)
    try:
        return next(person for _, person in people.people(store) if person.id == id)
    finally:
        store.close()


def asked(fetching: Fetching, method: str) -> list[dict[str, str]]:
    return [form for name, form in fetching.slack.api.calls if name == method]


def user(id: str, **profile: str) -> Json:
    return {"id": id, "team_id": TEAM, "name": id.lower(), "profile": profile, "tz": "Europe/Rome"}


def test_people_get_what_the_export_leaves_out(fetching: Fetching) -> None:
    told = {"real_name": "Anna Other", "email": "ann@acme.example", "title": "Founder"}
    fetching.slack.api.users = [
        user("U0ANN", **told, image_72=fetching.images.url_of("a")),
        user("U0NEW", email="new@acme.example"),
    ]
    fetching.fetch(["people"])
    ann = person(fetching, "U0ANN")
    # What the export says stays as it is.
    assert (ann.full_name, ann.name) == ("Ann Ames", "ann")
    assert (ann.email, ann.title, ann.timezone) == ("ann@acme.example", "Founder", "Europe/Rome")
    assert ann.avatar_url == fetching.images.url_of("a")
    rows = (fetching.folder / "mappings" / "users.csv").read_text()
    assert "U0ANN,ann,Ann Ames,ann@acme.example" in rows
    assert "U0NEW" not in rows


def test_nothing_known_gives_way_to_nothing(fetching: Fetching) -> None:
    fetching.users = [ANN | {"profile": {"real_name": "Ann", "email": "a@acme.example"}}, BOB]
    fetching.slack.api.users = [user("U0ANN", email="")]
    fetching.fetch(["people"])
    assert person(fetching, "U0ANN").email == "a@acme.example"


def test_an_edited_row_keeps_what_its_editor_wrote(fetching: Fetching) -> None:
    fetching.project()
    path = fetching.folder / "mappings" / "users.csv"
    rows = path.read_text().replace("U0ANN,ann,Ann Ames,,", "U0ANN,ann,Ann Ames,own@host.example,")
    rows = rows.replace("U0BOB,bob,Bob Burr,,member,ghost,,", "U0BOB,bob,,,member,skip,,left")
    path.write_text(rows)
    fetching.slack.api.users = [
        user("U0ANN", email="ann@acme.example"),
        user("U0BOB", email="bob@acme.example"),
    ]
    fetching.fetch(["people"])
    after = path.read_text()
    assert "U0ANN,ann,Ann Ames,own@host.example," in after
    assert "U0BOB,bob,,bob@acme.example,member,skip,,left" in after


def test_strangers_and_bots_are_asked_for_once(fetching: Fetching) -> None:
    fetching.say(user="U0FAR", text="hi")
    fetching.say(user="U0GONE", text="hi")
    fetching.say(user=..., bot_id="B0RSS", subtype="bot_message")
    fetching.slack.api.elsewhere = [
        {"id": "U0FAR", "is_stranger": True, "name": "far", "profile": {"real_name": "Far Off"}}
    ]
    fetching.slack.api.bots = [{"id": "B0RSS", "name": "News"}]
    first = fetching.fetch(["people"])
    assert found(first) == {"slack-not-found": 1}
    assert person(fetching, "U0FAR").shown_name == "Far Off"
    assert person(fetching, "U0FAR").kind == "outside"
    assert person(fetching, "B0RSS").shown_name == "News"
    before = len(fetching.slack.api.calls)
    assert found(fetching.fetch(["people"])) == {}
    assert {"users.info", "bots.info"}.isdisjoint(
        {name for name, _ in fetching.slack.api.calls[before:]}
    )


def test_the_workspace_tells_its_name_and_address(fetching: Fetching) -> None:
    fetching.fetch(["groups"])
    assert (fetching.meta("team_name"), fetching.meta("domain")) == ("Team", "team.slack.com")


def test_an_address_that_the_export_tells_stays(fetching: Fetching) -> None:
    fetching.say(text="https://acme.slack.com/archives/C0GENERAL/p1700000000000100")
    fetching.fetch(["groups"])
    assert fetching.meta("domain") == "acme.slack.com"


def test_groups_and_labels_are_kept(fetching: Fetching) -> None:
    group = {"handle": "ops", "name": "Operations", "users": ["U0ANN", "U0BOB"]}
    fetching.slack.api.groups = [
        {"id": "S1", **group, "date_delete": 0},
        {"id": "S2", "handle": "", "name": "Old", "users": [], "date_delete": 5},
    ]
    fetching.slack.api.fields = [{"id": "Xf1", "label": "Pronouns"}]
    fetching.fetch(["groups", "people"])
    assert json.loads(fetching.meta("groups")) == {"S1": "ops", "S2": "Old"}
    assert json.loads(fetching.meta("group_members")) == {"S1": 2}
    assert json.loads(fetching.meta("profile_fields")) == {"Xf1": "Pronouns"}


def test_emoji_and_their_other_names_are_kept(fetching: Fetching) -> None:
    url = fetching.images.url_of("emoji-a")
    fetching.slack.api.emoji = {"a": url, "b": "alias:a", "c": "alias:b", "d": "alias:tada"}
    fetching.fetch(["emoji"])
    store = open_store(fetching.folder / "state.db", read_only=True)
    assert list(files.emoji(store)) == [
        ("a", url, ""),
        ("b", "", "a"),
        ("c", "", "a"),
        ("d", "", "tada"),
    ]
    store.close()


def test_channels_give_their_pins_and_bookmarks_once(fetching: Fetching) -> None:
    fetching.say()
    token = "xoxe-1-secret"
    fetching.slack.api.pins["C0GENERAL"] = [
        {"type": "message", "message": {"ts": ts(1)}},
        {"type": "file", "file": {"id": "F1"}},
        {"type": "message", "message": {"ts": "soon"}},
    ]
    fetching.slack.api.bookmarks["C0GENERAL"] = [
        {"title": "Wiki", "link": f"https://wiki.example/?t={token}", "date_created": 7},
        {"title": "", "link": "https://rota.example/"},
    ]
    fetching.fetch(["channels"])
    store = open_store(fetching.folder / "state.db", read_only=True)
    (number,) = store.db.execute("SELECT num FROM conversation").fetchone()
    assert messages.pins(store, number) == [1_700_000_001_000_100]
    assert store.db.execute("SELECT title, url, created FROM bookmark").fetchall() == [
        ("Wiki", "https://wiki.example/", 7),
        ("https://rota.example/", "https://rota.example/", 0),
    ]
    store.close()
    fetching.fetch(["channels"])
    assert len(asked(fetching, "pins.list")) == len(asked(fetching, "bookmarks.list")) == 1


def test_what_is_not_brought_is_not_asked_about(fetching: Fetching) -> None:
    fetching.more = {
        "groups.json": [GENERAL | {"id": "C0SECRET", "name": "secret"}],
        "dms.json": [{"id": "D0ANN", "members": ["U0ANN", "U0BOB"]}],
        # No list names this one, so nobody knows its id.
        "strays/2023-11-14.json": [],
    }
    fetching.fetch(["channels"], source__exclude=["general"])
    assert asked(fetching, "pins.list") == [{"channel": "C0SECRET"}]


@pytest.mark.parametrize(
    ("scope", "method"),
    [
        ("users:read", "users.list"),
        ("emoji:read", "emoji.list"),
        ("usergroups:read", "usergroups.list"),
        ("pins:read", "pins.list"),
        ("bookmarks:read", "bookmarks.list"),
        ("files:read", "files.info"),
        ("users.profile:read", "team.profile.get"),
    ],
)
def test_a_scope_that_is_missing_costs_one_call_and_nothing_else(
    fetching: Fetching, scope: str, method: str
) -> None:
    numbers = range(3)
    channels = [{"id": f"C0MORE{n}", "name": f"more-{n}", "members": []} for n in numbers]
    fetching.more = {"groups.json": channels}
    for n in numbers:
        stub = {"id": f"F{n}", "mode": "file_access", "file_access": "check_file_info"}
        fetching.say(files=[stub])
    fetching.slack.api.scopes.discard(scope)
    summary = fetching.fetch()
    assert found(summary)["slack-scope-missing"] == 1
    assert summary.exit == 1
    assert len(asked(fetching, method)) == 1
    assert {"pins.list", "emoji.list", "bookmarks.list"} <= {c for c, _ in fetching.slack.api.calls}


def test_without_the_scope_for_it_the_workspace_is_known_all_the_same(fetching: Fetching) -> None:
    fetching.slack.api.scopes.discard("team:read")
    assert fetching.fetch().exit == 0
    assert fetching.meta("team_name") == "Team"


def test_a_plan_without_groups_is_a_note(fetching: Fetching) -> None:
    fetching.slack.api.paid = False
    summary = fetching.fetch(["groups"])
    assert (summary.exit, found(summary)) == (0, {"slack-plan": 1})


def test_slack_may_ask_to_wait(fetching: Fetching) -> None:
    fetching.slack.api.fail("emoji.list", 429, times=2, Retry_After="30")
    fetching.slack.api.fail("team.info", 502)
    assert fetching.fetch(["emoji"]).exit == 0
    assert len(asked(fetching, "emoji.list")) == 3


def test_only_what_was_asked_for_is_asked_of_slack(fetching: Fetching) -> None:
    fetching.fetch(["emoji"])
    assert [name for name, _ in fetching.slack.api.calls] == ["team.info", "emoji.list"]
