"""SenML packs resolved as RFC 8428 section 4.6 says, against a reader of its own on cbor2."""

from decimal import Decimal
from fractions import Fraction

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.cli.decoded import as_json, body_json
from sealwright.cli.describe import describe
from sealwright.wire.messages import DecimalFraction, Record, to_decimal
from sealwright.wire.senml import MAX_TIME_EXPONENT, measurements

from tests.host_tools.factory import NOW, Network

DEVICE = Network().device("senml")


def resolved_by_cbor2(payload, sampled_at):
    """Section 4.6 in a few lines: bases hold until replaced, times below 2**28 are relative."""
    base = {-2: "", -3: 0, -4: None}
    for record in cbor2.loads(payload):
        base |= {label: record[label] for label in base if label in record}
        if not {2, 3, 4, 8} & set(record):
            continue
        seconds = Fraction(base[-3]) + Fraction(record.get(6, 0))
        seconds = seconds if seconds >= 2**28 else seconds + sampled_at
        value = Decimal(record[2]) if 2 in record else None
        yield base[-2] + record.get(0, ""), record.get(1, base[-4]), seconds, value, *map(record.get, (3, 4, 8))


def reading(*records, **changes):
    return DEVICE.reading(records=records, prev=None, seq=1, **changes)


def fraction(exponents):
    return st.builds(DecimalFraction, exponents, st.integers(-(2**64), 2**64 - 1))


def maybe(values):
    return st.none() | values


TIMES = st.sampled_from((NOW, 2**28, 2**28 - 1, -60, 0)) | fraction(st.integers(-MAX_TIME_EXPONENT, MAX_TIME_EXPONENT))
RECORDS = st.builds(
    Record,
    base_name=maybe(st.text(max_size=3)),
    base_time=maybe(TIMES),
    base_unit=maybe(st.sampled_from(("Cel", "W", ""))),
    name=maybe(st.text(max_size=3)),
    unit=maybe(st.sampled_from(("J", ""))),
    value=maybe(st.integers(-(2**64), 2**64 - 1) | fraction(st.integers(-6144, 6144))),
    text=maybe(st.text(max_size=3)),
    flag=maybe(st.booleans()),
    data=maybe(st.binary(max_size=3)),
    time=maybe(TIMES),
)


@given(st.lists(RECORDS, min_size=1, max_size=6), st.sampled_from((NOW, 0, 2**28 + 5)))
def test_resolved_as_another_reader_resolves_them(records, sampled_at):
    message = reading(*records, sampled_at=sampled_at)
    wanted = list(resolved_by_cbor2(message.sign1.payload, sampled_at))
    found = [
        (one.name, one.unit, Fraction(one.at), one.value if one.value is None else to_decimal(one.value), *one[4:])
        for one in measurements(message.body)
    ]
    assert found == wanted
    shown = body_json(message.body)["values"]
    assert shown == as_json(message)["values"]
    assert [(one["name"], one["unit"], Fraction(one["time"])) for one in shown] == [one[:3] for one in wanted]
    assert [Decimal(one["value"]) for one in shown if "value" in one] == [
        one[3] for one in wanted if one[3] is not None
    ]
    assert [one.get("data") for one in shown] == [one[6] if one[6] is None else one[6].hex() for one in wanted]


def test_a_pack_of_two_devices_with_values_text_a_flag_and_data():
    records = (
        Record(base_name="a:", base_unit="Cel", base_time=NOW, name="in", value=DecimalFraction(-2, 2150)),
        Record(name="out", value=DecimalFraction(-2, -350), time=-60),
        Record(base_name="b:", base_unit="W"),
        Record(name="power", value=5),
        Record(name="energy", unit="J", value=7),
        Record(name="state", text="on"),
        Record(name="relay", flag=False),
        Record(name="raw", data=b"\1\2"),
    )
    message = reading(*records, sampled_at=NOW)
    said = "a:in 21.50 Cel, a:out -3.50 Cel (60 s before), b:power 5 W, b:energy 7 J, "
    said += "b:state on, b:relay false, b:raw 0102"
    assert describe(message, {}).endswith(f"Z  {said}")
    shown = as_json(message)["values"]
    assert shown[1] == {"name": "a:out", "unit": "Cel", "time": str(NOW - 60), "value": "-3.50"}
    assert [one.get("text") or one.get("flag") or one.get("data") for one in shown[4:]] == ["on", None, "0102"]
    assert shown[5]["flag"] is False


@pytest.mark.parametrize("exponent", [MAX_TIME_EXPONENT + 1, -MAX_TIME_EXPONENT - 1, 2**62])
def test_a_time_or_a_value_beyond_all_measure_is_said_to_be_out_of_range(exponent):
    far = DecimalFraction(exponent, 1)
    message = reading(Record(name="t", value=1, time=far), Record(name="v", value=DecimalFraction(2**62, 1)))
    assert "(time out of range)" in describe(message, {}) and "v out of range" in describe(message, {})
    one, other = as_json(message)["values"]
    assert one["time"] is None and other["value"] is None


@pytest.mark.parametrize(("quality", "marked"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_clock_that_nobody_set_is_marked(quality, marked):
    message = reading(Record(name="t", value=1), clock_quality=quality)
    assert ("[clock not set]" in describe(message, {})) is marked
    assert as_json(message)["clock"] == quality
