"""A message in a few words, for people who read a bundle."""

from collections.abc import Mapping

from ..errors import Malformed
from ..money import Assets, Price, show_price
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Command,
    FactoryRecord,
    Firmware,
    Message,
    Number,
    Reading,
    Receipt,
    Record,
    Voucher,
    to_decimal,
)
from .words import SMALLEST, amount, clock, named, short


def describe(message: Message[Body], names: Mapping[bytes, str], assets: Assets = SMALLEST) -> str:
    """What the message says. names: device id -> name. assets: how to write amounts."""
    match message.body:
        case Certificate() as body:
            issues = "" if body.may_issue is None else f", may issue to depth {body.may_issue}"
            said = f"custody {body.custody}{issues}" + (f", {body.model}" if body.model else "")
        case Reading() as body:
            said = f"#{body.seq} {clock(body.sampled_at)}  {quantities(body)}"
        case ChannelOpen() as body:
            locked = amount(body.capacity, body.asset, assets)
            said = f"{short(message.digest)} to {named(body.payee, names)}, up to {locked}{_price(body, assets)}"
        case Voucher() | Receipt() as body:
            said = f"{short(body.channel)} lane {body.lane} #{body.seq}, {body.amount:,} in all"
        case ChannelClose() as body:
            said = f"{short(body.channel)} {clock(body.closed_at)}"
        case Command() as body:
            said = f"{body.op} #{body.seq}"
        case Firmware() as body:
            said = f"{body.name}, version {body.version} for {body.model} ({body.arch}), {len(body.files)} files"
        case FactoryRecord() as body:
            passed = sum(outcome is True for outcome in body.selftest.values())
            said = f"#{body.seq} {body.name} by {body.maker}, {clock(body.made_at)}, {body.model}, "
            said += f"firmware {body.firmware}, {passed} of {len(body.selftest)} parts passed"
        case _:
            said = ""
    return said


def _price(body: ChannelOpen, assets: Assets) -> str:
    if body.price is None:
        return ""
    return ", for " + show_price(Price(body.asset, body.unit or "piece", body.price), assets)


def quantities(body: Reading) -> str:
    """The values of a reading with their units."""
    return ", ".join(filter(None, map(_record, body.records)))


def _record(record: Record) -> str:
    name = (record.base_name or "") + (record.name or "")
    if record.value is not None:
        value = f"{number(record.value)} {record.unit or record.base_unit or ''}"
    elif record.text is not None:
        value = record.text
    elif record.flag is not None:
        value = "yes" if record.flag else "no"
    else:
        return name
    return f"{name} {value}".strip()


def number(given: Number) -> str:
    """A measured number, written out unless that is very long."""
    try:
        value = to_decimal(given)
    except Malformed:
        return "out of range"
    return f"{value:f}" if -12 < value.adjusted() < 15 else f"{value:e}"
