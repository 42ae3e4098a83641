"""The device's reader is as strict as the host's: of every key's wrong values both refuse the same.

Both run on the host tests' table of wrong values, which a CDDL validator has confirmed there.
"""

import pytest
from seal import messages, ownership  # noqa: F401  # it adds its messages
from seal.errors import Malformed, NotDeterministic, WrongType
from sealwright import parse_message
from sealwright.errors import SealwrightError
from sealwright.wire.cbor import Tag, encode

from tests.host_tools.wire.schema_cases import MAPS, message_with, without
from tests.host_tools.wire.schema_messages import MESSAGES, resigned
from tests.host_tools.wire.schema_wrong import CHAIN_WRONG, KEY_WRONG
from tests.parity.spoken import KEYS_TO_LEARN, TYPES, UNSPOKEN, envelope, known, raw_of, spoken
from tests.parity.variants import variants

# Refused by the device too, but later: points when a key is taken up (identity.public_of), certificates when their
# chain is checked (identity.check_chain).
OFF_CURVE = KEY_WRONG[-1]
LATER = (OFF_CURVE, {1: OFF_CURVE}, *(wrong for wrong in CHAIN_WRONG if wrong and isinstance(wrong[0], bytes)))


X, Y, CHAIN = -2, -3, 2
LEDGER = 7


def device_takes(raw):
    try:
        messages.parse(raw)
    except (Malformed, NotDeterministic, WrongType):
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
def test_good_messages_are_taken(name):
    raw = raw_of(name)
    read = messages.parse(raw)
    assert (read.raw, read.digest) == (raw, parse_message(raw).digest)
    if name not in KEYS_TO_LEARN:
        assert read.digest == MESSAGES[name].digest


@pytest.mark.parametrize("name", [name for name in MAPS if name not in UNSPOKEN])
def test_what_the_host_refuses_the_device_refuses(name):
    def takes(change):
        return device_takes(message_with(name, lambda given: change(known(name, given))))

    for label, (wrong_values, optional) in known(name, MAPS[name]).items():
        assert takes(without(label)) == optional, label
        for wrong in wrong_values:
            assert takes(lambda given, wrong=wrong: {**given, label: wrong}) == (wrong in LATER), (label, wrong)
    for extra in (100, -1000, -70099, "x", b"x"):
        assert not takes(lambda given, extra=extra: {**given, extra: 0}), extra


LATER_KEYS = [(name, label) for name, labels in KEYS_TO_LEARN.items() for label in labels]


@pytest.mark.skipif(not LATER_KEYS, reason="devices know every key of the schema")
@pytest.mark.parametrize("name,label", LATER_KEYS)
def test_a_key_that_devices_are_to_learn_is_refused(name, label):
    """It could be a condition, which a device that does not know it must not pass over."""
    raw = message_with(name, lambda given: {**known(name, given), label: given[label]})
    assert host_takes(raw) and not device_takes(raw)


@pytest.mark.parametrize("change", [{3: 0}, {2: [1]}, {5: b""}, {"x": 0}, {4: ...}, {4: b"1234567"}, {4: "12345678"}])
@pytest.mark.parametrize("name", TYPES)
def test_another_header_is_refused(name, change):
    header, payload = spoken(name)
    assert not device_takes(resigned({**header, **change}, payload))


@pytest.mark.parametrize(
    "change", [{16: ...}, {16: 65000}, {16: 65030}, {16: "65004"}, {16: True}, {16: None}, {15: {}}]
)
def test_another_type_is_refused(change):
    header, payload = spoken("voucher")
    assert not device_takes(resigned({**header, **change}, payload))


@pytest.mark.parametrize("name", UNSPOKEN)
def test_a_type_that_devices_do_not_speak_is_refused(name):
    assert host_takes(MESSAGES[name].raw) and not device_takes(MESSAGES[name].raw)


@pytest.mark.parametrize("change", [{15: ...}, {3: ...}, {3: 113}, {3: "application/senml+cbor"}, {15: []}, {15: None}])
def test_a_reading_needs_its_content_type_and_claims(change):
    header, payload = spoken("reading")
    assert not device_takes(resigned({**header, **change}, payload))


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("payload", [None, [], 0, "", b"\xa0\x00", b"", {}])
def test_another_payload_is_refused(name, payload):
    header, _ = spoken(name)
    assert not device_takes(resigned(header, payload))


def host_takes(raw):
    try:
        parse_message(raw)
    except SealwrightError:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
def test_whatever_node_is_changed_both_take_it_or_neither(name):
    header, payload = spoken(name)
    parts = envelope(name)
    changed = [(path, [encode(value), *parts[1:]]) for path, value in variants(header)]
    changed += [(path, [*parts[:2], encode(value), parts[3]]) for path, value in variants(payload)]
    changed += list(variants(parts))
    for path, value in changed:
        raw = encode(Tag(18, value))
        if path[-1:] in ((X,), (Y,)) or (name, path) in (("grant", (CHAIN, 0)), ("grant", (LEDGER, 0))):
            continue  # see LATER
        assert device_takes(raw) == host_takes(raw), (path, value)
