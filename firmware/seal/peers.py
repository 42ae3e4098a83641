"""The device's links to other devices: the board's own, and one over the radio, of the kind that the owner chose.

An order goes by the link whose addresses look like the seller's: "tcp:HOST:PORT", "udp:HOST:PORT", "espnow:MAC",
"uart:NAME", "bus:DIGITS". The code that buys is loaded with the first order.
"""

import asyncio

from . import notes, rpc
from .compat import const, make_room, spend_reserve
from .device import PROVISIONED
from .errors import Unreachable
from .order import ACTIVE, STATUS, is_standing
from .records import NETWORK_PEERS, NETWORK_RECORD, ORDER_RECORD, OWNER_OFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Coroutine

    from .device import Device
    from .market import Market
    from .ports import PeerLink

ESP_NOW = "esp-now"  # the one kind that needs no access point
_POLL_SECONDS = 0.2
_RETRY_SECONDS = const(5)


def _scheme(address: str) -> str:
    return address.partition(":")[0]


class Peers:
    """All peer links of a board."""

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._radio_link: "PeerLink | None" = None
        self._radio_task: "asyncio.Task[None] | None" = None
        self._radio_key: "tuple[str, str] | None" = None  # (kind, own host) of the link
        self._market: "Market | None" = None
        self._market_task: "asyncio.Task[None] | None" = None
        self._trading: "asyncio.Task[None] | None" = None

    def addresses(self) -> list[str]:
        """The device's own addresses, for `connect` of other devices."""
        return [link.address for link in self.links()]

    def reaches(self, address: str) -> bool:
        """Whether a link goes to addresses like this one, now or once the network is joined."""
        schemes = [_scheme(own) for own in self.addresses()]
        schemes.append((self._kind() or "").replace("-", ""))
        return _scheme(address) in schemes

    def link_to(self, address: str) -> "PeerLink":
        """The link for an address. Raises Unreachable."""
        for link in self.links():
            if _scheme(link.address) == _scheme(address):
                return link
        raise Unreachable("no link goes to %s" % address)

    async def run(self, serve_peer: "Callable[..., Coroutine[Any, Any, None]]") -> None:
        """Serve every link for ever. serve_peer: serves one peer's connection, see `rpc.keeping`."""
        links = self._device.board.peer_links
        wires = [asyncio.create_task(link.serve(rpc.keeping(link, serve_peer))) for link in links]
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            self._attend_order()
            for task in wires:
                if task.done():
                    await task  # raises: a board whose wire fails must not seem to trade
            if self._device.board.radio is not None:
                await self._attend_radio(serve_peer)
            if self._market_task is None and (self._market is not None or self._is_in_market()):
                self._market_task = asyncio.create_task(self.market().run())

    def links(self) -> "list[PeerLink]":
        """The links that there are now."""
        return self._device.board.peer_links + ([self._radio_link] if self._radio_link is not None else [])

    def _kind(self) -> str | None:
        """The kind of radio link that the owner chose."""
        device = self._device
        if device.board.radio is None or device.state != PROVISIONED:
            return None
        return device.journal.get(NETWORK_RECORD, {}).get(NETWORK_PEERS)

    def _wanted_key(self) -> "tuple[str, str] | None":
        kind, radio = self._kind(), self._device.board.radio
        if kind is None or radio is None:
            return None
        host = "" if kind == ESP_NOW else radio.host()
        return None if host is None else (kind, host)

    async def _attend_radio(self, serve_peer: "Callable[..., Coroutine[Any, Any, None]]") -> None:
        """Open, keep and end the radio's link: it follows the owner's choice, and the address from the network."""
        task, key = self._radio_task, self._wanted_key()
        if task is not None and (key != self._radio_key or task.done()):
            self._radio_link = self._radio_task = None
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            except Exception as error:
                # the boundary towards the network: another try may do
                notes.trace("peers: again in %d s" % _RETRY_SECONDS, error)
                await asyncio.sleep(_RETRY_SECONDS)
        if key is not None and self._radio_task is None:
            self._radio_key = key
            make_room()
            try:
                self._radio_link = self._device.board.radio.link(key[0])  # type: ignore[union-attr]  # a key needs one
            except Exception as error:
                notes.trace("peers: again in %d s" % _RETRY_SECONDS, error)
                await asyncio.sleep(_RETRY_SECONDS)
                return
            handler = rpc.keeping(self._radio_link, serve_peer)
            self._radio_task = asyncio.create_task(self._radio_link.serve(handler))

    def market(self) -> "Market":
        """What the device sells and sees. Its code is loaded here: 12 KB of heap."""
        if self._market is None:
            make_room()
            from .market import Market

            self._market = Market(self._device)
        return self._market

    def _is_in_market(self) -> bool:
        device = self._device
        if device.state != PROVISIONED or not self.links():
            return False
        return is_standing(device.journal.get(ORDER_RECORD)) or device.owner_record().get(OWNER_OFFER) is not None

    def _attend_order(self) -> None:
        """Load the code that buys with the first order: 8 KB of heap, which a seller does without."""
        device = self._device
        if self._trading is not None or device.state != PROVISIONED:
            return
        device.days.advance()  # as `trading.run` does from its first order on
        order = device.journal.get(ORDER_RECORD)
        if order is None or order[STATUS] != ACTIVE or not self.links():
            return
        make_room()
        try:
            from . import trading
        except MemoryError as error:  # another moment may have the room
            notes.trace("peers: no room to buy", error)
            spend_reserve()
            return
        self._trading = asyncio.create_task(trading.run(device))
