"""A buyer's ticks: one request for each unit between two vouchers (schema/rpc.cddl, `tick`).

The seller states the count in its reply to a tick; a signed reading backs each voucher. So the buyer is never ahead of
a signed count by more than one chain, and the seller is never ahead of its payment by more than what was used since the
last tick. A seller that takes no ticks is paid by vouchers alone.
"""

from . import channel, messages, protection, rpc, ticks, voucher
from .bill_check import BillCheck
from .errors import Malformed, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Item, Record
    from .rpc import Client


class TickPayment(BillCheck):
    """The ticks of one connection to a seller."""

    def __init__(self, device: "Device", order: "Record", client: "Client") -> None:
        super().__init__(device, order, client)
        self._takes_ticks = True  # until the seller says otherwise
        self._due = 0  # what the seller said last, signed or not

    async def _resume_ticks(self) -> None:
        """Find out what the seller has of the last voucher's ticks, after it holds that voucher."""
        payer, digest = self._device.payer, self._terms.digest
        chain, claims = payer.chain(digest), payer.record(digest).get(channel.TICKS)
        if not claims:
            return
        if chain is not None:
            if chain.revealed:  # the seller may have lost ticks: the best one proves them all
                await self._reveal(chain.revealed)
            return
        _, best = await self._ask_for_ticks()
        if best is not None:  # of the chain that a reset lost: its ticks are paid
            index, value = best
            if not 1 <= index <= claims[voucher.COUNT] or not ticks.check(claims[voucher.ROOT], index, value):
                raise Malformed("the seller shows a tick of another chain")
            paid = payer.record(digest)[channel.AMOUNT] + index * self._terms.price
            self._seller_amount = max(self._seller_amount, paid)

    async def _ask_for_ticks(self) -> "tuple[int, list[Item] | None]":
        """(longest chain that the seller takes in the next voucher, best tick that it has under the last or None)."""
        if not self._takes_ticks:
            return 0, None
        try:
            reply = await self._client.call(rpc.TICK, None)
        except rpc.PeerError as error:
            if error.code != Unsupported.code:
                raise
            self._takes_ticks = False
            return 0, None
        if not isinstance(reply, list) or len(reply) != 2 or not messages.uint(reply[0]):
            raise Malformed("a seller answers [longest chain, best tick]")
        if reply[1] is not None and not messages.tick(reply[1]):
            raise Malformed("a tick is [index, value]")
        return reply[0], reply[1]

    async def _chain_length(self, amount: int) -> int:
        """How many ticks the next voucher, of `amount`, may promise: what seller, owner, channel and policy allow."""
        price, wanted = self._terms.price, self._device.protection()[protection.VOUCHER_EVERY]
        if not price or not wanted:
            return 0
        longest, _ = await self._ask_for_ticks()
        floor, spent_today = self._device.payer.standing(self._terms)
        room = min(self._room(spent_today) + floor, self._terms.capacity) - amount
        return max(0, min(longest, wanted, room // price))

    async def _pay_by_tick(self) -> bool:
        """Pay by a tick for what the seller said was due, and hear what is due now. Returns False where the next
        payment is a voucher's: the chain is spent, or there is none."""
        payer = self._device.payer
        chain = payer.chain(self._terms.digest)
        if chain is None or chain.is_spent():
            return False
        amount = payer.record(self._terms.digest)[channel.AMOUNT]
        index = min(chain.count, (self._due - amount) // chain.value)
        await self._reveal(max(index, chain.revealed))
        return True

    async def _reveal(self, index: int) -> None:
        payer = self._device.payer
        value = payer.reveal(self._terms, index, self._allow)
        due = await self._client.call(rpc.TICK, [index, value])
        self._seller_amount = max(self._seller_amount, payer.paid(self._terms.digest))
        if not messages.amount(due):
            raise Malformed("a tick is answered by the amount due")
        self._check_rate(due)
        self._due = due
