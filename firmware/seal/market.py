"""The market: announces what the device sells, hears what others sell, and explains what the device chose.

    datagram = kind u8 | network's id, first 8 bytes | 0 u16 | offer-message, or nothing        (see `links.beacon`)

OFFER announces; ASK has every seller that hears it announce. Over the air a seller announces every ANNOUNCE_MS by
itself, on a wire when it is asked; never more often than once in LEAST_MS, as the same bytes for half of an offer's
life: a signature is due twice in ten minutes. A device hears while it sells, has a standing order, or was asked not
long ago what it sees. The network's id spares it the offers of others; it proves nothing.
"""

import asyncio

from . import channel, notes, offers
from .compat import const, hexlify, make_room, ticks_diff, ticks_ms
from .device import PROVISIONED
from .order import is_standing
from .records import ORDER_RECORD, OWNER_OFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .device import Device
    from .ports import Beacon, Item, PeerLink
    from .sightings import Seen, Table

OFFER = const(5)
ASK = const(6)
_HEAD = const(11)
ANNOUNCE_MS = const(30000)
LEAST_MS = const(3000)
SHOW_MS = const(600000)  # that a device hears after somebody asked what it sees
_POLL_SECONDS = 0.25
_MAX_CHOICES = const(12)


class _Stand:
    """A peer link's place in the market."""

    def __init__(self, link: "PeerLink", beacon: "Beacon") -> None:
        self.link, self.beacon = link, beacon
        self.task: "asyncio.Task[None] | None" = None
        self.raw: bytes | None = None  # the offer as it was signed last
        self.key: "Item" = None  # what was offered, and where
        self.until = 0  # unix seconds, when it is signed again
        self.is_asked = False
        self.asked = self.announced = None  # ticks


class Market:
    """What the device sells and sees. One for a device, on a board with peer links."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._table: "Table | None" = None
        self.choices: "list[list[Item]]" = []  # [unix seconds, seller or None, code], newest last
        self._stands: list[_Stand] = []
        self._shown: "Any" = None  # ticks
        self._is_new = False  # whether to ask once the beacons run
        self._said: "Item" = None  # what `explain` told last
        self.tries = 0  # of the order in a row, with the seller that it is at
        self.waiting: "Any" = None  # ticks since which it waits there for the ledger's funding

    @property
    def table(self) -> "Table":
        """The offers that were heard. Its code is loaded here: a device that only sells does without."""
        if self._table is None:
            make_room()
            from .sightings import Table

            self._table = Table()
        return self._table

    async def run(self) -> None:
        """Announce and hear, for ever."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                self._attend()
            except Exception as error:
                # the boundary towards others: an offer that cannot be signed or sent now may be later
                notes.trace("market", error)
                await asyncio.sleep(1)

    def _attend(self) -> None:
        device = self._device
        links = device.peers.links() if device.state == PROVISIONED and self._is_needed() else []
        for stand in self._stands[:]:
            if stand.link not in links or (stand.task is not None and stand.task.done()):
                self._end(stand)
        for stand in self._stands:
            self._announce(stand)
        if self._is_new and self._stands:
            self._is_new = False
            self.ask()
        for link in links:  # last: a beacon that has not begun to run sends nothing
            beacon = getattr(link, "beacon", None)
            if beacon is not None and not any(stand.link is link for stand in self._stands):
                stand = _Stand(link, beacon)
                stand.task = asyncio.create_task(self._hear_all(stand))
                self._stands.append(stand)

    def _is_needed(self) -> bool:
        device = self._device
        if self._shown is not None and ticks_diff(ticks_ms(), self._shown) >= SHOW_MS:
            self._shown = None
        return self._is_curious() or device.owner_record().get(OWNER_OFFER) is not None

    def _is_curious(self) -> bool:
        """Whether the offers of others matter."""
        return self._shown is not None or is_standing(self._device.journal.get(ORDER_RECORD))

    def _end(self, stand: _Stand) -> None:
        self._stands.remove(stand)
        if stand.task is not None:
            stand.task.cancel()

    async def _hear_all(self, stand: _Stand) -> None:
        try:
            await stand.beacon.run(lambda source, address, data: self.hear(stand, source, address, data))
        except OSError as error:
            notes.trace("market", error)  # the network is gone: another stand when it is back

    def hear(self, stand: _Stand, source: "Any", address: str | None, data: bytes) -> None:
        """Handle a datagram of a beacon. Never raises SealError."""
        device = self._device
        if len(data) < _HEAD or data[1:9] != device.network[:8] or data[9:_HEAD] != b"\x00\x00":
            return
        if data[0] == ASK:
            stand.is_asked = True
        elif data[0] == OFFER and data[_HEAD:] != stand.raw and self._is_curious():
            self.table.hear(bytes(data[_HEAD:]), address, source, device.now())

    def ask(self) -> None:
        """Have sellers announce, at most once in LEAST_MS on each link."""
        for stand in self._stands:
            if stand.asked is None or ticks_diff(ticks_ms(), stand.asked) >= LEAST_MS:
                stand.asked = ticks_ms()
                stand.beacon.send(self._head(ASK))

    def _head(self, kind: int) -> bytes:
        return bytes([kind]) + self._device.network[:8] + b"\x00\x00"

    def _announce(self, stand: _Stand) -> None:
        waited = None if stand.announced is None else ticks_diff(ticks_ms(), stand.announced)
        is_due = not stand.beacon.is_wire and (waited is None or waited >= ANNOUNCE_MS)
        if (stand.is_asked or is_due) and (waited is None or waited >= LEAST_MS):
            stand.is_asked = False
            self._sign(stand)
            if stand.raw is not None:
                stand.announced = ticks_ms()
                stand.beacon.send(self._head(OFFER) + stand.raw)

    def _sign(self, stand: _Stand) -> None:
        """Have the stand's offer signed and good for half of its life."""
        device = self._device
        packed, now = device.owner_record().get(OWNER_OFFER), device.now()
        if packed is None or now is None:
            stand.raw = None
            return
        key = [packed, stand.link.address]
        if stand.raw is not None and key == stand.key and stand.until - offers.LIFETIME <= now < stand.until:
            return
        stand.key, stand.until = key, now + offers.LIFETIME // 2
        most = stand.beacon.size - _HEAD
        offer = channel.offer(packed)
        stand.raw = offers.sign(device.signer, device.device_id, offer, stand.link.address, now, most)
        if stand.raw is None:
            notes.tell("market: the offer's names are too long to announce")

    def explain(self, best: "Seen | None", others: "list[tuple[Seen, int]]") -> None:
        """Tell people which offer is taken, and why the others are not, unless the last words said the same."""
        said: "Item" = [None if best is None else best.seller, sorted([[seen.seller, code] for seen, code in others])]
        if said == self._said:
            return
        self._said = said
        for seen, code in others:
            notes.tell("market: not %s at %d: code %d" % (hexlify(seen.seller[:4]), seen.price, code))
        if best is not None:
            self.note(best.seller, 0)
            notes.tell("market: takes %s at %d" % (hexlify(best.seller[:4]), best.price))

    def note(self, seller: bytes | None, code: int) -> None:
        """Remember why a seller was taken (code 0) or left, for people."""
        last = self.choices[-1] if self.choices else [0, None, None]
        if last[1:] != [seller, code]:
            self.choices = self.choices[1 - _MAX_CHOICES :] + [[self._device.now() or 0, seller, code]]

    def show(self) -> "list[Item]":
        """[offers, choices] as `market` of schema/rpc.cddl. Hears others from now on, for SHOW_MS."""
        device, table = self._device, self.table
        from . import standing_order  # heap, for a device that only sells

        self._shown, self._is_new = ticks_ms(), True
        table.expire(device.now())
        order = device.journal.get(ORDER_RECORD)
        shown = []
        for seen in table.seen:
            code = standing_order.why_not(device, order, seen)
            row = [seen.seller, seen.asset, seen.unit, seen.price, seen.address, seen.age(), seen.not_after]
            shown.append(row + [seen.public is not None, code])
        return [shown, self.choices]
