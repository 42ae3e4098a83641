"""The reader is as strict as the schema: one departure from a good message at a time is refused."""

import pytest
from sealwright.errors import Malformed, NotDeterministic, WrongType
from sealwright.wire.cbor import Tag, encode
from sealwright.wire.messages import parse_message

from tests.host_tools.wire.schema_cases import ALL, MAPS, message_with, without
from tests.host_tools.wire.schema_messages import MESSAGES, resigned, split


@pytest.mark.parametrize("name", MESSAGES)
def test_the_starting_point_is_good(name):
    header, payload = split(name)
    assert parse_message(resigned(header, payload)).body == MESSAGES[name].body


@pytest.mark.parametrize("change", [{3: 0}, {2: [1]}, {5: b""}, {"x": 0}, {4: ...}, {4: b"1234567"}, {4: "12345678"}])
@pytest.mark.parametrize("name", MESSAGES)
def test_another_header_is_malformed(name, change):
    header, payload = split(name)
    with pytest.raises(Malformed):
        parse_message(resigned({**header, **change}, payload))


@pytest.mark.parametrize("typ", [..., 65000, 65030, 0, "application/cose", None, True, b"", -65001])
def test_another_type_is_a_wrong_type(typ):
    header, payload = split("voucher")
    with pytest.raises(WrongType):
        parse_message(resigned({**header, 16: typ}, payload))


@pytest.mark.parametrize("change", [{15: ...}, {3: ...}, {3: 113}, {3: "application/senml+cbor"}, {15: []}, {15: None}])
def test_a_reading_needs_its_content_type_and_claims(change):
    header, payload = split("reading")
    with pytest.raises(Malformed):
        parse_message(resigned({**header, **change}, payload))


def test_claims_belong_to_readings_alone():
    header, payload = split("voucher")
    with pytest.raises(Malformed):
        parse_message(resigned({**header, 15: {}}, payload))


@pytest.mark.parametrize("name", MAPS)
def test_the_table_of_maps_names_every_key(name):
    seen = []
    parse_message(message_with(name, lambda given: seen.append(set(given)) or given))
    assert seen == [set(MAPS[name])]


@pytest.mark.parametrize("name,label", ALL)
def test_a_key_is_required_or_may_be_left_out(name, label):
    raw = message_with(name, without(label))
    if MAPS[name][label][1]:
        assert parse_message(raw)
        return
    with pytest.raises(Malformed, match=f"key {label}\\) is missing"):
        parse_message(raw)


@pytest.mark.parametrize("name,label", ALL)
def test_a_value_of_another_kind_is_malformed(name, label):
    for wrong in MAPS[name][label][0]:
        with pytest.raises(Malformed):
            parse_message(message_with(name, lambda given, wrong=wrong: {**given, label: wrong}))


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("extra", [100, -1000, -70099, "x", b"x"])
def test_an_unknown_key_is_malformed(name, extra):
    with pytest.raises(Malformed, match="unknown key"):
        parse_message(message_with(name, lambda given: {**given, extra: 0}))


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("payload", [None, [], 0, "", b"\xa0\x00", b"", {}])
def test_another_payload_is_malformed(name, payload):
    header, _ = split(name)
    with pytest.raises(Malformed):
        parse_message(resigned(header, payload))


def test_a_reading_has_records_and_they_are_maps():
    header, payload = split("reading")
    for wrong in ([], {}, [[]], [payload[0], None], payload[0]):
        with pytest.raises(Malformed):
            parse_message(resigned(header, wrong))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_payload_in_another_form_is_not_deterministic(name):
    header, payload = split(name)
    raw = encode(payload)
    assert raw[0] >> 5 in (4, 5)
    with pytest.raises(NotDeterministic):
        parse_message(resigned(header, bytes((raw[0] & 0xE0 | 24, raw[0] & 31)) + raw[1:]))


@pytest.mark.parametrize(
    "name,label,values",
    [
        ("voucher", 4, (0, 2**63 - 1)),
        ("voucher", 2, (0, 2**64 - 1)),
        ("channel-open", 6, (0, 2**63 - 1)),
        ("channel-open", 5, ("", "x" * 1000)),
        ("certificate", -70001, (0, 1, 2)),
        ("certificate", -70004, (0, 1, 2, 3)),
        ("claims", -70012, (0, 1, 2, 3)),
        ("claims", -70011, (None, bytes(32))),
        ("record", 2, (0, -(2**64), Tag(4, [-(2**64), 2**64 - 1]), Tag(4, [0, 0]))),
        ("record", 4, (True, False)),
        ("certificate", -70005, (0, 1, 2**64 - 1)),
        ("channel-close", 3, ([], [[2**64 - 1, 2**64 - 1, 2**63 - 1, bytes(32)]])),
        ("receipt", 6, ([0, bytes(32)], [2**64 - 1, bytes(32)])),
        ("funding", 2, (0, 2**63 - 1)),
        ("status", 4, (None, bytes(32))),
        ("revocation", 2, (0, 1, 2, 3, 4)),
        ("revocation", 6, (0, 2**64 - 1)),
        ("offer", 4, ("!", "~" * 32)),
        ("offer", 5, (0, 2**64 - 1)),
        ("command", 5, (0, 2**64 - 1)),
        ("command", 4, (None, [], {}, "x", False, -1, Tag(4, "anything"))),
    ],
)
def test_the_bounds_themselves_are_good(name, label, values):
    for value in values:
        assert parse_message(message_with(name, lambda given, value=value: {**given, label: value}))
