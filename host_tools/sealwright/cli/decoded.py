"""Messages as JSON says them: fields by name, bytes in hexadecimal, measured numbers and amounts as decimal text.

An amount is text whatever its size, so that a program meets one type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ..errors import Malformed
from ..wire.keys import PublicKey
from ..wire.messages import (
    Body,
    Claim,
    DecimalFraction,
    Message,
    Number,
    Reading,
    RevealedTick,
    to_decimal,
)
from ..wire.messages.schema import AMOUNT
from ..wire.senml import Measurement, measurements
from .describe import number
from .words import json_value


def as_json(message: Message[Body]) -> dict[str, Any]:
    """A message in short, as `collect` shows it: type, digest, kid; of a reading its number, time and values."""
    shown: dict[str, Any] = {"type": message.type, "digest": message.digest.hex(), "kid": message.kid.hex()}
    if isinstance(message.body, Reading):
        body = message.body
        shown |= {"seq": body.seq, "at": body.sampled_at, "clock": body.clock_quality, "values": values(body)}
    return shown


def values(reading: Reading) -> list[dict[str, Any]]:
    """The resolved records of a reading: name, unit, time in unix seconds, and the value, text, flag or data."""
    return [_measurement(one) for one in measurements(reading)]


def _measurement(one: Measurement) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": one.name, "unit": one.unit, "time": None if one.at is None else f"{one.at:f}"}
    if one.value is not None:
        shown["value"] = _number(one.value)
    if one.text is not None:
        shown["text"] = one.text
    if one.flag is not None:
        shown["flag"] = one.flag
    if one.data is not None:
        shown["data"] = one.data.hex()
    return shown


def _number(given: Number) -> str | None:
    """Exact decimal text; None for an exponent beyond all measure."""
    try:
        return number(to_decimal(given))
    except Malformed:
        return None


def body_json(body: Body) -> dict[str, Any]:
    """The whole body by the names of its fields; a reading's records are resolved, under "values"."""
    shown: dict[str, Any] = _struct(body)
    if isinstance(body, Reading):
        del shown["records"]
        shown["values"] = values(body)
    return shown


def _struct(value: Any) -> dict[str, Any]:
    return {one.name: _field(getattr(value, one.name), one.metadata) for one in fields(value)}


def _field(value: Any, metadata: Mapping[str, Any]) -> Any:
    is_amount = "at" in metadata and metadata["at"][1] is AMOUNT
    return str(value) if is_amount and value is not None else _value(value)


def _value(value: Any) -> Any:
    match value:
        case DecimalFraction():
            found: Any = _number(value)
        case PublicKey():
            found = value.device_id.hex()
        case Message():
            found = value.digest.hex()
        case Claim() | RevealedTick():
            found = {name: str(one) if name == "amount" else _value(one) for name, one in value._asdict().items()}
        case tuple() | list():
            found = [_value(one) for one in value]
        case Mapping():
            found = {str(key): _value(one) for key, one in value.items()}
        case _:
            found = _struct(value) if is_dataclass(value) else json_value(value)
    return found


def time_of(body: Body) -> int | None:
    """When its signer says that it was signed or measured, unix seconds; None for messages without a time."""
    # by name: key 6 is a time in most messages and something else in some
    name = next((one.name for one in fields(body) if one.name.endswith("_at")), None)
    return None if name is None else int(getattr(body, name))


def identifiers(value: Any) -> Iterator[bytes]:
    """Every 32-byte string in a body: the ids of its parties are among them."""
    if isinstance(value, bytes) and len(value) == 32:
        yield value
    elif isinstance(value, PublicKey):
        yield value.device_id
    elif isinstance(value, tuple):
        for one in value:
            yield from identifiers(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from identifiers(getattr(value, one.name))
