"""Custom emoji: which become the target's too, which are shown as something else, which are other
names of the same."""

from pathlib import Path

import pytest

from mappings.overrides import EmojiRow
from migrate.errors import UsageError
from migrate.stages.customs import decide_emoji, known_emoji
from migrate.store import Store, open_store
from tests.migrate.stages.trial import Trial, small_workspace

TOLD = [
    ("party", "https://emoji.slack-edge.com/party.gif", ""),
    ("yay", "", "party"),
    ("woo", "", "yay"),
    ("clapping", "", "clap"),
    ("ring1", "", "ring2"),
    ("ring2", "", "ring1"),
    ("orphan", "", "never-heard-of"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "state.db")
    with store.transaction():
        store.db.executemany("INSERT INTO emoji VALUES (?, ?, ?)", TOLD)
    return store


def rows(*some: EmojiRow) -> dict[str, EmojiRow]:
    return {row.name: row for row in some}


def test_without_a_word_from_anybody_all_are_created(store: Store) -> None:
    customs = decide_emoji(store, {})
    assert customs.created == {"party": "party"}
    assert customs.aliases == {"yay": "party", "woo": "party"}
    assert customs.shown == {"clapping": "\N{CLAPPING HANDS SIGN}"}
    assert customs.text == []


def test_another_name_is_wished_for(store: Store) -> None:
    customs = decide_emoji(
        store, rows(EmojiRow(name="party", target="party2"), EmojiRow(name="yay"))
    )
    assert customs.created == {"party": "party2"}
    assert customs.aliases == {"yay": "party", "woo": "party"}
    assert [row.name for row in customs.text] == ["party"], "a bare row decides nothing"


def test_what_is_mapped_is_shown_and_not_created(store: Store) -> None:
    customs = decide_emoji(store, rows(EmojiRow(name="party", action="map", target="tada")))
    assert customs.created == {}
    assert customs.aliases == {}
    assert customs.shown["party"] == customs.shown["woo"] == "\N{PARTY POPPER}"


def test_what_is_skipped_is_neither(store: Store) -> None:
    customs = decide_emoji(
        store, rows(EmojiRow(name="party", action="skip"), EmojiRow(name="clapping", action="skip"))
    )
    assert (customs.created, customs.aliases, customs.shown) == ({}, {}, {})


def test_an_alias_may_be_decided_by_itself(store: Store) -> None:
    customs = decide_emoji(store, rows(EmojiRow(name="yay", action="map", target=":+1:")))
    assert customs.created == {"party": "party"}
    assert customs.aliases == {"woo": "party"}
    assert customs.shown["yay"] == "\N{THUMBS UP SIGN}"


def test_a_target_that_shows_nothing_is_refused(store: Store) -> None:
    with pytest.raises(UsageError) as raised:
        decide_emoji(store, rows(EmojiRow(name="party", action="map", target="two words")))
    assert raised.value.code == "mapping-emoji-target"


def test_all_that_slack_told_are_proposed(store: Store) -> None:
    proposed = {row.name: row for row in known_emoji(store)}
    assert proposed.keys() == {name for name, _, _ in TOLD}
    assert proposed["yay"].note == "another name of party"
    assert {row.action for row in proposed.values()} == {"create"}


def test_emoji_csv_has_those_that_nobody_used(tmp_path: Path) -> None:
    workspace, general, ann, _ = small_workspace()
    general.say(ann, "hello")
    trial = Trial(tmp_path, workspace)
    with trial.storing() as project:
        project.db.executemany("INSERT INTO emoji VALUES (?, ?, ?)", TOLD)
    before = trial.plan()
    table = (trial.folder / "mappings" / "emoji.csv").read_text()
    assert all(name in table for name, _, _ in TOLD)
    assert trial.plan().digest == before.digest, "rows that a plan adds change nothing"
    trial.map("emoji.csv", "party", target="other")
    assert trial.plan().digest != before.digest
