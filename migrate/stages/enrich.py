"""What Slack's Web API adds to an export, put into the store: people's addresses and pictures, the
workspace's name, custom emoji, user groups, pins, bookmarks, files of other organisations. Each
answer is kept as soon as it is there. Bodies are fetched elsewhere."""

import re
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Literal, get_args

import msgspec

from migrate.errors import Skip, UsageError
from migrate.findings import Finding
from migrate.model import Person, ts_micros
from migrate.slack.workspace import Workspace
from migrate.source import cut_token, fill
from migrate.stages import acts, look
from migrate.stages.brief import Losses
from migrate.stages.world import World
from migrate.store import Store, files, messages, people

Topic = Literal["files", "people", "emoji", "groups", "channels"]

TOPICS: tuple[Topic, ...] = get_args(Topic)

_ID = re.compile(r"[CG][A-Z0-9]{5,}")
"""What Slack knows a channel by; one that no list of the export names goes by its folder."""

_HOPELESS = frozenset({"slack-scope-missing", "slack-plan", "slack-token-kind"})
"""Refusals that hold for every other question of the same kind."""


class Enrichment:
    """Asks `workspace` and keeps what it answers; what it does not give becomes a finding. Every
    method raises Fatal where Slack cannot be reached or refuses the token, and Interrupted."""

    def __init__(self, store: Store, workspace: Workspace, world: World) -> None:
        self._store = store
        self._workspace = workspace
        self._world = world
        self._losses = Losses()
        self._known = False

    def findings(self) -> list[Finding]:
        return self._losses.findings()

    def ask(self, topics: Collection[Topic], foreign: Collection[str] = ()) -> None:
        """Ask for all of this; `foreign` are files that another organisation keeps.

        Raises UsageError where the token is another workspace's.
        """
        asked: dict[Topic, tuple[Callable[[], None], ...]] = {
            "people": (self._people, self._strangers, self._labels),
            "emoji": (self._emoji,),
            "groups": (self._groups,),
            "channels": (self._channels,),
            "files": (lambda: self._files(foreign),),
        }
        if not self._known:
            self._team()
            self._known = True
        for topic in TOPICS:
            for question in asked[topic] if topic in topics else ():
                self._world.check()
                self._try(topic, question)

    def _try(self, place: str, question: Callable[[], None]) -> str:
        """Ask one question; the code of why it was not answered, "" where it was."""
        try:
            question()
        except Skip as skip:
            self._losses.add([skip.code], place)
            return skip.code
        self._world.probe("fetch.asked", place)
        return ""

    def _team(self) -> None:
        team = self._workspace.team()
        store = self._store
        known = store.meta("workspace")
        # An organisation's token answers with the organisation, and Enterprise Grid's folders may
        # have no id.
        if known.startswith("T") and team.id.startswith("T") and team.id != known:
            raise UsageError(
                "slack-workspace-other",
                "The Slack token is for another workspace than the export.",
                "Make the app in the workspace that was exported, and use that app's token.",
            )
        domain = f"{team.domain}.slack.com" if team.domain else ""
        with store.transaction():
            store.set_meta("team_name", team.name)
            if domain and not store.meta("domain"):
                store.set_meta("domain", domain)
                files.note_added(store, domain)

    def _people(self) -> None:
        known = {person.id: person for _, person in people.people(self._store)}
        self._world.progress.begin("Asking Slack about people", len(known), "people")
        changed = []
        for today in self._workspace.people():
            self._world.check()
            person = known.get(today.id)
            if person is not None:
                self._world.progress.advance()
                changed.append((person, _bring_up(person, today)))
        self._world.progress.end()
        self._keep(changed)

    def _strangers(self) -> None:
        """People and bots of whom the export has an id alone: each is asked for once."""
        nameless = [
            person
            for _, person in people.people(self._store)
            if person.shown_name == person.id and person.id.startswith(("U", "W", "B"))
        ]

        def meet(person: Person) -> None:
            if person.id.startswith("B"):
                bot = self._workspace.bot(person.id)
                found = Person(
                    id=person.id, kind="bot", full_name=bot.name, avatar_url=bot.avatar_url
                )
            else:
                found = self._workspace.person(person.id)
            self._keep([(person, _bring_up(person, found))])

        by_id = {person.id: person for person in nameless}
        self._each("people", by_id, lambda id: meet(by_id[id]))

    def _keep(self, changes: Iterable[tuple[Person, Person]]) -> None:
        changed = [(old, new) for old, new in changes if new != old]
        with self._store.transaction():
            people.update_people(self._store, [new for _, new in changed])
            told = [
                new
                for old, new in changed
                # Another picture changes nothing in a plan before it is fetched.
                if msgspec.structs.replace(old, avatar_url="")
                != msgspec.structs.replace(new, avatar_url="")
            ]
            if told:
                files.note_added(self._store, told)

    def _labels(self) -> None:
        labels = _json(self._workspace.profile_fields())
        store = self._store
        with store.transaction():
            if store.meta(acts.LABELS) != labels:
                store.set_meta(acts.LABELS, labels)
                files.note_added(store, labels)

    def _emoji(self) -> None:
        found = self._workspace.emoji()
        with self._store.transaction():
            files.put_emoji(
                self._store,
                [(e.name, "" if e.alias_of else cut_token(e.url), e.alias_of) for e in found],
            )

    def _groups(self) -> None:
        found = self._workspace.groups()
        store = self._store
        handles: dict[str, str] = msgspec.json.decode(store.meta(look.GROUPS, "{}"))
        handles |= {group.id: group.handle or group.name for group in found}
        members = {group.id: len(group.members) for group in found if group.members}
        with store.transaction():
            for name, value in ((look.GROUPS, handles), ("group_members", members)):
                if store.meta(name) != _json(value):
                    store.set_meta(name, _json(value))
                    files.note_added(store, value)

    def _channels(self) -> None:
        """Pins and bookmarks of the channels that are brought; both are lists of their own."""
        numbers = {
            id: num
            for num, id in self._store.db.execute(
                "SELECT num, id FROM conversation WHERE lane != 0 AND kind IN ('public', 'private')"
            )
            if _ID.fullmatch(id)
        }
        self._each("pins", numbers, lambda id: self._pins(numbers[id], id))
        self._each("bookmarks", numbers, lambda id: self._bookmarks(numbers[id], id))

    def _pins(self, number: int, id: str) -> None:
        moments = [moment for ts in self._workspace.pins(id) if (moment := _moment(ts))]
        with self._store.transaction():
            if messages.put_moments(self._store, "pin", number, moments):
                files.note_added(self._store, [id, *moments])

    def _bookmarks(self, number: int, id: str) -> None:
        found = self._workspace.bookmarks(id)
        with self._store.transaction():
            files.put_bookmarks(
                self._store,
                number,
                [(each.title or each.link, cut_token(each.link), each.created) for each in found],
            )

    def _files(self, foreign: Collection[str]) -> None:
        """Files that another organisation keeps, which the export only names."""

        def look_up(id: str) -> None:
            found = self._workspace.file(id)
            known = files.file(self._store, id)
            places = known.conversations if known else ()
            found = msgspec.structs.replace(
                found,
                id=id,
                url=cut_token(found.url),
                permalink=cut_token(found.permalink),
                conversations=tuple(dict.fromkeys((*places, *found.conversations))),
            )
            with self._store.transaction():
                messages.put_files(self._store, [found])
                files.note_added(self._store, found)

        self._world.progress.begin("Asking Slack about files", len(foreign), "files")
        for id in foreign:
            self._world.check()
            if self._try(id, partial(look_up, id)) in _HOPELESS:
                break
            self._world.progress.advance()
        self._world.progress.end()

    def _each(self, what: str, ids: Collection[str], question: Callable[[str], None]) -> None:
        """Ask a question about each of these, once for each state of the export: Slack answers
        twenty such a minute."""
        store = self._store
        loaded = store.meta("loaded")
        before = msgspec.json.decode(store.meta(f"asked_{what}", '["", []]'))
        done = dict.fromkeys(before[1] if before[0] == loaded else ())
        left = [id for id in ids if id not in done]
        self._world.progress.begin(f"Asking Slack about {what}", len(left), "questions")
        for id in left:
            self._world.check()
            if self._try(id, partial(question, id)) in _HOPELESS:
                break
            done[id] = None
            with store.transaction():
                store.set_meta(f"asked_{what}", _json([loaded, list(done)]))
            self._world.progress.advance()
        self._world.progress.end()


def _bring_up(person: Person, today: Person) -> Person:
    """What the export says, what it leaves open filled in, and the picture of today: the address
    of an earlier one may have ended."""
    kind = today.kind if person.kind == "unknown" else person.kind
    filled = fill(person, today)
    picture = cut_token(today.avatar_url) or filled.avatar_url
    return msgspec.structs.replace(filled, kind=kind, avatar_url=picture)


def _moment(ts: str) -> int:
    try:
        return ts_micros(ts)
    except ValueError:
        return 0


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
