"""`sealwright market`: what a device sees for sale, and how its standing order chose."""

from typing import Annotated, Any

import typer

from ..money import show_price
from ..operate import market as markets
from ..operate.market import Choice, SeenOffer
from .commands import command
from .options import DeviceOption
from .session import Session
from .words import clock, named

_LISTEN_SECONDS = 4.0  # a seller answers a question within three


@command(
    "market",
    "Show what a device sees for sale.",
    """
    sealwright market --device car
    sealwright market --device emulated:car --seconds 30
    sealwright market --device car --json
    """,
)
def market(
    session: Session,
    *,
    device: DeviceOption,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0, max=600, help="Listen for so long first.")
    ] = _LISTEN_SECONDS,
) -> None:
    """Show the offers that a device has heard over its peer links, and how its standing order chose among them.

    The device asks the sellers that it can hear. What they announce proves nothing: a seller has proved itself once the
    device has met it, and is "proved" from then on. Without a standing order, "why not" is what the device's policy
    says. An order is given with `sealwright owner order`.
    """
    with session.connect(device) as client:
        raw = client.info().raw
        found = markets.look(client, seconds)
    names = session.names()
    is_buying = raw.get("buying") is not None
    for offer in found.offers:
        session.emit(type="offer", **_offer_json(offer, names, is_buying))
    for choice in found.choices:
        seller = None if choice.seller is None else named(choice.seller, names)
        session.emit(type="choice", time=choice.time, seller=seller, why=choice.why.name)
    _show_offers(session, found.offers, is_buying)
    for choice in found.choices:
        session.say(_choice(choice, names))


def _offer_json(offer: SeenOffer, names: Any, is_buying: bool) -> dict[str, Any]:
    return {
        "seller": named(offer.seller, names),
        "id": offer.seller,
        "asset": offer.price.asset,
        "unit": offer.price.unit,
        "price": str(offer.price.value),
        "address": offer.address,
        "age": offer.age,
        "not_after": offer.not_after,
        "proved": offer.proved,
        "chosen": is_buying and offer.why.name == "taken",
        "why": offer.why.name,
    }


def _show_offers(session: Session, offers: list[SeenOffer], is_buying: bool) -> None:
    if not offers:
        session.say("It has heard no offer. A seller announces one twice a minute, once its clock is set.")
        return
    names, taken = session.names(), "CHOSEN" if is_buying else "it may"
    rows = [
        (
            named(offer.seller, names),
            show_price(offer.price, session.assets),
            offer.address,
            f"{offer.age} s",
            "yes" if offer.proved else "no",
            offer.why.words or taken,
        )
        for offer in offers
    ]
    session.table(("seller", "price", "address", "heard>", "proved", "why not"), rows)


def _choice(choice: Choice, names: Any) -> str:
    when = clock(choice.time) if choice.time else "before its clock was set"
    if choice.seller is None:
        return f"{when}  waits: {choice.why.words}"
    seller = named(choice.seller, names)
    return f"{when}  takes {seller}" if not choice.why.words else f"{when}  leaves {seller}: {choice.why.words}"
