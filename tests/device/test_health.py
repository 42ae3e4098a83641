"""Health tests of a draw: each at its cut-off, the cut-offs themselves, and the generators that must fail."""

from seal import health
from seal.compat import sha256

SIZE = 1024
ASSESSED = 46  # bits: a lag's share of the false alarms


def noise(label, size=SIZE):
    """Bytes that look like noise and are the same every time."""
    data = b""
    while len(data) < size:
        data += sha256(b"%s %d" % (label, len(data)))
    return data[:size]


def least(count, bits):
    """The least k with P(binomial(count, 1/2) >= k) <= 2^-bits, in exact integers."""
    ways, above, k = 1, 0, count  # ways: of choosing k of count; above: the sum of those for more than k
    while (above + ways) << bits <= 1 << count:
        above += ways
        ways = ways * k // (count - k + 1)
        k -= 1
    return k + 1


def test_cut_offs_are_those_of_sp800_90b():
    # 4.4.1: C = 1 + ceil(30 / H), H = 1 bit a sample
    assert health.REPETITION_CUTOFF == 1 + 30
    # 4.4.2: C = 1 + the smallest k with P(binomial(512, 1/2) <= k) >= 1 - 2^-30
    assert health.WINDOW == 512 and health.PROPORTION_CUTOFF == least(512, 30)
    # 6.3.8: each prediction is right with 1/2, for the lag with most of them
    assert health.LAG_CUTOFF == least(SIZE - 1, ASSESSED)


def test_false_alarms_are_as_rare_as_stated():
    # bit: choose LANES of 64 bits and one of two predictions for each; all its predictions are right with 2^-1/8 each
    each = (SIZE - health.BIT_LAG) // 8
    ways = 2**health.LANES
    for i in range(health.LANES):
        ways *= 64 - i
    for i in range(health.LANES):
        ways //= i + 1
    assert ways << 39 <= 1 << health.LANES * each // 8
    assert health.LAGS << 43 <= 1 << ASSESSED
    assert (SIZE - health.BLOCK) << 54 <= 1 << health.BLOCK


def test_noise_passes():
    for n in range(40):
        assert health.fault(noise(b"%d" % n)) is None


def test_noise_of_one_bit_a_sample_passes():
    # each bit is 1 with 7/8: 0.19 bits each, the samples' bits are alike; and samples of two values
    for n in range(10):
        raw = noise(b"biased %d" % n, 8 * SIZE)
        biased = bytes(sum((raw[8 * i + j] > 31) << j for j in range(8)) for i in range(SIZE))
        assert health.fault(biased) is None


def placed(samples, at, label=b"a"):
    data = noise(label)
    return data[:at] + samples + data[at + len(samples) :]


def test_repetition_count_at_its_cut_off():
    for at in (1, 500, SIZE - 32):
        assert health.fault(placed(b"\x01" + b"\x07" * 30 + b"\x01", at)) is None
        assert "repetition" in health.fault(placed(b"\x07" * 31, at))


def window(ones, first):
    """512 samples that begin with `first` and hold it `ones` times, never 30 in a row, the others noise."""
    out, left = bytearray(noise(b"window %d %d" % (ones, first), 512)), ones
    for i in range(512):
        if left and i % 20 != 19:
            out[i] = first
            left -= 1
        elif out[i] == first:
            out[i] ^= 255
    return bytes(out)


def test_adaptive_proportion_at_its_cut_off():
    for first in (0, 1, 0x85, 255):  # 0x85 goes on a character in UTF-8
        # spread, so that the lag predictors see no more than a half
        good, bad = window(324, first), window(325, first)
        assert "proportion" not in (health.fault(good + noise(b"b", 512)) or "")
        for samples in (bad + noise(b"b", 512), noise(b"b", 512) + bad):
            assert "proportion" in health.fault(samples), first
    # two windows that begin with other samples
    assert "proportion" in health.fault(window(300, 7) + window(325, 9))


def test_repeated_block_at_its_length():
    data = noise(b"a")
    for period in (64, 65, 200, 511, 960):
        start = SIZE - 64 - period
        for length, is_told in ((63, False), (64, True)):
            again = data[: SIZE - length] + data[start + 64 - length : start + 64]
            assert ("repeated block" in (health.fault(again) or "")) is is_told, (period, length)


def copied(lag, count):
    """Noise in which `count` samples are that `lag` before, spread evenly."""
    data, label, done = bytearray(noise(b"copied")), 0, 0
    data[:lag] = bytes(lag)  # nothing is before these
    for i in range(lag, SIZE):
        if count * (i - lag + 1) // (SIZE - lag) > done:
            data[i] = data[i - lag]
            done += 1
        else:
            while data[i] == data[i - lag]:
                label += 1
                data[i] = label & 255
    return bytes(data)


def test_lag_predictor_at_its_cut_off():
    for lag in range(1, 9):
        assert "lag" not in (health.fault(copied(lag, 633)) or ""), lag
        assert "lag" in health.fault(copied(lag, 634)), lag


def lanes(count, flips):
    """Noise in which `count` of the 64 bits of each 8 samples are those 256 samples before, or the others."""
    mask = sum(1 << 11 * n % 64 for n in range(count))
    out = b""
    words = [int.from_bytes(noise(b"lanes")[at : at + 8], "big") for at in range(0, SIZE, 8)]
    for n, word in enumerate(words):
        told = words[n - 32] ^ (flips if n >= 32 else 0)
        words[n] = word & ~mask | (told if n >= 32 else word) & mask
        out += words[n].to_bytes(8, "big")
    return out


def test_bit_predictor_at_its_cut_off():
    ones = (1 << 64) - 1
    for flips in (0, ones, ones // 3):
        assert health.fault(lanes(5, flips)) is None
        assert "bit predictor: 6 " in health.fault(lanes(6, flips))
    # one wrong prediction is enough to let a bit pass
    data = bytearray(lanes(6, 0))
    word = int.from_bytes(data[-8:], "big") ^ 1 << 11
    data[-8:] = word.to_bytes(8, "big")
    assert health.fault(bytes(data)) is None


def words(size, order, start, step):
    """The draw of a generator that gives all bits of its state: `step` makes the next of `size` bytes."""
    state, out = start, b""
    while len(out) < SIZE:
        out += state.to_bytes(size, order)
        state = step(state) & (1 << 8 * size) - 1
    return out[:SIZE]


def test_counters_fail():
    for size in (1, 2, 4, 8):
        for order in ("big", "little"):
            for start in (0, 77, int.from_bytes(noise(b"start", size), "big")):
                for add in (1, 3, 8):
                    draw = words(size, order, start, lambda state: state + add)  # noqa: B023  used at once
                    assert health.fault(draw), (size, order, start, add)


def test_congruential_generators_fail():
    multipliers = ((2, 25173, 13849), (4, 1103515245, 12345), (4, 1664525, 1013904223))
    for size, multiplier, increment in multipliers + ((8, 6364136223846793005, 1442695040888963407),):
        for order in ("big", "little"):
            for label in (b"one", b"two"):
                seed = int.from_bytes(noise(label, size), "big")
                draw = words(size, order, seed, lambda state: state * multiplier + increment)  # noqa: B023
                assert health.fault(draw), (size, order, label)
    # only the high byte of 16 bits
    state, out = 4711, bytearray()
    for _ in range(SIZE):
        state = state * 25173 + 13849 & 0xFFFF
        out.append(state >> 8)
    assert health.fault(bytes(out))


def test_repeated_blocks_and_stuck_bits_fail():
    for period in (2, 7, 30, 64, 100, 256, 500, 512, 900):
        block = noise(b"block", period)
        assert health.fault((block * (SIZE // period + 1))[:SIZE]), period
    for bit in range(8):
        assert "bit" in health.fault(bytes(one | 1 << bit for one in noise(b"a")))
        assert "bit" in health.fault(bytes(one & ~(1 << bit) & 255 for one in noise(b"a")))
