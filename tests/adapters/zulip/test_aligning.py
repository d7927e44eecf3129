"""Messages told from one another by who said what and when."""

import random

import pytest

from adapters.zulip.imported.alignment import Alignment, Line, align

HELLO, YES, NO = Line("Ann", 1, "hello", "a"), Line("Bob", 1, "yes", "a"), Line("Bob", 1, "no", "a")


@pytest.mark.parametrize(
    ("theirs", "partners"),
    [
        ((HELLO, YES, NO), (0, 1, 2)),
        ((NO, HELLO, YES), (2, 0, 1)),
        ((HELLO, NO), (0, 2)),
        ((), ()),
        ((HELLO, Line("Bob", 1, "yes", "elsewhere"), NO), (0, 1, 2)),
        ((HELLO, Line("Bob", 1, "edited", "a"), NO), (0, 1, 2)),
        ((HELLO, YES, Line("Bob", 1, "edited", "a")), (0, 1, 2)),
        ((HELLO, Line("Eve", 1, "yes", "a"), NO), (0, 1, 2)),
        ((Line("Ann", 2, "hello", "a"), YES, NO), (0, 1, 2)),
        ((HELLO, Line("Eve", 1, "people talk", "a"), YES, NO), (0, None, 1, 2)),
        ((Line("Eve", 2, "people talk", "a"),), (None,)),
    ],
)
def test_each_of_theirs_is_the_nearest_of_ours(
    theirs: tuple[Line, ...], partners: tuple[int | None, ...]
) -> None:
    assert align((HELLO, YES, NO), theirs) == Alignment(partners)


def test_what_is_the_same_stays_in_order_and_what_is_surer_comes_first() -> None:
    ours = (HELLO, HELLO, YES)
    assert align(ours, (HELLO, HELLO, YES)).partners == (0, 1, 2)
    # The edited one stands first, and yet the words decide.
    assert align((YES, NO), (NO, Line("Bob", 1, "edited", "a"))).partners == (1, 0)


def test_one_that_is_there_twice_is_a_twin_of_the_one() -> None:
    assert align((HELLO, YES), (HELLO, HELLO, YES)) == Alignment((0, 0, 1), frozenset({1}))
    moved = Line("Ann", 1, "hello", "elsewhere")
    assert align((HELLO,), (moved, HELLO)) == Alignment((0, 0), frozenset({0}))


def test_whatever_is_lost_and_written_between_nothing_is_taken_for_another() -> None:
    chance = random.Random(7)
    for _ in range(200):
        ours = tuple(
            Line(chance.choice("AB"), chance.randint(1, 3), f"{at} {chance.choice('xy')}")
            for at in range(12)
        )
        kept = sorted(chance.sample(range(12), chance.randint(0, 12)))
        theirs: list[tuple[Line, int | None]] = [(ours[at], at) for at in kept]
        for _ in range(3):
            new = Line("C", 9, f"new {chance.random()}")
            theirs.insert(chance.randint(0, len(theirs)), (new, None))
        found = align(ours, [line for line, _ in theirs])
        assert found == Alignment(tuple(at for _, at in theirs))
