"""The market: offers that the hub has seen. What is announced proves nothing until the seller has met a buyer."""

import time
from typing import NamedTuple

from ...errors import Rejected, SealwrightError
from ...money import Price, show_price
from ...wire.messages import Offer, parse_as
from .sources import Sources
from .words import plain


class OfferLine(NamedTuple):
    """An offer. at: when it was seen, unix seconds; over: it is no longer good."""

    seller: bytes
    at: int
    price: str
    asset: str
    unit: str
    amount: int
    not_after: int
    address: str
    left: int | None
    over: bool


def offers(sources: Sources) -> list[OfferLine]:
    """The last offer of each device, the latest first. One that cannot be read is left out. Raises FleetError."""
    noticed = sources.fleet()
    found = []
    for _, at, raw in () if noticed is None else noticed.offers():
        try:
            found.append(_line(sources, at, parse_as(raw, Offer).body))
        except Rejected:
            continue
    return found


def _line(sources: Sources, at: int, body: Offer) -> OfferLine:
    try:
        price = show_price(Price(body.asset, body.unit, body.price), sources.assets())
    except SealwrightError:  # a unit that nobody counts in
        price = f"{body.price} {body.asset} each {body.unit}"
    return OfferLine(
        seller=body.seller,
        at=at,
        price=plain(price),
        asset=plain(body.asset),
        unit=plain(body.unit),
        amount=body.price,
        not_after=body.not_after,
        address=plain(body.address or ""),
        left=body.left,
        over=body.not_after <= time.time(),
    )
