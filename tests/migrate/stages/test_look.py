"""What a message's text can ask for, at both kinds of target: where its links lead, what stands for
a custom emoji, what a user group is called. Seen in what the memory target keeps."""

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance.migration import assert_verified
from adapters.conformance.workspace import Said, Workspace
from adapters.memory.adapter import MemoryAdapter
from migrate.errors import UsageError
from migrate.spi import Placement, Pointer
from migrate.stages.look import StoreLook
from tests.migrate.stages.trial import Trial, refusing, small_workspace

HOST = "acme.slack.com"

both = pytest.mark.parametrize("mode", ["live", "archive"])


def address(said: Said, host: str = HOST, place: str = "") -> str:
    return f"https://{host}/archives/{place or said.place.id}/p{said.ts.replace('.', '')}"


def payloads(trial: Trial) -> dict[str, dict[str, Any]]:
    """What the target keeps of each message, by its Slack id."""
    log, archive = trial.folder / "memory.jsonl", trial.folder / "memory.zip"
    if log.exists():
        lines = log.read_bytes().splitlines()
    else:
        with zipfile.ZipFile(archive) as members:
            lines = [x for name in members.namelist() for x in members.read(name).splitlines()]
    kept = [json.loads(line) for line in lines]
    return {each["id"]: each for each in kept if each["act"] == "message"}


def kept(trial: Trial, said: Said) -> dict[str, Any]:
    return payloads(trial)[f"{said.place.id}/{said.ts}/0"]


def links(trial: Trial, said: Said) -> list[str]:
    found: list[str] = kept(trial, said)["payload"].get("links", [])
    return found


def losses(trial: Trial) -> dict[str, int]:
    return {loss.code: loss.count for loss in trial.plan().losses}


@both
@pytest.mark.parametrize(
    "form",
    [
        "https://acme.slack.com/archives/{id}/p{stamp}",
        "https://acme.slack.com/archives/{id}/p{stamp}?thread_ts={ts}&amp;cid={id}",
        "https://acme.slack.com/archives/general/p{stamp}",
        "https://acme.enterprise.slack.com/archives/{id}/p{stamp}",
        "https://app.slack.com/client/T00000001/{id}/p{stamp}",
        "slack://channel?team=T00000001&amp;id={id}&amp;message={ts}",
    ],
)
def test_link_leads_to_the_message(tmp_path: Path, mode: str, form: str) -> None:
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "first")
    url = form.format(id=general.id, ts=first.ts, stamp=first.ts.replace(".", ""))
    second = general.say(bob, f"see <{url}|this> and <{address(first)}>")
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    ref = kept(trial, first)["ref" if mode == "live" else "id"]
    assert links(trial, second) == [ref]
    assert "link-to-conversation" not in losses(trial)
    assert_verified(trial)


@both
def test_unfurl_leads_to_the_message(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "first")
    second = general.say(bob, "look")
    second.record["attachments"] = [
        {"is_msg_unfurl": True, "from_url": address(first), "text": "first", "author_id": ann}
    ]
    trial = Trial(tmp_path, workspace, mode)
    trial.run()
    assert links(trial, second) == [kept(trial, first)["ref" if mode == "live" else "id"]]


@both
def test_link_to_what_is_left_out_leads_to_its_conversation(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    cat = workspace.person("cat")
    of_cat = general.say(cat, "skipped with its author")
    notice = general.notice(ann)
    stated = general.say(bob, f"<{address(of_cat)}> <{address(notice)}>")
    before = general.say(bob, f"<{address(stated)}> <https://{HOST}/archives/{general.id}>")
    trial = Trial(tmp_path, workspace, mode)
    trial.map("users.csv", cat, action="skip")
    assert losses(trial)["link-to-conversation"] == 1
    trial.run()
    room = kept(trial, stated)["conversation"]
    assert links(trial, stated) == [room]
    assert links(trial, before) == [kept(trial, stated)["ref" if mode == "live" else "id"], room]
    assert_verified(trial)


@both
def test_link_to_a_later_message_leads_to_its_conversation(tmp_path: Path, mode: str) -> None:
    """An edited message may link to a later one, which is not there when it is sent."""
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "to be edited")
    later = general.say(bob, "later")
    first.edit(f"<{address(later)}>")
    trial = Trial(tmp_path, workspace, mode)
    assert losses(trial)["link-to-conversation"] == 1
    trial.run()
    assert links(trial, first) == [kept(trial, first)["conversation"]]
    assert_verified(trial)


def test_what_comes_in_a_later_run_changes_no_link_that_was_sent(tmp_path: Path) -> None:
    """A message that failed at first, and one that only a newer export brings."""
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "fails at first")
    second = general.say(bob, f"<{address(first)}>")
    late = general.say(ann, "comes late")
    third = general.say(bob, f"<{address(late)}>")
    newer = list(general.entries)
    general.entries.remove(late.record)
    trial = Trial(tmp_path, workspace)
    with refusing("send", "memory-too-long", lambda act: act.key.ts == first.ts):
        trial.run()
    room = kept(trial, second)["conversation"]
    assert links(trial, second) == links(trial, third) == [room]
    general.entries[:] = newer
    trial.export_again(workspace)
    trial.run()
    assert kept(trial, first) and kept(trial, late)
    assert_verified(trial)


@both
def test_links_elsewhere_stay(tmp_path: Path, mode: str) -> None:
    workspace, general, ann, bob = small_workspace()
    gone = workspace.channel("gone", ann, bob)
    first, out = general.say(ann, "first"), gone.say(ann, "left out")
    said = general.say(
        bob,
        f"<{address(first, 'other.slack.com')}> <{address(out)}>"
        f" <{address(first, place='nowhere')}> <https://app.slack.com/client/T09/{general.id}>"
        f" <https://{HOST}/archives/random/p1469781868000005> <{address(first)}>"
        f" <https://{HOST}/files/U1/F00000001/a.png>",
    )
    trial = Trial(tmp_path, workspace, mode, {"target.piece_limit": 4_000})
    trial.map("channels.csv", gone.id, action="skip")
    assert "link-to-conversation" not in losses(trial)
    trial.run()
    assert links(trial, said) == [kept(trial, first)["ref" if mode == "live" else "id"]]


def test_without_a_known_host_ids_decide(tmp_path: Path) -> None:
    """No root file and no message of the newest day names the workspace's host."""
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "first")
    by_id = general.say(bob, f"<{address(first)}>")
    by_name = general.say(bob, f"<{address(first, place='general')}>")
    general.say(bob, "days later", after=400_000)
    trial = Trial(tmp_path, workspace)
    trial.run()
    with trial.store() as store:
        assert store.meta("domain") == ""
    assert links(trial, by_id) == [kept(trial, first)["ref"]]
    assert links(trial, by_name) == []


@pytest.mark.parametrize(
    "settings",
    [{"source.since": "2023-11-15"}, {"source.until": "2023-11-14T22:13:22Z"}, {}],
)
def test_plan_names_the_links_that_lead_to_conversations(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    """The plan says what the run does, though no message is at the target yet."""
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "first")
    general.say(ann, "deleted").record.update(subtype="tombstone", user="USLACKBOT")
    deleted = general.said[-1]
    general.say(bob, f"<{address(first)}>", after=100_000)
    general.say(bob, f"<{address(deleted)}>")
    trial = Trial(tmp_path, workspace, settings=settings)
    planned = losses(trial)
    trial.run()
    lost = [
        line
        for line in payloads(trial).values()
        if line["conversation"] in line["payload"].get("links", ())
    ]
    assert planned.get("link-to-conversation", 0) == len(lost)
    assert len(lost) == {"source.since": 2, "source.until": 0}.get(next(iter(settings), ""), 1)


def emoji_rows(trial: Trial) -> dict[str, dict[str, str]]:
    with open(trial.folder / "mappings" / "emoji.csv", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def emoji_workspace() -> tuple[Workspace, Said]:
    workspace, general, ann, bob = small_workspace()
    general.say(ann, ":parrot-ship: :parrot-ship: twice, at 12:45:30, Key:Word:no")
    said = general.say(bob, "*:parrot-ship:* and :ohayo: :tada:")
    said.react("ohayo", ann, bob).react("tada", ann).react("late", bob)
    return workspace, said


def test_custom_emoji_are_proposed_with_their_counts(tmp_path: Path) -> None:
    workspace, _ = emoji_workspace()
    trial = Trial(tmp_path, workspace)
    assert emoji_rows(trial) == {}
    digest = trial.plan().digest
    notes = {name: row["note"] for name, row in emoji_rows(trial).items()}
    assert notes == {
        "ohayo": "in 1 message and 2 reactions",
        "parrot-ship": "in 2 messages",
        "late": "in 1 reaction",
    }
    assert {row["action"] for row in emoji_rows(trial).values()} == {"create"}
    # The proposals have no effect, so the plan that was shown stands.
    assert trial.plan().digest == digest
    trial.resume()
    assert_verified(trial)


@both
@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("🦜", "🦜"),
        ("tada", "🎉"),
        (":+1::skin-tone-3:", "👍🏼"),
        ("alias:thumbsup", "👍"),
        ("alias:ohayo", "👋"),
        ("their_parrot", ":their_parrot:"),
    ],
)
def test_mapped_emoji_are_shown(tmp_path: Path, mode: str, target: str, shown: str) -> None:
    workspace, said = emoji_workspace()
    trial = Trial(tmp_path, workspace, mode)
    before = trial.plan().digest
    trial.map("emoji.csv", "parrot-ship", action="map", target=target)
    trial.map("emoji.csv", "ohayo", action="map", target=" wave ")
    assert trial.plan().digest != before
    trial.run()
    assert kept(trial, said)["payload"]["text"] == f"{shown} and 👋 🎉"
    marks = {(mark.author, mark.emoji) for mark in trial.holding().marks}
    assert {emoji for _, emoji in marks} == {"👋", "tada", "late"}
    assert_verified(trial)


@pytest.mark.parametrize("target", ["", "not a name", "ohayo", "alias:parrot-ship"])
def test_emoji_mapped_to_nothing_are_refused(tmp_path: Path, target: str) -> None:
    workspace, _ = emoji_workspace()
    trial = Trial(tmp_path, workspace)
    trial.plan()
    trial.map("emoji.csv", "ohayo", action="map", target=target)
    trial.map("emoji.csv", "parrot-ship", action="map", target="ohayo")
    with pytest.raises(UsageError) as caught:
        trial.plan()
    assert caught.value.code == "mapping-emoji-target"


class Listed(Workspace):
    """An export to which some tool has added the user groups."""

    groups: object = ()

    def write(self, folder: Path) -> Path:
        path = super().write(folder)
        (path / "usergroups.json").write_text(json.dumps(self.groups), encoding="utf-8")
        return path


@both
@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        ([{"id": "S1", "handle": "devs", "name": "All developers"}], "@devs @ops @S2"),
        ({"ok": True, "usergroups": [{"id": "S1", "handle": "@devs"}]}, "@devs @ops @S2"),
        ([{"id": "S1", "name": "devs"}, None, {"handle": "x"}, {"id": 7}], "@devs @ops @S2"),
        ({"ok": False}, "@S1 @ops @S2"),
        (None, "@S1 @ops @S2"),
        ("nonsense", "@S1 @ops @S2"),
    ],
)
def test_user_groups(tmp_path: Path, mode: str, groups: object, shown: str) -> None:
    workspace = Listed()
    workspace.groups = groups
    ann = workspace.person("ann")
    general = workspace.channel("general", ann)
    said = general.say(ann, "<!subteam^S1> <!subteam^S3|@ops> <!subteam^S2>")
    trial = Trial(tmp_path, workspace, mode)
    assert all(told.code != "root-file-unknown" for told in trial.plan().findings)
    trial.run()
    assert kept(trial, said)["payload"]["text"] == shown


@both
def test_where_a_message_that_is_linked_to_stands(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is there, and in an archive once it is composed; while planning nobody asks."""
    workspace, general, ann, bob = small_workspace()
    first = general.say(ann, "first")
    second = general.say(bob, f"see <{address(first)}>")
    told: list[Pointer | None] = []
    render = MemoryAdapter.render

    def asking(self: MemoryAdapter, message: Any, look: Any, caps: Any) -> Any:
        if message.key.ts == second.ts:
            told.append(look.link(address(first)))
        return render(self, message, look, caps)

    trial = Trial(tmp_path, workspace, mode)
    trial.plan()
    monkeypatch.setattr(MemoryAdapter, "render", asking)
    trial.resume()
    if mode == "archive":
        with trial.store() as store:
            told.append(StoreLook(store, "placed", 32).link(address(first)))
    (pointer,) = told
    assert pointer is not None
    assert pointer.placement == Placement(time=first.micros // 1_000)
