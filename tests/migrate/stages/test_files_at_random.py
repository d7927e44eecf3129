"""Files whose bodies come early, late or never, uploads that are refused, and a process that ends
anywhere: whatever happens, every message has each of its files once in the end."""

import random
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from adapters.conformance.interruption import CrashAfter
from adapters.conformance.migration import Crash, assert_sums, assert_verified
from adapters.conformance.workspace import Said, Shared, Workspace
from tests.migrate.stages.trial import Trial, refusing

SEEDS = range(8)

Share = tuple[str, str]
"""The words of a message, and the name of a file that it has."""


@pytest.mark.parametrize("mode", ["live", "archive", "append"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_message_has_each_of_its_files_once(tmp_path: Path, seed: int, mode: str) -> None:
    chance = random.Random(seed)
    workspace, people = Workspace(), []
    for name in ("ann", "bob"):
        people.append(workspace.person(name))
    places = [workspace.channel("general", *people), workspace.dm(*people)]
    files = [
        workspace.file(chance.choice(people), f"file{n}.bin", bytes([n]) * 9) for n in range(8)
    ]
    said: list[Said] = []

    def talk(count: int) -> None:
        for _ in range(count):
            place = chance.choice(places)
            roots = [each for each in place.said if "thread_ts" not in each.record]
            root = chance.choice([*roots, None])
            each = place.say(chance.choice(people), f"said {len(said)}", root=root)
            said.append(each.attach(*chance.sample(files, chance.choice((0, 0, 1, 1, 2)))))

    talk(8)
    trial = Trial(tmp_path, workspace, mode, {"files.missing": "link"})
    for _ in range(4):
        trial.fetch(*chance.sample(files, 2))
        trial.plan()
        with _refused(chance.choice(files).id if mode == "live" else ""):
            for _ in range(chance.randrange(3)):
                try:
                    trial.resume(CrashAfter(chance.randrange(1, 30)))
                except Crash:
                    continue
            if chance.random() < 0.5:
                assert_sums(trial.resume())
        talk(3)
        trial.export_again(workspace)
    trial.fetch(*files)
    for _ in range(2):
        summary = trial.run()
        assert_sums(summary)
    assert not any(summary.failed.values())
    assert _shares(trial, said) == Counter(
        (each.text, file.name) for each in said for file in each.files
    )
    assert_verified(trial)


def _refused(id: str) -> AbstractContextManager[None]:
    if not id:
        return nullcontext()
    return refusing("put_file", "trial-refused", lambda body: body.file.id == id)


def _shares(trial: Trial, said: list[Said]) -> Counter[Share]:
    """Which message has which file: in itself, or in a reply of the same second."""
    posts = trial.holding().posts
    words = {(each.place.id, each.micros // 1_000_000): each.text for each in said}
    return Counter(
        (words[post.conversation, post.time // 1_000], file.name)
        for post in posts
        for file in post.files
    )


def test_shares_tell_a_file_that_came_twice(tmp_path: Path) -> None:
    workspace = Workspace()
    ann = workspace.person("ann")
    file: Shared = workspace.file(ann, "a.bin", b"a")
    said = workspace.channel("general", ann).say(ann, "twice").attach(file)
    trial = Trial(tmp_path, workspace)
    trial.fetch(file)
    trial.run()
    assert _shares(trial, [said]) == Counter({("twice", "a.bin"): 1})
