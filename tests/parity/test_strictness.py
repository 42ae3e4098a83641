"""The device's reader is as strict as the host's: of every key's wrong values both refuse the same.

Both run on the host tests' table of wrong values, which a CDDL validator has confirmed there.
"""

import pytest
from seal import messages
from seal.errors import Malformed, NotDeterministic, WrongType
from sealwright import parse_message
from sealwright.cbor import Tag, encode
from sealwright.errors import SealwrightError

from tests.host_tools.schema_cases import CHAIN_WRONG, KEY_WRONG, MAPS, MESSAGES, message_with, resigned, split, without
from tests.parity.spoken import HOST_ONLY, TYPES
from tests.parity.variants import variants

# Refused by the device too, but later: points when a key is taken up (identity.public_of), certificates when their
# chain is checked (identity.check_chain).
OFF_CURVE = KEY_WRONG[-1]
LATER = (OFF_CURVE, {1: OFF_CURVE}, *(wrong for wrong in CHAIN_WRONG if wrong and isinstance(wrong[0], bytes)))


X, Y, CHAIN = -2, -3, 2


def device_takes(raw):
    try:
        messages.parse(raw)
    except (Malformed, NotDeterministic, WrongType):
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
def test_good_messages_are_taken(name):
    read = messages.parse(MESSAGES[name].raw)
    assert (read.raw, read.digest) == (MESSAGES[name].raw, MESSAGES[name].digest)


@pytest.mark.parametrize("name", [name for name in MAPS if name not in HOST_ONLY])
def test_what_the_host_refuses_the_device_refuses(name):
    for label, (wrong_values, optional) in MAPS[name].items():
        assert device_takes(message_with(name, without(label))) == optional, label
        for wrong in wrong_values:
            raw = message_with(name, lambda given, wrong=wrong: {**given, label: wrong})
            assert device_takes(raw) == (wrong in LATER), (label, wrong)
    for extra in (100, -1000, -70099, "x", b"x"):
        assert not device_takes(message_with(name, lambda given, extra=extra: {**given, extra: 0})), extra


@pytest.mark.parametrize("change", [{3: 0}, {2: [1]}, {5: b""}, {"x": 0}, {4: ...}, {4: b"1234567"}, {4: "12345678"}])
@pytest.mark.parametrize("name", TYPES)
def test_another_header_is_refused(name, change):
    header, payload = split(name)
    assert not device_takes(resigned({**header, **change}, payload))


@pytest.mark.parametrize(
    "change", [{16: ...}, {16: 65000}, {16: 65013}, {16: "65004"}, {16: True}, {16: None}, {15: {}}]
)
def test_another_type_is_refused(change):
    header, payload = split("voucher")
    assert not device_takes(resigned({**header, **change}, payload))


@pytest.mark.parametrize("name", HOST_ONLY)
def test_a_type_between_hosts_is_refused(name):
    assert host_takes(MESSAGES[name].raw) and not device_takes(MESSAGES[name].raw)


@pytest.mark.parametrize("change", [{15: ...}, {3: ...}, {3: 113}, {3: "application/senml+cbor"}, {15: []}, {15: None}])
def test_a_reading_needs_its_content_type_and_claims(change):
    header, payload = split("reading")
    assert not device_takes(resigned({**header, **change}, payload))


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("payload", [None, [], 0, "", b"\xa0\x00", b"", {}])
def test_another_payload_is_refused(name, payload):
    header, _ = split(name)
    assert not device_takes(resigned(header, payload))


def host_takes(raw):
    try:
        parse_message(raw)
    except SealwrightError:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
def test_whatever_node_is_changed_both_take_it_or_neither(name):
    header, payload = split(name)
    sign1 = MESSAGES[name].sign1
    parts = [sign1.protected, {}, sign1.payload, sign1.signature]
    changed = [(path, [encode(value), *parts[1:]]) for path, value in variants(header)]
    changed += [(path, [*parts[:2], encode(value), parts[3]]) for path, value in variants(payload)]
    changed += list(variants(parts))
    for path, envelope in changed:
        raw = encode(Tag(18, envelope))
        if path[-1:] in ((X,), (Y,)) or (name, path) == ("grant", (CHAIN, 0)):
            continue  # see LATER
        assert device_takes(raw) == host_takes(raw), (path, envelope)
