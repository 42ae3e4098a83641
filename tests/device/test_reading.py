"""The reading log: complete, gap-proof, and one content for each number, despite power cuts."""

from check import raises
from keystore.software import SoftwareKeyStore
from rig import NOW, Clock, Entropy, PowerCut, RamStore
from seal import cbor, cose, identity, labels, messages
from seal.entropy import Pool
from seal.errors import SensorFailed, StateDamaged
from seal.journal import Journal
from seal.reading import RESERVE, ReadingLog
from seal.segments import Segment
from seal.senml import count, summary

KEYS = SoftwareKeyStore(RamStore(), engine="plain")
PUBLIC = KEYS.generate(0, Pool(Entropy.sources).random)


class QuickSigner:
    """Signs once with a real key and then repeats that signature: the log's logic does not depend on it."""

    signature = KEYS.sign(0, bytes(32))

    def sign(self, kind, payload, claims):
        protected, body = cose.build(kind, PUBLIC[:8], payload, claims)
        return cose.envelope(protected, body, self.signature), cose.sha256(cose.sig_structure(protected, body))


def opened(store, signer=None):
    journal = Journal(store)
    if not journal.load():
        journal.format()
    log = ReadingLog(journal, store, Clock(), "0.1.0")
    log.load(signer or QuickSigner())
    return log


def quantities(value):
    return [("temperature", "Cel", -2, value), ("energy", "J", 0, value)]


def seqs(raws):
    return [cose.parse(raw).header[labels.CWT_CLAIMS][labels.SEQ] for raw in raws]


def test_reading_is_signed_and_chained():
    signer = cose.Signer(KEYS, 0, identity.kid(identity.device_id(PUBLIC)))
    log = opened(RamStore(), signer)
    first, digest = log.append(quantities(2153))
    second, _ = log.append(quantities(-5))
    message = messages.parse(second, labels.READING).verify(PUBLIC)
    claims = message.header[labels.CWT_CLAIMS]
    assert claims[labels.SEQ] == 2 and claims[labels.PREV] == digest and claims[labels.IAT] == NOW
    assert claims[labels.CLOCK_QUALITY] == 3 and claims[labels.FIRMWARE] == "0.1.0"
    assert message.payload[0] == {0: "temperature", 1: "Cel", 2: cbor.Tag(4, [-2, -5])}
    assert count(message, "J") == -5 and count(message, "Cel") is None and count(message, "W") is None
    assert messages.parse(first).header[labels.CWT_CLAIMS][labels.PREV] is None
    assert log.find(digest) == first and log.find(bytes(32)) is None
    raises(SensorFailed, log.append, [])


def test_log_continues_after_restart():
    store = RamStore()
    log = opened(store)
    for value in range(40):
        log.append(quantities(value))
    again = opened(store)
    assert (again.seq, again.prev) == (40, log.prev)
    again.append(quantities(40))
    assert seqs(again.since(0, 100)) == list(range(1, 42))
    assert seqs(again.since(37, 2)) == [38, 39]


def test_acknowledged_readings_are_pruned_except_newest_segment():
    store = RamStore()
    log = opened(store)
    for value in range(100):
        log.append(quantities(value))
    before = len(log.segments())
    assert before > 3
    log.acknowledge(50)
    left = seqs(log.since(0, 200))
    assert left[-1] == 100 and 30 < left[0] <= 51
    log.acknowledge(100)
    assert len(log.segments()) == 1
    again = opened(store)
    assert again.seq == 100 and again.acknowledged == 100
    log.acknowledge(7)
    assert log.acknowledged == 100


def test_cut_at_every_write_never_gives_number_twice():
    for late in (False, True):
        for cut in range(1, 60):
            store, sent = RamStore(), {}
            for life in range(2):
                log = opened(store)
                store.cut_after(cut, late)
                try:
                    for value in range(30):
                        raw, digest = log.append(quantities(value + 1000 * life))
                        sent[log.seq] = sent.get(log.seq, digest)
                        assert sent[log.seq] == digest, (late, cut, log.seq)
                except PowerCut:
                    pass
                store = RamStore(store.files)
            log = opened(store)
            stored = log.since(0, 1000)
            numbers = seqs(stored)
            assert numbers == sorted(set(numbers))
            # at most a block of numbers is lost to a cut, and there were two cuts
            assert not numbers or len(numbers) > numbers[-1] - 2 * RESERVE
            digests = dict(zip(numbers, [cose.parse(raw).digest for raw in stored]))
            for seq, digest in sent.items():
                assert digests[seq] == digest


def test_torn_last_reading_skips_reserved_block():
    store = RamStore()
    log = opened(store)
    for value in range(5):
        log.append(quantities(value))
    name = log.segments()[-1]
    store.files[name] = store.files[name][:-3]
    again = opened(store)
    assert again.seq == RESERVE
    raw, _ = again.append(quantities(7))
    assert seqs([raw]) == [RESERVE + 1]
    assert seqs(again.since(0, 99)) == [1, 2, 3, 4, RESERVE + 1]
    assert opened(store).seq == RESERVE + 1


def test_missing_last_segment_skips_reserved_block():
    store = RamStore()
    log = opened(store)
    for value in range(40):
        log.append(quantities(value))
    del store.files[log.segments()[-1]]
    again = opened(store)
    assert 40 <= again.seq < 40 + RESERVE
    again.append(quantities(1))
    assert opened(store).seq == again.seq


def test_other_damage_locks():
    store = RamStore()
    log = opened(store)
    for value in range(40):
        log.append(quantities(value))
    name = log.segments()[-1]
    good = store.files[name]
    bad = bytearray(good)
    bad[20] ^= 1
    store.files[name] = bytes(bad)
    raises(StateDamaged, opened, store)
    store.files[name] = good
    assert opened(store).seq == 40
    store.files["j-readings"] = store.files["j-index"]
    raises(StateDamaged, opened, store)


def test_blank_segment_never_repeats_a_number():
    for filling in (b"\x00", b"\xff"):
        for keep in (0, 150, 1000):
            store = RamStore()
            log = opened(store)
            for value in range(25):
                log.append(quantities(value))
            name = log.segments()[-1]
            assert log.segments()[0] != name and _names_of(store, name) < 16
            size = len(store.files[name]) // 6 * 6  # frames of nothing would fit
            store.files[name] = (store.files[name][:keep] + filling * size)[:size]
            try:
                again = opened(store)
            except StateDamaged:
                continue
            assert again.seq >= 25, (filling, keep, again.seq)


def _names_of(store, name):
    return sum(1 for _ in Segment(store, name).messages())


def test_damage_in_older_segment_hides_no_later_readings():
    store = RamStore()
    log = opened(store)
    for value in range(60):
        log.append(quantities(value))
    name = log.segments()[1]
    bad = bytearray(store.files[name])
    bad[500] ^= 1
    store.files[name] = bytes(bad)
    again = opened(store)
    found = seqs(again.since(0, 99))
    assert found[-1] == 60 and found == sorted(found) and 40 <= len(found) < 60
    assert again.find(again.last_message().digest) == again.last
    again.append(quantities(1))
    again.acknowledge(61)
    assert len(again.segments()) == 1


class Pack:
    """A reading of another maker's device: base name and unit hold for the records after (RFC 8428 section 4.6)."""

    payload = [
        {
            labels.SENML_BASE_NAME: "roof:",
            labels.SENML_BASE_UNIT: "W",
            labels.SENML_NAME: "power",
            labels.SENML_VALUE: 5,
        },
        {labels.SENML_NAME: "peak", labels.SENML_VALUE: cbor.Tag(4, [-1, 77])},
        {labels.SENML_NAME: "energy", labels.SENML_UNIT: "J", labels.SENML_VALUE: 9},
        {labels.SENML_BASE_UNIT: "Wh", labels.SENML_NAME: "day", labels.SENML_VALUE: 3},
    ]


def test_base_fields_hold_for_the_records_after():
    assert [count(Pack, unit) for unit in ("W", "J", "Wh", "Cel")] == [5, 9, 3, None]
    assert summary(Pack) == [
        ["roof:power", "W", 0, 5],
        ["roof:peak", "W", -1, 77],
        ["roof:energy", "J", 0, 9],
        ["roof:day", "Wh", 0, 3],
    ]
