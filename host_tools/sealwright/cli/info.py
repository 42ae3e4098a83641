"""`sealwright info`: what a device says of itself."""

from collections.abc import Iterator
from typing import Any, Final

from ..errors import RefusedByDevice, Rejected
from ..link import Client, Info
from ..link.codes import meaning
from ..money import Price, show_price
from ..operate.promises import Promises
from ..operate.trading import STATES
from ..wire.labels import ELEMENT
from ..wire.messages import Body, ChannelOpen, DecimalFraction, DevicePolicy, Message, Voucher, parse_message
from ..wire.messages.schema import read
from . import chip as chips
from . import key_history
from .claimable import Claimable, claimable
from .commands import command
from .describe import number
from .options import DeviceOption
from .pace import energy, said
from .protect import protection, protection_json
from .session import Session
from .words import CLOCK, clock, custody, json_value, named, spending
from .words import number as counted

Facts = Iterator[tuple[str, str]]


@command(
    "info",
    "Show what a device says of itself.",
    """
    sealwright info --device serial:/dev/ttyACM0
    sealwright info --device emulated:solar --json
    """,
)
def info(session: Session, device: DeviceOption) -> None:
    """Show a device's state, identity, policy and counters, in its own words: nothing of it is proved by this."""
    with session.connect(device) as client:
        found = client.info()
        messages = _of_channels(session, client) if found.provisioned and any(found.raw["channels"]) else []
        turned = client.rotations()
    promises = Promises()
    for message in messages:
        promises.note(message)
    claims = [one for one in claimable(session, promises) if one.payee == found.device]
    certified = _certified(session, found)
    certified |= chips.facts(certified.get("chip"))
    shown = _as_json(found) | certified | {"claimable": [one.as_dict() for one in claims]}
    session.emit(ok=True, url=device, **shown, **({"key_history": key_history.as_json(turned)} if turned else {}))
    facts = [*_identity(session, found), *key_history.facts(turned)]
    if found.provisioned:
        facts += [*_business(session, found, messages), *_claims(session, claims)]
    session.facts(facts)


def _of_channels(session: Session, client: Client) -> list[Message[Body]]:
    """The messages of its channels."""
    try:
        return [parse_message(raw) for channel in client.channels() for raw in channel.messages]
    except (RefusedByDevice, Rejected) as error:
        session.note(f"Its channels cannot be read: {error}")
        return []


def _claims(session: Session, claims: list[Claimable]) -> Facts:
    """What it stands to lose: the first to end first."""
    names = session.names()
    for at, one in enumerate(claims):
        yield "" if at else "may claim", one.said(session.assets, names)


def _as_json(found: Info) -> dict[str, Any]:
    """Everything it said, byte strings in hexadecimal, with names where the wire has numbers."""
    shown = {name: json_value(value) for name, value in found.raw.items()}
    raw = found.raw
    if raw.get("policy") is not None:
        policy: DevicePolicy = read(DevicePolicy, raw["policy"])
        limits = {
            asset: {"per_voucher": str(limit.per_voucher), "per_day": str(limit.per_day)}
            for asset, limit in policy.limits.items()
        }
        shown["policy"] = {
            "assets": limits,
            "payees": None if policy.payees is None else [payee.hex() for payee in policy.payees],
            "button_above": None if policy.button_above is None else str(policy.button_above),
            "not_after": policy.not_after,
        }
    if raw.get("order") is not None:
        state, code, promised = raw["order"]
        seq, value = promised or (0, 0)
        reason = None if code is None else meaning(code).name
        shown["order"] = {"state": STATES[state], "reason": reason, "vouchers": seq, "amount": str(value)}
        if raw.get("ticks") is not None:
            shown["order"]["ticks"] = raw["ticks"]
    if raw.get("offer") is not None:
        asset, unit, price = raw["offer"]
        shown["offer"] = [asset, unit, str(price)]
    if raw.get("buying") is not None:
        shown["buying"] = [*shown["buying"][:3], str(raw["buying"][3])]
    if raw.get("protection") is not None:
        shown["protection"] = protection_json(raw["protection"])
    return shown


def _identity(session: Session, found: Info) -> Facts:
    raw = found.raw
    name = session.names().get(found.device) if found.device else None
    yield "state", found.state + (f", {name} in the register" if name else "")
    if raw["fault"] is not None:
        yield "fault", f"{meaning(raw['fault']).cause}. {meaning(raw['fault']).remedy}"
    yield "device id", found.device.hex() if found.device else "none yet"
    if raw.get("transfers"):
        yield "owner", f"{raw['owner'].hex()[:16]}, by {counted(raw['transfers'], 'transfer')} since the grant"
    yield "model", found.model
    code = f", {raw['arch']} code" if raw.get("arch") else ""
    yield "firmware", f"{found.firmware}{code}, curve engine {raw['engine']}"
    if "slot" in raw:
        yield "", _slots(raw)
    yield from _custody(session, found)
    unix, quality = raw["clock"]
    yield "clock", f"{clock(unix)}, {CLOCK[quality]}" if quality else CLOCK[0]
    if raw.get("clock_fault") is not None:
        yield "", "a network's time was REFUSED as far from the last trusted one: `sealwright owner clock` sets it"
    yield "sensors", ", ".join(raw["sensors"]) or "none"
    yield "peers at", ", ".join(found.peers) or "none"


def _custody(session: Session, found: Info) -> Facts:
    """What this home certified, or else what the device says of itself, which proves nothing."""
    certified = _certified(session, found)
    if not certified:
        yield "custody", custody(found.custody) + (", it says" if found.custody else "")
        return
    level = certified["certified"]
    yield "custody", custody(level) + (f"; it says {found.custody}" if found.custody != level else "")
    if found.raw.get("rotations") and level == ELEMENT:
        yield "", "for its first key: the key of now counts as custody 0, as it was rotated"
    elif "chip" in certified:
        yield "chip", chips.words(certified["chip"])


def _certified(session: Session, found: Info) -> dict[str, Any]:
    """The custody that this home certified, and the chip on whose word it did: {} where the register has no such
    device."""
    if found.device is None or found.device not in session.names():
        return {}
    entry = session.home.find(found.device)
    chip = session.home.chips.find(entry.chip) if entry is not None and entry.chip else None
    return {} if entry is None else {"certified": entry.custody, **({} if chip is None else {"chip": chip})}


def _slots(raw: dict[str, Any]) -> str:
    said = f"slot {raw['slot']}, version {raw['version']}" + (", ON TRIAL" if raw["trial"] else "")
    if "rolled_back" in raw:
        said += f"; version {raw['rolled_back']} was rolled back"
    return said + ("; updates need a hash-based signature" if raw.get("hss") else "")


def _business(session: Session, found: Info, messages: list[Message[Body]]) -> Facts:
    assets, raw = session.assets, found.raw
    yield "network", raw["network"].hex()
    policy = None if raw["policy"] is None else read(DevicePolicy, raw["policy"])
    yield "spending", spending(policy, assets, session.names()) + (" (PAUSED)" if raw["paused"] else "")
    if raw.get("locked"):
        yield "", "LOCKED: its flash was put back to an earlier state; `sealwright owner unlock` lets it pay again"
    if raw["offer"] is None:
        yield "sells", "nothing"
    else:
        asset, unit, price = raw["offer"]
        yield "sells", f"for {show_price(Price(asset, unit, price), assets)}"
    yield "readings", f"{raw['reading_seq']} so far, {said(raw)}, {raw['acknowledged']} acknowledged"
    if raw["sensor_fault"] is not None:
        yield "", f"the last is missing, or lacks a sensor: {meaning(raw['sensor_fault']).cause}"
    yield from energy(found)
    if raw.get("protection"):
        asset = None if raw["offer"] is None else raw["offer"][0]
        yield "protection", protection(raw["protection"], asset, assets)
    pays, paid = raw["channels"]
    yield "channels", f"{pays} it pays in, {paid} it is paid in"
    if raw["order"] is not None:
        yield "order", _order(session, raw, messages)
    if raw["trade_fault"] is not None:
        yield "", f"the payer tries again: {_whose(raw)}{meaning(raw['trade_fault']).cause}"
    if raw.get("buying") is not None:
        yield "buys", _buying(session, *raw["buying"])
    if raw["uplink"] is not None and raw["uplink"][0] is not None:
        yield "broker", _uplink(*raw["uplink"])
    if raw["bought"] is not None:
        yield "bought last", ", ".join(_quantity(*quantity) for quantity in raw["bought"])


def _whose(raw: dict[str, Any]) -> str:
    """Before the cause of a fault in a trade: the party that named it, as far as the firmware says."""
    return {True: "the seller: ", False: "itself: ", None: ""}[raw.get("fault_by_seller")]


def _buying(session: Session, payee: bytes | None, asset: str, unit: str, budget: int) -> str:
    from_whom = "" if payee is None else f" from {named(payee, session.names())}"
    return f"{unit}{from_whom}, for up to {session.assets.show(budget, asset)}"


def _order(session: Session, raw: dict[str, Any], messages: list[Message[Body]]) -> str:
    state, code, promised = raw["order"]
    seq, value = promised or (0, 0)
    why = f": {_whose(raw)}{meaning(code).cause}" if code is not None else ""
    asset = raw["buying"][1] if raw.get("buying") is not None else _asset_of(seq, value, messages)
    money = f"{value:,}" if asset is None else session.assets.show(value, asset)
    ticks = "" if raw.get("ticks") is None else " and {} of {} ticks".format(*raw["ticks"])
    return f"{STATES[state]}{why}; {money} promised in {seq} vouchers{ticks}"


def _asset_of(seq: int, value: int, messages: list[Message[Body]]) -> str | None:
    """The asset of the voucher with this number and amount, where only one can be meant: an order that is over does not
    name it."""
    vouchers = [message.body for message in messages if isinstance(message.body, Voucher)]
    channels = {body.channel for body in vouchers if (body.seq, body.amount) == (seq, value)}
    opens = {message.digest: message.body for message in messages if isinstance(message.body, ChannelOpen)}
    found = {opens[digest].asset for digest in channels if digest in opens}
    return found.pop() if len(found) == 1 else None


_OF_BROKER: Final = {  # what a code means where it is the uplink's
    19: "at the device's time the broker's certificate has expired",
    20: "at the device's time the broker's certificate is not valid yet",
    22: "the broker's certificate is for another name, or not by the CA that was given",
    24: "the broker does not answer",
}


def _uplink(broker: str, connected: bool, code: int | None, forwarded: int) -> str:
    why = "" if code is None else f": {_OF_BROKER.get(code) or meaning(code).cause}"
    return f"{broker}, {'connected' if connected else 'not connected'}{why}; it has readings up to {forwarded}"


def _quantity(name: str, unit: str, exponent: int, mantissa: int | None) -> str:
    if mantissa is None:
        return name
    return f"{name} {number(DecimalFraction(exponent, mantissa))} {unit}"
