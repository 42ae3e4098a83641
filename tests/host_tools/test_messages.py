"""Messages: what is built reads back, values are exact, and a body that the schema does not allow is not built."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.errors import Malformed, WrongType
from sealwright.messages import (
    BODIES,
    DecimalFraction,
    Reading,
    Record,
    Ticks,
    Voucher,
    from_decimal,
    parse_as,
    parse_message,
    sign_message,
    to_decimal,
)

from tests.host_tools.schema_cases import DEVICE, MESSAGES, OPEN, PEER


def test_there_is_one_of_each_type():
    assert [cls.NAME for cls in BODIES] == list(MESSAGES)
    assert [cls.TYPE for cls in BODIES] == list(range(65001, 65013))


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
