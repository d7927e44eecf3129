"""Work spread over processes, with a bounded window: results come in order, and no more than a few
are ever waiting. Small work is done in this process."""

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

SMALL = 3
"""Fewer items than this are not worth a process."""


def map_bounded(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int, window: int = 2
) -> Iterator[Result]:
    """Apply a picklable function to picklable items, results in order. At most `window` results a
    worker wait for the reader (`Pool.imap` would let the parent grow without bound)."""
    source = iter(items)
    first = list(islice(source, SMALL))
    if workers < 2 or len(first) < SMALL:
        yield from map(work, chain(first, source))
        return
    # Spawned, not forked: a fork would copy whatever threads and locks the caller holds.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in chain(first, source):
                with _interrupts_held():
                    waiting.append(pool.submit(work, item))
                if len(waiting) >= workers * window:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """A worker makes many things that live for a moment, and hardly any that hold each other:
    looking for those as often as Python does costs a fifth of composing."""
    gc.freeze()
    gc.set_threshold(50_000)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C reaches the whole process group; the parent alone decides what it means. A worker is
    started by `submit` and inherits this mask for life: one that ignores the signal only once it
    runs would die of it while it starts. Here a signal waits for the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
