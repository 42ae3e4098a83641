"""Work for many devices side by side: bounded, each outcome once, and no more begun once it is over."""

import threading

import pytest
from sealwright.errors import Unreachable
from sealwright.operate.together import each


def test_each_has_its_outcome_and_no_more_than_so_many_run_at_a_time():
    running, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(3)  # three at a time, or this never ends

    def work(n):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(60)
        with lock:
            running -= 1
        if n % 2:
            raise Unreachable(f"{n} is away")
        return n * n

    found = dict(each(range(9), work, 3))
    assert most == 3 and sorted(found) == list(range(9))
    assert all(isinstance(found[n], Unreachable) if n % 2 else found[n] == n * n for n in range(9))


def test_what_has_begun_ends_and_nothing_more_begins():
    done = []
    for n, _ in each(range(100), done.append, 1, lambda: len(done) >= 3):
        assert n < 3
    assert done == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        list(each([0], lambda n: 1 / n, 1))
