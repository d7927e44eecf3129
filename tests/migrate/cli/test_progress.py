"""Bars on a terminal, a few plain lines anywhere else, and no harm where nobody listens."""

import io
import os
import termios

import pytest

from migrate.cli.progress import Bars, Lines, choose_progress, words_of


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Deaf(Terminal):
    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_lines_come_at_the_beginning_every_ten_seconds_and_at_the_end() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.begin("Sending", 2000, "messages")
    for _ in range(100):
        clock.now += 0.25
        lines.advance(20)
    lines.end()
    assert stream.getvalue().splitlines() == [
        "Sending: 2,000 messages",
        "Sending: 40 % (800 of 2,000), about 15 s left",
        "Sending: 80 % (1,600 of 2,000), about 5 s left",
        "Sending: done, 2,000 messages in 25 s",
    ]


def test_bytes_are_told_in_the_unit_that_reads_best() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.begin("Fetching", 3_000_000_000, "bytes")
    clock.now += 10
    lines.advance(1_200_000_000)
    clock.now += 15
    lines.advance(1_800_000_000)
    lines.end()
    assert stream.getvalue().splitlines() == [
        "Fetching: 3.0 GB",
        "Fetching: 40 % (1.2 GB of 3.0 GB), about 15 s left",
        "Fetching: 100 % (3.0 GB of 3.0 GB)",
        "Fetching: done, 3.0 GB in 25 s",
    ]


def test_a_bar_of_bytes_counts_in_thousands_of_thousands() -> None:
    stream = Terminal()
    bars = Bars(stream)
    bars.begin("Fetching", 3_000_000_000, "bytes")
    bars.advance(1_500_000_000)
    bars.close()
    assert "1.50G/3.00G" in stream.getvalue()


def test_lines_promise_nothing_where_nobody_knows_how_much_there_is() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.begin("Reading", 0, "files")
    clock.now += 61
    lines.advance(7)
    lines.end()
    assert stream.getvalue().splitlines() == [
        "Reading: begun",
        "Reading: 7 files in 1 min 01 s",
        "Reading: done, 7 files in 1 min 01 s",
    ]


def test_nothing_is_called_done_that_was_interrupted() -> None:
    stream = io.StringIO()
    lines = Lines(stream, Clock())
    lines.begin("Sending", 10, "messages")
    lines.close()
    lines.end()
    assert stream.getvalue() == "Sending: 10 messages\n"


def test_more_than_was_promised_is_no_time_below_zero() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.begin("Sending", 10, "messages")
    clock.now += 11
    lines.advance(12)
    assert stream.getvalue().splitlines()[-1] == "Sending: 120 % (12 of 10)"


def test_a_bar_says_what_how_much_and_how_long() -> None:
    stream = Terminal()
    bars = Bars(stream)
    bars.begin("Sending", 50, "messages")
    for _ in range(50):
        bars.advance()
    bars.end()
    last = stream.getvalue().rsplit("\r", 1)[-1]
    assert last.startswith("Sending: 100%")
    assert "50/50" in last
    assert "messages/s" in last


@pytest.mark.parametrize("choose", [Bars, lambda stream: Lines(stream, Clock())])
def test_a_reader_who_left_stops_nothing(choose: type[Bars]) -> None:
    progress = choose(Deaf())
    progress.begin("Sending", 3, "messages")
    progress.advance(3)
    progress.end()


def test_bars_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(choose_progress(Terminal(), Clock()), Bars)
    assert isinstance(choose_progress(io.StringIO(), Clock()), Lines)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_progress(Terminal(), Clock()), Lines)


def test_a_terminal_without_a_size_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = os.openpty()
    try:
        with open(theirs, "w", closefd=False) as stream:
            termios.tcsetwinsize(theirs, (0, 0))
            assert isinstance(choose_progress(stream, Clock()), Lines)
            termios.tcsetwinsize(theirs, (40, 100))
            assert isinstance(choose_progress(stream, Clock()), Bars)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3725, "1 h 02 min")],
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert words_of(seconds) == words
