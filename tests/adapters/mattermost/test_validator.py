"""Every line that was seen to stop an import is stopped here, by its number and its key."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.mattermost import limits
from adapters.mattermost.profiles import PROFILES
from adapters.mattermost.validator import Known, Validator
from migrate.errors import ChatMigrateError

Line = dict[str, Any]
Change = Callable[[list[Line]], object]

TIME = 1_700_000_000_000


def good() -> list[Line]:
    """A small archive of every kind of line, as a server takes it."""
    seat = {"name": "general", "roles": "channel_user"}
    team = {"name": "acme", "roles": "team_user", "channels": [seat]}
    user = {"email": "x@example.org", "teams": [team], "slack_id": "U1"}
    said = {"user": "ann", "message": "hello", "create_at": TIME}
    talk = {"channel_members": ["ann", "bob"]}
    return [
        {"type": "version", "version": 1},
        _line("emoji", name="party", image="emoji/party.png", slack_id="party"),
        _line("team", name="acme", display_name="Acme", type="I"),
        _line("channel", team="acme", name="general", display_name="General", type="O",
              slack_id="C1"),
        _line("user", **user | {"username": "ann"}),
        _line("user", **user | {"username": "bob", "email": "bob@example.org"}),
        _line("bot", username="robot", owner="nobody", display_name="Robot", slack_id="B1"),
        _line(
            "post", **said, team="acme", channel="general", props={"slack_id": "C1/1.0/0"},
            reactions=[_reaction()],
            replies=[
                {**said, "user": "bob", "create_at": TIME + 1, "props": {"slack_id": "C1/2.0/0"}},
                {**said, "create_at": TIME + 2, "props": {"slack_id": "C1/3.0/0"}},
            ],
            attachments=[{"path": "F1/a.png"}],
            thread_followers=[{"user": "ann", "last_viewed": TIME + 2}],
        ),
        _line("post", **said | {"create_at": TIME + 9}, team="acme", channel="general",
              props={"slack_id": "C1/9.0/0"}),
        _line("direct_channel", participants=[{"username": "ann", "scheme_user": True},
                                              {"username": "bob", "scheme_user": True}],
              slack_id="D1"),
        _line("direct_post", **said, **talk, props={"slack_id": "D1/1.0/0"}),
    ]  # fmt: skip


def _line(kind: str, **fields: object) -> Line:
    return {"type": kind, kind: fields}


def _reaction(**fields: object) -> Line:
    return {"user": "bob", "emoji_name": "+1", "create_at": TIME, "slack_id": "U2/+1"} | fields


def validate(
    lines: list[Line] | bytes, profile: str = "11", known: Known | None = None, bite: int = 1 << 20
) -> None:
    if isinstance(lines, list):
        lines = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    validator = Validator(PROFILES[profile], "acme", known or Known())
    for start in range(0, len(lines), bite):
        validator.feed(lines[start : start + bite])
    validator.finish(["emoji/party.png", "F1/a.png", "avatars/U1.png"])


def set_in(place: int, **fields: object) -> Change:
    """Change some fields of a line, counted from 0."""
    return lambda lines: lines[place][lines[place]["type"]].update(fields)


def in_reply(**fields: object) -> Change:
    return lambda lines: lines[7]["post"]["replies"][0].update(fields)


def in_reaction(**fields: object) -> Change:
    return lambda lines: lines[7]["post"]["reactions"][0].update(fields)


def insert(place: int, line: Line) -> Change:
    return lambda lines: lines.insert(place, line)


@pytest.mark.parametrize("bite", [1, 7, 100, 1 << 20])
def test_good_archive_passes_in_bites_of_any_length(bite: int) -> None:
    validate(good(), bite=bite)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        # Names.
        (3, set_in(2, name="postmates")),
        (3, set_in(2, type="X")),
        (4, set_in(3, name="Größe")),
        (4, set_in(3, name="x" * 65)),
        (4, set_in(3, display_name="x" * 65)),
        (4, set_in(3, display_name="")),
        (4, set_in(3, header="x" * 1025)),
        (4, set_in(3, purpose="x" * 251)),
        (4, set_in(3, team="other")),
        (5, set_in(4, username="Ann")),
        (5, set_in(4, username="all")),
        (5, set_in(4, username="")),
        (5, set_in(4, username="x" * 65)),
        (6, set_in(5, username="ann")),
        (2, set_in(1, name="größe")),
        (2, set_in(1, name="x" * 65)),
        (2, set_in(1, image="../../etc/passwd")),
        (2, set_in(1, image="")),
        # Addresses and people.
        (5, set_in(4, email="")),
        (5, set_in(4, email="Ann@example.org")),
        (5, set_in(4, email="x" * 120 + "@example.org")),
        (5, set_in(4, email="a@b@c")),
        (6, set_in(5, email="x@example.org")),
        (5, set_in(4, nickname="x" * 65)),
        (5, set_in(4, position="x" * 129)),
        (5, set_in(4, roles="system_guest")),
        (5, set_in(4, teams=[{"name": "acme", "roles": "team_guest"}])),
        (5, set_in(4, teams=[{"name": "other", "roles": "team_user"}])),
        (5, set_in(4, teams=[{"name": "acme", "roles": "team_user",
                              "channels": [{"name": "nowhere", "roles": "channel_user"}]}])),
        (5, set_in(4, password="secret")),
        (7, set_in(6, owner="")),
        # Posts.
        (8, set_in(7, user="nobody")),
        (8, set_in(7, user="Ann")),
        (8, set_in(7, channel="nowhere")),
        (8, set_in(7, channel="General")),
        (8, set_in(7, team="ACME")),
        (8, set_in(7, message="🎈" * 16_384)),
        (8, set_in(7, message="nul \0 inside")),
        (8, set_in(7, create_at=0)),
        (8, set_in(7, create_at=TIME + 2)),
        (8, set_in(7, type="system_of_our_own")),
        (8, set_in(7, edit_at=TIME - 1)),
        (8, set_in(7, attachments=[{"path": f"F{n}/a"} for n in range(11)])),
        (8, set_in(7, attachments=[{"path": "../a"}])),
        (8, set_in(7, thread_followers=[{"user": "nobody", "last_viewed": TIME}])),
        (8, set_in(7, unknown_key=1)),
        (9, set_in(8, create_at=TIME)),
        (8, in_reply(create_at=TIME - 1)),
        (8, in_reply(create_at=TIME + 2)),
        (8, in_reply(user="nobody")),
        (8, in_reply(message="x" * 16_384)),
        (8, in_reply(attachments=[{"path": f"F{n}/a"} for n in range(11)])),
        (8, in_reaction(create_at=TIME - 1)),
        (8, in_reaction(user="nobody")),
        (8, in_reaction(emoji_name="thumbsup::skin-tone-2")),
        (8, in_reaction(emoji_name="")),
        (8, in_reaction(emoji_name="x" * 65)),
        (8, lambda lines: lines[7]["post"]["reactions"].append(_reaction())),
        # Direct talk.
        (10, set_in(9, participants=[{"username": "ann", "scheme_user": True}])),
        (10, set_in(9, participants=[{"username": f"p{n}"} for n in range(9)])),
        (10, set_in(9, participants=[{"username": "ann"}, {"username": "nobody"}])),
        (11, lambda lines: lines.insert(10, lines[9])),
        (11, set_in(10, channel_members=["ann"])),
        (11, set_in(10, channel_members=["ann", "nobody"])),
        (11, set_in(10, channel_members=["ann"] * 9)),
        # The file.
        (1, lambda lines: lines.pop(0)),
        (2, insert(1, {"type": "version", "version": 1})),
        (9, insert(8, good()[4] | {"user": good()[4]["user"] | {"username": "late"}})),
        (3, insert(2, {"type": "schema", "schema": {}})),
        (3, insert(2, {"type": "team"})),
    ],
)  # fmt: skip
def test_what_would_stop_the_import_is_found(number: int, change: Change) -> None:
    lines = good()
    change(lines)
    with pytest.raises(ChatMigrateError) as raised:
        validate(lines)
    assert raised.value.code == "mattermost-archive-invalid"
    assert raised.value.exit == 70
    assert raised.value.message.startswith(f"Line {number} of the archive")


@pytest.mark.parametrize(
    "data",
    [
        b"not json\n",
        b'{"type":"version","version":1}\n\n',
        b'{"type":"version","version":1}\n \n',
        b'{"type":"version","version":1}',
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_line(data: bytes) -> None:
    with pytest.raises(ChatMigrateError):
        validate(data)


def test_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINE_BYTES", 10_000)
    lines = good()
    lines[7]["post"]["message"] = "x" * 10_000
    with pytest.raises(ChatMigrateError, match=r"Line 8 .*longer"):
        validate(lines)
    with pytest.raises(ChatMigrateError, match="longer"):
        validate(lines, bite=1_000)


def test_the_message_names_the_slack_key_and_no_words() -> None:
    lines = good()
    lines[7]["post"] |= {"user": "nobody", "message": "between us"}
    with pytest.raises(ChatMigrateError) as raised:
        validate(lines)
    assert "C1/1.0/0" in raised.value.message
    assert "between us" not in raised.value.message
    lines[7]["post"] |= {"user": "ann", "create_at": "between us"}
    with pytest.raises(ChatMigrateError) as raised:
        validate(lines)
    assert "between us" not in raised.value.message


def test_words_about_a_nul_are_no_nul() -> None:
    lines = good()
    lines[7]["post"]["message"] = r"in JSON it is \u0000"
    validate(lines)


def test_file_that_is_not_there() -> None:
    lines = good()
    lines[7]["post"]["attachments"] = [{"path": "F2/b.png"}]
    with pytest.raises(ChatMigrateError, match="1 files"):
        validate(lines)


def test_what_stands_at_the_server_may_be_spoken_of() -> None:
    known = Known(users=frozenset({"old"}), emails=frozenset({"old@example.org"}),
                  channels=frozenset({"attic"}))  # fmt: skip
    lines = good()
    lines[8]["post"] |= {"user": "old", "channel": "attic"}
    validate(lines, known=known)
    lines[4]["user"]["email"] = "old@example.org"
    with pytest.raises(ChatMigrateError, match="Line 5 "):
        validate(lines, known=known)


def test_rest_of_long_threads_comes_behind_the_teams_line() -> None:
    lines = good()
    again = {key: value for key, value in lines[7]["post"].items() if key != "reactions"}
    validate([*lines, lines[2], {"type": "post", "post": again}])
    with pytest.raises(ChatMigrateError, match=r"Line 12 .*too late"):
        validate([*lines, {"type": "post", "post": again}])


@pytest.mark.parametrize("place", [1, 6, 7])
def test_older_servers_know_less(place: int) -> None:
    """No images of emoji, no bots, no files."""
    lines = [line for number, line in enumerate(good()) if number in {0, 2, 3, 4, 5, 8, place}]
    with pytest.raises(ChatMigrateError):
        validate(lines, "5.37")
    lines.remove(good()[place])
    validator = Validator(PROFILES["5.37"], "acme", Known())
    validator.feed(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    validator.finish([])
