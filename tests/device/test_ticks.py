"""Ticks: every value of a chain, in order, out of order, at the ends, and what a chain costs."""

from check import raises
from seal import ticks
from seal.compat import sha256
from seal.errors import Malformed

SEED = sha256(b"a seed")


def _values(count):
    """Tick 0, the root, to tick `count`, the seed."""
    values = [SEED]
    for _ in range(count):
        values.append(sha256(values[-1]))
    values.reverse()
    return values


def test_every_tick_in_order():
    for count in (1, 2, 3, 4, 5, 15, 16, 17, 100):
        values, chain = _values(count), ticks.Chain(SEED, count)
        assert chain.root == values[0]
        for i in range(1, count + 1):
            assert chain.reveal(i) == values[i], (count, i)
            assert ticks.check(chain.root, i, values[i]) and ticks.check(values[i - 1], 1, values[i])


def test_ticks_in_any_order():
    values, chain = _values(60), ticks.Chain(SEED, 60)
    for step in (7, 11, 37, 59):
        for k in range(60):
            i = k * step % 60 + 1
            assert chain.reveal(i) == values[i], (step, i)
            assert chain.reveal(i) == values[i]


def test_tick_in_order_costs_two_hashes():
    count, calls, real = 400, [0], ticks.sha256

    def counted(data):
        calls[0] += 1
        return real(data)

    chain = ticks.Chain(SEED, count)
    try:
        ticks.sha256 = counted
        worst = 0
        for i in range(1, count + 1):
            calls[0] = 0
            chain.reveal(i)
            if i > 2 * 20:  # the first segment, and the last, has nothing before it
                worst = max(worst, calls[0])
    finally:
        ticks.sha256 = real
    assert worst <= 2, worst


def test_invalid_ticks_are_refused():
    values = _values(10)
    assert not ticks.check(values[0], 3, values[2]) and not ticks.check(values[0], 1, values[2])
    assert not ticks.check(values[0], 1, values[1][:31]) and not ticks.check(values[0], 1, None)
    chain = ticks.Chain(SEED, 10)
    for i in (0, -1, 11, None, "1"):
        raises(Malformed, chain.reveal, i)
    for count in (0, -1, ticks.MAX_COUNT + 1, None):
        raises(Malformed, ticks.Chain, SEED, count)
        raises(Malformed, ticks.check, values[0], count, values[1])
    for seed in (b"", SEED[:31], SEED + b"\0", None):
        raises(Malformed, ticks.Chain, seed, 10)
