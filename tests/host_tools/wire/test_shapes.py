"""Shapes of readings take only what the strict reader takes, and see in it what that reads."""

import random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sealwright.wire import cbor
from sealwright.wire.messages import Reading, Record, parse_as, sign_message
from sealwright.wire.messages.bodies import parse_strictly
from sealwright.wire.messages.shapes import HASH_HEAD, NULL, Shape, expression_of, glimpse, in_usual_place, time_in
from sealwright.wire.messages.unread import UnreadReading

from tests.host_tools.mutate import HEADS, Mutator
from tests.host_tools.wire.schema_messages import DEVICE
from tests.host_tools.wire.test_messages_round_trip import SIGNER, bodies

SAMPLE = 8_000
SHAPED = (
    DEVICE.reading(seq=70_000),
    DEVICE.reading(seq=1, prev=None),
    DEVICE.reading(records=(Record(name="t", value=1, flag=True, data=b"x" * 30), Record(text="y" * 40, time=-5))),
    DEVICE.reading(records=(Record(name="n\u00e4me", unit="\u00b0C", value=-(2**63)),), firmware="a longer one" * 3),
)


def held(raw, shapes):
    """Whether a shape takes `raw`; then the strict reader takes it too, and reads what the shape saw."""
    seen = glimpse([raw], shapes)
    if seen is None:
        return False
    strict = parse_strictly(raw)
    body = strict.body
    assert isinstance(body, Reading) and in_usual_place(raw)
    before = NULL if body.prev is None else HASH_HEAD + body.prev
    assert (time_in(seen.times[0]), seen.numbers, seen.before) == (body.sampled_at, [body.seq], (before,)), raw.hex()
    assert (seen.qualities, seen.digests) == ((bytes((body.clock_quality,)),), [strict.digest]), raw.hex()
    unread = UnreadReading(raw, seen.digests[0])
    assert (unread.kid, unread.type, unread.body, unread.sign1) == (strict.kid, strict.type, body, strict.sign1)
    return True


def shape_of(message):
    return Shape(expression_of(message))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_a_reading_is_of_its_own_shape(data):
    message = sign_message(SIGNER, data.draw(bodies(Reading)))
    expression = expression_of(message)
    assume(expression is not None)
    assert held(message.raw, [Shape(expression)])


def test_a_shape_takes_other_values_and_no_other_form():
    shape = shape_of(DEVICE.reading(seq=5))
    for more in ({"seq": 2**63}, {"sampled_at": 3}, {"clock_quality": 0}, {"firmware": "9.9.9"}):
        assert held(DEVICE.reading(**more).raw, [shape])
    for more in ({"firmware": "9.9"}, {"records": (Record(name="t", value=1),)}):
        assert not held(DEVICE.reading(**more).raw, [shape])


def test_no_byte_may_be_another_head():
    for message in SHAPED:
        raw, shapes = message.raw, [shape_of(message)]
        assert held(raw, shapes)
        for at in range(len(raw) - 64):
            for byte in {*HEADS, (raw[at] + 1) & 255, (raw[at] - 1) & 255, raw[at] ^ 0x20, raw[at] ^ 0x80}:
                held(raw[:at] + bytes((byte,)) + raw[at + 1 :], shapes)
            held(raw[:at] + raw[at + 1 :], shapes)


def test_changed_readings_are_never_taken_where_the_strict_reader_refuses():
    mutator, draw, taken = Mutator(3, {"device": DEVICE.key}), random.Random(3), 0
    shapes = [shape_of(message) for message in SHAPED]
    for _ in range(SAMPLE):
        raw = mutator.message(draw.choice(SHAPED).raw, "device")
        if raw and draw.random() < 0.3:
            raw = mutator.bytes(raw, None)
        taken += bool(raw) and held(raw, shapes)
    assert taken > SAMPLE // 50


def test_readings_of_no_usual_shape_have_none():
    long = DEVICE.reading(records=(Record(name="t", text="x" * 300),))
    assert expression_of(parse_as(long.raw, Reading)) is None
    assert glimpse([], [shape_of(SHAPED[0])]) is None and glimpse([long.raw], []) is None
    assert not in_usual_place(cbor.encode(1) * 30)
