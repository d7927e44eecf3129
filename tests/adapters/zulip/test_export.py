"""A directory held against an export of the organization that was made of it: nothing is wrong
where nothing happened, and whatever did happen is found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.conformance import Workspace
from adapters.conformance.enclosed import PNG, fetch_all
from adapters.conformance.migration import Migration
from adapters.zulip import adapter
from migrate import runner
from migrate.errors import Fatal
from migrate.registry import Registry
from migrate.runner import World
from tests.adapters.zulip.exports import Served
from tests.adapters.zulip.targets import (
    NewZulipDirectory,
    OldZulipDirectory,
    TenZulipDirectory,
    ZulipDirectory,
)

KINDS = ("missing", "different", "extra", "duplicate")
Damage = Callable[[Served], object]


def build() -> Workspace:
    workspace = Workspace()
    ann, bob = (workspace.person(name, email=f"{name}@acme.example") for name in ("ann", "bob"))
    gus, bot = workspace.person("gus", deactivated=True), workspace.bot("robot")
    general = workspace.channel("general", ann, bob, gus)
    board = workspace.channel("board", ann, bob, private=True)
    attic = workspace.channel("attic", ann, gus, archived=True)
    plan, secret, photo = (
        workspace.file(ann, f"{name} 1.png", PNG + name.encode(), mimetype="image/png")
        for name in ("plan", "secret", "photo")
    )
    root = general.say(ann, "shall we?").attach(plan).react("tada", bob, gus).react("parrot", ann)
    general.say(bob, "let us", root=root, after=0.1).react("+1", ann)
    general.say(bob, "everybody!", root=root, broadcast=True)
    for _ in range(2):
        general.say(bot, "ping", after=0.1)
    general.say(gus, f"<@{ann}> long: " + "word " * 2_500)
    board.say(bob, "behind a door").attach(secret, plan)
    general.say(
        ann, f"see <https://acme.slack.com/archives/{general.id}/p{root.ts.replace('.', '')}>"
    )
    attic.say(gus, "dusty")
    talk = workspace.dm(ann, bob)
    talk.say(ann, "psst").attach(photo)
    talk.say(bob, "what?").react("eyes", ann)
    workspace.dm(bob, bob).say(bob, "note to self")
    workspace.group_dm(ann, bob, gus).say(gus, "three of us")
    return workspace


class Delivered:
    """A project whose directory somewhere became an organization."""

    def __init__(self, target: ZulipDirectory, folder: Path) -> None:
        workspace = build()
        self._migration = Migration(target, folder, workspace, {"target.owner": "ann@acme.example"})
        fetch_all(self._migration, workspace)
        with self._migration.storing() as store:
            store.db.execute("INSERT INTO emoji VALUES ('parrot', 'x', '')")
        for id in ("avatar/U00000001", "emoji/parrot"):
            self._migration.fetch_body(id, PNG + id.encode())
        summary = self._migration.run()
        assert not any(summary.failed.values())
        self.sent = summary.sent
        self.folder = self._migration.folder

    def serve(self) -> Served:
        return Served(self.folder / "zulip")

    def verify(self, path: Path, setting: str = "export") -> runner.VerifySummary:
        registry = Registry({"zulip": adapter})
        project = runner.open_project(self.folder, {f"target.{setting}": str(path)}, registry)
        return runner.verify(project, World(environ={}, workers=1))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return Delivered(ZulipDirectory(), tmp_path_factory.mktemp("delivered"))


def found(summary: runner.VerifySummary) -> dict[str, dict[str, int]]:
    """All that is wrong."""
    told = {kind: getattr(summary, kind) for kind in KINDS}
    wrong = {kind: {k: n for k, n in some.items() if n} for kind, some in told.items()}
    codes = {each.code: each.count for each in summary.findings}
    wider = {"conversations": summary.audience_wider} if summary.audience_wider else {}
    return {k: v for k, v in {**wrong, "wider": wider, "codes": codes}.items() if v}


def assert_proven(delivered: Delivered, summary: runner.VerifySummary) -> None:
    assert found(summary) == {}
    assert (summary.against, summary.exit) == ("server", 0)
    assert not any(n for kind, n in summary.unchecked.items() if kind != "accounts")
    for kind in ("messages", "reactions", "files", "conversations"):
        assert summary.checked[kind] == delivered.sent[kind] > 0


@pytest.mark.parametrize(
    "kind", [OldZulipDirectory, TenZulipDirectory, ZulipDirectory, NewZulipDirectory]
)
def test_what_nobody_touched_is_proven(tmp_path: Path, kind: type[ZulipDirectory]) -> None:
    delivered = Delivered(kind(), tmp_path)
    export = delivered.serve().pack(tmp_path / "export.tar.gz")
    assert_proven(delivered, delivered.verify(export))
    lines = (delivered.folder / "reports" / "permalinks.csv").read_text().splitlines()
    assert lines[1].endswith("/#narrow/channel/72/near/1000")
    assert len(lines) == 1 + delivered.sent["messages"]


@pytest.mark.parametrize("indent", [2, None])
def test_a_folder_does_as_well(delivered: Delivered, tmp_path: Path, indent: int | None) -> None:
    export = delivered.serve().write(tmp_path / "export", indent=indent)
    assert_proven(delivered, delivered.verify(export))
    assert delivered.folder.exists()
    assert not [path for path in delivered.folder.iterdir() if path.name.startswith("tmp")]


def test_what_people_do_later_is_nobodys_business(delivered: Delivered, tmp_path: Path) -> None:
    served = delivered.serve()
    ann, late = served.user("Ann Smith"), 1_796_000_000.25
    served.users.append({**ann, "id": 999, "full_name": "New One", "delivery_email": "n@x.example"})
    general, board = served.recipient("general"), served.recipient("board")
    for recipient in (general, board):
        served.add_message(ann["id"], recipient, "2023-11-14 shall we?", "ping", late)
    served.add_message(ann["id"], ann["recipient"], "", "psst", late)
    served.reactions.append(
        {**served.reactions[0], "id": 77_777, "user_profile": ann["id"], "emoji_code": "1f600"}
    )
    served.subscriptions.append(
        {**served.subscriptions[0], "id": 88_888, "user_profile": 999, "recipient": general}
    )
    # Somebody else by now, and yet the same address; another by a new address, and the same name.
    ann["full_name"] = "Ann Jones"
    served.user("Bob Smith")["delivery_email"] = "robert@acme.example"
    # Archived and renamed since, as older servers do it, and by hand.
    served.channel("general")["name"] = "0a1b2c3!DEACTIVATED:general"
    served.channel("board")["name"] = "the board"
    for message in served.messages:
        if message["subject"] == "2023-11-14 shall we?":
            message["subject"] = "✔ 2023-11-14 shall we?"
    assert_proven(delivered, delivered.verify(served.write(tmp_path / "export")))


def _widen_file(served: Served, name: str) -> None:
    (row,) = [each for each in served.attachments if each["path_id"].endswith(name)]
    row["is_realm_public"] = True


def _lose_body(served: Served, name: str) -> None:
    (key,) = [key for key in served.bodies if key.endswith(name)]
    del served.bodies[key]


def _change_body(served: Served, part: str) -> None:
    for key in served.bodies:
        if part in key:
            served.bodies[key] = b"another"


def _twin(served: Served) -> None:
    row = served.said("let us")
    served.messages.append({**row, "id": row["id"] + 100_000})


def _enter(served: Served, channel: str) -> None:
    gus = served.user("Gus Smith")["id"]
    row = {**served.subscriptions[0], "id": 99_999, "user_profile": gus}
    served.subscriptions.append({**row, "recipient": served.recipient(channel)})


def _overhear(served: Served) -> None:
    gus, row = served.user("Gus Smith")["id"], served.said("psst")
    served.copies.append({"id": 1, "user_profile": gus, "message": row["id"], "flags_mask": 2_049})


def _lose_copy(served: Served) -> None:
    id = served.said("three of us")["id"]
    served.copies.remove(next(row for row in served.copies if row["message"] == id))


def _swap(served: Served) -> None:
    first, second = served.said("psst"), served.said("what?")
    first["id"], second["id"] = second["id"], first["id"]
    for row in served.copies + served.reactions:
        if row["message"] in (first["id"], second["id"]):
            row["message"] = first["id"] + second["id"] - row["message"]
    for row in served.attachments:
        ids = (first["id"], second["id"])
        row["messages"] = [sum(ids) - id if id in ids else id for id in row["messages"]]


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        pytest.param(
            lambda s: s.delete(s.said("dusty")),
            {"missing": {"messages": 1}, "codes": {"record-missing": 1}}, id="lost message",
        ),
        pytest.param(
            lambda s: s.delete(next(m for m in s.messages if m["content"] == "ping")),
            {"missing": {"messages": 1}, "codes": {"record-missing": 1}}, id="one of two alike",
        ),
        pytest.param(
            lambda s: s.said("note to self").update(content="note to you"),
            {"different": {"messages": 1}, "codes": {"record-different": 1}}, id="altered text",
        ),
        pytest.param(
            lambda s: s.said("dusty").update(sender=s.user("Bob Smith")["id"]),
            {"different": {"messages": 1}, "codes": {"record-different": 1}}, id="another author",
        ),
        pytest.param(
            lambda s: s.said("dusty").update(date_sent=s.said("dusty")["date_sent"] + 0.002),
            {"different": {"messages": 1}, "codes": {"record-different": 1}}, id="another time",
        ),
        pytest.param(
            lambda s: s.said("dusty").update(subject="elsewhere"),
            {"different": {"messages": 1}, "codes": {"record-different": 1}}, id="another topic",
        ),
        pytest.param(
            lambda s: s.said("let us").update(subject="imported from Slack"),
            {"different": {"messages": 1}, "codes": {"record-different": 1}}, id="out of thread",
        ),
        pytest.param(
            _twin, {"duplicate": {"messages": 1}, "codes": {"record-duplicate": 1}}, id="twin",
        ),
        pytest.param(
            lambda s: s.reactions.pop(),
            {"missing": {"reactions": 1}, "codes": {"record-missing": 1}}, id="lost reaction",
        ),
        pytest.param(
            lambda s: s.channel("board").update(invite_only=False),
            {"wider": {"conversations": 1}, "codes": {"audience-wider": 1}}, id="opened channel",
        ),
        pytest.param(
            lambda s: s.channel("general").update(is_web_public=True),
            {"wider": {"conversations": 1}, "codes": {"audience-wider": 1}}, id="public on the web",
        ),
        pytest.param(
            lambda s: _enter(s, "board"),
            {"wider": {"conversations": 1}, "codes": {"audience-wider": 1}}, id="one more member",
        ),
        pytest.param(
            _overhear,
            {"wider": {"conversations": 1}, "codes": {"audience-wider": 1}}, id="overheard",
        ),
        pytest.param(
            lambda s: _widen_file(s, "secret-1.png"),
            {"wider": {"conversations": 1}, "codes": {"audience-wider": 1}}, id="opened file",
        ),
        pytest.param(
            lambda s: _lose_body(s, "photo-1.png"),
            {"missing": {"files": 1}, "codes": {"file-missing": 1}}, id="body gone",
        ),
        pytest.param(
            lambda s: _change_body(s, "photo-1.png"),
            {"missing": {"files": 1}, "codes": {"file-missing": 1}}, id="another body",
        ),
        pytest.param(
            lambda s: next(a for a in s.attachments if a["is_realm_public"]).update(
                is_realm_public=False
            ),
            {"missing": {"files": 1}, "codes": {"file-missing": 1}}, id="closed file",
        ),
        pytest.param(
            lambda s: s.attachments[0].update(messages=[]),
            {"missing": {"files": 1}, "codes": {"file-missing": 1}}, id="file of no message",
        ),
        pytest.param(
            lambda s: _change_body(s, ".original"),
            {"codes": {"zulip-picture-different": 1}}, id="another picture",
        ),
        pytest.param(
            lambda s: _change_body(s, "emoji/"),
            {"codes": {"zulip-emoji-different": 1}}, id="another image",
        ),
        pytest.param(
            lambda s: s.images.clear(), {"codes": {"zulip-emoji-different": 1}}, id="lost emoji",
        ),
        pytest.param(_lose_copy, {"codes": {"zulip-copy-missing": 1}}, id="lost copy"),
        pytest.param(
            lambda s: s.delete(next(m for m in s.messages if m["content"].startswith("#**"))),
            {"codes": {"zulip-sign-post-missing": 1}}, id="lost sign-post",
        ),
        pytest.param(_swap, {"codes": {"zulip-order-different": 1}}, id="another order"),
        pytest.param(
            lambda s: s.users.remove(s.user("Slackbot")),
            {"codes": {"zulip-account-missing": 1}}, id="lost account",
        ),
    ],
)  # fmt: skip
def test_what_happened_is_found(
    delivered: Delivered, tmp_path: Path, damage: Damage, wrong: dict[str, dict[str, int]]
) -> None:
    served = delivered.serve()
    damage(served)
    summary = delivered.verify(served.write(tmp_path / "export"))
    assert found(summary) == wrong
    loud = any(kind != "codes" for kind in wrong) or "zulip-sign-post-missing" not in wrong["codes"]
    assert summary.exit == (5 if loud else 0)


def test_another_organizations_export_proves_nothing(delivered: Delivered, tmp_path: Path) -> None:
    served = delivered.serve()
    for row in served.users:
        row |= {"full_name": f"Else {row['id']}", "delivery_email": f"{row['id']}@else.example"}
    for row in served.channels:
        row["name"] = f"else-{row['id']}"
    summary = delivered.verify(served.write(tmp_path / "export"))
    assert summary.missing["messages"] == delivered.sent["messages"]
    assert summary.missing["conversations"] == delivered.sent["conversations"]
    assert summary.exit == 5


@pytest.mark.parametrize("broken", ["nowhere", "text", "cut", "half", "row"])
def test_what_is_no_whole_export_is_told_in_a_sentence(
    delivered: Delivered, tmp_path: Path, broken: str
) -> None:
    export = tmp_path / "export.tar.gz"
    if broken == "text":
        export.write_text("no archive")
    elif broken == "cut":
        packed = delivered.serve().pack(export).read_bytes()
        export.write_bytes(packed[: len(packed) // 2])
    elif broken != "nowhere":
        export = delivered.serve().write(tmp_path / "export")
        if broken == "half":
            (export / "attachment.json").unlink()
        else:
            page = json.loads((export / "messages-000002.json").read_bytes())
            page["zerver_message"][0]["content"] = None
            (export / "messages-000002.json").write_text(json.dumps(page, indent=2))
    with pytest.raises(Fatal) as raised:
        delivered.verify(export)
    assert raised.value.code == "zulip-export-unreadable"
