"""Entropy: the health tests at their cut-offs, bad sources, and that a pool fails closed."""

import os

from check import raises
from seal import entropy
from seal.errors import EntropyFailed, Malformed, SensorFailed
from seal.hmac_drbg import MAX_REQUEST, HmacDrbg


class Script:
    """A source that plays out what a function of the sample's number gives."""

    def __init__(self, sample, name="script"):
        self.name = name
        self.given = 0
        self._sample = sample

    def __call__(self, n):
        out = bytes(self._sample(self.given + i) & 0xFF for i in range(n))
        self.given += n
        return out


def noise(seed):
    """A sample function that looks like noise and is the same every time."""
    drbg = HmacDrbg(seed)
    data = bytearray()

    def sample(i):
        while len(data) <= i:
            data.extend(drbg.generate(256))
        return data[i]

    return sample


def test_cut_offs_are_those_of_sp800_90b():
    # 4.4.1: C = 1 + ceil(30 / H), H = 1 bit a sample
    assert entropy.REPETITION_CUTOFF == 1 + 30
    # 4.4.2: C = 1 + the smallest k with P(binomial(512, 1/2) <= k) >= 1 - 2^-30, in exact integers
    window = entropy.WINDOW
    assert window == 512
    ways, above, k = 1, 0, window  # ways: of choosing k of 512; above: the sum of those for more than k
    while (above + ways) << 30 <= 1 << window:
        above += ways
        ways = ways * k // (window - k + 1)
        k -= 1
    assert entropy.PROPORTION_CUTOFF == 1 + k


def test_repetition_count_at_its_cut_off():
    assert entropy.Health().check(b"\x01" + b"\x07" * 30 + b"\x01") is None
    assert "repetition" in entropy.Health().check(b"\x01" + b"\x07" * 31)
    health = entropy.Health()  # a run goes on over the border of two pieces
    assert health.check(b"\x07" * 16) is None
    assert "repetition" in health.check(b"\x07" * 15)


def _window(ones):
    """512 samples that begin with 1 and hold 1 `ones` times, never 30 in a row."""
    out = bytearray()
    left = ones
    for i in range(entropy.WINDOW):
        if left and i % 20 != 19:
            out.append(1)
            left -= 1
        else:
            out.append(2 + i % 200)
    assert not left
    return bytes(out)


def test_adaptive_proportion_at_its_cut_off():
    assert entropy.Health().check(_window(324)) is None
    assert "proportion" in entropy.Health().check(_window(325))
    health = entropy.Health()  # windows follow each other without overlap, over the border of pieces
    for piece in (_window(324), _window(324)[:100], _window(324)[100:], _window(300)):
        assert health.check(piece) is None
    assert "proportion" in health.check(_window(325))


def test_random_bytes_differ_and_have_size():
    pool = entropy.Pool([os.urandom])
    draws = [pool.random(32) for _ in range(8)]
    assert len(set(draws)) == 8
    assert [len(pool.random(n)) for n in (0, 1, 33, 1000)] == [0, 1, 33, 1000]
    assert pool.failures == [] and len(pool.active_names) == 1
    raises(Malformed, pool.random, -1)
    raises(Malformed, pool.random, MAX_REQUEST + 1)
    raises(Malformed, pool.random, "32")


def test_sources_are_not_read_before_first_request():
    source = Script(noise(b"a"))
    pool = entropy.Pool([source])
    assert source.given == 0
    pool.random(1)
    assert source.given == 2 * entropy.WINDOW


def test_every_source_and_every_mixed_byte_counts():
    def first(seed_a, seed_b, nonce=b"", extra=b""):
        pool = entropy.Pool([Script(noise(seed_a)), Script(noise(seed_b))])
        pool.mix(nonce)
        return pool.random(32, extra)

    base = first(b"a", b"b")
    assert first(b"a", b"b") == base
    others = [first(b"c", b"b"), first(b"a", b"c"), first(b"b", b"a")]
    others += [first(b"a", b"b", b"nonce"), first(b"a", b"b", b"", b"extra")]
    assert len(set(others + [base])) == 6


def test_extra_input_stays_in_state():
    def second(extra):
        pool = entropy.Pool([Script(noise(b"a"))])
        pool.random(32, extra)
        return pool.random(32)

    assert second(b"one") != second(b"two")


def test_random_bytes_fail_without_source():
    error = raises(EntropyFailed, entropy.Pool([]).random, 32)
    assert "none" in str(error)
    raises(EntropyFailed, entropy.Pool([]).mix, b"the host's nonce alone is not entropy")


def _broken(n):
    raise OSError(5)


def _detached(n):
    raise SensorFailed("no answer")


def test_failed_sources_are_listed_and_excluded():
    bad = (
        (Script(lambda i: 0, "stuck"), "repetition"),
        (Script(lambda i: 1 if i % 3 else i * 37, "biased"), "proportion"),
        (Script(lambda i: i, "counter"), "repeated"),
        (Script(lambda i: 85 << (i & 1), "alternating"), "repeated"),
        (Script(lambda i: i * i, "short-period"), "repeated"),
        (_broken, "OSError"),
        (_detached, "no answer"),
        (lambda n: b"\x5a" * (n - 1), "64"),
        (lambda n: None, "64"),
        (lambda n: "x" * n, "64"),
    )
    for source, why in bad:
        pool = entropy.Pool([source])
        for _ in range(2):
            error = raises(EntropyFailed, pool.random, 32)
            assert why in str(error), str(error)
        assert len(pool.failures) == 1 and pool.active_names == []
        if isinstance(source, Script):
            assert pool.failures[0][0] == source.name and source.name in str(error)
        # beside a good one it is left out, named, and changes nothing
        good = Script(noise(b"good"), "good")
        pool = entropy.Pool([source, good])
        assert pool.random(32) == entropy.Pool([Script(noise(b"good"))]).random(32)
        assert len(pool.failures) == 1 and why in pool.failures[0][1] and pool.active_names == ["good"]


def test_later_source_failure_stops_random_bytes():
    good = noise(b"a")
    source = Script(lambda i: good(i) if i < 2000 else 9, "dying")
    pool = entropy.Pool([source])
    for _ in range(entropy.REQUESTS_PER_SEED):  # the seed's requests are served
        pool.random(1)
    assert source.given == 1024
    pool.random(1)  # samples up to 1,536
    assert source.given == 1536
    assert "dying" in str(raises(EntropyFailed, pool.mix))
    for _ in range(3):
        raises(EntropyFailed, pool.random, 1)
    given = source.given
    source._sample = good  # it recovers, but is out until the next restart
    raises(EntropyFailed, pool.random, 1)
    assert source.given == given


def test_reseed_changes_output():
    a, b = noise(b"a"), noise(b"b")
    one = entropy.Pool([Script(a)])
    two = entropy.Pool([Script(lambda i: a(i) if i < 1024 else b(i))])
    assert one.random(32) == two.random(32)
    one.mix()
    two.mix()
    assert one.random(32) != two.random(32)


def test_mixed_data_changes_output():
    draws = []
    for nonce in (b"", b"one", b"two"):
        pool = entropy.Pool([Script(noise(b"a"))])
        pool.random(32)
        pool.mix(nonce)
        draws.append(pool.random(32))
    assert len(set(draws)) == 3


def test_extras_change_output_but_replace_no_source():
    def first(*extras):
        return entropy.Pool([Script(noise(b"a"))], extras).random(32)

    assert first(lambda n: b"one") != first(lambda n: b"two") != first()
    assert first(_broken) == first()
    raises(EntropyFailed, entropy.Pool([], [os.urandom]).random, 32)
    raises(EntropyFailed, entropy.Pool([_broken], [os.urandom]).mix, b"nonce")
