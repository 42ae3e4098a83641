"""The device's quick way through an envelope takes a part of what the strict decoder takes, with equal results."""

from hypothesis import given, settings
from hypothesis import strategies as st
from seal import cbor, cose
from seal.errors import SealError

BYTES = st.binary(max_size=300)
WHOLE = st.builds(cose.envelope, BYTES, BYTES, st.binary(min_size=64, max_size=64))
DAMAGE = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 700), st.integers(1, 255)),
    st.tuples(st.just("drop"), st.integers(0, 700), st.integers(1, 3)),
    st.tuples(st.just("insert"), st.integers(0, 700), st.integers(0, 255)),
)


def damaged(raw, damage):
    kind, at, value = damage
    at %= len(raw)
    if kind == "flip":
        return raw[:at] + bytes([raw[at] ^ value]) + raw[at + 1 :]
    return raw[:at] + (b"" if kind == "drop" else bytes([value])) + raw[at + (value if kind == "drop" else 0) :]


@given(WHOLE)
@settings(max_examples=500, deadline=None)
def test_whole_envelopes_go_the_quick_way(raw):
    assert cose._split(raw) == cose._decode(raw)


@given(WHOLE, st.lists(DAMAGE, min_size=1, max_size=2))
@settings(max_examples=2000, deadline=None)
def test_what_the_quick_way_takes_the_strict_decoder_takes(raw, damages):
    for damage in damages:
        raw = damaged(raw, damage)
    quick = cose._split(raw)
    if quick is not None:
        assert quick == cose._decode(raw)
        return
    try:
        cose._decode(raw)
    except SealError:
        return
    raise AssertionError("the quick way misses an envelope that is one")


@given(BYTES, BYTES)
@settings(max_examples=500, deadline=None)
def test_signed_bytes_are_the_encoded_structure(protected, payload):
    raw = cose.envelope(protected, payload, bytes(64))
    assert cose._split(raw)[3] == cbor.encode(["Signature1", protected, b"", payload])
