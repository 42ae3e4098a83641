"""Shapes of readings take only what the strict reader takes, and see in it what that reads."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sealwright.wire import cbor
from sealwright.wire.messages import Reading, Record, parse_as, sign_message
from sealwright.wire.messages.shapes import Shape, expression_of, glimpse, in_usual_place

from tests.host_tools.mutate import HEADS
from tests.host_tools.wire.mutations import SHAPED, by_a_shape, shapes_of
from tests.host_tools.wire.schema_messages import DEVICE
from tests.host_tools.wire.test_messages_round_trip import SIGNER, bodies


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_a_reading_is_of_its_own_shape(data):
    message = sign_message(SIGNER, data.draw(bodies(Reading)))
    expression = expression_of(message)
    assume(expression is not None)
    assert by_a_shape(message.raw, [Shape(expression)])


def test_a_shape_takes_other_values_and_no_other_form():
    shapes = shapes_of([DEVICE.reading(seq=5)])
    for more in ({"seq": 2**63}, {"sampled_at": 3}, {"clock_quality": 0}, {"firmware": "9.9.9"}):
        assert by_a_shape(DEVICE.reading(**more).raw, shapes)
    for more in ({"firmware": "9.9"}, {"records": (Record(name="t", value=1),)}):
        assert not by_a_shape(DEVICE.reading(**more).raw, shapes)


def test_no_byte_may_be_another_head():
    for message in SHAPED:
        raw, shapes = message.raw, shapes_of([message])
        assert by_a_shape(raw, shapes)
        for at in range(len(raw) - 64):
            for byte in {*HEADS, (raw[at] + 1) & 255, (raw[at] - 1) & 255, raw[at] ^ 0x20, raw[at] ^ 0x80}:
                by_a_shape(raw[:at] + bytes((byte,)) + raw[at + 1 :], shapes)
            by_a_shape(raw[:at] + raw[at + 1 :], shapes)


def test_readings_of_no_usual_shape_have_none():
    long = DEVICE.reading(records=(Record(name="t", text="x" * 300),))
    assert expression_of(parse_as(long.raw, Reading)) is None
    assert glimpse([], shapes_of()) is None and glimpse([long.raw], []) is None
    assert not in_usual_place(cbor.encode(1) * 30)
