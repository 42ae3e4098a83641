"""Offers that a device has heard, a bounded few.

What was heard is a hint, whoever signed it: nothing is believed before the seller proves itself at a `hello`. From then
on its offers are checked by its key as they come. An offer that was heard costs its size and shape, and one digest.

The table keeps MAX_OFFERS. Strangers displace strangers alone, and no source has more than PER_SOURCE of those: no
flood removes a seller that has proved itself.
"""

from . import identity, labels, messages
from .compat import const, ticks_add, ticks_diff, ticks_ms
from .errors import BadSignature, Malformed, SealError
from .offers import LIFETIME, MAX_ADDRESS, MAX_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_OFFERS = const(16)
PER_SOURCE = const(4)
MOST_PARSED = const(8)  # a second
MAX_BYTES = const(320)
_SKEW = const(300)  # seconds that a seller's clock may be ahead
_LONGEST = const(3600)  # seconds that a foreign offer may be good
_FIRST_PAUSE = const(10)  # seconds without a seller that failed; doubles each time
_MAX_PAUSE = const(640)


class Seen:
    """An offer that was heard. seller: 32 bytes; price: amount; unit, asset, address: text; source: who sent it.

    public: the seller's key (64 bytes) once it has proved itself at this address. failures: in a row; code: the error
    of the last one, or None.
    """

    public: bytes | None
    code: int | None

    def __init__(self, raw: bytes, address: str | None, source: "Any") -> None:
        """address: where it came from, for an offer that names none. Raises SealError."""
        if len(raw) > MAX_BYTES:
            raise Malformed("an offer has %d bytes at most" % MAX_BYTES)
        message = messages.parse(raw, labels.OFFER)
        claims = message.payload
        self.seller = claims[labels.OFFER_SELLER]
        self.unit, self.asset = claims[labels.OFFER_UNIT], claims[labels.OFFER_ASSET]
        self.price, self.left = claims[labels.OFFER_PRICE], claims.get(labels.OFFER_LEFT)
        self.made_at, self.not_after = claims[labels.IAT], claims[labels.OFFER_NOT_AFTER]
        self.address = claims.get(labels.OFFER_ADDRESS, address)
        is_short = max(len(self.unit.encode()), len(self.asset.encode())) <= MAX_TEXT
        if self.address is None or not is_short or len(self.address.encode()) > MAX_ADDRESS:
            raise Malformed("an offer without an address, or with a long text")
        if (
            message.kid != identity.kid(self.seller)
            or not 0 < self.made_at <= self.not_after <= self.made_at + _LONGEST
        ):
            raise Malformed("an offer by another than it names, or for too long")
        self.raw, self.source = raw, source
        self.heard = ticks_ms()
        self.public = self.code = None
        self.failures, self._pause_end = 0, None

    def age(self) -> int:
        """Seconds since it was heard last."""
        return ticks_diff(ticks_ms(), self.heard) // 1000

    def is_over(self, now: int | None) -> bool:
        """Whether it is no longer good, or not yet. now: unix time, or None while the clock is unset."""
        if self.age() > LIFETIME:
            return True
        return now is not None and not self.made_at - _SKEW <= now <= self.not_after

    def is_paused(self) -> bool:
        """Whether its seller failed not long ago."""
        return self.pause_left() > 0

    def pause_left(self) -> int:
        """Milliseconds until its seller may be asked again, 0 where it may be now."""
        left = 0 if self._pause_end is None else ticks_diff(self._pause_end, ticks_ms())
        if left <= 0:
            self._pause_end = None
        return max(0, left)

    def fail(self, code: int) -> None:
        """Leave its seller alone for a while, longer each time."""
        seconds = min(_FIRST_PAUSE << min(self.failures, 8), _MAX_PAUSE)
        self.failures, self.code = self.failures + 1, code
        self._pause_end = ticks_add(ticks_ms(), seconds * 1000)

    def prove(self, public: bytes) -> None:
        """Its seller has proved itself at the address. Raises BadSignature where it did not sign the offer: then the
        next one that it did sign counts."""
        self.public = public
        try:
            messages.parse(self.raw, labels.OFFER).verify(public)
        except BadSignature:
            self.price, self.made_at = labels.MAX_AMOUNT, 0
            raise

    def is_forged(self) -> bool:
        """Whether its seller, which has proved itself, did not sign it."""
        return self.made_at == 0

    def succeed(self) -> None:
        """Its seller has been paid."""
        self.failures, self.code, self._pause_end = 0, None, None

    def renew(self, other: "Seen") -> None:
        """Take what a later offer of this seller at this address says."""
        self.raw, self.unit, self.asset, self.price = other.raw, other.unit, other.asset, other.price
        self.left, self.made_at, self.not_after, self.heard = other.left, other.made_at, other.not_after, other.heard


class Rate:
    """So many times in so many milliseconds."""

    def __init__(self, span_ms: int, most: int) -> None:
        self._span_ms, self._most = span_ms, most
        self._start, self._count = ticks_ms(), 0

    def take(self) -> bool:
        """Whether it may happen once more now."""
        if ticks_diff(ticks_ms(), self._start) >= self._span_ms:
            self._start, self._count = ticks_ms(), 0
        self._count += 1
        return self._count <= self._most


class Table:
    """The offers that a device has heard."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.dropped = 0  # offers that were not kept
        self._parsed = Rate(1000, MOST_PARSED)
        self._verified = Rate(5000, 1)

    def hear(self, raw: bytes, address: str | None, source: "Any", now: int | None) -> bool:
        """Keep an offer that was heard, if there is room for it; whether it was kept. Never raises SealError."""
        for seen in self.seen:
            if seen.raw == raw:
                seen.heard = ticks_ms()
                return True
        try:
            is_kept = self._parsed.take() and self._take(Seen(raw, address, source), now)
        except SealError:
            is_kept = False
        self.dropped += not is_kept
        return is_kept

    def _take(self, new: Seen, now: int | None) -> bool:
        self.expire(now)
        if new.is_over(now):
            return False
        known = self.find(new.seller, new.address)
        if known is not None:
            if new.made_at < known.made_at:
                return False
            if known.public is not None:
                if not self._verified.take():
                    return False
                messages.parse(new.raw, labels.OFFER).verify(known.public)
            known.renew(new)
            return True
        return self._add(new)

    def _add(self, new: Seen) -> bool:
        same = [seen for seen in self.seen if seen.public is None and seen.source == new.source]
        if len(same) >= PER_SOURCE:
            self.seen.remove(self._worst(same))
        elif len(self.seen) >= MAX_OFFERS:
            strangers = [seen for seen in self.seen if seen.public is None]
            if not strangers:
                return False
            self.seen.remove(self._worst(strangers))
        self.seen.append(new)
        return True

    @staticmethod
    def _worst(offers: list[Seen]) -> Seen:
        """The one with most failures, of those the one that was heard first."""
        now = ticks_ms()  # read once: of two heard in one millisecond, the later would else seem older
        return max(offers, key=lambda seen: (seen.failures, ticks_diff(now, seen.heard)))

    def expire(self, now: int | None) -> None:
        """Drop what is no longer good."""
        self.seen = [seen for seen in self.seen if not seen.is_over(now)]

    def find(self, seller: bytes, address: str) -> "Seen | None":
        """The offer of a seller at an address, or None."""
        for seen in self.seen:
            if seen.seller == seller and seen.address == address:
                return seen
        return None
