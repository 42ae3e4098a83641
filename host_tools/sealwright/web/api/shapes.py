"""What the API's objects are made of: from views to JSON values. `openapi` says the same in its own words."""

from typing import Any

from ...wire.messages import Message, Reading
from ...wire.messages.decimals import to_decimal
from ...wire.senml import Measurement, measurements
from ..views.device import Device
from ..views.fleet import Line
from ..views.hub import Part
from ..views.market import OfferLine
from ..views.money import ChannelLine, Flow, Held
from ..views.words import exact, plain


def of_line(line: Line) -> dict[str, Any]:
    """A device of the fleet."""
    return {
        "device": line.device,
        "name": line.name,
        "state": line.state,
        "model": line.model,
        "groups": list(line.groups),
        "custody": line.custody,
        "firmware": line.firmware or None,
        "seen": line.seen,
        "how": line.how or None,
        "clock": line.clock,
        "battery": None if line.battery is None else f"{line.battery:f}",
        "battery_unit": line.battery_unit or None,
        "readings": exact(line.readings),
        "faults": line.faults,
        "fault": line.fault or None,
        "test": line.test,
        "url": line.url,
    }


def of_device(found: Device) -> dict[str, Any]:
    """One device."""
    return {
        **of_line(found.line),
        "did": found.did or None,
        "flaws": list(found.flaws),
        "quantities": [{"name": plain(one.name), "unit": plain(one.unit)} for one in found.series],
        "balances": [of_held(one) for one in found.held],
        "channels": [of_channel(one) for one in found.channels],
        "fault_log": [{"at": one.at, "code": plain(one.code), "text": plain(one.text)} for one in found.faults],
    }


def of_reading(device: str, message: Message[Reading]) -> dict[str, Any]:
    """A reading as it was signed."""
    body = message.body
    return {
        "device": device,
        "seq": exact(body.seq),
        "at": exact(body.sampled_at),
        "clock": body.clock_quality,
        "firmware": plain(body.firmware),
        "digest": message.digest.hex(),
        "prev": None if body.prev is None else body.prev.hex(),
        "values": [_measured(one) for one in measurements(body)],
    }


def _measured(one: Measurement) -> dict[str, Any]:
    if one.value is not None:
        value: str | bool | None = f"{to_decimal(one.value):f}" if _short(one) else str(to_decimal(one.value))
    elif one.flag is not None:
        value = one.flag
    else:
        value = plain(one.text) if one.text is not None else None if one.data is None else one.data.hex()
    return {
        "name": plain(one.name),
        "unit": None if one.unit is None else plain(one.unit),
        "at": None if one.at is None else str(one.at),
        "value": value,
    }


def _short(one: Measurement) -> bool:
    return one.value is not None and abs(to_decimal(one.value).adjusted()) < 40


def of_held(held: Held) -> dict[str, Any]:
    """What an account holds."""
    return {"device": held.device.hex(), "asset": plain(held.asset), "amount": str(held.amount), "shown": held.shown}


def of_channel(one: ChannelLine) -> dict[str, Any]:
    """A channel."""
    return {
        "channel": one.digest.hex(),
        "payer": one.payer.hex(),
        "payee": one.payee.hex(),
        "asset": plain(one.asset),
        "capacity": str(one.capacity),
        "paid": str(one.paid),
        "refunded": str(one.refunded),
        "remaining": str(one.remaining),
        "claimable_until": exact(one.until),
        "state": one.state,
    }


def of_flow(flow: Flow) -> dict[str, Any]:
    """What flowed from one device to another."""
    parties = {"payer": flow.payer.hex(), "payee": flow.payee.hex()}
    return {**parties, "asset": plain(flow.asset), "amount": str(flow.amount), "channels": flow.channels}


def of_offer(one: OfferLine) -> dict[str, Any]:
    """An offer."""
    return {
        "seller": one.seller.hex(),
        "seen": one.at,
        "asset": one.asset,
        "unit": one.unit,
        "price": str(one.amount),
        "not_after": exact(one.not_after),
        "address": one.address or None,
        "left": None if one.left is None else str(one.left),
        "over": one.over,
    }


def of_part(part: Part) -> dict[str, Any]:
    """A part of the hub."""
    return {
        "part": part.name,
        "runs": part.runs,
        "held": part.held,
        "backlog": None if part.backlog is None else exact(part.backlog),
        "text": part.text,
        "started": part.started,
        "at": part.at,
        "counts": {name: exact(count) for name, count in part.counts.items()},
    }
