"""Everybody's copies of messages: who has one, with which flags, and that what was shown to the
checker once is what is written for all messages."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from adapters.zulip import limits
from adapters.zulip.directory.checking import Checker
from adapters.zulip.directory.copies import Shelf
from adapters.zulip.directory.numbers import user_number
from adapters.zulip.directory.tables import Message
from adapters.zulip.profiles import PROFILES
from migrate.model import Conversation, ConversationKind, Person
from migrate.spi import Account, Opening, Placement

MADE: dict[str, Account] = {
    name: Account(
        person=Person(id=f"U{name}", kind="bot" if name == "Bot" else "member"),
        placement=Placement(name),
        action="ghost" if name == "Ghost" else "create",
    )
    for name in ("Ann", "Bob", "Cat", "Bot", "Ghost")
}
READ, TOLD = limits.READ, limits.READ | limits.MENTIONED


def opening(kind: ConversationKind, *names: str) -> Opening:
    return Opening(
        conversation=Conversation(id="C1", kind=kind),
        placement=Placement("general"),
        private=kind != "public",
        members=tuple(MADE[name] for name in names),
    )


class Desk:
    """A shelf, with a checker that has seen the messages that it is asked for."""

    def __init__(self, opening: Opening, *, idle: bool = False, owner: str = "") -> None:
        self.checker = Checker(PROFILES["10"])
        self.shelf = Shelf(opening, self.checker, idle=idle, owner=owner)

    def rows(self, text: str, number: int = 1) -> list[dict[str, int]]:
        self.checker.take_message(_message(number, text))
        rows: list[dict[str, int]] = json.loads(b"[%b]" % self.shelf.rows(text, number))
        return rows

    def flags(self, text: str) -> dict[int, int]:
        return {row["user_profile"]: row["flags_mask"] for row in self.rows(text)}


def test_everybody_who_reads_a_channel_has_a_copy() -> None:
    desk = Desk(opening("public", "Ann", "Bob", "Bot", "Ghost"))
    assert desk.flags("words") == {user_number("Ann"): READ, user_number("Bob"): READ}


@pytest.mark.parametrize("idle", [False, True])
def test_everybody_in_direct_talk_has_a_copy(idle: bool) -> None:
    """Whoever has none could never read it."""
    desk = Desk(opening("group_dm", "Ann", "Ghost", "Bot"), idle=idle)
    flags = READ | limits.PRIVATE
    assert desk.flags("@_**Ann**") == {user_number(name): flags for name in ("Ann", "Ghost", "Bot")}


def test_rows_of_two_messages_differ_in_their_numbers_alone() -> None:
    desk = Desk(opening("public", "Ann", "Bob"))
    one, two = desk.rows("words", 1), desk.rows("other words", 20)
    people = [user_number(name) for name in ("Ann", "Bob")]
    for rows, number in ((one, 1), (two, 20)):
        assert rows == [
            {"user_profile": user, "flags_mask": READ, "message": number} for user in people
        ]


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@_**Ann** and @_**Cat**", ["Ann", "Cat"]),
        ("@_**Ann**@_**Bob**", ["Ann", "Bob"]),
        ("@_**no @_**Bob**", ["Bob"]),
        ("@_**Zoe** @**Ann** @_**Ann", []),
    ],
)
def test_who_is_mentioned_has_it_marked(text: str, mentioned: list[str]) -> None:
    flags = Desk(opening("public", "Ann", "Bob", "Cat")).flags(text)
    assert flags == {
        user_number(name): TOLD if name in mentioned else READ for name in ("Ann", "Bob", "Cat")
    }


def test_idle_leaves_copies_to_the_owner_and_to_who_is_mentioned() -> None:
    desk = Desk(opening("public", "Ann", "Bob", "Cat"), idle=True, owner="ucat")
    assert desk.flags("words") == {user_number("Cat"): READ}
    told = desk.rows("@_**Bob**", 2)
    assert [(row["user_profile"], row["flags_mask"]) for row in told] == [
        (user_number("Cat"), READ), (user_number("Bob"), TOLD),
    ]  # fmt: skip


@pytest.mark.parametrize("show", [lambda desk: None, lambda desk: desk.rows("more", 2)])
def test_who_has_a_copy_is_held_against_the_table_of_users(show: Callable[[Desk], object]) -> None:
    desk = Desk(opening("public", "Ann", "Bob"))
    desk.rows("words")
    show(desk)
    assert desk.checker.claims().users == tuple(sorted(map(user_number, ("Ann", "Bob"))))


def test_who_composes_loads_no_client_of_a_server() -> None:
    code = "import sys, adapters.zulip; sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _message(number: int, text: str) -> Message:
    return Message(
        id=number, sender=1, recipient=1, subject="a topic", content=text, date_sent=1.0,
        last_edit_time=None, has_attachment=False, has_image=False, has_link=False,
    )  # fmt: skip
