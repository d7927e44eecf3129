"""Work over processes: order, a bounded window, and ends that are no accidents."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.stages.pool import SMALL, map_bounded


def square(number: int) -> int:
    return number * number


def process(number: int) -> int:
    return os.getpid()


def fail_at_seven(number: int) -> int:
    if number == 7:
        raise ZeroDivisionError
    return number


def mark(place: tuple[str, int]) -> int:
    folder, number = place
    Path(folder, str(number)).touch()
    return number


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("count", [0, 1, SMALL - 1, SMALL, 50])
def test_results_come_in_order(workers: int, count: int) -> None:
    expected = [number * number for number in range(count)]
    assert list(map_bounded(square, range(count), workers)) == expected


def test_no_more_than_the_window_is_ever_under_way() -> None:
    taken = given = widest = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(60):
            taken += 1
            yield number

    for _ in map_bounded(square, items(), 2, window=3):
        given += 1
        widest = max(widest, taken - given)
    assert given == 60
    # Six wait, and one is in hand.
    assert SMALL <= widest <= 2 * 3 + 1


def test_one_worker_is_this_process_and_takes_one_at_a_time() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    results = map_bounded(process, items(), 1)
    assert next(results) == os.getpid()
    assert len(taken) <= SMALL
    assert set(results) == {os.getpid()}


def test_two_workers_are_other_processes() -> None:
    assert os.getpid() not in set(map_bounded(process, range(20), 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_in_its_place(workers: int) -> None:
    got: list[int] = []
    with pytest.raises(ZeroDivisionError):
        for result in map_bounded(fail_at_seven, range(50), workers):
            got.append(result)
    assert got == list(range(7))


def test_whoever_stops_reading_ends_the_work(tmp_path: Path) -> None:
    places = ((str(tmp_path), number) for number in range(200))
    results = map_bounded(mark, places, 2)
    assert [next(results), next(results)] == [0, 1]
    results.close()  # type: ignore[attr-defined]  # a generator, though not promised
    assert len(list(tmp_path.iterdir())) <= 10
