"""A buyer's checks before it pays a bill: the seller's reading, the rate that the order allows, the policy."""

from . import billing, channel, labels, messages, policy, rpc
from .errors import Malformed, SensorFailed
from .order import ASSET, most_a_second, most_first
from .records import OWNER_IS_PAUSED, OWNER_POLICY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Terms
    from .device import Device
    from .identity import CertifiedKey
    from .ports import Record
    from .rpc import Client


class BillCheck:
    """The bills of one seller in one channel. `Buyer` says who the seller is, and which channel is agreed."""

    _peer: "CertifiedKey"  # once the seller's hello is checked
    _terms: "Terms"  # once the channel is agreed
    _rate_limit: tuple[int | None, int]

    def __init__(self, device: "Device", order: "Record", client: "Client") -> None:
        self._device = device
        self.order = order
        self._client = client
        self._seller_amount = 0  # amount of the best voucher that the seller holds
        self._rate_limit = (None, 0)  # unix second, the most that may be owed in it

    async def _bill(self) -> tuple[bytes, int]:
        reply = await self._client.call(rpc.BILL, None)
        if not isinstance(reply, list) or len(reply) != 3 or not messages.hash32(reply[0]):
            raise Malformed("a bill is [digest, amount, reading]")
        item, amount, raw = reply
        if self._terms.unit == billing.PIECE:
            limit = self._seller_amount + self._terms.price
        else:
            message = messages.parse(raw, labels.READING)
            message.verify(self._peer.public)
            base = messages.recall(self._device.payer.record(self._terms.digest)[channel.BASE], labels.READING)
            if message.digest != item:
                raise Malformed("the bill names another reading than it shows")
            limit = billing.metered_amount(self._terms, base, message)
        if not messages.amount(amount) or amount > limit:
            raise Malformed("billed %s where %d is due" % (amount, limit))
        if self._terms.unit != billing.PIECE:
            self._check_rate(amount)
        return item, amount

    def _own_count(self) -> int | None:
        """The count of the device's own meter in the channel's unit, or None without such a meter."""
        try:
            return self._device.count(self._terms.unit)
        except SensorFailed:
            return None

    def _check_rate(self, amount: int) -> None:
        """Raise Limit if the metered `amount` rises faster than the order allows, or than the device's own meter."""
        record, price = self._device.payer.record(self._terms.digest), self._terms.price
        most = most_first(self.order, price)
        if record[channel.SEQ]:
            now = self._device.board.clock.now()
            if self._rate_limit[0] != now:  # once a second, or each of many bills would have a second's worth
                seconds = max(1, now - record.get(channel.WALL, 0))
                self._rate_limit = now, record[channel.AMOUNT] + seconds * most_a_second(self.order, price)
            limit = self._rate_limit[1]
        else:
            limit = most
        own, own_base = self._own_count(), record.get(channel.OWN_BASE)
        if own is not None and own_base is not None:
            limit = min(limit, (own - own_base) * price + most)
        if amount > limit:
            raise policy.Limit(policy.OVER_RATE, "billed %d where the order allows %d by now" % (amount, limit))

    def _room(self, spent_today: int) -> int:
        """The largest increase of a voucher that the policy allows without the button."""
        return policy.room(self._device.owner_record().get(OWNER_POLICY), self.order[ASSET], spent_today)

    def _allow(self, increase: int, spent_today: int) -> None:
        device = self._device
        owner = device.owner_record()
        spending = policy.Spending(
            self.order[ASSET], self._peer.device_id, increase, spent_today, owner[OWNER_IS_PAUSED]
        )
        policy.check(owner.get(OWNER_POLICY), spending, device.board.clock, device.board.button.pressed)
