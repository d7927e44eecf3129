"""The joined archive: what stands in it and where, the same bytes each time, and nothing at all
where it would not be taken."""

import asyncio
import hashlib
import json
import stat
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.mattermost import adapter, compose, threads
from adapters.mattermost.archive import ArchiveSession
from adapters.mattermost.config import Config
from adapters.mattermost.profiles import MattermostCaps, caps_for
from migrate.errors import ChatMigrateError, Fatal
from migrate.model import File, Reaction
from migrate.spi import (
    Account,
    AudienceReader,
    Body,
    BulkSession,
    Context,
    CustomEmoji,
    Opening,
    Part,
    PartFile,
    Placement,
    Posting,
    Reader,
    Seen,
)
from tests.adapters.mattermost.acts import CAPS, CONFIG, SECOND, account, file, opening, posting
from tests.adapters.mattermost.rules import problems
from tests.adapters.mattermost.targets import read_lines

Line = dict[str, Any]

ANN, BOB, CAT = (account(name, email=f"{name}@example.org") for name in ("ann", "bob", "cat"))
GUS = account("gus", "guest", email="gus@example.org")
ROBOT = account("robot", "bot")
GENERAL = opening("general", ANN, BOB, GUS, topic="*Hello* <@UBOB>", purpose="all of us &amp; more")
ATTIC = opening("attic", ANN, archived=True, kind="private")
TALK = opening("talk", ANN, BOB, kind="dm")
PEOPLE = (ANN, BOB, CAT, GUS, ROBOT)
PLACES = (GENERAL, ATTIC, TALK)
SAID = (
    posting("root", GENERAL, ANN),
    posting("reply", GENERAL, GUS, second=1, root=0, reactions=[Reaction("tada", ("UBOB",))]),
    posting("later", GENERAL, ROBOT, second=5),
    posting("gone", ATTIC, BOB, second=2),
    posting("psst", TALK, BOB, second=3),
)
MILLIS = SECOND * 1_000
NAMES = ("first", "second")
PICTURE = b"GIF89a\x10\x00\x10\x00"


class Memory:
    """A memo that lasts as long as the test."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.held.get(name)

    def set(self, name: str, value: str) -> None:
        self.held[name] = value


class Desk:
    """A project's folder, and archives made in it."""

    def __init__(self, folder: Path, config: Config = CONFIG, caps: MattermostCaps = CAPS) -> None:
        self.folder = folder
        self.memo = Memory()
        self.caps = caps
        context = Context(folder=folder, environ={}, memo=self.memo)
        self.session = ArchiveSession(config, context, caps)

    def parts(
        self, *groups: Sequence[compose.Row], room: int = threads.LINE_ROOM
    ) -> list[PartFile]:
        files: list[PartFile] = []
        for number, rows in enumerate(groups):
            streams: dict[str, Path] = {}
            for name, data in compose.compose(rows, self.caps, room).streams.items():
                streams[name] = self.folder / f"{number}.{name}"
                streams[name].write_bytes(data)
            files.append(PartFile(part=Part(number=number, kind="messages"), streams=streams))
        return files

    def finish(
        self, *groups: Sequence[compose.Row], bodies: Iterable[Body] = (), number: int = 1,
        room: int = threads.LINE_ROOM,
    ) -> list[Line]:  # fmt: skip
        parts = self.parts(*groups, room=room)
        return read_lines(self.session.finish(parts, bodies, number).path)

    def body(self, told: File, content: bytes = b"abc") -> Body:
        path = self.folder / told.id.replace("/", "-")
        path.write_bytes(content)
        return Body(file=told, path=path, sha256=hashlib.sha256(content).hexdigest())

    def read(self, place: Opening) -> list[Seen]:
        async def collect() -> list[Seen]:
            return [seen async for seen in self.session.read(place)]

        return asyncio.run(collect())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def of(lines: list[Line], kind: str) -> list[Line]:
    return [line[kind] for line in lines if line["type"] == kind]


def test_lines_stand_in_the_order_that_is_read(desk: Desk) -> None:
    lines = desk.finish(PEOPLE, PLACES, SAID[:3], SAID[3:])
    kinds = list(dict.fromkeys(line["type"] for line in lines))
    assert kinds == [
        "version", "team", "channel", "user", "bot", "post", "direct_channel", "direct_post",
    ]  # fmt: skip
    assert problems(desk.folder / "mattermost.zip") == []
    assert [post["message"] for post in of(lines, "post")] == ["root", "later", "gone"]


def test_channels(desk: Desk) -> None:
    general, attic = of(desk.finish(PEOPLE, PLACES, SAID), "channel")
    assert general == {
        "team": "acme",
        "name": "general",
        "display_name": "general",
        "type": "O",
        "header": "**Hello** @bob",
        "purpose": "all of us & more",
        "slack_id": "CGENERAL",
    }
    assert (attic["type"], attic["deleted_at"]) == ("P", MILLIS + 2_000)


def test_people_and_what_they_have_read(desk: Desk) -> None:
    users = {user["username"]: user for user in of(desk.finish(PEOPLE, PLACES, SAID), "user")}
    read = {"msg_count": 3, "msg_count_root": 2, "last_viewed_at": MILLIS + 5_000}
    seat = {"name": "general", "roles": "channel_user"} | read
    assert users["bob"]["teams"] == [{"name": "acme", "roles": "team_user", "channels": [seat]}]
    assert users["cat"]["teams"] == [{"name": "acme", "roles": "team_user"}]
    gus = users["gus"]
    assert gus["roles"] == "system_guest"
    assert gus["teams"] == [
        {"name": "acme", "roles": "team_guest", "channels": [seat | {"roles": "channel_guest"}]}
    ]
    assert "roles" not in users["ann"]
    assert not any("password" in user for user in users.values())


def test_direct_talk_is_read_too(desk: Desk) -> None:
    (talk,) = of(desk.finish(PEOPLE, PLACES, SAID), "direct_channel")
    assert talk["shown_by"] == ["ann", "bob"]
    assert talk["participants"][0] == {
        "username": "ann",
        "scheme_user": True,
        "msg_count": 1,
        "msg_count_root": 1,
        "last_viewed_at": MILLIS + 3_000,
    }


def test_guest_in_direct_talk_stays_one(desk: Desk) -> None:
    talk = opening("talk", ANN, GUS, kind="dm")
    (line,) = of(desk.finish(PEOPLE, (talk,)), "direct_channel")
    assert [(p.get("scheme_user"), p.get("scheme_guest")) for p in line["participants"]] == [
        (True, None),
        (None, True),
    ]


def test_same_people_have_one_line(desk: Desk) -> None:
    """Two of them would end the import."""
    again = opening("again", BOB, ANN, kind="group_dm")
    assert len(of(desk.finish(PEOPLE, (TALK, again)), "direct_channel")) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["x@example.org", "X@Example.ORG "], ["x@example.org", "second@slack.invalid"]),
        (["", ""], ["first@slack.invalid", "second@slack.invalid"]),
        (["no address", "a..b@example.org"], ["first@slack.invalid", "second@slack.invalid"]),
        (["größe@example.org", "x" * 125 + "@e.org"], ["first@slack.invalid",
                                                       "second@slack.invalid"]),
        # No address that is made up may be somebody's own.
        (["", "first@slack.invalid"], ["first-2@slack.invalid", "first@slack.invalid"]),
    ],
)  # fmt: skip
def test_addresses(desk: Desk, given: list[str], expected: list[str]) -> None:
    people = [account(name, email=email) for name, email in zip(NAMES, given, strict=True)]
    assert [user["email"] for user in of(desk.finish(people), "user")] == expected


def test_address_goes_to_whoever_still_signs_in(desk: Desk) -> None:
    gone = account("gone", email="ann@example.org", deactivated=True)
    lines = desk.finish((gone, ANN))
    assert [user["email"] for user in of(lines, "user")] == [
        "gone@slack.invalid",
        "ann@example.org",
    ]


def test_nobody_signs_in_to_a_ghost(desk: Desk) -> None:
    ghost = Account(person=ANN.person, placement=ANN.placement, ref="ann", action="ghost")
    (user,) = of(desk.finish((ghost,), (GENERAL,), SAID[:1]), "user")
    assert user["email"] == "ann@slack.invalid"
    assert user["delete_at"] == MILLIS


def test_mapped_account_has_no_line_and_may_write(desk: Desk) -> None:
    mapped = Account(person=ANN.person, placement=Placement("a.lee"), ref="a.lee", action="map")
    place = opening("general", mapped, BOB)
    lines = desk.finish((mapped, BOB), (place,), (posting("hello", place, mapped),))
    assert [user["username"] for user in of(lines, "user")] == ["bob"]
    assert [post["user"] for post in of(lines, "post")] == ["a.lee"]
    found = asyncio.run(desk.session.audience(place))
    assert found.members == {"a.lee", "bob"}


def test_mapped_channel_has_no_line(desk: Desk) -> None:
    place = Opening(
        conversation=GENERAL.conversation, placement=Placement("town-square"), private=False,
        members=(ANN,), ref="town-square", action="map",
    )  # fmt: skip
    lines = desk.finish((ANN,), (place,), (posting("hello", place, ANN),))
    assert of(lines, "channel") == []
    assert [post["channel"] for post in of(lines, "post")] == ["town-square"]
    assert of(lines, "user")[0]["teams"][0]["channels"][0]["name"] == "town-square"


def test_pictures_and_emoji(desk: Desk) -> None:
    avatar = File(id="avatar/UANN", mimetype="image/jpeg", size=len(PICTURE))
    image = File(id="emoji/größe", mimetype="image/gif", size=3)
    ann = Account(person=ANN.person, placement=ANN.placement, ref="ann", action="create",
                  avatar=avatar)  # fmt: skip
    robot = Account(person=ROBOT.person, placement=ROBOT.placement, ref="robot",
                    avatar=File(id="avatar/UROBOT", mimetype="image/webp", size=3))  # fmt: skip
    emoji = CustomEmoji(name="größe", placement=Placement("gr_e"), image=image)
    lines = desk.finish((emoji,), (ann, robot), bodies=[desk.body(avatar, PICTURE),
                                                         desk.body(image)])  # fmt: skip
    assert of(lines, "user")[0]["profile_image"] == "avatars/UANN.jpg"
    assert "profile_image" not in of(lines, "bot")[0]  # no server reads such a picture
    (line,) = of(lines, "emoji")
    assert (line["name"], line["slack_id"]) == ("gr_e", "größe")
    with zipfile.ZipFile(desk.folder / "mattermost.zip") as archive:
        assert archive.read(f"data/{line['image']}") == b"abc"
        assert archive.namelist() == ["import.jsonl", "data/avatars/UANN.jpg",
                                      f"data/{line['image']}"]  # fmt: skip
    assert problems(desk.folder / "mattermost.zip") == []


def test_picture_that_no_server_reads_is_left_out(desk: Desk) -> None:
    """The import would end at it."""
    avatar = File(id="avatar/UANN", mimetype="image/png", size=7)
    ann = Account(person=ANN.person, placement=ANN.placement, ref="ann", action="create",
                  avatar=avatar)  # fmt: skip
    parts = desk.parts((ann,))
    artifact = desk.session.finish(parts, [desk.body(avatar, b"<html/>")], 1)
    assert "profile_image" not in of(read_lines(artifact.path), "user")[0]
    assert artifact.next_steps[0].startswith("Left out")


def test_picture_that_is_too_large_is_no_picture(desk: Desk) -> None:
    told = File(id="F1", name="map.jpg", mimetype="image/jpeg", size=3, width=8_000, height=5_000)
    desk.finish(PEOPLE, PLACES, (posting("map", GENERAL, ANN, files=[told]),),
                bodies=[desk.body(told)])  # fmt: skip
    with zipfile.ZipFile(desk.folder / "mattermost.zip") as archive:
        assert archive.namelist()[1:] == ["data/F1/map.jpg.bin"]


def test_files_lie_in_folders_of_their_own_under_their_names(desk: Desk) -> None:
    told = [file("F1", "report.pdf"), file("F2", "report.pdf"), file("F3", "../../etc/passwd")]
    said = posting("see", GENERAL, ANN, files=told)
    desk.finish(PEOPLE, PLACES, (said,), bodies=[desk.body(each) for each in told])
    with zipfile.ZipFile(desk.folder / "mattermost.zip") as archive:
        assert archive.namelist()[1:] == [
            "data/F1/report.pdf",
            "data/F2/report.pdf",
            "data/F3/_.._etc_passwd",
        ]
    (seen,) = desk.read(GENERAL)
    assert seen.files == ("F1", "F2", "F3")
    assert seen.payload == said.rendered.pieces[0].payload


def test_body_that_nobody_speaks_of_stays_out(desk: Desk) -> None:
    desk.finish(PEOPLE, bodies=[desk.body(file("F1"))])
    with zipfile.ZipFile(desk.folder / "mattermost.zip") as archive:
        assert archive.namelist() == ["import.jsonl"]


def test_body_that_is_missing_or_another_ends_the_joining(desk: Desk) -> None:
    said = (posting("see", GENERAL, ANN, files=[file("F1")]),)
    with pytest.raises(ChatMigrateError) as raised:
        desk.finish(PEOPLE, PLACES, said)
    assert raised.value.code == "mattermost-archive-invalid"
    with pytest.raises(Fatal) as fatal:
        desk.finish(PEOPLE, PLACES, said, bodies=[desk.body(file("F1"), b"other")])
    assert fatal.value.code == "mattermost-unwritable"
    assert not (desk.folder / "mattermost.zip").exists()


def test_what_would_not_be_taken_never_leaves_the_house(desk: Desk) -> None:
    before = desk.finish(PEOPLE, PLACES, SAID)
    with pytest.raises(ChatMigrateError, match=f"C.*{SECOND}") as raised:
        desk.finish((ANN,), PLACES, SAID)  # Bob writes, and has no account
    assert raised.value.code == "mattermost-archive-invalid"
    assert read_lines(desk.folder / "mattermost.zip") == before


def test_the_same_parts_are_the_same_bytes(tmp_path: Path) -> None:
    read: list[bytes] = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        desk = Desk(tmp_path / name)
        desk.finish(PEOPLE, PLACES, SAID)
        desk.finish(PEOPLE, PLACES, SAID)
        read.append((tmp_path / name / "mattermost.zip").read_bytes())
    assert read[0] == read[1]


def test_where_parts_are_cut_does_not_show(tmp_path: Path) -> None:
    one, other = (tmp_path / name for name in ("one", "other"))
    for folder in (one, other):
        folder.mkdir()
    together = Desk(one).finish(PEOPLE, PLACES, SAID)
    apart = Desk(other).finish(PEOPLE, PLACES, SAID[:2], SAID[2:3], SAID[3:4], SAID[4:])
    assert together == apart


def test_archive_is_its_owners_alone(desk: Desk) -> None:
    desk.finish(PEOPLE)
    assert stat.S_IMODE((desk.folder / "mattermost.zip").stat().st_mode) == 0o600
    assert not (desk.folder / "mattermost.zip.part").exists()


def test_threads_too_long_for_a_line_come_in_rounds(desk: Desk) -> None:
    root = posting("root", GENERAL, ANN)
    replies = [posting("x" * 500, GENERAL, BOB, second=n, root=0) for n in range(1, 12)]
    talk = posting("talk", TALK, ANN)
    answers = [posting("y" * 500, TALK, BOB, second=n, root=0) for n in range(1, 8)]
    lines = desk.finish(PEOPLE, PLACES, (root, *replies), (talk, *answers), room=2_000)
    assert problems(desk.folder / "mattermost.zip") == []
    kinds = [line["type"] for line in lines[lines.index(_last(lines, "direct_channel")) :]]
    assert kinds[:5] == ["direct_channel", "direct_post", "emoji", "post", "direct_post"]
    seen = desk.read(GENERAL)
    assert len(seen) == len({each.id for each in seen}) == 12
    assert {each.root for each in seen[1:]} == {seen[0].ref}
    assert len(desk.read(TALK)) == 8


def _last(lines: list[Line], kind: str) -> Line:
    return [line for line in lines if line["type"] == kind][-1]


def test_archive_reads_back(desk: Desk) -> None:
    desk.finish(PEOPLE, PLACES, SAID)
    assert isinstance(desk.session, BulkSession)
    assert isinstance(desk.session, Reader)
    assert isinstance(desk.session, AudienceReader)
    root, reply, mark, later = desk.read(GENERAL)
    assert (root.author, root.time, root.root) == ("ann", MILLIS, None)
    assert (reply.author, reply.root) == ("gus", root.ref)
    assert reply.payload == SAID[1].rendered.pieces[0].payload
    assert (mark.id, mark.message, mark.emoji) == (
        f"CGENERAL/{SECOND + 1}.000000/UBOB/tada", reply.ref, "tada",
    )  # fmt: skip
    assert later.author == "robot"
    (psst,) = desk.read(TALK)
    assert psst.id == f"DTALK/{SECOND + 3}.000000/0"
    assert desk.read(opening("elsewhere", ANN)) == []


@pytest.mark.parametrize(
    ("place", "members", "join"),
    [
        (GENERAL, {"ann", "bob", "gus"}, "members"),
        (ATTIC, {"ann"}, "invite"),
        (TALK, {"ann", "bob"}, "invite"),
    ],
)
def test_audience(desk: Desk, place: Opening, members: set[str], join: str) -> None:
    desk.finish(PEOPLE, PLACES, SAID)
    audience = asyncio.run(desk.session.audience(place))
    assert audience.members == members
    assert str(audience.join) == join
    assert audience.listed == (join == "members")


def test_later_archive_repeats_nothing_but_what_it_hangs_on(desk: Desk) -> None:
    desk.finish(PEOPLE, PLACES, SAID)
    dan = account("dan", email="ann@example.org")
    entered = Opening(
        conversation=GENERAL.conversation, placement=GENERAL.placement, private=False,
        members=(dan,), ref="general", carried=True,
    )  # fmt: skip
    lines = desk.finish(
        (dan,),
        (entered,),
        (
            posting("root", GENERAL, ANN, carried=True),
            posting("late", GENERAL, dan, second=90, root=0),
        ),
        number=2,
    )
    assert [line["type"] for line in lines] == ["version", "user", "post"]
    users = {user["username"]: user for user in of(lines, "user")}
    assert users["dan"]["email"] == "dan@slack.invalid"  # Ann has hers already
    (seat,) = users["dan"]["teams"][0]["channels"]
    assert (seat["msg_count"], seat["msg_count_root"]) == (4, 2)
    second = desk.folder / "mattermost-2.zip"
    assert problems(second, team="acme", users=["ann"], channels=["general"]) == []
    seen = [each.id for each in desk.read(GENERAL)]
    assert len(seen) == len(set(seen)) == 5
    assert seen[-1] == f"CGENERAL/{SECOND + 90}.000000/0"


def test_later_archive_without_the_first_ones_memory_is_refused(desk: Desk) -> None:
    desk.finish(PEOPLE, PLACES, SAID)
    desk.memo.held.clear()
    with pytest.raises(ChatMigrateError):
        desk.finish((posting("more", GENERAL, ANN, second=99),), number=2)


@pytest.mark.parametrize("content", [b"", b"PK no zip"])
def test_archive_that_is_broken_is_fatal(desk: Desk, content: bytes) -> None:
    (desk.folder / "mattermost.zip").write_bytes(content)
    with pytest.raises(Fatal) as raised:
        desk.read(GENERAL)
    assert raised.value.code == "mattermost-archive-broken"


def test_part_that_is_gone_is_fatal(desk: Desk) -> None:
    parts = desk.parts(PEOPLE, PLACES, SAID)
    parts[2].streams["posts"].unlink()
    with pytest.raises(Fatal) as raised:
        desk.session.finish(parts, (), 1)
    assert raised.value.code == "mattermost-unwritable"
    assert not (desk.folder / "mattermost.zip").exists()


def test_archive_for_older_servers(tmp_path: Path) -> None:
    old = caps_for(CONFIG, "5.37")
    desk = Desk(tmp_path, CONFIG, old)
    said = [
        Posting(
            id=each.id, message=each.message, placement=each.placement, opening=each.opening,
            author=each.author, look=each.look, root_id=each.root_id,
            rendered=adapter.render(each.message, each.look, old),
        )
        for each in SAID
    ]  # fmt: skip
    lines = desk.finish(PEOPLE, PLACES, said)
    assert problems(tmp_path / "mattermost.zip", old=True) == []
    assert of(lines, "bot") == []
    users = {user["username"]: user for user in of(lines, "user")}
    assert users["robot"]["delete_at"] > 0
    assert "msg_count" not in json.dumps(lines)
    assert of(lines, "direct_channel")[0]["members"] == ["ann", "bob"]
