"""Health tests of an entropy source, over one draw of 1,024 samples: what can be told in advance is no noise.

    repetition count (SP 800-90B section 4.4.1)     REPETITION_CUTOFF equal samples in a row
    adaptive proportion (4.4.2)  the first of a WINDOW, PROPORTION_CUTOFF times in it
    repeated block (ours)        the last 64 samples came before in this draw, at any distance
    lag predictor (6.3.8)        a sample is that 1 to 8 before it, LAG_CUTOFF times
    bit predictor (6.3.8, of bits; in place of MultiMMC, 6.3.9)     of the 64 bits of each 8 samples, LANES are always
                                 the same as the bit 256 samples before, or always the other

Assumed is H = 1 bit a sample, 1/8 bit in each of its bits, whatever came before: a sample is told in advance with 1/2
at most, a bit with 2^-1/8. At that rate the first two raise a false alarm once in 2^30 samples or windows, the others
once in 2^54, 2^45 and 2^39 draws. Better noise raises far fewer.

Stuck bits, counters of 8 to 64 bits, generators modulo a power of two that give all bits of their state, and repeated
blocks fail. Limits: a generator that hides part of its state, or that has another modulus, passes: where it begins with
one seed at each reset, the sample that `entropy` keeps refuses it.

The work is done in integers of 8,192 bits: a loop over the samples takes a Pico longer. MicroPython's `bytes.count`
passes over bytes from 0x80 to 0xBF, so only zeros are counted.
"""

from .compat import const

REPETITION_CUTOFF = const(31)
WINDOW = const(512)
PROPORTION_CUTOFF = const(325)
BLOCK = const(64)
LAGS = const(8)
LAG_CUTOFF = const(634)
LANES = const(6)
BIT_LAG = const(256)


def fault(samples: bytes) -> str | None:
    """None if healthy, else a text that names the failed test. samples: 1,024 bytes in their order."""
    size = len(samples)
    number = int.from_bytes(samples, "big")
    firsts = b"".join([samples[at : at + 1] * WINDOW for at in range(0, size, WINDOW)])
    unlike = (number ^ int.from_bytes(firsts, "big")).to_bytes(size, "big")
    for at in range(0, size, WINDOW):
        count = unlike.count(b"\x00", at, at + WINDOW)
        if count >= PROPORTION_CUTOFF:
            return "adaptive proportion: one byte %d times within %d" % (count, WINDOW)
    if samples.find(samples[size - BLOCK :]) < size - BLOCK:
        return "repeated block: the last %d bytes came before" % BLOCK
    for lag in range(1, LAGS + 1):
        changes = (number ^ number >> 8 * lag).to_bytes(size, "big")
        if lag == 1 and changes.find(bytes(REPETITION_CUTOFF - 1), lag) >= 0:
            return "repetition count: the same byte %d times in a row" % REPETITION_CUTOFF
        count = changes.count(b"\x00", lag)
        if count >= LAG_CUTOFF:
            return "lag predictor: %d bytes are that %d before" % (count, lag)
    lanes = _told_lanes(number, size)
    if lanes >= LANES:
        return "bit predictor: %d of 64 bits are told by those %d bytes before" % (lanes, BIT_LAG)
    return None


def _told_lanes(number: int, size: int) -> int:
    """How many of the 64 bits of each 8 samples always change over BIT_LAG samples, or never do."""
    size -= BIT_LAG
    ones = (1 << 8 * size) - 1
    ever = (number ^ number >> 8 * BIT_LAG) & ones
    never = ever ^ ones
    while size > 8:  # lay the halves over each other; where the lower is larger, by 8 bytes
        size = (size + 8) // 16 * 8
        ones = (1 << 8 * size) - 1
        ever = ever >> 8 * size | ever & ones
        never = never >> 8 * size | never & ones
    return bin(ever & never ^ ones).count("1")
