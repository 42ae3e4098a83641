"""The payer's side of one connection for a standing order: its seller's announcement, and its budget over all sellers.

`shopping` runs it.
"""

from . import billing, standing_order
from .buyer import Buyer
from .errors import OverCapacity, Refused
from .records import ORDER_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Offer, Terms
    from .device import Device
    from .sightings import Seen
    from .ports import Item, Record
    from .rpc import Client


class OrderBuyer(Buyer):
    """One connection to a seller. order: as it will be on flash once the seller has proved itself; base: as it is
    there now. seen: the seller's offer, or None where its channel is resumed after a reset."""

    def __init__(
        self, device: "Device", order: "Record", client: "Client", base: "Record", seen: "Seen | None"
    ) -> None:
        super().__init__(device, order, client)
        self._base, self._seen = base, seen

    def _check_hello(self, reply: "Item", nonce: bytes) -> "Offer":
        offer = super()._check_hello(reply, nonce)
        if self._seen is not None and self._seen.public != self._peer.public:
            self._seen.prove(self._peer.public)
        return offer

    def _channel(self, offer: "Offer", chain: list[bytes]) -> "Terms":
        journal = self._device.journal
        if journal.get(ORDER_RECORD) != self._base:
            raise Refused("the owner changed the order meanwhile")
        if self.order != self._base:
            journal.put(ORDER_RECORD, self.order)
        return super()._channel(offer, chain)

    def _allow(self, increase: int, spent_today: int) -> None:
        if increase > standing_order.left(self._device, self.order):
            raise OverCapacity("the order's budget is used up")
        super()._allow(increase, spent_today)

    def _room(self, spent_today: int) -> int:
        return min(super()._room(spent_today), max(0, standing_order.left(self._device, self.order)))

    async def _bill(self) -> tuple[bytes, int]:
        item, amount = await super()._bill()
        if self._terms.unit != billing.PIECE:
            promised = self._device.payer.committed(self._terms.digest)
            amount = min(amount, promised + max(0, standing_order.left(self._device, self.order)))
        return item, amount

    def is_spent(self) -> bool:
        """Whether the channel or the budget of the period is used up, or the period is over."""
        is_new = standing_order.new_period(self._device, self.order) is not None
        return is_new or self.is_budget_spent() or super().is_spent()

    def is_channel_spent(self) -> bool:
        """Whether the rest of the channel is below the minimum increase of a voucher."""
        return super().is_spent()

    def is_budget_spent(self) -> bool:
        """Whether the rest of the budget is below the minimum increase of a voucher."""
        least = max(1, self._terms.price) if self._terms.unit == billing.PIECE else 1
        return standing_order.left(self._device, self.order) < least
