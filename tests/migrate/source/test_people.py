"""Who is who: root files, bots by bot id, people whom messages alone tell of, and ids that nobody
explains."""

from pathlib import Path

import pytest

from migrate.model import Person, ProfileField
from migrate.source import open_export
from migrate.source.loose import Fields
from migrate.source.people import SLACKBOT, fill, find_workspace, read_user
from tests.migrate.source.build import ANN, TEAM, members, message, read, read_day, write_zip


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "member"),
        ({"is_bot": True}, "bot"),
        ({"is_restricted": True}, "guest"),
        ({"is_restricted": True, "is_ultra_restricted": True}, "guest"),
        ({"is_restricted": "true"}, "guest"),
        ({"is_stranger": True}, "outside"),
        ({"id": SLACKBOT}, "bot"),
        ({"profile": None}, "member"),
        ({"profile": {"fields": None}}, "member"),
        ({"profile": {"fields": []}, "name": None}, "member"),
    ],
)
def test_kinds_of_people(fields: Fields, kind: str) -> None:
    user = read_user({"id": "U1", **fields})
    assert user is not None
    assert user.person.kind == kind


def test_a_user_is_read_whole() -> None:
    user = read_user(
        {
            "id": "U1",
            "team_id": "T1",
            "name": "ann",
            "deleted": True,
            "tz": "Europe/Berlin",
            "real_name": "Ann",
            "profile": {
                "real_name": "Ann Ames",
                "display_name": "annie",
                "email": "ann@example.com",
                "title": "CTO",
                "phone": " 030 1 ",
                "skype": None,
                "pronouns": "she/her",
                "fields": {
                    "Xf1": {"value": "Berlin", "alt": ""},
                    "Xf2": {"value": "", "alt": ""},
                    "Xf3": None,
                },
                "image_72": "https://a/72",
                "image_512": "https://a/512",
            },
            "enterprise_user": {"teams": ["T1", "T2"]},
        }
    )
    assert user is not None
    assert user.teams == ("T1", "T2")
    assert user.person == Person(
        id="U1",
        kind="member",
        name="ann",
        full_name="Ann Ames",
        display_name="annie",
        email="ann@example.com",
        title="CTO",
        timezone="Europe/Berlin",
        avatar_url="https://a/512",
        deactivated=True,
        profile=(
            ProfileField("pronouns", "she/her", "Pronouns"),
            ProfileField("phone", "030 1", "Phone"),
            ProfileField("Xf1", "Berlin"),
        ),
    )


@pytest.mark.parametrize("row", [None, 5, [], {}, {"id": None}, {"id": 7}])
def test_a_record_that_is_nobody_is_reported(tmp_path: Path, row: object) -> None:
    found = read(write_zip(tmp_path / "export.zip", members(users=[ANN, row])))
    assert [person.id for person in found.export.people] == ["U0ANN", SLACKBOT]
    assert found.codes == {"person-without-id": 1, "day-empty": 1}


def test_counts_are_of_listed_people_alone(tmp_path: Path) -> None:
    users = [
        ANN,
        {"id": "U2", "is_restricted": True, "deleted": True},
        {"id": "U3", "deleted": True},
        {"id": "U4", "is_bot": True, "deleted": True},
    ]
    counts = open_export([write_zip(tmp_path / "export.zip", members(users=users))]).counts
    assert {name: counts[name] for name in ("users", "bots", "guests", "deactivated")} == {
        "users": 3,
        "bots": 1,
        "guests": 1,
        "deactivated": 2,
    }


def test_the_workspace_is_that_of_most_native_people(tmp_path: Path) -> None:
    users: list[Fields] = [
        {"id": "U1", "team_id": "T1"},
        {"id": "U2", "team_id": "T2", "deleted": True},
        {"id": "U3", "team_id": "T2", "is_bot": True},
        {"id": "U4", "team_id": "T2", "is_restricted": True},
        {"id": "U5", "team_id": "T2", "is_stranger": True},
    ]
    assert find_workspace(filter(None, map(read_user, users))) == "T1"
    assert open_export([write_zip(tmp_path / "a.zip", members(users=users))]).workspace == "T1"
    nobody = write_zip(tmp_path / "b.zip", members([message(team="T7")], users=[{"id": "U1"}]))
    assert open_export([nobody]).workspace == "T7"
    silent = write_zip(tmp_path / "c.zip", members([message()], users=[{"id": "U1"}]))
    assert open_export([silent]).workspace == ""
    assert TEAM == "T0TEAM"


@pytest.mark.parametrize(
    ("permalink", "domain"),
    [
        ("https://acme.slack.com/docs/T1/F1", "acme.slack.com"),
        ("https:\\/\\/acme.enterprise.slack.com\\/docs\\/T1\\/F1", "acme.enterprise.slack.com"),
        ("https://files.slack.com/files-pri/T1-F1/a", ""),
        ("https://evil.example/archives/C1", ""),
    ],
)
def test_the_domain_is_learned_from_permalinks(tmp_path: Path, permalink: str, domain: str) -> None:
    canvases = f'[{{"id": "F1", "permalink": "{permalink}"}}]'.encode()
    listed = write_zip(tmp_path / "a.zip", members([message()], canvases=canvases))
    assert open_export([listed]).domain == domain
    day = f'[{{"ts": "1700000000.000100", "permalink": "{permalink}"}}]'.encode()
    assert open_export([write_zip(tmp_path / "b.zip", members(day))]).domain == domain


@pytest.mark.parametrize(
    ("fields", "author", "name"),
    [
        ({}, "U0ANN", ""),
        ({"bot_id": None}, "U0ANN", ""),
        ({"bot_id": "B0HAL"}, "U0ANN", ""),
        ({"user": ..., "bot_id": "B0HAL", "subtype": "bot_message"}, "U0HAL", ""),
        ({"user": None, "bot_id": "B0HAL", "username": "Hal 9000"}, "U0HAL", "Hal 9000"),
        ({"user": "", "bot_id": "B9", "bot_profile": {"name": "Nine"}}, "B9", ""),
        (
            {"user": ..., "bot_id": "B9", "bot_profile": {"name": "Nine"}, "username": "Nine"},
            "B9",
            "",
        ),
        ({"user": ..., "bot_id": None, "username": "cron"}, "name:cron", "cron"),
        ({"user": "B0HAL"}, "U0HAL", ""),
        ({"user": "U00", "subtype": "channel_name"}, SLACKBOT, ""),
        ({"user": ..., "bot_id": "B01"}, SLACKBOT, ""),
        ({"user": "U0GONE"}, "U0GONE", ""),
        ({"user": 7}, "7", ""),
        (
            {"user": ..., "subtype": "file_comment", "comment": {"user": "U0BOB"}},
            "U0BOB",
            "",
        ),
        (
            {"user": SLACKBOT, "subtype": "huddle_thread", "room": {"created_by": "U0BOB"}},
            "U0BOB",
            "",
        ),
        ({"user": SLACKBOT, "subtype": "huddle_thread"}, SLACKBOT, ""),
    ],
)
def test_authors(tmp_path: Path, fields: dict[str, object], author: str, name: str) -> None:
    found = read_day(tmp_path, message(**fields))
    assert [record.author for record in found.records] == [author]
    (parsed,) = found.messages()
    assert (parsed.author, parsed.author_name) == (author, name)
    assert found.codes == {}


def test_a_message_by_nobody_is_kept_and_reported(tmp_path: Path) -> None:
    found = read_day(tmp_path, message(user=...))
    assert [record.author for record in found.records] == ["name:"]
    assert found.codes == {"author-missing": 1}


def test_people_whom_messages_alone_tell_of(tmp_path: Path) -> None:
    profile = {"real_name": "Connie Ect", "display_name": "connie", "name": "c", "team": "T9"}
    found = read_day(
        tmp_path,
        message(user="U0CON"),
        message(1, user="U0CON", user_profile=profile, user_team="T9"),
        message(2, user="U0GHOST", reactions=[{"name": "a", "users": ["U0REACTS", "U0CON"]}]),
        message(3, user=..., bot_id="B9", bot_profile={"name": "Nine"}),
        message(4, user=..., username="cron"),
        message(
            5,
            user=SLACKBOT,
            subtype="huddle_thread",
            room={"created_by": "U0HOST"},
            user_profile={"real_name": "Slackbot"},
        ),
    )
    people = found.people()
    assert people["U0CON"] == Person(
        id="U0CON", kind="outside", name="c", full_name="Connie Ect", display_name="connie"
    )
    assert people["U0GHOST"] == Person(id="U0GHOST", kind="unknown")
    assert people["U0REACTS"] == Person(id="U0REACTS", kind="unknown")
    assert people["U0HOST"] == Person(id="U0HOST", kind="unknown")
    assert people["B9"] == Person(id="B9", kind="bot", name="Nine", full_name="Nine", bot_id="B9")
    assert people["name:cron"] == Person(id="name:cron", kind="bot", name="cron", full_name="cron")
    assert SLACKBOT not in people


def test_a_person_who_posts_through_an_app_is_no_bot(tmp_path: Path) -> None:
    profile = {"real_name": "Connie Ect"}
    found = read_day(tmp_path, message(user="U0CON", bot_id="B9", user_profile=profile))
    assert found.people()["U0CON"] == Person(id="U0CON", kind="outside", full_name="Connie Ect")


def test_a_newer_record_keeps_what_it_does_not_say() -> None:
    old = Person(id="U1", kind="member", name="ann", email="ann@example.com")
    new = Person(id="U1", kind="guest", name="anna", deactivated=True)
    assert fill(new, old) == Person(
        id="U1", kind="guest", name="anna", email="ann@example.com", deactivated=True
    )
