"""The device's codec: one encoding for each value; every other is refused."""

from check import raises
from seal import cbor
from seal.errors import Malformed, NotDeterministic

GOOD = (
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (255, "18ff"),
    (256, "190100"),
    (65536, "1a00010000"),
    (4294967296, "1b0000000100000000"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-1, "20"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (b"\x01\x02", "420102"),
    ("", "60"),
    ("\u00fc\u6c34", "65c3bce6b0b4"),
    ([1, [2, 3]], "8201820203"),
    ({1: 2, -1: 3, "a": 4}, "a30102200361 6104".replace(" ", "")),
    (True, "f5"),
    (False, "f4"),
    (None, "f6"),
    (cbor.Tag(4, [-2, 27315]), "c48221196ab3"),
)


def test_one_encoding_for_each_value():
    for value, text in GOOD:
        raw = bytes.fromhex(text)
        assert cbor.encode(value) == raw, text
        assert cbor.decode(raw) == value, text


def test_keys_are_sorted_bytewise():
    value = {}
    for key in (-70001, 256, 8, 7, 6, 2, 1, -1, 24, "b", "a", "aa", b"z"):
        value[key] = 0
    raw = cbor.encode(value)
    assert cbor.decode(raw) == value
    heads = [cbor.encode(key) for key in (1, 2, 6, 7, 8, 24, 256, -1, -70001, b"z", "a", "b", "aa")]
    assert raw == b"\xad" + b"".join(item + b"\x00" for item in heads)


def test_non_deterministic_encodings_are_refused():
    for text in ("1800", "190018", "1a00000100", "1b0000000000000001", "5800", "7800", "9800", "b800", "d804820001"):
        raises(NotDeterministic, cbor.decode, bytes.fromhex(text))
    for text in ("5f4101ff", "7f6161ff", "9f01ff", "bf0102ff"):
        raises(NotDeterministic, cbor.decode, bytes.fromhex(text))
    raises(NotDeterministic, cbor.decode, bytes.fromhex("a201000100"))
    raises(NotDeterministic, cbor.decode, bytes.fromhex("a202000100"))


def test_values_outside_profile_are_refused():
    floats = ("f90000", "fa47c35000", "fb3ff199999999999a")
    for text in floats + ("f7", "f0", "f818", "f820", "c249010000000000000000", "c100"):
        raises(Malformed, cbor.decode, bytes.fromhex(text))
    for text in ("1f", "3f", "df", "ff", "1c", "1d", "1e", "3c", "5c", "fc", "fd", "fe"):
        raises(Malformed, cbor.decode, bytes.fromhex(text))
    for text in ("a1f500", "a18000", "a1a000", "a1f600"):
        raises(Malformed, cbor.decode, bytes.fromhex(text))


def test_truncated_or_trailing_bytes_are_refused():
    claims_more = ("5affffffff", "9affffffff", "bb7fffffffffffffff")
    for text in ("", "18", "1901", "41", "6261", "81", "8201", "a1", "a101", "c4") + claims_more:
        raises(Malformed, cbor.decode, bytes.fromhex(text))
    raises(Malformed, cbor.decode, b"\x00\x00")


def test_invalid_utf8():
    for text in ("61ff", "62c080", "63e08080", "63eda080", "64f4908080", "61c3", "62c328", "64f0808080"):
        raises(Malformed, cbor.decode, bytes.fromhex(text))


def test_limits():
    cbor.decode(b"\x81" * 15 + b"\x00")
    raises(Malformed, cbor.decode, b"\x81" * 16 + b"\x00")
    raises(Malformed, cbor.decode, b"\x59\x40\x00" + bytes(0x4000))


def test_values_without_encoding():
    raises(Malformed, cbor.encode, 1.5)
    raises(Malformed, cbor.encode, 1 << 64)
    raises(Malformed, cbor.encode, object())


def test_encoding_needs_constant_stack():
    """A Pico's stack of 8 KB ended at a map of four levels, called from where the app calls it."""
    value = 0
    for _ in range(300):
        value = {1: [cbor.Tag(4, value)]}
    assert len(cbor.encode(value)) == 300 * 4 + 1


def test_decoding_is_bounded_in_items():
    assert len(cbor.decode(cbor.encode([0] * cbor.MAX_ITEMS))) == cbor.MAX_ITEMS
    raises(Malformed, cbor.decode, cbor.encode([0] * (cbor.MAX_ITEMS + 1)))
    raises(Malformed, cbor.decode, cbor.encode([[0] * 300] * 4))
    raises(Malformed, cbor.decode, cbor.encode({key: 0 for key in range(cbor.MAX_ITEMS // 2 + 1)}))
    assert cbor.decode(cbor.encode([[0] * 300] * 3)) == [[0] * 300] * 3, "each decode begins anew"


def test_keys_are_in_the_order_of_their_encoding():
    keys = [0, 23, 24, 255, 256, 1 << 40, -1, -24, -25, -257, b"", b"a", b"aa", "", "b", "aa"]
    for some in (keys, keys[:10], keys[6:10], keys[:6], keys[10:]):
        data = cbor.encode({key: 1 for key in reversed(some)})
        encoded = [cbor.encode(key) for key in some]
        assert encoded == sorted(encoded) and data[1:] == b"".join(key + b"\x01" for key in encoded)
        assert cbor.decode(data) == {key: 1 for key in some}
