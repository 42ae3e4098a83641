"""Two codecs of one profile, the device's and the host's, and cbor2 beside them: the same bytes for the same value, the
same value for the same bytes, and the same bytes refused for the same reason.

They differ on purpose in one thing, how much they take: 16 KiB on a device, 64 KiB on a host.
"""

import random

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seal import cbor as device
from seal.errors import Malformed as DeviceMalformed
from seal.errors import NotDeterministic as DeviceNotDeterministic
from sealwright.errors import Malformed, NotDeterministic
from sealwright.wire import cbor as host

from tests.host_tools.wire.test_cbor import depth, one_kind, plain, values
from tests.vectors.diagnostic import show
from tests.vectors.interpreters import NAMES, ask


def by_device(raw):
    """What the device decodes, as text, or the kind of its refusal."""
    try:
        return show(device.decode(raw))
    except DeviceMalformed:
        return Malformed
    except DeviceNotDeterministic:
        return NotDeterministic


def by_host(raw):
    try:
        return show(host.decode(raw))
    except (Malformed, NotDeterministic) as error:
        return type(error)


def to_device(value):
    """A host's value with the device's tags."""
    if isinstance(value, host.Tag):
        return device.Tag(value.number, to_device(value.value))
    if isinstance(value, list):
        return [to_device(item) for item in value]
    return {key: to_device(item) for key, item in value.items()} if isinstance(value, dict) else value


fitting = values.filter(lambda value: depth(value) <= host.MAX_DEPTH)


@given(fitting)
def test_values_come_back_and_have_one_encoding(value):
    raw = device.encode(to_device(value))
    assert raw == host.encode(value)
    assert show(device.decode(raw)) == show(value)
    assert device.decode(raw) == to_device(value)
    assert device.decode_prefix(b"\x00" + raw + b"\x00", 1) == (to_device(value), 1 + len(raw))


@given(fitting.filter(one_kind))
def test_cbor2s_canonical_mode_agrees_where_its_order_is_ours(value):
    assert device.encode(to_device(value)) == cbor2.dumps(plain(value), canonical=True)


def without_fractions(value):
    """Tag 18 in place of 4, which cbor2 would make a Decimal of."""
    if isinstance(value, host.Tag):
        return host.Tag(18, without_fractions(value.value))
    if isinstance(value, list):
        return [without_fractions(item) for item in value]
    return {key: without_fractions(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(fitting.map(without_fractions))
def test_cbor2_understands_the_same(value):
    assert cbor2.loads(device.encode(to_device(value))) == plain(value)


@settings(max_examples=500)
@given(st.binary(max_size=40))
def test_any_bytes(raw):
    assert by_device(raw) == by_host(raw)


@settings(max_examples=1000)
@given(fitting, st.data())
def test_damaged_encodings(value, data):
    raw = bytearray(host.encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        if not raw:
            break
    assert by_device(bytes(raw)) == by_host(bytes(raw))


def head(rng, major, number):
    """An item's head, mostly in the shortest form and sometimes in a longer one, or without a length."""
    shortest = next(width for width, limit in enumerate((24, 1 << 8, 1 << 16, 1 << 32, 1 << 64)) if number < limit)
    width = shortest if rng.random() < 0.97 else rng.randint(shortest, 4)
    if rng.random() < 0.005:
        return bytes((major << 5 | rng.randint(28, 31),))
    if width == 0:
        return bytes((major << 5 | number,))
    return bytes((major << 5 | 23 + width,)) + number.to_bytes(1 << (width - 1), "big")


TEXTS = ("", "a", "\u00fc", "\u6c34", "\U00010151", "abc" * 9)
BROKEN_TEXTS = (b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xe6\xb0")
NUMBERS = (0, 1, 23, 24, 255, 256, 65535, 65536, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def item(rng, levels):
    """The encoding of a random item: often in the profile, as often a little outside it."""
    major = rng.choice((0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 7) if levels else (0, 1, 2, 3, 7))
    if major < 2:
        return head(rng, major, rng.choice(NUMBERS))
    if major < 4:
        text = rng.choice(TEXTS).encode() if rng.random() < 0.97 else rng.choice(BROKEN_TEXTS)
        return head(rng, major, len(text)) + text
    if major == 4:
        items = [item(rng, levels - 1) for _ in range(rng.randint(0, 3))]
        return head(rng, 4, len(items)) + b"".join(items)
    if major == 5:
        keys = {item(rng, 0 if rng.random() < 0.95 else levels - 1) for _ in range(rng.randint(0, 4))}
        ordered = sorted(keys) if rng.random() < 0.9 else list(keys)
        return head(rng, 5, len(ordered)) + b"".join(key + item(rng, levels - 1) for key in ordered)
    if major == 6:
        return head(rng, 6, rng.choice((4, 4, 18, 18, 2, 55799))) + item(rng, levels - 1)
    return bytes((rng.choice((0xF4, 0xF5, 0xF6, 0xF4, 0xF5, 0xF6, 0xF7, 0xF9, 0xE0)),))


def items(count):
    rng = random.Random("codec agreement")
    return [b"\x82" + item(rng, rng.choice((1, 2, 3, 20))) + item(rng, 2) for _ in range(count)]


@pytest.mark.parametrize("interpreter", NAMES)
def test_items_in_and_around_the_profile(interpreter, tmp_path):
    raws = items(3000)
    expected = [by_host(raw) for raw in raws]
    assert 1000 < sum(isinstance(outcome, type) for outcome in expected) < 2000, "the items must be on both sides"
    answers = ask(interpreter, [["decode", raw.hex()] for raw in raws], tmp_path)
    for raw, outcome, answer in zip(raws, expected, answers, strict=True):
        assert answer == ([outcome.__name__] if isinstance(outcome, type) else ["ok", outcome, raw.hex()]), raw.hex()


def test_both_end_at_sixteen_levels():
    for wrap in (b"\x81", b"\xd2", b"\xa1\x00"):
        for levels in range(1, 40):
            raw = wrap * levels + b"\x00"
            assert by_device(raw) == by_host(raw)
            assert (by_device(raw) is Malformed) == (levels > 15)


def test_they_differ_in_size_alone():
    assert (device.MAX_SIZE, host.MAX_SIZE) == (1 << 14, 1 << 16)
    for size in (device.MAX_SIZE - 3, device.MAX_SIZE - 2):
        raw = host.encode(bytes(size))
        assert by_host(raw) == show(bytes(size))
        assert by_device(raw) == (show(bytes(size)) if len(raw) <= device.MAX_SIZE else Malformed)
