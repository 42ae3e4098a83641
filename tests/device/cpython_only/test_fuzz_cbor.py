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


@st.composite
def loose(draw, depth=3):
    """CBOR without the deterministic rules: arguments of any size, map keys in any order and repeated."""
    major = draw(st.sampled_from((0, 1, 2, 3, 4, 5, 6, 7) if depth else (0, 1, 2, 3, 7)))
    body, number = b"", draw(st.integers(0, 300))
    if major == 2 or major == 3:
        body = draw(st.text(max_size=6)).encode()
        number = len(body)
    elif major == 4 or major == 5:
        number = draw(st.integers(0, 3))
        for _ in range(number):
            body += (draw(loose(depth=0)) if major == 5 else b"") + draw(loose(depth=depth - 1))
    elif major == 6:
        number, body = draw(st.sampled_from((4, 18, 2))), draw(loose(depth=depth - 1))
    elif major == 7:
        number = draw(st.integers(19, 23))
    if number < 24 and draw(st.integers(0, 9)):
        return bytes((major << 5 | number,)) + body
    info = draw(st.integers(24 if number < 256 else 25, 27))
    return bytes((major << 5 | info,)) + number.to_bytes(1 << info - 24, "big") + body


@given(loose())
@settings(max_examples=3000, deadline=None)
def test_loose_encoding_decodes_only_if_deterministic(raw):
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
