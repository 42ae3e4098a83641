"""Trading: the owner orders one device to buy from another, and watches. The devices trade with no host in between.

The order names the other device's peer address and its id, so that nobody else can answer there in its place.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..errors import RefusedByDevice, Usage
from ..home import Home
from ..link import Client, Info
from ..link.codes import meaning
from ..money import Assets, Price
from . import owner
from .pinning import check_said
from .room import check_room

ACTIVE, WAITING = "active", "waiting"  # waiting: the channel waits for the ledger's funding
STATES: Final = (ACTIVE, "done", "stopped", "failed", WAITING)
POLL_SECONDS: Final = 0.25
_UNFUNDED: Final = 27  # the device's error code
_ADDRESS: Final = re.compile(r"(tcp|udp):[^:]+:[0-9]{1,5}|espnow:[0-9a-f]{12}|bus:[0-9a-f]{8}|uart:.+")
_RELAY: Final = "Use a board with a network, or run `sealwright relay` and name its address with --at."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order is. amount: promised in its channel so far. vouchers: how many. reason: why it failed.

    trouble: what keeps it from going on, while the payer tries again. Both name the device that said so. remedy: of
    the reason.
    """

    state: str
    amount: int
    vouchers: int
    reason: str | None
    trouble: str | None = None
    remedy: str = ""

    @property
    def over(self) -> bool:
        return self.state not in (ACTIVE, WAITING)


def order(
    home: Home,
    payer: Client,
    payee: Client,
    budget: int,
    *,
    seconds: int = 86400,
    pause_ms: int = 1000,
    max_price: int | None = None,
    address: str | None = None,
    offer: Price | None = None,
    assets: Assets | None = None,
) -> tuple[str, str]:
    """Have `payer` buy what `payee` offers, for `budget` at most; returns (asset, unit).

    seconds: how long the channel is good. pause_ms: between two payments. max_price: the most for one unit; None: what
    the offer says now, so that a price raised before the payer gets there buys nothing. address: where the payer finds
    the payee, such as a relay; None: where the payee says. offer: what the budget was meant for; None:
    whatever it is now. assets: how errors write amounts. Raises Usage, and RefusedByDevice, also for a
    payee that has no room for another channel, or that says it is another device than the register has at its URL.
    """
    seller = payee.info()
    check_said(home, payee, seller)  # the order names who is to be paid by this answer
    meant, offer = offer, _offer(payee, seller)
    if meant not in (None, offer):  # the same number of another asset may be worth much more
        raise Usage(
            f"{payee.url} changed its offer just now", remedy="Look at it with `sealwright info`, and try again."
        )
    if address is not None and not _ADDRESS.fullmatch(address):
        raise Usage(f"{address!r} is no address of a device", remedy="Write tcp:HOST:PORT.")
    address = _reachable(payer, payee, [address] if address is not None else seller.peers)
    limit = offer.value if max_price is None else max_price
    _check_price(offer, limit, "Allow a higher price, or wait.", assets or Assets())
    _check_price(offer, budget, "Allow a larger amount.", assets or Assets())
    arguments: dict[Any, Any] = {1: address, 2: seller.device, 3: offer.asset, 4: offer.unit, 5: budget}
    arguments |= {6: seconds, 7: pause_ms, 12: limit}
    check_free(home, payer, assets or Assets())
    check_room(payer, payer.info(), payee, seller)
    owner.command(home, payer, "trade", arguments)
    return offer.asset, offer.unit


def offer_of(payee: Client) -> Price:
    """What a device sells now. Raises Usage where it sells nothing, RefusedByDevice where it has no identity."""
    return _offer(payee, payee.info())


def _offer(payee: Client, seller: Info) -> Price:
    offer = seller.raw.get("offer")
    if not seller.provisioned or seller.device is None:
        raise RefusedByDevice(f"{payee.url} is {seller.state}", remedy="Provision it first.", code="not_provisioned")
    if offer is None:
        remedy = f"Make an offer first: `sealwright owner offer --device {payee.url} --price '0.36 EUR/kWh'`."
        raise Usage(f"{payee.url} sells nothing", remedy=remedy, code="no_offer")
    asset, unit, value = offer
    return Price(asset, unit, value)


def _check_price(offer: Price, most: int, remedy: str, assets: Assets) -> None:
    if offer.value > most:
        price, limit = assets.show(offer.value, offer.asset), assets.show(most, offer.asset)
        raise Usage(f"one {offer.unit} costs {price}, more than {limit}", remedy=remedy)


def _reachable(payer: Client, payee: Client, addresses: list[str]) -> str:
    """The first of the seller's addresses that one of the payer's links goes to. Raises Usage."""
    if not addresses:
        raise Usage(f"{payee.url} has no peer link", remedy=_RELAY, code="no_peer_link")
    own = payer.info().peers
    if not own:
        remedy = "Give it one with `sealwright owner network --peers`, or let a board with a network buy."
        raise Usage(f"{payer.url} has no peer link: it can sell, not buy", remedy=remedy, code="no_peer_link")
    kinds = [address.partition(":")[0] for address in own]
    for address in addresses:
        if address.partition(":")[0] in kinds:
            return address
    why = f"no link joins them: {payer.url} has {', '.join(own)}, and {payee.url} is at {', '.join(addresses)}"
    raise Usage(why, remedy=_RELAY, code="no_peer_link")


def check_free(home: Home, payer: Client, assets: Assets) -> None:
    """Raise RefusedByDevice, with what it buys, while the payer has an active order: it takes one at a time."""
    raw = payer.info().raw
    order = raw.get("order")
    if order is None or STATES[order[0]] not in (ACTIVE, WAITING):
        return
    said = ""
    if raw.get("buying") is not None:
        payee, asset, unit, budget = raw["buying"]
        from_whom = "" if payee is None else f" from {home.names().get(payee, payee[:8].hex())}"
        _, promised = order[2] or (0, 0)
        said = f": {unit}{from_whom}, {assets.show(promised, asset)} of {assets.show(budget, asset)} promised"
    remedy = f"Wait for its end, or end it: `sealwright owner stop --device {payer.url}`."
    raise RefusedByDevice(f"{payer.url} has an active order{said}", remedy=remedy, code="order_active")


def progress(payer: Client, seller: str = "the seller") -> Progress:
    """How far the payer's last order is. seller: what the user calls it. Raises Usage where there never was one."""
    found = payer.info().raw
    state = found.get("order")
    if state is None:
        raise Usage(f"{payer.url} has no order", remedy="Give it one with `sealwright pay`.", code="no_order")
    status, code, amounts = state[0], state[1], state[2]
    seq, amount = amounts or (0, 0)
    trouble = found.get("trade_fault")
    if trouble == _UNFUNDED:  # the order waits for the ledger, and its state says so
        trouble = None
    party = seller if found.get("fault_by_seller") else payer.url
    reason, trouble = (None if one is None else f"{party}: {meaning(one).cause}" for one in (code, trouble))
    return Progress(STATES[status], amount, seq, reason, trouble, "" if code is None else meaning(code).remedy)


def watch(payer: Client, seconds: float | None = None) -> Iterator[Progress]:
    """The order's progress until it is over, or `seconds` have passed."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        now = progress(payer)
        yield now
        if now.over or (end is not None and time.monotonic() > end):
            return
        time.sleep(POLL_SECONDS)
