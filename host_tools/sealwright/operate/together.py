"""One piece of work for each of many devices, side by side: each in a thread, so that a silent one holds back no other.

Limits: work that has begun goes on until it ends; nothing waits for its thread when the program ends before.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from ..errors import SealwrightError

_TICK_SECONDS: Final = 0.2  # between two looks at signals and at `over`
T = TypeVar("T")
R = TypeVar("R")


def each(
    items: Iterable[T], work: Callable[[T], R], jobs: int, over: Callable[[], bool] = lambda: False
) -> Iterator[tuple[T, R | SealwrightError]]:
    """Each item with what `work` gave for it, or the SealwrightError that it raised, as they come. jobs: how many at a
    time. over: whether to begin no more; what has begun is waited for. Raises what else the work raised."""
    waiting, running = iter(items), 0
    found: queue.SimpleQueue[tuple[T, R | BaseException]] = queue.SimpleQueue()

    def run(item: T) -> None:
        try:
            found.put((item, work(item)))
        except BaseException as error:  # the main thread's to raise
            found.put((item, error))

    def begin() -> int:
        for item in waiting:
            threading.Thread(target=run, args=(item,), daemon=True).start()
            return 1
        return 0

    while True:
        while running < jobs and not over() and begin():
            running += 1
        if not running:
            return
        try:
            item, outcome = found.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            continue
        running -= 1
        if isinstance(outcome, BaseException) and not isinstance(outcome, SealwrightError):
            raise outcome
        yield item, outcome
