"""Several samples in one signed reading: their times, their order, and how many fit."""

from check import raises
from rig import NOW, Board, Clock, Issuer, provision
from seal import batch, cbor, labels, messages
from seal.device import Device
from seal.errors import Malformed, StorageFull
from seal.owner import Owner
from seal.rest import Rest
from seal.sampling import Sampler
from seal.senml import count, summary, write_samples


class Ticks:
    """Milliseconds that the test moves."""

    ms = 0

    def __call__(self):
        return self.ms


def sampled(pace, issuer=None, **parts):
    """(device, sampler, ticks): provisioned, with this pace of the owner's."""
    issuer, ticks = issuer or Issuer(), Ticks()
    device = Device(Board(**parts))
    device.load()
    provision(device, issuer)
    device.batch = batch.Batch(ticks)
    device.rest = Rest(device, ticks)
    Owner(device).command(issuer.command(device, "interval", pace))
    return device, Sampler(device, ticks=ticks), ticks


def run(device, sampler, ticks, seconds):
    """Time passes, on the ticks and on the board's clock."""
    for _ in range(seconds):
        sampler.step()
        ticks.ms += 1000
        device.board.clock.unix += 1
        device.board.meter.joules += 7


def newest(device):
    return messages.parse(device.log.last, labels.READING)


def resolved(message):
    """[(name, unit, unix, integer or [exponent, mantissa])], as RFC 8428 section 4.6 says."""
    name = unit = ""
    base, rows = 0, []
    for record in message.payload:
        name, unit = record.get(-2, name), record.get(-4, unit)
        base = record.get(-3, base)
        value = record[2].value if isinstance(record[2], cbor.Tag) else record[2]
        rows.append((name + record.get(0, ""), record.get(1, unit), base + record.get(6, 0), value))
    return rows


def test_samples_share_one_reading_and_keep_their_times():
    device, sampler, ticks = sampled({1: 60, 2: 3})
    run(device, sampler, ticks, 119)
    assert device.log.seq == 0 and len(device.batch) == 2
    run(device, sampler, ticks, 2)
    assert device.log.seq == 1 and len(device.batch) == 0
    message, iat = newest(device), NOW + 120
    assert message.header[labels.CWT_CLAIMS][labels.IAT] == iat
    cold = [-2, -512]
    assert resolved(message) == [
        ("temperature", "Cel", iat, cold),
        ("temperature", "Cel", iat - 60, cold),
        ("temperature", "Cel", iat - 120, cold),
        ("energy", "J", iat, 840),
        ("energy", "J", iat - 60, 420),
        ("energy", "J", iat - 120, 0),
    ]
    # the newest count is what a seller bills, and what the meter continues from
    assert count(message, "J") == 840 and count(message, "Cel") is None
    assert summary(message) == [["temperature", "Cel", -2, -512], ["energy", "J", 0, 840]]


def test_one_sample_is_the_reading_of_before():
    device, sampler, ticks = sampled(60)
    run(device, sampler, ticks, 1)
    cold = {0: "temperature", 1: "Cel", 2: cbor.Tag(4, [-2, -512])}
    assert newest(device).payload == [cold, {0: "energy", 1: "J", 2: 0}]


def test_clock_set_within_a_batch_moves_no_sample_against_the_others():
    device, sampler, ticks = sampled({1: 60, 2: 3}, clock=Clock(1_609_459_200, labels.CLOCK_SINCE_BOOT))
    run(device, sampler, ticks, 90)
    device.board.clock.set(NOW, labels.CLOCK_NETWORK)
    run(device, sampler, ticks, 31)
    message = newest(device)
    assert message.header[labels.CWT_CLAIMS][labels.CLOCK_QUALITY] == labels.CLOCK_NETWORK
    assert [at - NOW for _, unit, at, _ in resolved(message) if unit == "J"] == [30, -30, -90]


def test_reading_for_a_peer_takes_what_waits_along():
    device, sampler, ticks = sampled({1: 60, 2: 10})
    run(device, sampler, ticks, 70)
    device.append(device.measure())
    assert [value for _, unit, _, value in resolved(newest(device)) if unit == "J"] == [490, 420, 0]
    assert len(device.batch) == 0


def test_sensor_that_fails_meanwhile_loses_no_other_sample():
    whole = [("temperature", "Cel", -2, 2000), ("pressure", "Pa", 1, 9), ("energy", "J", 0, 5)]
    lacking = [("energy", "J", 0, 8)]
    for quantities, earlier in ((lacking, [(60, whole)]), (whole, [(60, lacking), (30, whole)])):
        records = write_samples(quantities, earlier, NOW)

        class Read:
            payload = records

        wanted = []
        for age, sample in [(0, quantities)] + earlier:
            wanted += [(n, u, NOW - age, [e, m] if e else m) for n, u, e, m in sample]
        assert sorted(map(str, resolved(Read))) == sorted(map(str, wanted))
        assert count(Read, "J") == quantities[-1][3]
    assert write_samples(lacking, [], NOW) == [{0: "energy", 1: "J", 2: 8}]


class Wide:
    """A sensor of many quantities."""

    model = "wide"

    def __init__(self, count):
        self.count = count

    def read(self):
        return [("quantity-%d" % n, "Cel", -3, -(2**40) - n) for n in range(self.count)]


def test_reading_is_signed_before_it_outgrows_a_block():
    device, sampler, ticks = sampled({1: 86_400, 2: batch.MOST})
    device.board.sensors = [Wide(9)]
    device.board.meter = None
    for _ in range(3 * batch.MOST):
        sampler.step()
        ticks.ms += 86_400_000
    assert 3 < device.log.seq < 3 * batch.MOST
    sizes = [len(raw) for raw in device.log.since(0, 100)]
    assert max(sizes) <= batch.MAX_BYTES + 300
    # even where peers ask for readings all the time
    for _ in range(20):
        device.append(device.measure())
    device.board.sensors = [Wide(60)]
    sampler.step()
    assert len(device.log.last) < 5500


class Fickle:
    """A sensor of short names that no two samples in a row have in common: the most items for the bytes."""

    model = "fickle"
    reads = 0

    def read(self):
        self.reads += 1
        return [("ab"[self.reads % 2] + str(n), "K", -1, n) for n in range(3)]


def test_reading_of_the_most_items_is_still_read():
    device, sampler, ticks = sampled({1: 1, 2: batch.MOST})
    device.board.sensors, device.board.meter = [Fickle()], None
    while device.log.seq == 0:
        sampler.step()
        ticks.ms += 1000
    assert len(newest(device).payload) > 3 * 20


def test_full_flash_keeps_the_newest_samples():
    device, sampler, ticks = sampled({1: 1, 2: 2})
    append, device.log.append = device.log.append, lambda *_: raises_full()
    run(device, sampler, ticks, 500)
    assert device.sensor_fault == StorageFull.code and device.log.seq == 0
    waiting = len(device.batch)
    assert 2 < waiting < 100
    device.log.append = append
    run(device, sampler, ticks, 1)
    counts = [value for _, unit, _, value in resolved(newest(device)) if unit == "J"]
    assert counts == list(range(3500, 3500 - 7 * (waiting + 1), -7)) and device.sensor_fault is None


def raises_full():
    raise StorageFull("full")


def test_pace_is_checked_and_stands_for_itself():
    issuer = Issuer()
    device, _, _ = sampled({1: 60, 2: 5, 3: 30}, issuer=issuer)
    owner = Owner(device)
    record = device.owner_record()
    wrong = [0, True, None, {}, {1: 0}, {1: 86_401}, {1: 60, 2: 0}, {1: 60, 2: batch.MOST + 1}, {1: 60, 3: 4}]
    for pace in wrong + [{1: 60, 3: 3601}, {1: 60, 4: 1}, [60, 2], "60"]:
        raises(Malformed, owner.command, issuer.command(device, "interval", pace))
    assert device.owner_record() == record
    owner.command(issuer.command(device, "interval", 20))
    record = device.owner_record()
    assert (record[5], record.get(17), record.get(18)) == (20, None, None)


def test_reset_and_wipe_forget_what_waits():
    device, sampler, ticks = sampled({1: 60, 2: 5})
    run(device, sampler, ticks, 100)
    assert len(device.batch) == 2
    device.load()
    assert len(device.batch) == 0 and device.log.seq == 0
