"""Names, topics and paths: valid, unique, and the same each time."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.zulip import limits
from adapters.zulip.directory import numbers
from adapters.zulip.paths import link_to, path_id, shown_name
from adapters.zulip.placing import main_topic, place
from migrate.model import File
from migrate.spi import Placement, Wish
from tests.adapters.zulip.rules import sanitized

NOVEMBER = 1_700_000_000_000


def free_of(*taken: str) -> "Free":
    return Free({name.casefold() for name in taken})


class Free:
    """Which names are still to be had, as the engine says."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken

    def __call__(self, name: str) -> bool:
        return name.casefold() not in self.taken

    def take(self, wish: Wish) -> str:
        name = place(wish, None, self).name
        assert self(name)
        self.taken.add(name.casefold())
        return name


def thread(snippet: str) -> Wish:
    return Wish(kind="message", id="1700000000.000100", time=NOVEMBER, snippet=snippet, thread=True)


@pytest.mark.parametrize(
    ("snippet", "topic"),
    [
        ("who comes along?", "2023-11-14 who comes along?"),
        ("", "2023-11-14 thread"),
        ("*bold* `code` > quote", "2023-11-14 bold code quote"),
        ("two\nlines\tand  blanks", "2023-11-14 two lines and blanks"),
        ("x" * 200, "2023-11-14 " + "x" * 49),
        ("nul \0 inside", "2023-11-14 nul inside"),
        ("שלום לכולם", "2023-11-14 שלום לכולם"),
    ],
)
def test_thread_is_named_after_its_first_words(snippet: str, topic: str) -> None:
    placement = place(thread(snippet), None, free_of())
    assert placement == Placement(topic, NOVEMBER)
    assert len(placement.name) <= limits.TOPIC_CHARS


def test_topics_that_are_cut_do_not_collide() -> None:
    free = free_of()
    names = [free.take(thread("x" * 100 + str(number))) for number in range(30)]
    assert len({name.casefold() for name in names}) == 30
    assert all(len(name) <= limits.TOPIC_CHARS for name in names)


def test_topics_differ_in_more_than_capitals() -> None:
    free = free_of()
    assert [free.take(thread(words)) for words in ("Lunch", "lunch", "LUNCH")] == [
        "2023-11-14 Lunch",
        "2023-11-14 lunch 2",
        "2023-11-14 LUNCH 3",
    ]


def test_reply_stands_where_its_thread_does() -> None:
    wish = Wish(kind="message", id="1700000001.000100", time=NOVEMBER + 1_000, snippet="no matter")
    assert place(wish, Placement("a topic", NOVEMBER), free_of("a topic")).name == "a topic"
    assert place(wish, None, free_of()) == Placement("", NOVEMBER + 1_000)


@pytest.mark.parametrize(
    ("format", "topic"), [("", "all"), ("%Y-%m", "2023-11"), ("%Y-%m-%d", "2023-11-14")]
)
def test_what_is_outside_threads_has_a_topic_of_its_time(format: str, topic: str) -> None:
    assert main_topic("all", format, NOVEMBER) == topic


@pytest.mark.parametrize("word", ["all", "Everyone", "channel", "stream", "topic"])
def test_nobody_is_called_what_means_everybody(word: str) -> None:
    wish = Wish(kind="account", id="U1", name=word.lower(), full_name=word)
    assert place(wish, None, free_of()).name.casefold() not in limits.WILDCARDS


def test_people_of_one_name_are_told_apart_by_their_handles() -> None:
    free = free_of()
    wishes = [
        Wish(kind="account", id=f"U{number}", name=name, full_name="Sam Lee")
        for number, name in enumerate(("sam", "sam.lee", "sam"))
    ]
    assert [free.take(wish) for wish in wishes] == ["Sam Lee", "Sam Lee (sam.lee)", "Sam Lee (sam)"]


def test_full_names_hold_nothing_that_ends_a_mention() -> None:
    wish = Wish(kind="account", id="U1", name="ann", full_name='A*n`n >"@One|2\\<b')
    name = place(wish, None, free_of()).name
    assert name == "A n n One 2 b"
    long = Wish(kind="account", id="U2", name="long", full_name="x" * 300)
    assert len(place(long, None, free_of("x" * 100)).name) <= limits.NAME_CHARS


def test_channels_of_eighty_characters_are_cut_without_collision() -> None:
    free = free_of()
    wishes = [Wish(kind="conversation", id=f"C{n}", name="x" * 79 + str(n)) for n in range(5)]
    names = [free.take(wish) for wish in wishes]
    assert all(len(name) <= limits.CHANNEL_CHARS for name in names)
    assert len(set(names)) == 5


@pytest.mark.parametrize("name", ["parrot", "Köln", "大", "-", "a+b", "zulip", "x" * 90])
def test_custom_emoji_have_names_that_a_server_takes(name: str) -> None:
    placed = place(Wish(kind="emoji", id=name, name=name), None, free_of()).name
    assert re.fullmatch(r"[0-9a-z.\-_]+(?<![.\-_])", placed)
    assert placed != "zulip"


@pytest.mark.parametrize(
    "name", ["report.pdf", "a (1) [final].tar.gz", "…", "../../etc/passwd", "x" * 300 + ".png", ""]
)
def test_path_is_one_that_any_disk_and_any_link_takes(name: str) -> None:
    path = path_id(File(id="F1", name=name, mimetype="image/png"))
    assert re.fullmatch(r"1/[0-9a-f]{2}/[0-9a-f]{14}/[\w.-]+", path)
    assert ".." not in path.split("/")
    assert len(path.encode()) < 230
    label = link_to(File(id="F1", name=name)).partition("](")[0]
    assert "[" not in label[1:]
    assert "]" not in label


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=90))
@example("e\x07\u0301.png")
@example("\ufb01 - -- x\u3000y.PDF")
@example("\U0001d400" * 90)
@example("\ufdfa" * 90)
def test_path_ends_with_what_newer_servers_make_of_the_name(name: str) -> None:
    file = File(id="F1", name=name, mimetype="text/plain")
    shown = shown_name(file)
    assert path_id(file).rpartition("/")[2] == sanitized(shown)
    assert len(sanitized(shown).encode()) <= 200


def test_no_path_begins_another() -> None:
    paths = [path_id(File(id=f"F{n}", name="a.png" + "x" * n)) for n in range(200)]
    assert len({path.rpartition("/")[0] for path in paths}) == 200


def test_canvas_has_an_ending() -> None:
    assert shown_name(File(id="F1", title="Our plan", mimetype="text/html")) == "Our plan.html"


def test_numbers_follow_from_names_alone() -> None:
    assert numbers.user_number("Ann") == numbers.user_number("Ann")
    assert numbers.user_number("Ann") != numbers.conversation_number("Ann")
    kinds = {numbers.recipient_number(kind, 7) for kind in (1, 2, 3)}
    assert len(kinds) == 3
    assert numbers.message_number(3, 1) == 3_000_002
