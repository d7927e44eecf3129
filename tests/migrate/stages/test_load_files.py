"""What LOAD knows of files: which messages have which, through edits and overlapping exports, and
what an export that says less does not take away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.model import File, ts_micros
from migrate.source import open_export
from migrate.stages.load import load
from migrate.stages.world import World
from migrate.store import Store, files, open_store, people
from tests.migrate.source.build import ANN, BOB, Members, members, message, ts, write_zip

WORLD = World(environ={}, workers=1)


class Loading:
    """A store into which exports are loaded one after another."""

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder = folder
        self._paths: list[Path] = []
        self.store = store

    def load(self, content: Members) -> None:
        made = 1_700_000_000 + 100 * len(self._paths)
        content = content | {".slack-manifest.json": {"metadata": {"created_at": made}}}
        self._paths.append(write_zip(self._folder / f"{made}.zip", content))
        assert load(self.store, open_export(self._paths), WORLD)

    def load_again(self) -> None:
        assert load(self.store, open_export(self._paths), WORLD)

    @property
    def attachments(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for moment, file in self.store.db.execute("SELECT ts, file FROM attachment ORDER BY file"):
            found.setdefault(moment - ts_micros(ts(0)), []).append(file)
        return found

    def file(self, id: str) -> File:
        found = files.file(self.store, id)
        assert found is not None
        return found


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[Loading]:
    store = open_store(tmp_path / "state.db")
    yield Loading(tmp_path, store)
    store.close()


def hold(*ids: str) -> list[dict[str, str]]:
    return [{"id": id, "mode": "hosted"} for id in ids]


def test_messages_have_their_files(loading: Loading) -> None:
    inner = [{"files": hold("F3")}]
    loading.load(
        members([message(files=hold("F1", "F2"), attachments=inner), message(1), message(2)])
    )
    assert loading.attachments == {0: ["F1", "F2", "F3"]}


def test_the_newest_text_says_which_files_there_are(loading: Loading) -> None:
    later = {"ts": ts(50)}
    loading.load(members([message(files=hold("F1")), message(1, files=hold("F2"))]))
    loading.load(
        members(
            [
                message(files=hold("F3"), edited=later),
                message(1, files=hold("F2")),
                message(2, files=hold("F4")),
            ]
        )
    )
    assert loading.attachments == {0: ["F3"], 1_000_000: ["F2"], 2_000_000: ["F4"]}


def test_an_older_text_in_a_newer_export_changes_nothing(loading: Loading) -> None:
    loading.load(members([message(files=hold("F1"), edited={"ts": ts(50)})]))
    loading.load(members([message(files=hold("F2"))]))
    assert loading.attachments == {0: ["F1"]}


def test_a_file_knows_the_conversations_that_name_it(loading: Loading) -> None:
    beside = {"id": "C0FC", "name": "FC:F0PLAN:Plan", "members": ["U0ANN"]}
    shared = hold("F0PLAN")[0] | {"channels": ["C0GENERAL"]}
    content = members(
        [message(files=[shared])], file_conversations=[beside], canvases=hold("F0PLAN")
    )
    loading.load(content)
    assert loading.file("F0PLAN").conversations == ("C0GENERAL", "C0FC")


@pytest.mark.parametrize("mode", ["tombstone", "hidden_by_limit", "file_access"])
def test_a_stub_takes_nothing_away(loading: Loading, mode: str) -> None:
    full = {"id": "F1", "mode": "hosted", "size": 7, "url_private": "https://files.slack.com/a"}
    loading.load(members([message(files=[full])]))
    loading.load(members([message(1, files=[{"id": "F1", "mode": mode}])]))
    assert (loading.file("F1").mode, loading.file("F1").size) == ("hosted", 7)


def test_an_address_that_a_newer_list_leaves_out_is_kept(loading: Loading) -> None:
    told = ANN | {"profile": {"real_name": "Ann Ames", "email": "ann@acme.example"}}
    loading.load(members([message()], users=[told, BOB]))
    loading.load(members([message(1)], users=[ANN | {"name": "anna"}, BOB]))
    known = {person.id: person for _, person in people.people(loading.store)}
    assert (known["U0ANN"].name, known["U0ANN"].email) == ("anna", "ann@acme.example")


def test_bodies_in_the_export_are_counted(loading: Loading) -> None:
    loading.load(members([message()]) | {"__uploads/F1/a": b"x", "general/attachments/F2-b": b"y"})
    assert loading.store.meta("offline") == "2"


def test_a_project_of_an_earlier_version_learns_of_its_files(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state.db")
    loading = Loading(tmp_path, store)
    loading.load(members([message(files=hold("F1"), edited={"ts": ts(9)}), message(1)]))
    before = store.db.execute("SELECT conv, ts, edited, author FROM message").fetchall()
    # As it was before files were known.
    store.db.execute("DELETE FROM attachment")
    store.db.execute("DELETE FROM migration WHERE name = '0004-load-again'")
    store.close()
    store = open_store(tmp_path / "state.db")
    loading.store = store
    loading.load_again()
    assert loading.attachments == {0: ["F1"]}
    assert store.db.execute("SELECT conv, ts, edited, author FROM message").fetchall() == before
    store.close()
