"""Several samples in one reading: the host and a reader on cbor2 resolve what the device writes to the same samples."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from seal import batch, cbor, senml
from sealwright.cli.describe import number
from sealwright.wire.cbor import decode
from sealwright.wire.messages import Record, to_decimal
from sealwright.wire.messages.schema import read
from sealwright.wire.senml import measurements

from tests.host_tools.factory import NOW, Network
from tests.host_tools.wire.test_senml import resolved_by_cbor2

DEVICE = Network().device("batch")
NAMES = st.sampled_from(("temperature", "energy", "voltage"))
QUANTITIES = st.tuples(NAMES, st.sampled_from(("Cel", "J", "V")), st.integers(-9, 3), st.integers(-(2**63), 2**63 - 1))
SAMPLES = st.lists(QUANTITIES, min_size=1, max_size=4)
AGES = st.lists(st.integers(0, 60 * 86_400), max_size=6).map(lambda ages: sorted(ages, reverse=True))


@given(newest=SAMPLES, ages=AGES, data=st.data())
def test_host_and_others_read_the_samples_that_the_device_wrote(newest, ages, data):
    # a sensor that fails is missing from a sample, and comes back
    others = st.just(newest) | SAMPLES
    earlier = [(age, data.draw(others)) for age in ages]
    wanted = [
        (name, unit, NOW - age, Decimal(mantissa).scaleb(exponent))
        for age, sample in [*earlier, (0, newest)]
        for name, unit, exponent, mantissa in sample
    ]
    payload = cbor.encode(senml.write_samples(newest, earlier, NOW))
    ours = [(one[0], one[1], one[2], one[3]) for one in resolved_by_cbor2(payload, NOW)]
    assert sorted(map(repr, map(_plain, ours))) == sorted(map(repr, map(_plain, wanted)))

    reading = _received(payload)
    assert [one.at for one in measurements(reading)] == [one[2] for one in ours]
    host = [(one.name, one.unit, int(one.at or 0), to_decimal(one.value)) for one in measurements(reading)]
    assert sorted(map(repr, map(_plain, host))) == sorted(map(repr, map(_plain, wanted)))
    # the newest comes first: readers that know no times see it alone
    assert host[0] == (*newest[0][:2], NOW, Decimal(newest[0][3]).scaleb(newest[0][2]))
    assert len(payload) <= 20 + sum(batch.size(sample) for sample in [newest, *(sample for _, sample in earlier)])


def _plain(row):
    name, unit, at, value = row
    return name, unit, int(at), number(Decimal(value))


def _received(payload):
    """The host's reading with these SenML records."""
    records = [read(Record, one) for one in decode(payload)]
    return DEVICE.reading(records=records, prev=None, seq=1, sampled_at=NOW).body
