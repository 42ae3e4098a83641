"""The market: standing orders to devices, and what a device sees for sale and chose.

Source: firmware/schema/rpc.cddl, rules `standing-order` and `market-reply`. What a device says of the market is its own
word: nothing of it is proved here.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..errors import Malformed, Usage
from ..home import Home
from ..link import Client
from ..link.codes import meaning
from ..link.info import Row, Rows
from ..link.labels import MARKET
from ..money import Assets, Price, check_name
from ..wire.messages.schema import AMOUNT, BOOL, HASH, TEXT, UINT, Nullable
from . import owner
from .trading import check_free

LEAST_PERIOD: Final = 60  # seconds
_CHOSEN: Final = 0
_MOST_SELLERS: Final = 8
_WHY: Final = {  # where the code is no error's
    60: ("dearer", "a cheaper offer is taken"),
    61: ("not_named", "the order names other sellers"),
    62: ("left_alone", "it failed a moment ago"),
}
_ABOUT_SELLERS: Final = {  # where it means another thing than in an answer of the device
    7: "it refused, such as while its meter serves another",
    17: "one unit costs more than the budget has left",
    19: "it is good no longer",
    24: "it did not answer",
    31: "it is something else than the order is for",
    48: "it asks more than the order allows, or more than it announced",
    49: "its meter counts faster than the order allows",
}
_SHAPE: Final = Row(
    Rows(Row(HASH, TEXT, TEXT, AMOUNT, TEXT, UINT, UINT, BOOL, UINT)), Rows(Row(UINT, Nullable(HASH), UINT))
)


@dataclass(frozen=True, slots=True)
class Why:
    """Why an offer is not taken: a name for programs and words for people; "taken" where it is, or would be."""

    name: str
    words: str

    @classmethod
    def of(cls, code: int) -> "Why":
        """What the wire's number means."""
        if code == _CHOSEN:
            return cls("taken", "")
        if code in _WHY:
            return cls(*_WHY[code])
        found = meaning(code)
        return cls(found.name, _ABOUT_SELLERS.get(code, found.cause))


@dataclass(frozen=True, slots=True)
class SeenOffer:
    """An offer that a device has heard. age: seconds since it was heard last; not_after: unix seconds. proved: the
    seller has proved itself to the device, and signed this."""

    seller: bytes
    price: Price
    address: str
    age: int
    not_after: int
    proved: bool
    why: Why


@dataclass(frozen=True, slots=True)
class Choice:
    """A seller that was taken or left at a unix time. seller: None where the device's own limits stopped it."""

    time: int
    seller: bytes | None
    why: Why


@dataclass(frozen=True, slots=True)
class Market:
    """What a device sees for sale, cheapest first, and what it chose, oldest first."""

    offers: list[SeenOffer]
    choices: list[Choice]


def look(client: Client, seconds: float = 0.0) -> Market:
    """What the device sees, `seconds` after the request to listen and to ask. Raises RefusedByDevice, Malformed."""
    found = client.call(MARKET, None)
    if seconds:
        time.sleep(seconds)
        found = client.call(MARKET, None)
    try:
        offers, choices = _SHAPE.parse(found)
    except Malformed as error:
        raise Malformed(f"{client.url} answered with something else than a market: {error}") from error
    seen = [_seen(row) for row in offers]
    return Market(
        sorted(seen, key=lambda offer: (offer.price.asset, offer.price.unit, offer.price.value, offer.seller)),
        [Choice(when, seller, Why.of(code)) for when, seller, code in choices],
    )


def _seen(row: list[Any]) -> SeenOffer:
    seller, asset, unit, value, address, age, not_after, proved, code = row
    return SeenOffer(seller, Price(asset, unit, value), address, age, not_after, proved, Why.of(code))


def order(
    home: Home,
    client: Client,
    limit: Price,
    budget: int,
    *,
    every: int | None = None,
    sellers: Sequence[bytes] = (),
    seconds: int | None = None,
    pause_ms: int | None = None,
    most_units: int | None = None,
    assets: Assets | None = None,
) -> None:
    """Have a device buy from whoever sells cheapest. limit: the most for one unit. budget: smallest units, for each
    `every` seconds or for good. sellers: none but these. seconds: how long a channel is good; pause_ms: between two
    payments; most_units: that a meter may count in a second. Raises Usage, RefusedByDevice."""
    if len(sellers) > _MOST_SELLERS:
        raise Usage(f"an order names {_MOST_SELLERS} sellers at most", remedy="Leave some out, or name none.")
    if limit.value > budget:
        raise Usage("one unit may cost more than the budget", remedy="Give a larger budget, or a lower price.")
    check_free(home, client, assets or Assets())
    arguments: dict[Any, Any] = {3: check_name(limit.asset), 4: limit.unit, 5: budget, 12: limit.value}
    optional = {6: seconds, 7: pause_ms, 13: most_units, 16: every, 17: list(sellers) or None}
    arguments |= {key: value for key, value in optional.items() if value is not None}
    owner.command(home, client, "order", arguments)
