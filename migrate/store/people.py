"""People and conversations: one row each, the neutral record as JSON beside the columns that
queries need. Numbers are given once and stand for the Slack id in the larger tables."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from migrate.model import Conversation, Person
from migrate.store.connection import Store

_person = msgspec.json.Decoder(Person)
_conversation = msgspec.json.Decoder(Conversation)


def put_people(store: Store, people: Iterable[Person], *, listed: bool) -> None:
    """Insert people. A listed person (one of users.json) replaces whatever stood there; one who was
    only seen in messages is kept as first seen, and never replaces a listed one."""
    tail = (
        "UPDATE SET kind = excluded.kind, deactivated = excluded.deactivated, listed = 1,"
        " data = excluded.data"
        if listed
        else "UPDATE SET kind = excluded.kind, data = excluded.data"
        " WHERE person.listed = 0 AND person.kind = 'unknown' AND excluded.kind != 'unknown'"
    )
    store.db.executemany(
        "INSERT INTO person (id, kind, deactivated, listed, data) VALUES (?, ?, ?, ?, ?)"
        f" ON CONFLICT (id) DO {tail}",
        [(p.id, p.kind, p.deactivated, listed, msgspec.json.encode(p)) for p in people],
    )


def update_people(store: Store, people: Iterable[Person]) -> None:
    """Replace what is known of people who are known already; whether they are listed stays."""
    store.db.executemany(
        "UPDATE person SET kind = ?, data = ? WHERE id = ?",
        [(p.kind, msgspec.json.encode(p), p.id) for p in people],
    )


def people(store: Store) -> Iterator[tuple[int, Person]]:
    """Everybody with their numbers, in the order in which they became known."""
    for num, data in store.db.execute("SELECT num, data FROM person ORDER BY num"):
        yield num, _person.decode(data)


def person_numbers(store: Store) -> dict[str, int]:
    return dict(store.db.execute("SELECT id, num FROM person"))


def put_conversations(store: Store, conversations: Iterable[Conversation]) -> None:
    """Insert or replace conversations, numbers kept."""
    store.db.executemany(
        "INSERT INTO conversation (id, kind, archived, data) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, archived = excluded.archived,"
        " data = excluded.data",
        [(c.id, c.kind, c.archived, msgspec.json.encode(c)) for c in conversations],
    )


def conversations(store: Store) -> Iterator[tuple[int, Conversation]]:
    """Every conversation with its number, in the order of the archive."""
    for num, data in store.db.execute("SELECT num, data FROM conversation ORDER BY num"):
        yield num, _conversation.decode(data)


def conversation_numbers(store: Store) -> dict[str, int]:
    return dict(store.db.execute("SELECT id, num FROM conversation"))


def set_stand_ins(store: Store, stand_ins: Mapping[int, int]) -> None:
    """Note for each person's number whose account writes in their name, 0 for nobody's."""
    store.db.executemany(
        "UPDATE person SET stands_for = ? WHERE num = ? AND stands_for != ?",
        [(by, number, by) for number, by in stand_ins.items()],
    )


def set_lanes(store: Store, lanes: Mapping[int, tuple[int, str]]) -> None:
    """Note for each conversation's number the lane that takes its messages, 0 for none, and the
    name that it wishes for."""
    store.db.executemany(
        "UPDATE conversation SET lane = ?, wish = ? WHERE num = ?",
        [(lane, wish, number) for number, (lane, wish) in lanes.items()],
    )


def lane(store: Store, number: int) -> tuple[int, str]:
    """A conversation's lane, 0 for none, and the name that it wishes for there."""
    row = store.db.execute(
        "SELECT lane, wish FROM conversation WHERE num = ?", (number,)
    ).fetchone()
    return int(row[0]), str(row[1])


def lanes(store: Store) -> dict[int, list[int]]:
    """The conversations' numbers by their lanes, the one that gave a lane its number first."""
    found: dict[int, list[int]] = {}
    query = "SELECT lane, num FROM conversation WHERE lane != 0 ORDER BY lane, num != lane, num"
    for lane, number in store.db.execute(query):
        found.setdefault(lane, []).append(number)
    return found


def stand_ins(store: Store) -> Iterator[tuple[str, Person]]:
    """Every Slack id that somebody stands for, with the person whose account it is."""
    query = "SELECT p.id, q.data FROM person p JOIN person q ON q.num = p.stands_for"
    for id, data in store.db.execute(query):
        yield id, _person.decode(data)
