"""Messages: what is built reads back, values are exact, and a body that the schema does not allow is not built."""

import dataclasses
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.errors import Malformed, WrongType
from sealwright.wire.messages import (
    BODIES,
    ChannelClose,
    ChannelOpen,
    Claim,
    DecimalFraction,
    Reading,
    Record,
    Revocation,
    Ticks,
    Voucher,
    from_decimal,
    parse_as,
    parse_message,
    sign_message,
    to_decimal,
)

from tests.host_tools.factory import Network, hash32
from tests.host_tools.wire.schema_cases import message_with
from tests.host_tools.wire.schema_messages import DEVICE, LEDGER_CERTIFICATE, MESSAGES, OFFER, OPEN, PEER


def test_there_is_one_of_each_type():
    assert [cls.NAME for cls in BODIES] == list(MESSAGES)
    assert [cls.TYPE for cls in BODIES] == list(range(65001, 65024))


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_built_reads_back(name):
    message = MESSAGES[name]
    read = parse_message(message.raw)
    assert read == message
    assert (read.type, read.raw, read.digest) == (name, message.raw, message.sign1.digest)
    assert read.kid == message.sign1.header[4]
    assert parse_as(message.raw, type(message.body)) == message


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_are_values(name):
    body = MESSAGES[name].body
    field = dataclasses.fields(body)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(body, field, None)


def test_another_type_than_the_expected_is_a_wrong_type():
    with pytest.raises(WrongType, match="a receipt, where a voucher is expected"):
        parse_as(MESSAGES["receipt"].raw, Voucher)


def test_what_the_schema_does_not_allow_is_not_built():
    with pytest.raises(Malformed, match="amount"):
        DEVICE.voucher(OPEN, -1)
    with pytest.raises(Malformed, match="merges"):
        DEVICE.voucher(OPEN, 1, merges=())
    with pytest.raises(Malformed, match="not an array"):
        DEVICE.reading(records=())
    with pytest.raises(Malformed):
        DEVICE.reading(records=(Record(value=21.5),))
    with pytest.raises(Malformed, match="version"):
        DEVICE.open(PEER, version=2)
    with pytest.raises(Malformed, match="reason"):
        sign_message(DEVICE.key, Revocation(DEVICE.id, 5, 0))


FIRST_DIGESTS = [
    "700a3b394a7f4f27",
    "965b80940b8e7752",
    "d07ed187050e2b6b",
    "d6aa4a37d3bcfa2b",
    "80ddd1314e1c6916",
    "6b6577537e0731b8",
    "572a0656343e92b6",
]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_is_read(name):
    assert parse_message(MESSAGES[name].raw) == MESSAGES[name]


def test_the_first_versions_messages_have_the_bytes_they_had():
    """Digests of messages without a key of the second part, as the version before it made them."""
    device, peer, owner = Network().device(), Network().device("peer"), Network().owner()
    opened = device.open(peer, ledger=None)
    voucher = device.voucher(opened, 7)
    made = (
        device.certificate,
        opened,
        voucher,
        peer.receipt(voucher),
        device.close(opened),
        Network().grant(device),
        owner.command(device, "deposit", {1: "credit", 2: 5}),
    )
    assert [one.digest.hex()[:16] for one in made] == FIRST_DIGESTS
    assert [parse_message(one.raw) for one in made] == list(made)


@pytest.mark.parametrize("asset", ["", "n EUR", "x" * 33, "\u00b5EUR"])
def test_an_asset_of_the_first_version_is_read_and_no_longer_built(asset):
    raw = message_with("channel-open", lambda given: {**given, 5: asset})
    opened = parse_as(raw, ChannelOpen).body
    assert opened.asset == asset
    with pytest.raises(Malformed, match=r"asset \(key 5\): not an asset"):
        sign_message(DEVICE.key, opened)


@pytest.mark.parametrize("asset", ["!", "~" * 32, "nEUR"])
def test_an_asset_within_bounds_is_built(asset):
    assert DEVICE.open(PEER, asset=asset).body.asset == asset
    assert sign_message(DEVICE.key, replace(OFFER, asset=asset)).body.asset == asset


def test_a_close_claims_at_most_64_lanes_and_may_claim_none():
    claims = tuple(Claim(lane, 0, 1, hash32("voucher")) for lane in range(65))
    for fitting in ((), claims[:64], claims[1:]):
        close = sign_message(DEVICE.key, ChannelClose(OPEN.digest, 1, fitting))
        assert parse_as(close.raw, ChannelClose).body.claims == fitting
    with pytest.raises(Malformed, match="at most 64"):
        sign_message(DEVICE.key, ChannelClose(OPEN.digest, 1, claims))
    with pytest.raises(Malformed, match="do not rise"):
        sign_message(DEVICE.key, ChannelClose(OPEN.digest, 1, claims[1::-1]))


@pytest.mark.parametrize("roles,is_ledger", [(None, False), (0, False), (1, True), (2, False), (3, True)])
def test_a_ledger_is_what_its_certificate_says_it_is(roles, is_ledger):
    assert replace(LEDGER_CERTIFICATE.body, roles=roles).is_ledger == is_ledger


def test_a_fault_is_named():
    with pytest.raises(Malformed, match=r"voucher: ticks \(key 10\): value \(key 2\): not an integer in 0"):
        DEVICE.voucher(OPEN, 1, ticks=Ticks(bytes(32), -1, 1))


def test_decimals_are_exact():
    assert to_decimal(DecimalFraction(-2, 2150)) == Decimal("21.50")
    assert str(to_decimal(DecimalFraction(-2, 2150))) == "21.50"
    assert to_decimal(DecimalFraction(3, -7)) == Decimal("-7000")
    assert to_decimal(-5) == Decimal(-5)
    assert from_decimal(Decimal("21.50")) == DecimalFraction(-2, 2150)
    assert from_decimal(Decimal("-0.001")) == DecimalFraction(-3, -1)
    assert from_decimal(Decimal(12)) == 12
    for text in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(Malformed):
            from_decimal(Decimal(text))


@given(st.integers(-(2**64), 2**64 - 1), st.integers(-6144, 6144))
def test_decimals_there_and_back(mantissa, exponent):
    value = to_decimal(DecimalFraction(exponent, mantissa))
    assert value == Decimal(mantissa).scaleb(exponent)
    assert to_decimal(from_decimal(value)) == value
    assert from_decimal(value) == (DecimalFraction(exponent, mantissa) if exponent else mantissa)


def test_more_digits_than_the_wire_holds_are_refused():
    assert from_decimal(Decimal("9" * 20)) == 10**20 - 1
    for digits in (21, 10000):
        with pytest.raises(Malformed, match="digits"):
            from_decimal(Decimal("0." + "9" * digits))


@pytest.mark.parametrize("exponent", [6145, -6145, 2**64 - 1, -(2**64)])
def test_a_decimal_beyond_all_measure_is_data_and_no_number(exponent):
    reading = DEVICE.reading(records=(Record(value=DecimalFraction(exponent, 1)),))
    assert parse_message(reading.raw).body.records[0].value == (exponent, 1)
    with pytest.raises(Malformed, match="exponent"):
        to_decimal(DecimalFraction(exponent, 1))


def test_a_reading_may_be_rebuilt_from_what_was_read():
    body = parse_as(MESSAGES["reading"].raw, Reading).body
    assert sign_message(DEVICE.key, body).raw == MESSAGES["reading"].raw
