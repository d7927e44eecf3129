"""`verify` at a target that keeps no ids of ours: known by ref, told apart from people's own."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.conformance.migration import assert_verified, tampered
from adapters.memory import adapter, forgetful
from adapters.memory.adapter import MemoryAdapter
from tests.migrate.stages.trial import Trial, small_workspace


def moved(folder: Path) -> Trial:
    workspace, general, ann, bob = small_workspace()
    root = general.say(ann, "root").react("tada", bob)
    general.say(bob, "reply", root=root)
    general.say(ann, "last")
    trial = Trial(folder, workspace, "forgetful")
    trial.run()
    return trial


def rewrite(trial: Trial, change: Any) -> None:
    """Lines of the target's log, each as `change` gives it, or several, or none."""
    log = trial.folder / "memory.jsonl"
    lines = [new for line in log.read_text().splitlines() for new in change(json.loads(line))]
    log.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def told(trial: Trial, **changed: Any) -> Any:
    """What `verify` says where everything that is read is changed so."""

    def change(session: Any) -> None:
        read = session.read

        async def reading(opening: Any) -> AsyncIterator[Any]:
            async for seen in read(opening):
                yield msgspec.structs.replace(seen, **changed)

        session.read = reading

    with tampered(adapter, change):
        return trial.verify()


def test_everything_is_found_without_an_id(tmp_path: Path) -> None:
    trial = moved(tmp_path)
    assert '"id":""' in (trial.folder / "memory.jsonl").read_text()
    verified = assert_verified(trial)
    assert (verified.checked["messages"], verified.checked["reactions"]) == (3, 1)


def test_times_are_compared_as_finely_as_they_are_told(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "at the third quarter", after=0.75)
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.run()
    assert_verified(trial)
    rewrite(trial, lambda line: [line | ({"time": 1} if line["act"] == "message" else {})])
    assert trial.verify().different["messages"] == 1


@pytest.mark.parametrize(
    ("act", "change", "kind", "found"),
    [
        ("reaction", {"emoji": "\N{THUMBS UP SIGN}"}, "reactions", "missing"),
        ("reaction", {"author": "ann"}, "reactions", "missing"),
        ("message", {"author": "bob"}, "messages", "different"),
        ("message", {"time": 1_700_000_000_000}, "messages", "different"),
    ],
)
def test_what_was_changed_is_noticed(
    tmp_path: Path, act: str, change: dict[str, object], kind: str, found: str
) -> None:
    trial = moved(tmp_path)
    last = trial.holding().posts[-1].ref

    def tamper(line: dict[str, Any]) -> list[dict[str, Any]]:
        hit = line["act"] == act and (act == "reaction" or line["ref"] == last)
        return [line | change] if hit else [line]

    rewrite(trial, tamper)
    verified = trial.verify()
    assert getattr(verified, found)[kind] == 1
    assert not any(verified.extra.values())


def test_a_reply_out_of_its_thread_is_noticed(tmp_path: Path) -> None:
    trial = moved(tmp_path)
    assert told(trial, root=None).different["messages"] == 1


def test_what_people_say_and_choose_themselves_is_nobodys_business(tmp_path: Path) -> None:
    """Their own words under their own names, answers and reactions under ours."""
    trial = moved(tmp_path)
    root = trial.holding().posts[0]

    def chat(line: dict[str, Any]) -> list[dict[str, Any]]:
        if line["act"] == "reaction":
            return [line, line | {"ref": "x1", "author": "ann"}, line | {"ref": "x2", "emoji": "x"}]
        if line["act"] == "message" and line["ref"] == root.ref:
            own = line | {"ref": "x3", "payload": line["payload"] | {"text": "something new"}}
            return [line, own, line | {"ref": "x4", "time": line["time"] + 5_000}]
        return [line]

    rewrite(trial, chat)
    assert_verified(trial)


@pytest.mark.parametrize("place", ["before", "behind", "out of its thread"])
def test_a_second_copy_is_noticed_wherever_it_stands(tmp_path: Path, place: str) -> None:
    trial = moved(tmp_path)
    reply = post_of_text(trial, "reply")

    def repeat(line: dict[str, Any]) -> list[dict[str, Any]]:
        if line["act"] != "message" or line["ref"] != reply:
            return [line]
        copy = line | {"ref": "x"} | ({"root": None} if place == "out of its thread" else {})
        return [copy, line] if place == "before" else [line, copy]

    rewrite(trial, repeat)
    verified = trial.verify()
    assert verified.duplicate["messages"] == 1
    assert not any(verified.different.values())


def post_of_text(trial: Trial, text: str) -> str:
    (ref,) = (post.ref for post in trial.holding().posts if post.text == text)
    return ref


def test_conversations_that_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message is held against the conversation that it came from; direct talk may be told
    without its threads."""
    monkeypatch.setattr(MemoryAdapter, "lane_key", lambda *told: ",".join(told[-1]), raising=False)
    monkeypatch.setattr(forgetful, "_is_readable", lambda opening: True)
    workspace, _, ann, bob = small_workspace()
    places = [workspace.group_dm(ann, bob), workspace.group_dm(bob, ann)]
    for number in range(3):
        for place in places:
            said = place.say(ann, f"root {number} in {place.id}").react("tada", bob)
            place.say(bob, f"reply {number} in {place.id}", root=said).react("eyes", ann)
    trial = Trial(tmp_path, workspace, "forgetful")
    assert trial.run().sent["messages"] == 12
    assert len({post.conversation for post in trial.holding().posts}) == 1
    verified = assert_verified(trial)
    assert (verified.checked["messages"], verified.checked["reactions"]) == (12, 12)
    assert not any(told(trial, root=None).different.values())
    (post,) = (p for p in trial.holding().posts if p.text == f"reply 1 in {places[1].id}")
    trial.target.lose(trial.folder, post)
    verified = trial.verify()
    assert verified.missing["messages"] == 1
    assert verified.findings[0].example.startswith(places[1].id)


def test_the_same_words_in_two_conversations_that_become_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said by one person within one second, as programs do: none is a copy of the other."""
    monkeypatch.setattr(MemoryAdapter, "lane_key", lambda *told: ",".join(told[-1]), raising=False)
    monkeypatch.setattr(forgetful, "_is_readable", lambda opening: True)
    workspace, _, ann, bob = small_workspace()
    places = [workspace.group_dm(ann, bob), workspace.group_dm(bob, ann)]
    for place in places:
        place.say(ann, "the server is down", after=0.001)
    trial = Trial(tmp_path, workspace, "forgetful")
    trial.run()
    assert_verified(trial)
    refs = [post.ref for post in trial.holding().posts]
    rewrite(
        trial, lambda line: [line, line | {"ref": "x"}] if line.get("ref") == refs[1] else [line]
    )
    assert trial.verify().duplicate["messages"] == 1
