"""A message in a few words, for people who read a bundle."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from ..errors import Malformed
from ..money import Assets, Price, show_price
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Command,
    Delegation,
    FactoryRecord,
    Firmware,
    Message,
    Number,
    Reading,
    Receipt,
    Shift,
    Transfer,
    Voucher,
    to_decimal,
)
from ..wire.senml import Measurement, measurements
from .words import SMALLEST, amount, clock, named, short, worth_of_clock

_FAR_SECONDS: Final = 86_400  # beyond a day a date says more than seconds


def describe(message: Message[Body], names: Mapping[bytes, str], assets: Assets = SMALLEST) -> str:
    """What the message says. names: device id -> name. assets: how to write amounts."""
    match message.body:
        case Certificate() as body:
            issues = "" if body.may_issue is None else f", may issue to depth {body.may_issue}"
            said = f"custody {body.custody}{issues}" + (f", {body.model}" if body.model else "")
        case Reading() as body:
            unsure = worth_of_clock(body.clock_quality)
            said = f"#{body.seq} {clock(body.sampled_at)}{unsure and f' [{unsure}]'}  {quantities(body)}"
        case ChannelOpen() as body:
            locked = amount(body.capacity, body.asset, assets)
            said = f"{short(message.digest)} to {named(body.payee, names)}, up to {locked}{_price(body, assets)}"
        case Voucher() | Receipt() as body:
            said = f"{short(body.channel)} lane {body.lane} #{body.seq}, {body.amount:,} in all"
        case ChannelClose() as body:
            said = f"{short(body.channel)} {clock(body.closed_at)}"
        case Command() as body:
            said = f"{body.op} #{body.seq}"
        case Transfer() as body:
            said = f"#{body.generation} to {body.new.did}, {clock(body.signed_at)}"
        case Delegation() as body:
            said = f"{', '.join(body.ops)} until {clock(body.not_after)}, to {body.operator.did}"
        case Shift() as body:
            moved = amount(body.amount, body.asset, assets)
            said = f"{moved} of {named(body.device, names)}, from shard {body.source.shard} to {body.target.shard}"
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
    """The values of a reading with their units, and with their times where they differ from the reading's."""
    return ", ".join(_measurement(one, body.sampled_at) for one in measurements(body))


def _measurement(one: Measurement, sampled_at: int) -> str:
    values = [
        "" if one.value is None else f"{number(one.value)} {one.unit or ''}".strip(),
        one.text or "",
        "" if one.flag is None else ("true" if one.flag else "false"),
        "" if one.data is None else one.data.hex(),
    ]
    return " ".join(filter(None, (one.name, *values, _when(one.at, sampled_at))))


def _when(at: Decimal | None, sampled_at: int) -> str:
    """How far a measurement's time is from the reading's; nothing where they are the same."""
    if at is None:
        return "(time out of range)"
    apart = at - sampled_at
    if abs(apart) > _FAR_SECONDS:
        return f"({clock(int(at))})"
    return f"({abs(apart):f} s {'after' if apart > 0 else 'before'})" if apart else ""


def number(given: Number | Decimal) -> str:
    """A measured number, written out unless that is very long."""
    try:
        value = given if isinstance(given, Decimal) else to_decimal(given)
    except Malformed:
        return "out of range"
    return f"{value:f}" if -12 < value.adjusted() < 15 else f"{value:e}"
