"""The host's codec: one encoding for each value, no other taken, and nothing that cbor2 lets through by itself."""

import os
import subprocess
import sys
from pathlib import Path

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.errors import Malformed, NotDeterministic
from sealwright.wire import cbor
from sealwright.wire.cbor import Tag

ROOT = Path(__file__).resolve().parents[3]

integers = st.integers(-(2**64), 2**64 - 1)
keys = st.one_of(integers, st.text(max_size=8), st.binary(max_size=8))
scalars = st.one_of(keys, st.booleans(), st.none())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(keys, inner, max_size=5),
        st.builds(Tag, st.sampled_from((4, 18)), inner),
    ),
    max_leaves=20,
)


def depth(value):
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max([depth(v) for v in value.values()] + [1 if value else 0])
    return 1 + depth(value.value) if isinstance(value, Tag) else 1


def plain(value):
    """`value` as cbor2 takes it, for comparison."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return cbor2.CBORTag(value.number, plain(value.value)) if isinstance(value, Tag) else value


@given(values.filter(lambda value: depth(value) <= cbor.MAX_DEPTH))
def test_what_is_encoded_decodes_to_the_same(value):
    decoded = cbor.decode(cbor.encode(value))
    assert decoded == value
    assert repr(decoded) == repr(value) or isinstance(value, (dict, list, Tag))  # True is not 1


@settings(max_examples=2000)
@given(st.binary(max_size=24))
def test_what_decodes_is_its_own_encoding(raw):
    try:
        value = cbor.decode(raw)
    except (Malformed, NotDeterministic):
        return
    assert cbor.encode(value) == raw


@settings(max_examples=300)
@given(values.filter(lambda value: depth(value) <= cbor.MAX_DEPTH), st.data())
def test_a_damaged_encoding_is_refused_or_means_something_else(value, data):
    raw = bytearray(cbor.encode(value))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = cbor.decode(bytes(raw))
    except (Malformed, NotDeterministic):
        return
    assert cbor.encode(changed) == bytes(raw)


def one_kind(value):
    """Whether every map's keys are of one major type: there RFC 7049's order is RFC 8949's."""
    if isinstance(value, dict):
        kinds = {(type(key), isinstance(key, int) and key < 0) for key in value}
        return len(kinds) < 2 and all(map(one_kind, value.values()))
    return all(map(one_kind, value)) if isinstance(value, list) else not isinstance(value, Tag) or one_kind(value.value)


@given(values.filter(lambda value: depth(value) <= cbor.MAX_DEPTH and one_kind(value)))
def test_cbor2s_canonical_mode_agrees_where_the_two_orders_do(value):
    assert cbor.encode(value) == cbor2.dumps(plain(value), canonical=True)


def test_keys_are_in_bytewise_order_where_cbor2_sorts_by_length():
    assert cbor.encode({-1: 0, 256: 0}).hex() == "a21901000020 00".replace(" ", "")
    assert cbor.encode({"b": 0, "aa": 0, 300: 0, -70001: 0, 1: 0}).hex() == (
        "a5" + "0100" + "19012c00" + "3a0001117000" + "616200" + "62616100"
    )
    assert cbor2.dumps({-1: 0, 256: 0}, canonical=True) != cbor.encode({-1: 0, 256: 0})


# What cbor2 by itself reads and the profile must not.
LENIENT = {
    "trailing bytes": ("0000", Malformed),
    "duplicate keys": ("a201000100", NotDeterministic),
    "keys out of order": ("a202000100", NotDeterministic),
    "keys in RFC 7049 order": ("a220001901 0000", NotDeterministic),
    "integer one byte too long": ("1817", NotDeterministic),
    "integer in two bytes": ("1900ff", NotDeterministic),
    "integer in four bytes": ("1a0000ffff", NotDeterministic),
    "integer in eight bytes": ("1b00000000ffffffff", NotDeterministic),
    "negative too long": ("3817", NotDeterministic),
    "length of bytes too long": ("580100", NotDeterministic),
    "length of text too long": ("780161", NotDeterministic),
    "length of array too long": ("980100", NotDeterministic),
    "length of map too long": ("b8010000", NotDeterministic),
    "tag too long": ("d81200", NotDeterministic),
    "indefinite bytes": ("5f4100ff", NotDeterministic),
    "indefinite text": ("7f6161ff", NotDeterministic),
    "indefinite array": ("9f00ff", NotDeterministic),
    "indefinite map": ("bf0000ff", NotDeterministic),
    "float": ("f93c00", Malformed),
    "bignum": ("c24101", Malformed),
    "big float": ("c5820001", Malformed),
    "regular expression": ("d82361 2e", Malformed),
    "shared value": ("d81c00", Malformed),
    "set": ("d901028101", Malformed),
    "undefined": ("f7", Malformed),
    "simple value": ("f0", Malformed),
    "simple value in two bytes": ("f8ff", Malformed),
    "boolean key": ("a1f500", Malformed),
    "null key": ("a1f600", Malformed),
}


@pytest.mark.parametrize("name", LENIENT)
def test_cbor2s_leniency_is_not_ours(name):
    text, error = LENIENT[name]
    raw = bytes.fromhex(text.replace(" ", ""))
    with pytest.raises(error):
        cbor.decode(raw)


BROKEN = {
    "nothing": "",
    "head cut": "19ff",
    "argument cut": "1b00000000000000",
    "bytes cut": "41",
    "text cut": "6261",
    "array cut": "8200",
    "map without value": "a100",
    "map cut in key": "a1",
    "tag of nothing": "d2",
    "array of 2**64 - 1": "9bffffffffffffffff",
    "map of 2**63": "bb8000000000000000",
    "bytes of 2**64 - 1": "5bffffffffffffffff",
    "reserved information": "1c",
    "reserved in an array": "9d",
    "reserved in a simple value": "fc",
    "a break": "ff",
    "an integer without end": "1f",
    "a tag without end": "df",
    "a lone surrogate": "63eda080",
    "an overlong slash": "62c0af",
    "beyond Unicode": "64f4908080",
    "text cut in a character": "61c3",
    "array as a key": "a18000",
    "map as a key": "a1a000",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_items_are_malformed(name):
    with pytest.raises(Malformed):
        cbor.decode(bytes.fromhex(BROKEN[name]))


def test_depth_ends_at_sixteen_levels():
    assert cbor.decode(b"\x81" * 15 + b"\x00")
    assert cbor.decode(b"\xd2" * 15 + b"\x00")
    for head in (b"\x81", b"\xd2", b"\xa1\x00"):
        with pytest.raises(Malformed, match="nested"):
            cbor.decode(head * 16 + b"\x00")
    value = 0
    for _ in range(15):
        value = [value]
    assert cbor.encode(value) == b"\x81" * 15 + b"\x00"
    for deep in ([value], {0: value}, Tag(18, value)):
        with pytest.raises(Malformed, match="nested"):
            cbor.encode(deep)


def test_size_ends_at_64_kib():
    assert cbor.MAX_SIZE == 65536
    largest = cbor.encode(bytes(cbor.MAX_SIZE - 3))
    assert len(largest) == cbor.MAX_SIZE
    assert cbor.decode(largest) == bytes(cbor.MAX_SIZE - 3)
    with pytest.raises(Malformed, match="more than"):
        cbor.decode(cbor.encode(bytes(cbor.MAX_SIZE - 2)))


OUTSIDE = (
    1.0,
    2**64,
    -(2**64) - 1,
    "\ud800",
    {True: 0},
    {None: 0},
    {(1,): 0},
    {2**64: 0},
    object(),
    Tag(0, ""),
    {1.5: 0},
)


@pytest.mark.parametrize("value", OUTSIDE, ids=lambda value: type(value).__name__)
def test_what_the_profile_has_no_place_for_is_not_encoded(value):
    with pytest.raises(Malformed):
        cbor.encode(value)


def test_buffers_and_tuples_encode_as_bytes_and_arrays():
    assert cbor.encode([bytearray(b"a"), memoryview(b"b"), (1, 2)]) == cbor.encode([b"a", b"b", [1, 2]])


def test_a_decimal_fraction_no_decimal_can_hold_is_only_data():
    value = Tag(4, [2**63, 1])
    assert cbor.decode(cbor.encode(value)) == value


@pytest.mark.skipif("SEALWRIGHT_CBOR2" in os.environ, reason="this is the run under the other cbor2")
def test_the_codec_under_the_other_major_of_cbor2():
    other = ROOT / "build" / "cbor2-6"
    if not other.is_dir():
        pytest.skip("build/cbor2-6 is not there; `make` installs cbor2 6 into it")
    path = os.pathsep.join((str(other), str(ROOT / "host_tools")))
    env = dict(os.environ, SEALWRIGHT_CBOR2=str(other), PYTHONPATH=path)
    tests = [str(path) for path in sorted(Path(__file__).parent.glob("test_c[bo]*.py"))]
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif("SEALWRIGHT_CBOR2" not in os.environ, reason="this is the run under the installed cbor2")
def test_the_run_under_the_other_major_has_it():
    assert Path(cbor2.__file__).is_relative_to(os.environ["SEALWRIGHT_CBOR2"])
