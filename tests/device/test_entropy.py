"""Entropy: bad sources, what is kept of a draw, and that a pool fails closed. `test_health` has the health tests."""

import os

from check import raises
from rig import Board
from seal import entropy
from seal.compat import sha256
from seal.device import Device
from seal.errors import EntropyFailed, Malformed, SensorFailed, StorageFull
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
    assert source.given == entropy.DRAW


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
        (Script(lambda i: 0, "stuck"), "proportion"),
        (Script(lambda i: 1 if i % 3 else i * 37, "biased"), "proportion"),
        (Script(lambda i: i, "counter"), "repeated"),
        (Script(lambda i: i >> 9 if i & 1 else i >> 1, "wide counter"), "predictor"),
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
    source = Script(lambda i: good(i) if i < 3000 else 9, "dying")
    pool = entropy.Pool([source])
    for _ in range(entropy.REQUESTS_PER_SEED):  # the seed's requests are served
        pool.random(1)
    assert source.given == 1024
    pool.random(1)  # samples up to 2,048
    assert source.given == 2048
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


class Notes:
    """Stands for a journal over many starts."""

    def __init__(self):
        self.records = {}
        self.is_full = False

    def get(self, name, default=None):
        return self.records.get(name, default)

    def put(self, name, value):
        if self.is_full:
            raise StorageFull("full")
        self.records[name] = value


def start(notes, *sources):
    """A pool after a reset, or the text of its refusal."""
    pool = entropy.Pool(list(sources), (), notes)
    try:
        pool.random(1)
    except EntropyFailed as error:
        return str(error)
    return pool


def test_a_seeded_generator_is_refused_at_its_next_start():
    notes = Notes()
    assert start(notes, Script(noise(b"seed"))).failures == []
    kept = dict(notes.records)
    for _ in range(3):  # it stays refused
        assert "kept sample" in start(notes, Script(noise(b"seed")))
        assert notes.records == kept
    # beside a good one it is left out
    for label in (b"x", b"y", b"z"):
        pool = start(notes, Script(noise(b"seed")), Script(noise(label), "good"))
        assert pool.active_names == ["good"] and "kept sample" in pool.failures[0][1]
    # another seed passes, and is what the next start is held against
    assert start(notes, Script(noise(b"other"))).failures == []
    assert "kept sample" in start(notes, Script(noise(b"other")))


def test_what_is_kept_is_a_hash_of_samples_that_no_seed_has():
    notes = Notes()
    source = Script(noise(b"a"))
    pool = start(notes, source)
    sample = noise(b"a")
    first = bytes(sample(i) for i in range(1024))
    assert list(notes.records) == ["noise"] and notes.records["noise"] == {"script": sha256(first[:64])[:8]}
    # the seed is the rest: other first samples change nothing
    other = noise(b"b")
    same = start(Notes(), Script(lambda i: other(i) if i < 64 else sample(i)))
    assert same.random(32) == pool.random(32)
    different = start(Notes(), Script(lambda i: other(i) if i == 64 else sample(i)))
    assert different.random(32) != start(Notes(), Script(sample)).random(32)


def test_a_draw_that_begins_as_the_one_before_is_refused():
    sample = noise(b"a")
    pool = start(Notes(), Script(lambda i: sample(i % 1024)))
    assert "kept sample" in str(raises(EntropyFailed, pool.mix))


def test_a_full_flash_keeps_the_older_sample_and_draws():
    notes = Notes()
    start(notes, Script(noise(b"a")))
    notes.is_full = True
    assert start(notes, Script(noise(b"b"))).failures == []
    assert "kept sample" in start(notes, Script(noise(b"a")))


def test_only_the_first_draw_of_a_start_is_written():
    notes = Notes()
    pool = start(notes, Script(noise(b"a")))
    kept = dict(notes.records)
    pool.mix()
    pool.mix(b"nonce")
    assert notes.records == kept


def test_a_device_holds_its_noise_against_the_last_start():
    sample = noise(b"seed")
    board = Board()
    for n in range(2):
        board.entropy.sources = [Script(sample)]
        device = Device(board)
        device.load()
        if n == 0:
            assert len(device.pool.random(32)) == 32
        else:
            assert "kept sample" in str(raises(EntropyFailed, device.pool.random, 32))
