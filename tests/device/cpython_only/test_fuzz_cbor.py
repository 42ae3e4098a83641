"""The device's CBOR decoder against random input: it accepts one encoding of each value, and fails with codes only."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from seal import cbor
from seal.errors import Malformed, NotDeterministic

PLAIN = (
    st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40) | st.text(max_size=20) | st.booleans() | st.none()
)
KEYS = st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=9) | st.text(max_size=9)
VALUES = st.recursive(
    PLAIN,
    lambda item: (
        st.lists(item, max_size=4)
        | st.dictionaries(KEYS, item, max_size=4)
        | st.builds(cbor.Tag, st.sampled_from(cbor.TAGS), item)
    ),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=1000, deadline=None)
def test_value_survives_round_trip(value):
    raw = cbor.encode(value)
    assert cbor.decode(raw) == value and cbor.encode(cbor.decode(raw)) == raw


@given(st.binary(max_size=64))
@example(b"\xfb" + bytes(8))
@example(b"\xc0\x00")
@example(b"\x81" * 20 + b"\x00")
@settings(max_examples=5000, deadline=None)
def test_random_bytes_decode_to_one_encoding_or_raise_a_code(raw):
    try:
        value = cbor.decode(raw)
    except (Malformed, NotDeterministic):
        return
    assert cbor.encode(value) == raw


@given(VALUES, st.data())
@settings(max_examples=2000, deadline=None)
def test_damaged_encoding_decodes_to_one_encoding_or_raises_a_code(value, data):
    raw = bytearray(cbor.encode(value))
    at = data.draw(st.integers(0, len(raw) - 1))
    end = at + data.draw(st.integers(0, 4))
    raw[at:end] = data.draw(st.binary(max_size=4))
    try:
        value = cbor.decode(bytes(raw))
    except (Malformed, NotDeterministic):
        return
    assert cbor.encode(value) == bytes(raw)
